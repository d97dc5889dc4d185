//! Explicit repair: finds what is damaged, says what is lost, and saves the rest.
//!
//! Four steps, each in its file, which [`run`] takes:
//!
//! 1. [`sources`] opens and checks everything. Only what breaks a rule of the format is damage. Any
//!    other failure (permissions, memory, descriptors, a device's error) ends the repair, which then has
//!    changed nothing.
//! 2. [`rows`] settles which rows are live: where a list of deleted rows is lost, by the keys and
//!    revisions of all other segments, so that no replaced edition comes back.
//! 3. [`unread`] says which sources must be read again to bring back what is lost.
//! 4. [`apply`] writes new files, checks the new generation in full, publishes it, and sets aside what
//!    it does not name. [`undo`] brings that back.

mod apply;
mod damage;
mod report;
mod rows;
mod run;
mod sources;
mod undo;
mod unread;

pub use report::{RepairReport, SegmentRepair};
pub(super) use run::repair;
pub use undo::UndoReport;
pub(super) use undo::{last_repair, protected, undo};
