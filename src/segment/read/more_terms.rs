//! The dictionary of the term fields that came with format 1.1: in the file, or for a segment of format 1.0
//! made from its documents at first use.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use roaring::RoaringBitmap;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::postings::PostingEntry;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::{TermField, of_document};
use crate::ids::RowId;
use crate::storage::VerifiedFile;

/// One past the last term of each field of [`TermField::MORE`].
pub(in crate::segment) type Ends = [u32; TermField::MORE.len()];

/// The second dictionary of a segment.
pub(in crate::segment) enum MoreTerms {
    /// In sections of the file.
    Stored(Ends),
    /// Made from the documents.
    Derived(OnceLock<DerivedTerms>),
}

/// Terms with their rows, in memory.
pub(in crate::segment) struct DerivedTerms {
    pub(in crate::segment) ends: Ends,
    terms: Vec<(String, RoaringBitmap)>,
}

impl MoreTerms {
    /// Finds the sections of a file and compares their lengths.
    ///
    /// # Errors
    /// [`Rule::SectionMissing`] where some are there and others are not; [`Rule::SegmentMeta`].
    pub(in crate::segment) fn of(file: &VerifiedFile) -> Result<MoreTerms> {
        if OPTIONAL.iter().all(|kind| file.section(*kind).is_none()) {
            return Ok(MoreTerms::Derived(OnceLock::new()));
        }
        let section = file.required(SECTION_MORE_TERM_ENDS)?;
        let broken = |offset, detail: String| {
            Err(Error::corrupt(file.name(), offset, Rule::SegmentMeta, detail))
        };
        let bytes = file.read(&section, 0..section.length)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        let mut ends = Ends::default();
        if numbers.len() != ends.len() || !rest.is_empty() {
            return broken(section.offset, format!("{} bytes of ends of term fields", bytes.len()));
        }
        for (end, number) in ends.iter_mut().zip(numbers) {
            *end = u32::from_le_bytes(*number);
        }
        if !ends.is_sorted() {
            return broken(section.offset, "the terms of a field end before they begin".to_owned());
        }
        let terms = u64::from(ends.last().copied().unwrap_or_default());
        for (kind, expected) in [
            (SECTION_MORE_TERM_OFFSETS, (terms + 1) * 8),
            (SECTION_MORE_POSTING_ENTRIES, terms * PostingEntry::SIZE as u64),
        ] {
            let section = file.required(kind)?;
            if section.length != expected {
                let detail =
                    format!("section {kind} has {} bytes, expected {expected}", section.length);
                return broken(section.offset, detail);
            }
        }
        file.required(SECTION_MORE_TERMS)?;
        file.required(SECTION_MORE_POSTINGS)?;
        Ok(MoreTerms::Stored(ends))
    }
}

impl DerivedTerms {
    /// The terms of all documents of a segment.
    pub(in crate::segment) fn make(
        documents: impl Iterator<Item = Result<(RowId, Document)>>,
    ) -> Result<DerivedTerms> {
        let mut found: BTreeMap<(TermField, String), RoaringBitmap> = BTreeMap::new();
        for item in documents {
            let (row, document) = item?;
            of_document(&document, &mut |field, term| {
                if TermField::MORE.contains(&field) {
                    found.entry((field, term.to_owned())).or_default().insert(row.0);
                }
            });
        }
        let mut ends = Ends::default();
        for (end, field) in ends.iter_mut().zip(TermField::MORE) {
            *end = found.keys().filter(|(of, _)| *of <= field).count() as u32;
        }
        let terms = found.into_iter().map(|((_, term), rows)| (term, rows)).collect();
        Ok(DerivedTerms { ends, terms })
    }

    pub(in crate::segment) fn get(&self, place: u32) -> Option<(&str, &RoaringBitmap)> {
        self.terms.get(place as usize).map(|(term, rows)| (term.as_str(), rows))
    }

    pub(in crate::segment) fn find(&self, range: Range<u32>, term: &str) -> Option<u32> {
        let terms = self.terms.get(range.start as usize..range.end as usize)?;
        let place = terms.binary_search_by(|(known, _)| known.as_str().cmp(term)).ok()?;
        Some(range.start + place as u32)
    }
}
