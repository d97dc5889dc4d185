//! Damaged and forged files: an error, or the same answers; never a panic.

use super::made::{Maker, Pushed, config, rows, write};
use crate::control::Control;
use crate::document::{Field, FieldValue};
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, Frame, FrameWriter};
use crate::format::manifest::{RowType, SegmentEntry, VectorConfig};
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::{TermField, of_document};
use crate::format::wire::put_varint;
use crate::ids::{Key, Revision, RowId};
use crate::segment::Segment;
use crate::storage::{MemoryStorage, Storage};

const NAME: &str = "segment-00000001";

/// A small segment with something in every section.
struct Sample {
    config: VectorConfig,
    rows: Vec<Pushed>,
    entry: SegmentEntry,
    bytes: Vec<u8>,
    marks: Vec<(Key, Revision)>,
}

impl Sample {
    fn new() -> Sample {
        let config = VectorConfig { dimension: 24, ..config(RowType::Int8) };
        let mut rows = rows(21, 5, true);
        for (place, row) in rows.iter_mut().enumerate() {
            row.vector.get_or_insert_with(|| Maker(place as u64).vector(24));
            row.revision = Revision { file: 26_000_001, position: place as u32, version: 1 };
            row.input_hash = row.document.encoder_input().hash();
            row.document.abstract_sections.truncate(1);
            row.document.fields = vec![
                Field { name: "i".into(), value: FieldValue::Integer(-(place as i64)) },
                Field { name: "f".into(), value: FieldValue::Float(place as f64 / 3.0) },
            ];
        }
        rows[1].document.key = Key::Text("one".into());
        rows[2].document.key = Key::Text("two".into());
        rows[3].vector = None;
        let mark = |key| (key, Revision { file: 26_000_002, position: 7, version: 2 });
        let marks = vec![mark(Key::pmid(5)), mark(Key::pmid(9)), mark(Key::Text("gone".into()))];
        let storage = MemoryStorage::new();
        let entry = write(&storage, 1, Some(&config), &rows, &marks);
        let bytes = storage.open(NAME).unwrap().unwrap().to_vec();
        Sample { config, rows, entry, bytes, marks }
    }

    fn open(&self, bytes: Vec<u8>, entry: &SegmentEntry) -> Result<Segment> {
        let storage = MemoryStorage::with_files([(NAME.to_owned(), bytes)]);
        Segment::open(&storage, entry, Some(&self.config))
    }

    /// The file with the sections changed and all checksums right, and its entry.
    fn forge(&self, change: impl Fn(u32, &mut Vec<u8>)) -> (Vec<u8>, SegmentEntry) {
        let frame = Frame::parse(NAME, FileKind::Segment, &self.bytes).unwrap();
        let mut writer = FrameWriter::new(FileKind::Segment, [1; 16]);
        let mut bytes = Vec::new();
        for section in &frame.sections {
            let range = section.offset as usize..(section.offset + section.length) as usize;
            let mut content = self.bytes[range].to_vec();
            change(section.kind, &mut content);
            writer.section(section.kind);
            writer.write(&content);
            bytes.extend(writer.drain());
        }
        let (rest, seal) = writer.finish();
        bytes.extend(rest);
        (bytes, SegmentEntry { seal, ..self.entry.clone() })
    }

    /// Every answer of a segment as text, `None` for an error. The first `.1` are those that a full
    /// check guards.
    fn answers(&self, segment: &Segment) -> (Vec<Option<String>>, usize) {
        let mut answers: Vec<Option<String>> = Vec::new();
        fn text<T: std::fmt::Debug>(answer: Result<T>) -> Option<String> {
            answer.ok().map(|answer| format!("{answer:?}"))
        }
        for row in (0..segment.rows()).map(RowId) {
            answers.push(text(segment.key(row)));
        }
        for pushed in &self.rows {
            answers.push(text(segment.find(&pushed.document.key)));
            of_document(&pushed.document, &mut |field, term| {
                answers.push(text(segment.posting(field, term)));
            });
        }
        for field in TermField::all() {
            answers.push(text(segment.terms(field).collect::<Result<Vec<_>>>()));
        }
        answers.push(text(segment.dates()));
        answers.push(text(segment.integers("i")));
        answers.push(text(segment.floats("f")));
        let guarded = answers.len();
        for row in (0..segment.rows()).map(RowId) {
            answers.push(text(segment.revision(row)));
            answers.push(text(segment.input_hash(row)));
            answers.push(text(segment.document(row)));
            answers.push(text(segment.vector(row)));
        }
        answers.push(text(segment.documents().collect::<Result<Vec<_>>>()));
        answers.push(text(segment.vectors()));
        answers.push(text(segment.deletes().collect::<Result<Vec<_>>>()));
        for (key, _) in &self.marks {
            answers.push(text(segment.find_delete(key)));
            answers.push(text(segment.confirmation(key)));
        }
        let confirmations = segment.confirmations().and_then(Iterator::collect::<Result<Vec<_>>>);
        answers.push(text(confirmations));
        (answers, guarded)
    }
}

fn is_same_or_error(found: &[Option<String>], right: &[Option<String>]) -> bool {
    found.len() == right.len()
        && found.iter().zip(right).all(|(found, right)| found.is_none() || found == right)
}

#[test]
fn every_changed_byte_is_noticed_or_harmless() {
    let sample = Sample::new();
    let intact = sample.open(sample.bytes.clone(), &sample.entry).unwrap();
    intact.verify(&Control::default()).unwrap();
    let (right, _) = sample.answers(&intact);
    assert!(right.iter().all(Option::is_some));
    for at in 0..sample.bytes.len() {
        let mut bytes = sample.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let Ok(segment) = sample.open(bytes, &sample.entry) else { continue };
        assert!(segment.verify(&Control::default()).is_err(), "byte {at} is not checked");
        let (found, _) = sample.answers(&segment);
        assert!(is_same_or_error(&found, &right), "byte {at} changes an answer");
    }
}

#[test]
fn every_truncation_is_an_error() {
    let sample = Sample::new();
    for length in 0..sample.bytes.len() {
        let bytes = sample.bytes[..length].to_vec();
        assert!(sample.open(bytes.clone(), &sample.entry).is_err());
        // Also when the manifest agrees.
        let mut entry = sample.entry.clone();
        entry.seal.length = length as u64;
        assert!(sample.open(bytes, &entry).is_err());
    }
}

/// Every byte of every section changed under right checksums: nothing panics, and when a full check
/// finds no fault, keys, postings and columns answer as before.
#[test]
fn forged_sections_are_found_out() {
    let sample = Sample::new();
    let intact = sample.open(sample.bytes.clone(), &sample.entry).unwrap();
    let (right, guarded) = sample.answers(&intact);
    let mut found_out = 0;
    for (kind, name) in NAMES {
        // Rows have no copies without an index.
        let section = intact.sections().into_iter().find(|section| section.name == *name);
        let length = section.map_or(0, |section| section.bytes);
        for at in 0..length as usize {
            let flips: &[u8] = if *kind == SECTION_META { &[1, 0x80, 0xff] } else { &[1, 0xff] };
            for flip in flips {
                let (bytes, entry) = sample.forge(|section, content| {
                    if section == *kind {
                        content[at] ^= flip;
                    }
                });
                let Ok(segment) = sample.open(bytes, &entry) else { continue };
                let (found, _) = sample.answers(&segment);
                match segment.verify(&Control::default()) {
                    Err(Error::Corrupt { .. }) => found_out += 1,
                    Err(other) => panic!("{name} byte {at}: {other}"),
                    Ok(()) => assert_eq!(
                        found[..guarded],
                        right[..guarded],
                        "{name} byte {at} changes an answer and is not found out"
                    ),
                }
            }
        }
    }
    assert!(found_out > 1000, "{found_out}");
}

#[test]
fn sections_of_other_lengths_are_refused() {
    let sample = Sample::new();
    for (kind, name) in NAMES {
        let changes = [
            |content: &mut Vec<u8>| content.push(0),
            |content: &mut Vec<u8>| content.truncate(content.len() / 2),
            |content: &mut Vec<u8>| content.clear(),
        ];
        for change in changes {
            let (bytes, entry) = sample.forge(|section, content| {
                if section == *kind {
                    change(content);
                }
            });
            if bytes == sample.bytes {
                continue;
            }
            let Ok(segment) = sample.open(bytes, &entry) else { continue };
            sample.answers(&segment);
            // A dictionary that no block refers to does no harm.
            let harmless = *kind == SECTION_DICTIONARY;
            assert!(harmless || segment.verify(&Control::default()).is_err(), "{name}");
        }
    }
}

#[test]
fn marks_out_of_order_are_found_out() {
    let sample = Sample::new();
    for kind in [SECTION_DELETE_PMIDS, SECTION_CONFIRMED_PMIDS] {
        for wrong in [[9u32, 5], [5, 5], [0, 5]] {
            let (bytes, entry) = sample.forge(|section, content| {
                if section == kind {
                    *content = wrong.map(u32::to_le_bytes).concat();
                }
            });
            let segment = sample.open(bytes, &entry).unwrap();
            let verified = segment.verify(&Control::default());
            assert_eq!(rule_of(verified), Some(Rule::Sorted), "{kind} {wrong:?}");
        }
    }
}

fn with_block(sample: &Sample, block: &[u8]) -> Segment {
    let (bytes, entry) = sample.forge(|section, content| match section {
        SECTION_BLOCKS => *content = block.to_vec(),
        SECTION_BLOCK_OFFSETS => {
            *content = [0u64, block.len() as u64].map(u64::to_le_bytes).concat();
        }
        SECTION_DICTIONARY => content.clear(),
        _ => {}
    });
    sample.open(bytes, &entry).unwrap()
}

fn rule_of<T>(result: Result<T>) -> Option<Rule> {
    match result {
        Err(Error::Corrupt { rule, .. }) => Some(rule),
        _ => None,
    }
}

#[test]
fn a_block_cannot_grow_without_bound() {
    let sample = Sample::new();
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 3).unwrap();
    assert!(bomb.len() < 10_000);
    let segment = with_block(&sample, &bomb);
    assert_eq!(rule_of(segment.document(RowId(0))), Some(Rule::BlockLength));

    let block = zstd::bulk::compress(&[0; 100], 3).unwrap();
    let twice = with_block(&sample, &[block.clone(), block].concat());
    assert_eq!(rule_of(twice.document(RowId(0))), Some(Rule::Compressed));

    let mut compressor = zstd::bulk::Compressor::new(3).unwrap();
    compressor.include_contentsize(false).unwrap();
    let unstated = with_block(&sample, &compressor.compress(&[0; 100]).unwrap());
    assert_eq!(rule_of(unstated.document(RowId(0))), Some(Rule::BlockLength));

    // Four rows of nothing, and one of three million empty texts: 72 MB in memory.
    let mut raw = Vec::new();
    let mut record = vec![1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    put_varint(3_000_000, &mut record);
    record.resize(record.len() + 3_000_020, 0);
    for length in [0, 0, 0, 0, record.len()] {
        put_varint(length as u64, &mut raw);
    }
    raw.extend(record);
    let wide = with_block(&sample, &zstd::bulk::compress(&raw, 3).unwrap());
    assert_eq!(rule_of(wide.document(RowId(4))), Some(Rule::DocumentRecord));
    assert!(wide.documents().next().unwrap().is_err());
}
