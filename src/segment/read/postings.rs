//! The term dictionary of an open segment and its posting lists.

use std::ops::Range;

use roaring::RoaringBitmap;

use super::places::Home;
use super::segment::Segment;
use crate::error::Result;
use crate::format::postings::{PostingEntry, read_bitmap, visit_bitmap};
use crate::format::rows::rows as bitmap_rows;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;

impl Segment {
    /// The rows that have a term, `None` when no row has it. The term is normalised here, as
    /// [`TermField::normalise`] does. Cost: one binary search and the bitmap.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn posting(&self, field: TermField, term: &str) -> Result<Option<RoaringBitmap>> {
        self.find_term(field, term)?.map(|place| self.posting_at(place)).transpose()
    }

    /// The place of a term among all terms of the segment, for [`Segment::posting_at`]; `None` when no row
    /// has it. The term is normalised here. Cost: one binary search.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(crate) fn find_term(&self, field: TermField, term: &str) -> Result<Option<u32>> {
        self.place_of(field, &field.normalise(term))
    }

    /// The terms of a field in order of their bytes, each with the number of its rows.
    pub fn terms(&self, field: TermField) -> Terms<'_> {
        let range = self.term_range(field);
        Terms { segment: self, range }
    }

    /// The term of a field at a place, counted from 0 in the order of [`Segment::terms`]; `None` beyond
    /// the last.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn term(&self, field: TermField, place: u32) -> Result<Option<&str>> {
        let Range { start, end } = self.term_range(field)?;
        match start.checked_add(place).filter(|place| *place < end) {
            Some(place) => self.term_at(place).map(Some),
            None => Ok(None),
        }
    }

    /// Names of the free fields that hold strings or lists of strings, in order of their bytes. Cost: a
    /// binary search per field, however many values it has.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn text_fields(&self) -> Result<Vec<String>> {
        let Range { mut start, end } = self.shared.meta.terms(TermField::Field);
        let mut names = Vec::new();
        while start < end {
            let term = self.term_at(start)?;
            let name = term.split('\0').next().unwrap_or_default().to_owned();
            // All terms of this name sort before the name with a greater byte.
            start = self.first_at_least(start + 1..end, &format!("{name}\u{1}"))?;
            names.push(name);
        }
        Ok(names)
    }

    /// The values of a free field of strings, each as `name`, a zero byte, value, with the number of its
    /// rows.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn field_values(&self, name: &str) -> Result<Terms<'_>> {
        let all = self.shared.meta.terms(TermField::Field);
        let start = self.first_at_least(all.clone(), &format!("{name}\0"))?;
        let end = self.first_at_least(start..all.end, &format!("{name}\u{1}"))?;
        Ok(Terms { segment: self, range: Ok(start..end) })
    }

    /// The terms of a field that begin with a text, each with the number of its rows. Cost: a binary
    /// search, and the terms.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(crate) fn terms_beginning(&self, field: TermField, text: &str) -> Result<Terms<'_>> {
        let all = self.term_range(field)?;
        let start = self.first_at_least(all.clone(), text)?;
        let mut end = start;
        while end < all.end && self.term_at(end)?.starts_with(text) {
            end += 1;
        }
        Ok(Terms { segment: self, range: Ok(start..end) })
    }

    /// The first of these places whose term is not less than a text, else the end.
    fn first_at_least(&self, range: Range<u32>, text: &str) -> Result<u32> {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.term_at(middle)? < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// What a dictionary of the file says of the rows of the term at a place in it.
    pub(in crate::segment) fn posting_entry(
        &self,
        sections: DictionarySections,
        at: u32,
    ) -> Result<PostingEntry> {
        Ok(PostingEntry::decode(&self.element(sections.entries, at)?))
    }

    /// How many rows the term at a place has.
    fn posting_count(&self, place: u32) -> Result<u32> {
        match self.home(place)? {
            Home::File(sections, at) => Ok(self.posting_entry(sections, at)?.count),
            Home::Memory(derived, at) => {
                let rows = derived.get(at).map(|(_, rows)| rows.len() as u32);
                rows.ok_or_else(|| self.no_term(place))
            }
        }
    }

    /// The rows of the term at a place.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(crate) fn posting_at(&self, place: u32) -> Result<RoaringBitmap> {
        match self.home(place)? {
            Home::File(sections, at) => self.stored_posting(sections, at),
            Home::Memory(derived, at) => {
                let rows = derived.get(at).map(|(_, rows)| rows.clone());
                rows.ok_or_else(|| self.no_term(place))
            }
        }
    }

    /// Hands out the rows of the term at a place, ascending and some at a time. Cost: less than a bitmap of them.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; rows before the damage may have been handed out.
    pub(crate) fn visit_posting(&self, place: u32, visit: &mut dyn FnMut(&[u32])) -> Result<()> {
        match self.home(place)? {
            Home::File(sections, at) => match self.stored_rows(sections, at)? {
                StoredRows::One(row) => visit(&[row]),
                StoredRows::Bitmap { bytes, offset, count } => {
                    let found =
                        visit_bitmap(bytes, self.rows(), visit).map_err(|(rule, detail)| {
                            self.corrupt(sections.postings, offset, rule, detail)
                        })?;
                    self.check_count(sections, at, found, count)?;
                }
            },
            Home::Memory(derived, at) => {
                let Some((_, rows)) = derived.get(at) else { return Err(self.no_term(place)) };
                bitmap_rows(rows).for_each(|row| visit(&[row]));
            }
        }
        Ok(())
    }

    fn stored_posting(&self, sections: DictionarySections, at: u32) -> Result<RoaringBitmap> {
        let (bytes, offset, count) = match self.stored_rows(sections, at)? {
            StoredRows::One(row) => return Ok(RoaringBitmap::from_iter([row])),
            StoredRows::Bitmap { bytes, offset, count } => (bytes, offset, count),
        };
        let bitmap = read_bitmap(bytes, self.rows())
            .map_err(|(rule, detail)| self.corrupt(sections.postings, offset, rule, detail))?;
        self.check_count(sections, at, bitmap.len(), count)?;
        Ok(bitmap)
    }

    /// The rows of the term at a place in a dictionary of the file, as they are stored.
    fn stored_rows(&self, sections: DictionarySections, at: u32) -> Result<StoredRows<'_>> {
        let PostingEntry { offset, length, count } = self.posting_entry(sections, at)?;
        if length > 0 {
            let section = self.section(sections.postings)?;
            let end = offset.saturating_add(u64::from(length));
            let bytes = self.shared.file.read(&section, offset..end)?;
            return Ok(StoredRows::Bitmap { bytes, offset, count });
        }
        match u32::try_from(offset) {
            Ok(row) if row < self.rows() && count == 1 => Ok(StoredRows::One(row)),
            _ => {
                let detail = format!("row {offset} alone, {count} in all");
                Err(self.corrupt(sections.entries, u64::from(at) * 16, Rule::RowBounds, detail))
            }
        }
    }

    fn check_count(
        &self,
        sections: DictionarySections,
        at: u32,
        found: u64,
        count: u32,
    ) -> Result<()> {
        if found == u64::from(count) {
            return Ok(());
        }
        let detail = format!("{found} rows, expected {count}");
        Err(self.corrupt(sections.entries, u64::from(at) * 16, Rule::Count, detail))
    }
}

/// The rows of a term in a file.
enum StoredRows<'a> {
    One(u32),
    Bitmap {
        bytes: &'a [u8],
        /// Where they begin in their section.
        offset: u64,
        /// How many rows they are said to hold.
        count: u32,
    },
}

/// Terms of a field; see [`Segment::terms`].
pub struct Terms<'a> {
    segment: &'a Segment,
    /// Their places; an error is given once.
    range: Result<Range<u32>>,
}

impl<'a> Terms<'a> {
    /// Each term, the number of its rows and its place, for [`Segment::posting_at`].
    pub(crate) fn with_places(self) -> impl Iterator<Item = Result<(&'a str, u32, u32)>> {
        let start = self.range.as_ref().map_or(0, |range| range.start);
        self.zip(start..).map(|(term, place)| term.map(|(term, rows)| (term, rows, place)))
    }
}

impl<'a> Iterator for Terms<'a> {
    type Item = Result<(&'a str, u32)>;

    fn next(&mut self) -> Option<Result<(&'a str, u32)>> {
        let place = match &mut self.range {
            Ok(range) => range.next()?,
            Err(_) => return std::mem::replace(&mut self.range, Ok(0..0)).err().map(Err),
        };
        let term = self.segment.term_at(place);
        Some(term.and_then(|term| Ok((term, self.segment.posting_count(place)?))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let terms = self.range.as_ref().map_or(1, ExactSizeIterator::len);
        (terms, Some(terms))
    }
}
