//! Vectors for documents that wait for them.

use std::sync::Arc;

use super::choice::Wanted;
use super::encoders::{for_writing, same_encoder, stored};
use super::error::{SessionError, SessionResult};
use super::opened::Session;
use crate::control::Control;
use crate::db::{AdoptReport, EmbedOptions, Writer, WriterOptions};
use crate::encoder::Encoder;
use crate::error::{Error, Result};

/// What embedding did.
#[derive(Debug)]
#[non_exhaustive]
pub struct EmbedOutcome {
    /// Documents that got a vector.
    pub embedded: u64,
    /// Documents that get none, because the encoder has none for their text.
    pub without_vector: u64,
    /// Documents that still wait.
    pub left: u64,
    /// How well the encoder agrees with vectors that were made elsewhere, where it was made theirs.
    pub adopted: Option<AdoptReport>,
    /// Why it ended before all was done; what was embedded before is committed, where that can be done.
    pub stopped: Option<Error>,
}

impl Session {
    /// Embeds the documents that wait for a vector, then merges segments. Where the database's vectors
    /// were made elsewhere, the encoder that the session names is first verified against them and made
    /// theirs.
    ///
    /// It reports its progress to the control's watch.
    ///
    /// # Errors
    /// [`SessionError`] when there is nothing to embed with; as
    /// [`Database::writer`](crate::db::Database::writer). What ends the embedding itself is
    /// [`EmbedOutcome::stopped`].
    pub fn embed(&self, threads: Option<usize>, control: &Control) -> SessionResult<EmbedOutcome> {
        let (mut writer, adopted) = self.embedding_writer(control)?;
        let mut options = EmbedOptions::default();
        options.batch = self.options.encoder.batch(options.batch);
        options.threads = threads.unwrap_or(options.threads);
        let mut outcome =
            EmbedOutcome { embedded: 0, without_vector: 0, left: 0, adopted, stopped: None };
        let waiting = writer.snapshot().pending()?;
        let ended = self.embed_all(&mut writer, &options, control, &mut outcome);
        outcome.stopped = ended.err();
        let Some(stopped) = &outcome.stopped else {
            outcome.left = writer.snapshot().pending()?;
            return Ok(outcome);
        };
        // What was embedded so far is worth a commit, whatever the encoder stumbled over.
        let is_cancelled = matches!(stopped, Error::Cancelled);
        if let Err(error) = writer.commit()
            && is_cancelled
        {
            return Err(error.into());
        }
        // Only what is committed counts.
        outcome.left = writer.snapshot().pending()?;
        outcome.embedded = waiting.saturating_sub(outcome.left);
        Ok(outcome)
    }

    fn embed_all(
        &self,
        writer: &mut Writer,
        options: &EmbedOptions,
        control: &Control,
        outcome: &mut EmbedOutcome,
    ) -> Result<()> {
        let report = writer.embed_pending(options, control, &mut |now| {
            outcome.embedded = now.done;
            let stage = if now.is_committing { "making it durable" } else { "embedding" };
            control.report(stage, "documents", now.done, now.total);
        })?;
        outcome.embedded = report.embedded;
        outcome.without_vector = report.without_vector;
        if report.embedded > 0 {
            writer.compact(control)?;
        }
        Ok(())
    }

    fn embedding_writer(&self, control: &Control) -> SessionResult<(Writer, Option<AdoptReport>)> {
        let snapshot = self.snapshot();
        let Some(vectors) = &snapshot.manifest().vectors else {
            return Err(SessionError::CreatedWithoutVectors);
        };
        let spec = vectors.encoder.as_ref().ok_or(SessionError::OwnVectors)?;
        let choice = &self.options.encoder;
        let encoder = match choice.name.as_deref() {
            Some(name) if spec.is_precomputed() => {
                return self.adopt(for_writing(name, choice)?, control);
            }
            Some(name) => same_encoder(for_writing(name, choice)?, spec)?,
            None => stored(spec, Wanted::Both, choice)?,
        };
        Ok((self.database.writer(WriterOptions::with_encoder(encoder))?, None))
    }

    /// A writer with an encoder that was verified against vectors that were made elsewhere.
    fn adopt(
        &self,
        encoder: Arc<dyn Encoder>,
        control: &Control,
    ) -> SessionResult<(Writer, Option<AdoptReport>)> {
        let mut writer = self.database.writer(WriterOptions::default())?;
        let report = writer.adopt_encoder(encoder, control)?;
        self.forget_encoder();
        Ok((writer, Some(report)))
    }
}
