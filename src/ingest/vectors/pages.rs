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

/// Most bytes of an unpacked page: writers begin a new one at about 1 MiB.
const PAGE_BYTES_MAX: u32 = 256 << 20;

/// Most values of a page, packed in whatever way.
const PAGE_VALUES_MAX: u32 = 1 << 24;

/// Most values of a dictionary: writers give up on one of 1 MiB.
const DICTIONARY_VALUES_MAX: u32 = 1 << 22;

/// Runs a call into the crate, which panics at negative offsets, levels that contradict lengths, and
/// the like.
///
/// # Errors
/// The crate's own, and one that quotes its panic.
pub(super) fn contained<T>(
    work: impl FnOnce() -> Result<T, ParquetError>,
) -> Result<T, ParquetError> {
    caught(work).unwrap_or_else(|said| Err(general(said)))
}

fn general(detail: impl Into<String>) -> ParquetError {
    ParquetError::General(detail.into())
}

/// An open file and what its footer says.
pub(super) struct ParquetFile {
    file: Arc<Guarded>,
    pub(super) metadata: ParquetMetaData,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// The crate's.
    pub(super) fn open(file: File) -> Result<ParquetFile, ParquetError> {
        let metadata = contained(|| ParquetMetaDataReader::new().parse_and_finish(&file))?;
        Ok(ParquetFile { file: Arc::new(Guarded(file)), metadata })
    }

    /// Opens a leaf column of a row group. No page of data is read while those before it hold more
    /// than `budget` values.
    ///
    /// # Errors
    /// The crate's.
    pub(super) fn column(
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
            let guarded = GuardedPages { pages, budget, given: 0, value_bytes, has_levels };
            Ok(get_column_reader(column, Box::new(guarded)))
        })
    }
}

/// A file that gives no more bytes than it has, and no headers of pages beyond all use.
struct Guarded(File);

impl Length for Guarded {
    fn len(&self) -> u64 {
        Length::len(&self.0)
    }
}

impl ChunkReader for Guarded {
    type T = HeaderReader;

    fn get_read(&self, start: u64) -> Result<HeaderReader, ParquetError> {
        let mut file = self.0.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(HeaderReader { file: BufReader::new(file), is_checked: false })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > Length::len(self)) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not there")));
        }
        self.0.get_bytes(start, length)
    }
}

/// Reads the header of a page, which the crate asks for by itself.
struct HeaderReader {
    file: BufReader<File>,
    is_checked: bool,
}

impl Read for HeaderReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.is_checked {
            check_header(self.file.fill_buf()?)
                .map_err(|detail| io::Error::new(io::ErrorKind::InvalidData, detail))?;
            self.is_checked = true;
        }
        self.file.read(out)
    }
}

/// Checks the size of a page once it is unpacked: the second field of its header, which is a struct
/// of Thrift's compact protocol. Its fields have numbers, and all writers give them in order.
fn check_header(bytes: &[u8]) -> Result<(), String> {
    const NEXT_FIELD_IS_A_NUMBER: u8 = 0x15;
    let unusual = || "a page header is invalid, or is written in an unusual order".to_owned();
    let mut rest = bytes.iter().copied();
    let mut number = || {
        let is_number = rest.next() == Some(NEXT_FIELD_IS_A_NUMBER);
        if is_number { varint(&mut rest) } else { None }
    };
    let (_, size) = (number().ok_or_else(unusual)?, number().ok_or_else(unusual)?);
    // Zigzag: signs are in the lowest bit.
    if size % 2 == 1 || size / 2 > u64::from(PAGE_BYTES_MAX) {
        return Err(format!("a page of {} bytes, at most {PAGE_BYTES_MAX} are read", size / 2));
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
        if values > PAGE_VALUES_MAX {
            let detail = format!("a page of {values} values, at most {PAGE_VALUES_MAX} are read");
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
        assert_eq!(check_header(&[0x15, 0, 0x15, 0xe0, 0x08, 0x15, 2]), Ok(()));
        for (bytes, words) in [
            (&[][..], "unusual order"),
            (&[0x15, 0][..], "unusual order"),
            (&[0x25, 0, 0x15, 2], "unusual order"),
            (&[0x15, 0, 0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "unusual order"),
            // 512 MiB, and a negative number.
            (&[0x15, 0, 0x15, 0x80, 0x80, 0x80, 0x80, 0x04, 0x15], "a page of 536870912 bytes"),
            (&[0x15, 0, 0x15, 0x01], "a page of 0 bytes"),
        ] {
            let refused = check_header(bytes).expect_err("refused");
            assert!(refused.contains(words), "{bytes:?}: {refused}");
        }
    }
}
