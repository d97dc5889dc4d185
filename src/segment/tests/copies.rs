//! Copies of rows in second lists: every row has one, merges keep them, and what is wrong with them is found out.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use super::indexing::Case;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, Frame, FrameWriter};
use crate::format::manifest::{RowType, SegmentEntry};
use crate::format::names::segment_name;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::ids::{Key, RowId, SegmentId};
use crate::kernel::scan::block::{BLOCK_ROWS, block_bytes, read_row};
use crate::segment::Segment;
use crate::storage::Storage;

/// Second list, codes and scale of each key that has a copy.
fn copied(segment: &Segment) -> HashMap<Key, (usize, Vec<u8>, u16)> {
    let copies = segment.copies().unwrap().unwrap();
    let sub_quantizers = segment.index().unwrap().sub_quantizers as usize;
    let mut copied = HashMap::new();
    for (list, bounds) in copies.list_offsets.windows(2).enumerate() {
        for copy in bounds[0] as usize..bounds[1] as usize {
            let mut codes = vec![0; sub_quantizers];
            let mut blocks = copies.codes.chunks_exact(block_bytes(sub_quantizers));
            let block = blocks.nth(copy / BLOCK_ROWS).unwrap();
            read_row(block, copy % BLOCK_ROWS, &mut codes);
            let key = segment.key(RowId(copies.rows[copy])).unwrap();
            assert!(copied.insert(key, (list, codes, copies.scales[copy])).is_none(), "twice");
        }
    }
    assert_eq!(copied.len() as u64, segment.vector_count());
    copied
}

/// The first segment of a case, indexed alone.
fn indexed(case: &Case, id: u64) -> Segment {
    case.merge(id, &[(&case.tails[0], &RoaringBitmap::new())]).0
}

/// The same segment, some of its sections changed or, for `None`, left out.
fn rewritten(
    case: &Case,
    segment: &Segment,
    id: u64,
    change: impl Fn(u32, Vec<u8>) -> Option<Vec<u8>>,
) -> Result<Segment> {
    let name = segment_name(segment.id());
    let bytes = case.storage.open(&name)?.unwrap();
    let frame = Frame::parse(&name, FileKind::Segment, &bytes)?;
    let mut writer = FrameWriter::new(FileKind::Segment, [id as u8; 16]);
    for section in &frame.sections {
        let content = bytes[section.offset as usize..][..section.length as usize].to_vec();
        if let Some(content) = change(section.kind, content) {
            writer.section(section.kind);
            writer.write(&content);
        }
    }
    let (bytes, seal) = writer.finish();
    case.storage.create(&segment_name(SegmentId(id)))?.write(&bytes)?;
    let entry = SegmentEntry {
        id: SegmentId(id),
        seal,
        rows: segment.rows(),
        deletes: 0,
        tombstones: None,
    };
    Segment::open(&case.storage, &entry, Some(&case.config))
}

#[test]
fn merges_keep_copies_and_make_those_that_are_missing() {
    let case = Case::new(RowType::Int8);
    let none = RoaringBitmap::new();
    let (first, second) = (indexed(&case, 10), case.merge(11, &[(&case.tails[1], &none)]).0);
    let before = [copied(&first), copied(&second)];
    let deleted: RoaringBitmap = (0..first.rows()).filter(|row| row % 5 == 0).collect();
    let (merged, encoded) = case.merge(12, &[(&first, &deleted), (&second, &none)]);
    assert_eq!(encoded, 0);
    let after = copied(&merged);
    for (key, found) in &after {
        assert_eq!(before.iter().find_map(|part| part.get(key)), Some(found), "{key}");
    }
    // An older version wrote none.
    let bare =
        rewritten(&case, &first, 13, |kind, content| (!SPILLED.contains(&kind)).then_some(content));
    let bare = bare.unwrap();
    bare.verify(&Control::default()).unwrap();
    assert!(!bare.has_copies() && bare.copies().unwrap().is_none());
    let (mixed, encoded) = case.merge(14, &[(&bare, &deleted), (&second, &none)]);
    assert_eq!((encoded, copied(&mixed)), (0, after));
}

#[test]
fn without_the_wish_and_with_one_list_there_are_no_copies() {
    for (lists, copies) in [(20, false), (1, true)] {
        let case = Case::with(RowType::Int8, lists, copies);
        let segment = indexed(&case, 10);
        assert!(!segment.has_copies() && segment.copied_rows().unwrap().is_empty());
        assert!(segment.sections().iter().all(|section| !section.name.starts_with("spilled")));
    }
}

#[test]
fn a_part_of_the_sections_and_a_wrong_length_are_refused() {
    let case = Case::new(RowType::Int8);
    let segment = indexed(&case, 10);
    for (id, kind) in (20..).zip(SPILLED) {
        let cut = |id, change: &dyn Fn(Vec<u8>) -> Option<Vec<u8>>| {
            rewritten(&case, &segment, id, |found, content| {
                if found == kind { change(content) } else { Some(content) }
            })
        };
        let rule = |opened: Result<Segment>| match opened {
            Err(Error::Corrupt { rule, .. }) => Some(rule),
            _ => None,
        };
        assert_eq!(rule(cut(id, &|_| None)), Some(Rule::SectionMissing), "{kind}");
        let shorter = |content: Vec<u8>| Some(content[2..].to_vec());
        assert_eq!(rule(cut(id + 100, &shorter)), Some(Rule::SegmentMeta), "{kind}");
    }
}

#[test]
fn forged_copies_are_found_out() {
    let case = Case::new(RowType::Int8);
    let segment = indexed(&case, 10);
    let lists = segment.lists().unwrap().unwrap();
    let copies = segment.copies().unwrap().unwrap();
    let used =
        (0..20).rev().find(|list| copies.list_offsets[*list] < copies.list_offsets[list + 1]);
    let used = used.unwrap();
    let own =
        (0..20).find(|list| lists.list_offsets[*list] < lists.list_offsets[list + 1]).unwrap();
    let place = |list: usize| copies.list_offsets[list] as usize * 4;
    type Change = Box<dyn Fn(&mut Vec<u8>)>;
    let set = |at: usize, bytes: &[u8]| -> Change {
        let bytes = bytes.to_vec();
        Box::new(move |content| content[at..at + bytes.len()].copy_from_slice(&bytes))
    };
    let number = |number: u32| number.to_le_bytes();
    let (count, rows) = (copies.rows.len(), copies.rows);
    let row_of_own = lists.list_offsets[own];
    let end = block_bytes(segment.index().unwrap().sub_quantizers as usize) * (count / BLOCK_ROWS);
    let cases: [(u32, Change, Rule); 8] = [
        (SECTION_SPILLED_OFFSETS, set(0, &number(1)), Rule::Lists),
        (SECTION_SPILLED_OFFSETS, set(used * 4 + 4, &number(u32::MAX)), Rule::Lists),
        (SECTION_SPILLED_OFFSETS, set(80, &number(count as u32 - 1)), Rule::Lists),
        (SECTION_SPILLED_ROWS, set(0, &number(rows[1])), Rule::Lists),
        (SECTION_SPILLED_ROWS, set(8, &number(count as u32)), Rule::Lists),
        (SECTION_SPILLED_ROWS, set(place(own), &number(row_of_own)), Rule::Lists),
        (SECTION_SPILLED_CODES, set(end + 4 * (count % BLOCK_ROWS), &[1]), Rule::ReservedZero),
        (SECTION_SPILLED_SCALES, set(6, &[0, 0x7c]), Rule::CodeFactor),
    ];
    assert!(count % BLOCK_ROWS > 0 && copies.list_offsets[own] < copies.list_offsets[own + 1]);
    for (id, (kind, change, rule)) in (20..).zip(cases) {
        let forged = rewritten(&case, &segment, id, |found, mut content| {
            if found == kind {
                change(&mut content);
            }
            Some(content)
        });
        match forged.and_then(|forged| forged.verify(&Control::default())) {
            Err(Error::Corrupt { rule: found, .. }) => assert_eq!(found, rule, "{id}"),
            other => panic!("{id}: {other:?}"),
        }
    }
}
