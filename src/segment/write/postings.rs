//! Terms and their rows, while a segment is written.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use roaring::RoaringBitmap;

use super::draft::Draft;
use super::file::SegmentFile;
use super::texts::TextArray;
use crate::error::Result;
use crate::format::postings::{PostingEntry, write_bitmap};
use crate::format::segment::{
    DictionarySections, FIRST_DICTIONARY, MORE_DICTIONARY, SECTION_MORE_TERM_ENDS, SegmentMeta,
};
use crate::format::terms::TermField;

/// What a hash table entry takes besides its text and rows, in bytes.
const ENTRY_BYTES: usize = 64;

/// A quick hash of terms: one multiplication for eight bytes. Its seed is drawn anew for each map, so
/// that nobody can write a file whose terms collide.
#[derive(Clone)]
pub(super) struct TermHash(u64);

impl Default for TermHash {
    fn default() -> TermHash {
        TermHash(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for TermHash {
    type Hasher = TermHasher;

    fn build_hasher(&self) -> TermHasher {
        TermHasher(self.0)
    }
}

/// The state of a hash.
pub(super) struct TermHasher(u64);

impl TermHasher {
    fn mix(&mut self, word: u64) {
        // Both halves of the product: the high one depends on every bit.
        let product = u128::from(self.0 ^ word) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

impl Hasher for TermHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = self.0.wrapping_add(bytes.len() as u64);
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            self.mix(short(rest));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(number.into());
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Up to seven bytes as a number that tells them from all others of their count.
fn short(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The rows of the terms of one field.
type Rows = HashMap<Box<str>, Vec<u32>, TermHash>;

/// The rows of every term, in memory: 4 bytes per row and term.
#[derive(Default)]
pub(in crate::segment) struct Postings {
    fields: [Rows; TermField::FIRST.len() + TermField::MORE.len()],
    memory_bytes: usize,
}

impl Postings {
    /// Adds the terms of a document; rows must ascend.
    pub(in crate::segment) fn push(&mut self, row: u32, draft: &Draft) {
        let Postings { fields, memory_bytes } = self;
        for (field, term) in draft.terms() {
            let Some(terms) = fields.get_mut(field as usize) else { continue };
            match terms.get_mut(term) {
                Some(rows) if rows.last() == Some(&row) => {}
                Some(rows) => {
                    let before = rows.capacity();
                    rows.push(row);
                    *memory_bytes += (rows.capacity() - before) * size_of::<u32>();
                }
                None => {
                    terms.insert(term.into(), vec![row]);
                    *memory_bytes += term.len() + ENTRY_BYTES;
                }
            }
        }
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    pub(in crate::segment) fn write(
        self,
        file: &mut SegmentFile,
        meta: &mut SegmentMeta,
    ) -> Result<()> {
        let mut fields = self.fields.into_iter();
        let mut writer = PostingsWriter::start(file, FIRST_DICTIONARY);
        for (end, terms) in meta.term_ends.iter_mut().zip(fields.by_ref()) {
            *end = write_field(terms, &mut writer)?;
        }
        writer.finish()?;
        let mut writer = PostingsWriter::start(file, MORE_DICTIONARY);
        let mut ends = Vec::new();
        for terms in fields {
            ends.push(write_field(terms, &mut writer)?);
        }
        writer.finish()?;
        file.array(SECTION_MORE_TERM_ENDS, &ends)
    }
}

/// Writes the terms of a field; returns the number of terms so far.
fn write_field(terms: Rows, writer: &mut PostingsWriter<'_>) -> Result<u32> {
    let mut terms: Vec<(Box<str>, Vec<u32>)> = terms.into_iter().collect();
    terms.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    for (term, rows) in terms {
        // Rows ascend, so this cannot fail on them.
        let bitmap = RoaringBitmap::from_sorted_iter(rows).unwrap_or_default();
        writer.term(&term, bitmap)?;
    }
    Ok(writer.terms())
}

/// Writes terms in order, their bitmaps at once.
pub(in crate::segment) struct PostingsWriter<'a> {
    file: &'a mut SegmentFile,
    sections: DictionarySections,
    terms: TextArray,
    entries: Vec<u8>,
    offset: u64,
    scratch: Vec<u8>,
}

impl<'a> PostingsWriter<'a> {
    pub(in crate::segment) fn start(
        file: &'a mut SegmentFile,
        sections: DictionarySections,
    ) -> PostingsWriter<'a> {
        file.section(sections.postings);
        PostingsWriter {
            file,
            sections,
            terms: TextArray::default(),
            entries: Vec::new(),
            offset: 0,
            scratch: Vec::new(),
        }
    }

    /// Terms written so far.
    pub(in crate::segment) fn terms(&self) -> u32 {
        self.terms.len() as u32
    }

    /// Adds a term; a term without rows is left out.
    pub(in crate::segment) fn term(&mut self, term: &str, mut rows: RoaringBitmap) -> Result<()> {
        let Some(first) = rows.min() else { return Ok(()) };
        let count = rows.len() as u32;
        let entry = if count == 1 {
            PostingEntry { offset: u64::from(first), length: 0, count }
        } else {
            self.scratch.clear();
            write_bitmap(&mut rows, &mut self.scratch);
            self.file.write(&self.scratch)?;
            let entry =
                PostingEntry { offset: self.offset, length: self.scratch.len() as u32, count };
            self.offset += self.scratch.len() as u64;
            entry
        };
        self.terms.push(term.as_bytes());
        self.entries.extend_from_slice(&entry.encode());
        Ok(())
    }

    pub(in crate::segment) fn finish(self) -> Result<()> {
        self.terms.write(self.file, self.sections.offsets, self.sections.terms)?;
        self.file.array(self.sections.entries, &self.entries)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn terms_that_differ_in_a_byte_or_in_length_hash_apart() {
        let hash = TermHash::default();
        let mut terms: HashSet<Vec<u8>> = (0..40).map(|length| vec![b'a'; length]).collect();
        for length in 1..20 {
            for at in 0..length {
                for byte in 0..=255 {
                    let mut term = vec![b'a'; length];
                    term[at] = byte;
                    terms.insert(term);
                }
            }
        }
        let hashes: HashSet<u64> = terms.iter().map(|term| hash.hash_one(&term[..])).collect();
        // By chance two of 48,000 are equal once in 16 thousand million runs.
        assert_eq!(hashes.len(), terms.len());
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff).collect();
        assert!(low.len() > 30_000, "{} of {} low halves", low.len(), terms.len());
    }
}
