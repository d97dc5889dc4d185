//! Deadline, cancel token and progress of one call.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Time between two looks at a switch that holds a call.
const PAUSE_STEP: Duration = Duration::from_millis(5);

/// The longest time between two checks that a pace makes up for.
const PACED_MAX: Duration = Duration::from_millis(100);

/// A switch that stops the calls it was given to, holds them for a while, or slows them down. Clones share the
/// switch.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<Switch>);

#[derive(Debug, Default)]
struct Switch {
    is_cancelled: AtomicBool,
    is_paused: AtomicBool,
    /// Percent of the time that is to be rested; 0 is full speed.
    rest_percent: AtomicU8,
    /// What else stops, holds and slows down.
    parent: Option<CancelToken>,
}

impl CancelToken {
    /// A token that has not been cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Stops every call that holds this token at its next check.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
            || self.0.parent.as_ref().is_some_and(CancelToken::is_cancelled)
    }

    /// Holds every call that has this token at its next check, with all that it holds: memory, threads
    /// that sleep, and the lock of a writer. Deadlines go on, and cancelling ends a call that is held.
    pub fn pause(&self) {
        self.0.is_paused.store(true, Ordering::Relaxed);
    }

    /// Lets calls that are held go on, within some milliseconds.
    pub fn resume(&self) {
        self.0.is_paused.store(false, Ordering::Relaxed);
    }

    /// Whether calls are held: [`CancelToken::pause`] was called, and [`CancelToken::resume`] was not.
    pub fn is_paused(&self) -> bool {
        self.0.is_paused.load(Ordering::Relaxed)
            || self.0.parent.as_ref().is_some_and(CancelToken::is_paused)
    }

    /// Lets calls that have this token work for this share of the time, in percent from 1 to 100: between two
    /// checks, each of their threads that checks rests in proportion. For maintenance that leaves processors and
    /// disk to others.
    pub fn pace(&self, work_percent: u8) {
        self.0.rest_percent.store(100 - work_percent.clamp(1, 100), Ordering::Relaxed);
    }

    /// Percent of the time that calls work.
    pub fn work_percent(&self) -> u8 {
        let own = 100 - self.0.rest_percent.load(Ordering::Relaxed);
        self.0.parent.as_ref().map_or(own, |parent| own.min(parent.work_percent()))
    }

    /// A token that this one stops, holds and slows down too.
    pub(crate) fn child(&self) -> CancelToken {
        CancelToken(Arc::new(Switch { parent: Some(self.clone()), ..Switch::default() }))
    }

    /// Rests after work that began at the last call on this thread.
    fn rest(&self) {
        let percent = u32::from(self.work_percent());
        if percent >= 100 {
            return;
        }
        LAST_CHECK.with(|last| {
            let worked = last.get().map_or(Duration::ZERO, |last| last.elapsed().min(PACED_MAX));
            let mut left = worked * (100 - percent) / percent;
            while !left.is_zero() && !self.is_cancelled() {
                let step = left.min(PAUSE_STEP);
                thread::sleep(step);
                left -= step;
            }
            last.set(Some(Instant::now()));
        });
    }
}

thread_local! {
    /// When this thread last checked a token with a pace.
    static LAST_CHECK: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// How far a long call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// What the call is doing, in words for people: "checking".
    pub stage: &'static str,
    /// What is counted, in the plural: "documents".
    pub unit: &'static str,
    /// How many are done.
    pub done: u64,
    /// How many there are.
    pub total: u64,
    /// Records read so far, where something else is counted; 0 elsewhere.
    pub records: u64,
}

/// A callback for progress. It is called every few milliseconds, on the thread that does the work, so it
/// should return at once.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn(Step) + Send + Sync>);

impl Watch {
    /// A watch that calls this.
    pub fn new(watch: impl Fn(Step) + Send + Sync + 'static) -> Watch {
        Watch(Arc::new(watch))
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// How long a call may run, what stops it, and where it reports progress.
#[derive(Clone, Debug, Default)]
pub struct Control {
    /// The call fails with [`Error::DeadlineExceeded`] after this instant.
    pub deadline: Option<Instant>,
    /// The call fails with [`Error::Cancelled`] once this is cancelled, and waits while it is paused.
    pub cancel: Option<CancelToken>,
    /// Gets the progress of [`Snapshot::verify`](crate::db::Snapshot::verify),
    /// [`Writer::compact`](crate::db::Writer::compact) and
    /// [`Writer::optimize`](crate::db::Writer::optimize), of
    /// [`Database::backup`](crate::db::Database::backup), and by the imports and the embedding of a session.
    pub watch: Option<Watch>,
}

impl Control {
    /// Reports progress to the watch, if there is one.
    pub(crate) fn report(&self, stage: &'static str, unit: &'static str, done: u64, total: u64) {
        if let Some(Watch(watch)) = &self.watch {
            watch(Step { stage, unit, done, total, records: 0 });
        }
    }

    /// Tells the watch how many bytes of files were read, and how many records were in them.
    #[cfg(feature = "session")]
    pub(crate) fn report_reading(&self, stage: &'static str, done: u64, total: u64, records: u64) {
        if let Some(Watch(watch)) = &self.watch {
            watch(Step { stage, unit: "bytes", done, total, records });
        }
    }

    /// Works for this share of the time, in percent; see [`CancelToken::pace`].
    #[must_use]
    pub fn paced(mut self, work_percent: Option<u8>) -> Control {
        if let Some(work_percent) = work_percent {
            self.cancel.get_or_insert_default().pace(work_percent);
        }
        self
    }

    /// The control of a part of the work, which reports what it has done beside what was done
    /// `before`, of `total`.
    pub(crate) fn part(&self, before: u64, total: u64) -> Control {
        let watch = self.watch.clone().map(|Watch(watch)| {
            Watch::new(move |step: Step| watch(Step { done: before + step.done, total, ..step }))
        });
        Control { watch, ..self.clone() }
    }

    /// The controls of `count` parts of the work that are done at once: what any of them reports is the sum of
    /// what all have done, of `total`.
    pub(crate) fn parts(&self, count: usize, total: u64) -> Vec<Control> {
        let done: Arc<[AtomicU64]> = (0..count).map(|_| AtomicU64::new(0)).collect();
        let of_part = |part: usize| {
            let watch = self.watch.clone().map(|Watch(watch)| {
                let done = Arc::clone(&done);
                Watch::new(move |step: Step| {
                    if let Some(part) = done.get(part) {
                        part.store(step.done, Ordering::Relaxed);
                    }
                    let done = done.iter().map(|part| part.load(Ordering::Relaxed)).sum();
                    watch(Step { done, total, ..step });
                })
            });
            Control { watch, ..self.clone() }
        };
        (0..count).map(of_part).collect()
    }

    /// Checks deadline and token; called at block borders, at most a few milliseconds apart.
    pub fn check(&self) -> Result<()> {
        loop {
            if self.cancel.as_ref().is_some_and(CancelToken::is_cancelled) {
                return Err(Error::Cancelled);
            }
            if self.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Error::DeadlineExceeded);
            }
            if !self.cancel.as_ref().is_some_and(CancelToken::is_paused) {
                break;
            }
            thread::sleep(PAUSE_STEP);
        }
        if let Some(token) = &self.cancel {
            token.rest();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_call_waits_and_can_be_resumed_or_cancelled() {
        for resume in [true, false] {
            let token = CancelToken::new();
            token.pause();
            let control = Control { cancel: Some(token.clone()), ..Control::default() };
            let waiting = thread::spawn(move || control.check());
            thread::sleep(Duration::from_millis(20));
            assert!(!waiting.is_finished(), "it waits");
            if resume {
                token.resume()
            } else {
                token.cancel()
            }
            let outcome = waiting.join().unwrap();
            assert_eq!(outcome.is_ok(), resume);
        }
    }

    #[test]
    fn a_paced_call_rests_in_proportion() {
        let token = CancelToken::new();
        let control = Control { cancel: Some(token.child()), ..Control::default() };
        token.pace(20);
        control.check().unwrap();
        let start = Instant::now();
        thread::sleep(Duration::from_millis(10));
        let worked = start.elapsed().min(PACED_MAX);
        control.check().unwrap();
        assert!(start.elapsed() >= worked * 5, "{:?}", start.elapsed());
        assert_eq!(token.work_percent(), 20);
        token.cancel();
        assert!(matches!(control.check(), Err(Error::Cancelled)), "a child hears of it");
    }

    #[test]
    fn a_deadline_ends_a_pause() {
        let token = CancelToken::new();
        token.pause();
        let deadline = Some(Instant::now() + Duration::from_millis(10));
        let control = Control { deadline, cancel: Some(token), ..Control::default() };
        assert!(matches!(control.check(), Err(Error::DeadlineExceeded)));
    }

    #[test]
    fn parts_of_the_work_are_reported_as_parts_of_the_whole() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let watch = Watch::new(move |step| sender.send(step).unwrap());
        let control = Control { watch: Some(watch), ..Control::default() };
        control.report("checking", "rows", 1, 2);
        control.part(10, 20).report("checking", "rows", 3, 5);
        let parts = control.parts(2, 30);
        for (part, done) in [(0, 4), (1, 5), (0, 7), (1, 23)] {
            parts[part].report("checking", "rows", done, 23);
        }
        drop((control, parts));
        let steps: Vec<_> = receiver.iter().map(|step| (step.done, step.total)).collect();
        assert_eq!(steps, [(1, 2), (13, 20), (4, 30), (9, 30), (12, 30), (30, 30)]);
    }
}
