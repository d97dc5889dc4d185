//! Vectors of an open segment.

use roaring::RoaringBitmap;

use super::lists::SegmentPages;
use super::segment::Segment;
use crate::error::{Error, Result};
use crate::format::cursor;
use crate::format::manifest::RowType;
use crate::format::postings::read_bitmap;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::ids::RowId;
use crate::index::ivf::Pages;
use crate::kernel::Rows;
use crate::kernel::quantize::f32_from_f16;
use crate::segment::RowSpace;
use crate::segment::row_space::fits_single;
use crate::segment::vector_sum::VectorSum;

impl Segment {
    /// Every row as it is stored, under the rotation of the database, and which rows have a vector;
    /// `None` if no row has one. Rows without a vector are zeros.
    ///
    /// Cost: the first call checks every block of the vectors; later calls take a few microseconds.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn vectors(&self) -> Result<Option<(Rows<'_>, &RoaringBitmap)>> {
        let Some(vectors) = &self.shared.meta.vectors else { return Ok(None) };
        let rows = self.rows() as usize;
        // The product fits: the section has that length.
        let numbers = rows.saturating_mul(vectors.dimension as usize);
        let stored = match vectors.row_type {
            RowType::Int8 => Rows::Int8 {
                codes: self.array(SECTION_VECTORS, numbers)?,
                scales: self.array(SECTION_SCALES, rows)?,
            },
            RowType::F16 => Rows::F16(self.array(SECTION_VECTORS, numbers)?),
            RowType::F32 => Rows::F32(self.array(SECTION_VECTORS, numbers)?),
        };
        Ok(Some((stored, self.vector_rows(vectors)?)))
    }

    /// As [`Segment::vectors`], for a search that reads `rows` and no others: their blocks alone are checked.
    ///
    /// Cost: some 20 ns per row; blocks that nobody has read before are asked for together, and checked.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; also for a row that the segment does not have.
    pub fn vectors_of(&self, rows: &RoaringBitmap) -> Result<Option<Rows<'_>>> {
        let Some(vectors) = &self.shared.meta.vectors else { return Ok(None) };
        SegmentPages(self).vectors(&rows.iter().collect::<Vec<_>>())?;
        self.unchecked_vectors(vectors).map(Some)
    }

    /// The stored rows, their blocks not checked.
    pub(super) fn unchecked_vectors(&self, vectors: &SegmentVectors) -> Result<Rows<'_>> {
        Ok(match vectors.row_type {
            RowType::Int8 => Rows::Int8 {
                codes: self.unchecked(SECTION_VECTORS)?,
                scales: self.unchecked(SECTION_SCALES)?,
            },
            RowType::F16 => Rows::F16(self.unchecked(SECTION_VECTORS)?),
            RowType::F32 => Rows::F32(self.unchecked(SECTION_VECTORS)?),
        })
    }

    /// An array section whose length was checked at open, its blocks not checked.
    pub(super) fn unchecked<T: bytemuck::AnyBitPattern>(&self, kind: u32) -> Result<&[T]> {
        let bytes = self.shared.file.unchecked(kind)?;
        cursor::array(self.shared.file.name(), 0, bytes, bytes.len() / size_of::<T>())
    }

    /// Numbers in a vector; `None` if no row has one.
    pub fn dimension(&self) -> Option<usize> {
        self.shared.meta.vectors.as_ref().map(|vectors| vectors.dimension as usize)
    }

    /// The rows that have a vector; `None` when none has.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn rows_with_vector(&self) -> Result<Option<&RoaringBitmap>> {
        self.shared.meta.vectors.as_ref().map(|vectors| self.vector_rows(vectors)).transpose()
    }

    /// Whether a row has a vector.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    #[cfg(feature = "ingest")]
    pub(crate) fn has_vector(&self, row: RowId) -> Result<bool> {
        Ok(self.rows_with_vector()?.is_some_and(|rows| rows.contains(row.0)))
    }

    /// The vector of a row as numbers, `None` when it has none.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; also for a row that the segment does not have.
    pub fn vector(&self, row: RowId) -> Result<Option<Vec<f32>>> {
        let row = self.check_row(row)?;
        let Some(vectors) = &self.shared.meta.vectors else { return Ok(None) };
        if !self.vector_rows(vectors)?.contains(row) {
            return Ok(None);
        }
        let dimension = vectors.dimension as usize;
        let start = u64::from(row) * u64::from(vectors.dimension);
        let mut vector: Vec<f32> = match vectors.row_type {
            RowType::Int8 => {
                let scale = self.element::<f32>(SECTION_SCALES, row)?;
                let codes = self.part::<i8>(SECTION_VECTORS, start, dimension)?;
                codes.iter().map(|code| f32::from(*code) * scale).collect()
            }
            RowType::F16 => {
                let halves = self.part::<u16>(SECTION_VECTORS, start, dimension)?;
                halves.iter().map(|half| f32_from_f16(*half)).collect()
            }
            RowType::F32 => self.part::<f32>(SECTION_VECTORS, start, dimension)?.to_vec(),
        };
        if let Some(space) = &self.shared.space {
            space.unrotate(&mut vector);
        }
        if vector.iter().all(|number| number.is_finite()) {
            return Ok(Some(vector));
        }
        let detail = format!("the vector of row {row} is not finite");
        let offset = start.saturating_mul(vectors.row_type.bytes() as u64);
        Err(self.corrupt(SECTION_VECTORS, offset, Rule::FiniteNumber, detail))
    }

    /// The seed of the rotation that its vectors are stored under, 0 for none; `None` if it has no vectors.
    pub(crate) fn rotation(&self) -> Option<u64> {
        self.shared.space.as_ref().map(RowSpace::seed)
    }

    /// The sum of all vectors as they are stored, deleted rows included, number by number; `None` if no row has one, and
    /// in a segment of format 1.0.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn vector_sum(&self) -> Result<Option<&[f64]>> {
        let Some(dimension) = self.dimension() else { return Ok(None) };
        if self.shared.file.section(SECTION_VECTOR_SUM).is_none() {
            return Ok(None);
        }
        let sum = self.array::<f64>(SECTION_VECTOR_SUM, dimension)?;
        if sum.iter().all(|number| number.is_finite()) {
            return Ok(Some(sum));
        }
        let detail = "the sum of the vectors is not finite".to_owned();
        Err(self.corrupt(SECTION_VECTOR_SUM, 0, Rule::FiniteNumber, detail))
    }

    /// The sum and the number of the vectors of all rows but some, as they are stored; `None` if there are none.
    ///
    /// Cost: none of the vectors is read where none is left out. Otherwise that of [`Segment::vectors`] and one pass over those
    /// that are left out or, in a segment of format 1.0, over the others.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn vector_sum_without(&self, deleted: &RoaringBitmap) -> Result<Option<(Vec<f64>, u64)>> {
        let Some(present) = self.rows_with_vector()? else { return Ok(None) };
        let gone = present & deleted;
        let live = present.len() - gone.len();
        if live == 0 {
            return Ok(None);
        }
        let sum = match self.vector_sum()? {
            Some(all) if gone.is_empty() => all.to_vec(),
            Some(all) => {
                all.iter().zip(self.sum_of(&gone)?).map(|(all, gone)| all - gone).collect()
            }
            None => self.sum_of(&(present - deleted))?,
        };
        Ok(Some((sum, live)))
    }

    fn sum_of(&self, wanted: &RoaringBitmap) -> Result<Vec<f64>> {
        let dimension = self.dimension().unwrap_or_default();
        let stored = self.vectors()?;
        Ok(stored.map_or_else(Vec::new, |(rows, _)| VectorSum::of(rows, wanted, dimension)))
    }

    /// What is wrong with the stored vectors when arithmetic on them has failed: the first row whose
    /// products are not numbers. Cost: one pass over all vectors.
    pub fn broken_vector(&self) -> Option<Error> {
        let (rows, present) = match self.vectors() {
            Ok(stored) => stored?,
            Err(error) => return Some(error),
        };
        let dimension = self.shared.meta.vectors.as_ref()?.dimension as usize;
        let is_broken =
            |row: &u32| !rows.squared_length(*row as usize, dimension).is_some_and(fits_single);
        let row = present.iter().find(is_broken)?;
        let detail = format!("row {row}: its squared length is not a number, or too great a one");
        Some(self.corrupt(SECTION_VECTORS, 0, Rule::VectorLength, detail))
    }

    pub(in crate::segment) fn vector_rows(
        &self,
        vectors: &SegmentVectors,
    ) -> Result<&RoaringBitmap> {
        if let Some(rows) = self.shared.vector_rows.get() {
            return Ok(rows);
        }
        let bytes = self.shared.file.read_all(SECTION_VECTOR_ROWS)?;
        let rows = read_bitmap(bytes, self.rows())
            .map_err(|(rule, detail)| self.corrupt(SECTION_VECTOR_ROWS, 0, rule, detail))?;
        if rows.len() != u64::from(vectors.count) {
            let detail = format!("{} rows, expected {}", rows.len(), vectors.count);
            return Err(self.corrupt(SECTION_VECTOR_ROWS, 0, Rule::Count, detail));
        }
        Ok(self.shared.vector_rows.get_or_init(|| rows))
    }
}
