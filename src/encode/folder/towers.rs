//! Two encoders that work as one: one for stored texts, one for questions.

use std::path::PathBuf;

use super::encoder::FolderEncoder;
use super::open::parts_of;
use crate::control::Control;
use crate::encode::device::Device;
use crate::encoder::{Encoder, EncoderInput, EncoderSpec};
use crate::error::{Error, Result};

/// What stands between the two paths in the name of a pair of towers.
const WITH_QUERY_TOWER: &str = " with query tower ";

/// A document tower and a query tower of one preset (MedCPT). The fingerprint covers both.
pub struct Towers {
    spec: EncoderSpec,
    document: Option<FolderEncoder>,
    query: FolderEncoder,
}

impl Towers {
    /// Both towers.
    ///
    /// # Errors
    /// [`Error::Encoder`] with the names of both when they are not of one preset.
    pub fn new(document: FolderEncoder, query: FolderEncoder) -> Result<Towers> {
        let (own, other) = (document.spec(), query.spec());
        let paired = match (document.preset(), query.preset()) {
            (Some(document), Some(query)) => document.goes_with(query),
            _ => false,
        };
        if !paired {
            let preset = |encoder: &FolderEncoder| {
                encoder.preset().map_or("no known preset".to_owned(), |preset| {
                    format!("preset {}", preset.name)
                })
            };
            return Err(Error::Encoder {
                name: own.name.clone(),
                detail: format!(
                    "{} ({}) is no query tower for this model ({})",
                    other.name,
                    preset(&query),
                    preset(&document)
                ),
            });
        }
        let spec = joined(own, other)?;
        Ok(Towers { spec, document: Some(document), query })
    }

    /// Both towers of the encoder that a database was written with, by its description. Whether they
    /// are still the same, the fingerprint tells.
    ///
    /// # Errors
    /// [`Error::Encoder`] when one of them cannot be opened or is of another kind.
    pub fn open_as(stored: &EncoderSpec) -> Result<Towers> {
        Towers::open_as_on(stored, Device::Cpu)
    }

    /// As [`Towers::open_as`], to run on a device.
    ///
    /// # Errors
    /// As [`Towers::open_as`], and if there is no such device.
    pub fn open_as_on(stored: &EncoderSpec, device: Device) -> Result<Towers> {
        let Some((document, query)) = tower_names(&stored.name) else {
            return Err(Error::Encoder {
                name: stored.name.clone(),
                detail: "this encoder has one tower".into(),
            });
        };
        let named = |name: &str| EncoderSpec { name: name.to_owned(), ..stored.clone() };
        let document = FolderEncoder::open_as_on(&named(document), device)?;
        let query = FolderEncoder::open_as_on(&named(query), device)?;
        let spec = joined(document.spec(), query.spec())?;
        Ok(Towers { spec, document: Some(document), query })
    }

    /// The query tower alone, for questions to a database that was written by towers of this
    /// description. That it is the right one, the fingerprint tells.
    ///
    /// # Errors
    /// [`Error::Encoder`] with the names of both when their vectors cannot be compared.
    pub fn for_questions(stored: &EncoderSpec, query: FolderEncoder) -> Result<Towers> {
        let (name, _) = tower_names(&stored.name).unwrap_or((&stored.name, ""));
        let document = EncoderSpec { name: name.to_owned(), ..stored.clone() };
        let spec = joined(&document, query.spec())?;
        Ok(Towers { spec, document: None, query })
    }
}

impl Encoder for Towers {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        self.encode_documents_under(inputs, &Control::default())
    }

    fn encode_documents_under(
        &self,
        inputs: &[EncoderInput],
        control: &Control,
    ) -> Result<Vec<f32>> {
        match &self.document {
            Some(document) => document.encode_documents_under(inputs, control),
            None => Err(Error::Encoder {
                name: self.spec.name.clone(),
                detail: "only the query tower is loaded; documents need the other one".into(),
            }),
        }
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        self.query.encode_queries(queries)
    }
}

/// The paths of both towers in the name of an encoder, if it is one of two towers.
pub fn tower_names(name: &str) -> Option<(&str, &str)> {
    name.split_once(WITH_QUERY_TOWER)
}

/// Every path in the name of an encoder: towers and adapters.
pub fn paths_in(name: &str) -> Vec<PathBuf> {
    let towers = tower_names(name).map_or(vec![name], |(document, query)| vec![document, query]);
    let paths = towers.into_iter().flat_map(|tower| {
        let (folder, adapter, _) = parts_of(tower);
        std::iter::once(folder.to_path_buf()).chain(adapter)
    });
    paths.collect()
}

/// Whether an encoder has two towers.
pub fn has_towers(spec: &EncoderSpec) -> bool {
    spec.document.weights != spec.query.weights
}

fn joined(document: &EncoderSpec, query: &EncoderSpec) -> Result<EncoderSpec> {
    let same = document.family == query.family
        && document.dimension == query.dimension
        && document.metric == query.metric
        && document.pooling == query.pooling
        && document.normalize == query.normalize;
    if !same {
        let words = |spec: &EncoderSpec| {
            let EncoderSpec { family, dimension, metric, pooling, normalize, .. } = spec;
            format!(
                "{family}, {dimension} dimensions, {metric:?}, {pooling:?}, normalised {normalize}"
            )
        };
        return Err(Error::Encoder {
            name: document.name.clone(),
            detail: format!(
                "{} is no query tower for this model: {} against {}",
                query.name,
                words(query),
                words(document)
            ),
        });
    }
    Ok(EncoderSpec {
        name: format!("{}{WITH_QUERY_TOWER}{}", document.name, query.name),
        query: query.query.clone(),
        ..document.clone()
    })
}
