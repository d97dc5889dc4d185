//! How far to search the index under a filter by topic.
//!
//! Calibration measured filters that keep rows by chance, everywhere the same share of them. A topic keeps most of
//! some regions and nothing of others: a question inside of it has its hits among its nearest rows, one outside
//! of it far away. So the matches of the lists around the question are counted, shell by shell: calibration says
//! how many neighbours a shell holds, and its matches say how many of those pass. Their sum is the share that
//! passes where the question is; and the shells in which a wanted part of it lies are those to scan.

use crate::error::Result;
use crate::index::calibrate::{Calibration, TARGETS};
use crate::index::ivf::{Around, Effort, Index, Scratch};

/// Counts: the second with the share that the first one found.
const ROUNDS: usize = 2;

/// Within a quarter of the lists that hold the first target's part of all neighbours, so much of them lies.
const CORE: f64 = 0.45;

/// Borders between shells: the quarter, one for each target, and all lists.
const BORDERS: usize = TARGETS.len() + 2;

/// The effort for a recall of the best `k` rows at this query, and the recall to expect of it; `None` without
/// measurements. `share` of all rows pass the filter.
pub(super) fn effort(
    index: &Index<'_>,
    calibration: &Calibration,
    recall: f32,
    k: usize,
    share: f32,
    query: &[f32],
    scratch: &mut Scratch,
) -> Result<Option<(Effort, f32)>> {
    let mut shells = None;
    let mut local = share;
    for _ in 0..ROUNDS {
        let Some(radii) = radii(calibration, k, local) else { return Ok(None) };
        let around = index.around(query, &radii, scratch)?;
        let passing = passing(&around);
        local = passing.iter().sum::<f64>() as f32;
        shells = Some((around, passing));
    }
    let Some((around, passing)) = shells else { return Ok(None) };
    let probes = enough(&around, &passing, f64::from(recall)).ceil() as u32;
    let reach = calibration.reach(recall, k, local);
    Ok(reach.map(|reach| {
        (Effort { probes: probes.max(1), candidates: reach.candidates }, reach.recall)
    }))
}

/// The borders of shells, in lists by rank, ascending.
fn radii(calibration: &Calibration, k: usize, share: f32) -> Option<[usize; BORDERS]> {
    let mut radii = [calibration.lists.max(1) as usize; BORDERS];
    for (radius, target) in radii.iter_mut().skip(1).zip(TARGETS) {
        *radius = calibration.reach(target, k, share)?.lists.ceil() as usize;
    }
    radii[0] = (radii[1] / 4).max(1);
    // Points of calibration need not ascend.
    let mut least = 0;
    for radius in &mut radii {
        *radius = least.max(*radius);
        least = *radius;
    }
    Some(radii)
}

/// The part of all neighbours that lies in each shell and passes the filter.
fn passing(around: &[Around; BORDERS]) -> [f64; BORDERS] {
    let mut inner = (Around::default(), 0.0);
    let covered = [CORE].into_iter().chain(TARGETS.map(f64::from)).chain([1.0]);
    let mut passing = [0.0; BORDERS];
    for ((passing, around), covered) in passing.iter_mut().zip(around).zip(covered) {
        let rows = (around.rows - inner.0.rows) as f64;
        let matches = (around.matches - inner.0.matches) as f64;
        // An empty shell, or one without a match, says little of the next.
        *passing = (covered - inner.1) * (matches + 0.1) / (rows + 1.0);
        inner = (*around, covered);
    }
    passing
}

/// Lists with a match, in order of rank, that hold a part of what passes.
fn enough(around: &[Around; BORDERS], passing: &[f64; BORDERS], part: f64) -> f64 {
    let wanted = part * passing.iter().sum::<f64>();
    let (mut held, mut lists) = (0.0, 0.0);
    for (around, passing) in around.iter().zip(passing) {
        let outer = f64::from(around.lists);
        if held + passing >= wanted {
            return lists + (outer - lists) * (wanted - held) / passing;
        }
        (held, lists) = (held + passing, outer);
    }
    lists
}
