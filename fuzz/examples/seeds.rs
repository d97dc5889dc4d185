//! Writes valid inputs for every target to `fuzz/corpus/<target>/`.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use medvec::date::{Day, PublicationDate};
use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::{AbstractSection, Document, Field, FieldValue, MeshHeading};
use medvec::encoder::{EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::archive;
use medvec::format::frame::FileSeal;
use medvec::format::manifest::{
    self, Manifest, RowType, SegmentEntry, SourceEntry, TombstonesEntry, VectorConfig,
};
use medvec::format::tombstones;
use medvec::ids::Revision;
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Generation, Key, SegmentId};
use medvec_fuzz::database::{Files, pack};
use roaring::RoaringBitmap;

fn main() -> io::Result<()> {
    for (place, manifest) in [empty(), rich()].iter().enumerate() {
        let (file, _) = manifest::encode(manifest, [1; 16]).expect("valid");
        let record = archive::encode(manifest).expect("valid");
        write("frame", &format!("manifest{place}"), &file)?;
        write("manifest", &format!("file{place}"), &file)?;
        write("manifest", &format!("record{place}"), &record)?;
    }
    let mut runs: RoaringBitmap = (100..70_000).collect();
    runs.optimize();
    let bitmaps = [RoaringBitmap::new(), RoaringBitmap::from([1, 5, 70_000]), runs];
    for (place, bitmap) in bitmaps.iter().enumerate() {
        let rows = 100_000_u32.to_le_bytes();
        let mut content = rows.to_vec();
        bitmap.serialize_into(&mut content)?;
        write("tombstones", &format!("bitmap{place}"), &content)?;
        let (file, _) = tombstones::encode(bitmap, [1; 16]).expect("valid");
        write("tombstones", &format!("file{place}"), &[&rows[..], &file].concat())?;
        write("frame", &format!("tombstones{place}"), &file)?;
    }
    for (place, documents) in [0, 1, 12].into_iter().enumerate() {
        let files = database(documents).expect("a database");
        write("database", &format!("documents{place}"), &pack(&files))?;
    }
    Ok(())
}

/// A database of some documents, some of them deleted and revised.
fn database(documents: u32) -> medvec::Result<Files> {
    let storage = MemoryStorage::new();
    let options = CreateOptions {
        vectors: Some(VectorConfig {
            dimension: 4,
            metric: Metric::Cosine,
            row_type: RowType::Int8,
            encoder: None,
        }),
    };
    let database = Database::create_in(Arc::new(storage.clone()), options)?;
    let mut writer = database.writer(WriterOptions::default())?;
    for edition in 0..2 {
        for number in (0..documents).skip(edition as usize * 3) {
            let vector = [number as f32, 1.0, edition as f32, -2.0];
            writer.upsert_with_vector(document(number, edition), vector.into())?;
        }
        writer.commit()?;
    }
    writer.delete(&Key::pmid(1_000_002))?;
    let revision = Revision { file: 26_000_001, position: 1, version: 1 };
    writer.delete_revision(&Key::Text("gone".into()), revision)?;
    writer.commit()?;
    let mut files = Files::new();
    for name in storage.list()? {
        if let Some(bytes) = storage.open(&name)? {
            files.insert(name, bytes.to_vec());
        }
    }
    Ok(files)
}

fn document(number: u32, edition: u32) -> Document {
    let key = match number % 2 {
        0 => Key::pmid(1_000_000 + number),
        _ => Key::Text(format!("doc-{number}")),
    };
    let mut document = Document::new(key);
    document.title = format!("Title {number} of edition {edition}");
    let text = format!("What we found about {number}.");
    document.abstract_sections = vec![AbstractSection { text, ..AbstractSection::default() }];
    let year = 1990 + number;
    document.date = Some(PublicationDate {
        verbatim: year.to_string(),
        first: Day::new(year, 1, 1),
        last: Day::new(year, 12, 31),
    });
    document.mesh = vec![MeshHeading {
        ui: format!("D{:06}", 1000 + number % 3),
        name: format!("Heading {}", number % 3),
        major: number % 4 == 0,
        qualifiers: vec![],
    }];
    let field = |name: &str, value| Field { name: name.into(), value };
    document.fields = vec![
        field("tags", FieldValue::List(vec![format!("t{}", number % 2), "all".into()])),
        field("count", FieldValue::Integer(i64::from(number) - 4)),
        field("weight", FieldValue::Float(f64::from(number) / 3.0)),
    ];
    document
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

fn empty() -> Manifest {
    Manifest {
        generation: Generation(1),
        database_id: [2; 16],
        next_segment: SegmentId(1),
        vectors: None,
        segments: vec![],
        sources: vec![],
    }
}

fn rich() -> Manifest {
    let seal = FileSeal { file_id: [3; 16], length: 4096, footer_crc: 5 };
    let tower = || TowerSpec {
        weights: [1; 32],
        tokenizer: [2; 32],
        prefix: "a question: ".into(),
        tokens_max: 512,
        pair: true,
    };
    let encoder = EncoderSpec {
        name: "an encoder".into(),
        family: "bert".into(),
        dimension: 8,
        metric: Metric::Cosine,
        pooling: Pooling::Mean,
        normalize: true,
        document: tower(),
        query: tower(),
    };
    let tombstones = TombstonesEntry { generation: Generation(2), seal, rows: 10 };
    let entry = |id, tombstones| SegmentEntry {
        id: SegmentId(id),
        seal,
        rows: 100,
        deletes: 1,
        tombstones,
    };
    Manifest {
        generation: Generation(3),
        next_segment: SegmentId(9),
        vectors: Some(VectorConfig {
            dimension: 8,
            metric: Metric::Cosine,
            row_type: RowType::F16,
            encoder: Some(encoder),
        }),
        segments: vec![entry(1, None), entry(2, Some(tombstones))],
        sources: vec![SourceEntry {
            name: "pubmed26n1334.xml.gz".into(),
            bytes: 9,
            head: [4; 16],
            records: 3,
            complete: false,
        }],
        ..empty()
    }
}
