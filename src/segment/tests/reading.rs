//! What was pushed comes back.

use proptest::prelude::*;

use super::made::{Maker, Pushed, check, config, rows, write};
use crate::control::Control;
use crate::document::{Document, Field, FieldValue};
use crate::error::Error;
use crate::format::manifest::{RowType, VectorConfig};
use crate::format::record;
use crate::format::terms::{FLAG_ABSTRACT, TermField};
use crate::ids::{Key, Revision, RowId};
use crate::kernel::Rows;
use crate::segment::{Segment, SegmentBuilder};
use crate::storage::MemoryStorage;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_record_is_checked_as_it_is_decoded(
        seed: u64,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        for row in rows(seed, 8, false) {
            let mut bytes = Vec::new();
            let text_bytes = record::encode(&row.document, &mut bytes).unwrap();
            prop_assert_eq!(record::check(&bytes), Ok((row.document.key.clone(), text_bytes)));
            for (place, value) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *value;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            let decoded = record::decode(&bytes).map(|document| {
                let text_bytes = record::encode(&document, &mut Vec::new()).unwrap();
                (document.key, text_bytes)
            });
            prop_assert_eq!(record::check(&bytes), decoded);
        }
    }

    #[test]
    fn everything_comes_back(seed: u64, count in 0usize..40, row_type in 0u8..4) {
        let config = match row_type {
            0 => Some(config(RowType::Int8)),
            1 => Some(config(RowType::F16)),
            2 => Some(config(RowType::F32)),
            _ => None,
        };
        let rows = rows(seed, count, config.is_some());
        let mut maker = Maker(seed ^ 1);
        let deletes: Vec<(Key, Revision)> = (0..maker.number(9))
            .map(|file| {
                (maker.key(), Revision { file: file as u32, ..Revision::default() })
            })
            .collect();
        let storage = MemoryStorage::new();
        let entry = write(&storage, 3, config.as_ref(), &rows, &deletes);
        let segment = Segment::open(&storage, &entry, config.as_ref()).unwrap();
        check(&segment, &rows, &deletes);
        segment.verify(&Control::default()).unwrap();
    }
}

#[test]
fn many_documents_share_a_dictionary() {
    let rows = rows(5, 2500, true);
    let config = config(RowType::Int8);
    let storage = MemoryStorage::new();
    let entry = write(&storage, 1, Some(&config), &rows, &[]);
    let segment = Segment::open(&storage, &entry, Some(&config)).unwrap();
    let size = |name| segment.sections().into_iter().find(|section| section.name == name);
    assert!(size("dictionary").unwrap().bytes > 1000);
    assert!(size("block-rows").unwrap().bytes > 4 * 20);
    check(&segment, &rows, &[]);
    let text_bytes = |row: &Pushed| record::encode(&row.document, &mut Vec::new()).unwrap();
    let texts: usize = rows.iter().map(text_bytes).sum();
    assert_eq!(segment.text_bytes(), texts as u64);
    assert!(segment.document_bytes() < segment.text_bytes() / 2);
}

#[test]
fn the_last_row_of_a_key_is_found() {
    let storage = MemoryStorage::new();
    let mut pushed: Vec<Pushed> = rows(9, 6, false);
    for (place, row) in pushed.iter_mut().enumerate() {
        row.document.key = if place % 2 == 0 { Key::pmid(7) } else { Key::Text("seven".into()) };
    }
    let entry = write(&storage, 1, None, &pushed, &[]);
    let segment = Segment::open(&storage, &entry, None).unwrap();
    assert_eq!(segment.find(&Key::pmid(7)).unwrap(), Some(RowId(4)));
    assert_eq!(segment.find(&Key::Text("seven".into())).unwrap(), Some(RowId(5)));
    check(&segment, &pushed, &[]);
}

#[test]
fn vectors_are_the_rows_of_the_file() {
    let storage = MemoryStorage::new();
    let pushed = rows(2, 50, true);
    let config = config(RowType::F32);
    let entry = write(&storage, 1, Some(&config), &pushed, &[]);
    let segment = Segment::open(&storage, &entry, Some(&config)).unwrap();
    let (stored, present) = segment.vectors().unwrap().unwrap();
    let Rows::F32(numbers) = stored else { panic!("single precision was asked for") };
    assert_eq!(numbers.len(), 50 * 24);
    for (row, pushed) in (0u32..).zip(&pushed) {
        assert_eq!(present.contains(row), pushed.vector.is_some());
        let numbers = &numbers[row as usize * 24..][..24];
        match segment.vector(RowId(row)).unwrap() {
            Some(vector) => {
                assert_eq!(vector, numbers);
                let length: f32 = vector.iter().map(|number| number * number).sum();
                assert!((length - 1.0).abs() < 1e-5);
            }
            None => assert!(numbers.iter().all(|number| *number == 0.0)),
        }
    }
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let config = config(RowType::F16);
    let mut builder = SegmentBuilder::new(Some(&config));
    let document = Document::new(Key::pmid(1));
    let mut push = |document: &Document, vector: Option<&[f32]>| {
        builder.push(document, Revision::default(), [0; 16], vector).map(|row| row.0)
    };
    let refused = |result| matches!(result, Err(Error::Vector { .. }));
    assert!(refused(push(&document, Some(&[1.0; 23]))));
    assert!(refused(push(&document, Some(&[f32::NAN; 24]))));
    assert!(refused(push(&document, Some(&[f32::INFINITY; 24]))));
    assert!(refused(push(&document, Some(&[0.0; 24]))));
    let mut long = document.clone();
    long.title = "x".repeat(5 * 1024 * 1024);
    assert!(matches!(push(&long, None), Err(Error::InvalidDocument { .. })));
    // A list of empty texts is short on disk and long in memory.
    let mut wide = document.clone();
    wide.languages = vec![String::new(); 500_000];
    assert!(matches!(push(&wide, None), Err(Error::InvalidDocument { .. })));
    let nameless = Document::new(Key::Text(String::new()));
    assert!(matches!(push(&nameless, None), Err(Error::InvalidDocument { .. })));
    // Nothing of these was kept.
    assert_eq!(push(&document, Some(&[0.5; 24])).unwrap(), 0);

    let dot = VectorConfig { metric: crate::Metric::Dot, ..config };
    let mut builder = SegmentBuilder::new(Some(&dot));
    let beyond = builder.push(&document, Revision::default(), [0; 16], Some(&[1e6; 24]));
    assert!(matches!(beyond, Err(Error::Vector { .. })));
    let mut none = SegmentBuilder::new(None);
    let unwanted = none.push(&document, Revision::default(), [0; 16], Some(&[1.0; 24]));
    assert!(matches!(unwanted, Err(Error::Vector { .. })));
}

#[test]
fn terms_are_found_as_people_write_them() {
    let storage = MemoryStorage::new();
    let mut document = Document::new(Key::pmid(1));
    document
        .abstract_sections
        .push(crate::document::AbstractSection { text: "Text.".into(), ..Default::default() });
    document.journal.title = " The  Lancet ".into();
    document.mesh.push(crate::document::MeshHeading {
        ui: "D003924".into(),
        name: "Diabetes Mellitus, Type 2".into(),
        major: true,
        qualifiers: Vec::new(),
    });
    let long = "long value ".repeat(100);
    document.fields.push(Field { name: "note".into(), value: FieldValue::String(long.clone()) });
    let row = Pushed { document, revision: Revision::default(), input_hash: [0; 16], vector: None };
    let entry = write(&storage, 1, None, &[row], &[]);
    let segment = Segment::open(&storage, &entry, None).unwrap();
    let has = |field, term: &str| segment.posting(field, term).unwrap().is_some();
    assert!(has(TermField::Journal, "THE LANCET"));
    assert!(has(TermField::MeshMajorName, "diabetes mellitus,  type 2"));
    assert!(has(TermField::MeshUi, "d003924"));
    assert!(has(TermField::Flag, FLAG_ABSTRACT));
    assert!(has(TermField::Field, &format!("note\0{long}")));
    assert!(!has(TermField::Field, &format!("note\0{long}!")));
    assert!(!has(TermField::MeshName, ""));
}

#[test]
fn memory_is_counted() {
    let mut builder = SegmentBuilder::new(Some(&config(RowType::Int8)));
    let mut before = builder.memory_bytes();
    for (place, row) in rows(3, 400, true).iter().enumerate() {
        builder.push(&row.document, row.revision, row.input_hash, row.vector.as_deref()).unwrap();
        if place % 100 == 99 {
            let now = builder.memory_bytes();
            assert!(now > before + 10_000, "{before} then {now}");
            before = now;
        }
    }
    fn is_send<T: Send>(_: &T) {}
    is_send(&builder);
}
