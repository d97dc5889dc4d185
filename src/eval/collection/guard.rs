//! What stands between a Parquet file and the crate that reads it.
//!
//! The crate makes room for as many bytes and values as a header of some bytes promises, and a failed
//! allocation ends the process. Here such headers are refused before the crate acts on them. (The reader of
//! vectors, `ingest/vectors/pages.rs`, guards the column interface in the same way.)

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::parquet::basic::Encoding;
use ::parquet::bloom_filter::Sbbf;
use ::parquet::column::page::{Page, PageMetadata, PageReader};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::{ChunkReader, Length, RowGroupReader};
use ::parquet::record::reader::RowIter;
use ::parquet::schema::types::Type;

/// Most bytes of an unpacked page: writers begin a new one at about 1 MiB.
const PAGE_BYTES_MAX: u64 = 256 << 20;

/// Most values of a page, packed in whatever way.
const PAGE_VALUES_MAX: u32 = 1 << 24;

/// Fewest bytes of a value in a dictionary: the length of a string, or a 32-bit number.
const VALUE_BYTES_MIN: usize = 4;

/// A file that gives no more bytes than it has, and no headers of pages beyond all use.
pub(super) struct GuardedFile {
    file: File,
    /// Whether the footer has been read: what is read from then on begins with the header of a page.
    has_footer: Arc<AtomicBool>,
}

impl GuardedFile {
    pub(super) fn new(file: File, has_footer: Arc<AtomicBool>) -> GuardedFile {
        GuardedFile { file, has_footer }
    }
}

impl Length for GuardedFile {
    fn len(&self) -> u64 {
        Length::len(&self.file)
    }
}

impl ChunkReader for GuardedFile {
    type T = HeaderReader;

    fn get_read(&self, start: u64) -> Result<HeaderReader, ParquetError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(HeaderReader {
            file: BufReader::new(file),
            is_checked: !self.has_footer.load(Ordering::Relaxed),
        })
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
pub(super) struct HeaderReader {
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

/// Checks the size of a page once it is unpacked: the second field of its header, which is a struct of
/// Thrift's compact protocol. Its fields have numbers, and all writers give them in order.
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
    if size % 2 == 1 || size / 2 > PAGE_BYTES_MAX {
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

/// A row group whose pages are checked.
pub(super) struct GuardedGroup<'a>(pub(super) Box<dyn RowGroupReader + 'a>);

impl RowGroupReader for GuardedGroup<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.0.metadata()
    }

    fn num_columns(&self) -> usize {
        self.0.num_columns()
    }

    fn get_column_page_reader(&self, column: usize) -> Result<Box<dyn PageReader>, ParquetError> {
        Ok(Box::new(GuardedPages(self.0.get_column_page_reader(column)?)))
    }

    fn get_column_bloom_filter(&self, column: usize) -> Option<&Sbbf> {
        self.0.get_column_bloom_filter(column)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>, ParquetError> {
        RowIter::from_row_group(projection, self)
    }
}

/// Pages with no more values than can be.
struct GuardedPages(Box<dyn PageReader>);

impl GuardedPages {
    fn check(page: Page) -> Result<Page, ParquetError> {
        let (values, bytes) = (page.num_values(), page.buffer().len());
        if page.is_dictionary_page() && values as usize > bytes / VALUE_BYTES_MIN {
            let detail = format!("a dictionary of {values} values in {bytes} bytes");
            return Err(ParquetError::General(detail));
        }
        // Such a page makes room for as many values as a number inside of it says.
        let encoding = page.encoding();
        let is_delta =
            matches!(encoding, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY);
        if is_delta && !page.is_dictionary_page() {
            return Err(ParquetError::General(format!(
                "a column in the encoding {encoding}, whose sizes cannot be checked: write it as PLAIN \
                 or with a dictionary"
            )));
        }
        if values > PAGE_VALUES_MAX {
            let detail = format!("a page of {values} values, at most {PAGE_VALUES_MAX} are read");
            return Err(ParquetError::General(detail));
        }
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
        self.0.get_next_page()?.map(GuardedPages::check).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>, ParquetError> {
        self.0.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<(), ParquetError> {
        self.0.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool, ParquetError> {
        self.0.at_record_boundary()
    }
}
