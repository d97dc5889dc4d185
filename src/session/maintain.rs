//! Merging and indexing, with the encoder that recall is measured with.

use super::choice::{EncoderChoice, Wanted};
use super::encoders::{runnable, stored};
use super::error::{SessionError, SessionResult};
use super::opened::Session;
use crate::control::Control;
use crate::db::{CompactReport, OptimizeOptions, OptimizeReport, WriterOptions};
use crate::format::manifest::LexicalConfig;

impl Session {
    /// Merges segments and drops deleted documents, beside writers and readers; see
    /// [`Maintainer::compact`](crate::db::Maintainer::compact). `memory_bytes_max` as in [`WriterOptions`].
    ///
    /// # Errors
    /// As [`Database::maintainer`](crate::db::Database::maintainer) and `Maintainer::compact`.
    pub fn compact(
        &self,
        memory_bytes_max: Option<u64>,
        control: &Control,
    ) -> SessionResult<CompactReport> {
        let snapshot = self.snapshot();
        let vectors = snapshot.manifest().vectors.as_ref();
        let spec = runnable(vectors.and_then(|config| config.encoder.as_ref()));
        // Only recall is measured with it: without it, with what the index has kept.
        let choice = EncoderChoice::default();
        let encoder = spec.and_then(|spec| stored(spec, Wanted::Queries, &choice).ok());
        let options = WriterOptions { encoder, memory_bytes_max, ..WriterOptions::default() };
        Ok(self.database.maintainer(options)?.compact(control)?)
    }

    /// Gives every document of a database that was made without one a lexical index with positions; otherwise as
    /// [`Session::compact`].
    ///
    /// # Errors
    /// As [`Session::compact`].
    pub fn index_words(
        &self,
        memory_bytes_max: Option<u64>,
        control: &Control,
    ) -> SessionResult<CompactReport> {
        let options = WriterOptions { memory_bytes_max, ..WriterOptions::default() };
        let mut writer = self.database.writer(WriterOptions::default())?;
        writer.set_lexical(Some(LexicalConfig { positions: true }))?;
        writer.commit()?;
        drop(writer);
        Ok(self.database.maintainer(options)?.compact(control)?)
    }

    /// Trains the index, indexes every document and measures recall, beside writers and readers; see
    /// [`Maintainer::optimize`](crate::db::Maintainer::optimize). With `queries`, as users ask them, recall is
    /// measured with those.
    ///
    /// # Errors
    /// [`SessionError::NothingToIndex`], [`SessionError::QueriesNeedEncoder`],
    /// [`SessionError::NoQueries`]; as [`Database::maintainer`](crate::db::Database::maintainer) and
    /// `Maintainer::optimize`.
    pub fn optimize(
        &self,
        queries: Option<&[&str]>,
        options: OptimizeOptions,
        memory_bytes_max: Option<u64>,
        control: &Control,
    ) -> SessionResult<OptimizeReport> {
        let snapshot = self.snapshot();
        let Some(vectors) = &snapshot.manifest().vectors else {
            return Err(SessionError::NothingToIndex);
        };
        let choice = EncoderChoice::default();
        let encoder = runnable(vectors.encoder.as_ref())
            .map(|spec| stored(spec, Wanted::Queries, &choice))
            .transpose()?;
        let mut options = options;
        if let Some(queries) = queries {
            let encoder = encoder.as_ref().ok_or(SessionError::QueriesNeedEncoder)?;
            if queries.is_empty() {
                return Err(SessionError::NoQueries);
            }
            options.queries = Some(encoder.encode_queries(queries)?);
        }
        let writer = WriterOptions { encoder, memory_bytes_max, ..WriterOptions::default() };
        Ok(self.database.maintainer(writer)?.optimize(&options, control)?)
    }
}
