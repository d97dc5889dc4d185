//! Opens a text file, packed or not: gzip and zstd are known by their first bytes, not by the name.
//!
//! A UTF-8 byte order mark is passed over. UTF-16 is refused, because all formats here are UTF-8 or
//! Latin-1. Memory: the buffers of the decoder.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::error::InputError;
use crate::ingest::{LFS_ADVICE, LFS_POINTER};

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
pub(super) const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
const BUFFER_BYTES: usize = 64 * 1024;

/// An open file, unpacked as it is read.
pub(crate) struct Input {
    pub(crate) name: Arc<str>,
    pub(crate) reader: Box<dyn BufRead + Send>,
    /// Whether it has no byte at all, but a byte order mark perhaps.
    pub(crate) is_empty: bool,
}

impl Input {
    /// # Errors
    /// The file cannot be opened or read, or is in UTF-16.
    pub(crate) fn open(path: &Path) -> Result<Input, InputError> {
        let failed =
            |error: std::io::Error| InputError::file(path, format!("cannot read: {error}"));
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(InputError::file(path, "expected a file, found a folder"));
        }
        let mut packed = BufReader::with_capacity(BUFFER_BYTES, file);
        let start = packed.fill_buf().map_err(failed)?;
        refuse_pointer(path, start)?;
        let mut unpacked: Box<dyn Read + Send> = if start.starts_with(&GZIP) {
            Box::new(MultiGzDecoder::new(packed))
        } else if start.starts_with(&ZSTD) {
            Box::new(zstd::Decoder::with_buffer(packed).map_err(failed)?)
        } else {
            Box::new(packed)
        };
        let mut head = Vec::new();
        unpacked.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
        let is_utf16 = match head.as_slice() {
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
            // Without a mark: the other half of an ASCII character.
            [first, second, ..] => (*first == 0) != (*second == 0),
            _ => false,
        };
        if is_utf16 {
            let detail = "the file is in UTF-16: save it as UTF-8";
            return Err(InputError::new(path.display().to_string(), "line 1", detail));
        }
        if head.starts_with(&BYTE_ORDER_MARK) {
            head.drain(..BYTE_ORDER_MARK.len());
        }
        let is_empty = head.is_empty();
        let reader = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(head).chain(unpacked));
        let name = Arc::from(path.display().to_string());
        Ok(Input { name, reader: Box::new(reader), is_empty })
    }

    /// Opens a file that must have something in it.
    ///
    /// # Errors
    /// As [`Input::open`]; the file is empty.
    pub(crate) fn open_filled(path: &Path) -> Result<Input, InputError> {
        let input = Input::open(path)?;
        if input.is_empty {
            return Err(InputError::file(path, "the file is empty"));
        }
        Ok(input)
    }

    /// The first bytes, at most `limit`: what a layout is known by.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub(crate) fn head(path: &Path, limit: u64) -> Result<String, InputError> {
        let mut bytes = Vec::new();
        let read = Input::open(path)?.reader.take(limit).read_to_end(&mut bytes);
        read.map_err(|error| InputError::file(path, format!("cannot read: {error}")))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// # Errors
/// The file begins as a pointer of Git LFS.
pub(crate) fn refuse_pointer(path: &Path, start: &[u8]) -> Result<(), InputError> {
    match start.starts_with(LFS_POINTER) {
        true => Err(InputError::file(path, LFS_ADVICE)),
        false => Ok(()),
    }
}
