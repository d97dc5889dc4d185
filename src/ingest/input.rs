//! A source file as a stream of plain bytes: opened, identified, unpacked, counted.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::format::manifest::SourceEntry;

/// Bytes of the file that identify it, with its name and size.
const HEAD_BYTES: usize = 64 * 1024;

/// Bytes of one read from the operating system.
const READ_BYTES: usize = 256 * 1024;

/// An open source file. `.gz` (any number of members) and `.zst` (any number of frames) are
/// recognised by their first bytes, never by their name.
pub(super) struct Input {
    name: String,
    bytes: Option<u64>,
    is_packed: bool,
    head: [u8; 16],
    read: Arc<AtomicU64>,
    stream: Box<dyn Read + Send>,
    unpacked: u64,
}

/// Counts what is read from the file itself, so that progress is measured against its size.
struct Counted<R> {
    reader: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Input {
    /// Opens `path` and reads its first bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened or read, [`Error::Input`] when it is empty.
    pub(super) fn open(path: &Path) -> Result<Input> {
        let name = path
            .file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let io_error = |operation| {
            let path = path.display().to_string();
            move |source| Error::io(operation, path, source)
        };
        let file = File::open(path).map_err(io_error("open"))?;
        let bytes = file.metadata().map_err(io_error("inspect"))?.len();
        Input::new(name, Some(bytes), file)
    }

    /// Takes any stream; `bytes` is its packed size where that is known.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub(super) fn new(
        name: String,
        bytes: Option<u64>,
        mut reader: impl Read + Send + 'static,
    ) -> Result<Input> {
        let io_error = |source| Error::io("read", &name, source);
        let mut first = Vec::with_capacity(HEAD_BYTES);
        (&mut reader).take(HEAD_BYTES as u64).read_to_end(&mut first).map_err(io_error)?;
        if first.is_empty() {
            return Err(Error::Input {
                file: name,
                place: "byte 0".into(),
                detail: "the file is empty".into(),
            });
        }
        let digest: [u8; 32] = Sha256::digest(&first).into();
        let mut head = [0; 16];
        head.copy_from_slice(&digest[..16]);
        let read = Arc::new(AtomicU64::new(first.len() as u64));
        let is_gzip = first.starts_with(&[0x1f, 0x8b]);
        let is_zstd = first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let rest = Counted { reader, read: Arc::clone(&read) };
        let whole = io::Cursor::new(first).chain(rest);
        let stream: Box<dyn Read + Send> = if is_gzip {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(READ_BYTES, whole)))
        } else if is_zstd {
            let buffered = io::BufReader::with_capacity(READ_BYTES, whole);
            Box::new(zstd::stream::read::Decoder::with_buffer(buffered).map_err(io_error)?)
        } else {
            Box::new(whole)
        };
        let is_packed = is_gzip || is_zstd;
        Ok(Input { name, bytes, is_packed, head, read, stream, unpacked: 0 })
    }

    /// The file's name without its folder.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The file's size, where it is known and not that of something packed.
    pub(super) fn plain_bytes(&self) -> Option<u64> {
        self.bytes.filter(|_| !self.is_packed)
    }

    /// Bytes of the file read so far, packed.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// What the manifest remembers of the file.
    pub(super) fn entry(&self, records: u64, complete: bool) -> SourceEntry {
        SourceEntry {
            name: self.name.clone(),
            bytes: self.bytes.unwrap_or(self.bytes_read()),
            head: self.head,
            records,
            complete,
        }
    }

    /// Reads some unpacked bytes to the end of `buffer`; `false` at the end of the stream.
    ///
    /// # Errors
    /// [`Error::Input`] when the packed stream is cut or damaged, [`Error::Io`] when the system fails.
    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> Result<bool> {
        let start = buffer.len();
        buffer.resize(start + READ_BYTES, 0);
        let outcome = loop {
            match self.stream.read(&mut buffer[start..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome,
            }
        };
        buffer.truncate(start + outcome.as_ref().copied().unwrap_or(0));
        let count = outcome.map_err(|source| self.read_error(source))?;
        self.unpacked += count as u64;
        Ok(count > 0)
    }

    fn read_error(&self, source: io::Error) -> Error {
        use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
        let detail = match source.kind() {
            UnexpectedEof => "the packed stream ends too early: the file is cut; fetch it again",
            InvalidData | InvalidInput | Other => {
                "the packed stream is damaged; fetch the file again"
            }
            _ => return Error::io("read", &self.name, source),
        };
        Error::Input {
            file: self.name.clone(),
            place: format!("byte {}", self.bytes_read()),
            detail: format!("{detail} ({} bytes unpacked; {source})", self.unpacked),
        }
    }
}
