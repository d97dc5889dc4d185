//! The rows of one segment that pass a filter, in the forms that a search needs, and the last of them
//! remembered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use roaring::RoaringBitmap;

use super::evaluate::Evaluation;
use super::left_out::{Lacking, LackingRows};
use super::program::{Program, Waived};
use crate::error::Result;
use crate::index::ivf::{RowMask, allowed_copies};
use crate::segment::Segment;

/// Filters that a segment remembers: those of a user who pages and refines.
const REMEMBERED_MAX: usize = 8;

/// Live rows that pass a filter.
pub(super) struct Matches {
    /// `None` when every row does.
    rows: Option<RoaringBitmap>,
    /// How many there are.
    pub(super) count: u64,
    /// Live rows that a condition on dates leaves out because they have no date.
    pub(super) undated: u64,
    /// Rows that only conditions on MeSH headings leave out, because they have none.
    pub(super) unindexed: u64,
    /// Those with a vector; `None` when every row has one and passes.
    pub(super) searchable: Option<RoaringBitmap>,
    /// How many of those there are.
    pub(super) searchable_count: u64,
    mask: OnceLock<Mask>,
    copies: OnceLock<Vec<u64>>,
}

/// The searchable rows as bits, for a scan of codes.
pub(super) struct Mask {
    pub(super) rows: RowMask,
    /// Mean square by which a list's matching rows are off from its share, in units of what chance
    /// would give: 1 for a filter that has nothing to do with the vectors, more for a topic.
    pub(super) dispersion: f64,
}

impl Matches {
    pub(super) fn evaluate(
        evaluation: &Evaluation<'_>,
        deleted: &RoaringBitmap,
        lacking: &LackingRows,
    ) -> Result<Matches> {
        let (segment, program) = (evaluation.segment, evaluation.program);
        let rows = if program.is_everything() && deleted.is_empty() {
            None
        } else {
            Some(evaluation.rows(Waived::Nothing)? - deleted)
        };
        let every_row = u64::from(segment.rows());
        let count = rows.as_ref().map_or(every_row, RoaringBitmap::len);
        let [undated, unindexed] = match &rows {
            Some(passing) => {
                let lacking = Lacking::new(lacking, segment, program)?;
                lacking.left_out(evaluation, deleted, passing)?
            }
            None => [0, 0],
        };
        let searchable = match (segment.rows_with_vector()?, &rows) {
            (None, _) => Some(RoaringBitmap::new()),
            (Some(present), None) if present.len() == every_row => None,
            (Some(present), None) => Some(present.clone()),
            (Some(present), Some(rows)) => Some(rows & present),
        };
        let searchable_count = searchable.as_ref().map_or(every_row, RoaringBitmap::len);
        let (mask, copies) = Default::default();
        Ok(Matches { rows, count, undated, unindexed, searchable, searchable_count, mask, copies })
    }

    /// `None` when every row passes.
    pub(super) fn rows(&self) -> Option<&RoaringBitmap> {
        self.rows.as_ref()
    }

    /// The searchable rows as bits; `None` when all are.
    pub(super) fn mask(&self, list_offsets: &[u32]) -> Option<&Mask> {
        let searchable = self.searchable.as_ref()?;
        let in_lists = list_offsets.last().copied().unwrap_or_default();
        if searchable.len() == u64::from(in_lists) {
            return None;
        }
        Some(self.mask.get_or_init(|| Mask::new(searchable, list_offsets)))
    }

    /// The copies of rows whose bits are set in `mask`, bit by bit.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn copies(&self, segment: &Segment, mask: &Mask) -> Result<&[u64]> {
        if let Some(known) = self.copies.get() {
            return Ok(known);
        }
        let copies = allowed_copies(segment.copied_rows()?, mask.rows.allowed().words);
        Ok(self.copies.get_or_init(|| copies))
    }
}

impl Mask {
    fn new(rows: &RoaringBitmap, list_offsets: &[u32]) -> Mask {
        let in_lists = list_offsets.last().copied().unwrap_or_default();
        let share = rows.len() as f64 / f64::from(in_lists.max(1));
        let rows = RowMask::new(rows, list_offsets);
        let dispersion = dispersion(rows.allowed().list_counts, list_offsets, share);
        Mask { rows, dispersion }
    }
}

/// See [`Mask::dispersion`].
fn dispersion(list_counts: &[u32], list_offsets: &[u32], share: f64) -> f64 {
    let (mut sum, mut lists) = (0.0, 0.0);
    for (count, ends) in list_counts.iter().zip(list_offsets.windows(2)) {
        let [start, end] = ends else { continue };
        let rows = f64::from(end.saturating_sub(*start));
        let variance = rows * share * (1.0 - share);
        if variance > 0.0 {
            sum += (f64::from(*count) - rows * share).powi(2) / variance;
            lists += 1.0;
        }
    }
    if lists > 0.0 { sum / lists } else { 1.0 }
}

/// The last filters of a segment and their rows, newest first.
#[derive(Default)]
pub(super) struct MatchCache(Mutex<VecDeque<(Arc<Program>, Arc<Matches>)>>);

impl MatchCache {
    pub(super) fn get(&self, program: &Arc<Program>) -> Option<Arc<Matches>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |kept: &Arc<Program>| Arc::ptr_eq(kept, program) || kept == program;
        let place = known.iter().position(|(kept, _)| is_same(kept))?;
        if place > 0 {
            let entry = known.remove(place)?;
            known.push_front(entry);
        }
        known.front().map(|(_, matches)| matches.clone())
    }

    pub(super) fn put(&self, program: Arc<Program>, matches: Arc<Matches>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(REMEMBERED_MAX - 1);
        known.push_front((program, matches));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::Day;
    use crate::search::program::Condition;

    /// Lists of 50 rows.
    fn offsets(lists: u32) -> Vec<u32> {
        (0..=lists).map(|list| list * 50).collect()
    }

    #[test]
    fn a_topic_is_told_from_chance() {
        let offsets = offsets(40);
        let chance: RoaringBitmap =
            (0..2000u32).filter(|row| row.wrapping_mul(2_654_435_761) >> 16 & 0xff < 51).collect();
        let topic: RoaringBitmap = (0..chance.len() as u32).collect();
        let of = |rows: &RoaringBitmap| Mask::new(rows, &offsets).dispersion;
        assert!(of(&chance) < 2.0, "{}", of(&chance));
        assert!(of(&topic) > 10.0, "{}", of(&topic));
        assert_eq!(of(&RoaringBitmap::new()), 1.0);
        assert_eq!(of(&(0..2000).collect()), 1.0);
    }

    #[test]
    fn the_last_filters_are_remembered() {
        let cache = MatchCache::default();
        let matches = || {
            let (mask, copies) = Default::default();
            let (rows, searchable) = (None, None);
            Arc::new(Matches {
                rows,
                count: 0,
                undated: 0,
                unindexed: 0,
                searchable,
                searchable_count: 0,
                mask,
                copies,
            })
        };
        let program = |year: u32| {
            let mut program = Program::default();
            let day = Day::new(year, 1, 1);
            program.push(Condition::Days { from: day, to: day });
            Arc::new(program)
        };
        for year in 0..REMEMBERED_MAX as u32 {
            cache.put(program(year), matches());
        }
        assert!(cache.get(&program(0)).is_some(), "asked for again");
        cache.put(program(100), matches());
        assert!(cache.get(&program(0)).is_some() && cache.get(&program(1)).is_none());
    }
}
