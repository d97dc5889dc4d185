//! Checks of the inverted lists: padding of scan blocks and scales.

use crate::error::Result;
use crate::format::blocks::padding_is_zero;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;

impl Segment {
    /// Checks what [`Segment::lists`] does not: the scale of every row.
    pub(super) fn verify_lists(&self) -> Result<()> {
        let Some(lists) = self.lists()? else { return Ok(()) };
        let sub_quantizers = self.index().map_or(0, |index| index.sub_quantizers);
        if !padding_is_zero(lists.codes, lists.scales.len(), sub_quantizers as usize) {
            let detail = "what fills up a scan block is not zero".to_owned();
            return Err(self.corrupt(SECTION_CODES, 0, Rule::ReservedZero, detail));
        }
        match lists.scales.iter().position(|half| *half >= 0x7c00) {
            None => Ok(()),
            Some(row) => {
                let detail = format!("the scale of row {row} is not a finite number from 0 up");
                let at = row as u64 * 2;
                Err(self.corrupt(SECTION_CODE_SCALES, at, Rule::CodeFactor, detail))
            }
        }
    }
}
