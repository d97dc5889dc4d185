//! A document taken apart for a segment: what can be done on any thread is done before the builder.

use std::borrow::Cow;
use std::cell::RefCell;

use super::words::{WordReader, Words};
use crate::document::{Document, Field, FieldValue};
use crate::error::{Error, Result};
use crate::format::record;
use crate::format::terms::{TermField, of_document};
use crate::ids::Key;

/// Room for the record of a usual citation, in bytes.
const RECORD_BYTES: usize = 4 * 1024;

/// A document's record, terms, dates and numbers, ready for [`crate::segment::SegmentBuilder::push_draft`].
///
/// An import makes drafts where it parses, so that one document is in memory at a time and its
/// hundred texts are freed by the thread that made them: three blocks of memory go on instead.
pub struct Draft {
    key: Key,
    record: Vec<u8>,
    text_bytes: usize,
    dates: [u32; 2],
    numbers: Vec<Field>,
    /// Terms, one after the other.
    terms: String,
    /// The field of each term and where it ends.
    term_ends: Vec<(TermField, usize)>,
    /// `None` while nobody asked for them.
    words: Option<Words>,
}

thread_local! {
    /// Buffers that documents on one thread reuse.
    static WORD_READER: RefCell<WordReader> = RefCell::default();
}

impl Draft {
    /// Takes a document apart, but for its words.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] as [`Document::validate`], and when its publication date ends
    /// before it begins or its record is too long.
    pub fn new(document: &Document) -> Result<Draft> {
        document.validate()?;
        if document.date.as_ref().is_some_and(|date| date.first > date.last) {
            return Err(Error::InvalidDocument {
                key: document.key.clone(),
                detail: "its publication date ends before it begins".to_owned(),
            });
        }
        let mut record = Vec::with_capacity(RECORD_BYTES);
        let text_bytes = record::encode(document, &mut record)?;
        let (mut terms, mut term_ends) = (String::with_capacity(RECORD_BYTES / 4), Vec::new());
        of_document(document, &mut |field, term| {
            terms.push_str(term);
            term_ends.push((field, terms.len()));
        });
        let is_number =
            |field: &&Field| matches!(field.value, FieldValue::Integer(_) | FieldValue::Float(_));
        Ok(Draft {
            key: document.key.clone(),
            record,
            text_bytes,
            dates: date_of(document),
            numbers: document.fields.iter().filter(is_number).cloned().collect(),
            terms,
            term_ends,
            words: None,
        })
    }

    /// Takes a document apart for a segment with a lexical index or without. The builder would read the words of a draft
    /// without them from its record, on the one thread that it has.
    ///
    /// # Errors
    /// As [`Draft::new`].
    pub fn for_index(document: &Document, is_lexical: bool) -> Result<Draft> {
        let mut draft = Draft::new(document)?;
        if is_lexical {
            draft.read_words(document);
        }
        Ok(draft)
    }

    /// Takes the words of the document that it was made from apart as well.
    pub(crate) fn read_words(&mut self, document: &Document) {
        self.words = Some(words_of(document));
    }

    /// The document's key.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The record as it is stored.
    pub(in crate::segment) fn record(&self) -> &[u8] {
        &self.record
    }

    /// UTF-8 bytes of the document's texts.
    pub(super) fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// First and last day of its publication date; zeros when it has none.
    pub(super) fn dates(&self) -> [u32; 2] {
        self.dates
    }

    /// Its free fields that are numbers.
    pub(super) fn numbers(&self) -> &[Field] {
        &self.numbers
    }

    /// Its words.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] if its record cannot be read.
    pub(super) fn words(&self) -> Result<Cow<'_, Words>> {
        if let Some(words) = &self.words {
            return Ok(Cow::Borrowed(words));
        }
        Ok(Cow::Owned(words_of(&self.document()?)))
    }

    /// The document that it was made from.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`] if its record cannot be read.
    pub(crate) fn document(&self) -> Result<Document> {
        record::decode(&self.record).map_err(|(_, detail)| Error::InvalidDocument {
            key: self.key.clone(),
            detail: detail.to_owned(),
        })
    }

    /// Its terms, normalised; the same one can come more than once.
    pub(super) fn terms(&self) -> impl Iterator<Item = (TermField, &str)> {
        let mut start = 0;
        self.term_ends.iter().map(move |(field, end)| {
            let term = self.terms.get(start..*end).unwrap_or_default();
            start = *end;
            (*field, term)
        })
    }
}

fn words_of(document: &Document) -> Words {
    WORD_READER.with_borrow_mut(|reader| reader.read(document))
}

/// The first and last day of a document's publication date; zeros when it has none.
pub(in crate::segment) fn date_of(document: &Document) -> [u32; 2] {
    document.date.as_ref().map_or([0, 0], |date| [date.first.0, date.last.0])
}
