//! How far a command is, on standard error: a bar on a terminal, else a line now and then, or JSON for
//! programs.
//!
//! | form | when | what |
//! |---|---|---|
//! | bar | always, ten times per second | stage, bar, share, time left; a spinner where no total is known |
//! | lines | every 5 s and at the end | `embedding: 1,200 of 5,000 documents (24 %), 38 s left` |
//! | json | every second, and when a stage begins or ends | one object per line |
//!
//! A JSON line has `stage`, `unit`, `done`, `total` (null where it is not known), `elapsed` and `eta`
//! (seconds; `eta` null where it is not known), and `finished`: true on the last line.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use medvec::export::json::escaped;
use serde_json::json;

use crate::style;
use crate::terminal::{one_line, sanitize, say};

/// Time between two lines for people, and two for programs.
const LINES_EVERY: Duration = Duration::from_secs(5);
const JSON_EVERY: Duration = Duration::from_secs(1);
/// Time between two turns of a spinner.
const TICK: Duration = Duration::from_millis(100);
/// A time left is not shown before this much time has passed.
const ETA_AFTER: Duration = Duration::from_millis(500);

/// The unit of work that is a share of a whole and nothing more.
pub(crate) const PERCENT: &str = "percent";

const BAR: &str = "{msg}  {wide_bar} {percent:>3} %  {prefix}";
const SPINNER: &str = "{spinner} {msg}";

/// How progress is reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A bar on a terminal, else lines.
    #[default]
    Auto,
    /// A bar, if standard error is a terminal.
    Bar,
    /// A line every 5 seconds and one at the end.
    Lines,
    /// JSON, one object per line: stage, unit, done, total, elapsed, eta.
    Json,
    /// Nothing.
    None,
}

impl Form {
    /// What `auto` means here.
    pub(crate) fn settled(self, quiet: bool) -> Form {
        match self {
            Form::Auto if quiet => Form::None,
            Form::Auto if stderr().is_terminal() => Form::Bar,
            Form::Auto => Form::Lines,
            given => given,
        }
    }

    fn interval(self) -> Duration {
        match self {
            Form::Lines => LINES_EVERY,
            Form::Json => JSON_EVERY,
            _ => TICK,
        }
    }
}

/// The progress of a command; ends when it is dropped.
pub(crate) struct Progress {
    shared: Arc<Shared>,
    /// Shows what has changed, and that time passes, until the sender is dropped. `None` where the
    /// system has no thread to give: then updates show themselves.
    ticker: Option<(Sender<()>, JoinHandle<()>)>,
}

struct Shared {
    form: Form,
    bar: ProgressBar,
    state: Mutex<State>,
}

/// Where the work stands.
#[derive(Clone, Debug)]
struct State {
    stage: String,
    unit: &'static str,
    done: u64,
    /// 0 where it is not known.
    total: u64,
    /// What else is to be said.
    beside: String,
    /// When the stage began, and when the command did.
    begun: Instant,
    started: Instant,
    shown: Instant,
}

impl Progress {
    /// Progress that begins with a stage of unknown size; the form must be settled.
    pub(crate) fn new(form: Form, stage: &str) -> Progress {
        let now = Instant::now();
        let target = match form {
            Form::Bar => ProgressDrawTarget::stderr(),
            _ => ProgressDrawTarget::hidden(),
        };
        let state = State {
            stage: stage.to_owned(),
            unit: "",
            done: 0,
            total: 0,
            beside: String::new(),
            begun: now,
            started: now,
            shown: now,
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let shared = Arc::new(Shared { form, bar, state: Mutex::new(state) });
        shared.restyle(false);
        let ticker = if form == Form::None { None } else { start(&shared) };
        if form == Form::Json {
            shared.show();
        }
        Progress { shared, ticker }
    }

    /// What is being done, and how far it is: `done` of `total` units, 0 where nobody knows.
    pub(crate) fn stage(&self, stage: &str, unit: &'static str, done: u64, total: u64) {
        self.update(stage, unit, done, total, String::new());
    }

    /// Bytes of files, with the records that were in them.
    pub(crate) fn bytes(&self, stage: &str, done: u64, total: u64, records: Option<u64>) {
        let beside = records.map(|records| style::counted(records, "record")).unwrap_or_default();
        self.update(stage, "bytes", done, total, beside);
    }

    fn update(&self, stage: &str, unit: &'static str, done: u64, total: u64, beside: String) {
        if self.shared.form == Form::None {
            return;
        }
        let is_new = {
            let mut state = self.shared.state();
            let is_new = state.stage != stage || (state.total == 0) != (total == 0);
            if is_new {
                state.stage = stage.to_owned();
                state.begun = Instant::now();
            }
            (state.unit, state.done, state.total, state.beside) = (unit, done, total, beside);
            is_new
        };
        if is_new {
            self.shared.restyle(total > 0);
        }
        let is_late = || self.shared.state().shown.elapsed() >= self.shared.form.interval();
        if (is_new && self.shared.form == Form::Json) || (self.ticker.is_none() && is_late()) {
            self.shared.show();
        }
    }
}

/// Starts the thread that shows the state at intervals.
fn start(shared: &Arc<Shared>) -> Option<(Sender<()>, JoinHandle<()>)> {
    let (sender, receiver) = channel::<()>();
    let shared = shared.clone();
    let work = move || {
        while receiver.recv_timeout(shared.form.interval()) == Err(RecvTimeoutError::Timeout) {
            shared.show();
        }
    };
    let thread = thread::Builder::new().name("medvec-progress".into()).spawn(work).ok()?;
    Some((sender, thread))
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn restyle(&self, is_bar: bool) {
        let style = match is_bar {
            true => ProgressStyle::with_template(BAR),
            false => ProgressStyle::with_template(SPINNER),
        };
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    }

    fn show(&self) {
        let state = {
            let mut state = self.state();
            state.shown = Instant::now();
            state.clone()
        };
        match self.form {
            Form::Bar => {
                if state.total > 0 {
                    self.bar.set_length(state.total);
                }
                self.bar.set_position(state.done);
                self.bar.set_prefix(state.left().unwrap_or_default());
                self.bar.set_message(sanitize(&one_line(&state.counted())));
                self.bar.tick();
            }
            Form::Lines => say(one_line(&state.line())),
            Form::Json => say(state.json(false)),
            Form::Auto | Form::None => {}
        }
    }
}

impl State {
    /// Seconds until the stage is done, if that is known.
    fn eta(&self) -> Option<f64> {
        let elapsed = self.begun.elapsed();
        let is_known = self.total > 0 && self.done > 0 && elapsed >= ETA_AFTER;
        let left = self.total.saturating_sub(self.done) as f64;
        is_known.then(|| elapsed.as_secs_f64() * left / self.done as f64)
    }

    fn left(&self) -> Option<String> {
        let eta = Duration::try_from_secs_f64(self.eta()?.ceil()).ok()?;
        Some(format!("{} left", style::duration(eta)))
    }

    /// `embedding: 1,200 of 5,000 documents`
    fn counted(&self) -> String {
        let number = |number| match self.unit {
            "bytes" => style::bytes(number),
            _ => style::count(number),
        };
        let last = if self.total > 0 { self.total } else { self.done };
        let unit = match self.unit {
            "bytes" => "",
            "queries" if last == 1 => "query",
            unit if last == 1 => unit.strip_suffix('s').unwrap_or(unit),
            unit => unit,
        };
        let mut text = self.stage.clone();
        if self.unit == PERCENT {
            // The share says it all.
        } else if self.total > 0 {
            text += &format!(": {} of {} {unit}", number(self.done), number(self.total));
        } else if self.done > 0 {
            text += &format!(": {} {unit}", number(self.done));
        }
        let mut text = text.trim_end().to_owned();
        if !self.beside.is_empty() {
            text += &format!(", {}", self.beside);
        }
        text
    }

    /// [`State::counted`], with the share and the time.
    fn line(&self) -> String {
        let mut line = self.counted();
        if let Some(percent) = (100 * self.done.min(self.total)).checked_div(self.total) {
            line += &match self.unit {
                PERCENT => format!(": {percent} %"),
                _ => format!(" ({percent} %)"),
            };
        }
        match self.left() {
            Some(left) if self.done < self.total => line += &format!(", {left}"),
            _ => line += &format!(", {}", style::duration(self.started.elapsed())),
        }
        line
    }

    fn json(&self, finished: bool) -> String {
        let tenths = |seconds: f64| (seconds * 10.0).round() / 10.0;
        let value = json!({
            "stage": self.stage,
            "unit": self.unit,
            "done": self.done,
            "total": (self.total > 0).then_some(self.total),
            "elapsed": tenths(self.started.elapsed().as_secs_f64()),
            "eta": self.eta().map(tenths),
            "finished": finished,
        });
        escaped(value.to_string())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.ticker.take() {
            drop(sender);
            // It does nothing that could fail.
            let _ = thread.join();
        }
        self.shared.bar.finish_and_clear();
        let state = self.shared.state().clone();
        match self.shared.form {
            Form::Lines => say(one_line(&state.line())),
            Form::Json => say(state.json(true)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(unit: &'static str, done: u64, total: u64, seconds: u64) -> State {
        let begun = Instant::now() - Duration::from_secs(seconds);
        State {
            stage: "embedding".into(),
            unit,
            done,
            total,
            beside: String::new(),
            begun,
            started: begun,
            shown: begun,
        }
    }

    #[test]
    fn lines_say_how_far_and_how_long() {
        let line = state("documents", 1_200, 4_800, 10).line();
        assert!(line.starts_with("embedding: 1,200 of 4,800 documents (25 %), 3"), "{line}");
        assert!(line.ends_with(" s left"), "{line}");
        let line = state("bytes", 2_048, 2_048, 3).line();
        assert_eq!(line, "embedding: 2.0 KiB of 2.0 KiB (100 %), 3.0 s");
        assert_eq!(state("", 0, 0, 2).line(), "embedding, 2.0 s");
        assert_eq!(state("records", 1, 0, 2).line(), "embedding: 1 record, 2.0 s");
        assert_eq!(state("queries", 1, 1, 2).line(), "embedding: 1 of 1 query (100 %), 2.0 s");
        let line = state("documents", 0, 1, 2).line();
        assert!(line.starts_with("embedding: 0 of 1 document (0 %)"), "{line}");
        assert_eq!(state(PERCENT, 0, 0, 2).line(), "embedding, 2.0 s");
        let line = state(PERCENT, 40, 100, 2).line();
        assert!(line.starts_with("embedding: 40 %, ") && line.ends_with(" s left"), "{line}");
    }

    #[test]
    fn json_lines_have_all_fields() {
        let value: serde_json::Value =
            serde_json::from_str(&state("documents", 1, 4, 10).json(false)).unwrap();
        assert_eq!(value["total"], 4);
        assert_eq!(value["eta"], 30.0);
        assert_eq!(value["finished"], false);
        let value: serde_json::Value =
            serde_json::from_str(&state("", 0, 0, 1).json(true)).unwrap();
        assert_eq!(value["total"], serde_json::Value::Null);
        assert_eq!(value["eta"], serde_json::Value::Null);
    }

    #[test]
    fn quiet_silences_what_was_not_asked_for() {
        assert_eq!(Form::Auto.settled(true), Form::None);
        assert_eq!(Form::Json.settled(true), Form::Json);
    }
}
