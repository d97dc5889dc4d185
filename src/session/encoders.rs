//! Names of encoders to encoders: for a new database, for a stored one, for queries alone.
//!
//! An encoder that is opened for a database is never guessed: its fingerprint is compared with the stored
//! one by the search or the writer that it is given to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::choice::{EncoderChoice, Wanted};
use super::error::{SessionError, SessionResult};
use super::folders;
use super::locate::absolute;
use super::names::BUILTIN;
use crate::db::Snapshot;
use crate::encode;
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::Error;

/// The encoder of this name, for texts of any kind.
///
/// # Errors
/// [`SessionError::NoEncoder`], [`SessionError::NotAFolder`]; [`Error::Encoder`] for what cannot be
/// opened.
pub fn open_encoder(name: &str, choice: &EncoderChoice) -> SessionResult<Arc<dyn Encoder>> {
    match folders::find(name, choice)? {
        Some(path) => folders::open(&path, choice),
        None if name == BUILTIN => Ok(encode::builtin()?),
        None => Ok(encode::open(&absolute(name)?)?),
    }
}

/// The encoder of a new database, or of one that is written to: with both towers, where the named
/// model is one of two.
pub(super) fn for_writing(name: &str, choice: &EncoderChoice) -> SessionResult<Arc<dyn Encoder>> {
    match folders::find(name, choice)? {
        Some(path) => folders::open_towers(name, &path, choice),
        None if choice.query.is_some() => {
            Err(SessionError::NotDocumentTower { name: name.to_owned() })
        }
        None => open_encoder(name, choice),
    }
}

/// The encoder for queries to a database: the one that the caller names, else the one that made its
/// vectors.
pub(super) fn for_queries(
    snapshot: &Snapshot,
    choice: &EncoderChoice,
) -> SessionResult<Arc<dyn Encoder>> {
    let named = choice.name.as_deref();
    let Some(vectors) = &snapshot.manifest().vectors else {
        return named.map_or(Err(SessionError::NoVectors), |name| open_encoder(name, choice));
    };
    match (named, &vectors.encoder) {
        (Some(name), Some(spec)) => match folders::find(name, choice)? {
            Some(path) => folders::open_like(&path, choice, spec),
            None => open_encoder(name, choice),
        },
        (Some(name), None) => open_encoder(name, choice),
        (None, Some(spec)) => stored(spec, Wanted::Queries, choice),
        (None, None) => Err(SessionError::EncoderUnknown),
    }
}

/// The encoder that a database was written with, by its description. Of `choice` only the device
/// matters.
pub(super) fn stored(
    spec: &EncoderSpec,
    wanted: Wanted,
    choice: &EncoderChoice,
) -> SessionResult<Arc<dyn Encoder>> {
    if spec.is_precomputed() {
        return Err(SessionError::OriginOnly { origin: spec.name.clone() });
    }
    let builtin = encode::builtin_like(spec)?;
    if spec.name == BUILTIN {
        folders::refuse_device(BUILTIN, choice)?;
        return Ok(builtin);
    }
    let paths = folders::paths_of(&spec.name, wanted);
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        if builtin.spec().fingerprint() == spec.fingerprint() {
            return Ok(builtin);
        }
        let (path, fingerprint) = (missing.clone(), spec.fingerprint());
        return Err(SessionError::EncoderMoved { path, fingerprint });
    }
    let first = paths.first().map(PathBuf::as_path).unwrap_or(Path::new(&spec.name));
    if let Some(encoder) = folders::open_stored(spec, first, wanted, choice)? {
        return Ok(encoder);
    }
    folders::refuse_device(&spec.name, choice)?;
    Ok(encode::open_like(first, spec)?)
}

/// Fails unless an encoder is the one that a database was written with.
pub(super) fn same_encoder(
    encoder: Arc<dyn Encoder>,
    stored: &EncoderSpec,
) -> SessionResult<Arc<dyn Encoder>> {
    match mismatch(stored, encoder.spec()) {
        Some(error) => Err(error.into()),
        None => Ok(encoder),
    }
}

/// The error of an encoder or an origin that is not the database's.
pub(super) fn mismatch(stored: &EncoderSpec, given: &EncoderSpec) -> Option<Error> {
    (given.fingerprint() != stored.fingerprint()).then(|| Error::EncoderMismatch {
        stored_name: stored.name.clone(),
        stored: stored.fingerprint(),
        given_name: given.name.clone(),
        given: given.fingerprint(),
    })
}

/// The encoder of a database by its description, unless it is only a name.
pub(super) fn runnable(spec: Option<&EncoderSpec>) -> Option<&EncoderSpec> {
    spec.filter(|spec| !spec.is_precomputed())
}
