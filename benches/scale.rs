//! Queries to a database of any size that was made before, warm, one after the other:
//!
//! ```text
//! medvec import DB FILE... && medvec optimize DB
//! MEDVEC_BENCH_DATABASE=DB MEDVEC_BENCH_QUERIES=queries.jsonl MEDVEC_BENCH_STRATEGIES=strategies.jsonl \
//!     cargo bench --no-default-features --features ingest,static-encoder --bench scale
//! ```
//!
//! `queries.jsonl` has a question as `text` in each line, `strategies.jsonl` a strategy of one line as `query`. A strategy of 400
//! terms is 400 words of documents, half of them under each side of an AND; another is the names of 400 diseases; another the
//! published ones, the longest first, joined by OR. *First* is in a database that was just opened, checksums included; *again* has
//! other conditions beside parts that are remembered.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use medvec::mesh::Concept;
use medvec::query::Strategy;
use medvec::{Database, Day, Filter, Key, Mode, Query, Snapshot, encode};
use serde_json::Value;

/// Questions that take turns.
const QUESTIONS: usize = 200;

/// Terms of a strategy.
const TERMS: usize = 400;

/// The day that strategies are translated on.
const TODAY: Day = Day(20_240_101);

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
    strategy(&snapshot, &mut criterion, "words", &of_words(&snapshot)?)?;
    strategy(&snapshot, &mut criterion, "names", &of_names(&snapshot)?)?;
    if let Some(place) = std::env::var_os("MEDVEC_BENCH_STRATEGIES") {
        let published = published(&snapshot, &fs::read_to_string(place)?)?;
        strategy(&snapshot, &mut criterion, "published terms", &published)?;
    }
    measure(&snapshot, &mut criterion, "explosion of Neoplasms", &Filter::mesh("Neoplasms"));
    Ok(())
}

/// Counts what a filter finds.
fn measure(snapshot: &Snapshot, criterion: &mut Criterion, name: &str, filter: &Filter) {
    let query = Query::matching(filter.clone()).count_only();
    let open = || {
        let place = std::env::var_os("MEDVEC_BENCH_DATABASE").unwrap_or_default();
        Database::open(place).expect("it was opened before").snapshot()
    };
    criterion.bench_function(&format!("{name}, first"), |bencher| {
        let count = |snapshot: Snapshot| snapshot.search(&query).expect("a count").matched;
        bencher.iter_batched(open, count, BatchSize::PerIteration);
    });
    let mut turn = 0;
    criterion.bench_function(&format!("{name}, again"), |bencher| {
        bencher.iter(|| {
            turn += 1;
            let filter = filter.clone() | Filter::Keys(vec![Key::pmid(turn)]);
            snapshot.search(&Query::matching(filter).count_only()).expect("a count").matched
        });
    });
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
fn of_words(snapshot: &Snapshot) -> Result<String, Box<dyn Error>> {
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
    Ok(format!("({}) AND ({})", left.join(" OR "), right.join(" OR ")))
}

/// A strategy of the names of headings, as texts have them.
fn of_names(snapshot: &Snapshot) -> Result<String, Box<dyn Error>> {
    let vocabulary = snapshot.vocabulary()?;
    let is_disease =
        |heading| vocabulary.tree_numbers(heading).iter().any(|tree| tree.starts_with('C'));
    let diseases: Vec<Concept> = vocabulary.concepts().filter(|at| is_disease(*at)).collect();
    let names = diseases.iter().step_by((diseases.len() / TERMS).max(1)).take(TERMS);
    let terms: Vec<String> =
        names.map(|heading| format!("\"{}\"[tiab]", vocabulary.name(*heading))).collect();
    Ok(terms.join(" OR "))
}

/// Published strategies as one, of as many terms as fit.
fn published(snapshot: &Snapshot, lines: &str) -> Result<String, Box<dyn Error>> {
    let mut strategies = Vec::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line)?;
        let text = line.get("query").and_then(Value::as_str).unwrap_or_default().trim();
        // Not those of several lines, and those with headings that the database does not know.
        let Ok(strategy) = Strategy::parse(text) else { continue };
        let [line] = strategy.lines() else { continue };
        if snapshot.translate(&strategy, TODAY).is_ok() {
            strategies.push((line.query.clauses().count(), text.to_owned()));
        }
    }
    strategies.sort();
    let mut left = TERMS;
    let mut chosen = Vec::new();
    for (terms, text) in strategies.into_iter().rev() {
        if let Some(rest) = left.checked_sub(terms) {
            left = rest;
            chosen.push(format!("({text})"));
        }
    }
    Ok(chosen.join(" OR "))
}

/// Translates a strategy, and evaluates it.
fn strategy(
    snapshot: &Snapshot,
    criterion: &mut Criterion,
    name: &str,
    text: &str,
) -> Result<(), Box<dyn Error>> {
    let strategy = Strategy::parse(text)?;
    let terms: usize = strategy.lines().iter().map(|line| line.query.clauses().count()).sum();
    criterion.bench_function(&format!("translate {terms} {name} and count each"), |bencher| {
        bencher.iter(|| snapshot.translate(black_box(&strategy), TODAY).expect("a meaning"));
    });
    let filter = snapshot.translate(&strategy, TODAY)?.filter();
    measure(snapshot, criterion, &format!("evaluate {terms} {name}"), &filter);
    Ok(())
}
