//! Maintenance beside the writer.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::building::Building;
use super::super::gc;
use super::super::next::NextGeneration;
use super::super::options::WriterOptions;
use super::super::preconditions::check_encoder;
use super::super::shared::Shared;
use super::super::writer::Writer;
use super::compact::finish;
use super::course::{Course, Goal};
use super::merge::sizes;
use super::optimize::check_queries;
use super::options::{Job, OptimizeOptions};
use super::report::{CompactReport, OptimizeReport};
use crate::control::Control;
use crate::error::{Error, Result};

/// How often a step is done again because somebody else has replaced the segments that it was built from.
const ATTEMPTS_MAX: usize = 3;

/// Improves a database while others write to it and read it.
///
/// What is merged and indexed is built from a snapshot, in files of its own. The lock of the writer is taken to
/// publish a step, for some milliseconds: what was committed meanwhile stays, and rows that were deleted meanwhile
/// are deleted in what was built. A step that is interrupted leaves nothing behind, and what was published stays.
///
/// [`CancelToken`](crate::CancelToken) pauses, paces and cancels it.
///
/// ```
/// use medvec::{Control, CreateOptions, Database, Document, Key, OptimizeOptions, WriterOptions};
///
/// # fn main() -> medvec::Result<()> {
/// # let folder = tempfile::tempdir().expect("a temporary folder");
/// let database = Database::create(folder.path().join("my.medvec"), CreateOptions::default())?;
/// let mut writer = database.writer(WriterOptions::default())?;
/// for number in 1..=8 {
///     writer.upsert(Document::new(Key::pmid(number)))?;
///     writer.commit()?;
/// }
/// drop(writer); // while it lives, nothing can be published
///
/// let mut maintainer = database.maintainer(WriterOptions::default())?;
/// let report = maintainer.optimize(&OptimizeOptions::default(), &Control::default())?;
/// assert_eq!((report.compact.segments_before, report.compact.segments_after), (8, 1));
/// # Ok(())
/// # }
/// ```
pub struct Maintainer {
    shared: Arc<Shared>,
    options: WriterOptions,
    files: Arc<Building>,
}

impl fmt::Debug for Maintainer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Maintainer");
        shown.field("base", &self.shared.snapshot()).field("options", &self.options);
        shown.finish_non_exhaustive()
    }
}

impl Maintainer {
    pub(in crate::db) fn start(shared: Arc<Shared>, options: WriterOptions) -> Result<Maintainer> {
        if let Some(encoder) = &options.encoder {
            check_encoder(encoder.spec(), shared.snapshot().manifest().vectors.as_ref())?;
        }
        let files = Building::start(shared.storage().clone(), &options)?;
        Ok(Maintainer { shared, options, files })
    }

    /// As [`Writer::compact`], in steps that are published one after the other. What every step replaces is
    /// removed when it is published, so that a large database needs a quarter more disk meanwhile.
    ///
    /// A writer that is at work when a step is to be published is waited for, without a limit but that of the
    /// control.
    ///
    /// # Errors
    /// As [`Writer::compact`]; [`Error::Conflict`] when others replace its segments time and again. What was
    /// published before stays.
    pub fn compact(&mut self, control: &Control) -> Result<CompactReport> {
        let options = OptimizeOptions::default();
        let (course, _) = self.run(Goal::Compact, &options, control)?;
        Ok(course.compact_report())
    }

    /// As [`Writer::optimize`], in steps as those of [`Maintainer::compact`]. While a new index takes the place of another,
    /// searches ask both, each with as much effort as was measured for it; what is interrupted, the next call ends.
    ///
    /// # Errors
    /// As [`Writer::optimize`] and [`Maintainer::compact`].
    pub fn optimize(
        &mut self,
        options: &OptimizeOptions,
        control: &Control,
    ) -> Result<OptimizeReport> {
        check_queries(self.shared.snapshot().manifest().vectors.as_ref(), options)?;
        let (course, last) = self.run(Goal::Optimize, options, control)?;
        course.report(&last)
    }

    /// Goes a course to its end; returns it with the last generation.
    fn run(
        &self,
        goal: Goal,
        options: &OptimizeOptions,
        control: &Control,
    ) -> Result<(Course, NextGeneration)> {
        let mut next = self.next()?;
        let mut course = Course::new(goal, &next);
        let mut attempts = 0;
        loop {
            let before = course.clone();
            let mut job = Job { next: &mut next, writer: &self.options, options, control };
            let is_done = !course.advance(&mut job)?;
            if is_done {
                let report = &mut course.report.compact;
                (report.segments_after, report.bytes_after) = sizes(&next);
                self.free(&mut course, control)?;
                return Ok((course, next));
            }
            attempts = if self.publish(next, &mut course, control)? { 0 } else { attempts + 1 };
            next = self.next()?;
            if attempts > 0 {
                course = before;
            }
            if attempts == ATTEMPTS_MAX {
                return Err(Error::Conflict { generation: next.base().generation() });
            }
        }
    }

    /// The newest generation, to be changed in files of our own.
    fn next(&self) -> Result<NextGeneration> {
        self.shared.refresh()?;
        NextGeneration::new(self.files.clone(), self.shared.snapshot())
    }

    /// Publishes what was built; returns whether it still could be.
    fn publish(
        &self,
        next: NextGeneration,
        course: &mut Course,
        control: &Control,
    ) -> Result<bool> {
        let built = next.into_built(&self.files);
        // A file that is still mapped loses nothing but its name when it is removed: its gigabytes are given back
        // when the lock is.
        let before = self.shared.snapshot();
        let mut writer = self.writer(control)?;
        let started = Instant::now();
        let report = &mut course.report.compact;
        let is_adopted = writer.adopt(built, &self.files)?;
        if is_adopted {
            writer.guarded(|writer| finish(writer, report))?;
        }
        drop(writer);
        report.writer_held = report.writer_held.max(started.elapsed());
        drop(before);
        Ok(is_adopted)
    }

    /// Lets go of files that an interrupted compaction left to the generation before.
    fn free(&self, course: &mut Course, control: &Control) -> Result<()> {
        if gc::superseded_bytes(&**self.shared.storage()).is_ok_and(|bytes| bytes > 0) {
            let freed = self.writer(control)?.guarded(Writer::free_superseded)?;
            course.report.compact.bytes_freed += freed;
        }
        Ok(())
    }

    /// The writer, once it is free.
    fn writer(&self, control: &Control) -> Result<Writer> {
        let options = WriterOptions::default().control(control.clone());
        match Writer::start(self.shared.clone(), options.clone()) {
            Err(Error::Locked { .. }) => {
                control.report("waiting for a writer", "", 0, 0);
                Writer::start(self.shared.clone(), options.lock_wait(Some(Duration::MAX)))
            }
            started => started,
        }
    }
}
