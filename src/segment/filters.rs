//! What filters are made of: postings, dates, number columns.

use std::ops::Range;

use bytemuck::AnyBitPattern;
use roaring::RoaringBitmap;

use super::reader::Segment;
use crate::error::Result;
use crate::format::postings::{PostingEntry, read_bitmap};
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;

/// Numbers of one free field: `values[i]` belongs to row `rows[i]`; rows ascend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberColumn<'a, T> {
    /// Rows that have the field.
    pub rows: &'a [u32],
    /// Their values.
    pub values: &'a [T],
}

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
        let term = field.normalise(term);
        let range = self.shared.meta.terms(field);
        self.search(SECTION_TERM_OFFSETS, SECTION_TERMS, range, &term)
    }

    /// The terms of a field in order of their bytes, each with the number of its rows.
    pub fn terms(&self, field: TermField) -> Terms<'_> {
        Terms::new(self, self.shared.meta.terms(field))
    }

    /// The first and the last day that each row's publication date can mean, as
    /// [`Day`](crate::Day) numbers; zeros where it is not known.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn dates(&self) -> Result<(&[u32], &[u32])> {
        let rows = self.rows() as usize;
        Ok((self.array(SECTION_DATE_FIRST, rows)?, self.array(SECTION_DATE_LAST, rows)?))
    }

    /// The integers of a free field, `None` when no row has any.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn integers(&self, name: &str) -> Result<Option<NumberColumn<'_, i64>>> {
        let sections = (SECTION_INTEGER_ROWS, SECTION_INTEGER_VALUES);
        self.numbers(&self.shared.meta.integers, name, sections)
    }

    /// The floating-point numbers of a free field, `None` when no row has any.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn floats(&self, name: &str) -> Result<Option<NumberColumn<'_, f64>>> {
        let sections = (SECTION_FLOAT_ROWS, SECTION_FLOAT_VALUES);
        self.numbers(&self.shared.meta.floats, name, sections)
    }

    fn numbers<T: AnyBitPattern>(
        &self,
        columns: &[NumberColumnMeta],
        name: &str,
        (rows_kind, values_kind): (u32, u32),
    ) -> Result<Option<NumberColumn<'_, T>>> {
        let Some(column) = columns.iter().find(|column| column.name == name) else {
            return Ok(None);
        };
        let rows = self.part::<u32>(rows_kind, column.start, column.count as usize)?;
        let values = self.part::<T>(values_kind, column.start, column.count as usize)?;
        let ascending = rows.is_sorted_by(|a, b| a < b);
        if !ascending || rows.last().is_some_and(|row| *row >= self.rows()) {
            let detail = format!("rows of field `{name}` are out of order or do not exist");
            let rule = if ascending { Rule::RowBounds } else { Rule::Sorted };
            return Err(self.corrupt(rows_kind, column.start.saturating_mul(4), rule, detail));
        }
        Ok(Some(NumberColumn { rows, values }))
    }

    pub(super) fn posting_entry(&self, place: u32) -> Result<PostingEntry> {
        Ok(PostingEntry::decode(&self.element(SECTION_POSTING_ENTRIES, place)?))
    }

    /// The rows of the term at a place.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(crate) fn posting_at(&self, place: u32) -> Result<RoaringBitmap> {
        let PostingEntry { offset, length, count } = self.posting_entry(place)?;
        let wrong = |rule, detail: String| {
            Err(self.corrupt(SECTION_POSTING_ENTRIES, u64::from(place) * 16, rule, detail))
        };
        if length == 0 {
            return match u32::try_from(offset) {
                Ok(row) if row < self.rows() && count == 1 => Ok(RoaringBitmap::from_iter([row])),
                _ => wrong(Rule::RowBounds, format!("row {offset} alone, {count} in all")),
            };
        }
        let section = self.section(SECTION_POSTINGS)?;
        let end = offset.saturating_add(u64::from(length));
        let bytes = self.shared.file.read(&section, offset..end)?;
        let bitmap = match read_bitmap(bytes, self.rows()) {
            Ok(bitmap) => bitmap,
            Err((rule, detail)) => {
                return Err(self.corrupt(SECTION_POSTINGS, offset, rule, detail));
            }
        };
        if bitmap.len() != u64::from(count) {
            return wrong(Rule::Count, format!("{} rows, expected {count}", bitmap.len()));
        }
        Ok(bitmap)
    }
}

/// Terms of a field; see [`Segment::terms`].
pub struct Terms<'a> {
    segment: &'a Segment,
    range: Range<u32>,
}

impl<'a> Terms<'a> {
    pub(super) fn new(segment: &'a Segment, range: Range<u32>) -> Terms<'a> {
        Terms { segment, range }
    }

    /// Each term, the number of its rows and its place, for [`Segment::posting_at`].
    pub(crate) fn with_places(self) -> impl Iterator<Item = Result<(&'a str, u32, u32)>> {
        let start = self.range.start;
        self.zip(start..).map(|(term, place)| term.map(|(term, rows)| (term, rows, place)))
    }
}

impl<'a> Iterator for Terms<'a> {
    type Item = Result<(&'a str, u32)>;

    fn next(&mut self) -> Option<Result<(&'a str, u32)>> {
        let place = self.range.next()?;
        let term = self.segment.text(SECTION_TERM_OFFSETS, SECTION_TERMS, place);
        Some(term.and_then(|term| Ok((term, self.segment.posting_entry(place)?.count))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.range.len(), Some(self.range.len()))
    }
}
