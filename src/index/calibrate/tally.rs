//! One query's part: when its neighbours' lists are scanned, and how many rows are estimated better.

use std::ops::Range;

use super::grid::Grid;
use super::order::ListOrder;
use super::subject::Subject;
use super::{LOW_RECALL, SHARES};
use crate::error::Result;
use crate::index::codebook::Codebook;
use crate::index::ivf::Index;
use crate::kernel::scan::{BLOCK_ROWS, Candidates, LookUp, ScanRange};
use crate::kernel::{Isa, PreparedVector, scan};

/// Lists whose rows' estimates are compared with their biases.
const SPREAD_LISTS: usize = 16;

/// Sums over queries, for each share, number of lists and depth of the [`Grid`].
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Recall, `[share][lists][depth]`.
    pub(super) recall: Vec<f64>,
    /// Its square: how much queries differ.
    pub(super) squares: Vec<f64>,
    /// Queries whose recall without a filter is below [`LOW_RECALL`], `[lists][depth]`.
    pub(super) low: Vec<f64>,
    /// Lists that hold a row which passes, `[share][lists]`, as expected.
    pub(super) probes: Vec<f64>,
    /// Blocks of codes that hold such a row, `[share][lists]`, as expected, in rows.
    pub(super) rows: Vec<f64>,
    /// Squares of how far estimates of near rows lie from their list's bias, and how many rows these are.
    spreads: (f64, f64),
}

impl Tally {
    pub(super) fn new(grid: &Grid) -> Tally {
        let (cells, lists) = (SHARES.len() * grid.cells(), SHARES.len() * grid.lists.len());
        Tally {
            recall: vec![0.0; cells],
            squares: vec![0.0; cells],
            low: vec![0.0; grid.cells()],
            probes: vec![0.0; lists],
            rows: vec![0.0; lists],
            spreads: (0.0, 0.0),
        }
    }

    /// The root of the mean square of how far estimates of near rows lie from their list's bias, above 0.
    pub(super) fn spread(&self) -> f32 {
        let spread = (self.spreads.0 / self.spreads.1.max(1.0)).sqrt() as f32;
        spread.max(f32::MIN_POSITIVE)
    }

    /// Adds another tally of the same grid.
    pub(super) fn add(&mut self, other: &Tally) {
        let parts = [
            (&mut self.recall, &other.recall),
            (&mut self.squares, &other.squares),
            (&mut self.low, &other.low),
            (&mut self.probes, &other.probes),
            (&mut self.rows, &other.rows),
        ];
        for (sums, values) in parts {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        self.spreads.0 += other.spreads.0;
        self.spreads.1 += other.spreads.1;
    }
}

/// A true neighbour of the query, or the copy of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    /// Sorts as candidates do: best estimates first.
    pub(super) key: u64,
    /// Its place among the query's neighbours.
    pub(super) rank: u32,
    /// Place of its list in the order in which the query probes lists.
    pub(super) list_place: u32,
    /// That of the other codes of the same row, if their estimate is better: from there on these do not count.
    better_place: u32,
    /// Rows of the lists probed so far that are better candidates.
    depth: u32,
}

/// Working memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) look_up: LookUp,
    pub(super) candidates: Candidates,
    pub(super) order: ListOrder,
    pub(super) neighbours: Vec<Neighbour>,
    /// For each neighbour, the place of the list of the first of its codes.
    first_places: Vec<u32>,
    /// Neighbours in the lists so far: their places among the query's, and the first depth of the grid that holds them.
    reached: Vec<(usize, usize)>,
    /// The least estimate of a neighbour: rows below it are better than none.
    least: f32,
    better: Vec<u32>,
    ranges: Vec<ScanRange>,
    recall: Vec<f32>,
}

impl Scratch {
    /// Adds one query, whose exact neighbours are `truth`, best first.
    pub(super) fn add_query(
        &mut self,
        subject: &Subject<'_>,
        grid: &Grid,
        values: &[f32],
        query: &PreparedVector,
        truth: &[u32],
        tally: &mut Tally,
    ) -> Result<()> {
        let index = subject.index;
        self.start(subject, values, query, truth);
        self.add_spread(index, tally);
        let mut expected = [(0.0, 0.0); SHARES.len()];
        let mut scanned = 0;
        for (at, place) in grid.lists.iter().enumerate() {
            let lists = scanned..*place as usize;
            scanned = lists.end;
            for list in &self.order.ids[lists.clone()] {
                let rows = index.segments.iter().map(|segment| segment.matches(*list));
                expect(rows.sum(), subject.copies(*list), &mut expected);
            }
            self.count_better(subject, lists);
            self.find_reached(grid, *place);
            for (share, (probes, rows)) in expected.iter().enumerate() {
                tally.probes[share * grid.lists.len() + at] += probes;
                tally.rows[share * grid.lists.len() + at] += rows;
                self.add_recall(grid, share, at, tally);
            }
        }
        Ok(())
    }

    /// Ranks the lists for a query and finds its neighbours.
    pub(super) fn start(
        &mut self,
        subject: &Subject<'_>,
        values: &[f32],
        query: &PreparedVector,
        truth: &[u32],
    ) {
        let Codebook { points, sub_dimension, .. } = subject.index.codebook;
        self.order.fill(subject.index, values, query);
        scan::fill(Isa::detect(), &mut self.look_up, values, points, sub_dimension);
        self.find_neighbours(subject, truth);
    }

    /// Adds how far the estimates of rows in the nearest lists lie from their lists' biases.
    fn add_spread(&mut self, index: &Index<'_>, tally: &mut Tally) {
        for list in self.order.ids.iter().take(SPREAD_LISTS) {
            let bias = self.order.scores[*list as usize];
            for layer in index.segments.iter().flat_map(|segment| segment.layers(false)) {
                let ranges = [layer.range(*list, bias)];
                let (rows, candidates) = (&layer.coded, &mut self.candidates);
                candidates.reset(u32::MAX as usize);
                scan::scan(Isa::detect(), rows, &ranges, &self.look_up, candidates);
                for (_, estimate) in self.candidates.best() {
                    let distance = f64::from(estimate - bias);
                    tally.spreads.0 += distance * distance;
                    tally.spreads.1 += 1.0;
                }
            }
        }
    }

    /// Finds the lists of the neighbours and what a scan estimates of them. An id of no list, or one that is
    /// not allowed, counts as never found.
    fn find_neighbours(&mut self, subject: &Subject<'_>, truth: &[u32]) {
        self.neighbours.clear();
        self.least = f32::INFINITY;
        for (rank, id) in (0..).zip(truth) {
            for place in subject.places(*id) {
                self.candidates.reset(1);
                let bias = self.order.scores[place.list as usize];
                let range = ScanRange { start: place.at, end: place.at + 1, bias };
                scan::scan(
                    Isa::detect(),
                    &place.layer.coded,
                    &[range],
                    &self.look_up,
                    &mut self.candidates,
                );
                for (id, estimate) in self.candidates.best() {
                    let key = Candidates::key(estimate, id);
                    self.least = self.least.min(estimate);
                    let list_place = self.order.places[place.list as usize];
                    let better_place = u32::MAX;
                    self.neighbours.push(Neighbour {
                        key,
                        rank,
                        list_place,
                        better_place,
                        depth: 0,
                    });
                }
            }
        }
        self.neighbours.sort_unstable_by_key(|neighbour| neighbour.key);
        self.first_places.clear();
        self.first_places.resize(truth.len(), u32::MAX);
        for neighbour in &mut self.neighbours {
            let first = &mut self.first_places[neighbour.rank as usize];
            neighbour.better_place = *first;
            *first = neighbour.list_place;
        }
    }

    /// Scans some more lists: counts for each neighbour the rows that are better candidates.
    fn count_better(&mut self, subject: &Subject<'_>, lists: Range<usize>) {
        let Scratch { look_up, candidates, order, neighbours, least, better, ranges, .. } = self;
        let ListOrder { ids, scores, .. } = order;
        better.clear();
        better.resize(neighbours.len() + 1, 0);
        for layer in subject.layers() {
            ranges.clear();
            let lists = ids[lists.clone()].iter();
            ranges.extend(lists.map(|list| layer.range(*list, scores[*list as usize])));
            candidates.reset_above(u32::MAX as usize, *least);
            scan::scan(Isa::detect(), &layer.coded, ranges, look_up, candidates);
            for (id, estimate) in candidates.best() {
                let key = Candidates::key(estimate, id);
                better[neighbours.partition_point(|neighbour| neighbour.key <= key)] += 1;
            }
        }
        let mut depth = 0;
        for (neighbour, better) in neighbours.iter_mut().zip(better) {
            depth += *better;
            neighbour.depth += depth;
        }
    }

    /// Finds the neighbours that so many lists hold, and at which of the depths.
    fn find_reached(&mut self, grid: &Grid, lists: u32) {
        let Scratch { neighbours, reached, .. } = self;
        reached.clear();
        let probed = |n: &&Neighbour| n.list_place < lists && n.better_place >= lists;
        reached.extend(neighbours.iter().filter(probed).map(|neighbour| {
            let depth = grid.depths.partition_point(|depth| *depth <= neighbour.depth);
            (neighbour.rank as usize, depth)
        }));
    }

    /// Adds the recall of one share and the lists that neighbours were found for, at every depth.
    fn add_recall(&mut self, grid: &Grid, share: usize, lists: usize, tally: &mut Tally) {
        let depths = grid.depths.len();
        self.recall.clear();
        self.recall.resize(depths, 0.0);
        let weights = &grid.weights[share];
        for (rank, depth) in &self.reached {
            let weight = weights[*rank];
            if let Some(recall) = self.recall.get_mut(*depth).filter(|_| weight > 0.0) {
                *recall += weight;
            }
        }
        let start = share * grid.cells() + lists * depths;
        let mut recall = 0.0;
        for (depth, found) in self.recall.iter().enumerate() {
            recall += f64::from(*found);
            tally.recall[start + depth] += recall;
            tally.squares[start + depth] += recall * recall;
            // Sums of tenths are off by some rounding.
            if SHARES[share] == 1.0 && recall < f64::from(LOW_RECALL) - 1.0e-4 {
                tally.low[lists * depths + depth] += 1.0;
            }
        }
    }
}

/// Adds what a list of so many rows and copies is expected to cost under each share: whether it is probed, and its
/// rows and copies in blocks with a match.
fn expect(rows: u32, copies: u32, expected: &mut [(f64, f64); SHARES.len()]) {
    for ((probes, scanned), share) in expected.iter_mut().zip(SHARES) {
        let rejected = 1.0 - f64::from(share);
        *probes += 1.0 - rejected.powi(rows as i32);
        *scanned += f64::from(rows + copies) * (1.0 - rejected.powi(BLOCK_ROWS as i32));
    }
}
