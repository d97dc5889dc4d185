//! From measurements to efforts: the cheapest that reaches a recall, and what to take in between.

use super::grid::Grid;
use super::tally::Tally;
use super::{Calibration, CalibrationPoint, NEIGHBOURS, SHARES, TARGETS};
use crate::index::codebook::Codebook;
use crate::index::cost::Work;
use crate::index::ivf::Effort;

/// Standard errors by which the measured recall must be above the target.
const MARGIN: f64 = 0.5;

/// Probes from which a rule for when to stop spares time: it scans a sixth fewer rows, but in two passes, and scores
/// half as many centroids again, which takes 3 to 5 microseconds.
const STOP_PROBES: u32 = 128;

/// The points of a calibration, and for each of [`TARGETS`] the share of queries that are served badly
/// without a filter.
pub(super) fn points(
    grid: &Grid,
    tally: &Tally,
    queries: usize,
    codebook: &Codebook<'_>,
) -> (Vec<CalibrationPoint>, Vec<f32>) {
    let surface = Surface { grid, tally, queries: queries as f64, codebook };
    let mut low_shares = Vec::with_capacity(TARGETS.len());
    let mut points = Vec::with_capacity(TARGETS.len() * SHARES.len());
    for target in TARGETS {
        for share in 0..SHARES.len() {
            let choice = surface.cheapest(target, share);
            points.push(choice.point(target, share));
            if share == 0 {
                low_shares.push(choice.low.clamp(0.0, 1.0) as f32);
            }
        }
    }
    (points, low_shares)
}

/// Measured recall over numbers of lists and of candidates.
struct Surface<'a> {
    grid: &'a Grid,
    tally: &'a Tally,
    queries: f64,
    codebook: &'a Codebook<'a>,
}

/// A place on the surface.
#[derive(Clone, Copy)]
struct Choice {
    probes: f64,
    candidates: f64,
    recall: f64,
    /// The share of queries below [`LOW_RECALL`](super::LOW_RECALL), when there is no filter.
    low: f64,
    cost: f64,
}

impl Choice {
    fn point(&self, target: f32, share: usize) -> CalibrationPoint {
        CalibrationPoint {
            recall: target,
            share: SHARES[share],
            probes: (self.probes.ceil() as u32).max(1),
            candidates: (self.candidates.ceil() as u32).max(NEIGHBOURS as u32),
            estimated: self.recall.clamp(0.0, 1.0) as f32,
        }
    }
}

/// The mean recall of so many queries less what chance may have added to it, from the sums of recalls and of
/// their squares.
pub(super) fn margin(sum: f64, squares: f64, queries: f64) -> f64 {
    let mean = sum / queries;
    let variance = (squares / queries - mean * mean).max(0.0);
    mean - MARGIN * (variance / queries).sqrt()
}

impl Surface<'_> {
    /// The cheapest effort whose recall reaches the target, or the greatest of all.
    fn cheapest(&self, target: f32, share: usize) -> Choice {
        let depths = 0..self.grid.depths.len();
        let reaching = depths.filter_map(|depth| self.least_lists(f64::from(target), share, depth));
        reaching.min_by(|a, b| a.cost.total_cmp(&b.cost)).unwrap_or_else(|| {
            self.at(share, self.grid.lists.len() - 1, self.grid.depths.len() - 1)
        })
    }

    /// The fewest lists that reach the target with a depth, between two numbers of the grid.
    fn least_lists(&self, target: f64, share: usize, depth: usize) -> Option<Choice> {
        let enough = |lists: &usize| self.lower_bound(share, *lists, depth) >= target;
        let lists = (0..self.grid.lists.len()).find(enough)?;
        let after = self.at(share, lists, depth);
        let Some(lists) = lists.checked_sub(1) else { return Some(after) };
        let before = self.at(share, lists, depth);
        let low = self.lower_bound(share, lists, depth);
        let part = (target - low) / (self.lower_bound(share, lists + 1, depth) - low);
        let between = |a: f64, b: f64| a + part * (b - a);
        Some(Choice {
            probes: between(before.probes, after.probes),
            candidates: after.candidates,
            recall: between(before.recall, after.recall),
            low: between(before.low, after.low),
            cost: between(before.cost, after.cost),
        })
    }

    fn cell(&self, share: usize, lists: usize, depth: usize) -> usize {
        share * self.grid.cells() + lists * self.grid.depths.len() + depth
    }

    /// Recall less what chance may have added to it.
    fn lower_bound(&self, share: usize, lists: usize, depth: usize) -> f64 {
        let cell = self.cell(share, lists, depth);
        margin(self.tally.recall[cell], self.tally.squares[cell], self.queries)
    }

    fn at(&self, share: usize, lists: usize, depth: usize) -> Choice {
        let place = share * self.grid.lists.len() + lists;
        let probes = self.tally.probes[place] / self.queries;
        let rows = self.tally.rows[place] / self.queries;
        let expected = f64::from(self.grid.depths[depth]) * f64::from(SHARES[share]);
        // How many of the rows up to a depth pass the filter varies by the root of their number.
        let spread = (expected * (1.0 - f64::from(SHARES[share]))).sqrt();
        let candidates = (expected + spread).max(NEIGHBOURS as f64);
        let work = Work {
            lists: self.codebook.lists() as f64,
            probes,
            rows,
            code_bytes: self.codebook.sub_quantizers() as f64 / 2.0,
            candidates,
            row_bytes: self.codebook.dimension as f64,
        };
        Choice {
            probes,
            candidates,
            recall: self.tally.recall[self.cell(share, lists, depth)] / self.queries,
            low: self.tally.low[lists * self.grid.depths.len() + depth] / self.queries,
            cost: work.index_ns(),
        }
    }
}

/// How far a search has to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Lists in order of rank, whether they hold a match or not.
    pub lists: f32,
    /// Rows to score exactly.
    pub candidates: u32,
    /// Recall to expect.
    pub recall: f32,
}

impl Calibration {
    /// How far to go for a recall of the best `k` rows under a filter that keeps a share of the rows near the
    /// query: between the calibrated points, in proportion; for less than the least share on as the last
    /// two go; beyond the recalls, as the nearest. `None` for a calibration without points.
    ///
    /// Candidates are at least `k`. Costs less than a microsecond.
    pub fn reach(&self, recall: f32, k: usize, share: f32) -> Option<Reach> {
        let hits = k.max(NEIGHBOURS) as f32 / NEIGHBOURS as f32;
        // As many neighbours deep as ten hits of this share are.
        let depth_share = share.clamp(f32::MIN_POSITIVE, 1.0) / hits;
        let (low, high, part) = self.bracket_recall(recall)?;
        let depths = SHARES.map(|share| -share.ln());
        let (mut wide, narrow, mut along) = bracket(&depths, -depth_share.ln());
        if wide == narrow && wide > 0 {
            wide -= 1;
            along = (-depth_share.ln() - depths[wide]) / (depths[narrow] - depths[wide]);
        }
        let point = |target: usize, share: usize| self.points.get(target * SHARES.len() + share);
        let mix = |of: &dyn Fn(&CalibrationPoint) -> f32, along: f32| {
            let at =
                |target| Some(between(of(point(target, wide)?), of(point(target, narrow)?), along));
            Some(between(at(low)?, at(high)?, part))
        };
        let lists = |point: &CalibrationPoint| {
            (point.probes as f32 / self.matching_lists(point.share)).ln()
        };
        let lists = mix(&lists, along)?.exp().min(self.lists.max(1) as f32);
        let candidates = mix(&|point| (point.candidates as f32).ln(), along.min(1.0))?.exp() * hits;
        let candidates = whole(candidates).max(u32::try_from(k).unwrap_or(u32::MAX));
        Some(Reach { lists, candidates, recall: mix(&|point| point.estimated, along.min(1.0))? })
    }

    /// The effort of that [reach](Calibration::reach) for a filter that keeps a share of all rows by chance, and
    /// the recall to expect of it. Probes are at least 1.
    pub fn effort(&self, recall: f32, k: usize, share: f32) -> Option<(Effort, f32)> {
        let Reach { lists, candidates, recall: estimated } = self.reach(recall, k, share)?;
        let probes = whole(lists * self.matching_lists(share.clamp(f32::MIN_POSITIVE, 1.0))).max(1);
        let stop = self.stop(recall, k, share).filter(|_| probes >= STOP_PROBES);
        Some((Effort { probes, candidates, stop, copies: false }, estimated))
    }

    /// The recalls that were measured on either side of a wanted one, by number, and how far along it is.
    /// Which they are is read from the points: other versions measured others.
    pub(super) fn bracket_recall(&self, recall: f32) -> Option<(usize, usize, f32)> {
        let at = |place: usize| self.points.get(place * SHARES.len()).map(|point| point.recall);
        let last = (self.points.len() / SHARES.len()).checked_sub(1)?;
        let above = (0..=last).find(|place| at(*place).is_some_and(|known| known >= recall));
        match above {
            None => Some((last, last, 0.0)),
            Some(0) => Some((0, 0, 0.0)),
            Some(above) => {
                let (low, high) = (at(above - 1)?, at(above)?);
                Some((above - 1, above, (recall - low) / (high - low)))
            }
        }
    }

    /// The share of queries without a filter that are to find fewer than 8 of their 10 nearest rows at a
    /// wanted recall; `None` where it was not measured.
    pub fn low_share(&self, recall: f32) -> Option<f32> {
        let (low, high, part) = self.bracket_recall(recall)?;
        let at = |place| self.notes.as_ref()?.low_shares.get(place).copied();
        Some(between(at(low)?, at(high)?, part))
    }

    /// The share of lists that hold a row which passes a filter of `share`.
    fn matching_lists(&self, share: f32) -> f32 {
        let rows = self.rows as f32 / self.lists.max(1) as f32;
        1.0 - (1.0 - share).powf(rows)
    }
}

/// The least whole number that is not below `value`, but for rounding.
fn whole(value: f32) -> u32 {
    (value * (1.0 - 1.0e-5)).ceil() as u32
}

/// The two numbers of an ascending array that `value` lies between, and how far along; the nearest,
/// twice, when it lies outside.
fn bracket(ascending: &[f32], value: f32) -> (usize, usize, f32) {
    let above = ascending.partition_point(|number| *number < value);
    if above == 0 || above == ascending.len() {
        let nearest = above.min(ascending.len() - 1);
        return (nearest, nearest, 0.0);
    }
    let (low, high) = (ascending[above - 1], ascending[above]);
    (above - 1, above, (value - low) / (high - low))
}

pub(super) fn between(a: f32, b: f32, part: f32) -> f32 {
    a + part * (b - a)
}
