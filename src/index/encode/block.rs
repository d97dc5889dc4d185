//! Sixteen rows side by side, as they are encoded: residuals, codes, and the factors that follow.

use crate::index::codebook::Codebook;
use crate::index::kmeans::vector;
use crate::kernel::Isa;
use crate::kernel::points::{LANES, POINTS, nearest_points};
use crate::kernel::quantize::f16_from_f32;
use crate::limits::HALF_MAX;

/// A ridge term: the part of a query's squared length, relative to what lies in the row's direction, that
/// lies in each other direction, times the dimension. It stops the scale from amplifying noise when the
/// codes carry almost no information, as for a row that is its list's centroid.
const NOISE: f64 = 1.0;

/// What is stored of a row beside its codes, and what is summed up over rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Factors {
    /// What to multiply `<q, r'>` with, as the bits of a half-precision number; finite, not negative.
    pub scale: u16,
    /// Length of the residual, of which [`TrainedCodebook::residual_mean`] is the mean in training.
    ///
    /// [`TrainedCodebook::residual_mean`]: crate::index::codebook::TrainedCodebook::residual_mean
    pub residual_length: f32,
}

/// Sixteen residuals, side by side, and their codes.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) lanes: Vec<[f32; LANES]>,
    /// The vectors themselves.
    pub(super) rows: Vec<[f32; LANES]>,
    pub(super) codes: Vec<[u8; LANES]>,
}

impl Block {
    /// Zeros, with the padding of the last sub-vector.
    pub(super) fn clear(&mut self, quantizers: usize, sub: usize) {
        self.lanes.clear();
        self.lanes.resize(quantizers * sub, [0.0; LANES]);
        self.rows.clear();
        self.rows.resize(quantizers * sub, [0.0; LANES]);
        self.codes.resize(quantizers, [0; LANES]);
    }

    /// The residuals of at most sixteen vectors.
    pub(super) fn load(
        &mut self,
        vectors: &[f32],
        lists: &[u32],
        centroids: &[f32],
        codebook: &Codebook<'_>,
    ) {
        self.clear(codebook.sub_quantizers(), codebook.sub_dimension);
        let rows = vectors.chunks(codebook.dimension).zip(lists);
        for (lane, (row, list)) in rows.enumerate() {
            let centroid = vector(centroids, *list, codebook.dimension);
            let lanes = self.lanes.iter_mut().zip(&mut self.rows);
            for ((residuals, values), (value, center)) in lanes.zip(row.iter().zip(centroid)) {
                residuals[lane] = value - center;
                values[lane] = *value;
            }
        }
    }

    /// The nearest points.
    pub(super) fn encode(&mut self, points: &[f32], sub: usize) {
        nearest_points(Isa::detect(), &self.lanes, points, sub, &mut self.codes);
    }

    /// Writes the codes row by row.
    pub(super) fn store(&self, codes: &mut [u8], quantizers: usize) {
        for (lane, row) in codes.chunks_mut(quantizers).enumerate() {
            row.iter_mut().zip(&self.codes).for_each(|(code, lanes)| *code = lanes[lane]);
        }
    }

    /// Factors of the sixteen rows.
    pub(super) fn factors(&self, codebook: &Codebook<'_>) -> [Factors; LANES] {
        let dimension = codebook.dimension;
        self.products(codebook).map(|sums| sums.factors(dimension, 1.0, (0.0, 0.0)))
    }

    /// What factors follow from.
    pub(super) fn products(&self, codebook: &Codebook<'_>) -> [Products; LANES] {
        let sub = codebook.sub_dimension;
        let mut sums = [Products::default(); LANES];
        let lanes = self.lanes.chunks(sub).zip(self.rows.chunks(sub));
        let tables = codebook.points.chunks(POINTS * sub);
        for (((residuals, rows), codes), table) in lanes.zip(&self.codes).zip(tables) {
            for (element, (residuals, rows)) in residuals.iter().zip(rows).enumerate() {
                for (lane, sums) in sums.iter_mut().enumerate() {
                    let point = table[element * POINTS + usize::from(codes[lane])];
                    sums.add(rows[lane], residuals[lane], point);
                }
            }
        }
        sums
    }
}

/// Products of a row `x`, its residual `r` and the decoded residual `r'`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Products {
    pub(super) xx: f32,
    xr: f32,
    xd: f32,
    rr: f32,
    rd: f32,
    dd: f32,
}

impl Products {
    #[inline]
    fn add(&mut self, row: f32, residual: f32, decoded: f32) {
        self.xx += row * row;
        self.xr += row * residual;
        self.xd += row * decoded;
        self.rr += residual * residual;
        self.rd += residual * decoded;
        self.dd += decoded * decoded;
    }

    /// The scale of the least expected error for queries that lie so much in the row's direction, in parts of what lies in
    /// all others together, and in another direction, of whose products with the residual and the decoded residual
    /// squares count as they are; and the factors that follow.
    pub(super) fn factors(
        &self,
        dimension: usize,
        nearness: f64,
        (along_residual, along_decoded): (f64, f64),
    ) -> Factors {
        let [xx, xr, xd, rd, dd] = [self.xx, self.xr, self.xd, self.rd, self.dd].map(f64::from);
        let noise = NOISE * xx / dimension as f64;
        let right = along_residual * along_decoded + nearness * xd * xr + noise * rd;
        let all = along_decoded * along_decoded + nearness * xd * xd + noise * dd;
        let scale = right / all;
        // Not a number for a row, or codes, of zeros.
        let scale = if scale > 0.0 { scale.min(f64::from(HALF_MAX)) } else { 0.0 };
        let bits = f16_from_f32(scale as f32);
        Factors { scale: bits, residual_length: self.rr.sqrt() }
    }
}
