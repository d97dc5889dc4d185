//! Confirmations while a segment is written: citations that their source had again, unchanged.

use std::collections::BTreeMap;

use super::file::SegmentFile;
use crate::error::Result;
use crate::format::segment::{RevisionEntry, SECTION_CONFIRMED_PMIDS, SECTION_CONFIRMED_REVISIONS};
use crate::ids::{Pmid, Revision};

/// The greatest revision of each citation's confirmations.
#[derive(Default)]
pub(in crate::segment) struct Confirmations(BTreeMap<Pmid, Revision>);

impl Confirmations {
    pub(in crate::segment) fn push(&mut self, pmid: Pmid, revision: Revision) {
        let known = self.0.entry(pmid).or_insert(revision);
        *known = revision.max(*known);
    }

    pub(in crate::segment) fn get(&self, pmid: Pmid) -> Option<Revision> {
        self.0.get(&pmid).copied()
    }

    pub(in crate::segment) fn retain(&mut self, is_kept: impl Fn(Pmid) -> bool) {
        self.0.retain(|pmid, _| is_kept(*pmid));
    }

    pub(in crate::segment) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        self.0.len() * 2 * size_of::<(Pmid, Revision)>()
    }

    pub(in crate::segment) fn write(&self, file: &mut SegmentFile) -> Result<()> {
        let pmids: Vec<u32> = self.0.keys().map(|pmid| pmid.0).collect();
        file.array(SECTION_CONFIRMED_PMIDS, &pmids)?;
        file.section(SECTION_CONFIRMED_REVISIONS);
        let mut revisions = self.0.values();
        revisions.try_for_each(|revision| file.write(&RevisionEntry::from(*revision).encode()))
    }
}
