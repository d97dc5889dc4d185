//! The codebook: what vectors are quantised with, shared by every segment that was indexed with it.
//!
//! A vector belongs to the *list* whose centroid it is nearest to; what is left of it, the
//! *residual*, is cut into sub-vectors of 2 or 4 numbers, and each becomes a 4-bit code: the nearest of
//! 16 points of its *sub-quantizer* (product quantisation: Jegou, Douze and Schmid, 2011). Lists lie
//! in *groups*, the coarser level that training and ranking go through.
//!
//! [`Codebook`] borrows its arrays from a mapped file or from a [`TrainedCodebook`].

use crate::error::{Error, Result};
use crate::kernel::Rows;
use crate::kernel::scan::codes_bytes;
use crate::limits::DIMENSION_MAX;

pub use crate::kernel::points::POINTS;

/// A codebook's arrays.
///
/// A centroid *is* its int8 row with its scale: residuals are taken from the rounded centroid, so
/// that rounding costs no accuracy.
#[derive(Clone, Copy, Debug)]
pub struct Codebook<'a> {
    /// Numbers in a vector.
    pub dimension: usize,
    /// Numbers in a sub-vector, 2 or 4. The last one is padded with zeros when it is short.
    pub sub_dimension: usize,
    /// Centroids of the lists, int8, group by group.
    pub centroids: Rows<'a>,
    /// Centroids of the groups, int8.
    pub groups: Rows<'a>,
    /// One past the last list of each group, ascending; the last is the number of lists.
    pub group_ends: &'a [u32],
    /// Points of the sub-quantizers of residuals: `[sub-quantizer][number][point]`, that is, the first
    /// numbers of 16 points, then their second ones, up to `sub_dimension`: registers take a column.
    pub points: &'a [f32],
    /// Points of the sub-quantizers that lists are ranked with, over sub-vectors of
    /// [`RANKING_SUB_DIMENSION`] numbers of the centroids themselves; laid out as `points`.
    pub ranking_points: &'a [f32],
    /// Codes of the centroids under `ranking_points`, in scan blocks.
    pub ranking_codes: &'a [u8],
    /// Mean length of the centroids by length of each, as half-precision bits: lists are ranked by
    /// direction, which saves a twelfth of the rows on real queries.
    pub ranking_factors: &'a [u16],
}

/// Numbers in a sub-vector of a centroid.
pub const RANKING_SUB_DIMENSION: usize = 2;

impl Codebook<'_> {
    /// Number of lists.
    pub fn lists(&self) -> usize {
        self.group_ends.last().map_or(0, |end| *end as usize)
    }

    /// Number of sub-quantizers: codes of a row.
    pub fn sub_quantizers(&self) -> usize {
        self.dimension.div_ceil(self.sub_dimension)
    }

    /// Checks that there is a list, and that every array is as long as the others ask for; whatever a
    /// file held, using a codebook that passes does not go out of bounds.
    ///
    /// # Errors
    ///
    /// [`Error::Vector`] that names the array.
    pub fn check(&self) -> Result<()> {
        let Codebook { dimension, sub_dimension, .. } = *self;
        let (lists, groups) = (self.lists(), self.group_ends.len());
        let error = |array: &str| {
            let detail = format!("{array}: not what {lists} lists in {groups} groups need");
            Err(Error::Vector { subject: "codebook".to_owned(), detail })
        };
        if !(1..=DIMENSION_MAX).contains(&dimension) || !matches!(sub_dimension, 2 | 4) {
            return error("dimensions");
        }
        let points = |sub: usize| dimension.div_ceil(sub) * sub * POINTS;
        let ranking = dimension.div_ceil(RANKING_SUB_DIMENSION);
        let right = [
            ("groups", lists > 0 && self.group_ends.is_sorted()),
            ("centroids", self.centroids.count(dimension) == Some(lists)),
            ("group centroids", self.groups.count(dimension) == Some(groups)),
            ("points", self.points.len() == points(sub_dimension)),
            ("ranking points", self.ranking_points.len() == points(RANKING_SUB_DIMENSION)),
            ("ranking codes", codes_bytes(lists, ranking) == Some(self.ranking_codes.len())),
            ("ranking factors", self.ranking_factors.len() == lists),
        ];
        match right.iter().find(|(_, right)| !right) {
            Some((array, _)) => error(array),
            None => Ok(()),
        }
    }
}

/// A codebook that owns its arrays: what training returns and a file is written from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainedCodebook {
    /// As [`Codebook::dimension`].
    pub dimension: usize,
    /// As [`Codebook::sub_dimension`].
    pub sub_dimension: usize,
    /// Codes of [`Codebook::centroids`].
    pub centroids: Vec<i8>,
    /// Scales of [`Codebook::centroids`].
    pub centroid_scales: Vec<f32>,
    /// Codes of [`Codebook::groups`].
    pub groups: Vec<i8>,
    /// Scales of [`Codebook::groups`].
    pub group_scales: Vec<f32>,
    /// As [`Codebook::group_ends`].
    pub group_ends: Vec<u32>,
    /// As [`Codebook::points`].
    pub points: Vec<f32>,
    /// As [`Codebook::ranking_points`].
    pub ranking_points: Vec<f32>,
    /// As [`Codebook::ranking_codes`].
    pub ranking_codes: Vec<u8>,
    /// As [`Codebook::ranking_factors`].
    pub ranking_factors: Vec<u16>,
    /// Mean length of the residuals of the rows it was trained on: the drift of later rows is
    /// measured against it.
    pub residual_mean: f32,
}

impl TrainedCodebook {
    /// The borrowed form.
    pub fn view(&self) -> Codebook<'_> {
        Codebook {
            dimension: self.dimension,
            sub_dimension: self.sub_dimension,
            centroids: Rows::Int8 { codes: &self.centroids, scales: &self.centroid_scales },
            groups: Rows::Int8 { codes: &self.groups, scales: &self.group_scales },
            group_ends: &self.group_ends,
            points: &self.points,
            ranking_points: &self.ranking_points,
            ranking_codes: &self.ranking_codes,
            ranking_factors: &self.ranking_factors,
        }
    }
}
