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

mod block;
mod cone;

use std::borrow::Cow;

use super::codebook::Codebook;
use super::kmeans::CHUNK_ROWS;
use super::nearest::Found;
use super::two_level::TwoLevel;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::kernel::Rows;
use crate::kernel::points::LANES;
use crate::kernel::quantize::f32_from_f16;
use crate::parallel;
use block::Block;
use cone::Cone;

pub use block::Factors;

/// Groups whose lists a row is compared with. A row's list is then not the nearest one once in
/// fifty rows, and almost as near; searches scan no more rows than with all.
const PROBES: usize = 8;

/// Encodes rows with one codebook.
#[derive(Debug)]
pub struct RowEncoder<'a> {
    codebook: Codebook<'a>,
    centroids: Vec<f32>,
    lists: TwoLevel,
    cone: Option<Cone>,
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
