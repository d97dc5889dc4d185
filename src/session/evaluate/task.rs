//! Queries, judgements, and the documents that are asked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::settings::{Approach, EvaluateSettings};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::eval::collection::{GoldAnswer, Layout, TestQuery};
use crate::eval::measures::{Judgements, RankedDocument, Run};
use crate::format::content::hexadecimal;
use crate::ids::Key;
use crate::ingest::{ImportSource, distinct_id, key_of_id};
use crate::session::error::{SessionError, SessionResult};
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
    /// The layout that it was read in; `None` of judgements alone.
    pub layout: Option<Layout>,
    /// Its gold answers by query (BioASQ, PubMedQA).
    pub answers: BTreeMap<String, GoldAnswer>,
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
        Ok(self.imported(encoder, settings, control)?.0)
    }

    /// As [`Task::session`]; and how many documents the import that was needed replaced by later ones of the same id.
    pub(super) fn imported(
        &self,
        encoder: Option<&EncoderChoice>,
        settings: &EvaluateSettings,
        control: &Control,
    ) -> SessionResult<(Session, u64)> {
        let mut options = SessionOptions::default();
        #[cfg(feature = "bert")]
        if let Some(folder) = &settings.reranker {
            options = options.reranker(folder);
        }
        let files = match &self.documents {
            TaskDocuments::Database(path) => return Ok((Session::open(path, options)?, 0)),
            TaskDocuments::Corpus(files) => files,
        };
        let place = settings.cache.join(self.cache_name(encoder, &[], "medvec"));
        let import = ImportSettings {
            encoder: match encoder {
                Some(choice) => choice.clone(),
                None => EncoderChoice::named(NO_ENCODER),
            },
            ..ImportSettings::default()
        };
        create_cache(&settings.cache)?;
        let sources = files.iter().cloned().map(ImportSource::Path).collect();
        let imported = Import::prepare(&place, sources, &import);
        let imported = imported.and_then(|import| Ok(import.run(control)?.replaced));
        let replaced = imported.map_err(|error| with_path(error, files))?;
        if let Some(choice) = encoder {
            options = options.encoder(choice.as_stored());
        }
        Ok((Session::open(&place, options)?, replaced))
    }

    /// How many relevant documents a session does not have. Cost: a look-up per document.
    ///
    /// # Errors
    /// As [`Snapshot::contains`](crate::db::Snapshot::contains).
    pub(super) fn missing(&self, session: &Session) -> Result<u64> {
        let relevant = self.judgements.queries().flat_map(|(_, grades)| grades);
        let relevant = relevant.filter(|(_, grade)| **grade > 0);
        let ids: BTreeSet<&str> = relevant.map(|(document, _)| document.as_str()).collect();
        let snapshot = session.snapshot();
        let mut missing = 0;
        for id in ids {
            // A document may also be called as it is judged.
            let is_there =
                snapshot.contains(&key_of_id(id))? || snapshot.contains(&Key::parse(id))?;
            missing += u64::from(!is_there);
        }
        Ok(missing)
    }

    /// Calls the documents of a query's ranking as its judgements do, where these write a key in another way: `PMID: 7` for
    /// 7. Else nothing would match, here or in trec_eval.
    fn named_as_judged(&self, query: &str, ranked: &mut [RankedDocument]) {
        let judged = self.judgements.query(query).into_iter().flatten();
        let mut others: HashMap<String, &str> = HashMap::new();
        for (id, _) in judged {
            let plain = distinct_id(&key_of_id(id));
            if plain != *id && !self.is_judged(query, &plain) {
                others.insert(plain, id);
            }
        }
        if others.is_empty() {
            return;
        }
        let own: HashSet<String> = ranked.iter().map(|ranked| ranked.document.clone()).collect();
        for ranked in ranked {
            // The key of another document may be just that text.
            let id = others.get(&ranked.document).filter(|id| !own.contains(**id));
            if let Some(id) = id {
                ranked.document = (*id).to_owned();
            }
        }
    }

    /// A run whose documents are called as its queries' judgements call them.
    ///
    /// # Errors
    /// As [`Run::insert`].
    pub(super) fn called_as_judged(&self, run: Run) -> Result<Run> {
        let mut called = Run::new(run.tag());
        for (query, documents) in run.queries() {
            let mut documents = documents.to_vec();
            self.named_as_judged(query, &mut documents);
            called.insert(query, documents).map_err(|violation| {
                let (name, place) = (run.tag().to_owned(), format!("query {query}"));
                Error::input(name, place, violation.to_string())
            })?;
        }
        Ok(called)
    }

    fn is_judged(&self, query: &str, document: &str) -> bool {
        self.judgements.query(query).is_some_and(|grades| grades.contains_key(document))
    }

    /// Where the rankings of an approach are kept.
    pub(super) fn rankings(
        &self,
        encoder: Option<&EncoderChoice>,
        approach: Approach,
        settings: &EvaluateSettings,
    ) -> PathBuf {
        let depth = settings.depth.to_string();
        settings.cache.join(self.cache_name(encoder, &[approach.name(), &depth], "rankings"))
    }

    /// A name in the cache: readable, and different for other documents, encoders and `others`. Files that have changed since
    /// are other documents: those that were taken out of them must not be found.
    fn cache_name(&self, encoder: Option<&EncoderChoice>, others: &[&str], end: &str) -> String {
        let mut digest = Sha256::new();
        let mut add = |bytes: &[u8]| {
            digest.update(bytes);
            digest.update([0]);
        };
        let files: &[PathBuf] = match &self.documents {
            TaskDocuments::Database(path) => std::slice::from_ref(path),
            TaskDocuments::Corpus(files) => files,
        };
        for file in files {
            let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            add(path.as_os_str().as_encoded_bytes());
            if let TaskDocuments::Corpus(_) = self.documents {
                let metadata = std::fs::metadata(file).ok();
                let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
                let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                let length = metadata.map(|metadata| metadata.len());
                add(format!("{length:?} {changed:?}").as_bytes());
            }
        }
        add(encoder.map_or(NO_ENCODER.to_owned(), EncoderChoice::key).as_bytes());
        others.iter().for_each(|other| add(other.as_bytes()));
        let sum = digest.finalize();
        let sum = hexadecimal(sum.get(..6).unwrap_or_default());
        let name = self.name.chars();
        let short: String = name.filter(|ch| ch.is_ascii_alphanumeric() || *ch == '-').collect();
        let short = if short.is_empty() { "task" } else { &short };
        format!("{short}-{sum}.{end}")
    }
}

/// An import calls a file by its name alone, which the files of other tasks have, too: says its path.
fn with_path(error: SessionError, files: &[PathBuf]) -> SessionError {
    match error {
        SessionError::Library(Error::Input { file, place, detail }) => {
            let path = files.iter().find(|path| path.ends_with(&file));
            let file = path.map_or(file, |path| path.display().to_string());
            Error::Input { file, place, detail }.into()
        }
        other => other,
    }
}

/// # Errors
/// [`Error::Io`].
pub(super) fn create_cache(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|source| Error::io("create", folder.display().to_string(), source))
}
