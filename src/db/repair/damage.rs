//! Tells damage from everything else that can go wrong.

use crate::error::{Error, Result};

/// Whether an error says that stored bytes are wrong. Everything else says something about the machine,
/// the moment or this build.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Corrupt { .. })
}

/// The value, or the damage that kept it from being read.
pub(super) fn or_damage<T>(result: Result<T>) -> Result<Result<T, Error>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) if is_damage(&error) => Ok(Err(error)),
        Err(error) => Err(error),
    }
}
