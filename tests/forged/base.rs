//! Small sound databases to forge: every kind of file, section and field between them.

use std::sync::{Arc, OnceLock};

use medvec::date::{Day, PublicationDate};
use medvec::db::{Change, CreateOptions, Database, OptimizeOptions, WriterOptions};
use medvec::document::{AbstractSection, Document, Field, FieldValue, MeshHeading, Term};
use medvec::encoder::EncoderSpec;
use medvec::format::manifest::{RowType, SourceEntry, VectorConfig};
use medvec::format::names::{self, Name};
use medvec::ids::{Key, Revision};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Metric, Result};

use super::parts::{Files, Parts};
use crate::common::Random;

/// Numbers of a vector: neither a power of two nor a multiple of 4.
pub const DIMENSION: u32 = 6;

/// Documents that are written, deleted ones included.
pub const NUMBERS: u64 = 16;

/// The databases, taken apart.
pub fn all() -> &'static [Parts] {
    static BASES: OnceLock<Vec<Parts>> = OnceLock::new();
    BASES.get_or_init(|| {
        let spec = EncoderSpec::of_origin("forger", DIMENSION, Metric::Cosine);
        let config = |metric, row_type, encoder| {
            Some(VectorConfig::new(DIMENSION, metric, row_type, encoder))
        };
        let bases = [
            build(config(Metric::Cosine, RowType::Int8, Some(spec)), true),
            build(config(Metric::Dot, RowType::F32, None), true),
            build(config(Metric::Dot, RowType::F16, None), true),
            build(config(Metric::Dot, RowType::Int8, None), false),
            build(None, false),
        ];
        bases.map(|files| Parts::new(&files.expect("no fault is possible in memory"))).into()
    })
}

/// The files of each.
pub fn assembled() -> &'static [Files] {
    static FILES: OnceLock<Vec<Files>> = OnceLock::new();
    FILES.get_or_init(|| all().iter().map(Parts::assemble).collect())
}

/// A writer that trains and uses an index of a few documents.
pub fn small_index(vectors: Option<&VectorConfig>) -> WriterOptions {
    WriterOptions::default()
        .index_rows_min(4)
        .train_rows_min(6)
        .origin(vectors.and_then(|config| config.encoder.clone()))
}

/// Even numbers make PMIDs, odd ones string keys.
pub fn key(number: u64) -> Key {
    if number.is_multiple_of(2) {
        Key::pmid(100 + number as u32)
    } else {
        Key::Text(format!("key {number}"))
    }
}

/// A vector for a number; of length 1, as that of a cosine is stored.
pub fn vector(number: u64) -> Vec<f32> {
    let mut random = Random(number * 1_000_003);
    let numbers: Vec<f32> = (0..DIMENSION).map(|_| random.unit()).collect();
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    numbers.iter().map(|number| number / length).collect()
}

fn document(number: u64) -> Document {
    let mut document = Document::new(key(number));
    let text = |text: String| AbstractSection { text, ..AbstractSection::default() };
    document.title = format!("Title {number}");
    if number % 4 != 3 {
        document.abstract_sections = vec![text(format!("Text {number}."))];
    }
    if number % 5 != 4 {
        let year = 1990 + number as u32 % 5;
        document.date = Some(PublicationDate {
            verbatim: year.to_string(),
            first: Day::new(year, 1, 1),
            last: Day::new(year, 12, 31),
        });
    }
    document.journal.abbreviation = format!("J {}", number % 2);
    document.languages = vec![if number.is_multiple_of(3) { "ger" } else { "eng" }.into()];
    document.publication_types = vec![Term { ui: "D016428".into(), name: "Letter".into() }];
    document.mesh = vec![MeshHeading {
        ui: format!("D00100{}", number % 2),
        name: format!("Heading {}", number % 2),
        major: number.is_multiple_of(3),
        qualifiers: Vec::new(),
    }];
    let field = |name: &str, value| Field { name: name.into(), value };
    document.fields = vec![
        field("shelf", FieldValue::String(format!("s{}", number % 2))),
        field("count", FieldValue::Integer(number as i64 - 5)),
        field("weight", FieldValue::Float(number as f64 / 4.0)),
    ];
    document
}

/// An indexed segment where there are vectors and `is_indexed`, one that is not, both with deleted
/// rows, deletion marks, confirmations, revisions, rows without a vector, and sources.
fn build(vectors: Option<VectorConfig>, is_indexed: bool) -> Result<Files> {
    let storage = MemoryStorage::new();
    let options = CreateOptions::default().vectors(vectors.clone());
    let database = Database::create_in(Arc::new(storage.clone()), options)?;
    let mut writer = database.writer(small_index(vectors.as_ref()))?;
    let change = |number: u64| Change {
        document: document(number),
        revision: number.is_multiple_of(3).then_some(Revision {
            file: 26_000_001,
            position: number as u32,
            version: 1,
        }),
        vector: (vectors.is_some() && number != 5).then(|| vector(number)),
    };
    writer.apply((0..11).map(change).collect())?;
    let revision = Revision { file: 26_000_001, position: 30, version: 1 };
    writer.delete_revision(&key(98), revision)?;
    if is_indexed {
        let options = OptimizeOptions::default().lists(Some(3));
        writer.optimize(&options, &Control::default())?;
    } else {
        writer.commit()?;
    }
    writer.apply((11..NUMBERS).map(change).collect())?;
    // Replaces a row of the first segment.
    writer.upsert(Document { title: "Another title".into(), ..document(4) })?;
    writer.delete(&key(2))?;
    // The next year has one again as it is, of the first segment, and one of another database.
    let again = Change {
        revision: Some(Revision { file: 27_000_001, position: 6, version: 1 }),
        vector: None,
        ..change(6)
    };
    writer.apply(vec![again])?;
    writer.delete_revision(&key(97), revision)?;
    writer.delete_revision(&key(96), revision)?;
    for number in 0..2u8 {
        writer.set_source(SourceEntry {
            name: format!("pubmed26n000{number}.xml.gz"),
            bytes: 1000,
            head: [number; 16],
            records: 8,
            complete: number == 0,
            digest: None,
        });
    }
    writer.commit()?;
    writer.delete(&key(12))?;
    let newest = writer.commit()?;
    let mut files = Files::new();
    for name in storage.list()? {
        let old = matches!(names::parse(&name), Some(Name::Manifest(found)) if found != newest);
        if let Some(bytes) = storage.open(&name)?.filter(|bytes| !old && !bytes.is_empty()) {
            files.insert(name, bytes.to_vec());
        }
    }
    Ok(files)
}
