//! What stands between a Parquet file and the crate that reads it.
//!
//! The crate believes what a file says of itself: it makes room for as many bytes and values as a
//! header of some bytes promises (a failed allocation ends the process), and it panics at some
//! contradictions. Here such headers are refused before the crate acts on them, and panics become
//! errors.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::basic::{Encoding, Type};
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::column::reader::{ColumnReader, get_column_reader};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::serialized_reader::SerializedPageReader;

use crate::panics::caught;

/// What the pages of a file may hold. Writers begin a new page at about 1 MiB.
#[derive(Clone, Copy)]
pub(in crate::ingest) struct Limits {
    /// Bytes of an unpacked page.
    page_bytes: u32,
    /// Bytes of the unpacked pages of all columns at one time.
    held_bytes: u64,
    /// Values of a page with lists.
    list_values: u32,
}

/// Limits for vectors, which are in one column.
pub(in crate::ingest) const VECTORS: Limits =
    Limits { page_bytes: 256 << 20, held_bytes: u64::MAX, list_values: PAGE_VALUES_MAX };

/// Limits for documents, which are in many.
pub(super) const DOCUMENTS: Limits =
    Limits { page_bytes: 64 << 20, held_bytes: 96 << 20, list_values: 1 << 20 };

/// Most values of a page, packed in whatever way.
const PAGE_VALUES_MAX: u32 = 1 << 24;

/// Bytes of memory of an entry of a dictionary of strings, beside the string.
const ENTRY_BYTES: u64 = 32;

/// Most values of a dictionary: writers give up on one of 1 MiB.
const DICTIONARY_VALUES_MAX: u32 = 1 << 22;

/// Runs a call into the crate, which panics at negative offsets, levels that contradict lengths, and
/// the like.
///
/// # Errors
/// The crate's own, and one that quotes its panic.
pub(in crate::ingest) fn contained<T>(
    work: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, ParquetError> {
    caught(work).unwrap_or_else(|said| Err(general(said)))
}

fn general(detail: impl Into<String>) -> ParquetError {
    ParquetError::General(detail.into())
}

/// An open file and what its footer says.
pub(in crate::ingest) struct ParquetFile {
    file: Arc<Guarded>,
    pub(in crate::ingest) metadata: ParquetMetaData,
    limits: Limits,
    /// Bytes of the unpacked pages that are in use.
    held: Arc<AtomicU64>,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// The crate's, and one for a file that was not written to its end.
    pub(in crate::ingest) fn open(file: File, limits: Limits) -> Result<ParquetFile, ParquetError> {
        let end = Length::len(&file).saturating_sub(4);
        if ChunkReader::get_bytes(&file, end, 4).is_ok_and(|end| end.as_ref() != b"PAR1") {
            let detail =
                "the file does not end with PAR1: it is cut, or was not written to its end";
            return Err(ParquetError::EOF(detail.into()));
        }
        let metadata = contained(|| ParquetMetaDataReader::new().parse_and_finish(&file))?;
        let file = Arc::new(Guarded { file, page_bytes: limits.page_bytes });
        Ok(ParquetFile { file, metadata, limits, held: Arc::default() })
    }

    /// Opens a leaf column of a row group. No page of data is read while those before it hold more
    /// than `budget` values.
    ///
    /// # Errors
    /// The crate's.
    pub(in crate::ingest) fn column(
        &self,
        group: usize,
        leaf: usize,
        budget: &Arc<AtomicU64>,
    ) -> Result<ColumnReader, ParquetError> {
        contained(|| {
            let group = self.metadata.row_groups().get(group);
            let group = group.ok_or_else(|| general("no such row group"))?;
            let chunk = group.columns().get(leaf).ok_or_else(|| general("no such column"))?;
            let rows = usize::try_from(group.num_rows()).map_err(|_| general("negative rows"))?;
            let pages = SerializedPageReader::new(self.file.clone(), chunk, rows, None)?;
            let value_bytes = match chunk.column_descr().physical_type() {
                Type::FLOAT | Type::INT32 | Type::BYTE_ARRAY => 4,
                Type::INT64 | Type::DOUBLE => 8,
                _ => 1,
            };
            let budget = budget.clone();
            let column = chunk.column_descr_ptr();
            let has_levels = column.max_def_level() > 0;
            let values_max = match column.max_rep_level() {
                0 => PAGE_VALUES_MAX,
                _ => self.limits.list_values,
            };
            let (held, held_max) = (Held::new(&self.held), self.limits.held_bytes);
            let guarded = GuardedPages {
                pages,
                budget,
                given: 0,
                value_bytes,
                has_levels,
                values_max,
                held,
                held_max,
            };
            Ok(get_column_reader(column, Box::new(guarded)))
        })
    }
}

/// A file that gives no more bytes than it has, and no headers of pages beyond all use.
struct Guarded {
    file: File,
    page_bytes: u32,
}

impl Length for Guarded {
    fn len(&self) -> u64 {
        Length::len(&self.file)
    }
}

impl ChunkReader for Guarded {
    type T = HeaderReader;

    fn get_read(&self, start: u64) -> Result<HeaderReader, ParquetError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        let page_bytes = self.page_bytes;
        Ok(HeaderReader { file: BufReader::new(file), page_bytes, is_checked: false })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > Length::len(self)) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not there")));
        }
        self.file.get_bytes(start, length)
    }
}

/// Reads the header of a page, which the crate asks for by itself.
struct HeaderReader {
    file: BufReader<File>,
    page_bytes: u32,
    is_checked: bool,
}

impl Read for HeaderReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.is_checked {
            check_header(self.file.fill_buf()?, self.page_bytes)
                .map_err(|detail| io::Error::new(io::ErrorKind::InvalidData, detail))?;
            self.is_checked = true;
        }
        self.file.read(out)
    }
}

/// Checks the size of a page once it is unpacked: the second field of its header, which is a struct
/// of Thrift's compact protocol. Its fields have numbers, and all writers give them in order.
fn check_header(bytes: &[u8], page_bytes: u32) -> Result<(), String> {
    const NEXT_FIELD_IS_A_NUMBER: u8 = 0x15;
    let unusual = || "a page header is invalid, or is written in an unusual order".to_owned();
    let mut rest = bytes.iter().copied();
    let mut number = || {
        let is_number = rest.next() == Some(NEXT_FIELD_IS_A_NUMBER);
        if is_number { varint(&mut rest) } else { None }
    };
    let (_, size) = (number().ok_or_else(unusual)?, number().ok_or_else(unusual)?);
    // Zigzag: signs are in the lowest bit.
    if size % 2 == 1 || size / 2 > u64::from(page_bytes) {
        return Err(format!("a page of {} bytes, at most {page_bytes} are read", size / 2));
    }
    Ok(())
}

/// A number in pieces of seven bits, the lowest first; of 35 bits at most.
fn varint(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Pages with no more values than can be, and than anybody asked for.
struct GuardedPages {
    pages: SerializedPageReader<Guarded>,
    budget: Arc<AtomicU64>,
    /// Values of the pages given so far.
    given: u64,
    /// Fewest bytes of a value in a dictionary.
    value_bytes: usize,
    /// Whether definition levels come before the values.
    has_levels: bool,
    values_max: u32,
    held: Held,
    held_max: u64,
}

/// Bytes of the pages of one column, which count among those of the file.
struct Held {
    total: Arc<AtomicU64>,
    dictionary: u64,
    page: u64,
}

impl Held {
    fn new(total: &Arc<AtomicU64>) -> Held {
        Held { total: total.clone(), dictionary: 0, page: 0 }
    }

    /// Counts a page in place of the one before it; returns the bytes of all columns.
    fn replace(&mut self, is_dictionary: bool, bytes: u64) -> u64 {
        let own = if is_dictionary { &mut self.dictionary } else { &mut self.page };
        let before = std::mem::replace(own, bytes);
        self.total.fetch_sub(before, Ordering::Relaxed);
        self.total.fetch_add(bytes, Ordering::Relaxed) + bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.total.fetch_sub(self.dictionary + self.page, Ordering::Relaxed);
    }
}

impl GuardedPages {
    /// Values that a page in the encoding DELTA_LENGTH_BYTE_ARRAY says it has: the third number at
    /// the start of its values. `None` where they are not found: only columns without lists are
    /// looked at.
    fn delta_values(&self, page: &Page) -> Option<u32> {
        let bytes = page.buffer().as_ref();
        let start = match page {
            Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len: 0, .. } => {
                *def_levels_byte_len as usize
            }
            Page::DataPage { .. } if self.has_levels => {
                4 + u32::from_le_bytes(*bytes.first_chunk()?) as usize
            }
            Page::DataPage { .. } => 0,
            _ => return None,
        };
        let mut bytes = bytes.get(start..)?.iter().copied();
        let (_, _) = (varint(&mut bytes)?, varint(&mut bytes)?);
        u32::try_from(varint(&mut bytes)?).ok()
    }

    fn check(&mut self, page: Page) -> Result<Page, ParquetError> {
        let values = page.num_values();
        let is_dictionary = page.is_dictionary_page();
        let entries = if is_dictionary { u64::from(values) * ENTRY_BYTES } else { 0 };
        let held = self.held.replace(is_dictionary, page.buffer().len() as u64 + entries);
        if held > self.held_max {
            return Err(general(format!("pages of {held} bytes at once; write smaller pages")));
        }
        if page.is_dictionary_page() {
            let bytes = page.buffer().len();
            if values as usize > bytes / self.value_bytes || values > DICTIONARY_VALUES_MAX {
                return Err(general(format!("a dictionary of {values} values in {bytes} bytes")));
            }
            return Ok(page);
        }
        match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY
                if self.delta_values(&page).is_some_and(|found| found <= values) => {}
            // These make room for as many values as their own headers say, a number of 64 bits; in
            // the second, one of them lies behind packed data.
            encoding @ (Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) => {
                return Err(general(format!(
                    "a column in the encoding {encoding}, whose sizes cannot be checked: write it \
                     as PLAIN or with a dictionary"
                )));
            }
            _ => {}
        }
        if values > self.values_max {
            let detail = format!("a page of {values} values, at most {} are read", self.values_max);
            return Err(general(detail));
        }
        // What was given before must have been of use: a row has an end.
        if self.given > self.budget.load(Ordering::Relaxed) {
            return Err(general(format!("{} values in too few rows", self.given)));
        }
        self.given += u64::from(values);
        Ok(page)
    }
}

impl Iterator for GuardedPages {
    type Item = Result<Page, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for GuardedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>, ParquetError> {
        match self.pages.get_next_page()? {
            Some(page) => self.check(page).map(Some),
            None => Ok(None),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool, ParquetError> {
        self.pages.at_record_boundary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_pages_are_checked_before_they_are_believed() {
        // Fields 1 and 2: a page of data, and 560 bytes.
        assert_eq!(check_header(&[0x15, 0, 0x15, 0xe0, 0x08, 0x15, 2], 256 << 20), Ok(()));
        for (bytes, words) in [
            (&[][..], "unusual order"),
            (&[0x15, 0][..], "unusual order"),
            (&[0x25, 0, 0x15, 2], "unusual order"),
            (&[0x15, 0, 0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "unusual order"),
            // 512 MiB, and a negative number.
            (&[0x15, 0, 0x15, 0x80, 0x80, 0x80, 0x80, 0x04, 0x15], "a page of 536870912 bytes"),
            (&[0x15, 0, 0x15, 0x01], "a page of 0 bytes"),
        ] {
            let refused = check_header(bytes, 256 << 20).expect_err("refused");
            assert!(refused.contains(words), "{bytes:?}: {refused}");
        }
    }
}
