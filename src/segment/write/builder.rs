//! Documents in, a segment file out.

use super::columns::Columns;
use super::confirmations::Confirmations;
use super::deletes::DeletionMarks;
use super::documents::DocumentWriter;
use super::draft::Draft;
use super::file::SegmentFile;
use super::keys::Keys;
use super::lexical::Lexical;
use super::lists::write_no_lists;
use super::postings::Postings;
use super::vectors::{Vectors, write_none};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::archive;
use crate::format::manifest::{LexicalConfig, SegmentEntry, VectorConfig};
use crate::format::names::segment_name;
use crate::format::record;
use crate::format::segment::{SECTION_META, SegmentMeta};
use crate::ids::{Key, Pmid, Revision, RowId, SegmentId};
use crate::limits::SEGMENT_ROWS_MAX;
use crate::storage::Storage;

/// Collects documents in memory, compressed as they come, and writes them as one segment.
///
/// Memory: what [`SegmentBuilder::memory_bytes`] says; a third of the text, the vectors as they will
/// be stored, about 50 bytes per row and 4 bytes for each term of each row.
pub struct SegmentBuilder {
    rows: u32,
    text_bytes: u64,
    documents: DocumentWriter,
    keys: Keys,
    columns: Columns,
    postings: Postings,
    deletes: DeletionMarks,
    confirmations: Confirmations,
    vectors: Option<Vectors>,
    lexical: Option<Lexical>,
}

impl SegmentBuilder {
    /// An empty builder for a database with these vectors, or without any.
    pub fn new(vectors: Option<&VectorConfig>) -> SegmentBuilder {
        SegmentBuilder {
            rows: 0,
            text_bytes: 0,
            documents: DocumentWriter::new(),
            keys: Keys::default(),
            columns: Columns::default(),
            postings: Postings::default(),
            deletes: DeletionMarks::default(),
            confirmations: Confirmations::default(),
            vectors: vectors.map(Vectors::new),
            lexical: None,
        }
    }

    /// Also makes a lexical index of the documents.
    #[must_use]
    pub fn lexical(mut self, config: Option<LexicalConfig>) -> SegmentBuilder {
        self.lexical = config.map(Lexical::new);
        if config.is_some() {
            self.documents.set_with_words();
        }
        self
    }

    /// Adds a document at the next row.
    ///
    /// `input_hash` is [`crate::encoder::EncoderInput::hash`], or zeros. A document without a vector
    /// is not found by vector search. Under [`crate::Metric::Cosine`] the vector is normalised here.
    /// A key may come again: [`crate::segment::Segment::find`] then names the last row.
    ///
    /// Cost: about 15 us for an abstract; compression runs on a thread of the builder's own.
    ///
    /// # Errors
    /// [`Error::InvalidDocument`], [`Error::Vector`]; the builder is as before then.
    pub fn push(
        &mut self,
        document: &Document,
        revision: Revision,
        input_hash: [u8; 16],
        vector: Option<&[f32]>,
    ) -> Result<RowId> {
        let draft = Draft::for_index(document, self.lexical.is_some())?;
        self.push_draft(&draft, revision, input_hash, vector)
    }

    /// As [`SegmentBuilder::push`], for a document that was taken apart before. Cost: some 5 us.
    ///
    /// # Errors
    /// As [`SegmentBuilder::push`].
    pub fn push_draft(
        &mut self,
        draft: &Draft,
        revision: Revision,
        input_hash: [u8; 16],
        vector: Option<&[f32]>,
    ) -> Result<RowId> {
        if self.rows >= SEGMENT_ROWS_MAX {
            return Err(Error::InvalidDocument {
                key: draft.key().clone(),
                detail: "the segment is full".to_owned(),
            });
        }
        match (&mut self.vectors, vector) {
            (Some(vectors), vector) => vectors.prepare(draft.key(), vector)?,
            (None, None) => {}
            (None, Some(_)) => {
                return Err(Error::Vector {
                    subject: draft.key().to_string(),
                    detail: "this database holds no vectors".into(),
                });
            }
        }
        let words = self.lexical.is_some().then(|| draft.words()).transpose()?;
        self.documents.push(draft.record())?;
        self.text_bytes += draft.text_bytes() as u64;
        let row = self.rows;
        self.keys.push(draft.key());
        self.columns.push(row, draft, revision, input_hash);
        self.postings.push(row, draft);
        if let (Some(lexical), Some(words)) = (&mut self.lexical, &words) {
            lexical.push(row, words);
        }
        if let Some(vectors) = &mut self.vectors {
            vectors.push(row);
        }
        self.rows += 1;
        Ok(RowId(row))
    }

    /// Whether a vector that was read from another segment can be stored.
    pub(crate) fn takes(&mut self, key: &Key, vector: &[f32]) -> bool {
        self.vectors.as_mut().is_some_and(|vectors| vectors.prepare(key, Some(vector)).is_ok())
    }

    /// Gives a row that was pushed before another vector, or its first.
    ///
    /// # Errors
    /// [`Error::Vector`]; the builder is as before then.
    pub(crate) fn set_vector(&mut self, row: RowId, key: &Key, vector: &[f32]) -> Result<()> {
        let Some(vectors) = self.vectors.as_mut().filter(|_| row.0 < self.rows) else {
            return Err(Error::Vector {
                subject: key.to_string(),
                detail: "this database holds no vectors".into(),
            });
        };
        vectors.prepare(key, Some(vector))?;
        vectors.replace(row.0);
        Ok(())
    }

    /// The vector of a row, as it will be read back.
    pub(crate) fn vector(&self, row: RowId) -> Option<Vec<f32>> {
        self.vectors.as_ref()?.get(row.0)
    }

    /// The document of a row, if its record is not compressed yet: those of the open block, and all of the
    /// first 4 MiB.
    pub(crate) fn document(&self, row: RowId) -> Option<Document> {
        record::decode(self.documents.record(row.0)?).ok()
    }

    /// Marks a key as deleted by its source as of a revision, whatever segment holds it. Of several
    /// marks of a key the greatest revision is kept.
    pub fn push_delete(&mut self, key: &Key, revision: Revision) {
        self.deletes.push(key, revision);
    }

    /// Confirms that the document of a PMID, whatever segment holds it, is that of a later revision as well. Of
    /// several confirmations of a PMID the greatest revision is kept.
    pub fn push_confirmation(&mut self, pmid: Pmid, revision: Revision) {
        self.confirmations.push(pmid, revision);
    }

    /// The confirmation of a PMID.
    pub(crate) fn confirmation(&self, pmid: Pmid) -> Option<Revision> {
        self.confirmations.get(pmid)
    }

    /// Rows so far.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Whether there are neither rows nor deletion marks nor confirmations.
    pub fn is_empty(&self) -> bool {
        self.rows == 0 && self.deletes.len() == 0 && self.confirmations.is_empty()
    }

    /// Heap memory in use, estimated.
    pub fn memory_bytes(&self) -> usize {
        self.documents.memory_bytes()
            + self.keys.memory_bytes()
            + self.columns.memory_bytes()
            + self.postings.memory_bytes()
            + self.deletes.memory_bytes()
            + self.confirmations.memory_bytes()
            + self.vectors.as_ref().map_or(0, Vectors::memory_bytes)
            + self.lexical.as_ref().map_or(0, Lexical::memory_bytes)
    }

    /// Writes `segment-<id>` and makes its content durable; its name becomes durable with the next
    /// [`Storage::sync_directory`].
    ///
    /// # Errors
    /// [`Error::Io`]; the unfinished file is removed.
    pub fn finish(
        self,
        storage: &dyn Storage,
        id: SegmentId,
        file_id: [u8; 16],
    ) -> Result<SegmentEntry> {
        // Outside of what is cleaned up: a file that is already there is not ours.
        let file = SegmentFile::create(storage, id, file_id)?;
        self.write(file, id).inspect_err(|_| {
            // The failure is what the caller must hear of; a file left behind is collected later.
            let _ = storage.remove(&segment_name(id));
        })
    }

    fn write(self, mut file: SegmentFile, id: SegmentId) -> Result<SegmentEntry> {
        let mut meta =
            SegmentMeta { rows: self.rows, text_bytes: self.text_bytes, ..SegmentMeta::default() };
        DocumentWriter::start(&mut file);
        meta.blocks = self.documents.finish(&mut file)?;
        self.keys.write(&mut file, &mut meta)?;
        self.columns.write(&mut file, &mut meta)?;
        self.postings.write(&mut file, &mut meta)?;
        self.deletes.write(&mut file, &mut meta)?;
        self.confirmations.write(&mut file)?;
        match self.vectors {
            Some(vectors) => vectors.write(&mut file, &mut meta)?,
            None => write_none(&mut file)?,
        }
        write_no_lists(&mut file);
        if let Some(lexical) = self.lexical {
            lexical.write(&mut file)?;
        }
        finish(file, id, &meta)
    }
}

/// Writes the meta record and ends the file.
pub(in crate::segment) fn finish(
    mut file: SegmentFile,
    id: SegmentId,
    meta: &SegmentMeta,
) -> Result<SegmentEntry> {
    file.section(SECTION_META);
    file.write(&archive::encode(meta)?)?;
    Ok(SegmentEntry {
        id,
        seal: file.finish()?,
        rows: meta.rows,
        deletes: meta.pmid_deletes + meta.text_deletes,
        tombstones: None,
    })
}
