//! Centroids of very many lists, in two levels.
//!
//! Clustering `n` rows into `L` lists by plain k-means costs `n * L` distances a pass. Here rows are
//! first clustered into about `sqrt(L)` groups, then each group's rows into lists of their own, a
//! number in proportion to its rows; that leaves lists cut off at the borders of groups, which a
//! few passes over all rows repair: each row goes to the nearest list of the several groups
//! nearest to it. At the end groups are made anew, from the lists as they have become.

use crate::control::Control;
use crate::error::Result;
use crate::index::kmeans::{KMeans, Members, vector};
use crate::index::nearest::Found;
use crate::index::two_level::TwoLevel;
use crate::kernel::random::Random;
use crate::parallel;

/// What training is busy with, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// Clustering a part of the sample into groups.
    Groups,
    /// Clustering each group's rows into lists.
    Lists,
    /// Moving rows between the lists of different groups.
    Refinement,
    /// Training the points of the sub-quantizers.
    Points,
}

/// Rows that the groups are trained on, a group.
const GROUP_SAMPLE_ROWS: usize = 256;

/// Passes that make the groups.
const GROUP_ITERATIONS: usize = 10;

/// Passes that make the lists inside of a group. 16 instead of 5 save 1 % of the rows to scan.
const LIST_ITERATIONS: usize = 5;

/// Passes over all rows that move lists across the borders of groups. Without them a search scans
/// 6 % more rows.
const REFINEMENTS: usize = 3;

/// Groups whose lists a row is compared with in those passes; 4 do as well as all.
const REFINEMENT_PROBES: usize = 4;

/// What clustering gives: lists group by group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lists {
    /// Centroids of the lists.
    pub(super) lists: Vec<f32>,
    /// Centroids of the groups.
    pub(super) groups: Vec<f32>,
    /// One past the last list of each group.
    pub(super) group_ends: Vec<u32>,
}

/// What the passes have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work<'a> {
    /// At least one row.
    pub(super) rows: &'a [f32],
    pub(super) dimension: usize,
    pub(super) seed: u64,
    pub(super) threads: usize,
    pub(super) control: &'a Control,
}

impl Work<'_> {
    /// Clusters the rows into `lists` lists, of which there are at most as many as rows.
    pub(super) fn cluster(
        &self,
        lists: usize,
        progress: &mut dyn FnMut(Stage, f32),
    ) -> Result<Lists> {
        progress(Stage::Groups, 0.0);
        let groups = self.groups(lists.isqrt().max(1))?;
        let members = self.members(&groups)?;
        let mut all = self.lists(&members, lists, progress)?;
        all.groups = groups;
        for pass in 0..REFINEMENTS {
            let mut report = |fraction| {
                progress(Stage::Refinement, (pass as f32 + fraction) / REFINEMENTS as f32);
            };
            self.refine(&mut all, &mut report)?;
        }
        self.regroup(all)
    }

    /// The nearest list of every row, among those of the `probes` nearest groups.
    pub(super) fn assign(
        &self,
        all: &Lists,
        probes: usize,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Vec<Found>> {
        let lists = TwoLevel::new(&all.groups, &all.lists, &all.group_ends, self.dimension, probes);
        lists.find_all(self.rows, self.threads, self.control, progress)
    }

    /// Centroids of the groups, from a sample of the rows.
    fn groups(&self, count: usize) -> Result<Vec<f32>> {
        let sample = sample(self.rows, self.dimension, count * GROUP_SAMPLE_ROWS, self.seed);
        let kmeans = KMeans {
            clusters: count,
            iterations: GROUP_ITERATIONS,
            seed: self.seed,
            threads: self.threads,
        };
        kmeans.run(&sample, self.dimension, self.control)
    }

    /// The rows nearest to each of `centroids`, all of them compared.
    fn members(&self, centroids: &[f32]) -> Result<Members> {
        let count = centroids.len() / self.dimension;
        let one_group = [count as u32];
        let all =
            TwoLevel::new(&centroids[..self.dimension], centroids, &one_group, self.dimension, 1);
        let found = all.find_all(self.rows, self.threads, self.control, &mut |_| ())?;
        Ok(Members::new(found.iter().map(|found| found.centroid), count))
    }

    /// Clusters each group's rows by themselves.
    fn lists(
        &self,
        members: &Members,
        lists: usize,
        progress: &mut dyn FnMut(Stage, f32),
    ) -> Result<Lists> {
        let shares = shares(members, lists);
        let mut parts: Vec<Vec<f32>> = vec![Vec::new(); members.clusters()];
        let items = parts.iter_mut().zip(shares).enumerate();
        let run = |_: &mut (), (group, (part, share)): (usize, (&mut Vec<f32>, usize))| {
            let kmeans = KMeans {
                clusters: share,
                iterations: LIST_ITERATIONS,
                seed: self.seed.wrapping_add(group as u64),
                threads: 1,
            };
            let rows = gather(self.rows, members.of(group), self.dimension);
            *part = kmeans.run(&rows, self.dimension, self.control)?;
            Ok(())
        };
        let total = members.clusters() as f32;
        let mut done = |count| progress(Stage::Lists, count as f32 / total);
        parallel::for_each(self.threads, items, self.control, || (), run, &mut done)?;
        let mut all = Lists::default();
        for part in parts {
            all.lists.extend(part);
            all.group_ends.push((all.lists.len() / self.dimension) as u32);
        }
        Ok(all)
    }

    /// One pass of k-means over all rows and lists.
    fn refine(&self, all: &mut Lists, progress: &mut dyn FnMut(f32)) -> Result<()> {
        let found = self.assign(all, REFINEMENT_PROBES, progress)?;
        let count = all.lists.len() / self.dimension;
        let members = Members::new(found.iter().map(|found| found.centroid), count);
        let lists = &mut all.lists;
        members.means(self.rows, self.dimension, self.threads, self.control, lists)?;
        members.split_largest(self.dimension, lists);
        Ok(())
    }

    /// Clusters the lists into groups, starting from the groups they had, and sorts them by group.
    fn regroup(&self, all: Lists) -> Result<Lists> {
        let Lists { lists, mut groups, .. } = all;
        let work = Work { rows: &lists, ..*self };
        for _ in 0..GROUP_ITERATIONS {
            let members = work.members(&groups)?;
            members.means(&lists, self.dimension, self.threads, self.control, &mut groups)?;
        }
        let members = work.members(&groups)?;
        let mut sorted = Lists::default();
        for group in (0..members.clusters()).filter(|group| !members.of(*group).is_empty()) {
            sorted.groups.extend_from_slice(vector(&groups, group as u32, self.dimension));
            sorted.lists.extend(gather(&lists, members.of(group), self.dimension));
            sorted.group_ends.push((sorted.lists.len() / self.dimension) as u32);
        }
        Ok(sorted)
    }
}

/// Copies of the rows `ids`.
fn gather(rows: &[f32], ids: &[u32], dimension: usize) -> Vec<f32> {
    let mut gathered = Vec::with_capacity(ids.len() * dimension);
    ids.iter().for_each(|id| gathered.extend_from_slice(vector(rows, *id, dimension)));
    gathered
}

/// Copies of at most `count` rows, drawn by chance.
pub(super) fn sample(rows: &[f32], dimension: usize, count: usize, seed: u64) -> Vec<f32> {
    let mut ids: Vec<u32> = (0..(rows.len() / dimension) as u32).collect();
    let count = count.min(ids.len());
    Random::new(seed).shuffle(&mut ids, count);
    gather(rows, &ids[..count], dimension)
}

/// Shares `lists` out over the groups in proportion to their rows: at most one list per row, at least one
/// a group with rows, the remainders to the largest fractions.
fn shares(members: &Members, lists: usize) -> Vec<usize> {
    let sizes: Vec<usize> = (0..members.clusters()).map(|group| members.of(group).len()).collect();
    let rows: usize = sizes.iter().sum();
    let ideal = |group: usize| lists as f64 * sizes[group] as f64 / rows as f64;
    let share =
        |group: usize| (ideal(group) as usize).clamp(1, sizes[group].max(1)).min(sizes[group]);
    let mut shares: Vec<usize> = (0..sizes.len()).map(share).collect();
    let mut order: Vec<usize> = (0..sizes.len()).filter(|g| shares[*g] < sizes[*g]).collect();
    order.sort_by(|a, b| {
        let fraction = |group: usize| ideal(group) - shares[group] as f64;
        fraction(*b).total_cmp(&fraction(*a)).then(a.cmp(b))
    });
    let missing = lists.saturating_sub(shares.iter().sum());
    order.iter().take(missing).for_each(|group| shares[*group] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_shared_out_by_rows() {
        let groups = |sizes: &[u32]| {
            let clusters = (0..).zip(sizes).flat_map(|(c, size)| (0..*size).map(move |_| c));
            Members::new(clusters.collect::<Vec<u32>>().into_iter(), sizes.len())
        };
        assert_eq!(shares(&groups(&[50, 30, 20]), 10), [5, 3, 2]);
        assert_eq!(shares(&groups(&[55, 35, 10]), 10), [6, 3, 1]);
        assert_eq!(shares(&groups(&[0, 1, 99]), 10), [0, 1, 9]);
        assert_eq!(shares(&groups(&[2, 1, 1]), 4), [2, 1, 1]);
    }

    #[test]
    fn a_sample_is_of_different_rows() {
        let rows: Vec<f32> = (0..50).map(|row| row as f32).collect();
        let mut some = sample(&rows, 1, 20, 3);
        assert_ne!(some, rows[..20]);
        some.sort_by(f32::total_cmp);
        some.dedup();
        assert_eq!(some.len(), 20);
        assert_eq!(sample(&rows, 1, 99, 3).len(), 50);
    }
}
