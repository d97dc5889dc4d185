//! Citations that their source had again, unchanged.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use super::made::Maker;
use crate::control::Control;
use crate::document::Document;
use crate::ids::{Key, Pmid, Revision, RowId, SegmentId};
use crate::segment::{MergeInto, Merged, Segment, SegmentBuilder, merge, newest_confirmation};
use crate::storage::MemoryStorage;

fn at(file: u32) -> Revision {
    Revision { file, position: file / 7, version: 1 }
}

fn write(
    storage: &MemoryStorage,
    id: u64,
    rows: &[(u32, Revision)],
    confirmed: &[(u32, Revision)],
) -> Segment {
    let mut builder = SegmentBuilder::new(None);
    for (pmid, revision) in rows {
        builder.push(&Document::new(Key::pmid(*pmid)), *revision, [0; 16], None).unwrap();
    }
    for (pmid, revision) in confirmed {
        builder.push_confirmation(Pmid(*pmid), *revision);
    }
    let entry = builder.finish(storage, SegmentId(id), [id as u8; 16]).unwrap();
    Segment::open(storage, &entry, None).unwrap()
}

fn merged(storage: &MemoryStorage, inputs: &[(&Segment, &RoaringBitmap)]) -> (Segment, Merged) {
    let into = MergeInto::default();
    let control = Control::default();
    let merged = merge(inputs, into, storage, SegmentId(99), [9; 16], &control).unwrap();
    (Segment::open(storage, &merged.entry, None).unwrap(), merged)
}

fn listed(segment: &Segment) -> Vec<(u32, Revision)> {
    let all = segment.confirmations().unwrap();
    all.map(|item| item.map(|(pmid, revision)| (pmid.0, revision)).unwrap()).collect()
}

#[test]
fn the_greatest_of_each_comes_back() {
    let storage = MemoryStorage::new();
    let mut maker = Maker(3);
    let confirmed: Vec<(u32, Revision)> = (0..70_000)
        .map(|_| (1 + maker.number(50_000) as u32, at(maker.number(1 << 30) as u32)))
        .collect();
    let segment = write(&storage, 1, &[], &confirmed);
    let mut expected: BTreeMap<u32, Revision> = BTreeMap::new();
    for (pmid, revision) in confirmed {
        let known = expected.entry(pmid).or_default();
        *known = revision.max(*known);
    }
    for pmid in 0..50_002 {
        let found = segment.confirmation(&Key::pmid(pmid)).unwrap();
        assert_eq!(found, expected.get(&pmid).copied());
    }
    assert_eq!(segment.confirmation(&Key::Text("text".into())).unwrap(), None);
    assert_eq!(listed(&segment), expected.into_iter().collect::<Vec<_>>());
    segment.verify(&Control::default()).unwrap();
    let none = write(&storage, 2, &[(1, at(1))], &[]);
    assert!(!none.has_confirmations() && listed(&none).is_empty());
    let later = write(&storage, 3, &[], &[(7, at(2_000_000_000))]);
    let newest = newest_confirmation([&segment, &none, &later].into_iter(), &Key::pmid(7));
    assert_eq!(newest.unwrap(), Some(at(2_000_000_000)));
}

#[test]
fn a_merge_turns_those_of_its_rows_into_revisions() {
    let storage = MemoryStorage::new();
    let mut maker = Maker(4);
    let mut pmid = 0;
    // Across the borders of bitmaps and of blocks of checksums.
    let rows: Vec<(u32, Revision)> = (0..70_000)
        .map(|_| {
            pmid += 1 + maker.number(3) as u32;
            (pmid, at(maker.number(100) as u32))
        })
        .collect();
    let confirmed: Vec<(u32, Revision)> =
        (0..50_000).map(|_| (1 + maker.number(200_000) as u32, at(50))).collect();
    let (first, second) = rows.split_at(40_000);
    let segments = [
        write(&storage, 1, first, &[]),
        write(&storage, 2, second, &confirmed[..20_000]),
        write(&storage, 3, &[], &confirmed[20_000..]),
    ];
    let deleted: RoaringBitmap = (0..40_000).filter(|_| maker.number(5) == 0).collect();
    let none = RoaringBitmap::new();
    let inputs = [(&segments[0], &deleted), (&segments[1], &none), (&segments[2], &none)];
    let (segment, _) = merged(&storage, &inputs);
    segment.verify(&Control::default()).unwrap();

    let is_live = |place: usize| place >= 40_000 || !deleted.contains(place as u32);
    let live: BTreeMap<u32, Revision> =
        rows.iter().enumerate().filter(|(place, _)| is_live(*place)).map(|(_, row)| *row).collect();
    let mut left: BTreeMap<u32, Revision> = confirmed.iter().copied().collect();
    for row in 0..segment.rows() {
        let Key::Pmid(pmid) = segment.key(RowId(row)).unwrap() else { panic!("a text") };
        let expected = live[&pmid.0].max(left.remove(&pmid.0).unwrap_or_default());
        assert_eq!(segment.revision(RowId(row)).unwrap(), expected);
    }
    assert_eq!(segment.rows() as usize, live.len());
    assert!(!left.is_empty(), "some are of documents elsewhere");
    assert_eq!(listed(&segment), left.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_segment_of_nothing_else_is_not_empty() {
    let storage = MemoryStorage::new();
    let segments = [write(&storage, 1, &[(5, at(1))], &[]), write(&storage, 2, &[], &[(6, at(2))])];
    let (all, none) = (RoaringBitmap::from([0]), RoaringBitmap::new());
    let (segment, made) = merged(&storage, &[(&segments[0], &all), (&segments[1], &none)]);
    assert!(!made.is_empty && segment.rows() == 0);
    assert_eq!(listed(&segment), [(6, at(2))]);
    // Rows that had no revision get one.
    let plain = write(&storage, 3, &[(6, Revision::default())], &[]);
    let into = MergeInto::default();
    let inputs = [(&plain, &none), (&segment, &none)];
    let entry = merge(&inputs, into, &storage, SegmentId(4), [4; 16], &Control::default());
    let folded = Segment::open(&storage, &entry.unwrap().entry, None).unwrap();
    assert_eq!((folded.revision(RowId(0)).unwrap(), listed(&folded).len()), (at(2), 0));
    folded.verify(&Control::default()).unwrap();
}
