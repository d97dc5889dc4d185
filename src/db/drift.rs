//! What the live rows of an index are like, on average: it tells when they are no longer like those that the index was
//! trained on, or measured with.
//!
//! A calibration holds for rows that lie as far from the centroids of their lists as those that it was measured with, in
//! lists as full. Counts of all rows do not tell: documents of one kind go, and as many of another come.

use roaring::RoaringBitmap;

use crate::error::Result;
use crate::format::manifest::CalibrationContents;
use crate::segment::Segment;

/// If the mean residual has grown by more than this factor since training, a new codebook takes less effort.
const TRAINED_MAX: f32 = 1.1;

/// Recall is measured again when the mean residual has grown or fallen by more than this factor. Where it was 1.83 times the
/// measured one, 0.74 was found for 0.90; 1.41 times, 0.86; 1.08 times, more than 0.90 yet.
const RESIDUAL_MAX: f32 = 1.05;

/// It is measured again when live rows, or the list of an average row, have grown by more than this factor. Where lists were
/// 19 times as full, 0.82 was found for 0.90 at 1.03 times the residual.
const GROWTH_MAX: f64 = 2.0;

/// It is measured again when less than this share of them is left: lists are shorter then, and neighbours farther away.
const LEFT_MIN: f64 = 0.75;

/// Whether rows have drifted so far from those of training that a new codebook pays: from their mean residual, that of
/// training, and how many rows it was trained on for how many lists.
pub(super) fn has_drifted(residual: f32, trained: f32, rows: u64, lists: u32) -> bool {
    residual > trained * unseen(rows as f32 / lists as f32) * TRAINED_MAX
}

/// How many times longer than those of training the residuals of other rows are where nothing has drifted: a centroid lies
/// nearer to the n rows that it is the mean of. The squares are the spread less, and more, its n-th part. Sixteen million
/// citations, six rows for each list: 1.20 times, expected 1.18.
fn unseen(rows_per_list: f32) -> f32 {
    let n = rows_per_list.max(1.0);
    ((n + 1.0) / (n - 1.0)).sqrt()
}

/// Whether a calibration that was measured with some rows does not hold for those of now.
pub(super) fn has_changed(now: CalibrationContents, measured: CalibrationContents) -> bool {
    now.residual > measured.residual * RESIDUAL_MAX
        || now.residual * RESIDUAL_MAX < measured.residual
        || has_other_size(now.list_rows.into(), measured.list_rows.into())
}

/// Whether a number of rows has grown or fallen too far from what it was.
pub(super) fn has_other_size(now: f64, measured: f64) -> bool {
    now > measured * GROWTH_MAX || now < measured * LEFT_MIN
}

/// The mean residual of live rows; those of one segment are taken as average ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MeanResidual {
    sum: f64,
    rows: u64,
}

impl MeanResidual {
    /// Counts in `live` rows of an indexed segment.
    pub(super) fn add(&mut self, segment: &Segment, live: u64) {
        let Some(index) = segment.index() else { return };
        self.sum += index.residual_sum * live as f64 / segment.vector_count().max(1) as f64;
        self.rows += live;
    }

    /// 0 without rows, and finite: a segment may say any finite sum.
    pub(super) fn get(self) -> f32 {
        (self.sum / self.rows.max(1) as f64).min(f64::from(f32::MAX)) as f32
    }
}

/// What live rows of segments that are indexed with one codebook are like; `None` stands for all rows. Cost: the list offsets of
/// each segment.
///
/// # Errors
/// [`crate::Error::Corrupt`].
pub(super) fn contents<'a>(
    segments: impl Iterator<Item = (&'a Segment, Option<&'a RoaringBitmap>)>,
) -> Result<CalibrationContents> {
    let mut residual = MeanResidual::default();
    let mut lists: Vec<u64> = Vec::new();
    for (segment, live) in segments {
        residual.add(segment, live.map_or(segment.vector_count(), RoaringBitmap::len));
        let Some((stored, _)) = segment.searchable()? else { continue };
        let ends = stored.list_offsets.windows(2).filter_map(|ends| ends.first_chunk());
        let counts = ends.map(|[start, end]| match live {
            Some(live) => live.range_cardinality(*start..*end),
            None => u64::from(*end - *start),
        });
        lists.resize(stored.list_offsets.len().saturating_sub(1), 0);
        lists.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let rows: u64 = lists.iter().sum();
    let squares: f64 = lists.iter().map(|rows| (*rows as f64).powi(2)).sum();
    let list_rows = (squares / rows.max(1) as f64) as f32;
    Ok(CalibrationContents { residual: residual.get(), list_rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn centroids_of_few_rows_are_nearer_to_them_than_to_others() {
        assert!(!has_drifted(0.463, 0.385, 600, 100) && has_drifted(0.463, 0.385, 6000, 100));
        assert!(has_drifted(0.51, 0.385, 600, 100) && !has_drifted(0.42, 0.385, 6000, 100));
        // A list that is one row has no spread.
        assert!(!has_drifted(0.5, 0.0001, 100, 100) && !has_drifted(0.5, 0.1, 0, 100));
    }

    #[test]
    fn rows_have_changed_by_their_distance_and_by_how_full_their_lists_are() {
        let measured = CalibrationContents { residual: 0.5, list_rows: 40.0 };
        let changed = |residual, list_rows| {
            has_changed(CalibrationContents { residual, list_rows }, measured)
        };
        for (residual, list_rows) in [(0.5, 40.0), (0.52, 79.0), (0.48, 31.0)] {
            assert!(!changed(residual, list_rows), "{residual} {list_rows}");
        }
        for (residual, list_rows) in [(0.53, 40.0), (0.47, 40.0), (0.5, 81.0), (0.5, 29.0)] {
            assert!(changed(residual, list_rows), "{residual} {list_rows}");
        }
        let none = CalibrationContents { residual: 0.0, list_rows: 0.0 };
        assert!(!has_changed(none, none) && has_changed(measured, none));
    }
}
