//! Queries, judgements, and the documents that are asked.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::settings::EvaluateSettings;
use crate::control::Control;
use crate::error::Error;
use crate::eval::collection::TestQuery;
use crate::eval::measures::Judgements;
use crate::ingest::ImportSource;
use crate::session::error::SessionResult;
use crate::session::{EncoderChoice, Import, ImportSettings, NO_ENCODER, Session, SessionOptions};

/// Where the documents of a task are.
#[derive(Clone, Debug)]
pub enum TaskDocuments {
    /// Files that [`ingest`](crate::ingest) reads.
    Corpus(Vec<PathBuf>),
    /// A database.
    Database(PathBuf),
}

/// A retrieval task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name, as reports and run files have it.
    pub name: String,
    /// Where its documents are.
    pub documents: TaskDocuments,
    /// Its queries, in their order.
    pub queries: Vec<TestQuery>,
    /// Its judgements.
    pub judgements: Judgements,
    /// What of it was passed over, and how often.
    pub skipped: Vec<(String, u64)>,
}

impl Task {
    /// A session with the documents, embedded by this encoder; by none where it is `None`. A corpus is imported into the
    /// cache, unless it is there.
    ///
    /// # Errors
    /// As [`Session::open`] and [`Import::run`].
    pub fn session(
        &self,
        encoder: Option<&EncoderChoice>,
        settings: &EvaluateSettings,
        control: &Control,
    ) -> SessionResult<Session> {
        let mut options = SessionOptions::default();
        #[cfg(feature = "bert")]
        if let Some(folder) = &settings.reranker {
            options = options.reranker(folder);
        }
        let files = match &self.documents {
            TaskDocuments::Database(path) => return Session::open(path, options),
            TaskDocuments::Corpus(files) => files,
        };
        let name = encoder.map_or(NO_ENCODER, |choice| choice.name.as_deref().unwrap_or("builtin"));
        let place = settings.cache.join(cache_name(&self.name, files, name));
        let import = ImportSettings {
            encoder: match encoder {
                Some(choice) => choice.clone(),
                None => EncoderChoice::named(NO_ENCODER),
            },
            ..ImportSettings::default()
        };
        if let Some(parent) = place.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|source| Error::io("create", parent.display().to_string(), source))?;
        }
        let sources = files.iter().cloned().map(ImportSource::Path).collect();
        let import = Import::prepare(&place, sources, &import)?;
        import.run(control)?;
        if let Some(choice) = encoder {
            options = options.encoder(choice.clone());
        }
        Session::open(&place, options)
    }
}

/// The folder of an index: readable, and different for other files and other encoders.
fn cache_name(task: &str, files: &[PathBuf], encoder: &str) -> String {
    let mut digest = Sha256::new();
    for file in files {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        digest.update(path.as_os_str().as_encoded_bytes());
        digest.update([0]);
    }
    digest.update(encoder.as_bytes());
    let sum: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let short: String =
        task.chars().filter(|ch| ch.is_ascii_alphanumeric() || *ch == '-').collect();
    format!("{}-{sum}.medvec", if short.is_empty() { "task" } else { &short })
}
