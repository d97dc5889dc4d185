//! Gives parsed documents their vectors: their own, the stored one, or a new one.

use super::ImportOptions;
use crate::db::Snapshot;
use crate::encoder::{Encoder, EncoderInput};
use crate::error::{Error, Result};
use crate::format::manifest::SourceDigest;
use crate::ids::{Key, Revision};
use crate::ingest::Event;
use crate::ingest::source::{Parsed, Place};
use crate::segment::Draft;

/// Records of one batch, ready to be written.
pub(super) struct Prepared {
    /// Place of the batch in the file, from 0.
    pub(super) sequence: u64,
    /// Position after its last record.
    pub(super) end: u64,
    /// Packed bytes of the file read so far.
    pub(super) bytes_read: u64,
    /// What they were.
    pub(super) digest: Option<SourceDigest>,
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
    pub(super) place: Place,
    /// Where it stands among the revisions of its document; `None` for files that have no order.
    pub(super) revision: Option<Revision>,
    pub(super) action: Action,
}

/// What to do about a record.
pub(super) enum Action {
    /// Nothing: the database has it, or a newer one, already.
    Pass,
    /// Write a document.
    Put(Box<Put>),
    /// Give what has this key a vector.
    Vector(Key, Vec<f32>),
    /// Delete what has this key.
    Delete(Key),
}

/// A document to write.
pub(super) struct Put {
    pub(super) draft: Draft,
    pub(super) vector: Option<Vec<f32>>,
    /// What is still to be embedded.
    input: Option<EncoderInput>,
    /// Hash of the document's encoder input.
    pub(super) input_hash: [u8; 16],
}

/// What preparing needs to know.
pub(super) struct Preparer<'a> {
    pub(super) options: &'a ImportOptions,
    pub(super) snapshot: Snapshot,
    pub(super) file_number: Option<u32>,
}

impl Preparer<'_> {
    /// Takes a parsed record in, apart from its vector; settles whether the database knows it.
    ///
    /// # Errors
    /// [`Error::Input`] for a document that cannot be stored; [`Error::Corrupt`] when the database
    /// is damaged where it had to be read.
    pub(super) fn ready(&self, file: &str, (record, place): Parsed) -> Result<Ready> {
        let revision = self.file_number.map(|file| Revision {
            file,
            position: u32::try_from(record.position).unwrap_or(u32::MAX),
            version: match &record.event {
                Event::Document { document, .. } => document.version,
                Event::Vector { .. } => 0,
                Event::Delete { version, .. } => *version,
            },
        });
        let (document, vector) = match record.event {
            Event::Document { document, vector } => (document, vector),
            Event::Vector { key, vector } => {
                return Ok(Ready { place, revision, action: Action::Vector(key, vector) });
            }
            Event::Delete { key, .. } => {
                return Ok(Ready { place, revision, action: Action::Delete(key) });
            }
        };
        if let Some(revision) = revision
            && self
                .snapshot
                .revision(&document.key)?
                .is_some_and(|stored| stored.file > revision.file)
        {
            return Ok(Ready { place, revision: Some(revision), action: Action::Pass });
        }
        let input = document.encoder_input();
        let input_hash = input.hash();
        let is_embedded = self.options.encoder.is_some() && !self.options.defer;
        let is_wanted = is_embedded && vector.is_none() && !input.is_empty();
        let draft =
            Draft::new(&document).map_err(|error| place.error(file, &document.key, &error))?;
        let input = is_wanted.then_some(input);
        let put = Put { draft, vector, input, input_hash };
        Ok(Ready { place, revision, action: Action::Put(Box::new(put)) })
    }

    /// Embeds the documents of a batch that need it.
    ///
    /// # Errors
    /// What the encoder gives; [`Error::Cancelled`], [`Error::DeadlineExceeded`].
    pub(super) fn embed(&self, batch: &mut Prepared) -> Result<()> {
        let Some(encoder) = &self.options.encoder else { return Ok(()) };
        let mut inputs: Vec<(usize, EncoderInput)> = Vec::new();
        for (index, ready) in batch.records.iter_mut().enumerate() {
            let Ok(Ready { action: Action::Put(put), .. }) = ready else { continue };
            let Some(input) = put.input.take() else { continue };
            match self.snapshot.stored_vector(put.draft.key(), put.input_hash)? {
                Some(stored) => {
                    put.vector = Some(stored);
                    batch.reused += 1;
                }
                None => inputs.push((index, input)),
            }
        }
        // Texts of like length together: encoders pad to the longest of a call.
        inputs.sort_by_key(|(_, input)| input.title.len() + input.text.len());
        while !inputs.is_empty() {
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
        let vectors = encoder.encode_documents_under(&texts, &self.options.control)?;
        let spec = encoder.spec();
        let dimension = spec.dimension as usize;
        if dimension == 0 || vectors.len() != texts.len() * dimension {
            return Err(Error::Encoder {
                name: spec.name.clone(),
                detail: format!("{} numbers for {} texts", vectors.len(), texts.len()),
            });
        }
        for (index, row) in indices.into_iter().zip(vectors.chunks_exact(dimension)) {
            if let Some(Ok(Ready { action: Action::Put(put), .. })) = batch.records.get_mut(index) {
                put.vector = Some(row.to_vec());
                batch.encoded += 1;
            }
        }
        Ok(())
    }
}
