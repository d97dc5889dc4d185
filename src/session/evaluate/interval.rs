//! Where means lie.

use crate::error::{Error, Result};
use crate::eval::significance::{BootstrapOptions, bootstrap_mean};

/// Where the mean of these values lies with a confidence of 95 %; `None` for fewer than two.
///
/// # Errors
/// Those of [`bootstrap_mean`].
pub(super) fn interval(values: Vec<f64>, seed: u64) -> Result<Option<(f64, f64)>> {
    if values.len() < 2 {
        return Ok(None);
    }
    let options = BootstrapOptions { seed, ..BootstrapOptions::default() };
    let found = bootstrap_mean(&values, options).map_err(refused)?;
    Ok(Some((found.low, found.high)))
}

/// An error of the tests by chance.
pub(super) fn refused(error: impl std::fmt::Display) -> Error {
    Error::InvalidQuery { detail: error.to_string() }
}
