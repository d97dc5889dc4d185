//! Which lists to scan: those whose centroids point most nearly where the query does.
//!
//! Centroids themselves are searched as rows are: their codes give estimates, and the best by
//! estimate are scored exactly. Lists are ranked by `<q, c> / |c|`; the exact `<q, c>` is also the bias
//! of every estimate of a row in the list.

use super::around::{ListTotals, Surroundings};
use super::bits::{WORD_BITS, for_each_bit, mark};
use super::rows::IndexedRows;
use super::segments::Index;
use super::stop::{Bins, Left, Stop};
use crate::index::codebook::{Codebook, RANKING_SUB_DIMENSION};
use crate::kernel::quantize::f32_from_f16;
use crate::kernel::scan::{Candidates, CodedRows, LookUp, ScanRange};
use crate::kernel::{Isa, PreparedVector, scan, score};

/// Lists scored exactly besides those that are to be probed: an eighth of these and this number.
/// Ranking by codes then loses no list that matters.
const SPARE_LISTS: usize = 32;

/// Lists that are scanned first, to find a high threshold early; the others follow in the order of their
/// rows, which memory prefers.
const FIRST_LISTS: usize = 16;

/// A list to scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ProbedList {
    pub(super) list: u32,
    /// The dot product of the query and the list's centroid.
    pub(super) bias: f32,
}

/// Lists to score exactly, where `probes` are to be probed.
pub(in crate::index) fn near_lists(probes: usize) -> usize {
    probes.saturating_add(probes / 8 + SPARE_LISTS)
}

/// Makes the best `count` of the allowed lists by their codes the candidates.
pub(in crate::index) fn find_best(
    codebook: &Codebook<'_>,
    values: &[f32],
    count: usize,
    allowed: Option<&[u64]>,
    look_up: &mut LookUp,
    candidates: &mut Candidates,
) {
    let Codebook { ranking_points, ranking_codes, ranking_factors, .. } = *codebook;
    scan::fill(Isa::detect(), look_up, values, ranking_points, RANKING_SUB_DIMENSION);
    candidates.reset(count);
    let rows = CodedRows { codes: ranking_codes, scales: ranking_factors, allowed, base: 0 };
    let all = [ScanRange { start: 0, end: codebook.lists() as u32, bias: 0.0 }];
    scan::scan(Isa::detect(), &rows, &all, look_up, candidates);
}

/// The lists of one query, and buffers.
#[derive(Debug, Default)]
pub(super) struct Ranking {
    probed: Vec<ProbedList>,
    probed_rows: u64,
    /// Lists with an allowed row, one bit per list.
    wanted: Vec<u64>,
    look_up: LookUp,
    candidates: Candidates,
    /// A set of lists or of places in a buffer, one bit each.
    marked: Vec<u64>,
    ids: Vec<u32>,
    scores: Vec<f32>,
    keys: Vec<u64>,
    totals: ListTotals,
}

impl Ranking {
    /// The lists to scan.
    pub(super) fn probed(&self) -> &[ProbedList] {
        &self.probed
    }

    /// Allowed rows in the lists to scan.
    pub(super) fn probed_rows(&self) -> u64 {
        self.probed_rows
    }

    /// Finds the best `probes` lists of those with an allowed row, of which the best `near` by their codes are scored,
    /// and, when these hold fewer than `k` such rows, as many of the next best as it takes; says whether it took those.
    pub(super) fn rank(
        &mut self,
        index: &Index<'_>,
        values: &[f32],
        query: &PreparedVector,
        (probes, near): (usize, usize),
        k: usize,
    ) -> bool {
        let wanted = self.rank_near(index, values, query, near);
        self.take_best(index.segments, probes);
        if self.probed_rows >= k as u64 || self.probed.len() == wanted {
            return false;
        }
        self.extend(index, query, k);
        true
    }

    /// Finds the best `first` lists of the best `most`, which [`Ranking::take_more`] goes on with.
    pub(super) fn rank_first(
        &mut self,
        index: &Index<'_>,
        values: &[f32],
        query: &PreparedVector,
        first: usize,
        most: usize,
    ) {
        self.rank_near(index, values, query, near_lists(most));
        if (1..self.keys.len()).contains(&most) {
            self.keys.select_nth_unstable(most - 1);
            self.keys.truncate(most);
        }
        self.take_best(index.segments, first);
    }

    /// Takes those of the other lists that the query is worth by the rule, when a candidate's estimate must reach
    /// `worst`; all of them when there is no such number, for lack of candidates.
    pub(super) fn take_more(&mut self, index: &Index<'_>, worst: Option<f32>, stop: Stop) {
        let Ranking { keys, ids, scores, marked, probed, probed_rows, .. } = self;
        let rest = keys.get(probed.len()..).unwrap_or_default();
        let (best, least) = (rest.iter().min(), rest.iter().max());
        let bins = worst.zip(best.zip(least)).map(|(worst, (best, least))| {
            let [best, least] = [*best, *least].map(Candidates::estimate);
            let mut bins = Bins::new(best, least, worst, stop.spread);
            for key in rest {
                let place = *key as u32 as usize;
                if let (Some(list), Some(bias)) = (ids.get(place), scores.get(place)) {
                    let (rank, rows) = (Candidates::estimate(*key), index.matches(*list));
                    bins.add(Left { rank, bias: *bias, rows });
                }
            }
            bins
        });
        let wanted = bins.as_ref().map(|bins| bins.wanted(*probed_rows, stop.limit));
        marked.clear();
        marked.resize(ids.len().div_ceil(WORD_BITS), 0);
        for key in rest {
            let bin = bins.as_ref().map(|bins| bins.of(Candidates::estimate(*key)));
            if bin.is_none() || bin < wanted {
                mark(marked, *key as u32 as usize);
            }
        }
        self.take_marked(index.segments);
    }

    /// What the lists hold, by how near their codes say that they are.
    pub(super) fn around(&mut self, index: &Index<'_>, values: &[f32]) -> Surroundings {
        let Ranking { look_up, candidates, .. } = self;
        let codebook = &index.codebook;
        find_best(codebook, values, codebook.lists(), None, look_up, candidates);
        self.totals.fill(index);
        Surroundings::new(&self.totals, self.candidates.gathered())
    }

    /// Forgets what was taken, and scores the best `near` lists of those with an allowed row; says how many
    /// have one.
    fn rank_near(
        &mut self,
        index: &Index<'_>,
        values: &[f32],
        query: &PreparedVector,
        near: usize,
    ) -> usize {
        let wanted = self.find_wanted(index);
        self.probed.clear();
        self.probed_rows = 0;
        if wanted <= near {
            bits_into(&self.wanted, &mut self.ids);
        } else {
            self.find_near(&index.codebook, values, near);
        }
        self.score(&index.codebook, query);
        wanted
    }

    /// Marks the lists with an allowed row; returns how many there are.
    fn find_wanted(&mut self, index: &Index<'_>) -> usize {
        self.wanted.clear();
        self.wanted.resize(index.codebook.lists().div_ceil(WORD_BITS), 0);
        for segment in index.segments {
            self.wanted.iter_mut().zip(segment.wanted()).for_each(|(word, more)| *word |= more);
        }
        self.wanted.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Fills `ids` with the best `near` wanted lists by their codes, ascending.
    fn find_near(&mut self, codebook: &Codebook<'_>, values: &[f32], near: usize) {
        let Ranking { wanted, look_up, candidates, .. } = self;
        find_best(codebook, values, near, Some(wanted.as_slice()), look_up, candidates);
        self.marked.clear();
        self.marked.resize(self.wanted.len(), 0);
        for (list, _) in self.candidates.best() {
            mark(&mut self.marked, list as usize);
        }
        bits_into(&self.marked, &mut self.ids);
    }

    /// Scores the lists in `ids`: `scores` are products with their centroids, `keys` sort by what lists
    /// are ranked by and name a place in `ids`.
    fn score(&mut self, codebook: &Codebook<'_>, query: &PreparedVector) {
        self.scores.resize(self.ids.len(), 0.0);
        score(Isa::detect(), &codebook.centroids, query, &self.ids, &mut self.scores);
        self.keys.clear();
        self.keys.extend(self.ids.iter().zip(&self.scores).zip(0..).map(
            |((list, score), place)| {
                let factor = codebook.ranking_factors.get(*list as usize);
                Candidates::key(score * factor.map_or(0.0, |factor| f32_from_f16(*factor)), place)
            },
        ));
    }

    /// Takes the best `probes` lists of those in `keys`, and moves them to its front.
    fn take_best(&mut self, segments: &[IndexedRows<'_>], probes: usize) {
        let probes = probes.min(self.keys.len());
        let first = FIRST_LISTS.min(probes);
        let mut end = self.keys.len();
        for border in [probes, first] {
            if border > 0 && border < end {
                self.keys[..end].select_nth_unstable(border - 1);
            }
            end = probes;
        }
        self.marked.clear();
        self.marked.resize(self.ids.len().div_ceil(WORD_BITS), 0);
        for at in 0..probes {
            let Some(place) = self.keys.get(at).map(|key| *key as u32 as usize) else { break };
            if at < first { self.take(segments, place) } else { mark(&mut self.marked, place) }
        }
        self.take_marked(segments);
    }

    /// Takes the lists at the marked places of `ids`, in the order of their rows.
    fn take_marked(&mut self, segments: &[IndexedRows<'_>]) {
        let marked = std::mem::take(&mut self.marked);
        for_each_bit(&marked, |place| self.take(segments, place));
        self.marked = marked;
    }

    /// Takes the list at a place of `ids`.
    fn take(&mut self, segments: &[IndexedRows<'_>], place: usize) {
        let (Some(list), Some(bias)) = (self.ids.get(place), self.scores.get(place)) else {
            return;
        };
        self.probed_rows += segments.iter().map(|rows| u64::from(rows.matches(*list))).sum::<u64>();
        self.probed.push(ProbedList { list: *list, bias: *bias });
    }

    /// Takes lists that were not taken yet, best first, until they hold `k` allowed rows.
    fn extend(&mut self, index: &Index<'_>, query: &PreparedVector, k: usize) {
        for probed in &self.probed {
            if let Some(word) = self.wanted.get_mut(probed.list as usize / WORD_BITS) {
                *word &= !(1 << (probed.list % 64));
            }
        }
        bits_into(&self.wanted, &mut self.ids);
        self.score(&index.codebook, query);
        self.keys.sort_unstable();
        for at in 0..self.keys.len() {
            if self.probed_rows >= k as u64 {
                break;
            }
            self.take(index.segments, self.keys[at] as u32 as usize);
        }
    }
}

/// Replaces `ids` by the bits that are set.
fn bits_into(words: &[u64], ids: &mut Vec<u32>) {
    ids.clear();
    for_each_bit(words, |bit| ids.push(bit as u32));
}
