//! Where maintenance beside the writer puts its files: into the directory, under names that say that they are being
//! built. They get their own names under the writer's lock, when they are published.
//!
//! To whoever makes them they seem to have their own names at once: a merge and the training of an index need not
//! know where they write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::lock::{self, Lock};
use super::options::WriterOptions;
use crate::error::{Error, Result};
use crate::format::names::{Name, building_name, parse};
use crate::storage::{Bytes, Storage, StorageFile, WriterLock, random_id};

/// The directory, and the files in it that are being built. As long as it lives, it holds the lock of maintenance;
/// then it removes those that were not published.
pub(super) struct Building {
    storage: Arc<dyn Storage>,
    /// The names that files seem to have, and those that they have.
    names: Mutex<BTreeMap<String, String>>,
    lock: Box<dyn WriterLock>,
}

impl Building {
    /// Takes the lock of maintenance, and removes what maintenance that died has left.
    ///
    /// # Errors
    /// [`Error::Locked`] when other maintenance is at work; as [`Storage::lock`].
    pub(super) fn start(
        storage: Arc<dyn Storage>,
        options: &WriterOptions,
    ) -> Result<Arc<Building>> {
        let lock = lock::take(&*storage, Lock::Builds, options.lock_wait, &options.control)?;
        remove_all(&*storage)?;
        Ok(Arc::new(Building { storage, names: Mutex::default(), lock }))
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name that a file has.
    fn real(&self, name: &str) -> String {
        self.names().get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// Whether this process holds the lock; a forked child has a copy.
    pub(super) fn is_own(&self) -> bool {
        self.lock.is_own()
    }

    /// Whether a file was built, and is not published.
    pub(super) fn has_built(&self, name: &str) -> bool {
        self.names().contains_key(name)
    }

    /// Removes the files that were built, but for these; best effort.
    pub(super) fn keep_only(&self, kept: &[String]) {
        let mut names = self.names();
        names.retain(|name, real| kept.contains(name) || self.storage.remove(real).is_err());
    }

    /// Gives a file that was built its own name, under the lock of the writer.
    ///
    /// # Errors
    /// As [`Storage::publish`]; also when no such file was built.
    pub(super) fn hand_over(&self, name: &str, to: &str) -> Result<()> {
        let real = self.real(name);
        self.storage.publish(&real, to)?;
        self.names().remove(name);
        Ok(())
    }
}

impl Drop for Building {
    fn drop(&mut self) {
        // A forked child must not remove what its parent builds.
        if self.is_own() {
            self.keep_only(&[]);
        }
    }
}

/// Removes what maintenance that died has left, unless maintenance is at work. Best effort: it is in nobody's way
/// but for its bytes.
pub(super) fn remove_leftovers(storage: &dyn Storage) {
    let is_building = |name: &String| matches!(parse(name), Some(Name::Building(_)));
    if storage.list().is_ok_and(|names| names.iter().any(is_building))
        && let Ok(_lock) = storage.lock_builds()
    {
        let _ = remove_all(storage);
    }
}

/// Removes all files that are being built; for the holder of the lock.
fn remove_all(storage: &dyn Storage) -> Result<()> {
    for name in storage.list()? {
        if let Some(Name::Building(_)) = parse(&name) {
            storage.remove(&name)?;
        }
    }
    Ok(())
}

/// A file that is created seems to have the name that it is given.
impl Storage for Building {
    fn location(&self) -> String {
        self.storage.location()
    }

    fn list(&self) -> Result<Vec<String>> {
        self.storage.list()
    }

    fn length(&self, name: &str) -> Result<Option<u64>> {
        self.storage.length(&self.real(name))
    }

    fn open(&self, name: &str) -> Result<Option<Bytes>> {
        self.storage.open(&self.real(name))
    }

    fn read_head(&self, name: &str, bytes: usize) -> Result<Option<Vec<u8>>> {
        self.storage.read_head(&self.real(name), bytes)
    }

    fn read_through(&self, name: &str) -> Result<()> {
        self.storage.read_through(&self.real(name))
    }

    fn create(&self, name: &str) -> Result<Box<dyn StorageFile>> {
        let real = building_name(random_id()?);
        let file = self.storage.create(&real)?;
        let before = self.names().insert(name.to_owned(), real);
        if let Some(before) = before {
            // Of a step that was given up.
            self.storage.remove(&before)?;
        }
        Ok(file)
    }

    /// Nothing is published from here.
    fn publish(&self, _from: &str, to: &str) -> Result<()> {
        Err(Error::io("publish", to, std::io::ErrorKind::Unsupported.into()))
    }

    /// Removes a file that is being built, and no other.
    fn remove(&self, name: &str) -> Result<()> {
        match self.names().remove(name) {
            Some(real) => self.storage.remove(&real),
            None => Ok(()),
        }
    }

    fn sync_directory(&self) -> Result<()> {
        self.storage.sync_directory()
    }

    /// Whoever builds is not the writer.
    fn lock(&self) -> Result<Box<dyn WriterLock>> {
        Err(Error::io("lock", self.location(), std::io::ErrorKind::Unsupported.into()))
    }

    fn lock_builds(&self) -> Result<Box<dyn WriterLock>> {
        self.storage.lock_builds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::MemoryStorage;

    fn put(storage: &dyn Storage, name: &str, content: &[u8]) {
        storage.create(name).unwrap().write(content).unwrap();
    }

    #[test]
    fn files_seem_to_have_their_names_and_get_them_when_they_are_published() {
        let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
        put(&*storage, "segment-00000001", b"published");
        let building = Building::start(storage.clone(), &WriterOptions::default()).unwrap();
        put(&*building, "segment-00000002", b"given up");
        put(&*building, "segment-00000002", b"built");
        put(&*building, "segment-00000003", b"merged again");
        let read = |name: &str| building.open(name).unwrap().map(|bytes| bytes.to_vec());
        assert_eq!(read("segment-00000001").as_deref(), Some(&b"published"[..]));
        assert_eq!(read("segment-00000002").as_deref(), Some(&b"built"[..]));
        assert_eq!(storage.length("segment-00000002").unwrap(), None);
        // What is not its own cannot be removed.
        building.remove("segment-00000001").unwrap();
        assert_eq!(storage.list().unwrap().len(), 3);
        building.keep_only(&["segment-00000002".into()]);
        assert_eq!(storage.list().unwrap().len(), 2);
        building.hand_over("segment-00000002", "segment-00000007").unwrap();
        put(&*building, "segment-00000008", b"never published");
        drop(building);
        let mut names = storage.list().unwrap();
        names.sort();
        assert_eq!(names, ["segment-00000001", "segment-00000007"]);
    }
}
