//! The MeSH vocabulary of a database, as its manifest names it.

use rkyv::{Archive, Deserialize, Serialize};

use crate::format::frame::FileSeal;

/// A MeSH file in place of the vocabulary inside the library; a section of its own in the manifest.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct MeshEntry {
    /// The first 16 bytes of the SHA-256 of its content; in the file's name.
    pub hash: [u8; 16],
    /// Its file.
    pub seal: FileSeal,
}
