//! Gives parsed documents their vectors: their own, the stored one, or a new one.

use super::ImportOptions;
use crate::db::Snapshot;
use crate::db::embedding::{self, Embedder, Need};
use crate::document::Document;
use crate::encoder::EncoderInput;
use crate::error::{Error, Result};
use crate::format::manifest::SourceDigest;
use crate::ids::{Key, Revision, RowId, SegmentId};
use crate::ingest::source::{Parsed, Place};
use crate::ingest::{Event, Record};
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
    /// Whether the end of the file was found.
    pub(super) is_at_end: bool,
    /// Its records in order.
    pub(super) records: Vec<Result<Ready>>,
    /// What ends the file after them.
    pub(super) failure: Option<Error>,
    /// Texts embedded.
    pub(super) encoded: u64,
    /// Embeddings reused.
    pub(super) reused: u64,
    /// Texts that the encoder has no vector for.
    pub(super) without_vector: u64,
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
    /// Nothing but to confirm it: the database has this very document, in this row.
    Confirm(Box<Draft>, (SegmentId, RowId)),
    /// Write a document.
    Put(Box<Put>),
    /// Give what has this key a vector.
    Vector(Key, Vec<f32>),
    /// Delete what has this key.
    Delete(Key),
    /// Delete what an older record made: this one is not chosen.
    LeaveOut(Key),
}

/// A document to write.
pub(super) struct Put {
    pub(super) draft: Draft,
    pub(super) vector: Option<Vec<f32>>,
    /// Whether it came with the record.
    pub(super) is_given: bool,
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

fn document_of(parsed: &Result<Parsed>) -> Option<&Document> {
    match parsed {
        Ok((Record { event: Event::Document { document, .. }, .. }, _)) => Some(document),
        _ => None,
    }
}

impl Preparer<'_> {
    /// Whether each of some parsed records is chosen; what is no document always is.
    ///
    /// # Errors
    /// As [`Selection::choose`](super::Selection::choose).
    pub(super) fn choose(&self, parsed: &[Result<Parsed>]) -> Result<Vec<bool>> {
        let Some(selection) = &self.options.selection else {
            return Ok(vec![true; parsed.len()]);
        };
        let documents: Vec<&Document> = parsed.iter().filter_map(document_of).collect();
        let mut chosen = selection.choose(&documents)?.into_iter();
        let verdicts = parsed.iter().map(|parsed| match document_of(parsed) {
            Some(_) => chosen.next().unwrap_or(true),
            None => true,
        });
        Ok(verdicts.collect())
    }

    /// Takes a parsed record in, apart from its vector; settles whether the database knows it.
    ///
    /// # Errors
    /// [`Error::Input`] for a document that cannot be stored; [`Error::Corrupt`] when the database
    /// is damaged where it had to be read.
    pub(super) fn ready(
        &self,
        file: &str,
        (record, place): Parsed,
        is_chosen: bool,
    ) -> Result<Ready> {
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
        let stored = match revision.is_some() || vector.is_none() {
            true => self.snapshot.locate(&document.key)?,
            false => None,
        };
        if let Some((own, (view, row))) = revision.zip(stored)
            && self.snapshot.revision_of(view, row, &document.key)?.file > own.file
        {
            return Ok(Ready { place, revision, action: Action::Pass });
        }
        if !is_chosen {
            return Ok(Ready { place, revision, action: Action::LeaveOut(document.key) });
        }
        let is_wanted = self.embeds() && vector.is_none();
        let with_place = |error| place.error(file, &document.key, &error);
        let mut draft = Draft::new(&document).map_err(with_place)?;
        if vector.is_none()
            && let Some((view, row)) = stored
            && view.segment.has_record(row, &draft)?
            && (!is_wanted || view.segment.has_vector(row)?)
        {
            let row = (view.segment.id(), row);
            return Ok(Ready { place, revision, action: Action::Confirm(Box::new(draft), row) });
        }
        if self.snapshot.manifest().lexical.is_some() {
            draft.read_words(&document);
        }
        let input = document.encoder_input();
        let input_hash = input.hash();
        let input = is_wanted.then_some(input);
        let is_given = vector.is_some();
        let put = Put { draft, vector, is_given, input, input_hash };
        Ok(Ready { place, revision, action: Action::Put(Box::new(put)) })
    }

    fn embeds(&self) -> bool {
        self.options.encoder.is_some() && !self.options.defer
    }

    /// Embeds the documents of a batch that need it.
    ///
    /// # Errors
    /// What the encoder gives; [`Error::Cancelled`], [`Error::DeadlineExceeded`].
    pub(super) fn embed(&self, batch: &mut Prepared) -> Result<()> {
        let Some(encoder) = self.options.encoder.as_deref() else { return Ok(()) };
        let mut texts: Vec<(usize, EncoderInput)> = Vec::new();
        for (index, ready) in batch.records.iter_mut().enumerate() {
            let put = match ready {
                Ok(Ready { action: Action::Put(put), .. }) => put,
                Ok(Ready { action: Action::Confirm(..), .. }) if self.embeds() => {
                    batch.reused += 1;
                    continue;
                }
                _ => continue,
            };
            let Some(input) = put.input.take() else { continue };
            let stored = || self.snapshot.stored_vector(put.draft.key(), put.input_hash);
            match embedding::need(input, stored)? {
                Need::Nothing => {}
                Need::Stored(vector) => {
                    put.vector = Some(vector);
                    batch.reused += 1;
                }
                Need::Embedding(input) => texts.push((index, input)),
            }
        }
        let (batch_texts, control) = (self.options.batch, &self.options.control);
        Embedder { encoder, batch: batch_texts, control }.call_all(texts, |index, vector| {
            if let Some(Ok(Ready { action: Action::Put(put), .. })) = batch.records.get_mut(index) {
                match vector {
                    Some(_) => batch.encoded += 1,
                    None => batch.without_vector += 1,
                }
                put.input_hash = embedding::stored_hash(vector.as_deref(), put.input_hash);
                put.vector = vector;
            }
            Ok(())
        })
    }
}
