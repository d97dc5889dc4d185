//! One round of measurement: every question under every setting, timed one at a time.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::data::{AttributeFilter, Npy};
use crate::engine::{Engine, HITS, Setting, rows_of};
use crate::{Report, Result, rounded};

/// Questions asked before the clock starts.
const WARM_UP: usize = 3;

/// A question and its exact nearest rows, best first.
pub(crate) struct Question {
    pub(crate) vector: Vec<f32>,
    neighbours: Vec<i64>,
}

impl Question {
    /// The first `count` questions with their neighbours from the file of that name. Where fewer
    /// than ten rows pass a filter, the rest of a list of neighbours is -1 and is left out.
    pub(crate) fn read(data: &Path, count: usize, neighbours: &str) -> Result<Vec<Question>> {
        let mut vectors = Npy::open(&data.join("queries.npy"))?;
        let mut neighbours = Npy::open(&data.join(neighbours))?;
        let count = count.min(vectors.rows).min(neighbours.rows);
        let numbers = vectors.read_f32(count)?;
        let rows = neighbours.read_i64(count)?;
        let pairs =
            numbers.chunks_exact(vectors.columns).zip(rows.chunks_exact(neighbours.columns));
        Ok(pairs
            .map(|(vector, rows)| Question {
                vector: vector.to_vec(),
                neighbours: rows.iter().take(HITS).copied().filter(|row| *row >= 0).collect(),
            })
            .collect())
    }

    /// The share of the ten nearest that was found, as the peers count it.
    fn recall(&self, found: &[i64]) -> f64 {
        let hits = self.neighbours.iter().filter(|row| found.contains(row)).count();
        hits as f64 / HITS as f64
    }
}

/// What to measure.
pub(crate) struct Task<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) settings: &'a [Setting],
    pub(crate) questions: &'a [Question],
    pub(crate) filter: Option<&'a AttributeFilter>,
    /// No further question is asked under a setting after so many seconds.
    pub(crate) budget_seconds: f64,
}

/// Sums over the questions of one setting.
#[derive(Default)]
struct Tally {
    seconds: Vec<f64>,
    recall: f64,
    filter_time: Duration,
    scanned: u64,
    /// Questions that got fewer hits than there were matches to fill them with.
    short: usize,
}

/// Measures every setting and reports a line each.
pub(crate) fn sweep(task: &Task<'_>, report: &mut Report) -> Result<()> {
    for setting in task.settings {
        for question in task.questions.iter().take(WARM_UP) {
            task.engine.search(&question.vector, setting, task.filter)?;
        }
        let mut tally = Tally::default();
        let started = Instant::now();
        for question in task.questions {
            tally.ask(task, setting, question)?;
            if started.elapsed().as_secs_f64() > task.budget_seconds {
                break;
            }
        }
        let (kind, mut fields) = match task.filter {
            None => ("search", json!({})),
            Some(filter) => ("filtered", json!({"filter": filter.name, "share": filter.share})),
        };
        if let (Some(all), Value::Object(some)) = (fields.as_object_mut(), tally.fields(setting)) {
            all.extend(some);
        }
        report.line(kind, fields)?;
    }
    Ok(())
}

impl Tally {
    fn ask(&mut self, task: &Task<'_>, setting: &Setting, question: &Question) -> Result<()> {
        let started = Instant::now();
        let result = task.engine.search(&question.vector, setting, task.filter)?;
        let found = rows_of(&result);
        self.seconds.push(started.elapsed().as_secs_f64());
        self.recall += question.recall(&found);
        self.filter_time += result.explain.filter_time;
        self.scanned += result.explain.segments.iter().map(|segment| segment.scanned).sum::<u64>();
        self.scanned += result.explain.index.map_or(0, |index| index.rows_scanned);
        let possible = usize::try_from(result.matched).unwrap_or(usize::MAX).min(HITS);
        self.short += usize::from(found.len() < possible);
        Ok(())
    }

    fn fields(&mut self, setting: &Setting) -> Value {
        let count = self.seconds.len() as f64;
        let mean = self.seconds.iter().sum::<f64>() / count;
        self.seconds.sort_by(f64::total_cmp);
        json!({
            "setting": setting.describe(),
            "queries": self.seconds.len(),
            "recall": rounded(self.recall / count, 4),
            "qps": rounded(1.0 / mean, 1),
            "p50_ms": rounded(percentile(&self.seconds, 0.50) * 1e3, 4),
            "p99_ms": rounded(percentile(&self.seconds, 0.99) * 1e3, 4),
            "filter_us": rounded(self.filter_time.as_secs_f64() * 1e6 / count, 2),
            "rows_scanned": rounded(self.scanned as f64 / count, 0),
            "short_answers": self.short,
        })
    }
}

/// The value below which this share of sorted values lies, between two of them in proportion, as
/// numpy takes it.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().max(1) - 1) as f64;
    let low = sorted.get(place as usize).copied().unwrap_or(f64::NAN);
    let high = sorted.get(place as usize + 1).copied().unwrap_or(low);
    low + (high - low) * place.fract()
}
