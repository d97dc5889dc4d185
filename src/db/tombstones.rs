//! The files that list the deleted rows of segments: written at a commit, read when a generation opens.

use roaring::RoaringBitmap;

use super::commit;
use crate::error::{Error, Result};
use crate::format::frame::FileKind;
use crate::format::manifest::{SegmentEntry, TombstonesEntry};
use crate::format::names::tombstones_name;
use crate::format::rules::Rule;
use crate::format::tombstones;
use crate::ids::Generation;
use crate::storage::{Storage, VerifiedFile, random_id};

/// Writes the deleted rows of a segment as of a generation; returns the manifest's entry and the file.
pub(super) fn write(
    storage: &dyn Storage,
    entry: &SegmentEntry,
    deleted: &RoaringBitmap,
    generation: Generation,
) -> Result<(SegmentEntry, VerifiedFile)> {
    let name = tombstones_name(entry.id, generation);
    let (bytes, seal) = tombstones::encode(deleted, random_id()?)?;
    // Only a writer that died before publishing this generation can have left this name.
    storage.remove(&name)?;
    commit::write_file(storage, &name, &bytes)?;
    let file = commit::check_file(storage, &name, FileKind::Tombstones, &seal)?;
    let rows = u32::try_from(deleted.len()).unwrap_or(u32::MAX);
    let tombstones = Some(TombstonesEntry { generation, seal, rows });
    Ok((SegmentEntry { tombstones, ..entry.clone() }, file))
}

/// Opens the file of a segment's deleted rows, if it has any.
pub(super) fn open(storage: &dyn Storage, entry: &SegmentEntry) -> Result<Option<VerifiedFile>> {
    let Some(stored) = &entry.tombstones else { return Ok(None) };
    let name = tombstones_name(entry.id, stored.generation);
    VerifiedFile::open(storage, &name, FileKind::Tombstones, Some(&stored.seal)).map(Some)
}

/// Reads the rows in a tombstones file, which must be as many as the manifest says.
pub(super) fn read(file: &VerifiedFile, entry: &SegmentEntry) -> Result<RoaringBitmap> {
    let rows = tombstones::decode(file.name(), file.bytes(), entry.rows)?;
    let expected = entry.tombstones.as_ref().map_or(0, |stored| stored.rows);
    if rows.len() != u64::from(expected) {
        return Err(Error::corrupt(
            file.name(),
            0,
            Rule::Count,
            format!("{} rows, the manifest says {expected}", rows.len()),
        ));
    }
    Ok(rows)
}
