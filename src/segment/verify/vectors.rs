//! Checks of the stored vectors, row by row.

use crate::control::Control;
use crate::error::Result;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::kernel::Rows;
use crate::segment::Segment;
use crate::segment::read::segment::ROWS_PER_CHECK;
use crate::segment::row_space::fits_single;
use crate::segment::vector_sum::VectorSum;

impl Segment {
    pub(super) fn verify_vectors(&self, control: &Control) -> Result<()> {
        let Some((rows, present)) = self.vectors()? else {
            for kind in [SECTION_VECTOR_ROWS, SECTION_SCALES, SECTION_VECTOR_SUM] {
                if self.shared.file.section(kind).is_some_and(|section| section.length != 0) {
                    let detail = "a segment without vectors has some".to_owned();
                    return Err(self.corrupt(kind, 0, Rule::SegmentMeta, detail));
                }
            }
            return Ok(());
        };
        let dimension = self.shared.meta.vectors.as_ref().map_or(0, |v| v.dimension as usize);
        let mut sum = VectorSum::new(dimension);
        for row in 0..self.rows() {
            if row.is_multiple_of(ROWS_PER_CHECK) {
                control.check()?;
            }
            let wrong = |rule, detail: &str| -> Result<()> {
                Err(self.corrupt(SECTION_VECTORS, 0, rule, format!("row {row}: {detail}")))
            };
            let place = row as usize * dimension..(row as usize + 1) * dimension;
            let zero = match rows {
                Rows::Int8 { codes, scales } => {
                    let codes = codes.get(place).unwrap_or_default();
                    let scale = scales.get(row as usize).copied().unwrap_or_default();
                    if !scale.is_finite() || scale < 0.0 {
                        wrong(Rule::FiniteNumber, "its scale is not a finite number from 0 up")?;
                    }
                    if codes.contains(&i8::MIN) {
                        wrong(Rule::CodeRange, "a code is -128")?;
                    }
                    scale.to_bits() == 0 && codes.iter().all(|code| *code == 0)
                }
                Rows::F16(halves) => {
                    let halves = halves.get(place).unwrap_or_default();
                    if halves.iter().any(|half| half & 0x7c00 == 0x7c00) {
                        wrong(Rule::FiniteNumber, "a number is not finite")?;
                    }
                    halves.iter().all(|half| *half == 0)
                }
                Rows::F32(numbers) => {
                    let numbers = numbers.get(place).unwrap_or_default();
                    if numbers.iter().any(|number| !number.is_finite()) {
                        wrong(Rule::FiniteNumber, "a number is not finite")?;
                    }
                    numbers.iter().all(|number| number.to_bits() == 0)
                }
            };
            if !rows.squared_length(row as usize, dimension).is_some_and(fits_single) {
                wrong(Rule::VectorLength, "its squared length is beyond single precision")?;
            }
            if !zero && !present.contains(row) {
                wrong(Rule::VectorPresence, "it has no vector but is not zero")?;
            }
            sum.add(rows, row);
        }
        let Some(stored) = self.vector_sum()? else { return Ok(()) };
        let numbers = sum.into_numbers();
        match stored.iter().zip(&numbers).position(|(stored, number)| stored != number) {
            None => Ok(()),
            Some(place) => {
                let detail = format!("number {place} is not {}", numbers[place]);
                Err(self.corrupt(SECTION_VECTOR_SUM, 0, Rule::VectorSum, detail))
            }
        }
    }
}
