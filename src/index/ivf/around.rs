//! What lies around a query: rows, and those that are allowed, in its nearest lists.
//!
//! Lists are counted in bins of nearby ranks, which spares sorting them: the nearest, which are few and far apart, have
//! bins of their own, and between the borders of a bin numbers are interpolated.

use super::segments::Index;

/// Bins of equal width between the nearest list and the farthest.
const BINS: usize = 1024;

/// What the lists nearest to a query hold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Around {
    /// Rows.
    pub rows: f64,
    /// Rows that are allowed.
    pub matches: f64,
    /// Lists with such a row.
    pub lists: f64,
}

/// Lists of some bins.
#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    all: u64,
    rows: u64,
    matches: u64,
    lists: u64,
}

/// What lies around a query, at every distance.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// For each bin what it and all nearer ones hold.
    bins: Vec<Bin>,
}

/// Buffers: of each list its rows and those that are allowed, in all segments.
#[derive(Debug, Default)]
pub(super) struct ListTotals {
    rows: Vec<u32>,
    matches: Vec<u32>,
}

impl ListTotals {
    /// Counts what the lists of an index hold.
    pub(super) fn fill(&mut self, index: &Index<'_>) {
        let lists = index.codebook.lists();
        for totals in [&mut self.rows, &mut self.matches] {
            totals.clear();
            totals.resize(lists, 0);
        }
        for segment in index.segments {
            let starts = segment.list_offsets;
            let ends = starts.get(1..).unwrap_or_default();
            let lengths = || starts.iter().zip(ends).map(|(start, end)| end.wrapping_sub(*start));
            add(&mut self.rows, lengths());
            match segment.allowed {
                Some(allowed) => add(&mut self.matches, allowed.list_counts.iter().copied()),
                None => add(&mut self.matches, lengths()),
            }
        }
    }
}

fn add(totals: &mut [u32], counts: impl Iterator<Item = u32>) {
    totals.iter_mut().zip(counts).for_each(|(total, count)| *total = total.wrapping_add(count));
}

impl Surroundings {
    /// Of lists with what they are ranked by, greater ones first.
    pub(super) fn new(
        totals: &ListTotals,
        ranked: impl Iterator<Item = (u32, f32)> + Clone,
    ) -> Surroundings {
        let border =
            |(least, best): (f32, f32), (_, rank): (u32, f32)| (rank.min(least), rank.max(best));
        let (least, best) = ranked.clone().fold((f32::INFINITY, f32::NEG_INFINITY), border);
        let scale = BINS as f32 / (best - least);
        let mut bins = vec![Bin::default(); BINS];
        for (list, rank) in ranked {
            // One rank alone has a width of 0: not a number becomes 0.
            let bin = (((best - rank) * scale) as usize).min(BINS - 1);
            let list = list as usize;
            if let (Some(bin), Some(rows), Some(matches)) =
                (bins.get_mut(bin), totals.rows.get(list), totals.matches.get(list))
            {
                bin.all += 1;
                bin.rows += u64::from(*rows);
                bin.matches += u64::from(*matches);
                bin.lists += u64::from(*matches > 0);
            }
        }
        let mut sum = Bin::default();
        for bin in &mut bins {
            sum = Bin {
                all: sum.all + bin.all,
                rows: sum.rows + bin.rows,
                matches: sum.matches + bin.matches,
                lists: sum.lists + bin.lists,
            };
            *bin = sum;
        }
        Surroundings { bins }
    }

    /// What so many of the nearest lists hold.
    pub fn nearest(&self, lists: usize) -> Around {
        let place = self.bins.partition_point(|bin| bin.all < lists as u64);
        let inner = place.checked_sub(1).and_then(|inner| self.bins.get(inner)).copied();
        let inner = inner.unwrap_or_default();
        let outer = self.bins.get(place).copied().unwrap_or(inner);
        let width = outer.all.saturating_sub(inner.all).max(1);
        let part = (lists as u64).saturating_sub(inner.all).min(width) as f64 / width as f64;
        let between = |inner: u64, outer: u64| inner as f64 + (outer - inner) as f64 * part;
        Around {
            rows: between(inner.rows, outer.rows),
            matches: between(inner.matches, outer.matches),
            lists: between(inner.lists, outer.lists),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn borders_of_bins_are_exact_and_all_else_lies_between(
            lists in prop::collection::vec((0u32..1000, 0u32..2000, 0u32..3), 1..3000),
        ) {
            let totals = ListTotals {
                rows: lists.iter().map(|list| list.1).collect(),
                matches: lists.iter().map(|list| list.1 * list.2 / 2).collect(),
            };
            let ranks = lists.iter().map(|list| list.0 as f32 / 1000.0);
            let mut ranked: Vec<(u32, f32)> = (0..).zip(ranks).collect();
            let around = Surroundings::new(&totals, ranked.iter().copied());
            ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
            let (mut sum, mut known) = (Around::default(), 0);
            for (place, (list, rank)) in ranked.iter().enumerate() {
                let list = *list as usize;
                sum.rows += f64::from(totals.rows[list]);
                sum.matches += f64::from(totals.matches[list]);
                sum.lists += f64::from(u8::from(totals.matches[list] > 0));
                // Ranks of a thousandth have bins of their own.
                if ranked.get(place + 1).is_none_or(|(_, next)| next < rank) {
                    prop_assert_eq!(around.nearest(place + 1), sum);
                    known = place + 1;
                }
            }
            prop_assert_eq!(known, ranked.len());
            prop_assert_eq!(around.nearest(0), Around::default());
            prop_assert_eq!(around.nearest(known + 7), sum);
            let all: Vec<Around> = (0..=known).map(|count| around.nearest(count)).collect();
            let order = all.is_sorted_by_key(|around| (around.rows, around.matches, around.lists));
            prop_assert!(order);
        }
    }

    #[test]
    fn strange_ranks_lose_no_list() {
        let totals = ListTotals { rows: vec![3; 4], matches: vec![1; 4] };
        let all = Around { rows: 12.0, matches: 4.0, lists: 4.0 };
        for ranks in
            [[0.5; 4], [f32::INFINITY, 0.0, 1.0, 2.0], [f32::NAN; 4], [-1.0, f32::NAN, 1.0, 0.0]]
        {
            let around = Surroundings::new(&totals, (0..).zip(ranks));
            assert_eq!(around.nearest(4), all, "{ranks:?}");
        }
        let none = Surroundings::new(&ListTotals::default(), std::iter::empty());
        assert_eq!(none.nearest(3), Around::default());
        assert_eq!(Surroundings::default().nearest(3), Around::default());
    }
}
