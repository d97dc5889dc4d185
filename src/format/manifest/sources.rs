//! The source files that were imported, and what was read of each, so that a changed file is not taken for
//! an imported one.
//!
//! The digests stand in a section beside the state, since the state's record may not change. In
//! memory each is part of its [`SourceEntry`].

use rkyv::{Archive, Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::format::rules::Rule;

/// A source file that was imported, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SourceEntry {
    /// File name without its folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its first 64 KiB, cut to 16 bytes.
    pub head: [u8; 16],
    /// Records (documents and deletions) committed so far.
    pub records: u64,
    /// Whether its end was reached.
    pub complete: bool,
    /// What was read of it; `None` where the writer was of format 1.0. Stored in a section of its own.
    #[rkyv(with = rkyv::with::Skip)]
    pub digest: Option<SourceDigest>,
}

impl SourceEntry {
    /// Whether this entry takes the place of `other`: both are about one file of one folder. A file
    /// of which the folder is not known is the one of the same name, size and beginning.
    pub fn replaces(&self, other: &SourceEntry) -> bool {
        let is_alike = self.bytes == other.bytes && self.head == other.head;
        self.name == other.name
            && match (&self.digest, &other.digest) {
                (Some(own), Some(others)) => own.place == others.place,
                (Some(_), None) => true,
                (None, _) => is_alike,
            }
    }

    /// The same file, of which nothing counts as read.
    pub(crate) fn unread(&self) -> SourceEntry {
        let nothing = Sha256::digest([]).into();
        let digest = self.digest.map(|digest| SourceDigest { bytes: 0, hash: nothing, ..digest });
        SourceEntry { records: 0, complete: false, digest, ..self.clone() }
    }
}

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
