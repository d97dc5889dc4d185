//! Candidates in the order of a ranking, and scores that compare across queries.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::control::Control;
use crate::db::Snapshot;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::search::{Accuracy, Filter, Mode, Query};
use crate::session::Session;
use crate::session::error::SessionResult;

/// What ranks.
pub(super) struct Ranking {
    pub(super) snapshot: Snapshot,
    pub(super) mode: Mode,
    accuracy: Accuracy,
    encoder: Option<Arc<dyn Encoder>>,
    control: Control,
}

impl Ranking {
    /// Settles what a mode is in this database. Without a recall every document is compared.
    ///
    /// # Errors
    /// As [`Session::encoder`], where the ranking needs vectors.
    pub(super) fn open(
        session: &Session,
        mode: Mode,
        recall: Option<f32>,
        control: &Control,
    ) -> SessionResult<Ranking> {
        let snapshot = session.snapshot();
        let manifest = snapshot.manifest();
        let mode = match (mode, manifest.vectors.is_some(), manifest.lexical.is_some()) {
            (Mode::Auto, true, true) => Mode::Hybrid,
            (Mode::Auto, true, false) => Mode::Dense,
            (Mode::Auto, false, _) => Mode::Lexical,
            (mode, ..) => mode,
        };
        let encoder = if mode == Mode::Lexical { None } else { Some(session.encoder()?) };
        // Progress is that of the queries.
        let control = Control { watch: None, ..control.clone() };
        let accuracy = recall.map_or(Accuracy::Exact, Accuracy::Recall);
        Ok(Ranking { snapshot, mode, accuracy, encoder, control })
    }

    /// The name of the ranking in files.
    pub(super) fn name(&self) -> &'static str {
        match self.mode {
            Mode::Lexical => "bm25",
            Mode::Dense => "dense",
            _ => "hybrid",
        }
    }

    /// The best documents that pass a filter, as far as the recall goes.
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub(super) fn best(&self, text: &str, filter: Filter, count: usize) -> Result<Vec<Key>> {
        let Some(query) = self.query(text, self.mode)? else { return Ok(Vec::new()) };
        let query = query.accuracy(self.accuracy).filter(filter).k(count);
        let found = self.snapshot.search(&query)?;
        Ok(found.hits.into_iter().map(|hit| hit.key).collect())
    }

    /// These documents as far as they pass a filter: those that rank first, then the others by key.
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub(super) fn ordered(
        &self,
        text: &str,
        keys: BTreeSet<Key>,
        filter: &Filter,
    ) -> Result<Vec<Key>> {
        let count = keys.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        let filter = filter.clone() & Filter::Keys(keys.into_iter().collect());
        let mut ranked = self.best(text, filter.clone(), count)?;
        let mut others = self.matching(filter)?;
        for key in &ranked {
            others.remove(key);
        }
        ranked.extend(others);
        Ok(ranked)
    }

    /// The keys of all documents that pass a filter. Cost: reads them.
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub(super) fn matching(&self, filter: Filter) -> Result<BTreeSet<Key>> {
        let query = Query::matching(filter).control(self.control.clone());
        let documents = self.snapshot.documents_matching(&query)?;
        documents.map(|document| Ok(document?.key)).collect()
    }

    /// Scores that do not depend on what else is found: of vectors where there are some, else of words. Documents without
    /// a vector, or without any of the words, have none.
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub(super) fn scores(&self, text: &str, keys: BTreeSet<Key>) -> Result<HashMap<Key, f64>> {
        let mode = if self.mode == Mode::Lexical { Mode::Lexical } else { Mode::Dense };
        let count = keys.len();
        let Some(query) = self.query(text, mode)? else { return Ok(HashMap::new()) };
        let query = query.filter(Filter::Keys(keys.into_iter().collect())).k(count);
        let hits = self.snapshot.search(&query)?.hits.into_iter();
        Ok(hits.map(|hit| (hit.key, f64::from(hit.score))).collect())
    }

    /// `None` for a text that nothing can be compared with.
    fn query(&self, text: &str, mode: Mode) -> Result<Option<Query>> {
        let query = Query::text(text).exact().control(self.control.clone());
        let Some(encoder) = self.encoder.as_deref() else { return Ok(Some(query.mode(mode))) };
        match query.clone().embedded_by(encoder) {
            Ok(query) => Ok(Some(query.mode(mode))),
            // A text of which the encoder knows no word.
            Err(Error::InvalidQuery { .. }) if mode == Mode::Hybrid => {
                Ok(Some(query.mode(Mode::Lexical)))
            }
            Err(Error::InvalidQuery { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
