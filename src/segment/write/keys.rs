//! Keys of rows and the index from key to row, while a segment is written.

use super::file::SegmentFile;
use super::texts::TextArray;
use crate::error::Result;
use crate::format::segment::{
    SECTION_KEY_PMID_ROWS, SECTION_KEY_PMIDS, SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXT_ROWS,
    SECTION_KEY_TEXTS, SECTION_ROW_PMIDS, SECTION_ROW_TEXTS, SegmentMeta,
};
use crate::ids::Key;

/// Keys in order of rows. Memory: 4 bytes per row, and the string keys.
#[derive(Default)]
pub(in crate::segment) struct Keys {
    row_pmids: Vec<u32>,
    texts: Vec<(Box<str>, u32)>,
    text_bytes: usize,
}

impl Keys {
    pub(in crate::segment) fn push(&mut self, key: &Key) {
        let row = self.row_pmids.len() as u32;
        match key {
            Key::Pmid(pmid) => self.row_pmids.push(pmid.0),
            Key::Text(text) => {
                self.row_pmids.push(0);
                self.text_bytes += text.len();
                self.texts.push((text.as_str().into(), row));
            }
        }
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        // Pairs for sorting by PMID come on top when the segment is written.
        self.row_pmids.capacity() * 12
            + self.texts.capacity() * size_of::<(Box<str>, u32)>()
            + self.text_bytes
    }

    pub(in crate::segment) fn write(
        mut self,
        file: &mut SegmentFile,
        meta: &mut SegmentMeta,
    ) -> Result<()> {
        file.array(SECTION_ROW_PMIDS, &self.row_pmids)?;
        let (pmids, rows) = last_rows(&self.row_pmids);
        meta.pmid_keys = pmids.len() as u32;
        file.array(SECTION_KEY_PMIDS, &pmids)?;
        file.array(SECTION_KEY_PMID_ROWS, &rows)?;
        drop((pmids, rows));

        self.texts.sort_unstable();
        let mut index = TextArray::default();
        let mut rows: Vec<u32> = Vec::new();
        let mut row_texts =
            if self.texts.is_empty() { Vec::new() } else { vec![0u32; self.row_pmids.len()] };
        let mut last: Option<&str> = None;
        for (text, row) in &self.texts {
            if last == Some(text) {
                // The same key again, at a later row: the index names the last one.
                rows.pop();
            } else {
                index.push(text.as_bytes());
                last = Some(text);
            }
            rows.push(*row);
            if let Some(ordinal) = row_texts.get_mut(*row as usize) {
                *ordinal = rows.len() as u32 - 1;
            }
        }
        meta.text_keys = rows.len() as u32;
        index.write(file, SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS)?;
        file.array(SECTION_KEY_TEXT_ROWS, &rows)?;
        file.array(SECTION_ROW_TEXTS, &row_texts)
    }
}

/// The distinct PMIDs, ascending, and the last row of each.
fn last_rows(row_pmids: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut pairs: Vec<(u32, u32)> =
        row_pmids.iter().copied().zip(0u32..).filter(|(pmid, _)| *pmid != 0).collect();
    // By PMID, then by row: of equal PMIDs the last row comes last, and is the one that stays.
    pairs.sort_unstable();
    let mut pmids: Vec<u32> = Vec::with_capacity(pairs.len());
    let mut rows: Vec<u32> = Vec::with_capacity(pairs.len());
    for (pmid, row) in pairs {
        if pmids.last() == Some(&pmid) {
            rows.pop();
        } else {
            pmids.push(pmid);
        }
        rows.push(row);
    }
    (pmids, rows)
}
