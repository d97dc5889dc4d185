//! Checks of copies in second lists: that every row has one, elsewhere than in its own list.

use roaring::RoaringBitmap;

use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;

impl Segment {
    /// Checks what [`Segment::copies`] does not: the row and the scale of every copy.
    pub(super) fn verify_copies(&self) -> Result<()> {
        let (Some(lists), Some(copies)) = (self.lists()?, self.copies()?) else { return Ok(()) };
        let mut seen = RoaringBitmap::new();
        for (list, bounds) in copies.list_offsets.windows(2).enumerate() {
            let [start, end] = bounds else { continue };
            let own = match lists.list_offsets.get(list..) {
                Some([start, end, ..]) => *start..*end,
                _ => 0..0,
            };
            for copy in *start..*end {
                let row = copies.rows.get(copy as usize).copied().unwrap_or(u32::MAX);
                let is_row = (row as usize) < copies.rows.len();
                if !is_row || own.contains(&row) || !seen.insert(row) {
                    let detail = format!("list {list} has no right to a copy of row {row}");
                    let at = u64::from(copy) * 4;
                    return Err(self.corrupt(SECTION_SPILLED_ROWS, at, Rule::Lists, detail));
                }
            }
        }
        let kinds = [SECTION_SPILLED_CODES, SECTION_SPILLED_SCALES];
        self.verify_codes(copies.codes, copies.scales, kinds, "copy")
    }
}
