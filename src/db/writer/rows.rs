//! What a writer does to one document: finds it, wherever it is, and writes the row that replaces it.

use super::super::buffer::BufferedRow;
use super::super::change::{Applied, NewVector};
use super::super::embedding::{self, Need};
use super::super::next::StoredRow;
use super::Writer;
use crate::document::Document;
use crate::encoder::{EncoderInput, NO_VECTOR};
use crate::error::{Error, Result};
use crate::ids::{Key, Revision};
#[cfg(feature = "ingest")]
use crate::ids::{RowId, SegmentId};
use crate::segment::Draft;

/// A live document, wherever it is.
pub(super) enum Place {
    Buffer(BufferedRow),
    Stored(StoredRow),
}

/// What is known of a key.
pub(super) struct Known {
    pub(super) live: Option<Place>,
    /// The revision of the live document: that of its row, or at which its source had it again.
    revision: Option<Revision>,
    /// The greatest revision at which a source deleted it.
    deletion: Option<Revision>,
}

impl Known {
    /// The newest revision; `None` for a key that was never there.
    fn newest(&self) -> Option<Revision> {
        self.revision.max(self.deletion)
    }

    /// Whether a record was read, and its document changed or deleted by hand since: see [`Revision::by_hand`]. A mark at
    /// the very revision of a record is that of an older version, which deleted its document by hand.
    fn was_changed_after(&self, record: Option<Revision>) -> bool {
        let (Some(record), Some(newest)) = (record, self.newest()) else { return false };
        match self.live {
            Some(_) => newest.is_by_hand() && newest.file == record.file && newest > record,
            None => newest == record || newest.is_by_hand_of(record),
        }
    }
}

impl Writer {
    pub(super) fn apply_one(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        vector: Option<NewVector<'_>>,
        hash: [u8; 16],
        applied: &mut Applied,
    ) -> Result<()> {
        let known = self.find(draft.key())?;
        let newest = known.newest().unwrap_or_default();
        let is_known = known.newest().is_some();
        let is_again = self.in_source_order
            && is_known
            && revision.is_some_and(|own| own.file == newest.file && own.file > 0)
            && !(self.is_reading_again && known.was_changed_after(revision));
        if revision.is_some_and(|revision| revision <= newest) && is_known && !is_again {
            applied.unchanged += 1;
            return Ok(());
        }
        let is_given = vector.is_some_and(|vector| vector.is_given);
        if !is_given
            && let Some(Place::Stored(StoredRow { segment, row })) = &known.live
            && (vector.is_none() || segment.vector(*row)?.is_some())
            && segment.has_record(*row, draft)?
            && self.note_again(draft.key(), revision, newest)
        {
            applied.unchanged += 1;
            return self.flush_if_full();
        }
        let kept = match &known.live {
            Some(place) if !is_given => self.vector_for(place, hash)?,
            _ => None,
        };
        applied.reused += u64::from(kept.is_some() && vector.is_none());
        // Revisions never go back, and stay above that of a deletion.
        let floor = match known.deletion.filter(|deletion| *deletion == newest) {
            Some(deletion) => {
                Revision { position: deletion.position.saturating_add(1), ..deletion }
            }
            None => newest,
        };
        let revision = match revision {
            None => newest.by_hand(),
            Some(revision) if revision > newest => revision,
            Some(_) => floor,
        };
        let vector = kept.as_deref().or(vector.map(|vector| vector.numbers));
        self.put(draft, revision, hash, vector, known.live, applied)
    }

    /// Takes a document that was found in a row; returns `false`, and does nothing, when it is not there any more, or
    /// a row must be written all the same.
    #[cfg(feature = "ingest")]
    pub(super) fn confirm_found(
        &mut self,
        draft: &Draft,
        revision: Option<Revision>,
        (segment, row): (SegmentId, RowId),
    ) -> Result<bool> {
        let known = self.find(draft.key())?;
        let newest = known.newest().unwrap_or_default();
        let Some(Place::Stored(stored)) = &known.live else { return Ok(false) };
        // A merge may have moved it.
        let is_it = (stored.segment.id(), stored.row) == (segment, row)
            || stored.segment.has_record(stored.row, draft)?;
        let is_confirmed = is_it && self.note_again(draft.key(), revision, newest);
        if is_confirmed {
            self.flush_if_full()?;
        }
        Ok(is_confirmed)
    }

    /// Notes that a source has the stored document of a key as of a revision; returns `false` for a key whose row must
    /// say so.
    fn note_again(&mut self, key: &Key, revision: Option<Revision>, newest: Revision) -> bool {
        match (revision.filter(|revision| *revision > newest), key) {
            (None, _) => true,
            (Some(revision), Key::Pmid(pmid)) => {
                self.buffer.push_confirmation(*pmid, revision);
                self.next.mark_changed();
                true
            }
            (Some(_), Key::Text(_)) => false,
        }
    }

    pub(super) fn update_document(
        &mut self,
        key: &Key,
        change: impl FnOnce(&mut Document),
    ) -> Result<Option<Applied>> {
        let mut known = self.find(key)?;
        if let Some(Place::Buffer(row)) = &known.live
            && self.buffer.document(row).is_none()
        {
            // It is compressed already: from a file it can be read again.
            self.flush()?;
            known = self.find(key)?;
        }
        let (before, stored_hash) = match &known.live {
            Some(Place::Buffer(row)) => (self.buffer.document(row), row.input_hash),
            Some(Place::Stored(StoredRow { segment, row })) => {
                (Some(segment.document(*row)?), segment.input_hash(*row)?)
            }
            None => return Ok(None),
        };
        let (Some(before), Some(place)) = (before, &known.live) else { return Ok(None) };
        let mut after = before.clone();
        change(&mut after);
        if after.key != *key {
            let detail = format!("an update must not change the key of document {key}");
            return Err(Error::InvalidDocument { key: after.key, detail });
        }
        let draft = Draft::new(&after)?;
        let mut applied = Applied::default();
        if after == before {
            applied.unchanged += 1;
            return Ok(Some(applied));
        }
        let input = after.encoder_input();
        let (vector, hash) = if input == before.encoder_input() {
            // The hash stays as well: it may say that the text has no vector.
            let vector = self.vector_for(place, stored_hash)?;
            applied.reused += u64::from(vector.is_some());
            (vector, stored_hash)
        } else {
            self.embed_changed(key, place, input, &mut applied)?
        };
        let revision = known.newest().unwrap_or_default().by_hand();
        self.put(&draft, revision, hash, vector.as_deref(), known.live, &mut applied)?;
        Ok(Some(applied))
    }

    /// The vector of a document whose text has changed, and the hash to store with it.
    fn embed_changed(
        &self,
        key: &Key,
        place: &Place,
        input: EncoderInput,
        applied: &mut Applied,
    ) -> Result<(Option<Vec<f32>>, [u8; 16])> {
        let hash = input.hash();
        let need = embedding::need(input, || self.vector_for(place, hash))?;
        match (need, self.embedder()) {
            (Need::Nothing, _) => Ok((None, hash)),
            (Need::Stored(vector), _) => {
                applied.reused += 1;
                Ok((Some(vector), hash))
            }
            (Need::Embedding(input), Some(embedder)) => {
                let vector = embedder.call(&[input])?.into_iter().next().flatten();
                match &vector {
                    Some(vector) => {
                        self.check_vector(key, vector)?;
                        applied.encoded += 1;
                    }
                    None => applied.without_vector += 1,
                }
                let hash = embedding::stored_hash(vector.as_deref(), hash);
                Ok((vector, hash))
            }
            (Need::Embedding(_), None) if self.options.defer || !self.has_vector(place)? => {
                Ok((None, hash))
            }
            (Need::Embedding(_), None) => Err(Error::Vector {
                subject: format!("document {key}"),
                detail:
                    "it belongs to the text that this update changes; open the writer with the \
                         encoder of the database or with `defer`, or give the document a new vector"
                        .into(),
            }),
        }
    }

    fn has_vector(&self, place: &Place) -> Result<bool> {
        Ok(match place {
            Place::Buffer(row) => self.buffer.vector(row).is_some(),
            Place::Stored(StoredRow { segment, row }) => segment.vector(*row)?.is_some(),
        })
    }

    /// Writes a row, in the place of the one that is there.
    fn put(
        &mut self,
        draft: &Draft,
        revision: Revision,
        hash: [u8; 16],
        vector: Option<&[f32]>,
        existing: Option<Place>,
        applied: &mut Applied,
    ) -> Result<()> {
        self.buffer.push(draft, revision, hash, vector)?;
        match &existing {
            Some(_) => applied.replaced += 1,
            None => applied.added += 1,
        }
        if let Some(Place::Stored(stored)) = &existing {
            self.next.delete(stored);
        }
        self.next.mark_changed();
        self.flush_if_full()
    }

    /// Writes a document that is there again with what its text was embedded to; `None` where it has no vector.
    pub(in crate::db) fn put_embedded(
        &mut self,
        draft: &Draft,
        vector: Option<&[f32]>,
        text_hash: [u8; 16],
    ) -> Result<()> {
        if let Some(vector) = vector {
            self.check_vector(draft.key(), vector)?;
        }
        let known = self.find(draft.key())?;
        let Some(revision) = known.revision else { return Ok(()) };
        let hash = embedding::stored_hash(vector, text_hash);
        self.put(draft, revision, hash, vector, known.live, &mut Applied::default())
    }

    /// The vector of a live document, if it belongs to the text with this hash: to that very text, or
    /// to a document that was without text so far.
    pub(super) fn vector_for(&self, place: &Place, hash: [u8; 16]) -> Result<Option<Vec<f32>>> {
        if self.next.vectors().is_none() {
            return Ok(None);
        }
        match place {
            Place::Buffer(row) if embedding::belongs(row.input_hash, hash) => {
                Ok(self.buffer.vector(row))
            }
            Place::Stored(StoredRow { segment, row })
                if embedding::belongs(segment.input_hash(*row)?, hash) =>
            {
                segment.vector(*row)
            }
            _ => Ok(None),
        }
    }

    pub(super) fn replace_vector(&mut self, key: &Key, vector: &[f32]) -> Result<Applied> {
        let mut applied = Applied::default();
        let known = self.find(key)?;
        let document = match &known.live {
            // The hash says that the text has no vector: the row is written anew, with that of the text.
            Some(Place::Buffer(row)) if row.input_hash == NO_VECTOR => {
                match self.buffer.document(row) {
                    Some(document) => document,
                    None => {
                        self.flush()?;
                        return self.replace_vector(key, vector);
                    }
                }
            }
            Some(Place::Buffer(row)) => {
                self.buffer.set_vector(row, key, vector)?;
                applied.replaced += 1;
                return Ok(applied);
            }
            Some(Place::Stored(StoredRow { segment, row })) => segment.document(*row)?,
            None if known.deletion.is_some() => {
                applied.unchanged += 1;
                return Ok(applied);
            }
            None => Document::new(key.clone()),
        };
        let draft = Draft::new(&document)?;
        let hash = document.encoder_input().hash();
        let revision = known.revision.unwrap_or_default();
        self.put(&draft, revision, hash, Some(vector), known.live, &mut applied)?;
        Ok(applied)
    }

    pub(super) fn delete_key(&mut self, key: &Key, revision: Option<Revision>) -> Result<bool> {
        let known = self.find(key)?;
        let mark = match (revision, known.revision) {
            (Some(revision), Some(stored)) if stored > revision => {
                let is_later = stored.record() > revision;
                let is_other = !self.in_source_order || stored.file > revision.file;
                let is_kept = self.is_reading_again && known.was_changed_after(Some(revision));
                if is_later && is_other || is_kept {
                    return Ok(false);
                }
                if is_later { stored.right_after() } else { stored.by_hand() }
            }
            (Some(revision), _) => revision,
            (None, Some(stored)) => stored.by_hand(),
            (None, None) => return Ok(false),
        };
        if mark > known.deletion.unwrap_or_default() {
            self.buffer.push_deletion(key, mark);
            self.next.mark_changed();
        }
        let existed = known.live.is_some();
        match known.live {
            Some(Place::Buffer(_)) => self.buffer.delete(key),
            Some(Place::Stored(stored)) => self.next.delete(&stored),
            None => {}
        }
        self.flush_if_full()?;
        Ok(existed)
    }

    /// The revision of the live document of a key.
    #[cfg(feature = "ingest")]
    pub(super) fn revision_of(&self, key: &Key) -> Result<Option<Revision>> {
        Ok(self.find(key)?.revision)
    }

    /// Looks a key up: in the buffer, and once in the segments.
    pub(super) fn find(&self, key: &Key) -> Result<Known> {
        let deletion = self.buffer.deletion(key).max(self.next.deletion(key)?);
        if let Some(row) = self.buffer.find(key) {
            let revision = Some(row.revision);
            return Ok(Known { live: Some(Place::Buffer(row)), revision, deletion });
        }
        let Some(stored) = self.next.find(key)? else {
            return Ok(Known { live: None, revision: None, deletion });
        };
        let confirmed = self.buffer.confirmation(key).max(self.next.confirmation(key)?);
        let revision = confirmed.max(Some(stored.segment.revision(stored.row)?));
        Ok(Known { live: Some(Place::Stored(stored)), revision, deletion })
    }
}
