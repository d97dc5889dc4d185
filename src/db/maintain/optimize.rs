//! The index: training its codebook, folding in what is not indexed yet, measuring its recall.

use super::super::writer::Writer;
use super::compact::finish;
use super::course::{Course, Goal};
use super::options::{Job, OptimizeOptions};
use super::report::OptimizeReport;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest::VectorConfig;
use crate::segment::{RowSpace, check_finite};

impl Writer {
    /// Builds the best index: trains a codebook if there is none (or with
    /// [`OptimizeOptions::retrain`]), indexes every segment with it, merges segments, measures which
    /// effort reaches which recall, and commits. Databases of fewer than
    /// [`crate::db::WriterOptions::train_rows_min`] vectors are only compacted: searching
    /// them exactly is as fast.
    ///
    /// What is done already is not done again: after an update the time goes with the update. Recall is
    /// measured when an index was trained, with queries that are given, when an encoder can take the place of
    /// an estimate, when live rows have doubled or fallen below three quarters or have become others, and once more where
    /// an older version measured it. Where rows have drifted from what the codebook was trained on, the report says so
    /// ([`OptimizeReport::has_drifted`]): a new one is trained only on request.
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
        check_queries(self.next().vectors(), options)?;
        self.guarded(|writer| {
            writer.flush()?;
            let (next, settings) = writer.parts();
            let mut course = Course::new(Goal::Optimize, next);
            course.finish(&mut Job { next, writer: settings, options, control })?;
            let mut report = course.report(next)?;
            finish(writer, &mut report.compact)?;
            Ok(report)
        })
    }
}

/// Fails unless the queries of the options can be asked.
pub(super) fn check_queries(
    vectors: Option<&VectorConfig>,
    options: &OptimizeOptions,
) -> Result<()> {
    let Some(queries) = &options.queries else { return Ok(()) };
    let wrong = |detail: String| Err(Error::Vector { subject: "the queries".into(), detail });
    let Some(config) = vectors else {
        return wrong("this database was created without vectors".into());
    };
    if queries.is_empty() || !queries.len().is_multiple_of(config.dimension as usize) {
        return wrong(format!("{} numbers are not vectors of {}", queries.len(), config.dimension));
    }
    check_finite(queries).or_else(wrong)?;
    let space = RowSpace::from(config);
    let zeros = |query: &[f32]| query.iter().all(|number| *number == 0.0);
    if zeros(queries) {
        return wrong("none has a direction: all numbers are 0".into());
    }
    for (place, query) in queries.chunks(config.dimension as usize).enumerate() {
        // Queries without a direction are left out later.
        if !zeros(query) {
            space.check_query(query).or_else(|detail| wrong(format!("query {place}: {detail}")))?;
        }
    }
    Ok(())
}
