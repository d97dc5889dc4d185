//! The hash that files are named after whose name says what they hold: codebooks and MeSH vocabularies; and hashes
//! in words.

use sha2::{Digest, Sha256};

/// The first 16 bytes of the SHA-256 of every section's kind, length and bytes, in this order.
pub(crate) fn content_hash(sections: &[(u32, &[u8])]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for (kind, bytes) in sections {
        hash.update(kind.to_le_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().copied().unwrap_or_default()
}

/// Two lower-case hexadecimal digits per byte.
#[cfg(any(feature = "ingest", feature = "download"))]
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
