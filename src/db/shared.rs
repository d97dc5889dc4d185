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
    ///
    /// What another thread has seen since this one began to look is never replaced by what this one loaded: a commit may
    /// have passed in between.
    pub(super) fn refresh(&self) -> Result<bool> {
        let mut before = self.snapshot();
        let mut is_newer = false;
        while let Some(newest) = self.newer_than(&before)? {
            is_newer = true;
            match self.replace(&before, newest) {
                Ok(()) => break,
                Err(seen) => before = seen,
            }
        }
        Ok(is_newer)
    }

    /// The newest state, if it is another one.
    fn newer_than(&self, before: &Snapshot) -> Result<Option<Snapshot>> {
        for member in &self.members {
            let location = member.storage.location();
            member.refresh().map_err(|error| error.within(location.as_ref()))?;
        }
        match self.members.as_slice() {
            [] => {
                let newest = recover::load_newest(&self.storage, Some(before))?;
                Ok((!newest.is_as(before)).then_some(newest))
            }
            members => {
                let newest = snapshots(members);
                let mut pairs = newest.iter().zip(before.members());
                match pairs.all(|(newest, before)| newest.is_as(before)) {
                    true => Ok(None),
                    false => joint::join(newest).map(Some),
                }
            }
        }
    }

    /// Makes a state the newest one seen, in the place of another; else returns the one that stands there now.
    fn replace(&self, before: &Snapshot, newest: Snapshot) -> Result<(), Snapshot> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if !current.is_same_state(before) {
            return Err(current.clone());
        }
        *current = newest;
        Ok(())
    }

    /// Makes a state the newest one seen.
    pub(super) fn install(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }
}

fn snapshots(members: &[Arc<Shared>]) -> Vec<Snapshot> {
    members.iter().map(|member| member.snapshot()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::super::{CreateOptions, Database, WriterOptions};
    use super::*;
    use crate::document::Document;
    use crate::ids::Key;
    use crate::storage::{Bytes, MemoryStorage, StorageFile, WriterLock};

    /// Does something once, when a file is opened.
    struct Interrupted {
        inner: MemoryStorage,
        meanwhile: Mutex<Option<(&'static str, Box<dyn FnOnce() + Send>)>>,
    }

    impl Storage for Interrupted {
        fn location(&self) -> String {
            self.inner.location()
        }

        fn list(&self) -> Result<Vec<String>> {
            self.inner.list()
        }

        fn length(&self, name: &str) -> Result<Option<u64>> {
            self.inner.length(name)
        }

        fn open(&self, name: &str) -> Result<Option<Bytes>> {
            let due = self.meanwhile.lock().unwrap().take_if(|(file, _)| *file == name);
            if let Some((_, meanwhile)) = due {
                meanwhile();
            }
            self.inner.open(name)
        }

        fn create(&self, name: &str) -> Result<Box<dyn StorageFile>> {
            self.inner.create(name)
        }

        fn publish(&self, from: &str, to: &str) -> Result<()> {
            self.inner.publish(from, to)
        }

        fn remove(&self, name: &str) -> Result<()> {
            self.inner.remove(name)
        }

        fn sync_directory(&self) -> Result<()> {
            self.inner.sync_directory()
        }

        fn lock(&self) -> Result<Box<dyn WriterLock>> {
            self.inner.lock()
        }

        fn lock_builds(&self) -> Result<Box<dyn WriterLock>> {
            self.inner.lock_builds()
        }
    }

    fn commit(database: &Database, pmid: u32) {
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        writer.upsert(Document::new(Key::pmid(pmid))).unwrap();
        writer.commit().unwrap();
    }

    #[test]
    fn a_state_that_was_loaded_before_a_commit_does_not_replace_it() {
        let inner = MemoryStorage::new();
        let other = Database::create_in(Arc::new(inner.clone()), CreateOptions::default()).unwrap();
        let storage = Arc::new(Interrupted { inner, meanwhile: Mutex::new(None) });
        let database = Database::open_in(storage.clone()).unwrap();
        commit(&other, 1);
        // While this handle loads that, a thread of its own commits.
        let thread = database.clone();
        let meanwhile = Box::new(move || commit(&thread, 2));
        *storage.meanwhile.lock().unwrap() = Some(("segment-00000001", meanwhile));
        assert!(database.refresh().unwrap());
        assert_eq!((database.snapshot().generation().0, database.snapshot().len()), (3, 2));
        assert!(!database.refresh().unwrap());
    }
}
