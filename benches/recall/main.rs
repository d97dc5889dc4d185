//! Whether a promised recall is kept: asked of queries that calibrated nothing, by default settings.
//!
//! ```text
//! MEDVEC_SHARED=../shared cargo bench --no-default-features --features ingest,static-encoder --bench recall -- \
//!     --set documents|sentences|minilm [--rows N] [--hits K] [--cone LENGTH]
//! ```
//!
//! | set | vectors | rows |
//! |---|---|---|
//! | `documents` | the built-in encoder on the documents of BioASQ's snippets and all abstracts | 82,744 |
//! | `sentences` | the built-in encoder on titles and sentences of the abstracts | 349,152 |
//! | `minilm` | all-MiniLM-L6-v2 on titles and sentences, as the shared data have them | 120,000 |
//!
//! Each is calibrated without an encoder, by default, and with 512 given queries. The first 1,000 queries
//! of BioASQ are searched for; the given ones are others. Found is what an exact search of the same database
//! finds, of the ten nearest rows or of K. `low` is the share of queries that found less than eight tenths of them.
//!
//! The vectors of many encoders lie in a cone. `--cone` makes one of `minilm`: it adds one vector of that length to
//! all of its vectors, questions too. With 1 two random rows have a cosine of about 0.5, with 2 of 0.8.

mod sets;

use std::collections::HashSet;
use std::time::Instant;

use medvec::db::{Database, OptimizeOptions, Snapshot, WriterOptions};
use medvec::search::{Accuracy, Query, SearchResult};
use medvec::{Control, Key};

use sets::Set;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Recall is that of so many hits where nothing else is said: calibrations are measured with them.
const HITS: usize = 10;

/// What is asked for.
const ASKED: [Accuracy; 9] = [
    Accuracy::Recall(0.80),
    Accuracy::Recall(0.85),
    Accuracy::Recall(0.90),
    Accuracy::Recall(0.95),
    Accuracy::Recall(0.97),
    Accuracy::Recall(0.98),
    Accuracy::Recall(0.99),
    Accuracy::Recall(0.995),
    Accuracy::Auto,
];

fn main() -> Result<()> {
    let Some(name) = option("--set") else {
        println!("recall --set documents|sentences|minilm: see the head of benches/recall/main.rs");
        return Ok(());
    };
    let rows = option("--rows").map(|rows| rows.parse()).transpose()?;
    let hits = option("--hits").map_or(Ok(HITS), |hits| hits.parse())?;
    let folder = tempfile::tempdir()?;
    let cone = option("--cone").map_or(Ok(0.0), |length| length.parse())?;
    let set = Set::make(&name, rows, cone, &folder.path().join("database"))?;
    let database = &set.database;
    calibrate(database, "no encoder", WriterOptions::default(), None)?;
    let truth = answers(&database.snapshot(), &set.queries, hits, Accuracy::Exact)?;
    measure(&set, hits, &truth)?;
    if let Some(encoder) = &set.encoder {
        calibrate(database, "default", WriterOptions::with_encoder(encoder.clone()), None)?;
        measure(&set, hits, &truth)?;
    }
    calibrate(database, "given", WriterOptions::default(), Some(set.given.clone()))?;
    measure(&set, hits, &truth)
}

fn option(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn calibrate(
    database: &Database,
    what: &str,
    writer: WriterOptions,
    queries: Option<Vec<f32>>,
) -> Result<()> {
    let started = Instant::now();
    let options = OptimizeOptions::default().queries(queries);
    let report = database.writer(writer)?.optimize(&options, &Control::default())?;
    println!(
        "\n{what}: {} lists, {} calibration queries, {:.1} s",
        report.lists,
        report.queries,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn answers(
    snapshot: &Snapshot,
    queries: &[Vec<f32>],
    hits: usize,
    accuracy: Accuracy,
) -> Result<Vec<SearchResult>> {
    let query = |vector: &Vec<f32>| Query::vector(vector.clone()).k(hits).accuracy(accuracy);
    let queries: Vec<Query> = queries.iter().map(query).collect();
    Ok(snapshot.search_many(&queries, 1)?)
}

fn keys(result: &SearchResult) -> impl Iterator<Item = &Key> {
    result.hits.iter().map(|hit| &hit.key)
}

/// A line per recall asked for.
fn measure(set: &Set, hits: usize, truth: &[SearchResult]) -> Result<()> {
    println!(
        "| asked | found | first half | second half | low | low expected | rows | us | exact |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let snapshot = set.database.snapshot();
    for asked in ASKED {
        let started = Instant::now();
        let found = answers(&snapshot, &set.queries, hits, asked)?;
        let seconds = started.elapsed().as_secs_f64();
        let count = found.len() as f64;
        let shares = found.iter().zip(truth).map(|(found, truth)| {
            let truth: HashSet<&Key> = keys(truth).collect();
            let common = keys(found).filter(|key| truth.contains(key)).count();
            common as f64 / truth.len() as f64
        });
        let shares: Vec<f64> = shares.collect();
        let mean = |shares: &[f64]| shares.iter().sum::<f64>() / shares.len().max(1) as f64;
        let (first, second) = shares.split_at(shares.len() / 2);
        let low = shares.iter().filter(|share| **share < 0.799).count() as f64 / count;
        let indexes = || found.iter().filter_map(|result| result.explain.index.as_ref());
        let expected: Vec<f64> =
            indexes().filter_map(|index| index.low_share.map(f64::from)).collect();
        let scanned = found.iter().map(|result| {
            let exact: u64 = result.explain.segments.iter().map(|segment| segment.scanned).sum();
            exact + result.explain.index.as_ref().map_or(0, |index| index.rows_scanned)
        });
        println!(
            "| {} | {:.4} | {:.4} | {:.4} | {low:.3} | {:.3} | {:.0} | {:.0} | {:.0} % |",
            match asked {
                Accuracy::Recall(recall) => recall.to_string(),
                _ => "nothing".into(),
            },
            mean(&shares),
            mean(first),
            mean(second),
            mean(&expected),
            scanned.sum::<u64>() as f64 / count,
            seconds * 1e6 / count,
            100.0 * (1.0 - indexes().count() as f64 / count),
        );
    }
    Ok(())
}
