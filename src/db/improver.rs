//! What a writer knows of the maintenance beside it.

use std::sync::Arc;

use super::building::Building;
use super::next::Built;
use super::options::WriterOptions;
use super::snapshot::Snapshot;
use crate::error::Error;
use crate::storage::Storage;

/// Maintenance that works on a thread of its own, step by step, for one writer. Dropping it ends it.
pub(super) trait Improver: Send + Sync {
    /// Starts the next step from a generation, unless one is under way, other maintenance is at work, or a step
    /// has failed.
    fn start(&mut self, storage: &Arc<dyn Storage>, base: Snapshot, options: &WriterOptions);

    /// Whether a step is under way, or ready to be published.
    fn is_running(&self) -> bool;

    /// What was built, if it is ready.
    fn take(&mut self) -> Option<(Built, Arc<Building>)>;

    /// Why maintenance has stopped, if it has; it may start again then.
    fn take_failure(&mut self) -> Option<Error>;

    /// The damage that maintenance has stopped at.
    fn take_damage(&mut self) -> Option<Error>;
}
