//! What the clones of a database handle and its writer share: the storage and the newest state seen.

use std::sync::{Arc, PoisonError, RwLock};

use super::recover;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::storage::Storage;

pub(super) struct Shared {
    storage: Arc<dyn Storage>,
    current: RwLock<Snapshot>,
}

impl Shared {
    /// Opens the newest state.
    pub(super) fn open(storage: Arc<dyn Storage>) -> Result<Shared> {
        let current = RwLock::new(recover::load_newest(&storage, None)?);
        Ok(Shared { storage, current })
    }

    pub(super) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The newest state seen so far.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks for a newer state; returns whether there was one.
    pub(super) fn refresh(&self) -> Result<bool> {
        let before = self.snapshot();
        let newest = recover::load_newest(&self.storage, Some(&before))?;
        let is_newer = newest.generation() != before.generation();
        if is_newer {
            self.install(newest);
        }
        Ok(is_newer)
    }

    /// Makes a state the newest one seen.
    pub(super) fn install(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}
