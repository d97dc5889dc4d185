//! Segments that are searched as one, and whether their arrays fit each other.

use super::allowed::Allowed;
use super::rows::IndexedRows;
use crate::error::{Error, Result};
use crate::index::codebook::Codebook;
use crate::kernel::scan::codes_bytes;

/// Segments that were indexed with one codebook.
#[derive(Clone, Copy, Debug)]
pub struct Index<'a> {
    /// What the rows were assigned and encoded with.
    pub codebook: Codebook<'a>,
    /// The segments.
    pub segments: &'a [IndexedRows<'a>],
}

impl Index<'_> {
    /// How many rows of a list may be returned.
    pub(in crate::index) fn matches(&self, list: u32) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.matches(list))).sum()
    }

    /// Whether every segment has copies of its rows, so that a search may look for these too.
    pub fn has_copies(&self) -> bool {
        let spilled =
            |segment: &IndexedRows<'_>| segment.spilled.is_some() && segment.can_number_copies();
        self.segments.iter().all(spilled)
    }

    /// Checks that arrays are as long as they should be.
    pub(in crate::index) fn check(&self) -> Result<()> {
        self.codebook.check()?;
        let (dimension, lists) = (self.codebook.dimension, self.codebook.lists());
        let sub_quantizers = self.codebook.sub_quantizers();
        let whole = |segment: &IndexedRows<'_>| {
            let rows = segment.rows.count(dimension)?;
            let codes = codes_bytes(segment.scales.len(), sub_quantizers)?;
            let last = *segment.list_offsets.last()? as usize;
            // Rows in no list are never looked up in a filter.
            let words = last.div_ceil(u64::BITS as usize);
            let list_words = lists.div_ceil(u64::BITS as usize);
            let filter = |allowed: Allowed<'_>| {
                allowed.words.len() >= words
                    && allowed.list_counts.len() == lists
                    && allowed.filled.len() == list_words
            };
            let whole = segment.list_offsets.len() == lists + 1
                && segment.filled.len() == list_words
                && last <= rows
                && last <= segment.scales.len()
                && codes <= segment.codes.len()
                && u32::try_from(rows).ok()?.checked_add(segment.base).is_some()
                && segment.allowed.is_none_or(filter);
            (whole && whole_copies(segment, lists, sub_quantizers)?).then_some(())
        };
        match self.segments.iter().position(|segment| whole(segment).is_none()) {
            Some(at) => Err(mismatch(&format!("the arrays of segment {at}"))),
            None => Ok(()),
        }
    }
}

/// Whether the arrays of a segment's copies are as long as they should be.
fn whole_copies(segment: &IndexedRows<'_>, lists: usize, sub_quantizers: usize) -> Option<bool> {
    let Some(spilled) = &segment.spilled else { return Some(true) };
    let copies = spilled.rows.len();
    let words = copies.div_ceil(u64::BITS as usize);
    Some(
        spilled.list_offsets.len() == lists + 1
            && *spilled.list_offsets.last()? as usize <= copies
            && copies <= spilled.scales.len()
            && codes_bytes(copies, sub_quantizers)? <= spilled.codes.len()
            && spilled.allowed.is_some() == segment.allowed.is_some()
            && spilled.allowed.is_none_or(|allowed| allowed.len() >= words),
    )
}

/// The error of arrays that do not belong together.
pub(super) fn mismatch(what: &str) -> Error {
    let detail = format!("{what}: lengths or offsets do not fit together");
    Error::Vector { subject: "index".to_owned(), detail }
}
