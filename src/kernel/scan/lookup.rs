//! A query's tables: the products of its sub-vectors and the points that codes name, as bytes.

use super::block::{CELL_SUB_QUANTIZERS, QUAD, block_bytes};
use crate::kernel::quantize::ROUND;

/// Points of a sub-quantizer: bytes of a table.
pub(super) const POINTS: usize = 16;

/// The tables of one cell: eight sub-quantizers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(in crate::kernel) struct Cell {
    tables: [[u8; POINTS]; CELL_SUB_QUANTIZERS],
}

impl Cell {
    const ZERO: Cell = Cell { tables: [[0; POINTS]; CELL_SUB_QUANTIZERS] };

    /// Tables of the four sub-quantizers of low nibbles.
    #[inline(always)]
    pub(in crate::kernel) fn low(&self) -> &[u8; QUAD * POINTS] {
        self.half(0)
    }

    /// Tables of the four sub-quantizers of high nibbles.
    #[inline(always)]
    pub(in crate::kernel) fn high(&self) -> &[u8; QUAD * POINTS] {
        self.half(1)
    }

    #[inline(always)]
    fn half(&self, half: usize) -> &[u8; QUAD * POINTS] {
        let (halves, _) = self.tables.as_flattened().as_chunks();
        &halves[half]
    }
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
    products: Vec<[f32; POINTS]>,
    /// The least product of each table.
    leasts: Vec<f32>,
}

impl LookUp {
    /// No tables, to be [filled](super::fill()) before use.
    pub fn new() -> LookUp {
        LookUp::default()
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

    /// Fills the tables; what every variant of [`fill`](super::fill()) does, each
    /// compiled with its own instructions.
    #[inline(always)]
    pub(in crate::kernel) fn fill(&mut self, query: &[f32], points: &[f32], sub_dimension: usize) {
        let (columns, _) = points.as_chunks::<POINTS>();
        let tables = columns.chunks_exact(sub_dimension);
        // All of them are overwritten. Loops, since a closure that a `Vec` calls is compiled without this processor's
        // instructions.
        self.products.resize(tables.len(), [0.0; POINTS]);
        let sub_vectors = query.chunks(sub_dimension);
        for ((sub_vector, table), products) in sub_vectors.zip(tables).zip(&mut self.products) {
            let mut sums = [0.0; POINTS];
            for (number, column) in sub_vector.iter().zip(table) {
                for (sum, coordinate) in sums.iter_mut().zip(column) {
                    *sum += number * coordinate;
                }
            }
            *products = sums;
        }
        self.quantize();
    }

    /// Rounds the products to bytes.
    #[inline(always)]
    fn quantize(&mut self) {
        self.sub_quantizers = self.products.len();
        let (mut offset, mut span_max) = (0.0, 0.0f32);
        self.leasts.resize(self.products.len(), 0.0);
        for (table, least) in self.products.iter().zip(&mut self.leasts) {
            *least = fold(table, |a, b| if b < a { b } else { a });
            let greatest = fold(table, |a, b| if b > a { b } else { a });
            offset += *least;
            span_max = if greatest - *least > span_max { greatest - *least } else { span_max };
        }
        let per_step = 255.0 / span_max;
        let per_step = if per_step.is_finite() { per_step } else { 0.0 };
        self.offset = offset;
        self.step = if per_step == 0.0 { 0.0 } else { span_max / 255.0 };
        self.cells.clear();
        self.cells.resize(self.products.len().div_ceil(CELL_SUB_QUANTIZERS), Cell::ZERO);
        let tables = self.cells.iter_mut().flat_map(|cell| &mut cell.tables);
        for (entries, (table, least)) in tables.zip(self.products.iter().zip(&self.leasts)) {
            let steps = table.map(|product| (product - least) * per_step + ROUND);
            *entries = steps.map(f32::to_bits).map(|bits| bits as u8);
        }
    }
}

/// Folds a table in halves, as registers do.
#[inline(always)]
fn fold(table: &[f32; POINTS], choose: impl Fn(f32, f32) -> f32) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|at| choose(table[at], table[at + 8]));
    let four: [f32; 4] = std::array::from_fn(|at| choose(eight[at], eight[at + 4]));
    choose(choose(four[0], four[2]), choose(four[1], four[3]))
}
