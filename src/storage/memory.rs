//! A directory in the heap, for tests, examples and scratch databases.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Bytes, Storage, StorageFile, WriterLock};
use crate::error::{Error, LockHolder, Result};

type Files = Arc<Mutex<BTreeMap<String, Content>>>;

enum Content {
    Open(Vec<u8>),
    Published(Bytes),
}

/// Files in the heap. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    files: Files,
    locked: Arc<Mutex<bool>>,
    builds_locked: Arc<Mutex<bool>>,
}

impl MemoryStorage {
    /// An empty directory.
    pub fn new() -> MemoryStorage {
        MemoryStorage::default()
    }

    /// A directory with these files.
    pub fn with_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> MemoryStorage {
        let storage = MemoryStorage::new();
        for (name, content) in files {
            lock(&storage.files).insert(name, Content::Open(content));
        }
        storage
    }

    /// A directory with these published files; the bytes are shared, not copied.
    pub fn with_bytes(files: impl IntoIterator<Item = (String, Bytes)>) -> MemoryStorage {
        let storage = MemoryStorage::new();
        for (name, content) in files {
            lock(&storage.files).insert(name, Content::Published(content));
        }
        storage
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Storage for MemoryStorage {
    fn location(&self) -> String {
        "memory".into()
    }

    fn list(&self) -> Result<Vec<String>> {
        Ok(lock(&self.files).keys().cloned().collect())
    }

    fn length(&self, name: &str) -> Result<Option<u64>> {
        Ok(lock(&self.files).get(name).map(|content| match content {
            Content::Open(bytes) => bytes.len() as u64,
            Content::Published(bytes) => bytes.len() as u64,
        }))
    }

    fn open(&self, name: &str) -> Result<Option<Bytes>> {
        let mut files = lock(&self.files);
        let Some(content) = files.get_mut(name) else { return Ok(None) };
        let bytes = match content {
            Content::Open(bytes) => Bytes::copy_of(bytes),
            Content::Published(bytes) => return Ok(Some(bytes.clone())),
        };
        *content = Content::Published(bytes.clone());
        Ok(Some(bytes))
    }

    fn create(&self, name: &str) -> Result<Box<dyn StorageFile>> {
        let mut files = lock(&self.files);
        if files.contains_key(name) {
            return Err(Error::io("create", name, io::ErrorKind::AlreadyExists.into()));
        }
        files.insert(name.to_owned(), Content::Open(Vec::new()));
        Ok(Box::new(MemoryFile { files: self.files.clone(), name: name.to_owned() }))
    }

    fn publish(&self, from: &str, to: &str) -> Result<()> {
        let mut files = lock(&self.files);
        if files.contains_key(to) {
            return Err(Error::io("publish", to, io::ErrorKind::AlreadyExists.into()));
        }
        match files.remove(from) {
            Some(content) => {
                files.insert(to.to_owned(), content);
                Ok(())
            }
            None => Err(Error::io("publish", from, io::ErrorKind::NotFound.into())),
        }
    }

    fn remove(&self, name: &str) -> Result<()> {
        lock(&self.files).remove(name);
        Ok(())
    }

    fn sync_directory(&self) -> Result<()> {
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn WriterLock>> {
        acquire(&self.locked)
    }

    fn lock_builds(&self) -> Result<Box<dyn WriterLock>> {
        acquire(&self.builds_locked)
    }
}

fn acquire(is_locked: &Arc<Mutex<bool>>) -> Result<Box<dyn WriterLock>> {
    let mut locked = lock(is_locked);
    if *locked {
        return Err(Error::Locked { path: "memory".into(), holder: LockHolder::ThisProcess });
    }
    *locked = true;
    Ok(Box::new(MemoryLock(is_locked.clone())))
}

struct MemoryFile {
    files: Files,
    name: String,
}

impl StorageFile for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match lock(&self.files).get_mut(&self.name) {
            Some(Content::Open(content)) => {
                content.extend_from_slice(bytes);
                Ok(())
            }
            _ => Err(Error::io("write", &*self.name, io::ErrorKind::NotFound.into())),
        }
    }

    fn sync(&mut self) -> Result<()> {
        Ok(())
    }
}

struct MemoryLock(Arc<Mutex<bool>>);

impl WriterLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        *lock(&self.0) = false;
    }
}
