//! The index: training its codebook, folding in what is not indexed yet, measuring its recall.

use super::super::writer::Writer;
use super::blame::blame;
use super::calibrate::calibrate;
use super::compact::{CompactReport, finish};
use super::merge::{merge_all, merge_group, start};
use super::options::{Job, OptimizeOptions, OptimizeStage};
use super::recall::RecallReport;
use super::train::{can_train, train};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::ids::SegmentId;
use crate::segment::{RowSpace, Segment, check_finite};

/// What was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizeReport {
    /// Rows that a new codebook was trained on; 0 when none was trained.
    pub trained_rows: usize,
    /// Lists of the codebook; 0 without one.
    pub lists: u32,
    /// Queries that recall was measured with; 0 when it was not.
    pub queries: usize,
    /// What was measured; `None` when nothing was.
    pub recall: Option<RecallReport>,
    /// What happened to the segments.
    pub compact: CompactReport,
}

impl Writer {
    /// Builds the best index: trains a codebook if there is none (or with
    /// [`OptimizeOptions::retrain`]), indexes every segment with it, merges segments, measures which
    /// effort reaches which recall, and commits. Databases of fewer than
    /// [`crate::db::WriterOptions::train_rows_min`] vectors are only compacted: searching
    /// them exactly is as fast.
    ///
    /// Memory: the training sample ([`crate::index::train::sample_rows`] vectors of single precision), and that of
    /// a merge. Until the commit, old and new segments are both on disk.
    ///
    /// # Errors
    /// As [`Writer::compact`]; [`Error::Vector`] for queries of another dimension.
    pub fn optimize(
        &mut self,
        options: &OptimizeOptions,
        control: &Control,
    ) -> Result<OptimizeReport> {
        self.check_usable()?;
        check_queries(self, options)?;
        self.guarded(|writer| {
            writer.flush()?;
            let (next, settings) = writer.parts();
            let mut job = Job { next, writer: settings, options, control };
            let mut report = improve(&mut job).map_err(|error| blame(job.next, error))?;
            finish(writer, &mut report.compact)?;
            Ok(report)
        })
    }
}

/// Everything but the commit.
fn improve(job: &mut Job<'_>) -> Result<OptimizeReport> {
    let mut report = OptimizeReport { compact: start(job.next), ..OptimizeReport::default() };
    let is_due = job.options.retrain || job.next.codebook().is_none();
    let mut trained = None;
    if is_due && can_train(job) {
        trained = train(job)?;
        report.trained_rows = trained.map_or(0, |trained| trained.rows);
        let all: Vec<SegmentId> = job.next.segments().map(Segment::id).collect();
        job.options.report(OptimizeStage::Index, 0.0);
        merge_group(job, &all, &mut report.compact)?;
    }
    merge_all(job, &mut report.compact)?;
    if let Some((_, codebook)) = job.next.codebook() {
        report.lists = codebook.meta().lists;
        job.options.report(OptimizeStage::Calibrate, 0.0);
        let stored = trained.map(|trained| trained.stored);
        if let Some(measured) = calibrate(job, stored)? {
            report.queries = measured.queries as usize;
            report.recall = Some(RecallReport::of(measured));
        }
    }
    Ok(report)
}

fn check_queries(writer: &Writer, options: &OptimizeOptions) -> Result<()> {
    let Some(queries) = &options.queries else { return Ok(()) };
    let wrong = |detail: String| Err(Error::Vector { subject: "the queries".into(), detail });
    let Some(config) = writer.next().vectors() else {
        return wrong("this database was created without vectors".into());
    };
    if queries.is_empty() || !queries.len().is_multiple_of(config.dimension as usize) {
        return wrong(format!("{} numbers are not vectors of {}", queries.len(), config.dimension));
    }
    check_finite(queries).or_else(wrong)?;
    let space = RowSpace::from(config);
    let zeros = |query: &[f32]| query.iter().all(|number| *number == 0.0);
    for (place, query) in queries.chunks(config.dimension as usize).enumerate() {
        // Queries without a direction are left out later.
        if !zeros(query) {
            space.check_query(query).or_else(|detail| wrong(format!("query {place}: {detail}")))?;
        }
    }
    Ok(())
}
