//! How the index is made, and what one piece of maintenance works with.

use std::sync::Arc;

use super::super::next::NextGeneration;
use super::super::options::WriterOptions;
use crate::control::Control;

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

/// What [`Writer::optimize`](crate::db::Writer::optimize) is at.
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

impl OptimizeOptions {
    /// Says how far a stage is, from 0 to 1.
    pub(super) fn report(&self, stage: OptimizeStage, part: f32) {
        if let Some(progress) = &self.progress {
            progress(stage, part);
        }
    }
}

/// A piece of maintenance: what it changes, and by whose options.
pub(super) struct Job<'a> {
    pub(super) next: &'a mut NextGeneration,
    pub(super) writer: &'a WriterOptions,
    pub(super) options: &'a OptimizeOptions,
    pub(super) control: &'a Control,
}
