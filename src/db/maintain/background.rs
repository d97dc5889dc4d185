//! Maintenance that a writer has done on a thread beside it, and publishes with its own commits.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::super::building::Building;
use super::super::improver::Improver;
use super::super::next::{Built, NextGeneration};
use super::super::options::{Maintenance, WriterOptions};
use super::super::snapshot::Snapshot;
use super::super::writer::Writer;
use super::course::{Course, Goal};
use super::options::{Job, OptimizeOptions};
use crate::control::{CancelToken, Control};
use crate::error::{Error, Result};
use crate::storage::Storage;

impl Writer {
    /// This writer with the maintenance that its options ask for.
    pub(in crate::db) fn maintained(mut self) -> Writer {
        if let Maintenance::Auto(switch) = &self.parts().1.maintenance {
            let background = Background::new(Goal::Compact, switch.clone());
            self.improve_beside(Box::new(background));
        }
        self
    }

    /// Merges segments beside this writer as an import wants it, unless it has other maintenance.
    #[cfg(feature = "ingest")]
    pub(crate) fn merge_beside(&mut self) {
        if matches!(self.parts().1.maintenance, Maintenance::Off) {
            self.improve_beside(Box::new(Background::new(Goal::Merge, CancelToken::new())));
        }
    }
}

/// What a thread made of a generation; `None` where nothing was due.
type Outcome = Result<Option<Built>>;

/// The maintenance of one writer. Dropping it cancels what is under way and waits for that, some milliseconds.
struct Background {
    goal: Goal,
    /// Pauses, paces and cancels it.
    switch: CancelToken,
    /// Taken with the first work, and kept.
    files: Option<Arc<Building>>,
    running: Option<(JoinHandle<Outcome>, CancelToken)>,
    failure: Option<Error>,
}

impl Background {
    fn new(goal: Goal, switch: CancelToken) -> Background {
        Background { goal, switch, files: None, running: None, failure: None }
    }

    /// The files of this maintenance; `None` while other maintenance is at work.
    fn files(&mut self, storage: &Arc<dyn Storage>) -> Option<Arc<Building>> {
        if self.files.is_none() {
            match Building::start(storage.clone(), &WriterOptions::default()) {
                Ok(files) => self.files = Some(files),
                Err(Error::Locked { .. }) => {}
                Err(error) => self.failure = Some(error),
            }
        }
        self.files.clone()
    }
}

impl Improver for Background {
    fn start(&mut self, storage: &Arc<dyn Storage>, base: Snapshot, options: &WriterOptions) {
        if self.running.is_some() || self.failure.is_some() || self.switch.is_cancelled() {
            return;
        }
        let Some(files) = self.files(storage) else { return };
        let stop = self.switch.child();
        let control = Control { cancel: Some(stop.clone()), ..Control::default() };
        let (goal, options) = (self.goal, options.clone());
        let step = move || build(goal, files, base, &options, &control);
        // Where the system has no thread, nothing is done this time.
        if let Ok(thread) = thread::Builder::new().name("medvec-maintenance".into()).spawn(step) {
            self.running = Some((thread, stop));
        }
    }

    fn is_running(&self) -> bool {
        self.running.is_some()
    }

    fn take(&mut self) -> Option<(Built, Arc<Building>)> {
        let (thread, _) = self.running.take_if(|(thread, _)| thread.is_finished())?;
        match thread.join() {
            Ok(Ok(built)) => built.zip(self.files.clone()),
            Ok(Err(Error::Cancelled)) => None,
            Ok(Err(error)) => {
                self.failure = Some(error);
                None
            }
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    fn take_damage(&mut self) -> Option<Error> {
        self.failure.take_if(|failure| matches!(failure, Error::Corrupt { .. }))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let Some((thread, stop)) = self.running.take() else { return };
        stop.cancel();
        // A forked child does not have the thread.
        if self.files.as_ref().is_some_and(|files| files.is_own()) {
            let _ = thread.join();
        }
    }
}

fn build(
    goal: Goal,
    files: Arc<Building>,
    base: Snapshot,
    options: &WriterOptions,
    control: &Control,
) -> Outcome {
    let mut next = NextGeneration::new(files.clone(), base)?;
    let mut course = Course::new(goal, &next);
    let optimize = OptimizeOptions::default();
    let mut job = Job { next: &mut next, writer: options, options: &optimize, control };
    Ok(course.advance(&mut job)?.then(|| next.into_built(&files)))
}
