//! Deletion marks while a segment is written: keys of any segment that a source deleted.

use std::collections::BTreeMap;

use super::file::SegmentFile;
use super::texts::TextArray;
use crate::error::Result;
use crate::format::segment::{
    RevisionEntry, SECTION_DELETE_PMID_REVISIONS, SECTION_DELETE_PMIDS,
    SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXT_REVISIONS, SECTION_DELETE_TEXTS, SegmentMeta,
};
use crate::ids::{Key, Revision};

/// The greatest revision of each key's marks.
#[derive(Default)]
pub(in crate::segment) struct DeletionMarks {
    marks: BTreeMap<Key, Revision>,
    text_bytes: usize,
}

impl DeletionMarks {
    pub(in crate::segment) fn push(&mut self, key: &Key, revision: Revision) {
        if let Some(known) = self.marks.get_mut(key) {
            *known = revision.max(*known);
            return;
        }
        if let Key::Text(text) = key {
            self.text_bytes += text.len();
        }
        self.marks.insert(key.clone(), revision);
    }

    pub(in crate::segment) fn len(&self) -> usize {
        self.marks.len()
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        self.marks.len() * 2 * size_of::<(Key, Revision)>() + self.text_bytes
    }

    pub(in crate::segment) fn write(
        self,
        file: &mut SegmentFile,
        meta: &mut SegmentMeta,
    ) -> Result<()> {
        let mut pmids: Vec<u32> = Vec::new();
        let mut texts = TextArray::default();
        let [mut pmid_revisions, mut text_revisions] = [Vec::new(), Vec::new()];
        for (key, revision) in &self.marks {
            let entry = RevisionEntry::from(*revision).encode();
            match key {
                Key::Pmid(pmid) => {
                    pmids.push(pmid.0);
                    pmid_revisions.extend_from_slice(&entry);
                }
                Key::Text(text) => {
                    texts.push(text.as_bytes());
                    text_revisions.extend_from_slice(&entry);
                }
            }
        }
        meta.pmid_deletes = pmids.len() as u32;
        meta.text_deletes = texts.len() as u32;
        file.array(SECTION_DELETE_PMIDS, &pmids)?;
        file.array(SECTION_DELETE_PMID_REVISIONS, &pmid_revisions)?;
        texts.write(file, SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXTS)?;
        file.array(SECTION_DELETE_TEXT_REVISIONS, &text_revisions)
    }
}
