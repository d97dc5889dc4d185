//! Which rows are live: the newest edition of each key.
//!
//! A writer gives every new edition a segment of a greater number, or a later row. So the editions of a key are in
//! order of segment and row, but for one case: a merge that was built beside the writer carries, as a deleted row, what
//! was replaced meanwhile, in a segment of a greater number than that of the newer edition. A row is dead when
//!
//! - its own segment has a later row of its key;
//! - a later segment has its key live; a greater revision wins, where one stands in an earlier segment;
//! - its list of deleted rows is lost, and a later segment has its key at all, at no lower revision: that row replaced it;
//! - its list of deleted rows is lost, and its key was deleted at a greater revision.
//!
//! What a readable list leaves is live whatever else the same manifest names: rows of its key in other segments
//! are older editions. What was deleted without any of these traces comes back, and is counted.

use roaring::RoaringBitmap;

use super::damage::or_damage;
use super::report::RepairReport;
use super::sources::{Source, Sources, readable_key};
use crate::error::Result;
use crate::ids::{Key, Revision, RowId};

/// The deleted rows of each source, in the order of the sources.
pub(super) struct Rows {
    pub(super) deleted: Vec<RoaringBitmap>,
}

impl Rows {
    pub(super) fn settle(sources: &Sources, report: &mut RepairReport) -> Result<Rows> {
        let all = &sources.segments;
        let mut deleted: Vec<RoaringBitmap> =
            all.iter().map(|source| source.deleted.clone()).collect();
        // From the newest on, so that what later segments have live is known.
        for (place, source) in all.iter().enumerate().rev() {
            let Some(segment) = &source.segment else { continue };
            for row in (0..source.entry.rows).filter(|row| !source.deleted.contains(*row)) {
                let key = match source.is_damaged() {
                    true => readable_key(segment, RowId(row))?,
                    false => Some(segment.key(RowId(row))?),
                };
                // Nothing can be saved of a row that has no key.
                let Some(key) = key else { continue };
                if source.find(&key)? != Some(RowId(row)) {
                    report.duplicates += u64::from(!source.is_uncertain && !source.is_damaged());
                    mark(&mut deleted, place, row);
                    continue;
                }
                match later_edition(all, &deleted, place, &key, RowId(row))? {
                    Edition::This => {}
                    Edition::Later { is_live } => {
                        report.duplicates += u64::from(is_live && !source.is_uncertain);
                        mark(&mut deleted, place, row);
                    }
                    Edition::Other(other, row) => {
                        report.duplicates +=
                            u64::from(all.get(other).is_some_and(|other| other.has_list));
                        mark(&mut deleted, other, row.0);
                    }
                }
            }
        }
        Ok(Rows { deleted })
    }
}

fn mark(deleted: &mut [RoaringBitmap], place: usize, row: u32) {
    if let Some(deleted) = deleted.get_mut(place) {
        deleted.insert(row);
    }
}

/// Which edition of a key counts.
enum Edition {
    /// The row that was asked about.
    This,
    /// One in a later segment.
    Later { is_live: bool },
    /// The row that was asked about is newer than this row of a later segment, which is not known to be deleted.
    Other(usize, RowId),
}

fn later_edition(
    all: &[Source],
    deleted: &[RoaringBitmap],
    place: usize,
    key: &Key,
    row: RowId,
) -> Result<Edition> {
    let Some(source) = all.get(place) else { return Ok(Edition::This) };
    for (other, later) in all.iter().enumerate().skip(place + 1) {
        let Some(found) = later.find(key)? else { continue };
        let is_live = deleted.get(other).is_some_and(|deleted| !deleted.contains(found.0));
        // One manifest names both, and leaves this row: the other one was deleted then, whether its list says so or is lost.
        match source.has_list && !later.is_adopted {
            true if !is_live => continue,
            true if !later.has_list => return Ok(Edition::Other(other, found)),
            _ => {}
        }
        let (own, others) = (revision(source, row)?, revision(later, found)?);
        if is_live && own > others {
            return Ok(Edition::Other(other, found));
        }
        // A deleted row was this one's next edition, or a merge carries it as an older one.
        let replaced = own < others || own == others && !source.has_list;
        if is_live || source.is_uncertain && replaced {
            return Ok(Edition::Later { is_live });
        }
    }
    if source.is_uncertain {
        let own = revision(source, row)?;
        for other in all.iter().filter_map(|other| other.segment.as_ref()) {
            let mark = or_damage(other.find_delete(key))?.ok().flatten();
            if mark.is_some_and(|mark| mark > own) {
                return Ok(Edition::Later { is_live: false });
            }
        }
    }
    Ok(Edition::This)
}

fn revision(source: &Source, row: RowId) -> Result<Revision> {
    let Some(segment) = &source.segment else { return Ok(Revision::default()) };
    Ok(or_damage(segment.revision(row))?.unwrap_or_default())
}
