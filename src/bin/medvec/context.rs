//! What every command is given.

use std::io::Write;
use std::sync::Arc;

use medvec::session::{Step, Watch};
use medvec::{CancelToken, Control};

use crate::interrupt::cancel_on_interrupt;
use crate::progress::{Form, Progress};
use crate::terminal::{self, Output};
use crate::wrap;

/// Standard output and the wishes that hold for all commands.
pub(crate) struct Context {
    /// Standard output; colours are dropped where they are not wanted.
    pub(crate) out: Output,
    /// No progress and no remarks.
    pub(crate) quiet: bool,
    /// How progress is reported.
    pub(crate) form: Form,
    /// Columns to fill.
    pub(crate) columns: usize,
    cancel: CancelToken,
}

impl Context {
    /// The context of this process.
    pub(crate) fn new(quiet: bool, form: Form) -> Context {
        Context {
            out: Output::new(),
            quiet,
            form: form.settled(quiet),
            columns: wrap::columns(),
            cancel: cancel_on_interrupt(),
        }
    }

    /// Stops calls on Ctrl-C.
    pub(crate) fn control(&self) -> Control {
        Control { cancel: Some(self.cancel.clone()), ..Control::default() }
    }

    /// Shows the progress of a command that begins with this stage.
    pub(crate) fn progress(&self, stage: &str) -> Progress {
        Progress::new(self.form, stage)
    }

    /// As [`Context::control`], for a call that reports its progress.
    pub(crate) fn watched(&self, progress: &Arc<Progress>) -> Control {
        let shown = progress.clone();
        let watch = move |step: Step| match step.unit {
            "bytes" => {
                let records = (step.records > 0).then_some(step.records);
                shown.bytes(step.stage, step.done, step.total, records);
            }
            unit => shown.stage(step.stage, unit, step.done, step.total),
        };
        Control { watch: Some(Watch::new(watch)), ..self.control() }
    }

    /// A line for the person at the terminal, on standard error, after what was written so far.
    pub(crate) fn remark(&mut self, line: impl AsRef<str>) {
        if !self.quiet {
            // A failure shows up again at the next write.
            let _ = self.out.flush();
            terminal::say(line);
        }
    }
}
