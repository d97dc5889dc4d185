//! Digests of source files, taken while they are read.
//!
//! A [`Tap`] stands between a file and everything that unpacks or parses it, so that a digest costs
//! no second pass. What is hashed are the bytes on disk, packed or not.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Bytes of one read when a file is only hashed.
const READ_BYTES: usize = 256 * 1024;

/// A reader that counts and hashes what passes.
pub(super) struct Tap<R> {
    reader: R,
    passed: Passed,
}

/// What passed a [`Tap`] so far; shared with whoever asks for it.
#[derive(Clone, Default)]
pub(super) struct Passed(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    bytes: u64,
    hash: Sha256,
}

impl Passed {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing can panic while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.bytes += bytes.len() as u64;
        state.hash.update(bytes);
    }

    /// Bytes that passed.
    pub(super) fn bytes(&self) -> u64 {
        self.state().bytes
    }

    /// Bytes that passed and their SHA-256. Cost: less than a microsecond.
    pub(super) fn digest(&self) -> (u64, [u8; 32]) {
        let state = self.state();
        (state.bytes, state.hash.clone().finalize().into())
    }
}

impl<R: Read> Tap<R> {
    pub(super) fn new(reader: R) -> Tap<R> {
        Tap { reader, passed: Passed::default() }
    }

    pub(super) fn passed(&self) -> Passed {
        self.passed.clone()
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.passed.add(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Opens a file to read it.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|source| Error::io("open", path.display().to_string(), source))
}

/// SHA-256 of the first `bytes` of a file; `None` when it is shorter.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn of_prefix(path: &Path, bytes: u64) -> Result<Option<[u8; 32]>> {
    let mut tap = Tap::new(open(path)?.take(bytes));
    each_piece(&mut tap, path, |_| {})?;
    let (found, hash) = tap.passed().digest();
    Ok((found == bytes).then_some(hash))
}

/// Length and SHA-256 of a whole file.
///
/// # Errors
/// [`Error::Io`].
#[cfg(any(feature = "parquet", all(feature = "session", feature = "bert")))]
pub(crate) fn of_file(path: &Path) -> Result<(u64, [u8; 32])> {
    let mut tap = Tap::new(open(path)?);
    each_piece(&mut tap, path, |_| {})?;
    Ok(tap.passed().digest())
}

/// Reads to the end, piece by piece.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn each_piece(
    reader: &mut impl Read,
    path: &Path,
    mut take: impl FnMut(&[u8]),
) -> Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => take(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::io("read", path.display().to_string(), source)),
        }
    }
}

/// The digest of an array and its list of ids together.
pub(super) fn joint<const N: usize>(array: [u8; N], ids: [u8; N]) -> [u8; 32] {
    Sha256::digest([array, ids].concat()).into()
}

/// The first 16 bytes of a SHA-256.
pub(super) fn short(digest: [u8; 32]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(digest.split_at(16).0);
    short
}

/// What tells a file from one of the same name in another folder.
pub(super) fn place(path: &Path) -> [u8; 16] {
    let whole = path.canonicalize().or_else(|_| std::path::absolute(path));
    let whole = whole.unwrap_or_else(|_| path.to_owned());
    short(Sha256::digest(whole.as_os_str().as_encoded_bytes()).into())
}
