//! Encoding of rows: which list a row belongs to, the codes of its residual, and its factor.
//!
//! A row `x` of the list with centroid `c` leaves the residual `r = x - c`, which its codes say
//! roughly: they stand for `r'`, a point of each sub-quantizer. The product of a query with the row is
//! estimated as `<q, c> + scale * <q, r'>`, with
//!
//! ```text
//! scale = <r, x> / <r', x>
//! ```
//!
//! which leaves an error at a right angle to the row: the estimate is exact for a query in the row's own
//! direction, and those for which the row is a hit lie more that way than any other. Plain codes, being nearer
//! to zero than what they stand for, make every product too small, and not every row by as much. On
//! real queries the best 40 rows by estimate hold 0.965 of the true ten so; 0.955 with
//! `|r|^2 / <r, r'>` (RaBitQ: Gao and Long, SIGMOD 2024), 0.875 without a scale.

mod cone;

use std::borrow::Cow;

use super::codebook::Codebook;
use super::kmeans::{CHUNK_ROWS, vector};
use super::nearest::Found;
use super::two_level::TwoLevel;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::kernel::points::{LANES, POINTS, nearest_points};
use crate::kernel::quantize::{f16_from_f32, f32_from_f16};
use crate::kernel::{Isa, Rows};
use crate::limits::HALF_MAX;
use crate::parallel;
use cone::Cone;

/// Groups whose lists a row is compared with. A row's list is then not the nearest one once in
/// fifty rows, and almost as near; searches scan no more rows than with all.
const PROBES: usize = 8;

/// A ridge term: the part of a query's squared length, relative to what lies in the row's direction, that
/// lies in each other direction, times the dimension. It stops the scale from amplifying noise when the
/// codes carry almost no information, as for a row that is its list's centroid.
const NOISE: f64 = 1.0;

/// Encodes rows with one codebook.
#[derive(Debug)]
pub struct RowEncoder<'a> {
    codebook: Codebook<'a>,
    centroids: Vec<f32>,
    lists: TwoLevel,
    cone: Option<Cone>,
}

/// What is stored of a row beside its codes, and what is summed up over rows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Factors {
    /// What to multiply `<q, r'>` with, as the bits of a half-precision number; finite, not negative.
    pub scale: u16,
    /// Length of the residual, of which [`TrainedCodebook::residual_mean`] is the mean in training.
    ///
    /// [`TrainedCodebook::residual_mean`]: super::codebook::TrainedCodebook::residual_mean
    pub residual_length: f32,
}

impl<'a> RowEncoder<'a> {
    /// Unpacks the codebook: eight bytes for each number of its centroids.
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when the codebook's arrays do not fit each other, or it has no list.
    pub fn new(codebook: &Codebook<'a>) -> Result<RowEncoder<'a>> {
        codebook.check()?;
        let dimension = codebook.dimension;
        let centroids = unpack(&codebook.centroids, dimension).into_owned();
        let groups = unpack(&codebook.groups, dimension);
        let lists = TwoLevel::new(&groups, &centroids, codebook.group_ends, dimension, PROBES);
        let cone = Cone::of(codebook, &centroids);
        Ok(RowEncoder { codebook: *codebook, centroids, lists, cone })
    }

    /// Codes of a row: bytes that [`RowEncoder::encode`] writes for it.
    pub fn sub_quantizers(&self) -> usize {
        self.codebook.sub_quantizers()
    }

    /// The list of each of `vectors`: the one with the nearest centroid (Euclidean distance).
    ///
    /// Costs `dimension` multiplications per list of eight groups and vector: 5 us per vector at 384
    /// dimensions and 2048 lists.
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when `vectors` are not rows of the codebook's dimension; those of `control`.
    pub fn assign(&self, vectors: &[f32], threads: usize, control: &Control) -> Result<Vec<u32>> {
        let dimension = self.codebook.dimension;
        if !vectors.len().is_multiple_of(dimension) {
            return Err(mismatch(format!("{} numbers, dimension {dimension}", vectors.len())));
        }
        let found = self.lists.find_all(vectors, threads, control, &mut |_| ())?;
        Ok(found.into_iter().map(|found| found.centroid).collect())
    }

    /// The second list of each of `vectors`, which have `lists`: near too, but with a residual that points elsewhere.
    /// `None` where there is no other list. Costs twice as much as [`RowEncoder::assign`].
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when lengths do not fit each other or a list does not exist; those of `control`.
    pub fn assign_second(
        &self,
        vectors: &[f32],
        lists: &[u32],
        threads: usize,
        control: &Control,
    ) -> Result<Vec<Option<u32>>> {
        let list_count = self.codebook.lists();
        if Some(vectors.len()) != lists.len().checked_mul(self.codebook.dimension)
            || lists.iter().any(|list| *list as usize >= list_count)
        {
            let (numbers, rows) = (vectors.len(), lists.len());
            return Err(mismatch(format!("{rows} rows of {list_count} lists: {numbers} numbers")));
        }
        let found =
            self.lists.find_all_second(vectors, lists, &self.centroids, threads, control)?;
        let second = |found: Found| (found.score > f32::NEG_INFINITY).then_some(found.centroid);
        Ok(found.into_iter().map(second).collect())
    }

    /// Encodes `vectors`, which belong to `lists`: one code per byte, [`RowEncoder::sub_quantizers`] of them
    /// a row, to `codes`, and the row's factors to `factors`. Less than a microsecond per row and thread.
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] when lengths do not fit each other or a list does not exist; those of `control`.
    pub fn encode(
        &self,
        vectors: &[f32],
        lists: &[u32],
        threads: usize,
        control: &Control,
        codes: &mut [u8],
        factors: &mut [Factors],
    ) -> Result<()> {
        let (dimension, quantizers) = (self.codebook.dimension, self.sub_quantizers());
        let rows = lists.len();
        let fits = Some(vectors.len()) == rows.checked_mul(dimension)
            && Some(codes.len()) == rows.checked_mul(quantizers)
            && factors.len() == rows;
        let list_count = self.codebook.lists();
        if !fits || lists.iter().any(|list| *list as usize >= list_count) {
            let (numbers, codes, factors) = (vectors.len(), codes.len(), factors.len());
            return Err(mismatch(format!(
                "{rows} rows of {list_count} lists: {numbers} numbers, {codes} codes, {factors} factors"
            )));
        }
        let items = vectors.chunks(CHUNK_ROWS * dimension).zip(lists.chunks(CHUNK_ROWS));
        let out = codes.chunks_mut(CHUNK_ROWS * quantizers).zip(factors.chunks_mut(CHUNK_ROWS));
        let run = |block: &mut Block, ((vectors, lists), (codes, factors)): Item<'_>| {
            let blocks = vectors.chunks(LANES * dimension).zip(lists.chunks(LANES));
            let out = codes.chunks_mut(LANES * quantizers).zip(factors.chunks_mut(LANES));
            for ((vectors, lists), (codes, factors)) in blocks.zip(out) {
                block.load(vectors, lists, &self.centroids, &self.codebook);
                block.encode(self.codebook.points, self.codebook.sub_dimension);
                let found = match &self.cone {
                    Some(cone) => cone.encode(block, &self.codebook),
                    None => block.factors(&self.codebook),
                };
                block.store(codes, quantizers);
                factors.copy_from_slice(&found[..factors.len()]);
            }
            Ok(())
        };
        parallel::for_each(threads, items.zip(out), control, Block::default, run, &mut |_| ())
    }
}

/// Vectors and their lists, and where their codes and factors go.
type Item<'a> = ((&'a [f32], &'a [u32]), (&'a mut [u8], &'a mut [Factors]));

/// Codes of `vectors` under `points`: `[row][sub-quantizer]`, one code per byte.
pub(super) fn codes(vectors: &[f32], dimension: usize, points: &[f32], sub: usize) -> Vec<u8> {
    let quantizers = dimension.div_ceil(sub);
    let mut codes = vec![0; vectors.len() / dimension * quantizers];
    let mut block = Block::default();
    let out = codes.chunks_mut(LANES * quantizers);
    for (vectors, codes) in vectors.chunks(LANES * dimension).zip(out) {
        block.clear(quantizers, sub);
        for (lane, row) in vectors.chunks(dimension).enumerate() {
            block.lanes.iter_mut().zip(row).for_each(|(lanes, value)| lanes[lane] = *value);
        }
        block.encode(points, sub);
        block.store(codes, quantizers);
    }
    codes
}

/// Sixteen residuals, side by side, and their codes.
#[derive(Debug, Default)]
struct Block {
    lanes: Vec<[f32; LANES]>,
    /// The vectors themselves.
    rows: Vec<[f32; LANES]>,
    codes: Vec<[u8; LANES]>,
}

impl Block {
    /// Zeros, with the padding of the last sub-vector.
    fn clear(&mut self, quantizers: usize, sub: usize) {
        self.lanes.clear();
        self.lanes.resize(quantizers * sub, [0.0; LANES]);
        self.rows.clear();
        self.rows.resize(quantizers * sub, [0.0; LANES]);
        self.codes.resize(quantizers, [0; LANES]);
    }

    /// The residuals of at most sixteen vectors.
    fn load(&mut self, vectors: &[f32], lists: &[u32], centroids: &[f32], codebook: &Codebook<'_>) {
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

    fn encode(&mut self, points: &[f32], sub: usize) {
        nearest_points(Isa::detect(), &self.lanes, points, sub, &mut self.codes);
    }

    /// Writes the codes row by row.
    fn store(&self, codes: &mut [u8], quantizers: usize) {
        for (lane, row) in codes.chunks_mut(quantizers).enumerate() {
            row.iter_mut().zip(&self.codes).for_each(|(code, lanes)| *code = lanes[lane]);
        }
    }

    /// Factors of the sixteen rows.
    fn factors(&self, codebook: &Codebook<'_>) -> [Factors; LANES] {
        self.products(codebook).map(|sums| sums.factors(codebook.dimension))
    }

    fn products(&self, codebook: &Codebook<'_>) -> [Products; LANES] {
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
struct Products {
    xx: f32,
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

    /// The scale of the least expected error for queries that lie as far in the row's direction as in all
    /// others together, and the factors that follow.
    fn factors(&self, dimension: usize) -> Factors {
        let [xx, xr, xd, rd, dd] = [self.xx, self.xr, self.xd, self.rd, self.dd].map(f64::from);
        let noise = NOISE * xx / dimension as f64;
        self.with_scale((xd * xr + noise * rd) / (xd * xd + noise * dd))
    }

    fn with_scale(&self, scale: f64) -> Factors {
        // Not a number for a row, or codes, of zeros.
        let scale = if scale > 0.0 { scale.min(f64::from(HALF_MAX)) } else { 0.0 };
        let bits = f16_from_f32(scale as f32);
        Factors { scale: bits, residual_length: self.rr.sqrt() }
    }
}

/// What rows stand for, in single precision.
fn unpack<'a>(rows: &Rows<'a>, dimension: usize) -> Cow<'a, [f32]> {
    match *rows {
        Rows::Int8 { codes, scales } => {
            let rows = codes.chunks(dimension).zip(scales);
            let values = |(row, scale): (&'a [i8], &'a f32)| {
                let scale = *scale;
                row.iter().map(move |code| scale * f32::from(*code))
            };
            Cow::Owned(rows.flat_map(values).collect())
        }
        Rows::F16(values) => Cow::Owned(values.iter().map(|bits| f32_from_f16(*bits)).collect()),
        Rows::F32(values) => Cow::Borrowed(values),
    }
}

fn mismatch(found: String) -> Error {
    Error::Vector {
        subject: "rows to encode".to_owned(),
        detail: format!("lengths differ: {found}"),
    }
}
