//! Checks of the term dictionary and its posting lists.

use super::sums::hash_of;
use crate::control::Control;
use crate::error::Result;
use crate::format::postings::PostingEntry;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::terms::TermField;
use crate::segment::Segment;

impl Segment {
    /// Checks terms and posting lists; returns the sum over all pairs of term and row.
    pub(super) fn verify_postings(&self, control: &Control) -> Result<u64> {
        let sum = self.verify_dictionary(FIRST_DICTIONARY, &TermField::FIRST, control)?;
        if !self.has_more_terms() {
            return Ok(sum);
        }
        let more = self.verify_dictionary(MORE_DICTIONARY, &TermField::MORE, control)?;
        Ok(sum.wrapping_add(more))
    }

    fn verify_dictionary(
        &self,
        sections: DictionarySections,
        fields: &[TermField],
        control: &Control,
    ) -> Result<u64> {
        let DictionarySections { offsets, terms, entries, postings } = sections;
        let mut ranges = Vec::with_capacity(fields.len());
        for field in fields {
            ranges.push(self.term_range(*field)?);
        }
        let first = ranges.first().map_or(0, |range| range.start);
        let count = ranges.last().map_or(0, |range| range.end - first);
        self.verify_ends(offsets, terms, count)?;
        let mut end = 0u64;
        let mut sum = 0u64;
        for (field, range) in fields.iter().zip(ranges) {
            let range = range.start - first..range.end - first;
            self.verify_texts(offsets, terms, range.clone())?;
            for place in range {
                control.check()?;
                let term = self.text(offsets, terms, place)?;
                let at = u64::from(place) * 16;
                if term.is_empty() || field.normalise(term) != term {
                    let detail = format!("term {place} of {field:?} is not normalised");
                    return Err(self.corrupt(terms, 0, Rule::Term, detail));
                }
                let PostingEntry { offset, length, count } = self.posting_entry(sections, place)?;
                if count == 0 {
                    let detail = format!("term {place} of {field:?} has no rows");
                    return Err(self.corrupt(entries, at, Rule::PostingContent, detail));
                }
                if length != 0 && offset != end {
                    let detail = format!("bitmap at {offset}, expected at {end}");
                    return Err(self.corrupt(entries, at, Rule::OffsetBounds, detail));
                }
                end = end.saturating_add(u64::from(length));
                let hash = hash_of(&(*field as u8, term));
                for row in self.posting_at(first + place)? {
                    sum = sum.wrapping_add(hash_of(&(hash, row)));
                }
            }
        }
        if end == self.section(postings)?.length {
            return Ok(sum);
        }
        let detail = format!("the bitmaps end at {end}");
        Err(self.corrupt(postings, end, Rule::OffsetBounds, detail))
    }
}
