//! Our side of the benchmark beside other engines: the JSON lines of `peers/ann.py`, for medvec.
//!
//! ```text
//! cargo bench --bench ann -- --data FOLDER --out FILE.jsonl [--work DIR] [--queries N]
//!     [--budget SECONDS] [--phase build|search|batch|cold|all] [--rows int8|f16|f32] [--lists N] [--name NAME] [--rebuild]
//!     [--recalls]
//! ```
//!
//! `FOLDER` is what `peers/prepare.py` makes: vectors, questions, their exact neighbours, attributes
//! and filters. The database is built through the public API, a document a row with the attributes
//! as fields, and kept in `DIR/NAME`; it is built again only with `--rebuild` or `--phase build`.
//! Building and searching each run in a process of their own. Searching is pinned to one core, one
//! question at a time, and counts everything a caller waits for: making the query, resolving the
//! filter, searching. Lines are appended to `FILE` as they are measured:
//!
//! | kind | what |
//! |---|---|
//! | `build` | seconds from the `.npy` file to the last sync, those of them that measured recall, bytes on disk, peak memory |
//! | `open` | opening the database and answering the first question |
//! | `search` | recall@10, queries/s and latencies of one setting |
//! | `filtered` | the same under one filter |
//! | `cold` | the same with nothing in memory (`--phase cold` alone; see `cold.rs`): times, KiB read |
//! | `memory` | memory of the process after all questions at a recall of 0.95, mapped pages included |
//! | `batch` | questions/s of `Snapshot::search_many`, on one thread and on all |
//! | `rss` | peak memory of the searching process, mapped pages included |
//!
//! Linux only.

mod cold;
mod data;
mod engine;
#[path = "../common/machine.rs"]
mod machine;
mod sweep;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use medvec::db::{OptimizeOptions, OptimizeStage};
use medvec::format::manifest::RowType;
use serde_json::{Value, json};

use crate::data::{Filters, Npy, read_attributes};
use crate::engine::{Engine, Setting};
use crate::machine::{memory_mib, pin_to_one_core};
use crate::sweep::{Question, Task, sweep};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the command line says.
struct Options {
    data: PathBuf,
    out: PathBuf,
    work: PathBuf,
    queries: usize,
    budget_seconds: f64,
    phase: String,
    row_type: RowType,
    name: String,
    rebuild: bool,
    /// Lists of the index; as many as suit the rows unless given.
    lists: Option<usize>,
    /// Only what users ask for, recalls, and no probes of our own.
    recalls: bool,
}

impl Options {
    /// Reads arguments; of an option given twice the last one counts.
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options {
            data: PathBuf::new(),
            out: PathBuf::new(),
            work: PathBuf::new(),
            queries: 1000,
            budget_seconds: 8.0,
            phase: "all".into(),
            row_type: RowType::Int8,
            name: "medvec".into(),
            rebuild: false,
            lists: None,
            recalls: false,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--bench" => {}
                "--rebuild" => options.rebuild = true,
                "--recalls" => options.recalls = true,
                "--data" => options.data = value()?.into(),
                "--out" => options.out = value()?.into(),
                "--work" => options.work = value()?.into(),
                "--queries" => options.queries = value()?.parse()?,
                "--budget" => options.budget_seconds = value()?.parse()?,
                "--phase" => options.phase = value()?.clone(),
                "--lists" => options.lists = Some(value()?.parse()?),
                "--rows" => options.row_type = row_type(value()?)?,
                "--name" => options.name = value()?.clone(),
                _ => return Err(format!("no option {word}").into()),
            }
        }
        if options.data.as_os_str().is_empty() || options.out.as_os_str().is_empty() {
            return Err("give --data FOLDER and --out FILE.jsonl".into());
        }
        if options.work.as_os_str().is_empty() {
            options.work = options.data.join("indexes");
        }
        Ok(options)
    }

    fn database(&self) -> PathBuf {
        self.work.join(&self.name)
    }
}

fn row_type(name: &str) -> Result<RowType> {
    match name {
        "int8" => Ok(RowType::Int8),
        "f16" => Ok(RowType::F16),
        "f32" => Ok(RowType::F32),
        other => Err(format!("no row type {other}").into()),
    }
}

/// Appends measurements to the file of results, each at once, so that an interrupted run keeps
/// what it had.
pub(crate) struct Report {
    file: File,
    name: String,
    rows: usize,
    columns: usize,
}

impl Report {
    fn open(options: &Options, rows: usize, columns: usize) -> Result<Report> {
        let file = OpenOptions::new().create(true).append(true).open(&options.out)?;
        Ok(Report { file, name: options.name.clone(), rows, columns })
    }

    /// Writes one line: who, what kind, how large, and `fields`.
    pub(crate) fn line(&mut self, kind: &str, fields: Value) -> Result<()> {
        let mut line = json!({"peer": self.name, "kind": kind, "n": self.rows, "d": self.columns});
        if let (Some(line), Value::Object(fields)) = (line.as_object_mut(), fields) {
            line.extend(fields);
        }
        writeln!(self.file, "{line}")?;
        println!("{line}");
        Ok(())
    }
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().all(|word| word == "--bench") {
        println!("ann --data FOLDER --out FILE.jsonl: see the head of benches/ann/main.rs");
        return Ok(());
    }
    let options = Options::parse(&arguments)?;
    match options.phase.as_str() {
        "build" => build(&options),
        "search" => search(&options),
        "cold" => cold(&options),
        "batch" => batch(&options),
        "all" => {
            if options.rebuild || !options.database().exists() {
                in_a_process_of_its_own(&arguments, "build")?;
            }
            in_a_process_of_its_own(&arguments, "search")?;
            in_a_process_of_its_own(&arguments, "batch")
        }
        other => Err(format!("no phase {other}").into()),
    }
}

fn in_a_process_of_its_own(arguments: &[String], phase: &str) -> Result<()> {
    let status =
        Command::new(std::env::current_exe()?).args(arguments).args(["--phase", phase]).status()?;
    if !status.success() {
        return Err(format!("phase {phase}: {status}").into());
    }
    Ok(())
}

fn build(options: &Options) -> Result<()> {
    let path = options.database();
    if path.exists() {
        fs::remove_dir_all(&path)?;
    }
    fs::create_dir_all(&options.work)?;
    let attributes = read_attributes(&options.data)?;
    let mut base = Npy::open(&options.data.join("base.npy"))?;
    let questions = calibration_questions(&options.data)?;
    let mut report = Report::open(options, base.rows, base.columns)?;
    let started = Instant::now();
    let written = Arc::new(OnceLock::new());
    let index = OptimizeOptions::default().queries(questions).lists(options.lists).progress(Some(
        Arc::new({
            let written = written.clone();
            move |stage, _| {
                if stage == OptimizeStage::Calibrate {
                    written.get_or_init(|| started.elapsed().as_secs_f64());
                }
            }
        }),
    ));
    engine::build(&path, &mut base, &attributes, options.row_type, &index)?;
    let seconds = started.elapsed().as_secs_f64();
    let calibrated = written.get().map_or(0.0, |written| seconds - written);
    report.line(
        "build",
        json!({
            "build_s": rounded(seconds, 2),
            "calibrate_s": rounded(calibrated, 2),
            "bytes": folder_bytes(&path)?,
            "peak_rss_mb": peak_memory_mib()?,
        }),
    )
}

/// Questions that are not searched with, if there are any: to calibrate with.
fn calibration_questions(data: &Path) -> Result<Option<Vec<f32>>> {
    let path = data.join("calibration.npy");
    if !path.exists() {
        return Ok(None);
    }
    let mut questions = Npy::open(&path)?;
    let rows = questions.rows;
    Ok(Some(questions.read_f32(rows)?))
}

fn search(options: &Options) -> Result<()> {
    pin_to_one_core()?;
    let base = Npy::open(&options.data.join("base.npy"))?;
    let mut report = Report::open(options, base.rows, base.columns)?;
    let questions = Question::read(&options.data, options.queries, "gt.npy")?;
    let settings = engine::settings(base.rows, options.recalls);
    let (first, setting) =
        questions.first().zip(settings.first()).ok_or("nothing to search for")?;

    let started = Instant::now();
    let engine = Engine::open(&options.database())?;
    engine.search(&first.vector, setting, None)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    report.line("open", json!({"open_first_query_ms": rounded(milliseconds, 2)}))?;

    // What a user's process holds: before settings that read everything.
    for question in &questions {
        engine.search(&question.vector, &Setting::Recall(0.95), None)?;
    }
    report.line(
        "memory",
        json!({"recall": 0.95, "rss_mb": memory_mib("VmRSS:")?, "anonymous_mb": memory_mib("RssAnon:")?}),
    )?;

    let budget_seconds = options.budget_seconds;
    let task = Task {
        engine: &engine,
        settings: &settings,
        questions: &questions,
        filter: None,
        budget_seconds,
    };
    sweep(&task, &mut report)?;
    for filter in Filters::read(&options.data)?.0 {
        let questions = Question::read(&options.data, options.queries, &filter.neighbours)?;
        let task = Task {
            engine: &engine,
            settings: &settings,
            questions: &questions,
            filter: Some(&filter),
            budget_seconds,
        };
        sweep(&task, &mut report)?;
    }
    report.line("rss", json!({"search_peak_rss_mb": peak_memory_mib()?}))
}

/// Many questions at once, on one thread and on all.
fn batch(options: &Options) -> Result<()> {
    let base = Npy::open(&options.data.join("base.npy"))?;
    let mut report = Report::open(options, base.rows, base.columns)?;
    let questions = Question::read(&options.data, options.queries, "gt.npy")?;
    let engine = Engine::open(&options.database())?;
    let threads = std::thread::available_parallelism()?.get();
    for setting in [0.90, 0.95, 0.99].map(Setting::Recall) {
        for threads in [1, threads] {
            engine.search_many(&questions, &setting, threads)?;
            let started = Instant::now();
            let answers = engine.search_many(&questions, &setting, threads)?;
            let seconds = started.elapsed().as_secs_f64();
            report.line(
                "batch",
                json!({
                    "setting": setting.describe(),
                    "threads": threads,
                    "queries": answers.len(),
                    "qps": rounded(answers.len() as f64 / seconds, 1),
                }),
            )?;
        }
    }
    Ok(())
}

fn cold(options: &Options) -> Result<()> {
    pin_to_one_core()?;
    let base = Npy::open(&options.data.join("base.npy"))?;
    let mut report = Report::open(options, base.rows, base.columns)?;
    let questions = Question::read(&options.data, options.queries, "gt.npy")?;
    cold::measure(
        &options.database(),
        &engine::settings(base.rows, options.recalls),
        &questions,
        &mut report,
    )
}

/// Rounds to so many decimal places, as people read it.
pub(crate) fn rounded(value: f64, places: i32) -> f64 {
    let unit = 10f64.powi(places);
    (value * unit).round() / unit
}

fn folder_bytes(path: &Path) -> Result<u64> {
    let lengths: std::io::Result<Vec<u64>> =
        fs::read_dir(path)?.map(|entry| Ok(entry?.metadata()?.len())).collect();
    Ok(lengths?.iter().sum())
}

/// The most memory this process ever held, as the system counts it, in MiB.
fn peak_memory_mib() -> Result<u64> {
    memory_mib("VmHWM:")
}
