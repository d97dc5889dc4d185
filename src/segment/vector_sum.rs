//! The sum of a segment's stored vectors, from which a search knows what an average document scores.

use roaring::RoaringBitmap;

use crate::format::rows::rows as bitmap_rows;
use crate::kernel::Rows;

/// A sum of vectors, number by number in double precision.
pub(in crate::segment) struct VectorSum {
    sum: Vec<f64>,
    vector: Vec<f32>,
}

impl VectorSum {
    pub(in crate::segment) fn new(dimension: usize) -> VectorSum {
        VectorSum { sum: vec![0.0; dimension], vector: vec![0.0; dimension] }
    }

    /// The sum of some rows.
    pub(in crate::segment) fn of(
        rows: Rows<'_>,
        wanted: &RoaringBitmap,
        dimension: usize,
    ) -> Vec<f64> {
        let mut sum = VectorSum::new(dimension);
        bitmap_rows(wanted).for_each(|row| sum.add(rows, row));
        sum.into_numbers()
    }

    /// Adds a row. The order of rows decides how sums are rounded, and is that of the file.
    pub(in crate::segment) fn add(&mut self, rows: Rows<'_>, row: u32) {
        rows.read(row as usize, &mut self.vector);
        for (sum, number) in self.sum.iter_mut().zip(&self.vector) {
            *sum += f64::from(*number);
        }
    }

    pub(in crate::segment) fn into_numbers(self) -> Vec<f64> {
        self.sum
    }
}
