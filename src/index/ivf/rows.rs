//! The rows of one segment, as a search of its index takes them.

use std::ops::Range;

use super::allowed::Allowed;
use super::offsets::list_range;
use super::spilled::SpilledRows;
use crate::error::Result;
use crate::kernel::Rows;
use crate::kernel::scan::ScanRange;

/// The rows of one segment, sorted by list.
#[derive(Clone, Copy, Debug)]
pub struct IndexedRows<'a> {
    /// What is added to a row's number to make its id; ids of all segments together are below 2^32.
    pub base: u32,
    /// The first row of each list and, last, one past the last row that has a vector; ascending.
    pub list_offsets: &'a [u32],
    /// The [lists](super::filled_lists) with a row.
    pub filled: &'a [u64],
    /// Codes of the residuals, in [blocks](crate::kernel::scan::block).
    pub codes: &'a [u8],
    /// What the part of a row's estimate that comes from its codes is multiplied with; the bits of
    /// half-precision numbers. See [`encode`](crate::index::encode).
    pub scales: &'a [u16],
    /// The rows themselves, to re-rank by.
    pub rows: Rows<'a>,
    /// The rows that may be returned; `None` for all.
    pub allowed: Option<Allowed<'a>>,
    /// Copies of the rows in second lists; `None` where there are none.
    pub spilled: Option<SpilledRows<'a>>,
    /// Prefetch hook, called before each read; `None` if the arrays are already resident.
    pub pages: Option<&'a dyn Pages>,
}

/// Arrays in a mapped file: parts of them are brought into memory, and checked, before they are read.
pub trait Pages: std::fmt::Debug + Sync {
    /// Makes the codes and scales of some rows ready.
    ///
    /// # Errors
    ///
    /// When they are damaged.
    fn codes(&self, ranges: &[ScanRange]) -> Result<()>;

    /// Makes the codes, scales and rows of some [copies](SpilledRows) ready.
    ///
    /// # Errors
    ///
    /// When they are damaged.
    fn copies(&self, ranges: &[ScanRange]) -> Result<()>;

    /// Makes the vectors of some rows ready.
    ///
    /// # Errors
    ///
    /// When they are damaged.
    fn vectors(&self, rows: &[u32]) -> Result<()>;

    /// Asks for the vectors of some rows, which may have left memory since they were checked. A hint.
    fn ask_for_vectors(&self, rows: &[u32]);

    /// How many pages this thread has waited for, ever; `None` where the system does not say.
    fn waits(&self) -> Option<u64>;
}

impl IndexedRows<'_> {
    /// The rows of a list; those of no list are none.
    pub(in crate::index) fn list(&self, list: u32) -> Range<u32> {
        list_range(self.list_offsets, list)
    }

    /// The [lists](super::filled_lists) with a row that may be returned.
    pub(super) fn wanted(&self) -> &[u64] {
        self.allowed.map_or(self.filled, |allowed| allowed.filled)
    }

    /// How many rows of a list may be returned.
    pub(in crate::index) fn matches(&self, list: u32) -> u32 {
        match self.allowed {
            Some(allowed) => allowed.list_counts.get(list as usize).copied().unwrap_or(0),
            None => self.list(list).len() as u32,
        }
    }
}
