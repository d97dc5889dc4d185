//! The lexical index of an open segment.

use std::ops::Range;

use super::segment::Segment;

use crate::error::{Error, Result};
use crate::format::cursor;
use crate::format::lexical::{
    Broken, Decoded, FormCoding, LexicalField, LexicalMeta, LexicalSection, ListCoding, ListInfo,
    PartLengths, PostingCursor, Selection, TermBlock, TermEntry, TermIndexEntry, TermReader,
    Wanted, Word, decode_list, form_coding, parts_at, visit_positions, visit_rows,
};
use crate::format::rules::Rule;
use crate::format::segment::lexical_kind;

/// Where the sections of a lexical index are read from.
pub(in crate::segment) trait LexicalBytes: Sync {
    /// Bytes of a section, checked.
    fn read(&self, section: LexicalSection, range: Range<u64>) -> Result<&[u8]>;

    /// Bytes that a section has.
    fn length(&self, section: LexicalSection) -> u64;

    /// Damage at an offset in a section.
    fn corrupt(&self, section: LexicalSection, offset: u64, rule: Rule, detail: String) -> Error;
}

impl LexicalBytes for Segment {
    fn read(&self, section: LexicalSection, range: Range<u64>) -> Result<&[u8]> {
        let section = self.section(lexical_kind(section))?;
        self.shared.file.read(&section, range)
    }

    fn length(&self, section: LexicalSection) -> u64 {
        self.shared.file.section(lexical_kind(section)).map_or(0, |section| section.length)
    }

    fn corrupt(&self, section: LexicalSection, offset: u64, rule: Rule, detail: String) -> Error {
        Segment::corrupt(self, lexical_kind(section), offset, rule, detail)
    }
}

impl Segment {
    /// The lexical index, if the segment has one that this version can read.
    pub(crate) fn lexical(&self) -> Option<LexicalIndex<'_>> {
        let meta = self.shared.lexical?;
        Some(LexicalIndex { source: self, meta, rows: self.rows() })
    }
}

/// A list, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    /// Its number.
    pub(crate) number: u32,
    /// Its size.
    pub(crate) info: ListInfo,
    start: u64,
}

impl List {
    /// Bytes that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        u64::from(self.info.postings_bytes) + u64::from(self.info.positions_bytes)
    }
}

/// A lexical index, read where it lies and checked as it is read.
#[derive(Clone, Copy)]
pub(crate) struct LexicalIndex<'a> {
    source: &'a dyn LexicalBytes,
    meta: LexicalMeta,
    rows: u32,
}

impl<'a> LexicalIndex<'a> {
    pub(in crate::segment) fn new(
        source: &'a dyn LexicalBytes,
        meta: LexicalMeta,
        rows: u32,
    ) -> LexicalIndex<'a> {
        LexicalIndex { source, meta, rows }
    }

    pub(crate) fn meta(&self) -> &LexicalMeta {
        &self.meta
    }

    /// Rows of the segment.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    pub(crate) fn has_positions(&self) -> bool {
        self.meta.positions == 1
    }

    /// How forms are coded.
    fn form_coding(&self) -> FormCoding {
        // A segment with a version that has none is read as one without an index.
        form_coding(self.meta.version).unwrap_or(FormCoding::Rows)
    }

    fn blame(&self, section: LexicalSection, base: u64, broken: Broken) -> Error {
        let offset = base.saturating_add(broken.offset);
        self.source.corrupt(section, offset, broken.rule, broken.detail)
    }

    /// Bytes of all lists.
    pub(in crate::segment) fn list_bytes(&self) -> u64 {
        self.source.length(LexicalSection::Lists)
    }

    /// The length code of every row.
    pub(crate) fn lengths(&self) -> Result<&'a [u8]> {
        self.source.read(LexicalSection::Lengths, 0..u64::from(self.rows))
    }

    /// The parts of the rows of a block, from `PART_BLOCK_ROWS * block` on.
    pub(crate) fn parts(&self, block: u32) -> Result<Vec<PartLengths>> {
        let at = u64::from(block) * 8;
        let index = self.source.read(LexicalSection::PartIndex, at..at + 16)?;
        let ends: [u64; 2] = match index.first_chunk::<16>() {
            Some(bytes) => {
                let number = |at: usize| {
                    let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
                    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
                };
                [number(0), number(8)]
            }
            None => [0; 2],
        };
        let [start, end] = ends;
        if start > end || end > self.source.length(LexicalSection::Parts) {
            let detail = format!("a block of parts from {start} to {end}");
            return Err(self.source.corrupt(
                LexicalSection::PartIndex,
                at,
                Rule::OffsetBounds,
                detail,
            ));
        }
        let bytes = self.source.read(LexicalSection::Parts, start..end)?;
        parts_at(bytes).map_err(|broken| self.blame(LexicalSection::Parts, start, broken))
    }

    /// Whether the blocks of parts fill their section.
    pub(in crate::segment) fn parts_fill(&self) -> Result<bool> {
        let length = self.source.length(LexicalSection::PartIndex);
        let index = self.source.read(LexicalSection::PartIndex, 0..length)?;
        let end_of = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_le_bytes(*bytes));
        let (first, last) = (end_of(index.first_chunk()), end_of(index.last_chunk()));
        Ok(first == Some(0) && last == Some(self.source.length(LexicalSection::Parts)))
    }

    fn blocks(&self) -> u64 {
        self.source.length(LexicalSection::TermIndex) / TermIndexEntry::SIZE as u64
    }

    /// The bytes of a block of keys, with its entry in the index and where it starts.
    fn block(&self, number: u64) -> Result<(TermIndexEntry, &'a [u8])> {
        let size = TermIndexEntry::SIZE as u64;
        let entry = |number: u64| -> Result<Option<TermIndexEntry>> {
            if number >= self.blocks() {
                return Ok(None);
            }
            let bytes =
                self.source.read(LexicalSection::TermIndex, number * size..(number + 1) * size)?;
            Ok(cursor::head(bytes).map(TermIndexEntry::decode))
        };
        let length = self.source.length(LexicalSection::Terms);
        let broken = |detail: String| {
            self.source.corrupt(
                LexicalSection::TermIndex,
                number * size,
                Rule::OffsetBounds,
                detail,
            )
        };
        let Some(first) = entry(number)? else {
            return Err(broken(format!("no block {number} of keys")));
        };
        let end = entry(number + 1)?.map_or(length, |next| next.terms);
        if first.terms > end || end > length {
            return Err(broken(format!("a block of keys from {} to {end}", first.terms)));
        }
        Ok((first, self.source.read(LexicalSection::Terms, first.terms..end)?))
    }

    fn first_key(&self, number: u64) -> Result<&'a [u8]> {
        let (entry, bytes) = self.block(number)?;
        TermBlock(bytes)
            .first_key()
            .map_err(|broken| self.blame(LexicalSection::Terms, entry.terms, broken))
    }

    /// The last block whose first key comes before `key`, or the first block.
    fn block_before(&self, key: &[u8]) -> Result<u64> {
        let (mut low, mut high) = (0, self.blocks());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.first_key(middle)? < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low.saturating_sub(1))
    }

    /// Walks over the entries from the first that does not come before `key` on.
    pub(crate) fn entries_from(&self, key: &[u8]) -> Result<Entries<'a>> {
        let mut entries = Entries { next_block: self.block_before(key)?, ..self.entries() };
        // At most one block of keys comes before it.
        while let Some((found, entry)) = entries.next_entry()? {
            if found >= key {
                entries.held = Some(entry);
                break;
            }
        }
        Ok(entries)
    }

    /// All entries.
    pub(in crate::segment) fn entries(&self) -> Entries<'a> {
        Entries { index: *self, next_block: 0, block: None, held: None }
    }

    /// The word and the list that have a key: list and form of a word, and the list whose stem it is.
    pub(crate) fn find(
        &self,
        field: LexicalField,
        word: &str,
    ) -> Result<(Option<Word>, Option<List>)> {
        let mut key = vec![field as u8];
        key.extend_from_slice(word.as_bytes());
        let mut entries = self.entries_from(&key)?;
        let (mut found, mut list) = (None, None);
        while let Some((at, entry)) = entries.next_entry()? {
            if at != key {
                break;
            }
            if entry.word.form.is_some() {
                found = Some(entry.word);
            }
            list = list.or(entry.head.map(|(info, start)| List {
                number: entry.word.list,
                info,
                start,
            }));
        }
        Ok((found, list))
    }

    /// The list of a number. Cost: a search among blocks, and one block.
    pub(crate) fn list(&self, number: u32) -> Result<List> {
        let (mut low, mut high) = (0, self.blocks());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.block(middle)?.0.list <= number {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if let Some(block) = low.checked_sub(1) {
            let mut entries = Entries { next_block: block, ..self.entries() };
            while let Some((_, entry)) = entries.next_entry()? {
                match entry.head {
                    Some((info, start)) if entry.word.list == number => {
                        return Ok(List { number, info, start });
                    }
                    Some(_) if entry.word.list > number => break,
                    _ => {}
                }
            }
        }
        let detail = format!("no list {number}");
        Err(self.source.corrupt(LexicalSection::Terms, 0, Rule::Lexical, detail))
    }

    fn postings(&self, list: &List) -> Result<&'a [u8]> {
        let end = list.start.saturating_add(u64::from(list.info.postings_bytes));
        self.source.read(LexicalSection::Lists, list.start..end)
    }

    /// A cursor over a list.
    pub(crate) fn cursor(&self, list: &List) -> Result<PostingCursor<'a>> {
        PostingCursor::new(self.postings(list)?, &list.info.shape, self.rows)
            .map_err(|broken| self.in_lists(list, broken))
    }

    /// Damage in a list.
    pub(crate) fn in_lists(&self, list: &List, broken: Broken) -> Error {
        self.blame(LexicalSection::Lists, list.start, broken)
    }

    fn positions(&self, list: &List) -> Result<&'a [u8]> {
        let start = list.start.saturating_add(u64::from(list.info.postings_bytes));
        let end = start.saturating_add(u64::from(list.info.positions_bytes));
        self.source.read(LexicalSection::Lists, start..end)
    }

    fn coding(&self) -> Result<ListCoding<'a>> {
        let (lengths, positions) = (self.lengths()?, self.has_positions());
        Ok(ListCoding { lengths, positions, forms: self.form_coding() })
    }

    /// Decodes a list.
    pub(crate) fn decode(&self, list: &List, wanted: Wanted, out: &mut Decoded) -> Result<()> {
        let positions = if wanted.positions { self.positions(list)? } else { &[] };
        decode_list(self.postings(list)?, positions, &list.info.shape, self.coding()?, wanted, out)
            .map_err(|broken| self.in_lists(list, broken))
    }

    /// Hands out each row with a selected occurrence, and the positions of those; for an index with positions.
    pub(crate) fn visit_positions(
        &self,
        list: &List,
        selection: Selection<'_>,
        visit: &mut dyn FnMut(u32, &[u32]),
    ) -> Result<()> {
        let (postings, positions) = (self.postings(list)?, self.positions(list)?);
        visit_positions(postings, positions, &list.info.shape, self.coding()?, selection, visit)
            .map_err(|broken| self.in_lists(list, broken))
    }

    /// Hands out the rows that have a selected occurrence, ascending and some at a time.
    pub(crate) fn visit_rows(
        &self,
        list: &List,
        selection: Selection<'_>,
        visit: &mut dyn FnMut(&[u32]),
    ) -> Result<()> {
        let (postings, coding) = (self.postings(list)?, self.form_coding());
        visit_rows(postings, &list.info.shape, self.rows, coding, selection, visit)
            .map_err(|broken| self.in_lists(list, broken))
    }
}

/// Walks over keys in order.
#[derive(Clone)]
pub(crate) struct Entries<'a> {
    index: LexicalIndex<'a>,
    next_block: u64,
    /// The reader of the block that is being read, and where the block starts.
    block: Option<(TermReader<'a>, u64)>,
    /// An entry that was read and not handed out.
    held: Option<TermEntry>,
}

impl<'a> Entries<'a> {
    /// The next key and its entry.
    pub(crate) fn next_entry(&mut self) -> Result<Option<(&[u8], TermEntry)>> {
        let mut entry = self.held.take();
        while entry.is_none() {
            if let Some((reader, base)) = &mut self.block {
                let base = *base;
                entry = reader
                    .next_entry()
                    .map_err(|broken| self.index.blame(LexicalSection::Terms, base, broken))?;
                if entry.is_some() {
                    break;
                }
            }
            if self.next_block >= self.index.blocks() {
                return Ok(None);
            }
            let (first, bytes) = self.index.block(self.next_block)?;
            self.next_block += 1;
            self.block = Some((TermReader::new(bytes, &first), first.terms));
        }
        let key = self.block.as_ref().map_or(&[][..], |(reader, _)| reader.key());
        Ok(entry.map(|entry| (key, entry)))
    }

    /// The list of an entry that is its head.
    pub(crate) fn list(entry: &TermEntry) -> Option<List> {
        entry.head.map(|(info, start)| List { number: entry.word.list, info, start })
    }
}
