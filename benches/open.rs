//! Opening a database of a million documents, and getting one by PMID: time and resident memory.
//!
//! ```text
//! cargo bench --no-default-features --bench open -- [DOCUMENTS]
//! ```
//!
//! Builds the database once (under the system's temporary folder) and opens it in fresh processes.
//! Documents are synthetic: opening reads none of their text, so only counts matter; `get` is
//! measured on the same and, over real citations, in `benches/segment.rs`. The same database is also opened as one
//! with others: a tenth of its size, all of it shared, and as large, half of it shared.

use std::path::{Path, PathBuf};
use std::time::Instant;

use medvec::date::{Day, PublicationDate};
use medvec::db::{Change, CreateOptions, Database, WriterOptions};
use medvec::document::{AbstractSection, Document, MeshHeading};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::{Control, Key, Metric, Result};

const PROCESSES: usize = 9;
const GETS: u32 = 20_000;

fn main() -> Result<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if let Some(path) = std::env::var_os("MEDVEC_BENCH_OPEN") {
        return open(Path::new(&path));
    }
    let documents = arguments.first().map_or(1_000_000, |text| text.parse().expect("a number"));
    let at = |name: &str| std::env::temp_dir().join(format!("medvec-bench-open-{documents}{name}"));
    let path = at("");
    build(&path, 0..documents)?;
    let others = [at("-tenth"), at("-half")];
    build(&others[0], (0..documents).step_by(10))?;
    build(&others[1], documents / 2..documents + documents / 2)?;
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for _ in 0..PROCESSES {
        let output = std::process::Command::new(std::env::current_exe().expect("this binary"))
            .env("MEDVEC_BENCH_OPEN", &path)
            .output()
            .expect("a child process");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<f64> =
            text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.len(), 4, "{text}{}", String::from_utf8_lossy(&output.stderr));
        rows.push(numbers);
    }
    let median = |column: usize| {
        let mut values: Vec<f64> = rows.iter().map(|row| row[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("{documents} documents, median of {PROCESSES} processes");
    println!("open                  {:>8.2} ms", median(0));
    println!("open + first get      {:>8.2} ms", median(1));
    println!("resident after both   {:>8.1} MB", median(2));
    println!("get by PMID, warm     {:>8.2} us", median(3));
    for other in &others {
        let both = [&path, other];
        let mut times: Vec<f64> = Vec::new();
        for _ in 0..PROCESSES {
            let started = Instant::now();
            drop(Database::open_many(&both)?);
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        let name = other.display();
        println!("open_many, with {name}: {:.1} ms", times[times.len() / 2]);
    }
    Ok(())
}

fn pmid(number: u32) -> Key {
    Key::pmid(1 + number * 40)
}

fn build(path: &PathBuf, numbers: impl Iterator<Item = u32>) -> Result<()> {
    if Database::exists(path) {
        return Ok(());
    }
    eprintln!("building {}", path.display());
    let options = CreateOptions::default().vectors(Some(VectorConfig::new(
        256,
        Metric::Cosine,
        RowType::Int8,
        None,
    )));
    let database = Database::create(path, options)?;
    let mut writer = database.writer(WriterOptions::default())?;
    let numbers: Vec<u32> = numbers.collect();
    for numbers in numbers.chunks(1000) {
        let changes = numbers
            .iter()
            .map(|&number| Change {
                document: document(number),
                revision: None,
                vector: Some(
                    (0..256)
                        .map(|place| ((number * 31 + place * 17) % 251) as f32 - 125.0)
                        .collect(),
                ),
            })
            .collect();
        writer.apply(changes)?;
    }
    writer.commit()?;
    writer.compact(&Control::default())?;
    Ok(())
}

fn document(number: u32) -> Document {
    let mut document = Document::new(pmid(number));
    document.title = format!("Effect of agent {} on outcome {}", number % 977, number % 1009);
    let words = ["trial", "cohort", "patients", "risk", "dose", "protein", "cells", "survival"];
    let text = (0..120u32).map(|place| words[((number / 7 + place * place) % 8) as usize]);
    document.abstract_sections = vec![AbstractSection {
        text: format!("{} Sample {number}.", text.collect::<Vec<_>>().join(" ")),
        ..AbstractSection::default()
    }];
    let year = 1970 + number % 55;
    document.date = Some(PublicationDate {
        verbatim: year.to_string(),
        first: Day::new(year, 1, 1),
        last: Day::new(year, 12, 31),
    });
    document.mesh = (0..6u32)
        .map(|place| {
            let heading = (number * (place + 3)) % 5000;
            MeshHeading {
                ui: format!("D{heading:06}"),
                name: format!("Heading {heading}"),
                ..MeshHeading::default()
            }
        })
        .collect();
    document
}

fn open(path: &Path) -> Result<()> {
    let started = Instant::now();
    let database = Database::open(path)?;
    let snapshot = database.snapshot();
    let opened = started.elapsed();
    let first = snapshot.get(&pmid(12_345))?;
    assert!(first.is_some() || snapshot.len() <= 12_345);
    let first_get = started.elapsed();
    let resident = resident_mb();
    let count = snapshot.len() as u32;
    let wanted: Vec<Key> =
        (0..GETS).map(|n| pmid(n.wrapping_mul(2_654_435_761) % count.min(1000))).collect();
    wanted.iter().try_for_each(|key| snapshot.get(key).map(drop))?;
    let started = Instant::now();
    for key in &wanted {
        assert!(snapshot.get(key)?.is_some());
    }
    let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(GETS);
    println!("{} {} {resident} {each}", opened.as_secs_f64() * 1e3, first_get.as_secs_f64() * 1e3);
    Ok(())
}

/// Resident memory of this process as the system counts it, mapped pages included.
fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1000.0
}
