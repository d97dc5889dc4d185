//! Opens the model folders that an encoder's name leads to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::encode::folder::{
    Device, FolderEncoder, OpenOptions, Preset, Purpose, Towers, paths_in, tower_names,
};
use crate::encode::hub::{Hub, ModelName};
use crate::encoder::{Encoder, EncoderSpec};
use crate::session::choice::{EncoderChoice, Wanted};
use crate::session::error::{SessionError, SessionResult};
use crate::session::locate::absolute;
use crate::session::names::BUILTIN;

pub(in crate::session) use crate::encode::folder::has_towers;

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
    let options = choice.model.open_options()?;
    let document = FolderEncoder::open_with(path, &options)?;
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
    let OpenOptions { precision, device, .. } = options;
    let query = OpenOptions { preset: partner, precision, device, ..OpenOptions::default() };
    let query = FolderEncoder::open_with(&query_path, &query)?;
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
    let encoder = match choice.model.is_empty() {
        true => FolderEncoder::open_like_on(path, stored, choice.model.device)?,
        false => FolderEncoder::open_with(path, &choice.model.open_options()?)?,
    };
    match has_towers(stored) {
        true => Ok(Arc::new(Towers::for_questions(stored, encoder)?)),
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
    let device = choice.model.device;
    Ok(Some(match (tower_names(&spec.name), wanted) {
        (Some((_, query)), Wanted::Queries) => {
            let named = EncoderSpec { name: query.to_owned(), ..spec.clone() };
            Arc::new(Towers::for_questions(spec, FolderEncoder::open_as_on(&named, device)?)?)
        }
        (Some(_), Wanted::Both) => Arc::new(Towers::open_as_on(spec, device)?),
        (None, _) if first.is_dir() => Arc::new(FolderEncoder::open_as_on(spec, device)?),
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
