//! Checks of the confirmations.

use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;

impl Segment {
    pub(super) fn verify_confirmations(&self) -> Result<()> {
        if !self.has_confirmations() {
            return Ok(());
        }
        let pmids = self.confirmed_pmids()?;
        if pmids.is_sorted_by(|a, b| a < b) && pmids.first() != Some(&0) {
            return Ok(());
        }
        let detail = "confirmed PMIDs are out of order".to_owned();
        Err(self.corrupt(SECTION_CONFIRMED_PMIDS, 0, Rule::Sorted, detail))
    }
}
