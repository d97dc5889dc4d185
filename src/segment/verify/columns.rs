//! Checks of the number columns.

use super::sums::hash_of;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::segment::Segment;

impl Segment {
    /// Checks the number columns; returns the sum over all their numbers.
    pub(super) fn verify_numbers(&self) -> Result<u64> {
        let SegmentMeta { integers, floats, .. } = &self.shared.meta;
        let mut sum = 0u64;
        for columns in [integers, floats] {
            if !columns.is_sorted_by(|a, b| a.name < b.name) {
                let detail = "number columns are out of order".to_owned();
                return Err(self.corrupt(SECTION_META, 0, Rule::Sorted, detail));
            }
        }
        for meta in integers {
            let Some(column) = self.integers(&meta.name)? else { continue };
            for (row, value) in column.rows.iter().zip(column.values) {
                sum = sum.wrapping_add(hash_of(&(0u8, &meta.name, row, value)));
            }
        }
        for meta in floats {
            let Some(column) = self.floats(&meta.name)? else { continue };
            for (row, value) in column.rows.iter().zip(column.values) {
                if !value.is_finite() {
                    let detail = format!("field `{}` of row {row} is not finite", meta.name);
                    return Err(self.corrupt(SECTION_FLOAT_VALUES, 0, Rule::FiniteNumber, detail));
                }
                sum = sum.wrapping_add(hash_of(&(1u8, &meta.name, row, value.to_bits())));
            }
        }
        Ok(sum)
    }
}
