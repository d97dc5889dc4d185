//! Why a statistic has no value.

use std::fmt;

/// Why a statistic has no value.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum StatisticsError {
    /// Too few values.
    TooFew {
        /// Values that the statistic needs.
        needed: usize,
        /// Values given.
        given: usize,
    },
    /// Paired values of unequal number.
    UnequalLengths {
        /// Values of the first side.
        first: usize,
        /// Values of the second side.
        second: usize,
    },
    /// A value is NaN or infinite, or so great that sums overflow.
    NotFinite,
    /// All values of a side are equal, so that a correlation is undefined.
    Constant,
    /// A confidence that is not between 0 and 1, exclusive.
    Confidence(f64),
    /// A p-value that is not from 0 to 1.
    PValue(f64),
    /// No rounds.
    NoRounds,
}

impl fmt::Display for StatisticsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatisticsError::TooFew { needed, given } => {
                write!(f, "at least {needed} values are needed, {given} given")
            }
            StatisticsError::UnequalLengths { first, second } => {
                write!(f, "paired values must be equal in number, not {first} and {second}")
            }
            StatisticsError::NotFinite => write!(f, "a value is not finite or is too great to sum"),
            StatisticsError::Constant => {
                write!(f, "all values of one side are equal: a correlation needs different values")
            }
            StatisticsError::Confidence(value) => {
                write!(f, "the confidence must lie between 0 and 1, not {value}")
            }
            StatisticsError::PValue(value) => {
                write!(f, "a p-value must lie from 0 to 1, not {value}")
            }
            StatisticsError::NoRounds => write!(f, "at least one round is needed"),
        }
    }
}

impl std::error::Error for StatisticsError {}

/// Refuses values that no sum can take.
pub(crate) fn check_finite(values: &[f64]) -> Result<(), StatisticsError> {
    // The sum of sizes bounds every sum with other signs.
    let size: f64 = values.iter().map(|value| value.abs()).sum();
    if size.is_finite() { Ok(()) } else { Err(StatisticsError::NotFinite) }
}

/// Refuses sides of unequal length.
pub(crate) fn check_paired(first: &[f64], second: &[f64]) -> Result<(), StatisticsError> {
    let (first, second) = (first.len(), second.len());
    if first == second { Ok(()) } else { Err(StatisticsError::UnequalLengths { first, second }) }
}
