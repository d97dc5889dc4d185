//! Measures which effort reaches which recall, with queries and their ground truth.

use roaring::RoaringBitmap;

use super::super::drift::{self, MeanResidual, has_changed, has_other_size};
use super::super::next::NextGeneration;
use super::options::{Job, OptimizeStage};
use super::queries::{has_sample, queries_for};
use super::sample::sample;
use crate::error::{Error, Result};
use crate::format::manifest::{Calibration, CalibrationContents, QuerySource};
use crate::index::calibrate;
use crate::index::ivf::{Index, IndexedRows, RowMask, SpilledRows, allowed_copies};
use crate::parallel;
use crate::segment::{CodebookFile, Segment};

/// The share of the progress that computing the ground truth takes.
const TRUTH_PART: f32 = 0.5;

/// A segment of the index, and the rows of it that count.
struct IndexedSegment {
    segment: Segment,
    /// Live rows with a vector; `None` when every row is.
    live: Option<RoaringBitmap>,
}

/// Whether the index has gained or lost so many live rows since its calibration, or they have become so different, that it
/// needs another.
pub(super) fn is_stale(next: &NextGeneration) -> Result<bool> {
    let members = indexed(next)?;
    let live: u64 = members.iter().map(IndexedSegment::live_count).sum();
    let known = next.calibration().map_or(0, |calibration| calibration.rows);
    if has_other_size(live as f64, known as f64) {
        return Ok(true);
    }
    if live == 0 {
        return Ok(false);
    }
    match next.calibration().and_then(|calibration| calibration.contents) {
        Some(measured) => Ok(has_changed(contents(&members)?, measured)),
        // An older version measured it, perhaps before rows drifted.
        None => Ok(have_drifted(next, &members)),
    }
}

/// Whether the rows of the index have drifted so far from those that it was trained on that a new one pays.
pub(super) fn has_drifted(next: &NextGeneration) -> Result<bool> {
    Ok(have_drifted(next, &indexed(next)?))
}

fn have_drifted(next: &NextGeneration, members: &[IndexedSegment]) -> bool {
    let Some((_, codebook)) = next.codebook() else { return false };
    let mut residual = MeanResidual::default();
    members.iter().for_each(|member| residual.add(&member.segment, member.live_count()));
    let meta = codebook.meta();
    drift::has_drifted(residual.get(), meta.residual_mean, meta.trained_rows, meta.lists)
}

fn contents(members: &[IndexedSegment]) -> Result<CalibrationContents> {
    drift::contents(members.iter().map(|member| (&member.segment, member.live.as_ref())))
}

/// Whether recall is an estimate, or unknown, and the writer has an encoder that can measure it.
pub(super) fn is_improvable(job: &Job<'_>) -> Result<bool> {
    let Some((_, codebook)) = job.next.codebook() else { return Ok(false) };
    let dimension = codebook.meta().dimension as usize;
    Ok(job.next.calibration().is_none_or(Calibration::is_estimate) && has_sample(job, dimension)?)
}

/// Calibrates the newest codebook; `None` when no live row is indexed with it. `stored` says what the
/// queries of a codebook are that was trained just now.
pub(super) fn calibrate<'a>(
    job: &'a mut Job<'_>,
    stored: Option<QuerySource>,
) -> Result<Option<&'a Calibration>> {
    let Some((_, codebook)) = job.next.codebook().cloned() else { return Ok(None) };
    let dimension = codebook.meta().dimension as usize;
    let stored = stored.unwrap_or_else(|| stored_source(job.next, &codebook));
    let asked = queries_for(job, &codebook, stored)?;
    let members = indexed(job.next)?;
    let live: u64 = members.iter().map(IndexedSegment::live_count).sum();
    if live == 0 || asked.vectors.is_empty() {
        job.next.set_calibration(None);
        return Ok(None);
    }
    let masks = members.iter().map(IndexedSegment::masks).collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::with_capacity(members.len());
    let mut base = 0u32;
    for (IndexedSegment { segment, .. }, mask) in members.iter().zip(&masks) {
        let (Some(lists), Some((vectors, _))) = (segment.lists()?, segment.vectors()?) else {
            continue;
        };
        let copies = segment.copies()?.map(|copies| SpilledRows {
            allowed: mask.as_ref().map(|(_, words)| words.as_slice()),
            ..copies
        });
        rows.push(IndexedRows {
            base,
            list_offsets: lists.list_offsets,
            filled: lists.filled,
            codes: lists.codes,
            scales: lists.scales,
            rows: vectors,
            allowed: mask.as_ref().map(|(live, _)| live.allowed()),
            spilled: copies,
            pages: None,
        });
        base = base.checked_add(segment.rows()).ok_or_else(|| Error::InvalidQuery {
            detail: "the database has more rows than one search can number".into(),
        })?;
    }
    let index = Index { codebook: codebook.view()?, segments: &rows };
    let threads = parallel::cores();
    let mut vectors = asked.vectors;
    if asked.source == QuerySource::Moved {
        let sample = sample(job.next, calibrate::MOVING_ROWS, dimension, job.control)?;
        calibrate::move_away(&mut vectors, &sample, dimension);
    }
    // The row that was moved, or the article that a sample query is the title of: what users ask is
    // about no row in particular.
    let skipped = usize::from(asked.source != QuerySource::Given);
    let mut report = |part: f32| job.options.report(OptimizeStage::Calibrate, part * TRUTH_PART);
    let truth = calibrate::exact_answers(
        &rows,
        &vectors,
        dimension,
        skipped,
        threads,
        job.control,
        &mut report,
    )?;
    let queries =
        calibrate::Queries { vectors: &vectors, truth: &truth, source: asked.source, stored };
    let mut report = |part: f32| {
        job.options.report(OptimizeStage::Calibrate, TRUTH_PART + part * (1.0 - TRUTH_PART));
    };
    let measured = calibrate::calibrate(&index, &queries, threads, job.control, &mut report)?;
    let contents = Some(contents(&members)?);
    job.next.set_calibration(Some(Calibration { contents, ..measured }));
    Ok(job.next.calibration())
}

/// What the queries are that the codebook keeps.
fn stored_source(next: &NextGeneration, codebook: &CodebookFile) -> QuerySource {
    let notes = next.calibration().and_then(|calibration| calibration.notes.as_ref());
    match (codebook.meta().queries_are_rows, notes) {
        (true, _) => QuerySource::Moved,
        (false, Some(notes)) => notes.stored,
        // Before there were notes, only queries of the caller's were kept as such.
        (false, None) => QuerySource::Given,
    }
}

/// Segments that are indexed with the newest codebook.
fn indexed(next: &NextGeneration) -> Result<Vec<IndexedSegment>> {
    let hash = next.codebook().map(|(entry, _)| entry.hash);
    let mut indexed = Vec::new();
    for member in next.members() {
        let segment = member.segment;
        if segment.index().is_some_and(|index| Some(index.codebook) == hash) {
            let deleted = next.deleted_rows(&member);
            let live = match segment.rows_with_vector()? {
                Some(present) if !deleted.is_empty() => Some(present - &deleted),
                _ => None,
            };
            indexed.push(IndexedSegment { segment: segment.clone(), live });
        }
    }
    Ok(indexed)
}

impl IndexedSegment {
    fn live_count(&self) -> u64 {
        self.live.as_ref().map_or(self.segment.vector_count(), RoaringBitmap::len)
    }

    /// The live rows and, bit by bit, their copies.
    fn masks(&self) -> Result<Option<(RowMask, Vec<u64>)>> {
        let (Some(live), Some(lists)) = (&self.live, self.segment.lists()?) else {
            return Ok(None);
        };
        let rows = RowMask::new(live, lists.list_offsets);
        let copies = allowed_copies(self.segment.copied_rows()?, rows.allowed().words);
        Ok(Some((rows, copies)))
    }
}
