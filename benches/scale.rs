//! Queries to a database of any size that was made before, warm, one after the other:
//!
//! ```text
//! medvec import DB FILE... && medvec optimize DB
//! MEDVEC_BENCH_DATABASE=DB MEDVEC_BENCH_QUERIES=queries.jsonl cargo bench --no-default-features \
//!     --features ingest,static-encoder --bench scale
//! ```
//!
//! `queries.jsonl` has a question as `text` in each line. The strategy is 400 words of documents, half of them under each side of
//! an AND. Filters are remembered, so that those of which evaluation is measured differ from call to call.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::hint::black_box;

use criterion::Criterion;
use medvec::query::Strategy;
use medvec::{Database, Day, Filter, Key, Mode, Query, Snapshot, encode};
use serde_json::Value;

/// Questions that take turns.
const QUESTIONS: usize = 200;

/// Terms of the strategy.
const TERMS: usize = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(place) = std::env::var_os("MEDVEC_BENCH_DATABASE") else {
        println!("MEDVEC_BENCH_DATABASE names no database");
        return Ok(());
    };
    let database = Database::open(&place)?;
    let snapshot = database.snapshot();
    println!("{} documents", snapshot.len());
    let mut criterion = Criterion::default().configure_from_args();
    questions(&snapshot, &mut criterion)?;
    strategy(&snapshot, &mut criterion)?;
    let mut turn = 0;
    criterion.bench_function("explosion of Neoplasms", |bencher| {
        bencher.iter(|| {
            turn += 1;
            let filter = Filter::mesh("Neoplasms") | Filter::Keys(vec![Key::pmid(turn)]);
            snapshot.search(&Query::matching(filter).count_only()).expect("a count").matched
        });
    });
    Ok(())
}

/// Questions by words, by vectors and by both, embedding included.
fn questions(snapshot: &Snapshot, criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let place =
        std::env::var("MEDVEC_BENCH_QUERIES").map_err(|_| "MEDVEC_BENCH_QUERIES names no file")?;
    let mut questions = Vec::new();
    for line in fs::read_to_string(place)?.lines().take(QUESTIONS) {
        let line: Value = serde_json::from_str(line)?;
        questions.push(line.get("text").and_then(Value::as_str).unwrap_or_default().to_owned());
    }
    let encoder = encode::builtin()?;
    let ask = |question: &str, mode: Mode| -> medvec::Result<usize> {
        let query = Query::embed(&*encoder, question)?.mode(mode);
        Ok(snapshot.search(&query)?.hits.len())
    };
    for (name, mode) in [("words", Mode::Lexical), ("vectors", Mode::Dense), ("both", Mode::Hybrid)]
    {
        let mut turn = questions.iter().cycle();
        criterion.bench_function(&format!("ten best by {name}"), |bencher| {
            bencher.iter(|| turn.next().map(|question| ask(question, mode).expect("hits")));
        });
    }
    Ok(())
}

/// A strategy of words of documents.
fn strategy(snapshot: &Snapshot, criterion: &mut Criterion) -> Result<(), Box<dyn Error>> {
    let newest = snapshot.search(&Query::matching(Filter::All).k(200))?;
    let mut words = BTreeSet::new();
    for hit in &newest.hits {
        let Some(document) = snapshot.get(&hit.key)? else { continue };
        let title = document.title.to_lowercase();
        let found = title.split(|ch: char| !ch.is_ascii_lowercase());
        words.extend(found.filter(|word| word.len() > 4).map(str::to_owned));
    }
    let words: Vec<String> =
        words.into_iter().take(TERMS).map(|word| format!("{word}[tiab]")).collect();
    let (left, right) = words.split_at(words.len() / 2);
    let text = format!("({}) AND ({})", left.join(" OR "), right.join(" OR "));
    let strategy = Strategy::parse(text.as_str())?;
    println!("a strategy of {} terms", words.len());
    criterion.bench_function("translate and count each term", |bencher| {
        bencher
            .iter(|| snapshot.translate(black_box(&strategy), Day(20_240_101)).expect("a meaning"));
    });
    let filter = snapshot.translate(&strategy, Day(20_240_101))?.filter();
    let mut turn = 0;
    criterion.bench_function("evaluate the strategy", |bencher| {
        bencher.iter(|| {
            turn += 1;
            let filter = filter.clone() | Filter::Keys(vec![Key::pmid(turn)]);
            snapshot.search(&Query::matching(filter).count_only()).expect("a count").matched
        });
    });
    Ok(())
}
