//! A codebook's sections and its meta record.
//!
//! See `format-spec/06-index.md`. Arrays are little-endian and start at multiples of 64 bytes.

use rkyv::{Archive, Deserialize, Serialize};

use super::blocks::{POINTS, blocks_bytes};
use crate::limits::DIMENSION_MAX;

/// The [`CodebookMeta`] record.
pub const SECTION_META: u32 = 1;
/// Codes of the lists' centroids, `i8`, group by group.
pub const SECTION_CENTROIDS: u32 = 2;
/// Scale of each centroid, `f32`.
pub const SECTION_CENTROID_SCALES: u32 = 3;
/// Codes of the groups' centroids, `i8`.
pub const SECTION_GROUPS: u32 = 4;
/// Scale of each group's centroid, `f32`.
pub const SECTION_GROUP_SCALES: u32 = 5;
/// One past the last list of each group, `u32`.
pub const SECTION_GROUP_ENDS: u32 = 6;
/// Points of the sub-quantizers of residuals, `f32`.
pub const SECTION_POINTS: u32 = 7;
/// Points of the sub-quantizers that lists are ranked with, `f32`.
pub const SECTION_RANKING_POINTS: u32 = 8;
/// Codes of the centroids under the ranking points, in scan blocks.
pub const SECTION_RANKING_CODES: u32 = 9;
/// The centroids' mean length / the length of each, half precision.
pub const SECTION_RANKING_FACTORS: u32 = 10;
/// Queries that recall is calibrated with, `f32`.
pub const SECTION_QUERIES: u32 = 11;

/// Every section of a codebook and its name in `inspect`.
pub const NAMES: &[(u32, &str)] = &[
    (SECTION_META, "meta"),
    (SECTION_CENTROIDS, "centroids"),
    (SECTION_CENTROID_SCALES, "centroid-scales"),
    (SECTION_GROUPS, "groups"),
    (SECTION_GROUP_SCALES, "group-scales"),
    (SECTION_GROUP_ENDS, "group-ends"),
    (SECTION_POINTS, "points"),
    (SECTION_RANKING_POINTS, "ranking-points"),
    (SECTION_RANKING_CODES, "ranking-codes"),
    (SECTION_RANKING_FACTORS, "ranking-factors"),
    (SECTION_QUERIES, "queries"),
];

/// Numbers in a sub-vector of a centroid, as lists are ranked.
pub const RANKING_SUB_DIMENSION: u32 = 2;

/// The counts that give every section its length.
#[derive(Clone, Debug, Default, PartialEq, Archive, Serialize, Deserialize)]
pub struct CodebookMeta {
    /// Numbers in a vector.
    pub dimension: u32,
    /// Numbers in a sub-vector, 2 or 4.
    pub sub_dimension: u32,
    /// Groups of lists.
    pub groups: u32,
    /// Lists.
    pub lists: u32,
    /// Rows that it was trained on.
    pub trained_rows: u64,
    /// Mean length of their residuals.
    pub residual_mean: f32,
    /// Queries in section QUERIES.
    pub queries: u32,
    /// Whether the queries are rows that were held out, not what users ask: calibration with
    /// them is optimistic.
    pub queries_are_rows: bool,
}

impl CodebookMeta {
    /// Codes of a row.
    pub fn sub_quantizers(&self) -> u32 {
        self.dimension.div_ceil(self.sub_dimension.max(1))
    }

    /// The length in bytes of every section but the meta record.
    ///
    /// # Errors
    /// What contradicts itself in the counts.
    pub fn section_lengths(&self) -> Result<Vec<(u32, u64)>, &'static str> {
        if !(1..=DIMENSION_MAX).contains(&(self.dimension as usize)) {
            return Err("the dimension is not 1 to 8192");
        }
        if !matches!(self.sub_dimension, 2 | 4) {
            return Err("sub-vectors have neither 2 nor 4 numbers");
        }
        if self.lists == 0 || self.groups == 0 || self.groups > self.lists {
            return Err("there are no lists, or more groups than lists");
        }
        if !self.residual_mean.is_finite() || self.residual_mean < 0.0 {
            return Err("the mean length of residuals is not a number from 0 up");
        }
        let dimension = u64::from(self.dimension);
        let (lists, groups) = (u64::from(self.lists), u64::from(self.groups));
        let points = |sub_dimension: u32| {
            let numbers = dimension.next_multiple_of(u64::from(sub_dimension));
            numbers * POINTS as u64 * 4
        };
        let ranking = self.dimension.div_ceil(RANKING_SUB_DIMENSION);
        Ok(vec![
            (SECTION_CENTROIDS, lists * dimension),
            (SECTION_CENTROID_SCALES, lists * 4),
            (SECTION_GROUPS, groups * dimension),
            (SECTION_GROUP_SCALES, groups * 4),
            (SECTION_GROUP_ENDS, groups * 4),
            (SECTION_POINTS, points(self.sub_dimension)),
            (SECTION_RANKING_POINTS, points(RANKING_SUB_DIMENSION)),
            (SECTION_RANKING_CODES, blocks_bytes(lists, ranking)),
            (SECTION_RANKING_FACTORS, lists * 2),
            (SECTION_QUERIES, u64::from(self.queries) * dimension * 4),
        ])
    }
}
