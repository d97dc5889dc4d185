//! Vectors that imported files bring with them: how long they are, and who vouches for them.

use std::path::Path;

use medvec::Metric;
use medvec::encoder::EncoderSpec;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ingest::{self, Event, vectors};

use crate::args::Import;
use crate::commands::import::NO_ENCODER;
use crate::failure::{Failure, Result};

/// Vectors as the first file that has some brings them.
pub(crate) struct Brought {
    /// The file.
    name: String,
    dimension: usize,
    /// Whether it holds vectors only, and no documents.
    pub(crate) is_file: bool,
    known_origin: Option<(&'static str, Metric)>,
}

impl Brought {
    /// Looks into the files; `None` when the first documents bring no vectors.
    ///
    /// Cost: for an array its whole list of ids is read.
    pub(crate) fn of(args: &Import) -> Result<Option<Brought>> {
        let mut first = None;
        for file in &args.files {
            if vectors::is_vectors(file)? {
                let source = vectors::open(file, args.ids.as_deref())?;
                return Ok(Some(Brought {
                    name: source.name().to_owned(),
                    dimension: source.dimension(),
                    is_file: true,
                    known_origin: vectors::known_origin(file),
                }));
            }
            // A pipe can be read only once.
            if first.is_none() && file.is_file() {
                first = first_vector(file)?;
            }
        }
        Ok(first)
    }

    /// The vectors of a new database without an encoder, and their origin.
    pub(crate) fn config(
        &self,
        args: &Import,
        row_type: RowType,
    ) -> Result<(Option<VectorConfig>, Option<EncoderSpec>)> {
        let known = self.known_origin.map(|(name, _)| name);
        let name = args.origin.as_deref().or(known);
        if name.is_none() && args.encoder.is_none() {
            return Err(Failure::usage(format!(
                "{} brings vectors: say what made them, with --encoder FOLDER (the model itself, so \
                 that questions can be embedded) or --origin NAME (its name, if it is not here)",
                self.name
            )));
        }
        let metric = match (args.metric, self.known_origin) {
            (Some(given), _) => given.metric(),
            (None, Some((known, metric))) if name == Some(known) => metric,
            _ => Metric::Cosine,
        };
        let dimension = u32::try_from(self.dimension).unwrap_or(u32::MAX);
        let origin = name.map(|name| EncoderSpec::of_origin(name, dimension, metric));
        Ok((Some(VectorConfig::new(dimension, metric, row_type, origin.clone())), origin))
    }

    /// Fails when a new database's encoder gives vectors of another length.
    pub(crate) fn check_dimension(&self, config: &VectorConfig) -> Result<()> {
        if self.dimension == config.dimension as usize {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "{} holds vectors of {} numbers, the encoder {} gives {}: name the one that made them",
            self.name,
            self.dimension,
            config.encoder.as_ref().map_or("", |spec| &spec.name),
            config.dimension
        )))
    }
}

fn first_vector(file: &Path) -> Result<Option<Brought>> {
    let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let found = |vector: Vec<f32>| Brought {
        name,
        dimension: vector.len(),
        is_file: false,
        known_origin: None,
    };
    for record in ingest::open(file)? {
        // A bad record is the import's to report.
        let Ok(record) = record else { break };
        return Ok(match record.event {
            Event::Document { vector, .. } => vector.map(found),
            Event::Vector { vector, .. } => Some(found(vector)),
            Event::Delete { .. } => continue,
        });
    }
    Ok(None)
}

/// Fails when `--metric` contradicts what a database has.
pub(crate) fn check_metric(args: &Import, config: &VectorConfig) -> Result<()> {
    match args.metric {
        Some(given) if given.metric() != config.metric => Err(Failure::usage(format!(
            "vectors are compared by {} here, not by {}: that is fixed when a database is created; \
             leave out --metric, or import into a new database",
            name(config.metric),
            name(given.metric())
        ))),
        _ => Ok(()),
    }
}

fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::Dot => "dot product",
        Metric::Cosine => "cosine",
    }
}

/// The origin of vectors for a database that knows only an origin; it must be the same.
pub(crate) fn same_origin(args: &Import, stored: &EncoderSpec) -> Result<EncoderSpec> {
    if let Some(name) = args.encoder.as_deref().filter(|name| *name != NO_ENCODER) {
        return Err(Failure::usage(format!(
            "the vectors of this database were made elsewhere, by {}: {name} cannot add to them; \
             leave out --encoder, or import into a new database",
            stored.name
        )));
    }
    let known = args.files.iter().find_map(|file| vectors::known_origin(file));
    let name = args.origin.as_deref().or(known.map(|(name, _)| name)).unwrap_or(&stored.name);
    let given = EncoderSpec::of_origin(name, stored.dimension, stored.metric);
    stored.ensure_same(&given)?;
    Ok(given)
}

/// Vectors go into a database with an encoder only when the caller says that it made them.
pub(crate) fn refuse_unvouched(args: &Import, stored: &EncoderSpec) -> Result<()> {
    for file in &args.files {
        if vectors::is_vectors(file)? {
            return Err(Failure::usage(format!(
                "{} brings vectors, and this database is embedded by {}: if that made them, say so \
                 with --encoder {}",
                file.display(),
                stored.name,
                stored.name
            )));
        }
    }
    Ok(())
}
