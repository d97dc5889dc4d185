//! Segments are sorted by list, and indexed segments merge without encoding.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::made::{Maker, Pushed, check, config, rows, write};
use crate::control::Control;
use crate::error::Error;
use crate::format::manifest::{RowType, VectorConfig};
use crate::format::rules::Rule;
use crate::ids::{Key, RowId, SegmentId};
use crate::index::train::{TrainOptions, train};
use crate::kernel::scan::block::{BLOCK_ROWS, block_bytes, read_row};
use crate::segment::{CodebookFile, MergeInto, Merged, Queries, Segment, merge};
use crate::storage::MemoryStorage;

/// Unindexed segments of unlike vectors and a codebook for them.
pub(super) struct Case {
    pub(super) storage: MemoryStorage,
    pub(super) config: VectorConfig,
    pushed: HashMap<Key, Pushed>,
    pub(super) tails: Vec<Segment>,
    pub(super) codebook: CodebookFile,
    copies: bool,
}

impl Case {
    pub(super) fn new(row_type: RowType) -> Case {
        Case::with(row_type, 20, true)
    }

    pub(super) fn with(row_type: RowType, lists: usize, copies: bool) -> Case {
        let (storage, config) = (MemoryStorage::new(), config(row_type));
        let (mut pushed, mut tails, mut sample) = (HashMap::new(), Vec::new(), Vec::new());
        for (id, count) in [(1, 1500), (2, 2100)] {
            let mut part = rows(id, count, true);
            for (place, row) in part.iter_mut().enumerate() {
                row.document.key = match place % 3 {
                    0 => Key::Text(format!("key {id} {place}")),
                    _ => Key::pmid((id as usize * 10_000 + place) as u32),
                };
                pushed.insert(row.document.key.clone(), row.clone());
            }
            let entry = write(&storage, id, Some(&config), &part, &[]);
            let segment = Segment::open(&storage, &entry, Some(&config)).unwrap();
            let (stored, present) = segment.vectors().unwrap().unwrap();
            for row in present {
                let start = sample.len();
                sample.resize(start + 24, 0.0);
                stored.read(row as usize, &mut sample[start..]);
            }
            tails.push(segment);
        }
        let options = TrainOptions {
            lists: Some(lists),
            total_rows: 2700,
            sub_dimension: Some(2),
            seed: 7,
            threads: 2,
        };
        let trained = train(&sample, 24, &options, &Control::default(), &mut |_, _| ()).unwrap();
        let queries = Queries { vectors: sample[..240].to_vec(), are_rows: true };
        let entry = CodebookFile::write(&storage, &trained, 2700, &queries, Some(&config)).unwrap();
        // Once more: a published file is not touched.
        let once_more = CodebookFile::write(&storage, &trained, 2700, &queries, Some(&config));
        assert_eq!(once_more.unwrap(), entry);
        let codebook = CodebookFile::open(&storage, &entry, Some(&config)).unwrap();
        codebook.verify().unwrap();
        assert_eq!(codebook.queries().unwrap(), queries);
        for (number, rule) in [(f32::NAN, Rule::FiniteNumber), (f32::MAX, Rule::VectorLength)] {
            let mut queries = queries.clone();
            queries.vectors[100] = number;
            let forged = CodebookFile::write(&storage, &trained, 2700, &queries, Some(&config));
            let forged = CodebookFile::open(&storage, &forged.unwrap(), Some(&config)).unwrap();
            let found = forged.queries();
            assert!(
                matches!(&found, Err(Error::Corrupt { rule: broken, .. }) if *broken == rule),
                "{found:?}"
            );
        }
        Case { storage, config, pushed, tails, codebook, copies }
    }

    pub(super) fn merge(&self, id: u64, inputs: &[(&Segment, &RoaringBitmap)]) -> (Segment, u64) {
        let config = Some(&self.config);
        let into = MergeInto {
            vectors: config,
            codebook: Some(&self.codebook),
            copies: self.copies,
            lexical: None,
        };
        let control = Control::default();
        let Merged { entry, encoded, .. } =
            merge(inputs, into, &self.storage, SegmentId(id), [9; 16], &control).unwrap();
        let segment = Segment::open(&self.storage, &entry, config).unwrap();
        segment.verify(&control).unwrap();
        (segment, encoded)
    }

    /// Holds every answer of a segment against what was pushed, whatever its order.
    fn check(&self, segment: &Segment) {
        let keys = (0..segment.rows()).map(|row| segment.key(RowId(row)).unwrap());
        let in_order: Vec<Pushed> = keys.map(|key| self.pushed[&key].clone()).collect();
        check(segment, &in_order, &[]);
    }
}

/// List, codes and factors of each key that has a vector.
fn coded(segment: &Segment) -> HashMap<Key, (u32, Vec<u8>, u16)> {
    let lists = segment.lists().unwrap().unwrap();
    let sub_quantizers = segment.index().unwrap().sub_quantizers as usize;
    let mut coded = HashMap::new();
    for (list, bounds) in (0..).zip(lists.list_offsets.windows(2)) {
        for row in bounds[0]..bounds[1] {
            let at = row as usize;
            let block = lists.codes.chunks_exact(block_bytes(sub_quantizers)).nth(at / BLOCK_ROWS);
            let mut codes = vec![0; sub_quantizers];
            read_row(block.unwrap(), at % BLOCK_ROWS, &mut codes);
            coded.insert(segment.key(RowId(row)).unwrap(), (list, codes, lists.scales[at]));
        }
    }
    coded
}

#[test]
fn rows_lie_in_order_of_their_lists_and_nothing_is_lost() {
    for row_type in [RowType::Int8, RowType::F16, RowType::F32] {
        let case = Case::new(row_type);
        let none = RoaringBitmap::new();
        let inputs: Vec<_> = case.tails.iter().map(|segment| (segment, &none)).collect();
        let (merged, encoded) = case.merge(10, &inputs);
        assert_eq!(merged.rows() as usize, case.pushed.len());
        assert_eq!(encoded, merged.vector_count());
        assert_eq!(merged.index().unwrap().codebook, case.codebook.hash());
        assert!(merged.index().unwrap().residual_sum > 0.0);
        case.check(&merged);
        assert_eq!(coded(&merged).len() as u64, merged.vector_count());
    }
}

#[test]
fn indexed_segments_merge_without_encoding_a_row() {
    let case = Case::new(RowType::Int8);
    let none = RoaringBitmap::new();
    let (first, _) = case.merge(10, &[(&case.tails[0], &none)]);
    let (second, _) = case.merge(11, &[(&case.tails[1], &none)]);
    let deleted: RoaringBitmap = (0..first.rows()).filter(|row| row % 5 == 0).collect();
    let (merged, encoded) = case.merge(12, &[(&first, &deleted), (&second, &none)]);
    assert_eq!(encoded, 0);
    case.check(&merged);
    let (before, after) = ([coded(&first), coded(&second)], coded(&merged));
    for row in (0..first.rows()).map(RowId) {
        let key = first.key(row).unwrap();
        assert_eq!(merged.find(&key).unwrap().is_some(), !deleted.contains(row.0));
    }
    for (key, found) in &after {
        let known = before.iter().find_map(|part| part.get(key));
        assert_eq!(known, Some(found), "{key}");
    }

    let mut maker = Maker(3);
    let some: RoaringBitmap = (0..second.rows()).filter(|_| maker.number(2) == 0).collect();
    let (mixed, encoded) = case.merge(13, &[(&first, &none), (&case.tails[1], &some)]);
    let tail = case.tails[1].vectors().unwrap().unwrap().1;
    assert_eq!(encoded, (tail - &some).len());
    case.check(&mixed);
    assert_eq!(coded(&mixed).len() as u64, first.vector_count() + encoded);
}

#[test]
fn a_merge_keeps_the_residuals_of_the_vectors_that_it_keeps() {
    let case = Case::new(RowType::Int8);
    let none = RoaringBitmap::new();
    let inputs: Vec<_> = case.tails.iter().map(|segment| (segment, &none)).collect();
    let (indexed, _) = case.merge(10, &inputs);
    let (_, present) = indexed.vectors().unwrap().unwrap();
    let residuals = |segment: &Segment| segment.index().unwrap().residual_sum;
    // Rows without a vector go.
    let without: RoaringBitmap =
        (0..indexed.rows()).filter(|row| !present.contains(*row)).collect();
    assert!(without.len() > 100);
    let (all, _) = case.merge(11, &[(&indexed, &without)]);
    assert_eq!(all.vector_count(), indexed.vector_count());
    assert!((residuals(&all) / residuals(&indexed) - 1.0).abs() < 1e-9);
    // Every second vector goes.
    let some: RoaringBitmap = present.iter().step_by(2).collect();
    let (half, _) = case.merge(12, &[(&indexed, &some)]);
    let share = half.vector_count() as f64 / indexed.vector_count() as f64;
    assert!((residuals(&half) / residuals(&indexed) / share - 1.0).abs() < 1e-9);
}
