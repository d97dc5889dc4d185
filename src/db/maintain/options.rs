//! How the index is made, and what one piece of maintenance works with.

use std::fmt;
use std::sync::Arc;

use super::super::next::NextGeneration;
use super::super::options::WriterOptions;
use super::super::setters::setters;
use crate::control::Control;

/// How the index is made.
#[derive(Clone)]
#[non_exhaustive]
pub struct OptimizeOptions {
    /// Trains a new codebook even if there is one, and indexes every row again.
    pub retrain: bool,
    /// Lists of a new codebook; `None`: as many as suit the rows.
    pub lists: Option<usize>,
    /// Numbers in a sub-vector, 2 or 4; `None`: 4, one bit per dimension.
    pub sub_dimension: Option<usize>,
    /// Whether a new codebook gives every row a second list, with a copy of its codes there: searches of most rows then
    /// scan two fifths to three quarters of the rows for the same recall, for 54 bytes per row of 384 dimensions.
    pub spill: bool,
    /// The same rows and seed give the same codebook.
    pub seed: u64,
    /// Queries of users, as vectors one after the other, to calibrate recall with. `None`: if the writer
    /// has an encoder (feature `static-encoder`), the biomedical queries that come with the library;
    /// otherwise some rows, moved to where queries lie, and recall is an estimate.
    pub queries: Option<Vec<f32>>,
    /// Called with the progress of each stage, from 0 to 1.
    pub progress: Option<Arc<dyn Fn(OptimizeStage, f32) + Send + Sync>>,
}

impl fmt::Debug for OptimizeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OptimizeOptions { retrain, lists, sub_dimension, spill, seed, queries, progress } =
            self;
        let mut shown = f.debug_struct("OptimizeOptions");
        shown.field("retrain", retrain).field("lists", lists);
        shown.field("sub_dimension", sub_dimension).field("spill", spill).field("seed", seed);
        shown.field("queries", queries).field("progress", &progress.as_ref().map(|_| "a callback"));
        shown.finish()
    }
}

setters!(OptimizeOptions {
    retrain: bool,
    lists: Option<usize>,
    sub_dimension: Option<usize>,
    spill: bool,
    seed: u64,
    queries: Option<Vec<f32>>,
    progress: Option<Arc<dyn Fn(OptimizeStage, f32) + Send + Sync>>,
});

impl Default for OptimizeOptions {
    fn default() -> OptimizeOptions {
        OptimizeOptions {
            retrain: false,
            lists: None,
            sub_dimension: None,
            spill: true,
            seed: 1,
            queries: None,
            progress: None,
        }
    }
}

/// The stages of [`Writer::optimize`](crate::db::Writer::optimize).
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
