//! MeSH in filters over a million documents: explosion, headings with subheadings, actions. Each document has ten
//! headings of MeSH 2024, a few of them common and most rare, and a subheading on every other one.
//!
//! `MEDVEC_BENCH_DOCUMENTS` is another number of documents.

use std::cell::Cell;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use medvec::document::{MeshHeading, MeshQualifier};
use medvec::storage::MemoryStorage;
use medvec::{
    Control, CreateOptions, Database, Document, Filter, Key, Query, Snapshot, WriterOptions, mesh,
};

const DOCUMENTS: u32 = 1_000_000;

/// Filters are remembered, the last eight: this many differ.
const FILTERS: u32 = 64;

fn database(documents: u32) -> Snapshot {
    let vocabulary = mesh::builtin().expect("the built-in");
    let headings: Vec<_> =
        vocabulary.concepts().filter(|concept| vocabulary.is_descriptor(*concept)).collect();
    let qualifiers: Vec<_> = vocabulary.qualifiers().collect();
    let mut state = 1u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % bound
    };
    let storage = Arc::new(MemoryStorage::new());
    let database = Database::create_in(storage, CreateOptions::default()).expect("a database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    for number in 1..=documents {
        let mut document = Document::new(Key::pmid(number));
        for place in 0..10 {
            // The smaller of two draws is common, of three more so.
            let at = (0..1 + place % 3).map(|_| below(headings.len())).min().unwrap_or(0);
            let Some(concept) = headings.get(at * 7919 % headings.len()) else { continue };
            let qualifier = qualifiers.get(below(qualifiers.len())).filter(|_| place % 2 == 0);
            document.mesh.push(MeshHeading {
                ui: vocabulary.ui(*concept).to_owned(),
                name: vocabulary.name(*concept).to_owned(),
                major: place == 0,
                qualifiers: qualifier
                    .map(|at| MeshQualifier {
                        name: vocabulary.name(*at).to_owned(),
                        ..MeshQualifier::default()
                    })
                    .into_iter()
                    .collect(),
            });
        }
        writer.upsert(document).expect("a document");
    }
    writer.compact(&Control::default()).expect("one segment");
    database.snapshot()
}

fn explosion(c: &mut Criterion) {
    let documents = std::env::var("MEDVEC_BENCH_DOCUMENTS")
        .map_or(DOCUMENTS, |text| text.parse().expect("a number of documents"));
    let snapshot = database(documents);
    let mut group = c.benchmark_group(format!("filters of MeSH, {documents} documents"));
    group.sample_size(30);
    for (name, filter) in [
        ("Neoplasms", Filter::mesh("Neoplasms")),
        ("Neoplasms, not exploded", Filter::mesh("Neoplasms").not_exploded()),
        ("Neoplasms/therapy", Filter::mesh("Neoplasms/therapy")),
        ("Diseases of the nervous system", Filter::mesh("C10")),
        ("Anti-Infective Agents as action", Filter::pharmacological_action("D000890")),
    ] {
        let turn = Cell::new(0);
        let count = |filter: Filter| {
            snapshot.search(&Query::matching(filter).count_only()).expect("an answer").matched
        };
        println!("{name}: {} documents", count(filter.clone()));
        group.bench_function(name, |b| {
            b.iter(|| {
                turn.set(turn.get() % FILTERS + 1);
                count(filter.clone() | Filter::Keys(vec![Key::pmid(turn.get())]))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, explosion);
criterion_main!(benches);
