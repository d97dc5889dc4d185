//! What a database of any size costs a laptop: opening, questions at stated recalls, filters, documents by key, memory.
//!
//! ```text
//! MEDVEC_BENCH_DATABASE=DB MEDVEC_BENCH_QUERIES=queries.jsonl [MEDVEC_BENCH_QUESTIONS=10000] \
//!     cargo bench --no-default-features --features ingest,static-encoder --bench laptop
//! ```
//!
//! `queries.jsonl` has a question as `text` in each line; they take turns. Everything runs on one core, which it is pinned
//! to. Drop the page cache before for a cold start (`echo 3 > /proc/sys/vm/drop_caches`). Times are the whole of a call:
//! embedding, filter, search. What recall is *found* is measured by `medvec eval --database DB QUESTIONS --index`,
//! of BioASQ questions or TREC topics.

#[path = "common/machine.rs"]
mod machine;

use std::fs;
use std::time::{Duration, Instant};

use machine::{DiskReads, Result, memory_mib, pin_to_one_core};
use medvec::{Accuracy, Database, Encoder, Filter, Key, Mode, Query, Snapshot, encode};
use serde_json::Value;

/// Headings of filters, which take turns.
const HEADINGS: [&str; 8] = [
    "Neoplasms",
    "Diabetes Mellitus",
    "Cardiovascular Diseases",
    "Infections",
    "Proteins",
    "Mental Disorders",
    "Asthma",
    "Surgical Procedures, Operative",
];

/// Documents that are got by key.
const GETS: usize = 20_000;

fn main() -> Result<()> {
    let Some(place) = std::env::var_os("MEDVEC_BENCH_DATABASE") else {
        println!("MEDVEC_BENCH_DATABASE names no database");
        return Ok(());
    };
    let file =
        std::env::var("MEDVEC_BENCH_QUERIES").map_err(|_| "MEDVEC_BENCH_QUERIES names no file")?;
    let questions = fs::read_to_string(file)?
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line)?;
            Ok(line.get("text").and_then(Value::as_str).unwrap_or_default().to_owned())
        })
        .collect::<Result<Vec<String>>>()?;
    let count = match std::env::var("MEDVEC_BENCH_QUESTIONS") {
        Ok(text) => text.parse()?,
        Err(_) => 10_000,
    };
    pin_to_one_core()?;
    let encoder = encode::builtin()?;

    let started = Instant::now();
    let snapshot = Database::open(&place)?.snapshot();
    println!("{} documents", snapshot.len());
    let bench = Bench { snapshot, encoder: &*encoder, questions };
    let taken = Taken { times: vec![started.elapsed()], disk: DiskReads::now()? };
    show("open", taken);
    show("first question", bench.ask(1, |query, _| query)?);
    let dense = |recall: f32| {
        move |query: Query, _: usize| query.mode(Mode::Dense).accuracy(Accuracy::Recall(recall))
    };
    bench.ask(200, dense(0.95))?;
    show("vectors, recall 0.95", bench.ask(count, dense(0.95))?);
    memory("after them")?;
    let fewer = count.div_ceil(10);
    show("vectors, recall 0.99", bench.ask(fewer, dense(0.99))?);
    show("words", bench.ask(fewer, |query, _| query.mode(Mode::Lexical))?);
    show("both, recall 0.95", bench.ask(fewer, |query, _| query.accuracy(Accuracy::Recall(0.95)))?);
    let filtered = |query: Query, turn: usize| {
        let from = 1980 + turn as u32 * 7 % 40;
        let heading = HEADINGS[turn % HEADINGS.len()];
        let filter = Filter::mesh(heading).and(Filter::years(from, from + 9));
        query
            .mode(Mode::Dense)
            .accuracy(Accuracy::Recall(0.95))
            .filter(filter)
            .allow_unknown_names()
    };
    show("the same under a heading and ten years, vectors", bench.ask(fewer, filtered)?);
    show("a document by key", bench.get()?);
    memory("after all")
}

struct Bench<'a> {
    snapshot: Snapshot,
    encoder: &'a dyn Encoder,
    questions: Vec<String>,
}

impl Bench<'_> {
    /// Asks questions in turn, each made into a query by `query` with its number.
    fn ask(&self, count: usize, query: impl Fn(Query, usize) -> Query) -> Result<Taken> {
        let before = DiskReads::now()?;
        let mut times = Vec::with_capacity(count);
        for (turn, question) in self.questions.iter().cycle().take(count).enumerate() {
            let started = Instant::now();
            let query = query(Query::embed(self.encoder, question)?, turn);
            self.snapshot.search(&query)?;
            times.push(started.elapsed());
        }
        Ok(Taken { times, disk: before.until_now()? })
    }

    /// Gets documents from all over the keys.
    fn get(&self) -> Result<Taken> {
        let mut keys: Vec<Key> = Vec::new();
        let step = (self.snapshot.len() as usize / GETS).max(1);
        for item in self.snapshot.revisions().step_by(step) {
            keys.push(item?.0);
        }
        // In an order that has nothing to do with theirs.
        let stride = 7_919 % keys.len().max(1);
        let before = DiskReads::now()?;
        let mut times = Vec::with_capacity(keys.len());
        for turn in 0..keys.len() {
            let key = &keys[turn * stride % keys.len()];
            let started = Instant::now();
            self.snapshot.get(key)?;
            times.push(started.elapsed());
        }
        Ok(Taken { times, disk: before.until_now()? })
    }
}

/// The times of calls, and what all of them read from the disk.
struct Taken {
    times: Vec<Duration>,
    disk: DiskReads,
}

fn show(name: &str, taken: Taken) {
    let Taken { mut times, disk } = taken;
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    let count = times.len() as f64;
    let (mib, faults) =
        (disk.bytes as f64 / f64::from(1 << 20) / count, disk.major_faults as f64 / count);
    let spread = match times.len() {
        1 => String::new(),
        count => format!(", p99 {:>8.3} ms ({count})", at(0.99)),
    };
    println!("{name:48} {:>9.3} ms{spread}; from disk {mib:.2} MiB, {faults:.1} faults", at(0.5));
}

/// What is in memory: all of it, and what is not the pages of files.
fn memory(when: &str) -> Result<()> {
    let (all, own) = (memory_mib("VmRSS:")?, memory_mib("RssAnon:")?);
    println!("{:48} {all:>9} MiB, {own} MiB of them not of files", format!("resident {when}"));
    Ok(())
}
