//! Whether scanning copies pays: with them fewer lists are probed, but each holds twice as much.

use super::Calibration;
use crate::index::cost::{IndexSize, RowBytes};
use crate::index::ivf::Effort;

impl Calibration {
    /// What was measured of the cheaper search for a recall of the best `k` rows under a filter that keeps a share of the
    /// rows, and whether that scans copies.
    pub fn cheaper(
        &self,
        recall: f32,
        k: usize,
        share: f32,
        row: RowBytes,
    ) -> (&Calibration, bool) {
        let Some(spilled) = self.spilled.as_deref() else { return (self, false) };
        let price = |known: &Calibration, copies| known.price(recall, k, share, row, copies);
        match (price(self, false), price(spilled, true)) {
            (Some(plain), Some(with_copies)) if with_copies > plain => (self, false),
            (_, Some(_)) => (spilled, true),
            (_, None) => (self, false),
        }
    }

    /// The price of the search that was measured; `None` where the recall was not reached.
    fn price(&self, recall: f32, k: usize, share: f32, row: RowBytes, copies: bool) -> Option<f64> {
        let wanted = self.cautious(recall);
        let (effort, _) = self.effort(wanted, k, share).filter(|_| self.reaches(wanted))?;
        let size = IndexSize { lists: self.lists, rows: self.rows, row };
        Some(size.search_ns(Effort { copies, ..effort }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::calibrate::{CalibrationPoint, SHARES, TARGETS};

    fn measured(probes: u32, candidates: u32) -> Calibration {
        let points = TARGETS.iter().flat_map(|recall| {
            SHARES.map(|share| CalibrationPoint {
                recall: *recall,
                share,
                probes,
                candidates,
                estimated: *recall,
            })
        });
        Calibration {
            rows: 100_000,
            lists: 1000,
            points: points.collect(),
            ..Calibration::default()
        }
    }

    #[test]
    fn the_search_of_fewer_rows_and_candidates_is_taken() {
        let row = RowBytes { codes: 50.0, vector: 384.0 };
        let with = |probes, candidates| Calibration {
            spilled: Some(Box::new(measured(probes, candidates))),
            ..measured(100, 80)
        };
        for (probes, candidates, copies) in [(30, 80, true), (90, 80, false), (30, 800, false)] {
            let calibration = with(probes, candidates);
            let (known, found) = calibration.cheaper(0.95, 10, 1.0, row);
            assert_eq!((found, known.points[0].probes == probes), (copies, copies), "{probes}");
        }
        assert!(!measured(100, 80).cheaper(0.95, 10, 1.0, row).1);
        let beyond = Calibration { points: Vec::new(), ..measured(10, 80) };
        let calibration = Calibration { spilled: Some(Box::new(beyond)), ..measured(100, 80) };
        assert!(!calibration.cheaper(0.95, 10, 1.0, row).1);
    }
}
