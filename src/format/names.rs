//! Names of the files in a database directory (`format-spec/01-directory.md`).
//!
//! A number in a name is decimal, with zeros in front up to eight digits and none beyond, so that
//! every file has exactly one name and a directory listing sorts by age.

use crate::ids::{Generation, SegmentId};
use crate::limits::NUMBER_MAX;

/// The writer lock; empty, never removed.
pub const LOCK: &str = "LOCK";

/// The lock of maintenance beside the writer; empty, never removed.
pub const BUILD_LOCK: &str = "LOCK-build";

/// A manifest that is being written; ignored by readers, removed by the next writer.
pub const TEMPORARY_MANIFEST: &str = "tmp-manifest";

/// A file that is being copied from elsewhere; ignored by readers, removed by the next writer.
pub const TEMPORARY_COPY: &str = "tmp-copy";

/// Digits of a number in a name, at least.
const DIGITS_MIN: usize = 8;

/// A file name of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// [`LOCK`].
    Lock,
    /// [`BUILD_LOCK`].
    BuildLock,
    /// [`TEMPORARY_MANIFEST`].
    TemporaryManifest,
    /// [`TEMPORARY_COPY`].
    TemporaryCopy,
    /// `manifest-<generation>`.
    Manifest(Generation),
    /// `segment-<id>`.
    Segment(SegmentId),
    /// `tombstones-<segment>-<generation>`.
    Tombstones(SegmentId, Generation),
    /// `codebook-<content hash>`.
    Codebook([u8; 16]),
    /// `mesh-<content hash>`.
    Mesh([u8; 16]),
    /// `committed-<generation>-<next segment>`.
    Committed(Generation, SegmentId),
    /// `repair-<generation>`.
    Repair(Generation),
    /// `building-<random number>`.
    Building([u8; 16]),
}

/// The manifest of a generation.
pub fn manifest_name(generation: Generation) -> String {
    format!("manifest-{generation}")
}

/// The file of a segment.
pub fn segment_name(id: SegmentId) -> String {
    format!("segment-{id}")
}

/// The deleted rows of a segment as of a generation.
pub fn tombstones_name(id: SegmentId, generation: Generation) -> String {
    format!("tombstones-{id}-{generation}")
}

/// The codebook with this content.
pub fn codebook_name(hash: [u8; 16]) -> String {
    format!("codebook-{:032x}", u128::from_be_bytes(hash))
}

/// The MeSH vocabulary with this content.
pub fn mesh_name(hash: [u8; 16]) -> String {
    format!("mesh-{:032x}", u128::from_be_bytes(hash))
}

/// The empty file that remembers a commit, and the first segment number after it.
pub fn committed_name(generation: Generation, next_segment: SegmentId) -> String {
    format!("committed-{generation}-{next_segment}")
}

/// The record of the repair that published a generation.
pub fn repair_name(generation: Generation) -> String {
    format!("repair-{generation}")
}

/// A file that is being built beside the writer; it gets its own name when it is published.
pub fn building_name(random: [u8; 16]) -> String {
    format!("building-{:032x}", u128::from_be_bytes(random))
}

/// What a name says, or `None` for a name that is not of this format: such files are ignored.
pub fn parse(name: &str) -> Option<Name> {
    if name == LOCK {
        return Some(Name::Lock);
    }
    if name == BUILD_LOCK {
        return Some(Name::BuildLock);
    }
    if name == TEMPORARY_MANIFEST {
        return Some(Name::TemporaryManifest);
    }
    if name == TEMPORARY_COPY {
        return Some(Name::TemporaryCopy);
    }
    let (kind, numbers) = name.split_once('-')?;
    match kind {
        "manifest" => Some(Name::Manifest(generation(numbers)?)),
        "segment" => Some(Name::Segment(SegmentId(number(numbers)?))),
        "tombstones" => {
            let (segment, since) = numbers.split_once('-')?;
            Some(Name::Tombstones(SegmentId(number(segment)?), generation(since)?))
        }
        "codebook" => hash(numbers).map(Name::Codebook),
        "mesh" => hash(numbers).map(Name::Mesh),
        "committed" => {
            let (committed, next) = numbers.split_once('-')?;
            Some(Name::Committed(generation(committed)?, SegmentId(number(next)?)))
        }
        "repair" => Some(Name::Repair(generation(numbers)?)),
        "building" => hash(numbers).map(Name::Building),
        _ => None,
    }
}

/// 32 lower-case hexadecimal digits.
fn hash(text: &str) -> Option<[u8; 16]> {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let canonical = text.len() == 32 && text.bytes().all(digit);
    canonical.then(|| u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)).flatten()
}

fn generation(text: &str) -> Option<Generation> {
    number(text).filter(|number| *number > 0).map(Generation)
}

fn number(text: &str) -> Option<u64> {
    let canonical = text.len() == DIGITS_MIN || text.len() > DIGITS_MIN && !text.starts_with('0');
    if canonical && text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok().filter(|number| *number <= NUMBER_MAX)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_a_round_trip() {
        for number in [1, 42, 99_999_999, 100_000_000, NUMBER_MAX] {
            let (id, generation) = (SegmentId(number), Generation(number));
            assert_eq!(parse(&manifest_name(generation)), Some(Name::Manifest(generation)));
            assert_eq!(parse(&segment_name(id)), Some(Name::Segment(id)));
            assert_eq!(
                parse(&tombstones_name(id, Generation(7))),
                Some(Name::Tombstones(id, Generation(7)))
            );
            assert_eq!(
                parse(&committed_name(generation, SegmentId(7))),
                Some(Name::Committed(generation, SegmentId(7)))
            );
            assert_eq!(parse(&repair_name(generation)), Some(Name::Repair(generation)));
            let hash = u128::from(number).to_be_bytes();
            assert_eq!(parse(&codebook_name(hash)), Some(Name::Codebook(hash)));
            assert_eq!(parse(&mesh_name(hash)), Some(Name::Mesh(hash)));
            assert_eq!(parse(&building_name(hash)), Some(Name::Building(hash)));
        }
        assert_eq!(manifest_name(Generation(42)), "manifest-00000042");
        assert_eq!(parse("segment-00000000"), Some(Name::Segment(SegmentId(0))));
        assert_eq!(parse(LOCK), Some(Name::Lock));
        assert_eq!(parse(BUILD_LOCK), Some(Name::BuildLock));
        assert_eq!(parse(TEMPORARY_MANIFEST), Some(Name::TemporaryManifest));
        assert_eq!(parse(TEMPORARY_COPY), Some(Name::TemporaryCopy));
    }

    #[test]
    fn a_number_has_one_spelling() {
        for name in [
            "manifest-1",
            "manifest-000000001",
            "manifest-00000000",
            "manifest-+0000001",
            "manifest-0000000a",
            "manifest-00000001.bak",
            "manifest-18446744073709551616",
            "segment-0000001",
            "segment-00000001-00000001",
            "tombstones-00000001",
            "tombstones-00000001-00000000",
            "Manifest-00000001",
            "lock",
            "",
        ] {
            assert_eq!(parse(name), None, "{name}");
        }
    }
}
