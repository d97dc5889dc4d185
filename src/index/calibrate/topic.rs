//! How far to search the index under a filter by topic.
//!
//! Calibration measured filters that keep rows by chance, everywhere the same share of them. A topic keeps most of
//! some regions and nothing of others: a query inside of it has its hits among its nearest rows, one outside
//! of it far away. So the matches of the lists around the query are counted, shell by shell: calibration says
//! how many neighbours a shell holds, and its matches say how many of those pass. Their sum is the share that
//! passes where the query is; and the shells in which a wanted part of it lies are those to scan.

use super::{Calibration, TARGETS};
use crate::error::Result;
use crate::index::ivf::{Around, Effort, Index, Scratch};

/// Looks at the shells: the second with the share that the first one found.
const ROUNDS: usize = 2;

/// Within a quarter of the lists that hold the first target's part of all neighbours, so much of them lies.
const CORE: f64 = 0.45;

/// How many more rows are scored than under a filter by chance: in a region that it keeps, matches are close to each other.
const CANDIDATES_FACTOR: u32 = 2;

/// The share from which on more lists are scanned than the shells say, and how many per factor of e that a topic is narrower: their
/// hits lie in the parts of shells that are farther away. Fitted to eight topics of five sets (`benches/HISTORY.md`).
const NARROW: (f64, f64) = (0.5, 0.08);

/// Borders between shells: the quarter, one for each target, and all lists.
const BORDERS: usize = TARGETS.len() + 2;

impl Calibration {
    /// The effort for a recall of the best `k` rows at this query under the filter of the index's segments, and
    /// the recall to expect of it; `None` for a calibration without points. `share` of all rows pass the
    /// filter. Costs one [count](Index::around).
    ///
    /// # Errors
    ///
    /// As [`Index::around`].
    pub fn effort_at(
        &self,
        index: &Index<'_>,
        query: &[f32],
        recall: f32,
        k: usize,
        share: f32,
        scratch: &mut Scratch,
    ) -> Result<Option<(Effort, f32)>> {
        let surroundings = index.around(query, scratch)?;
        let mut shells = None;
        let mut local = share;
        for _ in 0..ROUNDS {
            let Some(radii) = self.radii(index.codebook.lists(), k, local) else { return Ok(None) };
            let around = radii.map(|lists| surroundings.nearest(lists));
            let passing = passing(&around);
            local = passing.iter().sum::<f64>() as f32;
            shells = Some((around, passing));
        }
        let Some((around, passing)) = shells else { return Ok(None) };
        let lists = enough(&around, &passing, f64::from(recall)) * widening(f64::from(share));
        let probes = lists.ceil().clamp(1.0, index.codebook.lists().max(1) as f64) as u32;
        let Some(reach) = self.reach(recall, k, local) else { return Ok(None) };
        let candidates = reach.candidates.saturating_mul(CANDIDATES_FACTOR);
        Ok(Some((Effort::fixed(probes, candidates), reach.recall)))
    }

    /// The borders of shells, in lists by rank, ascending.
    fn radii(&self, lists: usize, k: usize, share: f32) -> Option<[usize; BORDERS]> {
        let mut radii = [lists; BORDERS];
        for (radius, target) in radii.iter_mut().skip(1).zip(TARGETS) {
            *radius = self.reach(target, k, share)?.lists.ceil() as usize;
        }
        radii[0] = (radii[1] / 4).max(1);
        // Points of calibration need not ascend.
        let mut least = 0;
        for radius in &mut radii {
            *radius = least.max((*radius).min(lists));
            least = *radius;
        }
        Some(radii)
    }
}

/// How many times the lists that the shells say are scanned under a topic that keeps a share of all rows.
fn widening(share: f64) -> f64 {
    let (wide, more) = NARROW;
    1.0 + more * (wide / share.max(f64::MIN_POSITIVE)).ln().max(0.0)
}

/// The part of all neighbours that lies in each shell and passes the filter.
fn passing(around: &[Around; BORDERS]) -> [f64; BORDERS] {
    let mut inner = (Around::default(), 0.0);
    let covered = [CORE].into_iter().chain(TARGETS.map(f64::from)).chain([1.0]);
    let mut passing = [0.0; BORDERS];
    for ((passing, around), covered) in passing.iter_mut().zip(around).zip(covered) {
        let rows = around.rows - inner.0.rows;
        let matches = around.matches - inner.0.matches;
        // An empty shell, or one without a match, says little of the next.
        *passing = (covered - inner.1) * (matches + 0.1) / (rows + 1.0);
        inner = (*around, covered);
    }
    passing
}

/// Lists with a match, in order of rank, that hold a part of what passes.
fn enough(around: &[Around; BORDERS], passing: &[f64; BORDERS], part: f64) -> f64 {
    let wanted = part * passing.iter().sum::<f64>();
    let (mut held, mut lists) = (0.0, 0.0);
    for (around, passing) in around.iter().zip(passing) {
        let outer = around.lists;
        if held + passing >= wanted {
            return lists + (outer - lists) * (wanted - held) / passing;
        }
        (held, lists) = (held + passing, outer);
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shells of a thousand rows in ten lists each.
    fn around(matches: [u64; BORDERS]) -> [Around; BORDERS] {
        let mut sum = Around::default();
        matches.map(|matches| {
            sum.rows += 1000.0;
            sum.matches += matches as f64;
            sum.lists += if matches > 0 { 10.0 } else { 0.0 };
            sum
        })
    }

    #[test]
    fn where_matches_are_everywhere_targets_lie_at_their_borders() {
        let around = around([200; BORDERS]);
        let passing = passing(&around);
        assert!((passing.iter().sum::<f64>() - 0.2).abs() < 0.001);
        for (border, target) in TARGETS.iter().enumerate() {
            let lists = enough(&around, &passing, f64::from(*target));
            assert!((lists - 10.0 * (border + 2) as f64).abs() < 0.1, "{target}: {lists}");
        }
    }

    #[test]
    fn matches_far_away_are_gone_for_and_near_ones_suffice() {
        let far = around([0, 0, 0, 0, 0, 0, 100, 900, 1000, 1000, 1000]);
        assert!(enough(&far, &passing(&far), 0.9) > 15.0);
        let near = around([900, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(enough(&near, &passing(&near), 0.9) < 10.0);
        let none = around([0; BORDERS]);
        assert_eq!(enough(&none, &passing(&none), 0.9), 0.0);
    }

    #[test]
    fn narrow_topics_are_searched_farther() {
        assert_eq!([1.0, 0.6, 0.5].map(widening), [1.0; 3]);
        assert!((widening(0.1) - 1.13).abs() < 0.01 && (widening(0.01) - 1.31).abs() < 0.01);
        assert!(widening(0.0).is_finite());
    }
}
