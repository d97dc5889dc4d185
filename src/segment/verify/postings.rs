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
        let terms = self.shared.meta.term_count();
        self.verify_ends(SECTION_TERM_OFFSETS, SECTION_TERMS, terms)?;
        let mut end = 0u64;
        let mut sum = 0u64;
        for field in TermField::ALL {
            let range = self.shared.meta.terms(field);
            self.verify_texts(SECTION_TERM_OFFSETS, SECTION_TERMS, range.clone())?;
            for place in range {
                control.check()?;
                let term = self.text(SECTION_TERM_OFFSETS, SECTION_TERMS, place)?;
                let at = u64::from(place) * 16;
                if term.is_empty() || field.normalise(term) != term {
                    let detail = format!("term {place} of {field:?} is not normalised");
                    return Err(self.corrupt(SECTION_TERMS, 0, Rule::Term, detail));
                }
                let PostingEntry { offset, length, count } = self.posting_entry(place)?;
                if count == 0 {
                    let detail = format!("term {place} of {field:?} has no rows");
                    let rule = Rule::PostingContent;
                    return Err(self.corrupt(SECTION_POSTING_ENTRIES, at, rule, detail));
                }
                if length != 0 && offset != end {
                    let detail = format!("bitmap at {offset}, expected at {end}");
                    return Err(self.corrupt(
                        SECTION_POSTING_ENTRIES,
                        at,
                        Rule::OffsetBounds,
                        detail,
                    ));
                }
                end = end.saturating_add(u64::from(length));
                let hash = hash_of(&(field as u8, term));
                for row in self.posting_at(place)? {
                    sum = sum.wrapping_add(hash_of(&(hash, row)));
                }
            }
        }
        if end == self.section(SECTION_POSTINGS)?.length {
            return Ok(sum);
        }
        let detail = format!("the bitmaps end at {end}");
        Err(self.corrupt(SECTION_POSTINGS, end, Rule::OffsetBounds, detail))
    }
}
