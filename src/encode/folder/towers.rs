//! Two encoders that work as one: one for stored texts, one for queries.

use super::encoder::FolderEncoder;
use super::names::{parts_of, tower_names, towers_name};
use super::options::FolderOptions;
use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, EncoderSpec};
use crate::error::{Error, Result};

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
                    "{} ({}) is not the query tower of this model ({})",
                    other.name,
                    preset(&query),
                    preset(&document)
                ),
            });
        }
        let spec = joined(own, other)?;
        Ok(Towers { spec, document: Some(document), query })
    }

    /// Both towers of the encoder that a database of this description was written with, on the device
    /// of `options`; everything else is as stored. The fingerprint tells whether they are still the
    /// same.
    ///
    /// # Errors
    /// [`Error::Encoder`] when one of them cannot be opened, or when their vectors cannot be compared.
    pub fn open_with(stored: &EncoderSpec, options: &FolderOptions) -> Result<Towers> {
        let Some((document, query)) = tower_names(&stored.name) else {
            return Err(Error::Encoder {
                name: stored.name.clone(),
                detail: "this encoder has one tower".into(),
            });
        };
        let open = |name: &str| {
            let named = EncoderSpec { name: name.to_owned(), ..stored.clone() };
            FolderEncoder::open_with(parts_of(name).0, &options.clone().like(&named))
        };
        let (document, query) = (open(document)?, open(query)?);
        let spec = joined(document.spec(), query.spec())?;
        Ok(Towers { spec, document: Some(document), query })
    }

    /// The query tower alone, for queries to a database that towers of this description wrote. The
    /// fingerprint tells whether it is the right one.
    ///
    /// # Errors
    /// [`Error::Encoder`] with the names of both when their vectors cannot be compared.
    pub fn for_queries(stored: &EncoderSpec, query: FolderEncoder) -> Result<Towers> {
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
                "{} is not the query tower of this model: it gives {}, this model {}",
                query.name,
                words(query),
                words(document)
            ),
        });
    }
    Ok(EncoderSpec {
        name: towers_name(&document.name, &query.name),
        query: query.query.clone(),
        ..document.clone()
    })
}
