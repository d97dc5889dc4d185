//! Which sources must be read again: the manifest says that they were read, and something that they brought is lost.
//!
//! What a row's revision says, or a later confirmation of its key, is the file that has the record. Where that cannot be
//! read, it may be any file. Vectors may come from other files than texts.

use std::collections::BTreeSet;

use roaring::RoaringBitmap;

use super::damage::or_damage;
use super::sources::{Source, Sources, readable_key};
use crate::encoder::EncoderSpec;
use crate::error::Result;
use crate::format::manifest::{Manifest, SourceEntry, VectorConfig};
use crate::ids::{Revision, RowId, file_number};
use crate::segment::{Segment, newest_confirmation};

/// What a source counts as that has no number in NLM's series.
const OTHER: u32 = 0;

/// The sources of what is lost.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// By the numbers that revisions hold.
    files: BTreeSet<u32>,
    /// Whether any source may be one.
    is_unknown: bool,
}

impl Unread {
    /// Adds what is lost of a damaged segment: its rows but those that were deleted or are saved whole, and what it
    /// says of documents elsewhere.
    pub(super) fn add(
        &mut self,
        sources: &Sources,
        source: &Source,
        deleted: &RoaringBitmap,
        whole: &RoaringBitmap,
    ) -> Result<()> {
        let Some(segment) = &source.segment else {
            self.is_unknown = true;
            return Ok(());
        };
        self.is_unknown |= loses_marks(segment)?;
        for row in (0..source.entry.rows).filter(|row| !deleted.contains(*row)) {
            if self.is_unknown {
                break;
            }
            // Without its revision, a row that is saved is not what its file brought either.
            let Ok(revision) = or_damage(segment.revision(RowId(row)))? else {
                self.is_unknown = true;
                break;
            };
            if whole.contains(row) {
                continue;
            }
            match confirmed(sources, segment, RowId(row))? {
                Some(confirmed) => {
                    self.files.insert(revision.max(confirmed).file);
                }
                None => self.is_unknown = true,
            }
            if has_given_vectors(&sources.base) {
                self.files.insert(OTHER);
            }
        }
        Ok(())
    }

    /// Notes that nothing of these sources counts as read. Returns their names.
    pub(super) fn note(&self, entries: &mut [SourceEntry]) -> Vec<String> {
        let is_one = |entry: &&mut SourceEntry| {
            let file = file_number(&entry.name).unwrap_or(OTHER);
            entry.records > 0 && (self.is_unknown || self.files.contains(&file))
        };
        let again = entries.iter_mut().filter(is_one);
        let noted = again.map(|entry| {
            *entry = entry.unread();
            entry.name.clone()
        });
        noted.collect()
    }
}

/// Whether vectors came from files, and not from an encoder that makes them again with the texts.
fn has_given_vectors(base: &Manifest) -> bool {
    let is_given =
        |config: &VectorConfig| config.encoder.as_ref().is_none_or(EncoderSpec::is_precomputed);
    base.vectors.as_ref().is_some_and(is_given)
}

/// Whether deletion marks or confirmations of a segment cannot be read.
fn loses_marks(segment: &Segment) -> Result<bool> {
    for mark in segment.deletes() {
        if or_damage(mark)?.is_err() {
            return Ok(true);
        }
    }
    let Ok(confirmations) = or_damage(segment.confirmations())? else { return Ok(true) };
    for confirmation in confirmations {
        if or_damage(confirmation)?.is_err() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The revision at which a source had the document of a row again, the default one for none; `None` where that
/// cannot be known.
fn confirmed(sources: &Sources, segment: &Segment, row: RowId) -> Result<Option<Revision>> {
    let segments = || sources.segments.iter().filter_map(|source| source.segment.as_ref());
    if !segments().any(Segment::has_confirmations) {
        return Ok(Some(Revision::default()));
    }
    let Some(key) = readable_key(segment, row)? else { return Ok(None) };
    let found = or_damage(newest_confirmation(segments(), &key))?.ok();
    Ok(found.map(Option::unwrap_or_default))
}
