//! How much more recall to ask of measurements than a search wants, by what they were made with.

use super::{Calibration, QuerySource};

/// Where moved rows miss a share `m` of their neighbours, real queries miss up to `m` to the power of 1 / this.
/// Measured on two sets: 0.63 to 0.90 where documents are abstracts, 0.91 to 1.0 where they are sentences.
const MOVED_POWER: f32 = 1.5;

/// How many times more real queries miss than rows and titles as they are, with which older versions measured.
const ROWS_FACTOR: f32 = 3.0;

impl Calibration {
    /// Whether its recall is an estimate: it was measured with stored vectors, not with queries.
    pub fn is_estimate(&self) -> bool {
        self.optimistic
    }

    /// The recall to ask of these measurements for a wanted one, both from 0 to 1.
    pub fn cautious(&self, recall: f32) -> f32 {
        match self.notes.as_ref().map(|notes| notes.source) {
            Some(QuerySource::Given | QuerySource::Sample) => recall,
            Some(QuerySource::Moved) => 1.0 - (1.0 - recall).powf(MOVED_POWER),
            None if self.optimistic => 1.0 - (1.0 - recall) / ROWS_FACTOR,
            None => recall,
        }
    }

    /// Whether such a recall was measured, or a greater one.
    pub fn reaches(&self, recall: f32) -> bool {
        // 0.99 becomes 0.999 but for rounding.
        self.points.last().is_some_and(|greatest| recall <= greatest.recall + 1.0e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::calibrate::{CalibrationNotes, CalibrationPoint};

    fn measured(source: Option<QuerySource>, optimistic: bool, greatest: f32) -> Calibration {
        let (probes, candidates) = (1, 10);
        let point =
            CalibrationPoint { recall: greatest, share: 1.0, probes, candidates, estimated: 1.0 };
        let notes = |source| CalibrationNotes { source, stored: source, low_shares: vec![0.0] };
        let (points, notes) = (vec![point], source.map(notes));
        Calibration { optimistic, points, notes, ..Calibration::default() }
    }

    #[test]
    fn nothing_is_added_to_real_queries_and_nothing_is_cut_off() {
        for source in [QuerySource::Given, QuerySource::Sample] {
            let real = measured(Some(source), false, 0.999);
            for recall in [0.5, 0.8, 0.95, 0.99, 0.999] {
                assert_eq!(real.cautious(recall), recall);
                assert!(real.reaches(real.cautious(recall)) && !real.is_estimate());
            }
            assert!(!real.reaches(0.9995));
        }
        let moved = measured(Some(QuerySource::Moved), true, 0.999);
        let old = measured(None, true, 0.99);
        for known in [&moved, &old] {
            let asked: Vec<f32> = (50..1000).map(|n| n as f32 / 1000.0).collect();
            let wanted: Vec<f32> = asked.iter().map(|recall| known.cautious(*recall)).collect();
            assert!(wanted.is_sorted_by(|a, b| a < b) && known.is_estimate());
            assert!(wanted.iter().zip(&asked).all(|(wanted, asked)| wanted > asked));
        }
        assert!(moved.reaches(moved.cautious(0.99)) && !moved.reaches(moved.cautious(0.992)));
        assert!(old.reaches(old.cautious(0.95)) && !old.reaches(old.cautious(0.98)));
        assert_eq!(measured(None, false, 0.99).cautious(0.9), 0.9);
        assert!(!Calibration::default().reaches(0.5));
    }
}
