//! Where a named model is.

use std::path::{Path, PathBuf};

use super::error::{SessionError, SessionResult};
use crate::encode::hub::{Hub, ModelName};
use crate::error::Error;

/// Where a named model is; the path is stored with the database, which is used from other directories
/// too, so it is absolute.
pub(super) fn absolute(name: &str) -> SessionResult<PathBuf> {
    let path = Path::new(name);
    if !path.exists() {
        let Some(model) = ModelName::parse(name).filter(|model| model.name().contains('/')) else {
            return Err(SessionError::NoEncoder { name: name.to_owned() });
        };
        return Ok(Hub::from_env()?.find(&model)?);
    }
    Ok(std::path::absolute(path).map_err(|error| Error::io("find", name, error))?)
}
