//! The vocabulary inside the library: MeSH 2024.

use std::sync::OnceLock;

use super::vocabulary::Vocabulary;
use crate::error::{Error, Result};

/// A MeSH file under zstd. Courtesy of the U.S. National Library of Medicine; see `PROVENANCE.md` beside it.
const FILE: &[u8] = include_bytes!("../../samples/mesh/mesh2024.zst");

/// More than the file has, unpacked.
const BYTES_MAX: usize = 64 << 20;

/// MeSH 2024: descriptors, entry terms, tree numbers, qualifiers and pharmacological actions. It has no
/// supplementary concepts but those with an action, and does not say which qualifiers go with which descriptor.
///
/// Cost: the first call of a process unpacks it; about 20 MB of memory from then on.
///
/// # Errors
/// [`Error::Corrupt`] for a build whose copy is damaged.
pub fn builtin() -> Result<&'static Vocabulary> {
    static VOCABULARY: OnceLock<Vocabulary> = OnceLock::new();
    if let Some(vocabulary) = VOCABULARY.get() {
        return Ok(vocabulary);
    }
    let bytes = zstd::bulk::decompress(FILE, BYTES_MAX)
        .map_err(|source| Error::io("unpack", "the built-in MeSH", source))?;
    let vocabulary = Vocabulary::open("the built-in MeSH", &bytes)?;
    Ok(VOCABULARY.get_or_init(|| vocabulary))
}
