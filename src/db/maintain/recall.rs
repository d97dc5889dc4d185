//! The measured recall of an index, for reports.

use crate::format::codebook::CodebookMeta;
use crate::format::manifest::{Calibration, QuerySource};
use crate::index::cost::RowBytes;

/// How recall was measured, and the effort that each recall takes.
#[derive(Clone, Debug, PartialEq)]
pub struct RecallReport {
    /// How many queries it was measured with.
    pub queries: u32,
    /// Where they came from; `None` when an older version measured.
    pub source: Option<QuerySource>,
    /// Whether it is an estimate, because stored vectors had to stand in for real queries.
    pub is_estimate: bool,
    /// By ascending recall, without a filter.
    pub points: Vec<RecallPoint>,
}

/// The effort that one recall takes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecallPoint {
    /// The share of the nearest documents that is asked for, on average over queries.
    pub recall: f32,
    /// Share of queries that find fewer than 8 of their 10 nearest; `None` when an older version measured.
    pub low_share: Option<f32>,
    /// Lists to scan.
    pub probes: u32,
    /// Documents to score exactly.
    pub candidates: u32,
    /// Whether the copies in these lists are scanned, too.
    pub copies: bool,
}

impl RecallReport {
    /// `meta` is that of the codebook that was measured.
    pub(in crate::db) fn of(measured: &Calibration, meta: &CodebookMeta) -> RecallReport {
        let codes = f64::from(meta.sub_quantizers()) / 2.0;
        let row = RowBytes { codes, vector: f64::from(meta.dimension) };
        let mut points = Vec::new();
        for point in measured.points.iter().filter(|point| point.share == 1.0) {
            let (measured, copies) = measured.cheaper(point.recall, HITS, 1.0, row);
            let wanted = measured.cautious(point.recall);
            // More than was measured: such searches are exact.
            let effort = measured.effort(wanted, HITS, 1.0).filter(|_| measured.reaches(wanted));
            if let Some((effort, _)) = effort {
                points.push(RecallPoint {
                    recall: point.recall,
                    low_share: measured.low_share(wanted),
                    probes: effort.probes,
                    candidates: effort.candidates,
                    copies,
                });
            }
        }
        RecallReport {
            queries: measured.queries,
            source: measured.notes.as_ref().map(|notes| notes.source),
            is_estimate: measured.is_estimate(),
            points,
        }
    }

    /// The point of a recall; `None` when it was not measured.
    pub fn point(&self, recall: f32) -> Option<&RecallPoint> {
        self.points.iter().find(|point| (point.recall - recall).abs() < 1.0e-6)
    }
}

/// Recall is that of so many nearest documents.
const HITS: usize = crate::index::calibrate::NEIGHBOURS;
