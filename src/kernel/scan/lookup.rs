//! A query's tables: the products of its sub-vectors and the points that codes name, as bytes.

use super::block::{CELL_SUB_QUANTIZERS, QUAD, block_bytes};

/// Points of a sub-quantizer: bytes of a table.
const POINTS: usize = 16;

/// Adding this to a number of 0 to 2^22 rounds it to an integer (ties to even), which the low bits of
/// the sum then hold: cheaper than a conversion on processors without an instruction for rounding.
const ROUND: f32 = 12_582_912.0;

/// The tables of one cell: eight sub-quantizers.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(in crate::kernel) struct Cell {
    /// Tables of the four sub-quantizers of low nibbles.
    pub(in crate::kernel) low: [u8; QUAD * POINTS],
    /// Tables of the four sub-quantizers of high nibbles.
    pub(in crate::kernel) high: [u8; QUAD * POINTS],
}

/// The tables of one query.
///
/// All tables share one step: entry `(product - least product of its table) / step`, rounded, so that
/// the widest table spans 0 to 255. The least products add up to an offset that all rows
/// share. Rounding adds to a sum of `m` products an error of standard deviation
/// `step * sqrt(m / 12)`, a tenth or less of what 4-bit codes themselves leave. Buffers are
/// reused from query to query.
#[derive(Clone, Debug, Default)]
pub struct LookUp {
    sub_quantizers: usize,
    step: f32,
    offset: f32,
    cells: Vec<Cell>,
    /// Products before rounding, `[sub-quantizer][point]`.
    products: Vec<f32>,
}

impl LookUp {
    /// No tables, to be [filled](LookUp::fill) before use.
    pub fn new() -> LookUp {
        LookUp::default()
    }

    /// Makes the tables of `query` for `points`: `[sub-quantizer][point][sub_dimension]`, 16 points a
    /// sub-quantizer, the last sub-vector of the query padded with zeros. Costs 16 products a number
    /// of the query: about 1 us at dimension 384.
    ///
    /// # Panics
    ///
    /// When `sub_dimension` is 0 or `points` are not those of `query.len().div_ceil(sub_dimension)`
    /// sub-quantizers.
    pub fn fill(&mut self, query: &[f32], points: &[f32], sub_dimension: usize) {
        let sub_quantizers = query.len().div_ceil(sub_dimension);
        let expected = sub_quantizers * POINTS * sub_dimension;
        assert_eq!(points.len(), expected, "points of {sub_quantizers} sub-quantizers");
        self.products.clear();
        let all_points = points.chunks_exact(POINTS * sub_dimension);
        for (sub_vector, points) in query.chunks(sub_dimension).zip(all_points) {
            let product = |point: &[f32]| sub_vector.iter().zip(point).map(|(q, p)| q * p).sum();
            self.products.extend(points.chunks_exact(sub_dimension).map::<f32, _>(product));
        }
        self.quantize();
    }

    /// Number of sub-quantizers.
    pub fn sub_quantizers(&self) -> usize {
        self.sub_quantizers
    }

    /// What one unit of an entry is worth.
    #[inline(always)]
    pub(in crate::kernel) fn step(&self) -> f32 {
        self.step
    }

    /// The sum of the tables' least products.
    #[inline(always)]
    pub(in crate::kernel) fn offset(&self) -> f32 {
        self.offset
    }

    /// The tables, cell by cell; those beyond the last sub-quantizer are zeros.
    #[inline(always)]
    pub(in crate::kernel) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Bytes of a block of codes that these tables are for.
    #[inline(always)]
    pub(in crate::kernel) fn block_bytes(&self) -> usize {
        block_bytes(self.sub_quantizers)
    }

    /// Rounds the products to bytes.
    fn quantize(&mut self) {
        let (tables, _) = self.products.as_chunks::<POINTS>();
        self.sub_quantizers = tables.len();
        self.offset = 0.0;
        let mut span_max = 0.0f32;
        for table in tables {
            let least = least(table);
            self.offset += least;
            span_max = span_max.max(-least_negated(table) - least);
        }
        let per_step = 255.0 / span_max;
        let per_step = if per_step.is_finite() { per_step } else { 0.0 };
        self.step = if per_step == 0.0 { 0.0 } else { span_max / 255.0 };
        self.cells.clear();
        for tables in tables.chunks(CELL_SUB_QUANTIZERS) {
            let mut cell = Cell { low: [0; QUAD * POINTS], high: [0; QUAD * POINTS] };
            let entries = cell.low.as_chunks_mut().0.iter_mut().chain(cell.high.as_chunks_mut().0);
            for (table, entries) in tables.iter().zip(entries) {
                round(table, per_step, entries);
            }
            self.cells.push(cell);
        }
    }
}

/// The least of a table, folded in halves as registers do.
#[inline(always)]
fn least(table: &[f32; POINTS]) -> f32 {
    let mut lanes = *table;
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            lanes[lane] =
                if lanes[lane + half] < lanes[lane] { lanes[lane + half] } else { lanes[lane] };
        }
    }
    lanes[0]
}

/// The least of the negated numbers of a table.
#[inline(always)]
fn least_negated(table: &[f32; POINTS]) -> f32 {
    least(&table.map(|product| -product))
}

/// A table's entries.
#[inline(always)]
fn round(table: &[f32; POINTS], per_step: f32, entries: &mut [u8; POINTS]) {
    let least = least(table);
    for (product, entry) in table.iter().zip(entries) {
        *entry = ((product - least) * per_step + ROUND).to_bits() as u8;
    }
}
