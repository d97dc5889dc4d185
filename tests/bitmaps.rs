//! The calls of the `roaring` crate that the library is built on, against a plain set, across containers of
//! every kind: bulk operations have had faults that only whole containers show (release 0.12.0 skips
//! them in `Iter::next_many`, which is not used for that reason).

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use roaring::RoaringBitmap;

/// Rows of a container.
const CONTAINER: u32 = 1 << 16;

/// Rows of a set.
const ROWS: u32 = 3 * CONTAINER;

/// A set of rows, twice.
#[derive(Clone, Debug)]
struct Sets {
    bitmap: RoaringBitmap,
    plain: Vec<bool>,
}

fn mixed(row: u32, seed: u32) -> u32 {
    (row ^ seed).wrapping_mul(2_654_435_761)
}

/// Containers by what is in them; some are made by ranges, some row by row, some are written and read.
fn sets() -> impl Strategy<Value = Sets> {
    let kinds =
        select(vec!["full", "all", "empty", "runs", "array", "bitmap", "start", "end", "hole"]);
    (vec((kinds, any::<u32>()), 3), 0..3u8).prop_map(|(containers, form)| {
        let mut sets = Sets { bitmap: RoaringBitmap::new(), plain: vec![false; ROWS as usize] };
        for (place, (kind, seed)) in (0..).zip(containers) {
            sets.fill(place * CONTAINER, kind, seed);
        }
        if form > 0 {
            sets.bitmap.optimize();
        }
        if form > 1 {
            sets.bitmap = written_and_read(&sets.bitmap);
        }
        sets
    })
}

fn written_and_read(bitmap: &RoaringBitmap) -> RoaringBitmap {
    let mut bytes = Vec::new();
    bitmap.serialize_into(&mut bytes).expect("into memory");
    assert_eq!(bytes.len(), bitmap.serialized_size());
    RoaringBitmap::deserialize_from(&bytes[..]).expect("what was written")
}

impl Sets {
    fn fill(&mut self, first: u32, kind: &str, seed: u32) {
        let end = first + CONTAINER;
        let some = seed % (CONTAINER - 1);
        let one = |range: Range<u32>| std::iter::once(range).collect();
        let ranges: Vec<Range<u32>> = match kind {
            "full" => one(first..end),
            "runs" => {
                let starts = (first..end).step_by(300 + seed as usize % 5000);
                starts.map(|start| start..end.min(start + 1 + seed % 299)).collect()
            }
            "start" => one(first..first + 1 + some),
            "end" => one(end - 1 - some..end),
            "hole" => vec![first..first + some, first + some + 1..end],
            _ => vec![],
        };
        for range in ranges {
            let before = self.plain[range.start as usize..range.end as usize].iter();
            let added = before.filter(|there| !**there).count() as u64;
            self.plain[range.start as usize..range.end as usize].fill(true);
            assert_eq!(self.bitmap.insert_range(range), added);
        }
        let rows: Vec<u32> = match kind {
            "all" => (first..end).collect(),
            "array" => (first..end).filter(|row| mixed(*row, seed) < u32::MAX / 30).collect(),
            "bitmap" => (first..end).filter(|row| mixed(*row, seed) < u32::MAX / 2).collect(),
            _ => vec![],
        };
        rows.iter().for_each(|row| self.plain[*row as usize] = true);
        if seed.is_multiple_of(2) {
            self.bitmap |= RoaringBitmap::from_sorted_iter(rows).expect("ascending");
        } else {
            self.bitmap.extend(rows);
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        same(&self.bitmap, &self.plain)
    }
}

/// Holds everything that can be read of a bitmap against the plain set.
fn same(bitmap: &RoaringBitmap, plain: &[bool]) -> Result<(), TestCaseError> {
    let rows: Vec<u32> = (0..ROWS).filter(|row| plain[*row as usize]).collect();
    prop_assert_eq!(bitmap.len(), rows.len() as u64);
    prop_assert_eq!(bitmap.is_empty(), rows.is_empty());
    prop_assert_eq!((bitmap.min(), bitmap.max()), (rows.first().copied(), rows.last().copied()));
    prop_assert!(bitmap.iter().eq(rows.iter().copied()), "iter");
    prop_assert!(bitmap.clone().into_iter().eq(rows.iter().copied()), "into_iter");
    prop_assert_eq!(bitmap.iter().len(), rows.len());
    let mut folded = Vec::new();
    bitmap.iter().for_each(|row| folded.push(row));
    prop_assert!(folded == rows, "for_each");
    let (mut ranges, mut iter) = (Vec::new(), bitmap.iter());
    while let Some(range) = iter.next_range() {
        prop_assert!(range.start() <= range.end());
        ranges.extend(range);
    }
    prop_assert!(ranges == rows, "next_range: {} rows of {}", ranges.len(), rows.len());
    let there = |row: u32| plain.get(row as usize).copied().unwrap_or(false);
    let contains = (0..ROWS + 5).all(|row| bitmap.contains(row) == there(row));
    prop_assert!(contains, "contains");
    for end in [0, 1, 4097, CONTAINER - 1, CONTAINER, CONTAINER + 1, 2 * CONTAINER, ROWS - 1, ROWS]
    {
        let expected = rows.partition_point(|row| *row < end) as u64;
        prop_assert_eq!(bitmap.range_cardinality(..end), expected, "range_cardinality(..{})", end);
    }
    prop_assert_eq!(&written_and_read(bitmap), bitmap);
    let mut optimized = bitmap.clone();
    optimized.optimize();
    prop_assert!(optimized.iter().eq(rows.iter().copied()), "optimize");
    prop_assert!(&written_and_read(&optimized) == bitmap, "optimized and written");
    prop_assert!(&rows.iter().copied().collect::<RoaringBitmap>() == bitmap, "collect");
    Ok(())
}

fn cases(count: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(wanted.unwrap_or(count))
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn bulk_operations_are_those_of_a_plain_set(
        a in sets(),
        b in sets(),
        single in vec(0..ROWS, 0..20),
    ) {
        a.check()?;
        let pairs = |of: fn(bool, bool) -> bool| -> Vec<bool> {
            a.plain.iter().zip(&b.plain).map(|(a, b)| of(*a, *b)).collect()
        };
        let (or, and, sub) = (pairs(|a, b| a | b), pairs(|a, b| a & b), pairs(|a, b| a & !b));
        let mut assigned = [a.bitmap.clone(), a.bitmap.clone(), a.bitmap.clone()];
        assigned[0] |= &b.bitmap;
        assigned[1] &= &b.bitmap;
        assigned[2] -= &b.bitmap;
        same(&assigned[0], &or)?;
        same(&assigned[1], &and)?;
        same(&assigned[2], &sub)?;
        let mut owned = [a.bitmap.clone(), a.bitmap.clone()];
        owned[0] |= b.bitmap.clone();
        owned[1] &= b.bitmap.clone();
        prop_assert!(owned[0] == assigned[0] && owned[1] == assigned[1]);
        prop_assert!(&a.bitmap | &b.bitmap == assigned[0] && &a.bitmap & &b.bitmap == assigned[1]);
        prop_assert!(&a.bitmap - &b.bitmap == assigned[2]);
        prop_assert!(a.bitmap.clone() - &b.bitmap == assigned[2]);
        let (mut bitmap, mut plain) = (assigned[0].clone(), or);
        for row in single {
            prop_assert_eq!(bitmap.insert(row), !plain[row as usize]);
            plain[row as usize] = true;
        }
        same(&bitmap, &plain)?;
    }
}
