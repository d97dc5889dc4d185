//! Vectors of a merge: copied as they are stored.

use roaring::RoaringBitmap;

use super::columns::Copy;
use super::order::{Input, Order};
use crate::control::Control;
use crate::error::Result;
use crate::format::manifest::RowType;
use crate::format::segment::*;
use crate::segment::read::segment::ROWS_PER_CHECK;
use crate::segment::vector_sum::VectorSum;
use crate::segment::write::file::SegmentFile;
use crate::segment::write::vectors::{write_none, write_presence};

pub(super) fn write(
    inputs: &[Input<'_>],
    order: &Order,
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<()> {
    let mut present = RoaringBitmap::new();
    let mut kind = None;
    for input in inputs {
        let Some(vectors) = &input.segment.shared.meta.vectors else { continue };
        present |= input.new_rows(input.segment.vector_rows(vectors)?);
        kind = Some(vectors);
    }
    let Some(kind) = kind.filter(|_| !present.is_empty()) else { return write_none(file) };
    let width = (kind.dimension as usize).saturating_mul(kind.row_type.bytes());
    let filled = |meta: &SegmentMeta| meta.vectors.is_some();
    let copy = Copy { inputs, order, control };
    copy.rows(file, SECTION_VECTORS, width, filled)?;
    if kind.row_type == RowType::Int8 {
        copy.rows(file, SECTION_SCALES, 4, filled)?;
    } else {
        file.section(SECTION_SCALES);
    }
    meta.vectors = Some(SegmentVectors { count: present.len() as u32, ..kind.clone() });
    write_presence(file, present)?;
    file.array(SECTION_VECTOR_SUM, &sum(inputs, order, kind.dimension as usize, control)?)
}

/// The sum of the vectors in the order of the new rows.
fn sum(
    inputs: &[Input<'_>],
    order: &Order,
    dimension: usize,
    control: &Control,
) -> Result<Vec<f64>> {
    let stored: Vec<_> =
        inputs.iter().map(|input| input.segment.vectors()).collect::<Result<_>>()?;
    let mut sum = VectorSum::new(dimension);
    for (place, (input, row)) in order.places().iter().enumerate() {
        if place.is_multiple_of(ROWS_PER_CHECK as usize) {
            control.check()?;
        }
        if let Some(Some((rows, present))) = stored.get(*input as usize)
            && present.contains(*row)
        {
            sum.add(*rows, *row);
        }
    }
    Ok(sum.into_numbers())
}
