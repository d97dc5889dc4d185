//! Vectors while a segment is written: made rows ([`RowSpace`]), then quantised.

use roaring::RoaringBitmap;

use super::file::SegmentFile;
use crate::encoder::Metric;
use crate::error::{Error, Result};
use crate::format::manifest::{RowType, VectorConfig};
use crate::format::postings::write_bitmap;
use crate::format::segment::{
    SECTION_SCALES, SECTION_VECTOR_ROWS, SECTION_VECTOR_SUM, SECTION_VECTORS, SegmentMeta,
    SegmentVectors,
};
use crate::ids::Key;
use crate::kernel::Rows;
use crate::kernel::quantize::{f16_from_f32, quantize_int8};
use crate::segment::row_space::RowSpace;
use crate::segment::vector_sum::VectorSum;

/// Stored rows, as they will lie in the file. A row without a vector is all zeros.
pub(in crate::segment) struct Vectors {
    dimension: u32,
    metric: Metric,
    row_type: RowType,
    rotation: u64,
    space: RowSpace,
    rows: Stored,
    scales: Vec<f32>,
    present: RoaringBitmap,
    scratch: Vec<f32>,
}

enum Stored {
    Int8(Vec<i8>),
    F16(Vec<u16>),
    F32(Vec<f32>),
}

impl Vectors {
    pub(in crate::segment) fn new(config: &VectorConfig) -> Vectors {
        Vectors {
            dimension: config.dimension,
            metric: config.metric,
            row_type: config.row_type,
            rotation: config.rotation,
            space: RowSpace::from(config),
            rows: match config.row_type {
                RowType::Int8 => Stored::Int8(Vec::new()),
                RowType::F16 => Stored::F16(Vec::new()),
                RowType::F32 => Stored::F32(Vec::new()),
            },
            scales: Vec::new(),
            present: RoaringBitmap::new(),
            scratch: Vec::new(),
        }
    }

    /// Keeps a vector as its row will be, until [`Vectors::push`].
    pub(in crate::segment) fn prepare(&mut self, key: &Key, vector: Option<&[f32]>) -> Result<()> {
        self.scratch.clear();
        let Some(vector) = vector else { return Ok(()) };
        let bad = |detail| Error::Vector { subject: key.to_string(), detail };
        self.space.to_row(vector, &mut self.scratch).map_err(bad)
    }

    /// Appends the prepared vector, or a row without one.
    pub(in crate::segment) fn push(&mut self, row: u32) {
        let dimension = self.dimension as usize;
        if self.scratch.is_empty() {
            self.scratch.resize(dimension, 0.0);
        } else {
            self.present.insert(row);
        }
        match &mut self.rows {
            Stored::Int8(codes) => {
                let start = codes.len();
                let scale = quantize_int8(&self.scratch, codes);
                let row = codes.get(start..).unwrap_or_default();
                self.scales.push(match self.metric {
                    Metric::Dot => scale,
                    Metric::Cosine => unit_scale(row),
                });
            }
            Stored::F16(numbers) => numbers.extend(self.scratch.iter().map(|n| f16_from_f32(*n))),
            Stored::F32(numbers) => numbers.extend_from_slice(&self.scratch),
        }
        self.scratch.clear();
    }

    /// Puts the prepared vector in the place of a row that was pushed before.
    pub(in crate::segment) fn replace(&mut self, row: u32) {
        // Quantised at the end as any other, then moved: the last row's length is everybody's.
        self.push(row);
        let dimension = self.dimension as usize;
        let start = row as usize * dimension;
        match &mut self.rows {
            Stored::Int8(codes) => move_last(codes, start, dimension),
            Stored::F16(numbers) => move_last(numbers, start, dimension),
            Stored::F32(numbers) => move_last(numbers, start, dimension),
        }
        if matches!(self.rows, Stored::Int8(_)) {
            move_last(&mut self.scales, row as usize, 1);
        }
    }

    /// The vector of a row as it will be read back; `None` when it has none.
    pub(in crate::segment) fn get(&self, row: u32) -> Option<Vec<f32>> {
        if !self.present.contains(row) {
            return None;
        }
        let mut vector = vec![0.0; self.dimension as usize];
        self.stored().read(row as usize, &mut vector);
        self.space.unrotate(&mut vector);
        Some(vector)
    }

    fn stored(&self) -> Rows<'_> {
        match &self.rows {
            Stored::Int8(codes) => Rows::Int8 { codes, scales: &self.scales },
            Stored::F16(numbers) => Rows::F16(numbers),
            Stored::F32(numbers) => Rows::F32(numbers),
        }
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        let rows = match &self.rows {
            Stored::Int8(codes) => codes.capacity(),
            Stored::F16(numbers) => numbers.capacity() * 2,
            Stored::F32(numbers) => numbers.capacity() * 4,
        };
        rows + self.scales.capacity() * 4 + self.present.serialized_size()
    }

    pub(in crate::segment) fn write(
        self,
        file: &mut SegmentFile,
        meta: &mut SegmentMeta,
    ) -> Result<()> {
        if self.present.is_empty() {
            return write_none(file);
        }
        meta.vectors = Some(SegmentVectors {
            dimension: self.dimension,
            metric: self.metric,
            row_type: self.row_type,
            rotation: self.rotation,
            count: self.present.len() as u32,
        });
        match &self.rows {
            Stored::Int8(codes) => file.array(SECTION_VECTORS, codes)?,
            Stored::F16(numbers) => file.array(SECTION_VECTORS, numbers)?,
            Stored::F32(numbers) => file.array(SECTION_VECTORS, numbers)?,
        }
        file.array(SECTION_SCALES, &self.scales)?;
        let sum = VectorSum::of(self.stored(), &self.present, self.dimension as usize);
        write_presence(file, self.present)?;
        file.array(SECTION_VECTOR_SUM, &sum)
    }
}

/// What is read back of a vector once it is stored.
///
/// # Errors
/// As [`Vectors::prepare`].
pub(crate) fn read_back(
    config: &VectorConfig,
    key: &Key,
    vector: &[f32],
) -> Result<Option<Vec<f32>>> {
    let mut vectors = Vectors::new(config);
    vectors.prepare(key, Some(vector))?;
    vectors.push(0);
    Ok(vectors.get(0))
}

/// Moves the last `count` items to `start`, over what is there.
fn move_last<T: Copy>(items: &mut Vec<T>, start: usize, count: usize) {
    let last = items.len().saturating_sub(count);
    items.copy_within(last.., start);
    items.truncate(last);
}

/// The scale that gives codes the length 1: rounding to codes changes a row's length, and a cosine
/// is the product of two rows of length 1. 0 for a row of zeros.
fn unit_scale(codes: &[i8]) -> f32 {
    let squares: i64 = codes.iter().map(|code| i64::from(*code).pow(2)).sum();
    if squares == 0 { 0.0 } else { (1.0 / (squares as f64).sqrt()) as f32 }
}

/// The vector sections of a segment without vectors.
pub(in crate::segment) fn write_none(file: &mut SegmentFile) -> Result<()> {
    file.section(SECTION_VECTORS);
    file.section(SECTION_SCALES);
    file.section(SECTION_VECTOR_ROWS);
    file.section(SECTION_VECTOR_SUM);
    Ok(())
}

/// The rows that have a vector.
pub(in crate::segment) fn write_presence(
    file: &mut SegmentFile,
    mut present: RoaringBitmap,
) -> Result<()> {
    let mut bytes = Vec::new();
    write_bitmap(&mut present, &mut bytes);
    file.array(SECTION_VECTOR_ROWS, &bytes)
}
