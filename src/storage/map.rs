//! The only place that maps files into memory.
//!
//! # Why this is sound
//!
//! A mapping is a promise that the bytes do not change while anyone looks at them. Files of a
//! database keep it: they are opened here for reading only, were written once under a name that
//! is never used again, have mode 0444, and are removed but never truncated or overwritten. What
//! is mapped is exactly the length that the file had when it was opened. A program that breaks the
//! rule by writing into a database's files can make the process see changed bytes, or end it with
//! SIGBUS; [`super::Access::Read`] is for directories where that cannot be excluded.
//!
//! Model folders ([`map_foreign`]) are not ours, but are held to the same by everybody who loads them:
//! their files are downloaded under a temporary name, renamed, and never changed. Rust values are
//! never borrowed from such a mapping beyond one read, and what is read is checked as any input is.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
#[cfg(unix)]
use std::ops::Range;

use memmap2::{Mmap, MmapOptions};

use super::bytes::{Bytes, Content};

/// Maps a whole file. The mapping outlives the handle and, on Unix, the name.
///
/// # Errors
/// What the system says; [`io::ErrorKind::OutOfMemory`] for a file beyond the address space.
pub(super) fn map(file: &File) -> io::Result<Bytes> {
    let length = usize::try_from(file.metadata()?.len())
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    if length == 0 {
        return Ok(Bytes::copy_of(&[]));
    }
    // SAFETY: the file is open for reading, `length` is its size, and published files are never
    // modified or truncated (see the module's documentation); the mapping is read-only and only
    // reachable through `Bytes`, which never hands out a mutable view.
    let map: Mmap = unsafe { MmapOptions::new().len(length).map(file)? };
    Ok(Bytes::new(Mapped(map)))
}

/// Maps a file of a model folder, as [`map`] does those of a database.
///
/// # Errors
/// As [`map`].
#[cfg(feature = "bert")]
pub(crate) fn map_foreign(file: &File) -> io::Result<Bytes> {
    map(file)
}

/// A mapped file.
struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Content for Mapped {
    #[cfg(unix)]
    fn will_need(&self, range: Range<usize>) {
        // A hint: without it, pages come one by one as they are touched.
        let _ = self.0.advise_range(memmap2::Advice::WillNeed, range.start, range.len());
    }
}
