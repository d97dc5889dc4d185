//! Measures which effort reaches which recall, with questions and their exact answers.

use roaring::RoaringBitmap;

use super::optimize::{OptimizeOptions, OptimizeStage, tell};
use super::publish::deleted_rows;
use super::writer::Writer;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest::{Calibration, QuestionSource};
use crate::index::calibrate::{self, LiveRows};
use crate::index::ivf::{Index, IndexedRows};
use crate::segment::{CodebookFile, Segment};

/// Growth of the live rows of the index from which on its recall is measured again.
const GROWTH_MAX: u64 = 2;

/// Its recall is measured again when fewer than this share of the rows is left that it was measured with:
/// lists are shorter then, and neighbours farther away.
const LEFT_MIN: (u64, u64) = (3, 4);

/// Part of the progress that finding the exact answers is.
const TRUTH_PART: f32 = 0.5;

/// A segment of the index, and the rows of it that count.
struct Member {
    segment: Segment,
    /// Live rows with a vector; `None` when every row is.
    live: Option<RoaringBitmap>,
}

impl Writer {
    /// Whether the live rows of the index have become so many or so few since it was calibrated that it
    /// should be again.
    pub(super) fn calibration_is_stale(&self) -> Result<bool> {
        let live: u64 = self.indexed()?.iter().map(Member::live_count).sum();
        let known = self.calibration.as_ref().map_or(0, |calibration| calibration.rows);
        let (left, of) = LEFT_MIN;
        Ok(live > known.saturating_mul(GROWTH_MAX)
            || live.saturating_mul(of) < known.saturating_mul(left))
    }

    /// Calibrates the newest codebook; `None` when no live row is indexed with it. `stored` says what the
    /// questions of a codebook are that was trained just now.
    pub(super) fn calibrate(
        &mut self,
        options: &OptimizeOptions,
        stored: Option<QuestionSource>,
        control: &Control,
    ) -> Result<Option<&Calibration>> {
        let Some((_, codebook)) = self.codebooks.last().cloned() else { return Ok(None) };
        let dimension = codebook.meta().dimension as usize;
        let stored = stored.unwrap_or_else(|| self.stored_source(&codebook));
        let asked = self.questions_for(&codebook, stored, options, control)?;
        let members = self.indexed()?;
        let live: u64 = members.iter().map(Member::live_count).sum();
        if live == 0 || asked.vectors.is_empty() {
            self.changed |= self.calibration.take().is_some();
            return Ok(None);
        }
        let masks = members.iter().map(Member::mask).collect::<Result<Vec<_>>>()?;
        let mut rows = Vec::with_capacity(members.len());
        let mut base = 0u32;
        for (Member { segment, .. }, mask) in members.iter().zip(&masks) {
            let (Some(lists), Some((vectors, _))) = (segment.lists()?, segment.vectors()?) else {
                continue;
            };
            rows.push(IndexedRows {
                base,
                list_offsets: lists.list_offsets,
                codes: lists.codes,
                scales: lists.scales,
                rows: vectors,
                allowed: mask.as_ref().map(LiveRows::allowed),
                pages: None,
            });
            base = base.checked_add(segment.rows()).ok_or_else(|| Error::InvalidQuery {
                detail: "the database has more rows than one search can number".into(),
            })?;
        }
        let index = Index { codebook: codebook.view()?, segments: &rows };
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut vectors = asked.vectors;
        if asked.source == QuestionSource::Moved {
            let sample = self.sample(calibrate::MOVING_ROWS, dimension, control)?;
            calibrate::move_away(&mut vectors, &sample, dimension);
        }
        // The row that was moved, or the article that a sample question is the title of: what users ask is
        // about no row in particular.
        let skipped = usize::from(asked.source != QuestionSource::Given);
        let mut report = |part: f32| tell(options, OptimizeStage::Calibrate, part * TRUTH_PART);
        let truth = calibrate::exact_answers(
            &rows,
            &vectors,
            dimension,
            skipped,
            threads,
            control,
            &mut report,
        )?;
        let questions =
            calibrate::Questions { vectors: &vectors, truth: &truth, source: asked.source, stored };
        let mut report = |part: f32| {
            tell(options, OptimizeStage::Calibrate, TRUTH_PART + part * (1.0 - TRUTH_PART));
        };
        let measured = calibrate::calibrate(&index, &questions, threads, control, &mut report)?;
        self.changed = true;
        Ok(Some(self.calibration.insert(measured)))
    }

    /// What the questions are that the codebook keeps.
    fn stored_source(&self, codebook: &CodebookFile) -> QuestionSource {
        let notes = self.calibration.as_ref().and_then(|calibration| calibration.notes.as_ref());
        match (codebook.meta().questions_are_rows, notes) {
            (true, _) => QuestionSource::Moved,
            (false, Some(notes)) => notes.stored,
            // Before there were notes, only questions of the caller's were kept as such.
            (false, None) => QuestionSource::Given,
        }
    }

    /// Segments that are indexed with the newest codebook.
    fn indexed(&self) -> Result<Vec<Member>> {
        let hash = self.codebooks.last().map(|(entry, _)| entry.hash);
        let mut members = Vec::new();
        for segment in self.open_segments() {
            if segment.index().is_some_and(|index| Some(index.codebook) == hash) {
                let deleted = deleted_rows(self, segment.id());
                let live = match segment.rows_with_vector()? {
                    Some(present) if !deleted.is_empty() => Some(present - &deleted),
                    _ => None,
                };
                members.push(Member { segment: segment.clone(), live });
            }
        }
        Ok(members)
    }
}

impl Member {
    fn live_count(&self) -> u64 {
        self.live.as_ref().map_or(self.segment.vector_count(), RoaringBitmap::len)
    }

    fn mask(&self) -> Result<Option<LiveRows>> {
        let (Some(live), Some(lists)) = (&self.live, self.segment.lists()?) else {
            return Ok(None);
        };
        Ok(Some(LiveRows::new(live, lists.list_offsets)))
    }
}
