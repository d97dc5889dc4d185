//! Checks that every array of texts shares: bounds, order, UTF-8, and the lengths of string keys.

use std::ops::Range;

use crate::error::Result;
use crate::format::rules::Rule;
use crate::limits::KEY_BYTES_MAX;
use crate::segment::Segment;

impl Segment {
    pub(super) fn verify_key_lengths(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        count: u32,
    ) -> Result<()> {
        self.verify_ends(offsets_kind, bytes_kind, count)?;
        for place in 0..count {
            let length = self.piece(offsets_kind, bytes_kind, place)?.len();
            if length == 0 || length > KEY_BYTES_MAX {
                let detail = format!("string key {place} has {length} bytes");
                return Err(self.corrupt(bytes_kind, 0, Rule::DocumentKey, detail));
            }
        }
        Ok(())
    }

    /// Offsets must start at 0 and end at the end of the section they point into.
    pub(super) fn verify_ends(&self, offsets_kind: u32, bytes_kind: u32, count: u32) -> Result<()> {
        let first: u64 = self.element(offsets_kind, 0)?;
        let last: u64 = self.element(offsets_kind, count)?;
        let length = self.section(bytes_kind)?.length;
        if first == 0 && last == length {
            return Ok(());
        }
        let detail = format!("offsets {first} to {last} in a section of {length} bytes");
        Err(self.corrupt(offsets_kind, 0, Rule::OffsetBounds, detail))
    }

    /// Texts must be UTF-8 and strictly ascend.
    pub(super) fn verify_texts(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        range: Range<u32>,
    ) -> Result<()> {
        let mut last: Option<&str> = None;
        for place in range {
            let text = self.text(offsets_kind, bytes_kind, place)?;
            if last.is_some_and(|last| last >= text) {
                let detail = format!("text {place} is out of order");
                let offset = u64::from(place).saturating_mul(8);
                return Err(self.corrupt(offsets_kind, offset, Rule::Sorted, detail));
            }
            last = Some(text);
        }
        Ok(())
    }
}
