//! Several segments become one.

use proptest::prelude::*;
use roaring::RoaringBitmap;

use super::made::{Maker, Pushed, check, config, rows, write};
use crate::control::{CancelToken, Control};
use crate::document::Document;
use crate::error::Error;
use crate::format::lexical::LexicalSection;
use crate::format::manifest::{LexicalConfig, RowType, SegmentEntry, VectorConfig};
use crate::format::rules::Rule;
use crate::format::segment::lexical_kind;
use crate::ids::{Key, Revision, RowId, SegmentId};
use crate::segment::{MergeInto, Segment, merge};
use crate::storage::{MemoryStorage, Storage};

struct Case {
    storage: MemoryStorage,
    config: Option<VectorConfig>,
    segments: Vec<Segment>,
    deleted: Vec<RoaringBitmap>,
    live: Vec<Pushed>,
    marks: Vec<(Key, Revision)>,
}

impl Case {
    fn new(seed: u64, inputs: usize, rows_max: u64, row_type: Option<RowType>) -> Case {
        let mut maker = Maker(seed);
        let config = row_type.map(config);
        let mut case = Case {
            storage: MemoryStorage::new(),
            config,
            segments: Vec::new(),
            deleted: Vec::new(),
            live: Vec::new(),
            marks: Vec::new(),
        };
        for input in 0..inputs {
            let count = maker.number(rows_max + 1) as usize;
            let vectors = case.config.is_some() && maker.number(3) != 0;
            let pushed = rows(maker.number(u64::MAX), count, vectors);
            let marks: Vec<(Key, Revision)> = (0..maker.number(4))
                .map(|file| {
                    let revision = Revision { file: file as u32, ..Revision::default() };
                    (Key::pmid(1 + maker.number(5) as u32), revision)
                })
                .collect();
            let config = case.config.as_ref();
            let entry = write(&case.storage, input as u64, config, &pushed, &marks);
            case.segments.push(Segment::open(&case.storage, &entry, config).unwrap());
            let part = maker.number(4);
            let deleted: RoaringBitmap =
                (0..count as u32).filter(|_| maker.number(4) < part).collect();
            let live = (0u32..).zip(pushed).filter(|(row, _)| !deleted.contains(*row));
            case.live.extend(live.map(|(_, row)| row));
            case.deleted.push(deleted);
            case.marks.extend(marks);
        }
        case
    }

    fn merge(&self, control: &Control) -> Result<Segment, Error> {
        let inputs: Vec<(&Segment, &RoaringBitmap)> =
            self.segments.iter().zip(&self.deleted).collect();
        let (config, id) = (self.config.as_ref(), SegmentId(99));
        let into = MergeInto { vectors: config, ..MergeInto::default() };
        let entry = merge(&inputs, into, &self.storage, id, [9; 16], control)?.entry;
        Segment::open(&self.storage, &entry, config)
    }

    /// Vectors of the live rows, as they are stored.
    fn vectors(&self) -> Vec<Option<Vec<f32>>> {
        let mut vectors = Vec::new();
        for (segment, deleted) in self.segments.iter().zip(&self.deleted) {
            for row in (0..segment.rows()).filter(|row| !deleted.contains(*row)) {
                vectors.push(segment.vector(RowId(row)).unwrap());
            }
        }
        vectors
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn live_rows_come_back_in_order(seed: u64, inputs in 1usize..5, row_type in 0u8..4) {
        let row_type = [Some(RowType::Int8), Some(RowType::F16), Some(RowType::F32), None]
            [row_type as usize];
        let case = Case::new(seed, inputs, 20, row_type);
        let control = Control::default();
        for segment in &case.segments {
            segment.verify(&control).unwrap();
        }
        let merged = case.merge(&control).unwrap();
        check(&merged, &case.live, &case.marks);
        merged.verify(&control).unwrap();
        let vectors: Vec<_> =
            (0..merged.rows()).map(|row| merged.vector(RowId(row)).unwrap()).collect();
        prop_assert_eq!(vectors, case.vectors());
    }
}

/// Several batches of lists, each of several parts.
#[test]
fn words_of_segments_become_those_of_one() {
    let storage = MemoryStorage::new();
    let mut maker = Maker(5);
    let endings = ["", "s", "ing", "ed"];
    let mut pushed = |pmid: u32| {
        let mut document = Document::new(Key::pmid(pmid));
        for _ in 0..30 {
            // Some words are in every third document, most in a few.
            let most = [20, 500, 20_000][maker.number(3) as usize];
            let ending = endings[maker.number(4) as usize];
            document.title += &format!("w{}{ending} ", maker.number(most));
        }
        Pushed { document, revision: Revision::default(), input_hash: [0; 16], vector: None }
    };
    let inputs: Vec<Vec<Pushed>> =
        [1, 5_001, 9_001].map(|first| (first..first + 4_000).map(&mut pushed).collect()).into();
    let is_deleted = |row: u32| row.is_multiple_of(7);
    let deleted: RoaringBitmap = (0..4_000).filter(|row| is_deleted(*row)).collect();
    let open = |entry: &SegmentEntry| Segment::open(&storage, entry, None).unwrap();
    let segments: Vec<Segment> =
        (0..).zip(&inputs).map(|(id, rows)| open(&write(&storage, id, None, rows, &[]))).collect();
    let into =
        MergeInto { lexical: Some(LexicalConfig { positions: true }), ..MergeInto::default() };
    let joined: Vec<_> = segments.iter().map(|segment| (segment, &deleted)).collect();
    let control = Control::default();
    let merged = merge(&joined, into, &storage, SegmentId(9), [9; 16], &control).unwrap().entry;

    let live = inputs.into_iter().flat_map(|rows| (0..).zip(rows));
    let live: Vec<Pushed> = live.filter(|(row, _)| !is_deleted(*row)).map(|(_, row)| row).collect();
    let [merged, whole] = [open(&merged), open(&write(&storage, 10, None, &live, &[]))];
    for section in LexicalSection::ALL {
        let bytes = |segment: &Segment| {
            segment.shared.file.read_all(lexical_kind(section)).unwrap().to_vec()
        };
        assert!(bytes(&merged) == bytes(&whole), "{section:?}");
    }
    let lists = merged.shared.file.section(lexical_kind(LexicalSection::Lists)).unwrap();
    assert!(lists.length > 600 << 10, "{} bytes are few", lists.length);
}

#[test]
fn large_segments_share_a_dictionary() {
    let case = Case::new(1, 3, 1500, Some(RowType::Int8));
    let merged = case.merge(&Control::default()).unwrap();
    check(&merged, &case.live, &case.marks);
    merged.verify(&Control::default()).unwrap();
    let dictionary = merged.sections().into_iter().find(|section| section.name == "dictionary");
    assert!(dictionary.unwrap().bytes > 1000);
}

#[test]
fn a_cancelled_merge_leaves_nothing() {
    let case = Case::new(1, 2, 50, None);
    let before = case.storage.list().unwrap();
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = Control { cancel: Some(cancel), ..Control::default() };
    assert!(matches!(case.merge(&control), Err(Error::Cancelled)));
    assert_eq!(case.storage.list().unwrap(), before);
}

#[test]
fn a_file_that_is_there_is_not_overwritten() {
    let case = Case::new(1, 2, 50, None);
    let merged = case.merge(&Control::default()).unwrap();
    assert!(matches!(case.merge(&Control::default()), Err(Error::Io { .. })));
    merged.verify(&Control::default()).unwrap();
    assert!(case.storage.length("segment-00000099").unwrap().is_some());
}

#[test]
fn other_vectors_do_not_mix() {
    let storage = MemoryStorage::new();
    let int8 = config(RowType::Int8);
    let entry = write(&storage, 1, Some(&int8), &rows(1, 5, true), &[]);
    let segment = Segment::open(&storage, &entry, Some(&int8)).unwrap();
    let none = RoaringBitmap::new();
    let mix = |config: Option<&VectorConfig>| {
        let control = Control::default();
        let into = MergeInto { vectors: config, ..MergeInto::default() };
        merge(&[(&segment, &none)], into, &storage, SegmentId(2), [2; 16], &control)
    };
    let half = config(RowType::F16);
    assert!(matches!(mix(Some(&half)), Err(Error::Vector { .. })));
    assert!(matches!(mix(None), Err(Error::Vector { .. })));
    let opened = Segment::open(&storage, &entry, Some(&half));
    assert!(matches!(opened, Err(Error::Corrupt { rule: Rule::Dimension, .. })));
}
