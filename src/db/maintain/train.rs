//! Trains the codebook of the index.

use super::memory::check_training_memory;
use super::options::{Job, OptimizeStage};
use super::queries::new_queries;
use super::sample::sample;
use crate::error::Result;
use crate::format::manifest::{IndexConfig, QuerySource};
use crate::index::train::{self, Stage as TrainStage, TrainOptions};
use crate::parallel;
use crate::segment::CodebookFile;

/// What training left behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trained {
    /// Rows of the sample.
    pub(super) rows: usize,
    /// What the queries in the codebook are.
    pub(super) stored: QuerySource,
}

/// Whether there are enough vectors for an index.
pub(super) fn can_train(job: &Job<'_>) -> bool {
    job.next.vector_rows() >= job.writer.train_rows_min.max(1)
}

/// Trains a codebook on a sample of all rows and makes it the one for new segments; `None` for a
/// database without live vectors.
pub(super) fn train(job: &mut Job<'_>) -> Result<Option<Trained>> {
    let Some(config) = job.next.vectors() else { return Ok(None) };
    let dimension = config.dimension as usize;
    let total_rows = job.next.vector_rows() as usize;
    check_training_memory(job, dimension)?;
    let sample =
        sample(job.next, train::sample_rows(total_rows, dimension), dimension, job.control)?;
    if sample.is_empty() {
        // Every row with a vector is deleted.
        return Ok(None);
    }
    let training = TrainOptions {
        lists: job.options.lists,
        total_rows,
        sub_dimension: job.options.sub_dimension,
        seed: job.options.seed,
        threads: parallel::cores(),
    };
    let mut progress =
        |stage, part| job.options.report(OptimizeStage::Train, share_done(stage, part));
    let codebook = train::train(&sample, dimension, &training, job.control, &mut progress)?;
    let rows = sample.len() / dimension.max(1);
    drop(sample);
    let queries = new_queries(job, dimension)?;
    let stored = queries.source;
    let queries = queries.into_stored();
    job.next.expect_files();
    let (storage, vectors) = (job.next.storage(), job.next.vectors());
    let entry = CodebookFile::write(storage, &codebook, rows as u64, &queries, vectors)?;
    job.next.add_codebook(entry, IndexConfig { spills: job.options.spill })?;
    Ok(Some(Trained { rows, stored }))
}

/// The share of the training that is done when a part of a stage is, by the time that each takes for ten million rows.
fn share_done(stage: TrainStage, part: f32) -> f32 {
    let (before, share) = match stage {
        TrainStage::Groups => (0.0, 0.1),
        TrainStage::Lists => (0.1, 0.1),
        TrainStage::Refinement => (0.2, 0.6),
        TrainStage::Points => (0.8, 0.2),
    };
    before + share * part
}
