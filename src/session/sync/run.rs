//! A plan, carried out.

use std::sync::Arc;

use super::ledger::{Ledger, note};
use super::plan::SyncPlan;
use super::reconcile::{pending, reconcile};
use super::report::{PendingRemovals, SyncReport};
use crate::control::Control;
use crate::db::{Database, Snapshot};
use crate::ingest::pipeline::Selection;
use crate::session::error::{SessionError, SessionResult};
use crate::session::import::Import;

impl SyncPlan {
    /// Reads the files of the plan in order, then deletes what a new baseline does not have any more.
    ///
    /// A run that ends early, by an error or a kill, leaves what was committed; the next one goes on there, inside of
    /// a file as well.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) for a bad file or record, with what came before it committed;
    /// [`SessionError::TooManyRemovals`](crate::session::SessionError::TooManyRemovals), with everything read;
    /// as [`Import::prepare`] and [`Import::run`].
    pub fn run(self, control: &Control) -> SessionResult<SyncReport> {
        let mut report = SyncReport::default();
        self.run_into(&mut report, control)?;
        Ok(report)
    }

    /// The same, into a report that also says what was done before a new baseline was refused.
    ///
    /// # Errors
    /// As [`SyncPlan::run`].
    pub fn run_into(self, report: &mut SyncReport, control: &Control) -> SessionResult<()> {
        *report = SyncReport { missing: self.missing.clone(), ..SyncReport::default() };
        let database = match self.to_read.is_empty() {
            true if !Database::exists(&self.database) => return Ok(()),
            true => Database::open(&self.database)?,
            false => {
                let files = self.to_read.iter().map(|planned| planned.path.clone()).collect();
                let import = Import::of_files(&self.database, files, &self.settings.import)?;
                let database = import.database().clone();
                note(&database, self.keep.as_deref().unwrap_or_default(), &self.reopened)?;
                let import = import.selecting(self.selection());
                report.take(&import.run(control)?);
                database
            }
        };
        if let Some(year) = self.complete_year(&database.snapshot()) {
            let allowed = self.settings.allow_removals;
            let reconciled = reconcile(&database, year, allowed, control);
            if let Err(SessionError::TooManyRemovals { year, count, allowed, first }) = &reconciled
            {
                let (year, count, allowed, first) = (*year, *count, *allowed, first.clone());
                report.pending = Some(PendingRemovals { year, count, allowed, first });
            }
            report.removals = Some(reconciled?);
        }
        Ok(())
    }

    /// What a new baseline that was read does not have and is still in the database; `None` where that is nothing.
    /// Files that are still to be read may bring some of it back. Cost: two columns of every segment.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn pending(&self) -> SessionResult<Option<PendingRemovals>> {
        if !Database::exists(&self.database) {
            return Ok(None);
        }
        let snapshot = Database::open(&self.database)?.snapshot();
        Ok(pending(&snapshot, self.baseline, self.settings.allow_removals)?)
    }

    /// What chooses the citations of the slice, if there is one.
    pub(super) fn selection(&self) -> Option<Arc<dyn Selection>> {
        self.selection.clone().map(|chooser| chooser as Arc<dyn Selection>)
    }

    /// The newest year, once all of its baseline was read.
    fn complete_year(&self, snapshot: &Snapshot) -> Option<u32> {
        let ledger = Ledger::of(&snapshot.manifest().sources);
        self.baseline.filter(|baseline| baseline.is_read(&ledger)).map(|baseline| baseline.year)
    }
}
