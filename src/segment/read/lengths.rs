//! Whether the sections of a segment are there, as long as the counts of its meta record ask for.

use crate::error::{Error, Result};
use crate::format::blocks::blocks_bytes;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::storage::VerifiedFile;

/// Compares every section's length with the counts, without touching the sections.
pub(super) fn check_lengths(file: &VerifiedFile, meta: &SegmentMeta) -> Result<()> {
    let at = file.required(SECTION_META)?.offset;
    let lengths = meta
        .section_lengths()
        .map_err(|detail| Error::corrupt(file.name(), at, Rule::SegmentMeta, detail))?;
    for (kind, expected) in lengths {
        let section = file.required(kind)?;
        if section.length != expected {
            return Err(Error::corrupt(
                file.name(),
                section.offset,
                Rule::SegmentMeta,
                format!("section {kind} has {} bytes, expected {expected}", section.length),
            ));
        }
    }
    if let Some(section) = file.section(SECTION_VECTOR_SUM) {
        let dimension = meta.vectors.as_ref().map_or(0, |vectors| vectors.dimension);
        if section.length != u64::from(dimension) * 8 {
            let detail = format!("a sum of {} bytes for {dimension} numbers", section.length);
            return Err(Error::corrupt(file.name(), section.offset, Rule::SegmentMeta, detail));
        }
    }
    check_confirmations(file)?;
    check_copies(file, meta)?;
    for (kind, _) in NAMES.iter().filter(|(kind, _)| !OPTIONAL.contains(kind)) {
        file.required(*kind)?;
    }
    Ok(())
}

/// Compares the lengths of the two sections of confirmations with each other.
///
/// # Errors
/// [`Rule::SectionMissing`] where only one is there; [`Rule::SegmentMeta`].
fn check_confirmations(file: &VerifiedFile) -> Result<()> {
    let sections = [SECTION_CONFIRMED_PMIDS, SECTION_CONFIRMED_REVISIONS];
    if sections.iter().all(|kind| file.section(*kind).is_none()) {
        return Ok(());
    }
    let [pmids, revisions] = sections.map(|kind| file.required(kind));
    let (pmids, revisions) = (pmids?, revisions?);
    let count = pmids.length / 4;
    if pmids.length % 4 == 0
        && Some(revisions.length) == count.checked_mul(RevisionEntry::SIZE as u64)
    {
        return Ok(());
    }
    let detail = format!(
        "{} bytes of revisions for {} bytes of confirmed PMIDs",
        revisions.length, pmids.length
    );
    Err(Error::corrupt(file.name(), pmids.offset, Rule::SegmentMeta, detail))
}

/// Compares the lengths of the sections of copies with the counts.
///
/// # Errors
/// [`Rule::SectionMissing`] where only some are there; [`Rule::SegmentMeta`].
fn check_copies(file: &VerifiedFile, meta: &SegmentMeta) -> Result<()> {
    if SPILLED.iter().all(|kind| file.section(*kind).is_none()) {
        return Ok(());
    }
    let (rows, index) = match (&meta.vectors, &meta.index) {
        (Some(vectors), Some(index)) => (u64::from(vectors.count), Some(index)),
        _ => (0, None),
    };
    let expected = index.map_or([0; SPILLED.len()], |index| {
        let offsets = (u64::from(index.lists) + 1) * 4;
        [offsets, rows * 4, blocks_bytes(rows, index.sub_quantizers), rows * 2]
    });
    for (kind, expected) in SPILLED.iter().zip(expected) {
        let section = file.required(*kind)?;
        if section.length != expected || index.is_none() {
            let detail =
                format!("section {kind} has {} bytes, expected {expected}", section.length);
            return Err(Error::corrupt(file.name(), section.offset, Rule::SegmentMeta, detail));
        }
    }
    Ok(())
}
