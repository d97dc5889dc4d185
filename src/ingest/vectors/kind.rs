//! Which files hold vectors, by their first bytes or their name: the one place that tells.
//!
//! | file | first bytes |
//! |---|---|
//! | array of numpy | `\x93NUMPY` |
//! | Parquet | `PAR1` |
//! | safetensors | the length of the header in 8 bytes, below 100,000,000, and `{` |
//! | fvecs | none that tell: the name ends in `.fvecs` |

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::ingest::digest;
use crate::ingest::input::{self, Input, name_of};
use crate::ingest::raw::input_error;
use crate::ingest::window::Window;

/// First bytes of an array of numpy.
pub(super) const NPY_MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes that tell what a file is.
const START_BYTES: usize = 9;

/// Longest header of safetensors that their own library reads, in bytes.
const HEADER_BYTES_MAX: u64 = 100_000_000;

/// What a file of vectors is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Kind {
    Npy,
    Safetensors,
    Fvecs,
    Parquet,
}

/// A file's name without the ending of what packed it.
fn plain_name(name: &str) -> &str {
    [".gz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// What begins with these bytes; fvecs have none that tell.
pub(in crate::ingest) fn kind_of_bytes(start: &[u8]) -> Option<Kind> {
    // Four bytes of the magic are told from everything else.
    if start.starts_with(b"\x93NUM") {
        Some(Kind::Npy)
    } else if start.starts_with(b"PAR1") {
        Some(Kind::Parquet)
    } else {
        let (length, rest) = start.split_first_chunk()?;
        let is_header = (2..HEADER_BYTES_MAX).contains(&u64::from_le_bytes(*length));
        (is_header && rest.first() == Some(&b'{')).then_some(Kind::Safetensors)
    }
}

/// Whether a file holds vectors and no documents. A pipe or a device does not: nothing is read of it.
///
/// # Errors
/// [`Error::Io`] when it cannot be read; [`Error::Input`] when its name says that it does and its
/// bytes do not.
pub(in crate::ingest) fn kind(path: &Path) -> Result<Option<Kind>> {
    // The first bytes of a pipe would be lost to its reader.
    if input::is_stream(path)? {
        return Ok(None);
    }
    let io_error = |source| Error::io("read", path.display().to_string(), source);
    let mut start = Vec::new();
    let file = digest::open(path)?;
    file.take(START_BYTES as u64).read_to_end(&mut start).map_err(io_error)?;
    if !start.starts_with(&[0x1f, 0x8b]) && !start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return as_named(path, &start);
    }
    let mut window = Window::new(Input::open(path)?);
    // What cannot be unpacked is the reader's to report.
    while window.bytes().len() < START_BYTES && window.fill().unwrap_or(false) {}
    as_named(path, window.bytes())
}

/// What a file is; refuses one that is not what its name says.
fn as_named(path: &Path, start: &[u8]) -> Result<Option<Kind>> {
    let name = name_of(path);
    let plain = plain_name(&name).to_ascii_lowercase();
    let ending = plain.rsplit_once('.').map(|(_, ending)| ending);
    let found = kind_of_bytes(start);
    let is_marked = matches!(found, Some(Kind::Npy | Kind::Parquet));
    let (what, magic) = match (found, ending) {
        // A dimension and a number may look like the length of a header.
        (_, Some("fvecs")) if !is_marked => return Ok(Some(Kind::Fvecs)),
        (None, Some("npy")) => ("no .npy array", "93 4e 55 4d 50 59 (\\x93NUMPY)"),
        (None, Some("parquet")) => ("no Parquet file", "50 41 52 31 (PAR1)"),
        (None, Some("safetensors")) => {
            ("no safetensors", "of the header's length, of which the last four are 00, and 7b ({)")
        }
        _ => return Ok(found),
    };
    let bytes: Vec<String> =
        start.iter().take(START_BYTES).map(|byte| format!("{byte:02x}")).collect();
    let bytes = if bytes.is_empty() { "nothing".to_owned() } else { bytes.join(" ") };
    let detail = format!("{what}: expected the bytes {magic}, found {bytes}");
    Err(input_error(&path.display().to_string(), "byte 0".into(), detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_arrays_by_their_first_bytes() {
        let header = |length: u64, rest: &[u8]| [&length.to_le_bytes(), rest].concat();
        assert_eq!(kind_of_bytes(b"\x93NUMPY\x01\x00"), Some(Kind::Npy));
        assert_eq!(kind_of_bytes(b"PAR1"), Some(Kind::Parquet));
        assert_eq!(kind_of_bytes(&header(64, b"{\"a")), Some(Kind::Safetensors));
        // A length that begins like XML, and one with a line break.
        assert_eq!(kind_of_bytes(&header(0x3c, b"{}")), Some(Kind::Safetensors));
        assert_eq!(kind_of_bytes(&header(0x0a, b"{}")), Some(Kind::Safetensors));
        for other in [
            header(64, b""),
            header(64, b"["),
            header(0, b"{"),
            header(1 << 40, b"{"),
            b"{\"id\": 1}".to_vec(),
            b"PMID- 1".to_vec(),
        ] {
            assert_eq!(kind_of_bytes(&other), None, "{other:?}");
        }
    }
}
