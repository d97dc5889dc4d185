//! The places of terms.
//!
//! Terms of both dictionaries of a segment have *places* in one row, which everything outside of the segment
//! goes by: those of the first dictionary, then those of the second.

use std::ops::Range;
use std::sync::OnceLock;

use super::more_terms::{DerivedTerms, MoreTerms};
use super::segment::Segment;
use crate::error::{Error, Result};
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;

/// A dictionary that a place lies in, and the place in it.
pub(in crate::segment) enum Home<'a> {
    File(DictionarySections, u32),
    Memory(&'a DerivedTerms, u32),
}

impl Segment {
    fn derived<'a>(&'a self, made: &'a OnceLock<DerivedTerms>) -> Result<&'a DerivedTerms> {
        if let Some(known) = made.get() {
            return Ok(known);
        }
        let derived = DerivedTerms::make(self.documents())?;
        Ok(made.get_or_init(|| derived))
    }

    /// Whether the second dictionary is in the file.
    pub(in crate::segment) fn has_more_terms(&self) -> bool {
        matches!(self.shared.more_terms, MoreTerms::Stored(_))
    }

    /// The places of the terms of a field. Cost: for a field of [`TermField::MORE`] in a segment of format
    /// 1.0 the first call reads every document.
    pub(in crate::segment) fn term_range(&self, field: TermField) -> Result<Range<u32>> {
        let Some(number) = TermField::MORE.iter().position(|more| *more == field) else {
            return Ok(self.shared.meta.terms(field));
        };
        let ends = match &self.shared.more_terms {
            MoreTerms::Stored(ends) => ends,
            MoreTerms::Derived(made) => &self.derived(made)?.ends,
        };
        let first = self.shared.meta.term_count();
        let end_of = |number: usize| ends.get(number).copied().unwrap_or_default();
        let start = number.checked_sub(1).map_or(0, end_of);
        Ok(first.saturating_add(start)..first.saturating_add(end_of(number)))
    }

    /// The dictionary that a place lies in.
    pub(in crate::segment) fn home(&self, place: u32) -> Result<Home<'_>> {
        let Some(more) = place.checked_sub(self.shared.meta.term_count()) else {
            return Ok(Home::File(FIRST_DICTIONARY, place));
        };
        Ok(match &self.shared.more_terms {
            MoreTerms::Stored(_) => Home::File(MORE_DICTIONARY, more),
            MoreTerms::Derived(made) => Home::Memory(self.derived(made)?, more),
        })
    }

    /// The term at a place.
    pub(in crate::segment) fn term_at(&self, place: u32) -> Result<&str> {
        match self.home(place)? {
            Home::File(sections, at) => self.text(sections.offsets, sections.terms, at),
            Home::Memory(derived, at) => {
                derived.get(at).map(|(term, _)| term).ok_or_else(|| self.no_term(place))
            }
        }
    }

    /// The place of a normalised term of a field.
    pub(in crate::segment) fn place_of(&self, field: TermField, term: &str) -> Result<Option<u32>> {
        let range = self.term_range(field)?;
        if range.is_empty() {
            return Ok(None);
        }
        let length = range.end - range.start;
        let (found, first) = match self.home(range.start)? {
            Home::File(sections, at) => {
                let range = at..at.saturating_add(length);
                (self.search(sections.offsets, sections.terms, range, term)?, at)
            }
            Home::Memory(derived, at) => (derived.find(at..at.saturating_add(length), term), at),
        };
        Ok(found.map(|place| range.start + (place - first)))
    }

    pub(in crate::segment) fn no_term(&self, place: u32) -> Error {
        self.corrupt(SECTION_META, 0, Rule::OffsetBounds, format!("no term {place}"))
    }
}
