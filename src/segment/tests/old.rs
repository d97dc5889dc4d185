//! Segments of format 1.0, which lack the sections that came later.

use super::made::{Pushed, check, config, rows, write};
use crate::control::Control;
use crate::error::Error;
use crate::format::frame::{FileKind, Frame, FrameWriter};
use crate::format::manifest::{RowType, SegmentEntry};
use crate::format::names::segment_name;
use crate::format::rules::Rule;
use crate::format::segment::{OPTIONAL, SECTION_VECTOR_SUM, SPILLED};
use crate::ids::SegmentId;
use crate::segment::{MergeInto, Segment, merge};
use crate::storage::{MemoryStorage, Storage};

/// Writes a segment without the sections of some kinds.
fn without(storage: &MemoryStorage, id: u64, rows: &[Pushed], kinds: &[u32]) -> SegmentEntry {
    let config = config(RowType::Int8);
    let entry = write(storage, id, Some(&config), rows, &[]);
    let name = segment_name(entry.id);
    let bytes = storage.open(&name).unwrap().unwrap();
    let frame = Frame::parse(&name, FileKind::Segment, &bytes).unwrap();
    let mut writer = FrameWriter::new(FileKind::Segment, frame.header.file_id);
    for section in frame.sections.iter().filter(|section| !kinds.contains(&section.kind)) {
        writer.section(section.kind);
        writer.write(&bytes[section.offset as usize..][..section.length as usize]);
    }
    let (bytes, seal) = writer.finish();
    storage.remove(&name).unwrap();
    storage.create(&name).unwrap().write(&bytes).unwrap();
    SegmentEntry { seal, ..entry }
}

#[test]
fn an_old_segment_answers_as_a_new_one_and_merging_makes_it_new() {
    let config = config(RowType::Int8);
    let storage = MemoryStorage::new();
    let pushed = rows(11, 60, true);
    let entry = without(&storage, 1, &pushed, OPTIONAL);
    let old = Segment::open(&storage, &entry, Some(&config)).unwrap();
    assert!(!old.has_more_terms() && old.vector_sum().unwrap().is_none());
    old.verify(&Control::default()).unwrap();
    check(&old, &pushed, &[]);
    let none = Default::default();
    let merged = merge(
        &[(&old, &none)],
        MergeInto { vectors: Some(&config), ..MergeInto::default() },
        &storage,
        SegmentId(2),
        [1; 16],
        &Control::default(),
    );
    let new = Segment::open(&storage, &merged.unwrap().entry, Some(&config)).unwrap();
    assert!(new.has_more_terms() && new.vector_sum().unwrap().is_some());
    new.verify(&Control::default()).unwrap();
    check(&new, &pushed, &[]);
}

#[test]
fn a_part_of_the_new_sections_is_refused() {
    let config = config(RowType::Int8);
    // The sum of the vectors is a group of its own, and copies need an index.
    let others = |kind: &&u32| **kind != SECTION_VECTOR_SUM && !SPILLED.contains(kind);
    for kind in OPTIONAL.iter().filter(others) {
        let storage = MemoryStorage::new();
        let entry = without(&storage, 1, &rows(12, 9, true), &[*kind]);
        match Segment::open(&storage, &entry, Some(&config)) {
            Err(Error::Corrupt { rule: Rule::SectionMissing, .. }) => {}
            other => panic!("{kind}: {other:?}"),
        }
    }
}
