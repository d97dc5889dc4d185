//! The nearest of very many centroids: only the lists of the nearest groups are looked at.
//!
//! A vector's nearest list lies almost always in one of the few groups whose centroids are nearest
//! to it. Vectors are taken a chunk at a time and sorted by group, so that the lists of a group are
//! compared with many vectors by one product of matrices.

use super::kmeans::{CHUNK_ROWS, Members, vector};
use super::nearest::{Centroids, Found, Second, squared_length};
use crate::control::Control;
use crate::error::Result;
use crate::parallel;

/// Lists in groups, packed for products.
#[derive(Debug)]
pub(super) struct TwoLevel {
    dimension: usize,
    groups: Centroids,
    lists: Vec<Group>,
    probes: usize,
}

/// The lists of one group.
#[derive(Debug)]
struct Group {
    first: u32,
    lists: Centroids,
}

/// Working memory of [`TwoLevel::find`].
#[derive(Debug, Default)]
struct Scratch {
    scores: Vec<f32>,
    order: Vec<u32>,
    chosen: Vec<u32>,
    rows: Vec<f32>,
    found: Vec<Found>,
    second: SecondScratch,
}

/// Working memory of [`TwoLevel::find_second`].
#[derive(Debug, Default)]
struct SecondScratch {
    directions: Vec<f32>,
    seconds: Vec<Second>,
    gathered: Vec<f32>,
    wanted: Vec<Second>,
    products: [Vec<f32>; 2],
}

impl TwoLevel {
    /// Packs `lists`, of which group `g` has those from `ends[g - 1]` to `ends[g]`; a vector is
    /// compared with the lists of the `probes` groups nearest to it.
    ///
    /// There is at least one group, and `ends` ascend to the number of lists. Takes the memory of
    /// the centroids.
    pub(super) fn new(
        groups: &[f32],
        lists: &[f32],
        ends: &[u32],
        dimension: usize,
        probes: usize,
    ) -> TwoLevel {
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let members = starts.zip(ends).map(|(first, end)| {
            let lists = &lists[first as usize * dimension..*end as usize * dimension];
            Group { first, lists: Centroids::new(lists, dimension) }
        });
        let lists: Vec<Group> = members.collect();
        let probes = probes.clamp(1, lists.len());
        TwoLevel { dimension, groups: Centroids::new(groups, dimension), lists, probes }
    }

    /// The nearest list of each row, among those looked at; `progress` gets the share of rows done.
    pub(super) fn find_all(
        &self,
        rows: &[f32],
        threads: usize,
        control: &Control,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Vec<Found>> {
        let mut found = vec![Found::NONE; rows.len() / self.dimension];
        let total = found.len().div_ceil(CHUNK_ROWS) as f32;
        let chunks = rows.chunks(CHUNK_ROWS * self.dimension).zip(found.chunks_mut(CHUNK_ROWS));
        let run = |scratch: &mut Scratch, (rows, found): (&[f32], &mut [Found])| {
            self.find(rows, scratch, found);
            Ok(())
        };
        let mut done = |chunks: usize| progress(chunks as f32 / total);
        parallel::for_each(threads, chunks, control, Scratch::default, run, &mut done)?;
        Ok(found)
    }

    /// The nearest list of each row of a chunk, which replaces what `found` held.
    fn find(&self, rows: &[f32], scratch: &mut Scratch, found: &mut [Found]) {
        found.fill(Found::NONE);
        self.choose_groups(rows, scratch);
        let Scratch { scores, chosen, rows: gathered, found: best, .. } = scratch;
        let visits = Members::new(chosen.iter().copied(), self.lists.len());
        for (number, group) in self.lists.iter().enumerate() {
            let visits = visits.of(number).iter().map(|visit| *visit as usize / self.probes);
            gathered.clear();
            best.clear();
            for row in visits.clone() {
                gathered.extend_from_slice(vector(rows, row as u32, self.dimension));
                best.push(found[row]);
            }
            group.lists.find(gathered, group.first, scores, best);
            visits.zip(&*best).for_each(|(row, best)| found[row] = *best);
        }
    }

    /// The second list of each row, whose first ones `lists` names by number and `centroids` by their vectors, among
    /// those of the groups looked at: [`Found::NONE`] where these hold no other.
    pub(super) fn find_all_second(
        &self,
        rows: &[f32],
        lists: &[u32],
        centroids: &[f32],
        threads: usize,
        control: &Control,
    ) -> Result<Vec<Found>> {
        let mut found = vec![Found::NONE; lists.len()];
        let chunks = rows.chunks(CHUNK_ROWS * self.dimension).zip(lists.chunks(CHUNK_ROWS));
        let chunks = chunks.zip(found.chunks_mut(CHUNK_ROWS));
        let run = |scratch: &mut Scratch,
                   ((rows, lists), found): ((&[f32], &[u32]), &mut [Found])| {
            scratch.second.direct(rows, lists, centroids, self.dimension);
            self.find_second(rows, scratch, found);
            Ok(())
        };
        parallel::for_each(threads, chunks, control, Scratch::default, run, &mut |_| ())?;
        Ok(found)
    }

    fn find_second(&self, rows: &[f32], scratch: &mut Scratch, found: &mut [Found]) {
        self.choose_groups(rows, scratch);
        let Scratch { chosen, rows: gathered, found: best, second, .. } = scratch;
        let SecondScratch { directions, seconds, gathered: turned, wanted, products } = second;
        let visits = Members::new(chosen.iter().copied(), self.lists.len());
        for (number, group) in self.lists.iter().enumerate() {
            let visits = visits.of(number).iter().map(|visit| *visit as usize / self.probes);
            gathered.clear();
            turned.clear();
            wanted.clear();
            best.clear();
            for row in visits.clone() {
                gathered.extend_from_slice(vector(rows, row as u32, self.dimension));
                turned.extend_from_slice(vector(directions, row as u32, self.dimension));
                wanted.push(seconds[row]);
                best.push(found[row]);
            }
            group.lists.find_second(gathered, wanted, turned, group.first, products, best);
            visits.zip(&*best).for_each(|(row, best)| found[row] = *best);
        }
    }

    /// Fills `chosen` with the `probes` nearest groups of each row.
    fn choose_groups(&self, rows: &[f32], scratch: &mut Scratch) {
        let Scratch { scores, order, chosen, .. } = scratch;
        chosen.clear();
        let groups = self.lists.len();
        if self.probes == groups {
            let count = rows.len() / self.dimension;
            chosen.extend((0..count).flat_map(|_| 0..groups as u32));
            return;
        }
        self.groups.scores(rows, scores);
        for scores in scores.chunks(groups) {
            order.clear();
            order.extend(0..groups as u32);
            order.select_nth_unstable_by(self.probes - 1, |a, b| {
                let (x, y) = (scores[*a as usize], scores[*b as usize]);
                y.total_cmp(&x).then(a.cmp(b))
            });
            chosen.extend_from_slice(&order[..self.probes]);
        }
    }
}

impl SecondScratch {
    /// The directions of the residuals of a chunk of rows.
    fn direct(&mut self, rows: &[f32], lists: &[u32], centroids: &[f32], dimension: usize) {
        self.directions.clear();
        self.seconds.clear();
        for (row, list) in rows.chunks(dimension).zip(lists) {
            let start = self.directions.len();
            let centroid = vector(centroids, *list, dimension);
            self.directions.extend(row.iter().zip(centroid).map(|(value, center)| value - center));
            let direction = &mut self.directions[start..];
            let length = squared_length(direction).sqrt();
            // A row that is its list's centroid has no direction: its second list is the nearest other one.
            let factor = if length > 0.0 { length.recip() } else { 0.0 };
            direction.iter_mut().for_each(|value| *value *= factor);
            let along = row.iter().zip(&*direction).map(|(a, b)| a * b).sum();
            self.seconds.push(Second { list: *list, along });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::Random;

    /// Clumps: groups of lists of rows.
    fn clumps(random: &mut Random) -> (Vec<f32>, Vec<f32>, Vec<u32>, Vec<f32>) {
        let mut near = |center: &[f32], width: f32| -> Vec<f32> {
            let jitter = |value: &f32| value + width * (random.below(2001) as f32 / 1000.0 - 1.0);
            center.iter().map(jitter).collect()
        };
        let (mut groups, mut lists, mut ends, mut rows) = (vec![], vec![], vec![], vec![]);
        for group in 0..9 {
            let center = near(&[0.0; 6], 10.0);
            for _ in 0..2 + group % 3 {
                let list = near(&center, 1.0);
                (0..60).for_each(|_| rows.extend(near(&list, 0.7)));
                lists.extend(list);
            }
            groups.extend(center);
            ends.push((lists.len() / 6) as u32);
        }
        (groups, lists, ends, rows)
    }

    fn find(data: &(Vec<f32>, Vec<f32>, Vec<u32>, Vec<f32>), probes: usize) -> Vec<u32> {
        let (groups, lists, ends, rows) = data;
        let lists = TwoLevel::new(groups, lists, ends, 6, probes);
        let run = |threads| {
            lists.find_all(rows, threads, &Control::default(), &mut |_| ()).expect("not cancelled")
        };
        let found = run(1);
        assert_eq!(found, run(3));
        found.iter().map(|found| found.centroid).collect()
    }

    #[test]
    fn all_groups_give_the_nearest_list_and_few_almost_always() {
        let data = clumps(&mut Random::new(7));
        let mut exact = vec![Found::NONE; data.3.len() / 6];
        Centroids::new(&data.1, 6).find(&data.3, 0, &mut Vec::new(), &mut exact);
        let exact: Vec<u32> = exact.iter().map(|found| found.centroid).collect();
        assert_eq!(find(&data, 9), exact);
        assert_eq!(find(&data, 99), exact);
        let agree = |probes| {
            find(&data, probes).iter().zip(&exact).filter(|(a, b)| a == b).count() as f64
                / exact.len() as f64
        };
        assert!(agree(3) > 0.99, "{}", agree(3));
        assert!(agree(1) <= agree(3));
    }
}
