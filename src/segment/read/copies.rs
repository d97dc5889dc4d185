//! The copies of a segment's rows in second lists.

use super::segment::Segment;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::index::ivf::SpilledRows;

impl Segment {
    /// The copies of all rows in lists; `None` without an index, and in an index without copies.
    ///
    /// Cost: the first call checks every block of them; later ones are a look-up.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn copies(&self) -> Result<Option<SpilledRows<'_>>> {
        let Some((index, copies)) = self.copied() else { return Ok(None) };
        let copies = SpilledRows {
            list_offsets: self.array(SECTION_SPILLED_OFFSETS, index.lists as usize + 1)?,
            rows: self.array(SECTION_SPILLED_ROWS, copies)?,
            codes: self.shared.file.read_all(SECTION_SPILLED_CODES)?,
            scales: self.array(SECTION_SPILLED_SCALES, copies)?,
            allowed: None,
        };
        self.check_copies_once(&copies)?;
        Ok(Some(copies))
    }

    /// The same for a search that reads little of them: all but the offsets is checked by
    /// [`SegmentPages`](super::lists::SegmentPages), which a search tells what it is going to read.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when the offsets are damaged.
    pub(super) fn searchable_copies(&self) -> Result<Option<SpilledRows<'_>>> {
        let Some((index, _)) = self.copied() else { return Ok(None) };
        let copies = SpilledRows {
            list_offsets: self.array(SECTION_SPILLED_OFFSETS, index.lists as usize + 1)?,
            rows: self.unchecked(SECTION_SPILLED_ROWS)?,
            codes: self.shared.file.unchecked(SECTION_SPILLED_CODES)?,
            scales: self.unchecked(SECTION_SPILLED_SCALES)?,
            allowed: None,
        };
        self.check_copies_once(&copies)?;
        Ok(Some(copies))
    }

    /// The row of each copy; none without copies. Cost: the first call checks every block of them.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn copied_rows(&self) -> Result<&[u32]> {
        match self.copied() {
            Some((_, copies)) => self.array(SECTION_SPILLED_ROWS, copies),
            None => Ok(&[]),
        }
    }

    /// Whether its rows have copies.
    pub fn has_copies(&self) -> bool {
        self.copied().is_some()
    }

    /// The index and the number of copies, if there are some.
    fn copied(&self) -> Option<(&SegmentIndex, usize)> {
        let meta = &self.shared.meta;
        let (index, vectors) = (meta.index.as_ref()?, meta.vectors.as_ref()?);
        self.shared.file.section(SECTION_SPILLED_ROWS)?;
        Some((index, vectors.count as usize))
    }

    fn check_copies_once(&self, copies: &SpilledRows<'_>) -> Result<()> {
        if self.shared.copies_checked.get().is_none() {
            let offsets = copies.list_offsets;
            let ends = (offsets.first().copied(), offsets.last().copied());
            let count = copies.rows.len() as u32;
            if ends != (Some(0), Some(count)) || !offsets.is_sorted() {
                let detail = format!("list offsets {ends:?} for {count} copies");
                return Err(self.corrupt(SECTION_SPILLED_OFFSETS, 0, Rule::Lists, detail));
            }
            self.shared.copies_checked.get_or_init(|| ());
        }
        Ok(())
    }
}
