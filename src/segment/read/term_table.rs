//! Many terms at once, looked up where they lie.

use std::ops::Range;

use super::places::Home;
use super::segment::Segment;
use crate::error::{Error, Result};
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;

/// Terms from which on a field is looked at as a whole.
const MANY_TERMS: usize = 16;

/// Some terms in order, where they lie.
struct TermTable<'a> {
    segment: &'a Segment,
    sections: DictionarySections,
    /// Where each term begins and the last one ends, counted from the start of the section.
    offsets: &'a [u64],
    /// Where `bytes` begins, counted likewise.
    start: u64,
    bytes: &'a [u8],
}

impl<'a> TermTable<'a> {
    fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    fn term(&self, number: usize) -> Result<&'a [u8]> {
        let at = |number: usize| self.offsets.get(number).copied().unwrap_or_default();
        let (start, end) = (at(number), at(number + 1));
        let range = start.checked_sub(self.start).zip(end.checked_sub(self.start));
        range
            .and_then(|(start, end)| self.bytes.get(start as usize..end as usize))
            .ok_or_else(|| self.segment.broken_offsets(self.sections, start, end))
    }

    /// The first term from `low` on that is not less than some bytes, else the end. Doubling steps: look-ups ascend.
    fn first_at_least(&self, mut low: usize, wanted: &[u8]) -> Result<usize> {
        let (mut step, mut high) = (1, low);
        while high < self.len() && self.term(high)? < wanted {
            low = high + 1;
            high += step;
            step *= 2;
        }
        high = high.min(self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.term(middle)? < wanted {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }
}

impl Segment {
    /// The places of normalised terms of a field, which ascend; `None` for one that no row has. Cost: the first time the
    /// checksums of the whole field, then steps in proportion to the terms and the logarithm of what lies between them.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub(crate) fn find_terms(
        &self,
        field: TermField,
        terms: &[String],
    ) -> Result<Vec<Option<u32>>> {
        let range = self.term_range(field)?;
        let table = match range.is_empty() || terms.len() < MANY_TERMS {
            true => None,
            false => self.term_table(&range)?,
        };
        let Some(table) = table else {
            return terms.iter().map(|term| self.place_of(field, term)).collect();
        };
        let (mut places, mut low) = (Vec::with_capacity(terms.len()), 0);
        for term in terms {
            low = table.first_at_least(low, term.as_bytes())?;
            let is_here = low < table.len() && table.term(low)? == term.as_bytes();
            places.push(is_here.then(|| range.start + low as u32));
        }
        Ok(places)
    }

    /// The terms at these places, if they are in the file.
    fn term_table(&self, range: &Range<u32>) -> Result<Option<TermTable<'_>>> {
        let Home::File(sections, at) = self.home(range.start)? else { return Ok(None) };
        let offsets: &[u64] = self.part(sections.offsets, u64::from(at), range.len() + 1)?;
        let (start, end) = match offsets {
            [start, .., end] => (*start, *end),
            _ => (0, 0),
        };
        let terms = self.section(sections.terms)?;
        if start > end || end > terms.length {
            return Err(self.broken_offsets(sections, start, end));
        }
        let bytes = self.shared.file.read(&terms, start..end)?;
        Ok(Some(TermTable { segment: self, sections, offsets, start, bytes }))
    }

    fn broken_offsets(&self, sections: DictionarySections, start: u64, end: u64) -> Error {
        let detail = format!("a term from {start} to {end}");
        self.corrupt(sections.offsets, 0, Rule::OffsetBounds, detail)
    }
}
