//! When to stop: how many lists one query is worth.
//!
//! Queries differ: some have their neighbours in a few lists, others in hundreds. After the best lists are
//! scanned, the worst kept estimate says what a row must reach to become a candidate, and the centroids of the
//! other lists say how likely their rows are to reach it:
//!
//! ```text
//! bias                 worst kept estimate
//!  |<------ z spreads ------>|            a row's estimate is its list's bias and a part with that spread
//! hope of a list = rows * exp(-z * z / 2)
//! ```
//!
//! Scanning stops where the hope of all lists left is at most [`Stop::limit`] per row scanned. The decision is
//! made once, so that lists are read in two passes, each in the order of its rows.
//!
//! Lists are taken in bins of nearby ranks, which spares sorting them, and hope is counted in integers: its
//! sum depends neither on the order of lists nor on the segments that hold their rows.

/// Bins that the lists left over are counted in, by rank.
pub(in crate::index) const BINS: usize = 64;

/// Entries of [`HOPES`] per spread.
const STEPS: usize = 16;

/// Entries of [`HOPES`]: beyond 6 spreads there is no hope.
const STEPS_MAX: usize = 6 * STEPS;

/// The hope that counts as a whole row.
const WHOLE: f64 = (1u64 << 30) as f64;

/// The hope of one row, by distance: `exp(-z * z / 2)` at each of [`STEPS`] per spread.
const HOPES: [u64; STEPS_MAX] = hopes();

const fn hopes() -> [u64; STEPS_MAX] {
    // exp(-1 / 512): the first step. The ratio of neighbours falls by its square from step to step.
    const FIRST: f64 = 0.998_048_781_107_475_5;
    let mut hopes = [0; STEPS_MAX];
    let (mut hope, mut ratio, mut at) = (WHOLE, FIRST, 0);
    while at < STEPS_MAX {
        hopes[at] = hope as u64;
        hope *= ratio;
        ratio *= FIRST * FIRST;
        at += 1;
    }
    hopes
}

/// A rule for when a search stops, as [calibration](crate::index::calibrate) learns it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stop {
    /// How far estimates of rows lie from their list's bias: the root of the mean square.
    pub spread: f32,
    /// The hope that lists left over may hold, per row scanned.
    pub limit: f32,
}

/// Lists to scan before the decision, of those that a search without a rule probes.
pub(in crate::index) fn first_lists(probes: usize) -> usize {
    (probes - probes / 8 * 5).max(1)
}

/// Lists that a search with a rule scans at most.
pub(in crate::index) fn most_lists(probes: usize) -> usize {
    probes.saturating_add(probes / 8 * 5)
}

/// A list that is not scanned yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Left {
    /// What lists are ranked by; greater ones come first.
    pub(in crate::index) rank: f32,
    /// The dot product of the query and the list's centroid.
    pub(in crate::index) bias: f32,
    /// Its rows.
    pub(in crate::index) rows: u64,
}

/// What lists left over hold, by rank.
#[derive(Clone, Debug)]
pub(in crate::index) struct Bins {
    rows: [u64; BINS],
    hopes: [u64; BINS],
    best: f32,
    /// Bins per rank, and steps of [`HOPES`] per estimate.
    scales: [f32; 2],
    worst: f32,
}

impl Bins {
    /// Empty bins for lists of ranks from `best` down to `least`, whose rows become candidates when their
    /// estimate reaches `worst`.
    pub(in crate::index) fn new(best: f32, least: f32, worst: f32, spread: f32) -> Bins {
        let scales = [BINS as f32 / (best - least), STEPS as f32 / spread];
        Bins { rows: [0; BINS], hopes: [0; BINS], best, scales, worst }
    }

    /// Counts a list.
    #[inline]
    pub(in crate::index) fn add(&mut self, list: Left) {
        // A negative number of steps, and what is not a number, become 0.
        let steps = ((self.worst - list.bias) * self.scales[1]) as usize;
        let hope = HOPES.get(steps).map_or(0, |hope| list.rows.saturating_mul(*hope));
        let bin = self.of(list.rank);
        self.rows[bin] = self.rows[bin].saturating_add(list.rows);
        self.hopes[bin] = self.hopes[bin].saturating_add(hope);
    }

    /// The bin of a list of this rank: the better, the lower.
    #[inline]
    pub(in crate::index) fn of(&self, rank: f32) -> usize {
        // One rank alone has a width of 0: not a number becomes 0.
        (((self.best - rank) * self.scales[0]) as usize).min(BINS - 1)
    }

    /// What a limit is compared with when 0, 1, ... bins are scanned after `rows` rows: the hope of the others
    /// per row scanned. One item per bin.
    pub(in crate::index) fn left_per_row(&self, rows: u64) -> impl Iterator<Item = f32> {
        let mut hope = self.hopes.iter().fold(0u64, |sum, hope| sum.saturating_add(*hope));
        let mut scanned = rows;
        self.hopes.iter().zip(&self.rows).map(move |(bin_hope, bin_rows)| {
            let left = (hope as f64 / WHOLE / scanned as f64) as f32;
            hope = hope.saturating_sub(*bin_hope);
            scanned = scanned.saturating_add(*bin_rows);
            left
        })
    }

    /// How many bins to scan, after `rows` rows.
    pub(in crate::index) fn wanted(&self, rows: u64, limit: f32) -> usize {
        self.left_per_row(rows).position(|left| left <= limit).unwrap_or(BINS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hopes_are_those_of_the_bell_curve() {
        for (at, hope) in HOPES.iter().enumerate() {
            let z = at as f64 / STEPS as f64;
            let expected = (-z * z / 2.0).exp();
            assert!((*hope as f64 / WHOLE - expected).abs() < 2.0e-9, "{z}: {hope}");
        }
    }

    #[test]
    fn first_and_most_lists_lie_around_the_probes() {
        for probes in 1..3000 {
            let (first, most) = (first_lists(probes), most_lists(probes));
            assert!((1..=probes).contains(&first) && most >= probes);
            assert!(probes < 100 || (first * 5 < probes * 2 + 40 && most * 5 < probes * 9));
        }
    }

    fn count(lists: &[Left], worst: f32, spread: f32) -> Bins {
        let (best, least) = match (lists.first(), lists.last()) {
            (Some(first), Some(last)) => (first.rank.max(last.rank), first.rank.min(last.rank)),
            _ => (0.0, 0.0),
        };
        let mut bins = Bins::new(best, least, worst, spread);
        lists.iter().for_each(|list| bins.add(*list));
        bins
    }

    /// Lists with ranks that fall, or all the same.
    fn lists(count: u64, step: f32) -> Vec<Left> {
        let list = |at: u64| {
            let rank = 0.5 - at as f32 * step;
            Left { rank, bias: rank, rows: 50 + at % 7 }
        };
        (0..count).map(list).collect()
    }

    #[test]
    fn bins_hold_every_list_and_none_is_left_at_the_end() {
        for (number, step) in [(0, 0.0), (1, 0.0), (300, 0.001), (300, 0.0)] {
            let lists = lists(number, step);
            let bins = count(&lists, 0.6, 0.1);
            assert_eq!(
                bins.rows.iter().sum::<u64>(),
                lists.iter().map(|list| list.rows).sum::<u64>()
            );
            assert!(lists.is_sorted_by_key(|list| bins.of(list.rank)));
            let left: Vec<f32> = bins.left_per_row(1000).chain([0.0]).collect();
            assert!(left.is_sorted_by(|a, b| a >= b), "{left:?}");
            assert_eq!(bins.wanted(1000, f32::INFINITY), 0);
            let wanted = bins.wanted(1000, 0.01);
            assert!(left[wanted] <= 0.01 && (wanted == 0 || left[wanted - 1] > 0.01));
            let again = count(&lists.into_iter().rev().collect::<Vec<_>>(), 0.6, 0.1);
            assert_eq!((again.rows, again.hopes), (bins.rows, bins.hopes), "in another order");
        }
    }

    #[test]
    fn a_lower_threshold_never_stops_earlier() {
        let lists = lists(400, 0.001);
        let wanted = |worst| count(&lists, worst, 0.05).wanted(5000, 1.0e-3);
        let wanted: Vec<usize> = (0..80).map(|at| wanted(0.9 - at as f32 * 0.01)).collect();
        assert!(wanted.is_sorted() && wanted[0] == 0 && wanted[79] > 50, "{wanted:?}");
    }

    #[test]
    fn numbers_from_a_damaged_file_do_no_harm() {
        let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -f32::MAX, 0.0];
        for (rank, bias) in wild.into_iter().flat_map(|rank| wild.map(|bias| (rank, bias))) {
            let list = Left { rank, bias, rows: u64::MAX };
            for (worst, spread) in [(0.5, 0.1), (f32::NAN, 0.0), (f32::INFINITY, f32::MAX)] {
                let bins = count(&[list, list], worst, spread);
                assert!(bins.wanted(0, 0.0) <= BINS && bins.of(rank) < BINS);
            }
        }
    }
}
