//! Confirmations: which citations a source had again, unchanged, as of which revision.

use super::segment::Segment;
use crate::error::Result;
use crate::format::segment::*;
use crate::ids::{Key, Pmid, Revision};

impl Segment {
    /// The revision of the confirmation of a key, if it has one. Cost: a binary search.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn confirmation(&self, key: &Key) -> Result<Option<Revision>> {
        let (Key::Pmid(pmid), true) = (key, self.has_confirmations()) else { return Ok(None) };
        let place = self.confirmed_pmids()?.binary_search(&pmid.0).ok();
        let revision = |place| self.revision_at(SECTION_CONFIRMED_REVISIONS, place as u32);
        place.map(revision).transpose()
    }

    /// Every confirmation, in order of PMIDs.
    ///
    /// # Errors
    /// As [`Segment::confirmation`].
    pub fn confirmations(&self) -> Result<impl Iterator<Item = Result<(Pmid, Revision)>> + '_> {
        let pmids = if self.has_confirmations() { self.confirmed_pmids()? } else { &[] };
        let revision = |place| self.revision_at(SECTION_CONFIRMED_REVISIONS, place);
        Ok((0..).zip(pmids).map(move |(place, pmid)| Ok((Pmid(*pmid), revision(place)?))))
    }

    /// Whether there is any.
    pub fn has_confirmations(&self) -> bool {
        self.shared.has_confirmations
    }

    pub(in crate::segment) fn confirmed_pmids(&self) -> Result<&[u32]> {
        let count = self.section(SECTION_CONFIRMED_PMIDS)?.length / 4;
        self.array(SECTION_CONFIRMED_PMIDS, count as usize)
    }
}

/// The greatest revision of a key's confirmations in some segments. Cost: a binary search in each that has any.
///
/// # Errors
/// As [`Segment::confirmation`].
pub(crate) fn newest_confirmation<'a>(
    segments: impl Iterator<Item = &'a Segment>,
    key: &Key,
) -> Result<Option<Revision>> {
    let mut newest = None;
    for segment in segments {
        newest = newest.max(segment.confirmation(key)?);
    }
    Ok(newest)
}
