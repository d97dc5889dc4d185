//! Several comparisons at once.

use super::error::StatisticsError;

/// Holm's correction: p-values adjusted for the number of comparisons, in the order given. Rejecting those of at most
/// 0.05 errs anywhere with a chance of at most 0.05, however the comparisons depend on each other.
///
/// Cost: a sort.
///
/// Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979).
///
/// # Errors
/// [`StatisticsError::PValue`] for a value that is not from 0 to 1.
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if let Some(bad) = p_values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        return Err(StatisticsError::PValue(*bad));
    }
    let mut ascending: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    ascending.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let mut greatest: f64 = 0.0;
    for (rank, (_, value)) in ascending.iter_mut().enumerate() {
        // A comparison cannot be surer than one with a smaller p-value.
        greatest = greatest.max(*value * (p_values.len() - rank) as f64).min(1.0);
        *value = greatest;
    }
    ascending.sort_by_key(|(place, _)| *place);
    Ok(ascending.into_iter().map(|(_, value)| value).collect())
}
