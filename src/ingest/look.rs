//! What can be said of a source file after its first bytes.

use std::path::Path;

use super::input::Input;
use super::source::{Source, open_reader};
use crate::error::Result;
use crate::format::manifest::SourceEntry;

/// What ends a citation in PubMed's XML.
const CITATION_END: &[u8] = b"</PubmedArticle>";

/// What the manifest would remember of a file of which no record was read. Cost: its first 64 KiB.
///
/// # Errors
/// [`crate::Error::Io`] when it cannot be read, [`crate::Error::Input`] when it is empty.
pub(crate) fn entry_of(path: &Path) -> Result<SourceEntry> {
    Ok(Input::open(path)?.entry(0, false))
}

/// The first citations of a file of PubMed XML, as a source of their own.
pub(crate) struct Sample {
    /// The citations.
    pub(crate) source: Source,
    /// Bytes that they take in the file, packed as it is.
    pub(crate) bytes: u64,
}

/// The citations within the first `unpacked` bytes of a file of PubMed XML; `None` where none ends there.
///
/// # Errors
/// As [`super::open`].
pub(crate) fn sample(path: &Path, unpacked: usize) -> Result<Option<Sample>> {
    let mut input = Input::open(path)?;
    let mut text = Vec::new();
    while text.len() < unpacked && input.read_into(&mut text)? {}
    let read = text.len();
    let Some(last) = memchr::memmem::rfind(&text, CITATION_END) else { return Ok(None) };
    text.truncate(last + CITATION_END.len());
    // What was read ahead is shared out evenly.
    let bytes = (input.bytes_read() as f64 * text.len() as f64 / read.max(1) as f64) as u64;
    text.extend_from_slice(b"</PubmedArticleSet>");
    let source = open_reader(input.base(), std::io::Cursor::new(text))?;
    Ok(Some(Sample { source, bytes: bytes.max(1) }))
}
