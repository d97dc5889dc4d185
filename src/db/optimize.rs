//! The index: training its codebook, folding in what is not indexed yet, measuring its recall.

use std::sync::Arc;

use super::compact::CompactReport;
use super::recall::RecallReport;
use super::writer::Writer;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::QuestionSource;
use crate::format::names::codebook_name;
use crate::ids::SegmentId;
use crate::index::train::{self, Stage as TrainStage, TrainOptions};
use crate::segment::{CodebookFile, RowSpace, Segment, check_finite};

/// How the index is made.
#[derive(Clone)]
pub struct OptimizeOptions {
    /// Trains a new codebook though there is one, and indexes every row again.
    pub retrain: bool,
    /// Lists of a new codebook; `None`: as many as suit the rows.
    pub lists: Option<usize>,
    /// Numbers in a sub-vector, 2 or 4; `None`: 4, one bit a dimension.
    pub sub_dimension: Option<usize>,
    /// The same rows and seed give the same codebook.
    pub seed: u64,
    /// What users will ask, as vectors one after the other: recall is calibrated with them. `None`:
    /// biomedical questions that come with the library, where the writer has an encoder (feature
    /// `static-encoder`); else some rows, moved away as questions lie, and recall is an estimate.
    pub questions: Option<Vec<f32>>,
    /// Told how far the work is, from 0 to 1 in each stage.
    pub progress: Option<Arc<dyn Fn(OptimizeStage, f32) + Send + Sync>>,
}

impl Default for OptimizeOptions {
    fn default() -> OptimizeOptions {
        OptimizeOptions {
            retrain: false,
            lists: None,
            sub_dimension: None,
            seed: 1,
            questions: None,
            progress: None,
        }
    }
}

/// What [`Writer::optimize`] is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptimizeStage {
    /// Training the codebook.
    Train,
    /// Writing indexed segments.
    Index,
    /// Measuring recall.
    Calibrate,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizeReport {
    /// Rows that a new codebook was trained on; 0 when none was trained.
    pub trained_rows: usize,
    /// Lists of the codebook; 0 without one.
    pub lists: u32,
    /// Questions that recall was measured with; 0 when it was not.
    pub questions: usize,
    /// What was measured; `None` when nothing was.
    pub recall: Option<RecallReport>,
    /// What happened to the segments.
    pub compact: CompactReport,
}

/// What training left behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trained {
    /// Rows of the sample.
    rows: usize,
    /// What the questions in the codebook are.
    pub(super) stored: QuestionSource,
}

impl Writer {
    /// Makes the index as good as it gets: trains a codebook if there is none (or with
    /// [`OptimizeOptions::retrain`]), indexes every segment with it, merges segments, measures which
    /// effort reaches which recall, and commits. Databases of fewer than
    /// [`WriterOptions::train_rows_min`](super::WriterOptions) vectors are only compacted: searching
    /// them exactly is as fast.
    ///
    /// Memory: the training sample ([`train::sample_rows`] vectors of single precision), and that of
    /// a merge. Until the commit, old and new segments are both on disk.
    ///
    /// # Errors
    /// As [`Writer::compact`]; [`Error::Vector`] for questions of another dimension.
    pub fn optimize(
        &mut self,
        options: &OptimizeOptions,
        control: &Control,
    ) -> Result<OptimizeReport> {
        self.check_usable()?;
        self.check_questions(options)?;
        let result = self.optimize_now(options, control).map_err(|error| self.blame(error));
        self.guard(result)
    }

    fn optimize_now(
        &mut self,
        options: &OptimizeOptions,
        control: &Control,
    ) -> Result<OptimizeReport> {
        self.flush()?;
        let mut report = OptimizeReport::default();
        let mut compact = self.start_compaction();
        let due = options.retrain || self.codebooks.is_empty();
        let mut trained = None;
        if due && self.can_train() {
            trained = self.train(options, control)?;
            report.trained_rows = trained.map_or(0, |trained| trained.rows);
            let all: Vec<SegmentId> = self.open_segments().map(Segment::id).collect();
            tell(options, OptimizeStage::Index, 0.0);
            self.merge_group(&all, control, &mut compact)?;
        }
        self.merge_all(control, &mut compact)?;
        if let Some((_, codebook)) = self.codebooks.last() {
            report.lists = codebook.meta().lists;
            tell(options, OptimizeStage::Calibrate, 0.0);
            let stored = trained.map(|trained| trained.stored);
            if let Some(measured) = self.calibrate(options, stored, control)? {
                report.questions = measured.questions as usize;
                report.recall = Some(RecallReport::of(measured));
            }
        }
        report.compact = self.finish_compaction(compact)?;
        Ok(report)
    }

    /// Trains the first codebook once there are enough rows, as [`Writer::compact`] does.
    pub(super) fn train_if_due(&mut self, control: &Control) -> Result<Option<Trained>> {
        if !self.codebooks.is_empty() || !self.can_train() {
            return Ok(None);
        }
        self.train(&OptimizeOptions::default(), control)
    }

    /// Trains a codebook on a sample of all rows and makes it the one for new segments; `None` for a
    /// database without live vectors.
    fn train(&mut self, options: &OptimizeOptions, control: &Control) -> Result<Option<Trained>> {
        let Some(config) = &self.vectors else { return Ok(None) };
        let dimension = config.dimension as usize;
        let total_rows = self.vector_rows() as usize;
        self.check_training_memory(dimension)?;
        let sample = self.sample(train::sample_rows(total_rows, dimension), dimension, control)?;
        if sample.is_empty() {
            // Every row with a vector is deleted.
            return Ok(None);
        }
        let training = TrainOptions {
            lists: options.lists,
            total_rows,
            sub_dimension: options.sub_dimension,
            seed: options.seed,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        };
        let mut progress = |_: TrainStage, part: f32| tell(options, OptimizeStage::Train, part);
        let codebook = train::train(&sample, dimension, &training, control, &mut progress)?;
        let rows = sample.len() / dimension.max(1);
        drop(sample);
        let questions = self.new_questions(options, dimension, control)?;
        let stored = questions.source;
        let questions = questions.into_stored();
        self.has_files = true;
        let entry = CodebookFile::write(
            &*self.storage,
            &codebook,
            rows as u64,
            &questions,
            self.vectors.as_ref(),
        )?;
        super::commit::check_file(
            &*self.storage,
            &codebook_name(entry.hash),
            FileKind::Codebook,
            &entry.seal,
        )?;
        let file = CodebookFile::open(&*self.storage, &entry, self.vectors.as_ref())?;
        self.codebooks.retain(|(known, _)| known.hash != entry.hash);
        self.codebooks.push((entry, file));
        self.calibration = None;
        self.changed = true;
        Ok(Some(Trained { rows, stored }))
    }

    fn can_train(&self) -> bool {
        self.vector_rows() >= self.options.train_rows_min.max(1)
    }

    /// Rows that have a vector, deleted ones included.
    pub(super) fn vector_rows(&self) -> u64 {
        self.open_segments().map(Segment::vector_count).sum()
    }

    /// Rows spread evenly over all segments, as numbers.
    pub(super) fn sample(
        &self,
        wanted: usize,
        dimension: usize,
        control: &Control,
    ) -> Result<Vec<f32>> {
        let total = self.vector_rows() as usize;
        let step = (total as f64 / wanted.max(1) as f64).max(1.0);
        let mut sample = Vec::with_capacity(wanted.min(total) * dimension);
        let (mut seen, mut next) = (0.0, 0.0);
        for segment in self.open_segments() {
            let Some((rows, present)) = segment.vectors()? else { continue };
            let deleted = super::publish::deleted_rows(self, segment.id());
            for row in present.iter().filter(|row| !deleted.contains(*row)) {
                if seen >= next {
                    if (seen as u64).is_multiple_of(4096) {
                        control.check()?;
                    }
                    let start = sample.len();
                    sample.resize(start + dimension, 0.0);
                    rows.read(row as usize, sample.get_mut(start..).unwrap_or_default());
                    next += step;
                }
                seen += 1.0;
            }
        }
        Ok(sample)
    }

    fn check_questions(&self, options: &OptimizeOptions) -> Result<()> {
        let Some(questions) = &options.questions else { return Ok(()) };
        let wrong = |detail: String| Err(Error::Vector { subject: "the questions".into(), detail });
        let Some(config) = &self.vectors else {
            return wrong("this database was created without vectors".into());
        };
        if questions.is_empty() || !questions.len().is_multiple_of(config.dimension as usize) {
            return wrong(format!(
                "{} numbers are not vectors of {}",
                questions.len(),
                config.dimension
            ));
        }
        check_finite(questions).or_else(wrong)?;
        let space = RowSpace::from(config);
        let zeros = |question: &[f32]| question.iter().all(|number| *number == 0.0);
        for (place, question) in questions.chunks(config.dimension as usize).enumerate() {
            // Questions without a direction are left out later.
            if !zeros(question) {
                space
                    .check_query(question)
                    .or_else(|detail| wrong(format!("question {place}: {detail}")))?;
            }
        }
        Ok(())
    }
}

pub(super) fn tell(options: &OptimizeOptions, stage: OptimizeStage, part: f32) {
    if let Some(progress) = &options.progress {
        progress(stage, part);
    }
}
