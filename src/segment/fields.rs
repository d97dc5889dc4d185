//! Which free fields the documents of a segment have.

use std::ops::Range;

use super::filters::Terms;
use super::reader::Segment;
use crate::error::Result;
use crate::format::segment::{SECTION_TERM_OFFSETS, SECTION_TERMS};
use crate::format::terms::TermField;

impl Segment {
    /// The term of a field at a place, counted from 0 in the order of [`Segment::terms`]; `None` beyond
    /// the last.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn term(&self, field: TermField, place: u32) -> Result<Option<&str>> {
        let Range { start, end } = self.shared.meta.terms(field);
        match start.checked_add(place).filter(|place| *place < end) {
            Some(place) => self.text(SECTION_TERM_OFFSETS, SECTION_TERMS, place).map(Some),
            None => Ok(None),
        }
    }

    /// Names of the free fields that hold integers, in no order.
    pub fn integer_fields(&self) -> impl Iterator<Item = &str> {
        self.shared.meta.integers.iter().map(|column| column.name.as_str())
    }

    /// Names of the free fields that hold floating-point numbers, in no order.
    pub fn float_fields(&self) -> impl Iterator<Item = &str> {
        self.shared.meta.floats.iter().map(|column| column.name.as_str())
    }

    /// Names of the free fields that hold strings or lists of strings, in order of their bytes. Cost: a
    /// binary search a field, however many values it has.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn text_fields(&self) -> Result<Vec<String>> {
        let Range { mut start, end } = self.shared.meta.terms(TermField::Field);
        let mut names = Vec::new();
        while start < end {
            let term = self.text(SECTION_TERM_OFFSETS, SECTION_TERMS, start)?;
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
        Ok(Terms::new(self, start..end))
    }

    /// The first of these places whose term is not less than a text, else the end.
    fn first_at_least(&self, range: Range<u32>, text: &str) -> Result<u32> {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let term = self.piece(SECTION_TERM_OFFSETS, SECTION_TERMS, middle)?;
            if term < text.as_bytes() {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
