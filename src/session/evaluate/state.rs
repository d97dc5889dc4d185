//! What the rankings of an approach depend on.

use sha2::{Digest, Sha256};

use super::settings::{Approach, EvaluateSettings};
use crate::session::Session;
use crate::session::error::SessionResult;

/// A digest of all that rankings depend on but the texts of queries. Cost: with a cross-encoder, one read of its folder.
///
/// # Errors
/// As [`Session::encoder`]; [`Error::Io`](crate::Error::Io) for the cross-encoder.
pub(super) fn state(
    session: &Session,
    approach: Approach,
    settings: &EvaluateSettings,
) -> SessionResult<[u8; 32]> {
    let snapshot = session.snapshot();
    let mut digest = Sha256::new();
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(&snapshot.manifest().database_id);
    add(snapshot.generation().to_string().as_bytes());
    add(approach.name().as_bytes());
    add(settings.depth.to_string().as_bytes());
    if approach.needs_vectors() {
        add(&session.encoder()?.spec().fingerprint().0);
    }
    #[cfg(feature = "bert")]
    if approach == Approach::Reranked {
        add(&digest_of(&session.reranker_folder()?)?);
    }
    Ok(digest.finalize().into())
}

/// A digest of the files of a model folder.
#[cfg(feature = "bert")]
fn digest_of(folder: &std::path::Path) -> crate::error::Result<[u8; 32]> {
    use crate::error::Error;

    let failed = |source| Error::io("read", folder.display().to_string(), source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    let mut digest = Sha256::new();
    for path in &files {
        digest.update(crate::ingest::digest_of_file(path)?.1);
        digest.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        digest.update([0]);
    }
    Ok(digest.finalize().into())
}
