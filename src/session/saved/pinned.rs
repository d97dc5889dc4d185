//! Which state of which database an answer came from.

use serde::{Deserialize, Serialize};

use crate::db::Snapshot;
use crate::error::Result;
use crate::format::content::hexadecimal;

/// A state of a database, as a record of a search names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PinnedDatabase {
    /// The id of the database, in hexadecimal digits.
    pub id: String,
    /// The generation.
    pub generation: u64,
    /// Live documents.
    pub documents: u64,
    /// The encoder of its vectors.
    pub encoder: Option<PinnedEncoder>,
    /// The year of the MeSH vocabulary.
    pub mesh_year: u32,
    /// The files that were imported, in their order.
    pub sources: Vec<PinnedSource>,
}

/// An encoder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PinnedEncoder {
    /// Its name.
    pub name: String,
    /// What decides its vectors.
    pub fingerprint: String,
}

/// An imported file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PinnedSource {
    /// Its name.
    pub name: String,
    /// Records that were read.
    pub records: u64,
    /// SHA-256 of what was read, where it is known.
    pub sha256: Option<String>,
}

impl PinnedDatabase {
    /// What is to be known of a snapshot.
    ///
    /// # Errors
    /// Those of the MeSH vocabulary.
    pub(super) fn of(snapshot: &Snapshot) -> Result<PinnedDatabase> {
        let manifest = snapshot.manifest();
        let encoder = manifest.vectors.as_ref().and_then(|config| config.encoder.as_ref());
        let sources = manifest.sources.iter().map(|source| PinnedSource {
            name: source.name.clone(),
            records: source.records,
            sha256: source.digest.map(|digest| hexadecimal(&digest.hash)),
        });
        Ok(PinnedDatabase {
            id: hexadecimal(&manifest.database_id),
            generation: manifest.generation.0,
            documents: snapshot.len(),
            encoder: encoder.map(|spec| PinnedEncoder {
                name: spec.name.clone(),
                fingerprint: spec.fingerprint().to_string(),
            }),
            mesh_year: snapshot.vocabulary()?.year(),
            sources: sources.collect(),
        })
    }
}
