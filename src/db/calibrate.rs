//! Measures which effort reaches which recall, with questions and their exact answers.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering as Atomic};

use super::optimize::{OptimizeOptions, OptimizeStage, QUESTIONS_MAX, evenly, tell};
use super::writer::Writer;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::manifest::{Calibration, CalibrationPoint};
use crate::index::calibrate::{self, TRUTH_ROWS};
use crate::index::flat;
use crate::index::ivf::{Index, IndexedRows};
use crate::kernel::Rows;
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
            Some(given) => Questions {
                vectors: self.as_stored(&evenly(given, dimension, QUESTIONS_MAX), dimension),
                are_rows: false,
            },
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
        let told = |part: f32| tell(options, OptimizeStage::Calibrate, part * TRUTH_PART);
        let truth = exact_answers(&stored, &questions, dimension, threads, control, &told)?;
        let index = Index { codebook: codebook.view()?, segments: &stored };
        let asked = calibrate::Questions {
            vectors: &questions.vectors,
            truth: &truth,
            optimistic: questions.are_rows,
        };
        let mut told = |part: f32| {
            tell(options, OptimizeStage::Calibrate, TRUTH_PART + part * (1.0 - TRUTH_PART));
        };
        let measured = calibrate::calibrate(&index, &asked, threads, control, &mut told)?;
        self.calibration = Some(stored_form(&measured));
        self.changed = true;
        Ok(Some(Calibrated { questions: count, optimistic: questions.are_rows }))
    }

    /// Segments that are indexed with the newest codebook.
    fn indexed(&self) -> Vec<Segment> {
        let hash = self.codebooks.last().map(|(entry, _)| entry.hash);
        let is_indexed =
            |segment: &&Segment| segment.index().is_some_and(|index| Some(index.codebook) == hash);
        self.open_segments().filter(is_indexed).cloned().collect()
    }
}

/// The ids of the rows nearest to each question, best first. A question that is a row is not among its
/// own neighbours.
fn exact_answers(
    segments: &[IndexedRows<'_>],
    questions: &Questions,
    dimension: usize,
    threads: usize,
    control: &Control,
    told: &(dyn Fn(f32) + Sync),
) -> Result<Vec<Vec<u32>>> {
    let vectors: Vec<&[f32]> = questions.vectors.chunks_exact(dimension).collect();
    let skipped = usize::from(questions.are_rows);
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<(usize, Vec<u32>)>> {
        let mut answers = Vec::new();
        loop {
            let place = next.fetch_add(1, Atomic::Relaxed);
            let Some(vector) = vectors.get(place) else { return Ok(answers) };
            let near = nearest(segments, vector, TRUTH_ROWS + skipped, control)?;
            answers.push((place, near.into_iter().skip(skipped).collect()));
            told(place as f32 / vectors.len() as f32);
        }
    };
    let mut truth = vec![Vec::new(); vectors.len()];
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            let answers = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            for (place, answer) in answers {
                if let Some(slot) = truth.get_mut(place) {
                    *slot = answer;
                }
            }
        }
        Ok(truth)
    })
}

/// The ids of the nearest rows of all segments, best first; ties by id.
fn nearest(
    segments: &[IndexedRows<'_>],
    vector: &[f32],
    count: usize,
    control: &Control,
) -> Result<Vec<u32>> {
    let mut found: Vec<(u32, f32)> = Vec::new();
    for segment in segments {
        let mut tie = |_, _| Ok(Ordering::Equal);
        let in_lists = segment.list_offsets.last().copied().unwrap_or_default() as usize;
        let rows = first_rows(&segment.rows, in_lists, vector.len());
        let best = flat::search(&rows, vector.len(), vector, count, None, control, &mut tie)?;
        found.extend(best.into_iter().map(|(row, score)| (segment.base + row, score)));
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(found.into_iter().take(count).map(|(id, _)| id).collect())
}

/// The first rows: those with a vector.
fn first_rows<'a>(rows: &Rows<'a>, count: usize, dimension: usize) -> Rows<'a> {
    let numbers = count.saturating_mul(dimension);
    match *rows {
        Rows::Int8 { codes, scales } => Rows::Int8 {
            codes: codes.get(..numbers).unwrap_or(codes),
            scales: scales.get(..count).unwrap_or(scales),
        },
        Rows::F16(values) => Rows::F16(values.get(..numbers).unwrap_or(values)),
        Rows::F32(values) => Rows::F32(values.get(..numbers).unwrap_or(values)),
    }
}

/// As the manifest holds it.
fn stored_form(measured: &calibrate::Calibration) -> Calibration {
    let point = |point: &calibrate::Point| CalibrationPoint {
        recall: point.recall,
        share: point.share,
        probes: point.probes,
        candidates: point.candidates,
        estimated: point.estimated.clamp(0.0, 1.0),
    };
    Calibration {
        questions: measured.queries,
        optimistic: measured.optimistic,
        rows: measured.rows,
        lists: measured.lists,
        points: measured.points.iter().map(point).collect(),
    }
}

/// What a manifest holds, to search with.
pub(super) fn usable_form(stored: &Calibration) -> calibrate::Calibration {
    let point = |point: &CalibrationPoint| calibrate::Point {
        recall: point.recall,
        share: point.share,
        probes: point.probes,
        candidates: point.candidates,
        estimated: point.estimated,
    };
    calibrate::Calibration {
        queries: stored.questions,
        optimistic: stored.optimistic,
        rows: stored.rows,
        lists: stored.lists,
        points: stored.points.iter().map(point).collect(),
    }
}
