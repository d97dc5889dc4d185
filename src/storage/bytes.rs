//! The content of a file: mapped or owned, cheap to clone and to cut.

use std::fmt;
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Immutable bytes that keep their file mapped, or their buffer alive, as long as any clone lives.
///
/// The first byte of a whole file is aligned to [`crate::limits::ALIGNMENT`] bytes.
#[derive(Clone)]
pub struct Bytes {
    owner: Arc<dyn Content>,
    range: Range<usize>,
}

/// What bytes can live in.
pub trait Content: AsRef<[u8]> + Send + Sync {
    /// Asks the system to bring a part into memory, without waiting for it. A hint: what cannot be
    /// done is not.
    fn will_need(&self, _range: Range<usize>) {}
}

impl Bytes {
    /// All bytes of an owner, which must always return the same slice.
    pub fn new(owner: impl Content + 'static) -> Bytes {
        let len = owner.as_ref().len();
        Bytes { owner: Arc::new(owner), range: 0..len }
    }

    /// A copy of a slice at an aligned address.
    pub fn copy_of(slice: &[u8]) -> Bytes {
        Bytes::new(Aligned::copy_of(slice))
    }

    /// Asks the system to bring a part into memory, without waiting for it.
    pub fn will_need(&self, range: Range<usize>) {
        let start = self.range.start.saturating_add(range.start);
        let end = self.range.start.saturating_add(range.end).min(self.range.end);
        if start < end {
            self.owner.will_need(start..end);
        }
    }

    /// A part, or `None` when the range does not lie inside.
    pub fn slice(&self, range: Range<usize>) -> Option<Bytes> {
        if range.start > range.end || range.end > self.range.len() {
            return None;
        }
        let start = self.range.start.checked_add(range.start)?;
        let end = self.range.start.checked_add(range.end)?;
        Some(Bytes { owner: self.owner.clone(), range: start..end })
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        (*self.owner).as_ref().get(self.range.clone()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

/// A heap buffer whose first byte is aligned to 64 bytes.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    lines: Vec<Line>,
    len: usize,
}

#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl Aligned {
    /// A zeroed buffer of this length.
    pub(crate) fn zeroed(len: usize) -> Aligned {
        Aligned { lines: vec![Line([0; 64]); len.div_ceil(64)], len }
    }

    /// A zeroed buffer of a length that a file claims; an error when there is not enough memory.
    pub(crate) fn try_zeroed(len: usize) -> io::Result<Aligned> {
        let mut lines = Vec::new();
        lines
            .try_reserve_exact(len.div_ceil(64))
            .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        lines.resize(len.div_ceil(64), Line([0; 64]));
        Ok(Aligned { lines, len })
    }

    /// A copy of a slice.
    pub(crate) fn copy_of(slice: &[u8]) -> Aligned {
        let mut aligned = Aligned::zeroed(slice.len());
        aligned.as_mut().copy_from_slice(slice);
        aligned
    }
}

impl Content for Aligned {}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.lines).get(..self.len).unwrap_or_default()
    }
}

impl AsMut<[u8]> for Aligned {
    fn as_mut(&mut self) -> &mut [u8] {
        let len = self.len;
        bytemuck::cast_slice_mut(&mut self.lines).get_mut(..len).unwrap_or_default()
    }
}
