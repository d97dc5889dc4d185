//! What is done beside a writer: started after its commits, and published with the next one.

use std::thread;
use std::time::Duration;

use super::super::improver::Improver;
use super::Writer;
use crate::control::Control;
use crate::error::Result;

/// Time between two looks at maintenance that is waited for.
const PAUSE: Duration = Duration::from_millis(2);

impl Writer {
    /// Commits, does what maintenance is due and waits for it, step by step, each published by a commit; with
    /// [`Maintenance::Off`](crate::db::Maintenance::Off) only commits. For the end of a long piece of work, and
    /// before a writer is dropped: that gives up what is under way.
    ///
    /// # Errors
    /// What made maintenance stop: [`crate::Error::Memory`], a full disk, [`crate::Error::Corrupt`]; it may
    /// start again then, and the writer goes on. Those of the control. As [`Writer::commit`].
    pub fn finish_maintenance(&mut self, control: &Control) -> Result<()> {
        self.settle(0, control)?;
        self.guarded(Writer::free_superseded)?;
        let failure = self.improver.as_mut().and_then(|improver| improver.take_failure());
        failure.map_or(Ok(()), Err)
    }

    /// Has maintenance work beside this writer, in the place of other.
    pub(in crate::db) fn improve_beside(&mut self, improver: Box<dyn Improver>) {
        self.improver = Some(improver);
    }

    /// Commits, and waits for maintenance as long as there are more segments than this.
    ///
    /// # Errors
    /// The damage that maintenance has stopped at; those of the control; as [`Writer::commit`].
    pub(crate) fn settle(&mut self, segments_max: usize, control: &Control) -> Result<()> {
        self.commit()?;
        self.start_maintenance();
        while self.improver.as_ref().is_some_and(|improver| improver.is_running())
            && self.next.segments().nth(segments_max).is_some()
        {
            // A step may take minutes, or be paused.
            control.check()?;
            let is_adopted = self.guarded(|writer| {
                let is_adopted = writer.adopt_built()?;
                if is_adopted {
                    writer.commit_changes()?;
                    writer.start_maintenance();
                }
                Ok(is_adopted)
            })?;
            if !is_adopted {
                thread::sleep(PAUSE);
            }
        }
        let damage = self.improver.as_mut().and_then(|improver| improver.take_damage());
        damage.map_or(Ok(()), Err)
    }

    /// Starts what is due, from the last commit.
    pub(super) fn start_maintenance(&mut self) {
        if let Some(improver) = &mut self.improver {
            let base = self.next.base().clone();
            improver.start(self.shared.storage(), base, &self.options);
        }
    }

    /// Takes in what was built, if it is ready. Returns whether anything was.
    pub(super) fn adopt_built(&mut self) -> Result<bool> {
        let built = self.improver.as_mut().and_then(|improver| improver.take());
        let Some((built, files)) = built else { return Ok(false) };
        // What cannot take its place any more is built anew.
        self.next.adopt(built, &files)?;
        Ok(true)
    }
}
