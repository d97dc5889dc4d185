//! Simulated storage: logs every operation, makes crash images, injects faults.
//!
//! [`SimStorage`] behaves as a directory in the heap. What it adds:
//!
//! - a **log** of every operation that changes something ([`SimStorage::operation`]);
//! - **crash images** ([`SimStorage::crash_images`]): the directories that a power cut after any
//!   number of logged operations could leave behind, under the assumptions of
//!   `format-spec/12-commit.md`: synced bytes stay, unsynced bytes may be there, torn, zero or
//!   garbage; a name is certain after a directory sync and may or may not be there before;
//! - **faults** ([`SimStorage::fail_at`]): the n-th call fails, once or from then on.
//!
//! ```
//! use medvec::storage::{Storage, sim::SimStorage};
//!
//! let storage = SimStorage::new();
//! let mut file = storage.create("a")?;
//! file.write(b"content")?;
//! file.sync()?;
//! let images: Vec<_> = storage.crash_images(storage.log_len(), 1).collect();
//! // The content is durable, the name is not yet: the file is there whole, or not at all.
//! assert_eq!(images.len(), 2);
//! # Ok::<(), medvec::Error>(())
//! ```

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Bytes, MemoryStorage, Storage, StorageFile, WriterLock};
use crate::error::{Error, Result};

mod crash;
mod fault;
mod operation;
#[cfg(test)]
mod tests;

pub use fault::{Fault, FaultKind};
pub use operation::Operation;

use fault::Call;

/// Random images of [`SimStorage::crash_images`] for each way the directory may look.
pub const RANDOM_IMAGES: usize = 24;

/// A directory in the heap that remembers how it came about. Clones share everything.
#[derive(Clone, Default)]
pub struct SimStorage {
    inner: MemoryStorage,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Files that were durable from the start; they have the first numbers.
    base: Vec<(String, Bytes)>,
    log: Vec<Operation>,
    files: usize,
    calls: usize,
    fault: Option<(usize, Fault)>,
    struck: usize,
    certain: crash::Certain,
}

impl State {
    /// Counts a call and decides whether it fails.
    fn call(&mut self, call: Call) -> Option<FaultKind> {
        let number = self.calls;
        self.calls += 1;
        let (from, fault) = self.fault?;
        if number < from || !fault.kind.hits(call) {
            return None;
        }
        if !fault.persistent {
            self.fault = None;
        }
        self.struck += 1;
        Some(fault.kind)
    }
}

impl SimStorage {
    /// An empty directory.
    pub fn new() -> SimStorage {
        SimStorage::default()
    }

    /// A directory that starts with the files of another, all durable: a restart after a crash.
    ///
    /// # Errors
    /// Those of reading the other directory.
    pub fn on(other: &dyn Storage) -> Result<SimStorage> {
        let mut base = Vec::new();
        for name in other.list()? {
            if let Some(bytes) = other.open(&name)? {
                base.push((name, bytes));
            }
        }
        let inner = MemoryStorage::with_bytes(base.iter().cloned());
        let files = base.len();
        let state = State { base, files, ..State::default() };
        Ok(SimStorage { inner, state: Arc::new(Mutex::new(state)) })
    }

    /// Operations logged so far: the greatest position of a crash.
    pub fn log_len(&self) -> usize {
        self.state().log.len()
    }

    /// A logged operation, from 0.
    pub fn operation(&self, position: usize) -> Option<Operation> {
        self.state().log.get(position).cloned()
    }

    /// Calls so far, those that only read or that failed included: what [`SimStorage::fail_at`]
    /// counts.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// Makes the first call from number `call` on that this fault can hit fail, and with
    /// [`Fault::persistent`] every such call after it. Replaces an earlier fault.
    pub fn fail_at(&self, call: usize, fault: Fault) {
        self.state().fault = Some((call, fault));
    }

    /// Ends a fault.
    pub fn heal(&self) {
        self.state().fault = None;
    }

    /// Calls that failed by a fault.
    pub fn struck(&self) -> usize {
        self.state().struck
    }

    /// The distinct directories that a crash after the first `at` logged operations could leave.
    ///
    /// Contents: nothing unsynced; every prefix of the unsynced writes; all of them; full length
    /// but zeros; and [`RANDOM_IMAGES`] seeded ones with sectors of 512 or 4,096 bytes written,
    /// zeroed, turned to garbage, or cut off at the end. Directory: every subset of up to four
    /// unsynced changes; of more, none, all, each one alone, all but each one, and eight random
    /// subsets. Images are made as the iterator advances; unchanged files are shared.
    pub fn crash_images(
        &self,
        at: usize,
        seed: u64,
    ) -> impl Iterator<Item = MemoryStorage> + use<> {
        self.crash_images_with(at, seed, RANDOM_IMAGES)
    }

    /// [`SimStorage::crash_images`] with another number of random images.
    pub fn crash_images_with(
        &self,
        at: usize,
        seed: u64,
        random: usize,
    ) -> impl Iterator<Item = MemoryStorage> + use<> {
        let mut state = self.state();
        let State { base, log, certain, .. } = &mut *state;
        let log = log.get(..at).unwrap_or(log);
        crash::Images::new(base, log, certain, seed ^ (at as u64).rotate_left(32), random)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn call(&self, call: Call, name: &str) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        match state.call(call) {
            Some(kind) => Err(kind.error(call, name)),
            None => Ok(state),
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Storage for SimStorage {
    fn location(&self) -> String {
        "simulation".into()
    }

    fn list(&self) -> Result<Vec<String>> {
        let _state = self.call(Call::List, "simulation")?;
        self.inner.list()
    }

    fn length(&self, name: &str) -> Result<Option<u64>> {
        let _state = self.call(Call::Length, name)?;
        self.inner.length(name)
    }

    fn open(&self, name: &str) -> Result<Option<Bytes>> {
        let _state = self.call(Call::Open, name)?;
        self.inner.open(name)
    }

    fn read_head(&self, name: &str, bytes: usize) -> Result<Option<Vec<u8>>> {
        let _state = self.call(Call::Read, name)?;
        self.inner.read_head(name, bytes)
    }

    fn read_through(&self, name: &str) -> Result<()> {
        let _state = self.call(Call::Read, name)?;
        self.inner.read_through(name)
    }

    fn create(&self, name: &str) -> Result<Box<dyn StorageFile>> {
        let mut state = self.call(Call::Create, name)?;
        let inner = self.inner.create(name)?;
        let number = state.files;
        state.files += 1;
        state.log.push(Operation::Create { name: name.to_owned(), file: number });
        Ok(Box::new(SimFile { inner, number, name: name.to_owned(), state: self.state.clone() }))
    }

    fn publish(&self, from: &str, to: &str) -> Result<()> {
        let mut state = self.call(Call::Publish, to)?;
        self.inner.publish(from, to)?;
        state.log.push(Operation::Publish { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        let mut state = self.call(Call::Remove, name)?;
        if self.inner.length(name)?.is_some() {
            self.inner.remove(name)?;
            state.log.push(Operation::Remove { name: name.to_owned() });
        }
        Ok(())
    }

    fn sync_directory(&self) -> Result<()> {
        let mut state = self.call(Call::SyncDirectory, "simulation")?;
        state.log.push(Operation::SyncDirectory);
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn WriterLock>> {
        let _state = self.call(Call::Lock, "simulation")?;
        self.inner.lock()
    }

    fn lock_builds(&self) -> Result<Box<dyn WriterLock>> {
        let _state = self.call(Call::Lock, "simulation")?;
        self.inner.lock_builds()
    }
}

struct SimFile {
    inner: Box<dyn StorageFile>,
    number: usize,
    name: String,
    state: Arc<Mutex<State>>,
}

impl SimFile {
    fn append(&mut self, state: &mut State, bytes: &[u8]) -> Result<()> {
        self.inner.write(bytes)?;
        let bytes = Bytes::copy_of(bytes);
        state.log.push(Operation::Write { file: self.number, bytes });
        Ok(())
    }
}

impl StorageFile for SimFile {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let state = self.state.clone();
        let mut state = lock(&state);
        let Some(kind) = state.call(Call::Write) else {
            return self.append(&mut state, bytes);
        };
        if kind == FaultKind::ShortWrite {
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            self.append(&mut state, half)?;
        }
        Err(kind.error(Call::Write, &self.name))
    }

    fn sync(&mut self) -> Result<()> {
        let mut state = lock(&self.state);
        let file = self.number;
        match state.call(Call::Sync) {
            None => {
                state.log.push(Operation::Sync { file });
                self.inner.sync()
            }
            Some(kind) => {
                state.log.push(Operation::SyncFailed { file });
                Err(kind.error(Call::Sync, &self.name))
            }
        }
    }
}

impl FaultKind {
    fn error(self, call: Call, name: &str) -> Error {
        let source = self.io_error();
        if call.modifies_directory() {
            super::errors::modify_error(
                call.verb(),
                Path::new("simulation"),
                Path::new(name),
                source,
            )
        } else {
            Error::io(call.verb(), name, source)
        }
    }
}
