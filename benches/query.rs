//! PubMed's language: parsing a hedge of 50,000 terms, and translating and evaluating a strategy of 400 terms over
//! 20,000 made-up documents.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::Document;
use medvec::query::Strategy;
use medvec::storage::MemoryStorage;
use medvec::{Day, Key, Query};

const DOCUMENTS: u32 = 20_000;
const WORDS: u64 = 5_000;
const TITLE_WORDS: u64 = 12;

/// Terms joined by OR, each with a tag.
fn hedge(terms: u64) -> String {
    let mut text = String::new();
    for term in 0..terms {
        let separator = if term == 0 { "" } else { " OR " };
        write!(text, "{separator}word{}[tiab]", term * 7 % WORDS).expect("a string grows");
    }
    text
}

fn database() -> Snapshot {
    let storage = Arc::new(MemoryStorage::default());
    let database = Database::create_in(storage, CreateOptions::default()).expect("a database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    let mut state = 1u64;
    for number in 1..=DOCUMENTS {
        let mut document = Document::new(Key::pmid(number));
        for _ in 0..TITLE_WORDS {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            write!(document.title, "word{} ", (state >> 33) % WORDS).expect("a string grows");
        }
        writer.upsert(document).expect("a document");
    }
    writer.commit().expect("a commit");
    database.snapshot()
}

fn query(c: &mut Criterion) {
    let long = hedge(50_000);
    c.bench_function("parse 50,000 terms", |bencher| {
        bencher.iter(|| Strategy::parse(black_box(long.as_str())).expect("a strategy"));
    });
    let snapshot = database();
    let strategy =
        Strategy::parse(format!("({}) AND ({})", hedge(200), hedge(200))).expect("a strategy");
    c.bench_function("translate and count 400 terms", |bencher| {
        bencher
            .iter(|| snapshot.translate(black_box(&strategy), Day(20240101)).expect("a meaning"));
    });
    let filter = snapshot.translate(&strategy, Day(20240101)).expect("a meaning").filter();
    let mut turn = 0;
    c.bench_function("evaluate 400 terms", |bencher| {
        bencher.iter(|| {
            // Segments remember their last filters: each turn asks for another one.
            turn += 1;
            let other =
                filter.clone().or(medvec::Filter::Keys(vec![Key::pmid(1 + turn % DOCUMENTS)]));
            snapshot.search(&Query::matching(other).count_only()).expect("a count")
        });
    });
}

criterion_group!(benches, query);
criterion_main!(benches);
