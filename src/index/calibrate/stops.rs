//! The limits of the rule by which a search stops, one per recall.
//!
//! For each query and each recall, the search with that recall's probes and candidates is followed to the end:
//! what hope is left wherever it may stop, and which true neighbours it has by then. The limit is the greatest
//! one at which the queries together still find that recall.

use super::choose::{between, margin};
use super::subject::Subject;
use super::tally::Scratch;
use super::{Calibration, CalibrationPoint, NEIGHBOURS};
use crate::index::ivf::{BINS, Bins, Left, Stop, first_lists, most_lists};
use crate::kernel::quantize::f32_from_f16;
use crate::kernel::scan::{self, Candidates, ScanRange};
use crate::kernel::{Isa, PreparedVector};

/// The least share of rows that pass a filter for which limits hold, which are learned without one.
const SHARE_MIN: f32 = 0.95;

/// The least share of the rows that a rule must spare: a second pass, and centroids that are scored for nothing, cost
/// as much time as 10 to 15 % of the rows.
const SPARED_MIN: f64 = 0.15;

/// What one query finds, by the number of bins that it scans.
pub(super) struct Course {
    /// The hope left per row scanned; falls to 0.
    left: [f32; BINS + 1],
    /// The share of its neighbours.
    found: [f32; BINS + 1],
    /// Rows scanned.
    rows: [u64; BINS + 1],
    /// Rows scanned without a rule.
    fixed_rows: u64,
}

impl Course {
    /// Bins that a search with this limit scans.
    fn bins(&self, limit: f32) -> usize {
        self.left.iter().position(|left| *left <= limit).unwrap_or(BINS)
    }
}

/// The limit of each of `plans`, from every query's courses, one for each plan; 0 where no rule is worth it.
pub(super) fn limits(plans: &[CalibrationPoint], courses: &[Vec<Course>]) -> Vec<f32> {
    let of_plan = |(at, plan): (usize, &CalibrationPoint)| {
        let courses: Vec<&Course> = courses.iter().filter_map(|of| of.get(at)).collect();
        limit(&courses, f64::from(plan.recall))
    };
    plans.iter().enumerate().map(of_plan).collect()
}

/// The greatest limit that reaches the recall, or 0: no rule spares enough rows.
fn limit(courses: &[&Course], recall: f64) -> f32 {
    let reaches = |limit: f32| {
        let found = courses.iter().map(|course| f64::from(course.found[course.bins(limit)]));
        let (sum, squares) =
            found.fold((0.0, 0.0), |(sum, squares), found| (sum + found, squares + found * found));
        margin(sum, squares, courses.len() as f64) >= recall
    };
    // Positive numbers are ordered as their bits are.
    let (mut low, mut high) = (0, f32::MAX.to_bits());
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if reaches(f32::from_bits(middle)) { low = middle } else { high = middle }
    }
    let limit = f32::from_bits(low);
    let rows: u64 = courses.iter().map(|course| course.rows[course.bins(limit)]).sum();
    let fixed: u64 = courses.iter().map(|course| course.fixed_rows).sum();
    let spared = 1.0 - rows as f64 / fixed.max(1) as f64;
    if spared >= SPARED_MIN && reaches(limit) { limit } else { 0.0 }
}

/// One query's lists and neighbours.
#[derive(Default)]
pub(super) struct Walk {
    scratch: Scratch,
    /// Lists that hold rows, in the order in which searches come to them.
    lists: Vec<(u32, Left)>,
    /// Where neighbours are, and their copies.
    neighbours: Vec<Near>,
    /// How many neighbours are known.
    truth: usize,
    ranges: Vec<ScanRange>,
}

/// Codes of a neighbour.
struct Near {
    /// The place of their list among those that hold rows.
    place: usize,
    /// The neighbour's place among the nearest, below [`NEIGHBOURS`].
    rank: u32,
    estimate: f32,
}

const _: () = assert!(NEIGHBOURS <= u32::BITS as usize, "ranks are bits of a word");

/// A search whose end is looked for: numbers of lists, and what its candidates must reach.
#[derive(Clone, Copy)]
struct Follow {
    probes: usize,
    first: usize,
    most: usize,
    candidates: usize,
    /// The worst candidate after the first lists, and after the most.
    worst: Option<f32>,
    last: Option<f32>,
}

impl Walk {
    /// Ranks the lists for a query, whose neighbours are `truth`.
    pub(super) fn start(
        &mut self,
        subject: &Subject<'_>,
        values: &[f32],
        query: &PreparedVector,
        truth: &[u32],
    ) {
        let truth = truth.get(..NEIGHBOURS).unwrap_or(truth);
        self.truth = truth.len().max(1);
        let index = subject.index;
        self.scratch.start(subject, values, query, truth);
        let Walk { scratch, lists, neighbours, .. } = self;
        lists.clear();
        let order = &scratch.order;
        let mut places = Vec::with_capacity(order.ids.len());
        for list in &order.ids {
            places.push(lists.len());
            let (bias, rows) = (order.scores[*list as usize], index.matches(*list));
            let factor = f32_from_f16(index.codebook.ranking_factors[*list as usize]);
            if rows > 0 {
                lists.push((*list, Left { rank: bias * factor, bias, rows }));
            }
        }
        neighbours.clear();
        neighbours.extend(scratch.neighbours.iter().map(|neighbour| {
            let (place, rank) = (places[neighbour.list_place as usize], neighbour.rank);
            Near { place, rank, estimate: Candidates::estimate(neighbour.key) }
        }));
    }

    /// What searches find that start as points say. Lists are scanned once for all of them: the worst of so many
    /// candidates is the same whatever worse ones are kept.
    pub(super) fn courses(
        &mut self,
        subject: &Subject<'_>,
        plans: &[CalibrationPoint],
        spread: f32,
    ) -> Vec<Course> {
        let mut follows: Vec<Follow> = plans.iter().map(|plan| self.follow(plan)).collect();
        let mut looks: Vec<(usize, usize, bool)> = Vec::with_capacity(2 * follows.len());
        for (number, follow) in follows.iter().enumerate() {
            looks.extend([(follow.first, number, false), (follow.most, number, true)]);
        }
        looks.sort_unstable();
        let candidates = follows.iter().map(|follow| follow.candidates).max();
        self.scratch.candidates.reset(candidates.unwrap_or_default());
        let mut scanned = 0;
        for (lists, number, is_last) in looks {
            self.scan(subject, scanned..lists);
            scanned = lists;
            let follow = &mut follows[number];
            let worst = self.scratch.candidates.worst_of(follow.candidates);
            if is_last { follow.last = worst } else { follow.worst = worst }
        }
        follows.iter().map(|follow| self.course(follow, spread)).collect()
    }

    /// Where a search that starts as a point says looks at its candidates.
    fn follow(&self, plan: &CalibrationPoint) -> Follow {
        let probes = plan.probes as usize;
        let most = most_lists(probes).min(self.lists.len());
        let first = first_lists(probes).min(most);
        let candidates = plan.candidates as usize;
        Follow { probes, first, most, candidates, worst: None, last: None }
    }

    fn course(&self, follow: &Follow, spread: f32) -> Course {
        let Follow { probes, first, most, worst, last, .. } = *follow;
        // A neighbour that is a candidate at the end was one before.
        let last = last.unwrap_or(f32::NEG_INFINITY);
        let rows = |lists: &[(u32, Left)]| lists.iter().map(|(_, list)| list.rows).sum::<u64>();
        let (before, rest) = self.lists[..most].split_at(first);
        let mut scanned = rows(before);
        let mut course = Course {
            left: [f32::INFINITY; BINS + 1],
            found: [0.0; BINS + 1],
            rows: [0; BINS + 1],
            fixed_rows: rows(&self.lists[..probes.min(self.lists.len())]),
        };
        let bins = worst.filter(|_| !rest.is_empty()).map(|worst| {
            let ranks = || rest.iter().map(|(_, list)| list.rank);
            let (best, least) =
                (ranks().fold(f32::MIN, f32::max), ranks().fold(f32::MAX, f32::min));
            let mut bins = Bins::new(best, least, worst, spread);
            rest.iter().for_each(|(_, list)| bins.add(*list));
            bins
        });
        course.left[BINS] = 0.0;
        if let Some(bins) = &bins {
            course
                .left
                .iter_mut()
                .zip(bins.left_per_row(scanned))
                .for_each(|(to, left)| *to = left);
        }
        let of = |list: &Left| bins.as_ref().map_or(0, |bins| bins.of(list.rank));
        let mut rows_of = [0; BINS];
        rest.iter().for_each(|(_, list)| rows_of[of(list)] += list.rows);
        // Neighbours, by the bins that must be scanned before they are candidates.
        let mut ranks_of = [0u32; BINS + 1];
        let candidates = self.neighbours.iter().filter(|near| near.estimate >= last);
        for near in candidates.filter(|near| near.place < most) {
            let after = near.place.checked_sub(first).and_then(|place| rest.get(place));
            ranks_of[after.map_or(0, |(_, list)| of(list) + 1)] |= 1 << near.rank;
        }
        let mut ranks = 0u32;
        for (bin, more) in ranks_of.into_iter().enumerate() {
            ranks |= more;
            course.found[bin] = ranks.count_ones() as f32 / self.truth as f32;
            course.rows[bin] = scanned;
            scanned += rows_of.get(bin).copied().unwrap_or_default();
        }
        course
    }

    fn scan(&mut self, subject: &Subject<'_>, lists: std::ops::Range<usize>) {
        let Walk { scratch, ranges, .. } = self;
        for layer in subject.layers() {
            ranges.clear();
            let lists = self.lists[lists.clone()].iter();
            ranges.extend(lists.map(|(list, left)| layer.range(*list, left.bias)));
            let rows = &layer.coded;
            scan::scan(Isa::detect(), rows, ranges, &scratch.look_up, &mut scratch.candidates);
        }
    }
}

impl Calibration {
    /// Whether an older version measured this with queries, and so learned no rule from them.
    pub fn lacks_rule(&self) -> bool {
        self.stops.is_none() && !self.is_estimate()
    }

    /// The rule for a recall of the best `k` rows under a filter that keeps a share of the rows; `None` where
    /// there is none: for more rows than were calibrated, for a narrower filter, and for measurements that are
    /// an estimate.
    pub(super) fn stop(&self, recall: f32, k: usize, share: f32) -> Option<Stop> {
        let stops = self.stops.as_ref()?;
        if k > NEIGHBOURS || share < SHARE_MIN || self.is_estimate() {
            return None;
        }
        let (low, high, part) = self.bracket_recall(recall)?;
        let limit = |at: usize| stops.limits.get(at).copied().filter(|limit| *limit > 0.0);
        // A recall that was measured needs no other.
        let high = limit(high)?;
        let low = if part < 1.0 { limit(low)? } else { high };
        Some(Stop { spread: stops.spread, limit: between(low.ln(), high.ln(), part).exp() })
    }
}
