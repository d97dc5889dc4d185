//! Records as bytes: cut from the stream by one thread, understood by any.

use std::ops::Range;
use std::sync::Arc;

use super::table::Header;
use crate::error::{Error, Result};
use crate::format::manifest::SourceDigest;

/// Longest record of a source, in bytes: four times the largest document the format holds, since
/// mark-up goes. It bounds what a broken source can make us keep in memory.
pub(super) const RECORD_BYTES_MAX: usize = 16 << 20;

/// Bytes at which a batch is full.
const BATCH_BYTES: usize = 256 * 1024;

/// Records at which a batch is full.
const BATCH_RECORDS: usize = 256;

/// What a record's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawKind {
    /// `<PubmedArticle>`.
    Article,
    /// `<MedlineCitation>` standing alone.
    Citation,
    /// `<PubmedBookArticle>`.
    Book,
    /// A `<PMID>` of a `<DeleteCitation>`.
    Delete,
    /// A line of JSON.
    Line,
    /// A `"PMID": {...}` of a PubMedQA file.
    Entry,
    /// An element of a JSON array.
    Element,
    /// A record of NBIB.
    Nbib,
    /// A record of RIS.
    Ris,
    /// A record of PubTator.
    PubTator,
    /// A record of the Cystic Fibrosis collection.
    CysticFibrosis,
    /// A line of NFCorpus.
    NfCorpus,
    /// A row of a table.
    Row,
    /// A row of Parquet's columns, as a line of JSON.
    #[cfg(feature = "parquet")]
    Columns,
    /// Not a row of Parquet's columns: the bytes are the reason, in words.
    #[cfg(feature = "parquet")]
    BadColumns,
    /// Not a record: the bytes are the reason, in words.
    Bad,
}

impl RawKind {
    /// Whether a record may have several lines, and a fault is in one of them.
    pub(super) fn has_lines(self) -> bool {
        use RawKind::{CysticFibrosis, Nbib, PubTator, Ris, Row};
        matches!(self, Nbib | Ris | Row | PubTator | CysticFibrosis)
    }
}

/// One record.
#[derive(Clone, Debug)]
pub(super) struct RawRecord {
    /// What it is.
    pub(super) kind: RawKind,
    /// Its bytes in the batch.
    pub(super) range: Range<usize>,
    /// Its place in the unpacked stream, in bytes.
    pub(super) offset: u64,
    /// Its line, from 1, where lines count.
    pub(super) line: u64,
}

/// Records that follow each other in a source.
#[derive(Debug, Default)]
pub(crate) struct RawBatch {
    /// Position of the first record in the source.
    pub(super) position: u64,
    /// Their bytes.
    pub(super) data: Vec<u8>,
    /// The records in order.
    pub(super) records: Vec<RawRecord>,
    /// Packed bytes of the file read when the batch was cut.
    pub(super) bytes_read: u64,
    /// What was read of the file until then, where it can be read again.
    pub(super) digest: Option<SourceDigest>,
    /// Whether the end of the file was found when the batch was cut: it may end its last record too early.
    pub(super) is_at_end: bool,
    /// The header that rows stand under.
    pub(super) table: Option<Arc<Header>>,
}

impl RawBatch {
    /// Adds a record.
    pub(super) fn push(&mut self, kind: RawKind, bytes: &[u8], offset: u64, line: u64) {
        let start = self.data.len();
        self.data.extend_from_slice(bytes);
        self.records.push(RawRecord { kind, range: start..self.data.len(), offset, line });
    }

    /// Whether it should be handed on.
    pub(super) fn is_full(&self) -> bool {
        self.data.len() >= BATCH_BYTES || self.records.len() >= BATCH_RECORDS
    }

    /// A record's bytes.
    pub(super) fn bytes(&self, record: &RawRecord) -> &[u8] {
        self.data.get(record.range.clone()).unwrap_or_default()
    }
}

/// Why a record cannot be understood, and where in its bytes.
#[derive(Debug)]
pub(super) struct Fault {
    /// Byte in the record.
    pub(super) offset: u64,
    /// Expected and found.
    pub(super) detail: String,
}

impl Fault {
    /// A fault of the whole record.
    pub(super) fn whole(detail: impl Into<String>) -> Fault {
        Fault { offset: 0, detail: detail.into() }
    }
}

/// The record's bytes as text.
///
/// # Errors
/// A [`Fault`] at the first byte that is not UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Fault> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| {
        // The quick check does not say where.
        let place = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        Fault { offset: place as u64, detail: "the text is not UTF-8".into() }
    })
}

/// An [`Error::Input`].
pub(super) fn input_error(file: &str, place: String, detail: impl Into<String>) -> Error {
    Error::Input { file: file.to_owned(), place, detail: detail.into() }
}
