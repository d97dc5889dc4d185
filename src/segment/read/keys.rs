//! From key to row and back, with the key's revision and input hash.

use std::cmp::Ordering;

use super::segment::Segment;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::ids::{Key, Pmid, Revision, RowId};

impl Segment {
    /// The key of a row.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; also for a row that the segment does not have.
    pub fn key(&self, row: RowId) -> Result<Key> {
        let row = self.check_row(row)?;
        match self.element::<u32>(SECTION_ROW_PMIDS, row)? {
            0 => {}
            pmid => return Ok(Key::Pmid(Pmid(pmid))),
        }
        if self.shared.meta.text_keys == 0 {
            let detail = format!("row {row} has no key");
            return Err(self.corrupt(
                SECTION_ROW_PMIDS,
                u64::from(row) * 4,
                Rule::KeyIndex,
                detail,
            ));
        }
        let ordinal = self.element::<u32>(SECTION_ROW_TEXTS, row)?;
        let text = self.text(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, ordinal)?;
        Ok(Key::Text(text.to_owned()))
    }

    /// How the keys of two rows order, without reading those that are strings: the order of string keys in
    /// a segment is stored.
    ///
    /// # Errors
    /// As [`Segment::key`].
    pub fn key_order(&self, a: RowId, b: RowId) -> Result<Ordering> {
        let [a, b] = [self.check_row(a)?, self.check_row(b)?];
        let pmid = |row| self.element::<u32>(SECTION_ROW_PMIDS, row);
        match (pmid(a)?, pmid(b)?) {
            // Rows without a key: the error of that.
            (0, 0) if self.shared.meta.text_keys == 0 => {
                Ok(self.key(RowId(a))?.cmp(&self.key(RowId(b))?))
            }
            (0, 0) => {
                let ordinal = |row| self.element::<u32>(SECTION_ROW_TEXTS, row);
                Ok(ordinal(a)?.cmp(&ordinal(b)?))
            }
            (0, _) => Ok(Ordering::Greater),
            (_, 0) => Ok(Ordering::Less),
            (a, b) => Ok(a.cmp(&b)),
        }
    }

    /// The last row that has this key. Cost: one binary search, or two reads for a PMID that is not between the least
    /// and the greatest: files of a series that are imported in order have ranges of their own, so a look-up in
    /// many segments searches few.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn find(&self, key: &Key) -> Result<Option<RowId>> {
        let meta = &self.shared.meta;
        let (place, rows) = match key {
            Key::Pmid(pmid) => {
                let Some(last) = meta.pmid_keys.checked_sub(1) else { return Ok(None) };
                let end = |place| self.element::<u32>(SECTION_KEY_PMIDS, place);
                if pmid.0 < end(0)? || pmid.0 > end(last)? {
                    return Ok(None);
                }
                let pmids = self.array::<u32>(SECTION_KEY_PMIDS, meta.pmid_keys as usize)?;
                let place = pmids.binary_search(&pmid.0).ok().map(|place| place as u32);
                (place, SECTION_KEY_PMID_ROWS)
            }
            Key::Text(text) => {
                let all = 0..meta.text_keys;
                let place = self.search(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, all, text)?;
                (place, SECTION_KEY_TEXT_ROWS)
            }
        };
        let Some(place) = place else { return Ok(None) };
        let row = RowId(self.element::<u32>(rows, place)?);
        self.check_row(row)?;
        Ok(Some(row))
    }

    /// The revision of a row; the default one for none.
    ///
    /// # Errors
    /// As [`Segment::key`].
    pub fn revision(&self, row: RowId) -> Result<Revision> {
        let row = self.check_row(row)?;
        if !self.shared.meta.has_revisions {
            return Ok(Revision::default());
        }
        self.revision_at(SECTION_REVISIONS, row)
    }

    /// The hash of a row's encoder input; zeros for none.
    ///
    /// # Errors
    /// As [`Segment::key`].
    pub fn input_hash(&self, row: RowId) -> Result<[u8; 16]> {
        let row = self.check_row(row)?;
        if !self.shared.meta.has_input_hashes {
            return Ok([0; 16]);
        }
        self.element(SECTION_INPUT_HASHES, row)
    }

    pub(in crate::segment) fn revision_at(&self, kind: u32, place: u32) -> Result<Revision> {
        Ok(RevisionEntry::decode(&self.element(kind, place)?).into())
    }
}
