//! A source file as a stream of plain bytes: opened, unpacked, counted, hashed.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::digest::{self, Passed, Tap};
use crate::error::{Error, Result};
use crate::format::manifest::{SourceDigest, SourceEntry};

/// Bytes of the beginning, whose hash finds most changed files at once.
const HEAD_BYTES: usize = 64 * 1024;

/// Bytes of one read from the operating system.
const READ_BYTES: usize = 256 * 1024;

/// An open source file. `.gz` (any number of members) and `.zst` (any number of frames) are
/// recognised by their first bytes, never by their name.
pub(super) struct Input {
    /// As messages call it: the path as it was given.
    name: String,
    /// As the manifest calls it.
    base: String,
    origin: Origin,
    /// Where it is, if it is a file that can be read again.
    path: Option<PathBuf>,
    is_packed: bool,
    head: [u8; 16],
    passed: Passed,
    stream: Box<dyn Read + Send>,
    unpacked: u64,
    has_ended: bool,
}

/// Where the bytes come from.
#[derive(Clone, Copy)]
enum Origin {
    /// A file of this size that can be read again, and its place.
    File(u64, [u8; 16]),
    /// A pipe or a device, and its place.
    Stream([u8; 16]),
    /// A reader of the caller's.
    Reader,
}

/// Whether a path leads to a pipe, a socket or a device, whose bytes can be read only once.
///
/// # Errors
/// [`Error::Io`] when it leads nowhere.
pub(super) fn is_stream(path: &Path) -> Result<bool> {
    let metadata = std::fs::metadata(path)
        .map_err(|source| Error::io("open", path.display().to_string(), source))?;
    Ok(!metadata.is_file() && !metadata.is_dir())
}

/// What the manifest calls a file: its name without its folder, but `/dev/stdin` and `/dev/fd/63` in full. Messages
/// give the path as it was given, since files of one name may lie in several folders.
pub(super) fn name_of(path: &Path) -> String {
    let is_device = ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    match path.file_name() {
        Some(name) if !is_device => name.to_string_lossy().into_owned(),
        _ => path.display().to_string(),
    }
}

impl Input {
    /// Opens `path` and reads its first bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened or read, [`Error::Input`] when it is empty.
    pub(super) fn open(path: &Path) -> Result<Input> {
        let file = digest::open(path)?;
        let metadata = file
            .metadata()
            .map_err(|source| Error::io("inspect", path.display().to_string(), source))?;
        let place = digest::place(path);
        let origin = match metadata.is_file() {
            true => Origin::File(metadata.len(), place),
            false => Origin::Stream(place),
        };
        let input = Input::start(path.display().to_string(), name_of(path), origin, file)?;
        Ok(Input { path: metadata.is_file().then(|| path.to_owned()), ..input })
    }

    /// Takes any stream; messages and the manifest call it by its name.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub(super) fn new(name: String, reader: impl Read + Send + 'static) -> Result<Input> {
        Input::start(name.clone(), name, Origin::Reader, reader)
    }

    fn start(
        name: String,
        base: String,
        origin: Origin,
        reader: impl Read + Send + 'static,
    ) -> Result<Input> {
        let io_error = |source| Error::io("read", &name, source);
        let mut tap = Tap::new(reader);
        let passed = tap.passed();
        let mut first = Vec::with_capacity(HEAD_BYTES);
        (&mut tap).take(HEAD_BYTES as u64).read_to_end(&mut first).map_err(io_error)?;
        if first.is_empty() {
            return Err(Error::Input {
                file: name,
                place: "byte 0".into(),
                detail: "the file is empty".into(),
            });
        }
        let head = digest::short(passed.digest().1);
        let is_gzip = first.starts_with(&[0x1f, 0x8b]);
        let is_zstd = first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
        let whole = io::Cursor::new(first).chain(tap);
        let stream: Box<dyn Read + Send> = if is_gzip {
            Box::new(MultiGzDecoder::new(io::BufReader::with_capacity(READ_BYTES, whole)))
        } else if is_zstd {
            let buffered = io::BufReader::with_capacity(READ_BYTES, whole);
            Box::new(zstd::stream::read::Decoder::with_buffer(buffered).map_err(io_error)?)
        } else {
            Box::new(whole)
        };
        let is_packed = is_gzip || is_zstd;
        let (path, unpacked, has_ended) = (None, 0, false);
        Ok(Input { name, base, origin, path, is_packed, head, passed, stream, unpacked, has_ended })
    }

    /// What messages call the file.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The file's name without its folder.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The file's size, where it is known and not that of something packed.
    pub(super) fn plain_bytes(&self) -> Option<u64> {
        match self.origin {
            Origin::File(bytes, _) if !self.is_packed => Some(bytes),
            _ => None,
        }
    }

    /// Its file; `None` where the bytes can be read only once.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Bytes of the file read so far, packed.
    pub(super) fn bytes_read(&self) -> u64 {
        self.passed.bytes()
    }

    /// Whether the end of the stream was found.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// What was read so far; `None` for a reader of the caller's, which has no place.
    pub(super) fn digest(&self) -> Option<SourceDigest> {
        let (Origin::File(_, place) | Origin::Stream(place)) = self.origin else { return None };
        let (bytes, hash) = self.passed.digest();
        Some(SourceDigest { bytes, hash, place })
    }

    /// What the manifest remembers of the file.
    pub(super) fn entry(&self, records: u64, complete: bool) -> SourceEntry {
        let bytes = match self.origin {
            Origin::File(bytes, _) => bytes,
            _ => self.bytes_read(),
        };
        let (name, head) = (self.base.clone(), self.head);
        SourceEntry { name, bytes, head, records, complete, digest: self.digest() }
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
        self.has_ended = count == 0;
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
