//! k-means: centroids that lie in the middle of the rows nearest to them (Lloyd, 1982).
//!
//! Starts from rows drawn by chance, which puts centroids where rows are dense and so keeps
//! clusters of one size; a cluster that loses all its rows takes half of the largest. The result
//! depends on the seed and on the instruction set, not on the number of threads: chunks are cut by
//! number of rows, and a centroid sums its rows in ascending order.

use std::ops::Range;

use super::nearest::{Centroids, Found};
use crate::control::Control;
use crate::error::Result;
use crate::kernel::random::Random;
use crate::parallel;

/// Rows of one work item.
pub(super) const CHUNK_ROWS: usize = 1024;

/// Centroids whose rows one work item sums.
const CHUNK_CENTROIDS: usize = 32;

/// How far the halves of a split cluster start from each other, relative to its centroid.
const SPLIT: f32 = 1.0 / 1024.0;

/// What to compute.
#[derive(Clone, Copy, Debug)]
pub(super) struct KMeans {
    /// Centroids, at most as many as rows.
    pub(super) clusters: usize,
    /// Passes over the rows.
    pub(super) iterations: usize,
    /// Chooses the first centroids.
    pub(super) seed: u64,
    /// Threads to work on.
    pub(super) threads: usize,
}

impl KMeans {
    /// Centroids of `rows`, vectors of `dimension` one after the other.
    ///
    /// Costs `iterations * rows * clusters * dimension` multiplications; memory is that of the
    /// centroids, twice, and 12 bytes per row.
    pub(super) fn run(
        &self,
        rows: &[f32],
        dimension: usize,
        control: &Control,
    ) -> Result<Vec<f32>> {
        let count = rows.len() / dimension;
        let mut order: Vec<u32> = (0..count as u32).collect();
        let clusters = self.clusters.min(count);
        Random::new(self.seed).shuffle(&mut order, clusters);
        let seeds = order.iter().take(clusters);
        let mut centroids = Vec::with_capacity(clusters * dimension);
        seeds.for_each(|row| centroids.extend_from_slice(vector(rows, *row, dimension)));
        let mut found = vec![Found::NONE; count];
        for _ in 0..self.iterations {
            self.assign(rows, dimension, &centroids, &mut found, control)?;
            let members = Members::new(found.iter().map(|found| found.centroid), clusters);
            members.means(rows, dimension, self.threads, control, &mut centroids)?;
            members.split_largest(dimension, &mut centroids);
        }
        Ok(centroids)
    }

    fn assign(
        &self,
        rows: &[f32],
        dimension: usize,
        centroids: &[f32],
        found: &mut [Found],
        control: &Control,
    ) -> Result<()> {
        let packed = Centroids::new(centroids, dimension);
        let chunks = rows.chunks(CHUNK_ROWS * dimension).zip(found.chunks_mut(CHUNK_ROWS));
        let run = |scores: &mut Vec<f32>, (rows, found): (&[f32], &mut [Found])| {
            found.fill(Found::NONE);
            packed.find(rows, 0, scores, found);
            Ok(())
        };
        parallel::for_each(self.threads, chunks, control, Vec::new, run, &mut |_| ())
    }
}

/// Row `row`.
pub(super) fn vector(rows: &[f32], row: u32, dimension: usize) -> &[f32] {
    &rows[row as usize * dimension..][..dimension]
}

/// The rows of each cluster.
#[derive(Debug)]
pub(super) struct Members {
    /// One past the last row of each cluster in `rows`.
    ends: Vec<u32>,
    /// Rows, cluster by cluster, ascending in each.
    rows: Vec<u32>,
}

impl Members {
    /// Sorts rows by cluster (counting sort); `clusters_of` are the clusters of rows 0, 1, 2, ...,
    /// each below `clusters`.
    pub(super) fn new(clusters_of: impl Iterator<Item = u32> + Clone, clusters: usize) -> Members {
        let mut ends = vec![0u32; clusters];
        clusters_of.clone().for_each(|cluster| ends[cluster as usize] += 1);
        let mut total = 0;
        for end in &mut ends {
            total += *end;
            *end = total - *end;
        }
        let mut rows = vec![0; total as usize];
        for (row, cluster) in (0..).zip(clusters_of) {
            let place = &mut ends[cluster as usize];
            rows[*place as usize] = row;
            *place += 1;
        }
        Members { ends, rows }
    }

    /// Number of clusters.
    pub(super) fn clusters(&self) -> usize {
        self.ends.len()
    }

    /// Rows of a cluster, ascending.
    pub(super) fn of(&self, cluster: usize) -> &[u32] {
        let start = cluster.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.rows[start as usize..self.ends[cluster] as usize]
    }

    /// Replaces each centroid by the mean of its rows; one without rows stays.
    pub(super) fn means(
        &self,
        rows: &[f32],
        dimension: usize,
        threads: usize,
        control: &Control,
        centroids: &mut [f32],
    ) -> Result<()> {
        let chunks = centroids.chunks_mut(CHUNK_CENTROIDS * dimension).enumerate();
        let run = |sums: &mut Vec<f64>, (chunk, centroids): (usize, &mut [f32])| {
            for (cluster, centroid) in
                (chunk * CHUNK_CENTROIDS..).zip(centroids.chunks_mut(dimension))
            {
                let members = self.of(cluster).iter();
                set_mean(members.map(|row| vector(rows, *row, dimension)), sums, centroid);
            }
            Ok(())
        };
        parallel::for_each(threads, chunks, control, Vec::new, run, &mut |_| ())
    }

    /// Gives every cluster without rows one half of the largest: both start at its centroid,
    /// moved a little apart. Clusters of one row are not split.
    pub(super) fn split_largest(&self, dimension: usize, centroids: &mut [f32]) {
        let mut sizes: Vec<usize> = (0..self.clusters()).map(|c| self.of(c).len()).collect();
        for empty in 0..sizes.len() {
            if sizes[empty] > 0 {
                continue;
            }
            let largest = (0..sizes.len()).rev().max_by_key(|cluster| sizes[*cluster]);
            let Some(largest) = largest.filter(|largest| sizes[*largest] > 1) else { return };
            let range =
                |cluster: usize| -> Range<usize> { cluster * dimension..(cluster + 1) * dimension };
            centroids.copy_within(range(largest), empty * dimension);
            for (cluster, sign) in [(largest, SPLIT), (empty, -SPLIT)] {
                for (at, value) in centroids[range(cluster)].iter_mut().enumerate() {
                    *value *= if at % 2 == 0 { 1.0 + sign } else { 1.0 - sign };
                }
            }
            sizes[empty] = sizes[largest] / 2;
            sizes[largest] -= sizes[empty];
        }
    }
}

/// Replaces `mean` by that of `rows`, summed in double precision in their order; without rows it stays.
pub(super) fn set_mean<'a>(
    rows: impl ExactSizeIterator<Item = &'a [f32]>,
    sums: &mut Vec<f64>,
    mean: &mut [f32],
) {
    let count = rows.len();
    if count == 0 {
        return;
    }
    sums.clear();
    sums.resize(mean.len(), 0.0);
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    for (value, sum) in mean.iter_mut().zip(sums) {
        *value = (*sum / count as f64) as f32;
    }
}
