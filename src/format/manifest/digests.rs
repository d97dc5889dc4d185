//! What was read of each source file, so that a changed file is not taken for an imported one.
//!
//! The digests stand in a section beside the state, since the state's record may not change. In
//! memory each is part of its [`SourceEntry`].

use rkyv::{Archive, Deserialize, Serialize};

use super::SourceEntry;
use crate::error::{Error, Result};
use crate::format::rules::Rule;

/// What was read of a source file, and where the file lay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SourceDigest {
    /// Bytes read, from the start of the file as it is on disk: all of a file that is complete.
    pub bytes: u64,
    /// SHA-256 of these bytes. Of an array with a list of ids beside it: of the two digests together.
    pub hash: [u8; 32],
    /// The first 16 bytes of the SHA-256 of the file's absolute path.
    pub place: [u8; 16],
}

/// The digests of all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SourceDigests {
    /// One per source, in the order of the manifest.
    pub digests: Vec<Option<SourceDigest>>,
}

impl SourceDigests {
    /// Those of a manifest's sources; `None` when no source has one.
    pub(super) fn of(sources: &[SourceEntry]) -> Option<SourceDigests> {
        let digests: Vec<_> = sources.iter().map(|source| source.digest).collect();
        digests.iter().any(Option::is_some).then_some(SourceDigests { digests })
    }

    /// Gives each source its digest.
    ///
    /// # Errors
    /// [`Rule::Count`] unless there is one digest, or none, per source.
    pub(super) fn attach(self, file: &str, offset: u64, sources: &mut [SourceEntry]) -> Result<()> {
        if self.digests.len() != sources.len() {
            let detail = format!("{} digests of {} sources", self.digests.len(), sources.len());
            return Err(Error::corrupt(file, offset, Rule::Count, detail));
        }
        for (source, digest) in sources.iter_mut().zip(self.digests) {
            source.digest = digest;
        }
        Ok(())
    }
}
