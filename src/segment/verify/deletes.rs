//! Checks of the deletion marks.

use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;

impl Segment {
    pub(super) fn verify_deletes(&self) -> Result<()> {
        let meta = &self.shared.meta;
        let pmids = self.array::<u32>(SECTION_DELETE_PMIDS, meta.pmid_deletes as usize)?;
        if !pmids.is_sorted_by(|a, b| a < b) || pmids.first() == Some(&0) {
            let detail = "PMIDs of deletion marks are out of order".to_owned();
            return Err(self.corrupt(SECTION_DELETE_PMIDS, 0, Rule::Sorted, detail));
        }
        let (offsets, texts) = (SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXTS);
        self.verify_texts(offsets, texts, 0..meta.text_deletes)?;
        self.verify_key_lengths(offsets, texts, meta.text_deletes)
    }
}
