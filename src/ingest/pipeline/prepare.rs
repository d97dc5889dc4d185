//! Gives parsed documents their vectors: their own, the stored one, or a new one.

use super::ImportOptions;
use crate::db::Snapshot;
use crate::encoder::{Encoder, EncoderInput};
use crate::error::{Error, Result};
use crate::ids::Revision;
use crate::ingest::source::{Parsed, Place};
use crate::ingest::{Event, Record};

/// Records of one batch, ready to be written.
pub(super) struct Prepared {
    /// Place of the batch in the file, from 0.
    pub(super) sequence: u64,
    /// Position after its last record.
    pub(super) end: u64,
    /// Packed bytes of the file read so far.
    pub(super) bytes_read: u64,
    /// Its records in order.
    pub(super) records: Vec<Result<Ready>>,
    /// What ends the file after them.
    pub(super) failure: Option<Error>,
    /// Texts embedded.
    pub(super) encoded: u64,
    /// Embeddings reused.
    pub(super) reused: u64,
}

/// A record with all it needs.
pub(super) struct Ready {
    pub(super) record: Record,
    pub(super) place: Place,
    /// Where it stands among the revisions of its document; `None` for files that have no order.
    pub(super) revision: Option<Revision>,
    /// The database has it, or a newer one, already.
    pub(super) is_known: bool,
    /// Hash of the document's encoder input; zeros for a document that is known and for deletions.
    pub(super) input_hash: [u8; 16],
}

/// What preparing needs to know.
pub(super) struct Preparer<'a> {
    pub(super) options: &'a ImportOptions,
    pub(super) snapshot: Snapshot,
    pub(super) file_number: Option<u32>,
}

impl Preparer<'_> {
    /// Takes a parsed record in; settles whether the database knows it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the database is damaged where it had to be read.
    pub(super) fn ready(&self, (record, place): Parsed) -> Result<Ready> {
        let revision = self.file_number.map(|file| Revision {
            file,
            position: u32::try_from(record.position).unwrap_or(u32::MAX),
            version: match &record.event {
                Event::Document { document, .. } => document.version,
                Event::Delete { version, .. } => *version,
            },
        });
        let is_known = match (&record.event, revision) {
            (Event::Document { document, .. }, Some(revision)) => {
                self.snapshot.revision(&document.key)?.is_some_and(|stored| stored >= revision)
            }
            _ => false,
        };
        let input_hash = match &record.event {
            Event::Document { document, .. } if !is_known => document.encoder_input().hash(),
            _ => [0; 16],
        };
        Ok(Ready { record, place, revision, is_known, input_hash })
    }

    /// Embeds the documents of a batch that need it.
    ///
    /// # Errors
    /// What the encoder gives; [`Error::Cancelled`], [`Error::DeadlineExceeded`].
    pub(super) fn embed(&self, batch: &mut Prepared) -> Result<()> {
        let Some(encoder) = &self.options.encoder else { return Ok(()) };
        let mut inputs: Vec<(usize, EncoderInput)> = Vec::new();
        for (index, ready) in batch.records.iter_mut().enumerate() {
            let Ok(Ready { record, is_known: false, input_hash, .. }) = ready else { continue };
            let Event::Document { document, vector: vector @ None } = &mut record.event else {
                continue;
            };
            let input = document.encoder_input();
            if input.is_empty() {
                continue;
            }
            match self.snapshot.stored_vector(&document.key, *input_hash)? {
                Some(stored) => {
                    *vector = Some(stored);
                    batch.reused += 1;
                }
                None => inputs.push((index, input)),
            }
        }
        // Texts of like length together: encoders pad to the longest of a call.
        inputs.sort_by_key(|(_, input)| input.title.len() + input.text.len());
        while !inputs.is_empty() {
            self.options.control.check()?;
            let rest = inputs.split_off(self.options.batch.clamp(1, inputs.len()));
            let call = std::mem::replace(&mut inputs, rest);
            self.embed_call(&**encoder, call, batch)?;
        }
        Ok(())
    }

    fn embed_call(
        &self,
        encoder: &dyn Encoder,
        call: Vec<(usize, EncoderInput)>,
        batch: &mut Prepared,
    ) -> Result<()> {
        let (indices, texts): (Vec<usize>, Vec<EncoderInput>) = call.into_iter().unzip();
        let vectors = encoder.encode_documents(&texts)?;
        let spec = encoder.spec();
        let dimension = spec.dimension as usize;
        if dimension == 0 || vectors.len() != texts.len() * dimension {
            return Err(Error::Encoder {
                name: spec.name.clone(),
                detail: format!("{} numbers for {} texts", vectors.len(), texts.len()),
            });
        }
        for (index, row) in indices.into_iter().zip(vectors.chunks_exact(dimension)) {
            if let Some(Ok(ready)) = batch.records.get_mut(index)
                && let Event::Document { vector, .. } = &mut ready.record.event
            {
                *vector = Some(row.to_vec());
                batch.encoded += 1;
            }
        }
        Ok(())
    }
}
