//! What the clones of a database handle and its writer share: the storage and the newest state seen.

use std::sync::{Arc, PoisonError, RwLock};

use super::snapshot::Snapshot;
use super::{joint, recover};
use crate::error::Result;
use crate::storage::Storage;

pub(super) struct Shared {
    storage: Arc<dyn Storage>,
    /// The databases that are read as one; empty for a single one.
    members: Vec<Arc<Shared>>,
    current: RwLock<Snapshot>,
}

impl Shared {
    /// Opens the newest state.
    pub(super) fn open(storage: Arc<dyn Storage>) -> Result<Shared> {
        let current = RwLock::new(recover::load_newest(&storage, None)?);
        Ok(Shared { storage, members: Vec::new(), current })
    }

    /// Reads several databases as one, in the states that they have now.
    pub(super) fn join(databases: Vec<Arc<Shared>>) -> Result<Shared> {
        let each = |one: Arc<Shared>| match one.members.as_slice() {
            [] => vec![one],
            members => members.to_vec(),
        };
        let members: Vec<Arc<Shared>> = databases.into_iter().flat_map(each).collect();
        let current = joint::join(snapshots(&members))?;
        let storage = current.state().storage.clone();
        Ok(Shared { storage, members, current: RwLock::new(current) })
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
        for member in &self.members {
            let location = member.storage.location();
            member.refresh().map_err(|error| error.within(location.as_ref()))?;
        }
        let newest = match self.members.as_slice() {
            [] => recover::load_newest(&self.storage, Some(&before))?,
            members => {
                let newest = snapshots(members);
                let mut pairs = newest.iter().zip(before.members());
                if pairs.all(|(newest, before)| newest.is_as(before)) {
                    return Ok(false);
                }
                joint::join(newest)?
            }
        };
        let is_newer = !self.members.is_empty() || !newest.is_as(&before);
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

fn snapshots(members: &[Arc<Shared>]) -> Vec<Snapshot> {
    members.iter().map(|member| member.snapshot()).collect()
}
