//! A segment of real abstracts: size on disk, time to build, merge, open and read.
//!
//! `cargo bench --no-default-features --features ingest --bench segment`, with the abstracts of
//! `$MEDVEC_SHARED/data/abstracts.jsonl.zst`.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use medvec::control::Control;
use medvec::document::{AbstractSection, Document, MeshHeading};
use medvec::format::manifest::SegmentEntry;
use medvec::format::terms::TermField;
use medvec::ids::{Key, Revision, RowId, SegmentId};
use medvec::segment::{MergeInto, Segment, SegmentBuilder, merge};
use medvec::storage::{DiskStorage, Storage};
use roaring::RoaringBitmap;

/// Multiplier of a walk that visits rows in a scattered order.
const STRIDE: u32 = 7919;

fn abstracts() -> Vec<Document> {
    let shared = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("data/abstracts.jsonl.zst");
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = BufReader::new(zstd::Decoder::new(file).expect("zstd")).lines();
    lines.map(|line| document(&line.expect("a line"))).collect()
}

fn document(line: &str) -> Document {
    let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let pmid = record["pmid"].as_u64().and_then(|pmid| u32::try_from(pmid).ok());
    let mut document = Document::new(pmid.map_or_else(|| Key::Text(text("id")), Key::pmid));
    document.title = text("title");
    document
        .abstract_sections
        .push(AbstractSection { text: text("abstract"), ..AbstractSection::default() });
    for heading in record["mesh"].as_array().into_iter().flatten() {
        let heading = heading.as_str().unwrap_or_default();
        document.mesh.push(MeshHeading {
            name: heading.trim_start_matches('*').to_owned(),
            major: heading.starts_with('*'),
            ..MeshHeading::default()
        });
    }
    document
}

fn build(storage: &dyn Storage, id: u64, documents: &[Document]) -> SegmentEntry {
    let mut builder = SegmentBuilder::new(None);
    for document in documents {
        let hash = document.encoder_input().hash();
        builder.push(document, Revision::default(), hash, None).expect("pushes");
    }
    builder.finish(storage, SegmentId(id), [1; 16]).expect("writes")
}

fn report(storage: &dyn Storage, documents: &[Document]) -> Segment {
    let start = Instant::now();
    let entry = build(storage, 1, documents);
    let seconds = start.elapsed().as_secs_f64();
    let segment = Segment::open(storage, &entry, None).expect("opens");
    println!(
        "{} documents, {} bytes of text, documents on disk {:.2} % of it, file {} bytes; \
         built in {:.2} s, {:.0} documents/s on one thread",
        segment.rows(),
        segment.text_bytes(),
        100.0 * segment.document_bytes() as f64 / segment.text_bytes() as f64,
        entry.seal.length,
        seconds,
        f64::from(segment.rows()) / seconds,
    );
    for section in segment.sections().iter().filter(|section| section.bytes > 1000) {
        println!("  {:<24}{:>12}", section.name, section.bytes);
    }
    let start = Instant::now();
    segment.verify(&Control::default()).expect("verifies");
    println!("verified in {:.2} s", start.elapsed().as_secs_f64());
    let (first, second) = documents.split_at(documents.len() / 2);
    let halves = [(2, first), (3, second)].map(|(id, documents)| {
        Segment::open(storage, &build(storage, id, documents), None).expect("opens")
    });
    let none = RoaringBitmap::new();
    let inputs: Vec<_> = halves.iter().map(|segment| (segment, &none)).collect();
    let start = Instant::now();
    merge(&inputs, MergeInto::default(), storage, SegmentId(4), [1; 16], &Control::default())
        .expect("merges");
    println!("two halves merged in {:.2} s", start.elapsed().as_secs_f64());
    segment
}

fn million(storage: &dyn Storage) -> SegmentEntry {
    let mut builder = SegmentBuilder::new(None);
    for pmid in 1..=1_000_000 {
        let mut document = Document::new(Key::pmid(pmid));
        document.title = format!("Title {pmid}");
        builder.push(&document, Revision::default(), [1; 16], None).expect("pushes");
    }
    builder.finish(storage, SegmentId(9), [1; 16]).expect("writes")
}

fn segment(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let storage = DiskStorage::create(folder.path().join("db")).expect("a database folder");
    let documents = abstracts();
    let segment = report(&storage, &documents);
    let keys: Vec<Key> = documents.iter().map(|document| document.key.clone()).collect();
    let mut row = 0;
    let mut next = move |rows: u32| {
        row = (row + STRIDE) % rows;
        row
    };
    criterion.bench_function("get by key, warm", |bencher| {
        bencher.iter(|| {
            let key = &keys[next(segment.rows()) as usize];
            let row = segment.find(key).expect("reads").expect("is there");
            black_box(segment.document(row).expect("reads"))
        });
    });
    criterion.bench_function("key of a row", |bencher| {
        bencher.iter(|| black_box(segment.key(RowId(next(segment.rows()))).expect("reads")));
    });
    criterion.bench_function("posting of `humans`", |bencher| {
        bencher.iter(|| black_box(segment.posting(TermField::MeshName, "Humans").expect("reads")));
    });
    let entry = million(&storage);
    criterion.bench_function("open 1,000,000 rows", |bencher| {
        bencher.iter(|| black_box(Segment::open(&storage, &entry, None).expect("opens")));
    });
}

criterion_group!(benches, segment);
criterion_main!(benches);
