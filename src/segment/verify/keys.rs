//! Checks of the keys: order, and that index and rows name each other.

use crate::control::Control;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;
use crate::segment::read::segment::ROWS_PER_CHECK;

impl Segment {
    pub(super) fn verify_keys(&self, control: &Control) -> Result<()> {
        let meta = &self.shared.meta;
        let wrong = |kind, place: usize, rule, detail: &str| {
            Err(self.corrupt(kind, place as u64 * 4, rule, detail.to_owned()))
        };
        let row_pmids = self.array::<u32>(SECTION_ROW_PMIDS, meta.rows as usize)?;
        let pmids = self.array::<u32>(SECTION_KEY_PMIDS, meta.pmid_keys as usize)?;
        let pmid_rows = self.array::<u32>(SECTION_KEY_PMID_ROWS, meta.pmid_keys as usize)?;
        if !pmids.is_sorted_by(|a, b| a < b) || pmids.first() == Some(&0) {
            return wrong(SECTION_KEY_PMIDS, 0, Rule::Sorted, "PMIDs are out of order");
        }
        for (place, (pmid, row)) in pmids.iter().zip(pmid_rows).enumerate() {
            if row_pmids.get(*row as usize) != Some(pmid) {
                let detail = "the row of a PMID has another key";
                return wrong(SECTION_KEY_PMID_ROWS, place, Rule::KeyIndex, detail);
            }
        }
        self.verify_texts(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, 0..meta.text_keys)?;
        self.verify_key_lengths(SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, meta.text_keys)?;
        let text_rows = self.array::<u32>(SECTION_KEY_TEXT_ROWS, meta.text_keys as usize)?;
        let ordinals = if meta.text_keys == 0 { 0 } else { meta.rows as usize };
        let row_texts = self.array::<u32>(SECTION_ROW_TEXTS, ordinals)?;
        for (place, row) in text_rows.iter().enumerate() {
            let at = *row as usize;
            if row_texts.get(at) != Some(&(place as u32)) || row_pmids.get(at) != Some(&0) {
                let detail = "the row of a string key has another key";
                return wrong(SECTION_KEY_TEXT_ROWS, place, Rule::KeyIndex, detail);
            }
        }
        for (row, pmid) in (0u32..).zip(row_pmids) {
            if row.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
            }
            let ordinal = row_texts.get(row as usize).copied();
            let last = if *pmid != 0 {
                let place = pmids.binary_search(pmid).ok();
                place.filter(|_| ordinal.unwrap_or(0) == 0).and_then(|place| pmid_rows.get(place))
            } else {
                ordinal.and_then(|ordinal| text_rows.get(ordinal as usize))
            };
            if last.is_none_or(|last| *last < row) {
                let detail = "a row's key is not in the index, or at an earlier row";
                return wrong(SECTION_ROW_PMIDS, row as usize, Rule::KeyIndex, detail);
            }
        }
        Ok(())
    }
}
