//! Vectors of the next generation, spread evenly over its segments.

use super::super::next::NextGeneration;
use crate::control::Control;
use crate::error::Result;

/// Rows spread evenly over all segments, as numbers.
pub(super) fn sample(
    next: &NextGeneration,
    wanted: usize,
    dimension: usize,
    control: &Control,
) -> Result<Vec<f32>> {
    let total = next.vector_rows() as usize;
    let step = (total as f64 / wanted.max(1) as f64).max(1.0);
    let mut sample = Vec::with_capacity(wanted.min(total) * dimension);
    let (mut seen, mut due) = (0.0, 0.0);
    for member in next.members() {
        let Some((rows, present)) = member.segment.vectors()? else { continue };
        let deleted = next.deleted_rows(&member);
        for row in present.iter().filter(|row| !deleted.contains(*row)) {
            if seen >= due {
                if (seen as u64).is_multiple_of(4096) {
                    control.check()?;
                }
                let start = sample.len();
                sample.resize(start + dimension, 0.0);
                rows.read(row as usize, sample.get_mut(start..).unwrap_or_default());
                due += step;
            }
            seen += 1.0;
        }
    }
    Ok(sample)
}
