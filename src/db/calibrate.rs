//! Measures which effort reaches which recall, with questions and their exact answers.

use super::optimize::{OptimizeOptions, OptimizeStage, tell};
use super::writer::Writer;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::index::calibrate;
use crate::index::ivf::{Index, IndexedRows};
use crate::segment::{Questions, Segment};

/// Growth of the index from which on its recall is measured again.
const GROWTH_MAX: u64 = 2;

/// Part of the progress that finding the exact answers is.
const TRUTH_PART: f32 = 0.5;

/// What was measured.
pub(super) struct Calibrated {
    pub(super) questions: usize,
    pub(super) optimistic: bool,
}

impl Writer {
    /// Whether the index has grown so much since it was calibrated that it should be again.
    pub(super) fn has_outgrown_calibration(&self) -> bool {
        let rows: u64 = self.indexed().iter().map(Segment::vector_count).sum();
        let known = self.calibration.as_ref().map_or(0, |calibration| calibration.rows);
        rows > known.saturating_mul(GROWTH_MAX)
    }

    /// Calibrates the newest codebook; `None` when no segment is indexed with it.
    pub(super) fn calibrate(
        &mut self,
        options: &OptimizeOptions,
        control: &Control,
    ) -> Result<Option<Calibrated>> {
        let Some((_, codebook)) = self.codebooks.last().cloned() else { return Ok(None) };
        let dimension = codebook.meta().dimension as usize;
        let questions = match &options.questions {
            Some(given) => self.given_questions(given, dimension),
            None => codebook.questions()?,
        };
        let segments = self.indexed();
        let count = questions.vectors.len() / dimension.max(1);
        if segments.is_empty() || count == 0 {
            self.calibration = None;
            return Ok(None);
        }
        let mut stored = Vec::with_capacity(segments.len());
        let mut base = 0u32;
        for segment in &segments {
            let (Some(lists), Some((rows, _))) = (segment.lists()?, segment.vectors()?) else {
                continue;
            };
            stored.push(IndexedRows {
                base,
                list_offsets: lists.list_offsets,
                codes: lists.codes,
                scales: lists.scales,
                rows,
                allowed: None,
                pages: None,
            });
            base = base.checked_add(segment.rows()).ok_or_else(|| Error::InvalidQuery {
                detail: "the database has more rows than one search can number".into(),
            })?;
        }
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let Questions { vectors, are_rows: optimistic } = &questions;
        let skipped = usize::from(*optimistic);
        let mut told = |part: f32| tell(options, OptimizeStage::Calibrate, part * TRUTH_PART);
        let truth = calibrate::exact_answers(
            &stored, vectors, dimension, skipped, threads, control, &mut told,
        )?;
        let index = Index { codebook: codebook.view()?, segments: &stored };
        let asked = calibrate::Questions { vectors, truth: &truth, optimistic: *optimistic };
        let mut told = |part: f32| {
            tell(options, OptimizeStage::Calibrate, TRUTH_PART + part * (1.0 - TRUTH_PART));
        };
        let measured = calibrate::calibrate(&index, &asked, threads, control, &mut told)?;
        self.calibration = Some(measured);
        self.changed = true;
        Ok(Some(Calibrated { questions: count, optimistic: *optimistic }))
    }

    /// Segments that are indexed with the newest codebook.
    fn indexed(&self) -> Vec<Segment> {
        let hash = self.codebooks.last().map(|(entry, _)| entry.hash);
        let is_indexed =
            |segment: &&Segment| segment.index().is_some_and(|index| Some(index.codebook) == hash);
        self.open_segments().filter(is_indexed).cloned().collect()
    }
}
