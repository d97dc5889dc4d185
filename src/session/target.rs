//! The database that an import writes to, and what vouches for its vectors.

use std::path::Path;
use std::sync::Arc;

use super::choice::Wanted;
use super::encoders::{for_writing, mismatch, same_encoder, stored};
use super::error::{SessionError, SessionResult};
use super::names::{BUILTIN, NO_ENCODER};
use super::new_database::NewDatabase;
use super::settings::ImportSettings;
use super::sources::{Brought, Checked};
use crate::db::{CreateOptions, Database};
use crate::encoder::{Encoder, EncoderSpec, Metric};
use crate::error::Error;
use crate::format::manifest::{RowType, VectorConfig};
use crate::format::names;

/// Where documents go, and who vouches for their vectors.
pub(super) struct Target {
    pub(super) database: Database,
    pub(super) encoder: Option<Arc<dyn Encoder>>,
    pub(super) origin: Option<EncoderSpec>,
    /// The same database, if it was created for this import.
    pub(super) new: Option<NewDatabase>,
}

/// A new database, as the settings say.
pub(super) fn create(
    path: &Path,
    checked: &Checked,
    settings: &ImportSettings,
) -> SessionResult<Target> {
    check_directory(path)?;
    let Fresh { options, encoder, origin } = fresh(checked, settings)?;
    let new = NewDatabase::create(path, options)?;
    Ok(Target { database: new.database.clone(), encoder, origin, new: Some(new) })
}

/// What a new database is created with, and who vouches for its vectors.
pub(super) struct Fresh {
    pub(super) options: CreateOptions,
    pub(super) encoder: Option<Arc<dyn Encoder>>,
    pub(super) origin: Option<EncoderSpec>,
}

/// How a new database is created, as the settings say.
pub(super) fn fresh(checked: &Checked, settings: &ImportSettings) -> SessionResult<Fresh> {
    let row_type = settings.rows.unwrap_or(RowType::Int8);
    let brought = checked.brought.as_ref();
    if settings.origin.is_some() && brought.is_none() {
        return Err(SessionError::OriginWithoutVectors);
    }
    let named = settings.encoder.name.as_deref();
    let is_foreign = brought.is_some_and(|brought| brought.is_file) || settings.origin.is_some();
    if named == Some(NO_ENCODER) || (named.is_none() && is_foreign) {
        let (vectors, origin) = match brought {
            Some(brought) => config_of(brought, settings, row_type)?,
            None => (None, None),
        };
        let options = CreateOptions::default().vectors(vectors);
        return Ok(Fresh { options, encoder: None, origin });
    }
    let encoder = for_writing(named.unwrap_or(BUILTIN), &settings.encoder)?;
    let options = CreateOptions::for_encoder(encoder.spec(), row_type);
    if let Some(config) = &options.vectors {
        check_metric(settings, config)?;
        if let Some(brought) = brought.filter(|brought| brought.is_file) {
            check_dimension(brought, config)?;
        }
    }
    Ok(Fresh { options, encoder: Some(encoder), origin: None })
}

/// Fails for a place that holds something else.
pub(super) fn check_directory(path: &Path) -> SessionResult<()> {
    if path.is_file() {
        return Err(SessionError::DatabaseIsFile { path: path.to_owned() });
    }
    if path.is_symlink() {
        // Nothing can be made where a link leads nowhere.
        let failed = |source| Error::io("follow the link", path.display().to_string(), source);
        std::fs::metadata(path).map_err(failed)?;
    }
    // An import that was killed at its start leaves a lock and perhaps an unpublished manifest.
    let foreign = |entry: std::fs::DirEntry| {
        entry.file_name().to_str().is_none_or(|name| names::parse(name).is_none())
    };
    let is_used = std::fs::read_dir(path)
        .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(foreign)));
    match is_used {
        true => Err(SessionError::DirectoryInUse { path: path.to_owned() }),
        false => Ok(()),
    }
}

/// The vectors of a new database without an encoder, and their origin.
fn config_of(
    brought: &Brought,
    settings: &ImportSettings,
    row_type: RowType,
) -> SessionResult<(Option<VectorConfig>, Option<EncoderSpec>)> {
    let known = brought.known_origin.map(|(name, _)| name);
    let name = settings.origin.as_deref().or(known);
    if name.is_none() && settings.encoder.name.is_none() {
        return Err(SessionError::OriginMissing { source_name: brought.name.clone() });
    }
    let metric = match (settings.metric, brought.known_origin) {
        (Some(given), _) => given,
        (None, Some((known, metric))) if name == Some(known) => metric,
        _ => Metric::Cosine,
    };
    let dimension = u32::try_from(brought.dimension).unwrap_or(u32::MAX);
    let origin = name.map(|name| EncoderSpec::of_origin(name, dimension, metric));
    Ok((Some(VectorConfig::new(dimension, metric, row_type, origin.clone())), origin))
}

/// Fails when a new database's encoder gives vectors of another length than a source brings.
fn check_dimension(brought: &Brought, config: &VectorConfig) -> SessionResult<()> {
    if brought.dimension == config.dimension as usize {
        return Ok(());
    }
    Err(SessionError::DimensionDiffers {
        source_name: brought.name.clone(),
        found: brought.dimension,
        encoder: config.encoder.as_ref().map_or_else(String::new, |spec| spec.name.clone()),
        expected: config.dimension,
    })
}

/// Fails when the settings contradict the metric that a database has.
fn check_metric(settings: &ImportSettings, config: &VectorConfig) -> SessionResult<()> {
    match settings.metric {
        Some(given) if given != config.metric => {
            Err(SessionError::MetricFixed { stored: config.metric, given })
        }
        _ => Ok(()),
    }
}

/// The database that is there, and the encoder that it was made with; the settings must agree with it.
pub(super) fn existing(
    database: Database,
    checked: &Checked,
    settings: &ImportSettings,
) -> SessionResult<Target> {
    let snapshot = database.snapshot();
    let vectors = snapshot.manifest().vectors.as_ref();
    if let Some(config) = vectors {
        if let Some(given) = settings.rows.filter(|given| *given != config.row_type) {
            return Err(SessionError::RowsFixed { stored: config.row_type, given });
        }
        check_metric(settings, config)?;
    }
    let own = vectors.and_then(|vectors| vectors.encoder.as_ref());
    if let Some(spec) = own.filter(|spec| spec.is_precomputed()) {
        let origin = Some(same_origin(checked, settings, spec)?);
        return Ok(Target { database, encoder: None, origin, new: None });
    }
    if let Some(given) = &settings.origin {
        return Err(SessionError::NotOfOrigin {
            stored: own.map(|spec| spec.name.clone()),
            given: given.clone(),
        });
    }
    let encoder = match (settings.encoder.name.as_deref(), own) {
        (None | Some(NO_ENCODER), None) => None,
        (Some(NO_ENCODER), Some(spec)) => {
            let stored = Some(spec.name.clone());
            return Err(SessionError::EncoderFixed { stored, given: None });
        }
        (Some(name), None) => {
            let given = Some(name.to_owned());
            return Err(SessionError::EncoderFixed { stored: None, given });
        }
        (Some(name), Some(spec)) => {
            Some(same_encoder(for_writing(name, &settings.encoder)?, spec)?)
        }
        (None, Some(spec)) => {
            // Vectors go into a database with an encoder only when the caller says that it made them.
            if let Some(path) = &checked.vector_file {
                let (path, encoder) = (path.clone(), spec.name.clone());
                return Err(SessionError::Unvouched { path, encoder });
            }
            Some(same_encoder(stored(spec, Wanted::Both, &settings.encoder)?, spec)?)
        }
    };
    Ok(Target { database, encoder, origin: None, new: None })
}

/// The origin of vectors for a database that knows only an origin; it must be the same.
fn same_origin(
    checked: &Checked,
    settings: &ImportSettings,
    own: &EncoderSpec,
) -> SessionResult<EncoderSpec> {
    if let Some(name) = settings.encoder.name.as_deref().filter(|name| *name != NO_ENCODER) {
        let (origin, given) = (own.name.clone(), name.to_owned());
        return Err(SessionError::OriginFixed { origin, given });
    }
    let known = checked.known_origin.map(|(name, _)| name);
    let name = settings.origin.as_deref().or(known).unwrap_or(&own.name);
    let given = EncoderSpec::of_origin(name, own.dimension, own.metric);
    match mismatch(own, &given) {
        Some(error) => Err(error.into()),
        None => Ok(given),
    }
}
