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
        self.verify_codes(lists.codes, lists.scales, [SECTION_CODES, SECTION_CODE_SCALES], "row")
    }

    /// Checks the padding of scan blocks in the first of two sections and the scales in the second, of rows or of
    /// `what` else has codes.
    pub(super) fn verify_codes(
        &self,
        codes: &[u8],
        scales: &[u16],
        [codes_kind, scales_kind]: [u32; 2],
        what: &str,
    ) -> Result<()> {
        let sub_quantizers = self.index().map_or(0, |index| index.sub_quantizers);
        if !padding_is_zero(codes, scales.len(), sub_quantizers as usize) {
            let detail = "what fills up a scan block is not zero".to_owned();
            return Err(self.corrupt(codes_kind, 0, Rule::ReservedZero, detail));
        }
        match scales.iter().position(|half| *half >= 0x7c00) {
            None => Ok(()),
            Some(place) => {
                let detail =
                    format!("the scale of {what} {place} is not a finite number from 0 up");
                Err(self.corrupt(scales_kind, place as u64 * 2, Rule::CodeFactor, detail))
            }
        }
    }
}
