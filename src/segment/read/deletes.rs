//! Deletion marks: which keys a source deleted, as of which revision.

use std::ops::Range;

use super::segment::Segment;
use crate::error::Result;
use crate::format::segment::*;
use crate::ids::{Key, Revision};

impl Segment {
    /// The revision of a key's deletion mark, if it has one.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn find_delete(&self, key: &Key) -> Result<Option<Revision>> {
        let meta = &self.shared.meta;
        let (place, revisions) = match key {
            Key::Pmid(pmid) => {
                let pmids = self.array::<u32>(SECTION_DELETE_PMIDS, meta.pmid_deletes as usize)?;
                let place = pmids.binary_search(&pmid.0).ok().map(|place| place as u32);
                (place, SECTION_DELETE_PMID_REVISIONS)
            }
            Key::Text(text) => {
                let all = 0..meta.text_deletes;
                let place =
                    self.search(SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXTS, all, text)?;
                (place, SECTION_DELETE_TEXT_REVISIONS)
            }
        };
        place.map(|place| self.revision_at(revisions, place)).transpose()
    }

    /// Every deletion mark, in order of keys.
    pub fn deletes(&self) -> Deletes<'_> {
        let meta = &self.shared.meta;
        Deletes { segment: self, pmids: 0..meta.pmid_deletes, texts: 0..meta.text_deletes }
    }
}

/// Deletion marks in order of keys; see [`Segment::deletes`].
pub struct Deletes<'a> {
    segment: &'a Segment,
    pmids: Range<u32>,
    texts: Range<u32>,
}

impl Iterator for Deletes<'_> {
    type Item = Result<(Key, Revision)>;

    fn next(&mut self) -> Option<Result<(Key, Revision)>> {
        let Deletes { segment, pmids, texts } = self;
        if let Some(place) = pmids.next() {
            let mark = segment.element::<u32>(SECTION_DELETE_PMIDS, place).and_then(|pmid| {
                let revision = segment.revision_at(SECTION_DELETE_PMID_REVISIONS, place)?;
                Ok((Key::pmid(pmid), revision))
            });
            return Some(mark);
        }
        let place = texts.next()?;
        let text = segment.text(SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXTS, place);
        Some(text.and_then(|text| {
            let revision = segment.revision_at(SECTION_DELETE_TEXT_REVISIONS, place)?;
            Ok((Key::Text(text.to_owned()), revision))
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.pmids.len() + self.texts.len();
        (left, Some(left))
    }
}
