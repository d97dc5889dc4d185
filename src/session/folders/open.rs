//! Opens the model folders that an encoder's name leads to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::encode::folder::{
    Device, FolderEncoder, FolderOptions, Preset, Purpose, Towers, paths_in, tower_names,
};
use crate::encode::hub::{Hub, ModelName};
use crate::encoder::{Encoder, EncoderSpec};
use crate::session::choice::{EncoderChoice, Wanted};
use crate::session::error::{SessionError, SessionResult};
use crate::session::locate::absolute;
use crate::session::names::BUILTIN;

/// Where the folder of a named model is; `None` for other encoders.
pub(in crate::session) fn find(
    name: &str,
    choice: &EncoderChoice,
) -> SessionResult<Option<PathBuf>> {
    if name != BUILTIN {
        let path = absolute(name)?;
        if path.is_dir() {
            return Ok(Some(path));
        }
    }
    match choice.needs_folder() {
        true => Err(SessionError::NotAFolder { name: name.to_owned() }),
        false => Ok(None),
    }
}

/// One model, as the options say.
pub(in crate::session) fn open(
    path: &Path,
    choice: &EncoderChoice,
) -> SessionResult<Arc<dyn Encoder>> {
    Ok(Arc::new(FolderEncoder::open_with(path, &choice.model.open_options()?)?))
}

/// A model, and the one for queries that belongs to it where it embeds stored texts only.
pub(in crate::session) fn open_towers(
    name: &str,
    path: &Path,
    choice: &EncoderChoice,
) -> SessionResult<Arc<dyn Encoder>> {
    let document = FolderEncoder::open_with(path, &choice.model.open_options()?)?;
    let purpose = document.preset().map_or(Purpose::Both, |preset| preset.purpose);
    let query_path = match (choice.query.as_deref(), purpose) {
        (Some(query), _) => absolute(query)?,
        (None, Purpose::Both) => return Ok(Arc::new(document)),
        (None, Purpose::Documents { query }) => {
            sibling(path, query)?.ok_or_else(|| SessionError::QueryTowerMissing {
                name: name.to_owned(),
                model: Preset::by_name(query).map_or(query, |preset| preset.model).to_owned(),
            })?
        }
        (None, Purpose::Queries { .. } | Purpose::Scores) => {
            let preset = document.preset().map_or("", |preset| preset.name).to_owned();
            return Err(SessionError::NotForDocuments { name: name.to_owned(), preset });
        }
    };
    let partner = match purpose {
        Purpose::Documents { query } => Some(Preset::by_name(query)?),
        _ => None,
    };
    let query = FolderEncoder::open_with(&query_path, &choice.model.how_to_run().preset(partner))?;
    Ok(Arc::new(Towers::new(document, query)?))
}

/// The folder of this preset beside another, under the model's own name, or in the cache of Hugging Face.
fn sibling(path: &Path, preset: &str) -> SessionResult<Option<PathBuf>> {
    let model = Preset::by_name(preset)?.model;
    let name = model.rsplit('/').next().unwrap_or(model);
    let beside = path.parent().map(|parent| parent.join(name)).filter(|path| path.is_dir());
    let cached = || Hub::from_env().ok()?.find(&ModelName::parse(model)?).ok();
    Ok(beside.or_else(cached))
}

/// A named model for queries to a database of this description, whose recipe it is opened with unless
/// the options say otherwise.
pub(in crate::session) fn open_like(
    path: &Path,
    choice: &EncoderChoice,
    stored: &EncoderSpec,
) -> SessionResult<Arc<dyn Encoder>> {
    let options = match choice.model.is_empty() {
        true => choice.model.how_to_run().like(stored),
        false => choice.model.open_options()?,
    };
    let encoder = FolderEncoder::open_with(path, &options)?;
    match stored.has_towers() {
        true => Ok(Arc::new(Towers::for_queries(stored, encoder)?)),
        false => Ok(Arc::new(encoder)),
    }
}

/// The paths that must be there to open a stored encoder.
pub(in crate::session) fn paths_of(name: &str, wanted: Wanted) -> Vec<PathBuf> {
    match (tower_names(name), wanted) {
        (Some((_, query)), Wanted::Queries) => paths_in(query),
        _ => paths_in(name),
    }
}

/// The stored encoder, if it is a model folder or two.
pub(in crate::session) fn open_stored(
    spec: &EncoderSpec,
    first: &Path,
    wanted: Wanted,
    choice: &EncoderChoice,
) -> SessionResult<Option<Arc<dyn Encoder>>> {
    let options = FolderOptions::new().device(choice.model.device).like(spec);
    Ok(Some(match (tower_names(&spec.name), wanted) {
        (Some(_), Wanted::Queries) => {
            let query = FolderEncoder::open_with(first, &options)?;
            Arc::new(Towers::for_queries(spec, query)?)
        }
        (Some(_), Wanted::Both) => Arc::new(Towers::open_with(spec, &options)?),
        (None, _) if first.is_dir() => Arc::new(FolderEncoder::open_with(first, &options)?),
        (None, _) => return Ok(None),
    }))
}

/// Fails when an encoder that is not a model folder should run on a device.
pub(in crate::session) fn refuse_device(name: &str, choice: &EncoderChoice) -> SessionResult<()> {
    match choice.model.device {
        Device::Cpu => Ok(()),
        _ => Err(SessionError::NotAFolder { name: name.to_owned() }),
    }
}
