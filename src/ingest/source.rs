//! A file as an iterator over its records.

use std::io::Read;
use std::path::Path;

use super::input::Input;
#[cfg(feature = "parquet")]
use super::parquet::ParquetCutter;
use super::raw::{Fault, RawBatch, RawKind, RawRecord, input_error};
use super::sniff::{Cutter, has_line, sniff};
use super::table::ColumnMap;
use super::window::Window;
use super::{
    Event, Record, cystic_fibrosis, jsonl, nbib, nfcorpus, pubmed, pubmedqa, pubtator, ris, table,
};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::manifest::SourceEntry;
use crate::ids::{Key, file_number};

/// Bytes by which a file is recognised.
const SNIFF_BYTES: usize = 256;

/// An open source file: an iterator over its records, in order.
///
/// ```no_run
/// for record in medvec::ingest::open("pubmed26n1335.xml.gz".as_ref())? {
///     println!("{:?}", record?.event);
/// }
/// # Ok::<(), medvec::Error>(())
/// ```
pub struct Source {
    window: Window,
    cutter: Cutter,
    batch: RawBatch,
    /// Records of `batch` already given.
    given: usize,
    /// Position of the next record to be cut.
    position: u64,
    dimension: DimensionCheck,
    state: State,
    failure: Option<Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    /// The last record was given; the end was found to be right.
    Complete,
    /// The stream broke.
    Broken,
}

/// Opens a source file; its first bytes say what it is.
///
/// # Errors
/// [`Error::Io`] when it cannot be read; [`Error::Input`] when it is empty, cut in its first bytes,
/// or none of the formats.
pub fn open(path: &Path) -> Result<Source> {
    Source::new(Input::open(path)?, None)
}

/// As [`open`]; a file that is nothing else is a table whose columns the map names.
///
/// # Errors
/// As [`open`]; [`Error::Input`] for a column that the table does not have.
pub fn open_table(path: &Path, columns: &ColumnMap) -> Result<Source> {
    Source::new(Input::open(path)?, Some(columns))
}

/// As [`open`], for any stream of bytes. `name` is what messages and [`Source::entry`] call it.
///
/// # Errors
/// As [`open`].
pub fn open_reader(name: &str, reader: impl Read + Send + 'static) -> Result<Source> {
    open_stream(name, reader, None)
}

/// As [`open_reader`], with the columns of a table as [`open_table`] takes them.
pub(super) fn open_stream(
    name: &str,
    reader: impl Read + Send + 'static,
    columns: Option<&ColumnMap>,
) -> Result<Source> {
    Source::new(Input::new(name.to_owned(), reader)?, columns)
}

/// The cutter of a Parquet file of documents, which is not read in order: its digest is taken of the whole file first.
#[cfg(feature = "parquet")]
fn parquet(window: &mut Window) -> Result<Option<Cutter>> {
    let path = window.input().path().map(Path::to_owned);
    let bytes = window.input().plain_bytes();
    let (Some(path), Some(bytes)) = (path, bytes) else { return Ok(None) };
    if !window.bytes().starts_with(b"PAR1") {
        return Ok(None);
    }
    let cutter = ParquetCutter::open(&path, window.input().name(), bytes)?;
    window.consume(window.bytes().len());
    while window.fill()? {
        window.consume(window.bytes().len());
    }
    Ok(Some(Cutter::Parquet(Box::new(cutter))))
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &mut Window) -> Result<Option<Cutter>> {
    Ok(None)
}

impl Source {
    fn new(input: Input, columns: Option<&ColumnMap>) -> Result<Source> {
        let mut window = Window::new(input);
        while window.bytes().len() < SNIFF_BYTES && window.fill()? {}
        while !has_line(window.bytes()) && window.fill()? {}
        if window.bytes().starts_with(b"\xef\xbb\xbf") {
            window.consume(3);
        }
        let cutter = match parquet(&mut window)? {
            Some(cutter) => cutter,
            None => sniff(window.bytes(), columns)
                .map_err(|detail| input_error(window.input().name(), "byte 0".into(), detail))?,
        };
        Ok(Source {
            window,
            cutter,
            batch: RawBatch::default(),
            given: 0,
            position: 0,
            dimension: DimensionCheck::default(),
            state: State::Reading,
            failure: None,
        })
    }

    /// What the manifest remembers: name, size and digests; the records given so far and whether they
    /// were all.
    pub fn entry(&self) -> SourceEntry {
        let left = (self.batch.records.len() - self.given) as u64;
        self.window.input().entry(self.position - left, self.state == State::Complete && left == 0)
    }

    /// The number of an NLM file: year times 1,000,000 plus number, so `pubmed26n1334.xml.gz` is
    /// 26,001,334. `None` for any other name.
    pub fn file_number(&self) -> Option<u32> {
        file_number(self.window.input().base())
    }

    /// Bytes of the file read so far, packed as they are.
    pub fn bytes_read(&self) -> u64 {
        self.cutter.bytes_read().unwrap_or_else(|| self.window.input().bytes_read())
    }

    /// Rows left out so far because another row of the file has their id; they are no records. Only CORD-19's
    /// `metadata.csv` has such rows: see [`super::table`].
    pub fn duplicates(&self) -> u64 {
        self.cutter.duplicates()
    }

    /// Whether the iterator can go on after the last error: it concerned one record only.
    pub fn recoverable(&self) -> bool {
        self.state != State::Broken
    }

    /// Passes over records without understanding them.
    ///
    /// # Errors
    /// As the iterator for a broken stream.
    pub fn skip_records(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            if self.given == self.batch.records.len() && !self.next_batch()? {
                break;
            }
            self.given += 1;
        }
        Ok(())
    }

    /// Cuts the next records; `None` at the end. Records already cut but not given are lost.
    ///
    /// # Errors
    /// Those that end the source. They come after every record before them.
    pub(super) fn take_batch(&mut self) -> Result<Option<RawBatch>> {
        if self.given == self.batch.records.len() && !self.next_batch()? {
            return Ok(None);
        }
        let given = std::mem::take(&mut self.given);
        let mut batch = std::mem::take(&mut self.batch);
        batch.records.drain(..given);
        batch.position += given as u64;
        batch.digest = self.window.input().digest();
        batch.is_at_end = self.cutter.is_in_order() && self.window.input().has_ended();
        Ok(Some(batch))
    }

    /// Its file; `None` where the bytes can be read only once: a pipe, a device, a reader of the caller's.
    pub fn path(&self) -> Option<&Path> {
        self.window.input().path()
    }

    /// What messages call the file: its path, as it was given.
    pub fn name(&self) -> &str {
        self.window.input().name()
    }

    /// The length of the vector that the next document has, or its key is given, without reading on; `None` where it has
    /// none, none is near, or a record before it cannot be read, which the iterator says.
    #[cfg(feature = "session")]
    pub(crate) fn next_dimension(&mut self) -> Option<usize> {
        if self.given == self.batch.records.len()
            && let Err(error) = self.next_batch()
        {
            (self.failure, self.state) = (Some(error), State::Reading);
            return None;
        }
        let name = self.window.input().name();
        for place in self.given..self.batch.records.len() {
            match parse(name, &self.batch, place)?.ok()?.0.event {
                Event::Document { vector, .. } => return Some(vector?.len()),
                Event::Vector { vector, .. } => return Some(vector.len()),
                Event::Delete { .. } => {}
            }
        }
        None
    }

    fn next_batch(&mut self) -> Result<bool> {
        self.given = 0;
        self.batch.data.clear();
        self.batch.records.clear();
        self.batch.position = self.position;
        if let Some(error) = self.failure.take() {
            self.state = State::Broken;
            return Err(error);
        }
        while self.state == State::Reading && !self.batch.is_full() {
            let more = self.cutter.next(&mut self.window, &mut self.batch);
            match more {
                Ok(true) => {}
                Ok(false) => self.state = State::Complete,
                Err(error) if self.batch.records.is_empty() => {
                    self.state = State::Broken;
                    return Err(error);
                }
                Err(error) => {
                    self.failure = Some(error);
                    break;
                }
            }
        }
        self.batch.bytes_read = self.bytes_read();
        self.position += self.batch.records.len() as u64;
        Ok(!self.batch.records.is_empty())
    }
}

impl Iterator for Source {
    type Item = Result<Record>;

    fn next(&mut self) -> Option<Result<Record>> {
        if self.given == self.batch.records.len() {
            if self.state == State::Broken {
                return None;
            }
            match self.next_batch() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
        let place = self.given;
        self.given += 1;
        let record = parse(self.window.input().name(), &self.batch, place)?;
        let name = self.window.input().name();
        Some(record.and_then(|(record, place)| self.dimension.check(record, name, place)))
    }
}

/// A record and where it stands, in words.
pub(super) type Parsed = (Record, Place);

/// Where a record stands; put in words only when needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    kind: RawKind,
    position: u64,
    offset: u64,
    line: u64,
}

impl Place {
    fn words(self, at: u64, pmid: Option<u32>) -> String {
        match self.kind {
            #[cfg(feature = "parquet")]
            RawKind::Columns | RawKind::BadColumns => format!("row {}", self.position),
            RawKind::Line | RawKind::NfCorpus => format!("line {}", self.line),
            kind if kind.has_lines() => match pmid {
                Some(pmid) => format!("line {} (PMID {pmid})", self.line),
                None => format!("line {}", self.line),
            },
            RawKind::Bad if self.line > 0 => format!("line {}", self.line),
            _ => pubmed::place(self.position, self.offset + at, pmid),
        }
    }

    /// The error of a record that was understood but cannot be stored.
    pub(super) fn error(self, file: &str, key: &Key, error: &Error) -> Error {
        input_error(file, self.words(0, pmid_of(key)), error.to_string())
    }
}

/// Understands one record of a batch; `None` past its end.
pub(super) fn parse(file: &str, batch: &RawBatch, index: usize) -> Option<Result<Parsed>> {
    let raw = batch.records.get(index)?;
    let position = batch.position + index as u64;
    let place = Place { kind: raw.kind, position, offset: raw.offset, line: raw.line };
    let parsed = parse_raw(batch, raw, position).map(|record| (record, place));
    Some(parsed.map_err(|fault| {
        let bytes = batch.bytes(raw);
        let (mut place, mut pmid) = (place, None);
        match raw.kind {
            RawKind::Entry => pmid = pubmedqa::pmid_hint(bytes),
            RawKind::Element => {}
            kind if kind.has_lines() => {
                let before = bytes.get(..fault.offset as usize).unwrap_or_default();
                let line_end = batch.table.as_ref().map_or(b'\n', |header| header.line_end);
                place.line += memchr::memchr_iter(line_end, before).count() as u64;
            }
            _ => pmid = pubmed::pmid_hint(bytes),
        }
        input_error(file, place.words(fault.offset, pmid), fault.detail)
    }))
}

/// Why there is no record, as the cutter put it.
fn reason(words: &[u8]) -> Fault {
    Fault::whole(String::from_utf8_lossy(words))
}

fn parse_raw(batch: &RawBatch, raw: &RawRecord, position: u64) -> Result<Record, Fault> {
    let bytes = batch.bytes(raw);
    let record = match raw.kind {
        RawKind::Bad => return Err(reason(bytes)),
        RawKind::Line => jsonl::parse(bytes, position)?,
        RawKind::Element => jsonl::parse_element(bytes, position)?,
        #[cfg(feature = "parquet")]
        RawKind::BadColumns => return Err(reason(bytes)),
        #[cfg(feature = "parquet")]
        RawKind::Columns => jsonl::parse(bytes, position)?,
        RawKind::Entry => pubmedqa::parse(bytes, position)?,
        RawKind::Nbib => nbib::parse(bytes, position)?,
        RawKind::Ris => ris::parse(bytes, position)?,
        RawKind::PubTator => pubtator::parse(bytes, position)?,
        RawKind::CysticFibrosis => cystic_fibrosis::parse(bytes, position)?,
        RawKind::NfCorpus => nfcorpus::parse(bytes, position)?,
        RawKind::Row => match &batch.table {
            Some(header) => table::parse(header, bytes, position)?,
            None => return Err(Fault::whole("a row without a header")),
        },
        kind => pubmed::parse(kind, bytes, position)?,
    };
    let key_only = match &record.event {
        Event::Vector { key, .. } => Some(Document::new(key.clone())),
        _ => None,
    };
    let document = match &record.event {
        Event::Document { document, .. } => Some(&**document),
        _ => key_only.as_ref(),
    };
    if let Some(document) = document {
        document.validate().map_err(|error| match error {
            Error::InvalidDocument { detail, .. } => Fault::whole(detail),
            other => Fault::whole(other.to_string()),
        })?;
    }
    Ok(record)
}

/// Checks that all vectors of a file are as long as its first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct DimensionCheck(Option<usize>);

impl DimensionCheck {
    /// Passes the record on.
    ///
    /// # Errors
    /// [`Error::Input`] when its vector has another length than the file's first.
    pub(super) fn check(&mut self, record: Record, file: &str, place: Place) -> Result<Record> {
        let (vector, key) = match &record.event {
            Event::Document { vector: Some(vector), document } => (vector, &document.key),
            Event::Vector { vector, key } => (vector, key),
            _ => return Ok(record),
        };
        let first = *self.0.get_or_insert(vector.len());
        if vector.len() == first {
            return Ok(record);
        }
        let detail = format!(
            "the vector has {} numbers, the first one of this file has {first}",
            vector.len()
        );
        Err(input_error(file, place.words(0, pmid_of(key)), detail))
    }
}

fn pmid_of(key: &Key) -> Option<u32> {
    match key {
        Key::Pmid(pmid) => Some(pmid.0),
        Key::Text(_) => None,
    }
}
