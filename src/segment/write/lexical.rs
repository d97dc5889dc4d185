//! The lexical index, while a segment is written.

use std::collections::HashMap;

use super::file::SegmentFile;
use super::postings::TermHash;
use super::short::ShortBytes;
use super::words::Words;
use crate::error::{Error, Result};
use crate::format::lexical::{
    Decoded, FormCoding, LexicalField, LexicalMeta, LexicalSection, ListCoding, ListInfo,
    Occurrence, PartsWriter, TermWriter, VERSION, Word, encode_list, length_code, length_of_code,
    varint,
};
use crate::format::manifest::LexicalConfig;
use crate::format::segment::lexical_kind;
use crate::text::{ANALYZER_VERSION, stem};

/// What a hash table entry takes besides its key and its occurrences, in bytes.
const ENTRY_BYTES: usize = 96;

/// The words of all rows so far: about 1.5 bytes per occurrence, and 100 per distinct word.
pub(in crate::segment) struct Lexical {
    config: LexicalConfig,
    words: HashMap<ShortBytes, Kept, TermHash>,
    lengths: Vec<u8>,
    parts: PartsWriter,
    /// Scratch: the occurrences of a word in a row.
    occurrences: Vec<u8>,
    memory_bytes: usize,
}

/// The occurrences of a word, as numbers of variable length: per row the distance from the row before, the number of
/// positions, and their differences.
struct Kept {
    next_row: u32,
    rows: u32,
    occurrences: u32,
    bytes: ShortBytes,
}

impl Lexical {
    pub(in crate::segment) fn new(config: LexicalConfig) -> Lexical {
        Lexical {
            config,
            words: HashMap::default(),
            lengths: Vec::new(),
            parts: PartsWriter::default(),
            occurrences: Vec::new(),
            memory_bytes: 0,
        }
    }

    /// Adds the words of the next row.
    pub(in crate::segment) fn push(&mut self, row: u32, words: &Words) {
        let Lexical { words: known, occurrences, memory_bytes, .. } = self;
        for (key, positions) in words.iter() {
            let kept = match known.get_mut(key) {
                Some(kept) => kept,
                None => {
                    *memory_bytes += key.len() + ENTRY_BYTES;
                    let bytes = ShortBytes::default();
                    let kept = Kept { next_row: 0, rows: 0, occurrences: 0, bytes };
                    known.entry(ShortBytes::from(key)).or_insert(kept)
                }
            };
            occurrences.clear();
            varint::put(row - kept.next_row, occurrences);
            varint::put(positions.len() as u32, occurrences);
            let mut last = 0;
            for position in positions {
                varint::put(position - last, occurrences);
                last = *position;
            }
            let before = kept.bytes.memory_bytes();
            kept.bytes.extend(occurrences);
            kept.next_row = row + 1;
            kept.rows += 1;
            kept.occurrences = kept.occurrences.saturating_add(positions.len() as u32);
            *memory_bytes += kept.bytes.memory_bytes() - before;
        }
        self.lengths.push(length_code(words.length));
        self.parts.push(words.parts);
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        // Encoding keeps the keys twice more for a moment.
        self.memory_bytes + self.lengths.capacity() * 4
    }

    /// Writes all sections.
    pub(in crate::segment) fn write(self, file: &mut SegmentFile) -> Result<()> {
        file.section(lexical_kind(LexicalSection::Lists));
        let sections = self.encode(&mut |bytes| file.write(bytes))?;
        sections.write(file)
    }

    /// Gives the bytes of section LISTS piece by piece and returns the others.
    pub(in crate::segment) fn encode(
        self,
        lists: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<LexicalSections> {
        let Lexical { config, words, lengths, parts, .. } = self;
        let mut groups = group(words);
        let coding = list_coding(config.positions, &lengths);
        let (mut infos, mut bytes) = (Vec::<ListInfo>::new(), Vec::new());
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged = Merged::default();
        for group in groups.chunk_by_mut(|a, b| a.stem_key == b.stem_key) {
            group.sort_by(|a, b| {
                b.kept.occurrences.cmp(&a.kept.occurrences).then_with(|| a.key.cmp(&b.key))
            });
            merged.read(group)?;
            let stem_key = group.first().map(|word| word.stem_key.clone()).unwrap_or_default();
            let list = infos.len() as u32;
            bytes.clear();
            let forms = group.len() as u32;
            infos.push(put_list(&merged.list, forms, is_text(&stem_key), coding, &mut bytes)?);
            lists(&bytes)?;
            let mut has_head = false;
            for (form, word) in (0..).zip(&mut *group) {
                let is_head = word.key[..] == stem_key[..];
                has_head |= is_head;
                let key = std::mem::take(&mut word.key);
                let head = is_head.then_some(list);
                entries.push(Entry { key, word: Word { list, form: Some(form) }, head });
            }
            if !has_head {
                let word = Word { list, form: None };
                entries.push(Entry { key: stem_key, word, head: Some(list) });
            }
        }
        drop(groups);
        // Of one key, the word comes before the stem that is none.
        entries.sort_unstable_by(|a, b| {
            a.key.cmp(&b.key).then_with(|| b.word.form.is_some().cmp(&a.word.form.is_some()))
        });
        let mut terms = TermWriter::default();
        for Entry { key, word, head } in entries {
            let head = head.and_then(|list| infos.get(list as usize));
            terms.push(&key, word, head);
        }
        Ok(LexicalSections::new(config, terms, infos.len() as u32, lengths, parts))
    }
}

/// An entry of the dictionary, and the list that it is the head of.
struct Entry {
    key: ShortBytes,
    word: Word,
    head: Option<u32>,
}

/// Every section but the lists.
pub(in crate::segment) struct LexicalSections {
    pub(in crate::segment) meta: LexicalMeta,
    pub(in crate::segment) terms: Vec<u8>,
    pub(in crate::segment) term_index: Vec<u8>,
    pub(in crate::segment) lengths: Vec<u8>,
    pub(in crate::segment) parts: Vec<u8>,
    pub(in crate::segment) part_index: Vec<u64>,
}

impl LexicalSections {
    pub(in crate::segment) fn new(
        config: LexicalConfig,
        terms: TermWriter,
        lists: u32,
        lengths: Vec<u8>,
        parts: PartsWriter,
    ) -> LexicalSections {
        let keys = terms.keys();
        let (terms, term_index) = terms.finish();
        let (parts, part_index) =
            if config.positions { parts.finish() } else { PartsWriter::default().finish() };
        let meta = LexicalMeta {
            version: VERSION,
            analyzer: ANALYZER_VERSION,
            positions: u32::from(config.positions),
            lists,
            keys,
            tokens: lengths.iter().map(|code| u64::from(length_of_code(*code))).sum(),
            reserved: [0; 16],
        };
        LexicalSections { meta, terms, term_index, lengths, parts, part_index }
    }

    pub(in crate::segment) fn write(self, file: &mut SegmentFile) -> Result<()> {
        let mut section = |section, bytes: &[u8]| {
            file.section(lexical_kind(section));
            file.write(bytes)
        };
        section(LexicalSection::Meta, &self.meta.encode())?;
        section(LexicalSection::Terms, &self.terms)?;
        section(LexicalSection::TermIndex, &self.term_index)?;
        section(LexicalSection::Lengths, &self.lengths)?;
        section(LexicalSection::Parts, &self.parts)?;
        section(LexicalSection::PartIndex, bytemuck::cast_slice(&self.part_index))
    }
}

/// How lists of a segment are coded.
pub(in crate::segment) fn list_coding(positions: bool, lengths: &[u8]) -> ListCoding<'_> {
    ListCoding { lengths, positions, forms: FormCoding::Rows }
}

/// Whether a key is of words in texts.
pub(in crate::segment) fn is_text(key: &[u8]) -> bool {
    key.first() == Some(&(LexicalField::Text as u8))
}

/// Appends a list.
pub(in crate::segment) fn put_list(
    list: &Decoded,
    forms: u32,
    is_text: bool,
    coding: ListCoding<'_>,
    out: &mut Vec<u8>,
) -> Result<ListInfo> {
    encode_list(list, forms, is_text, coding, out)
        .map_err(|detail| Error::InvalidQuery { detail: detail.into() })
}

/// A word with the key of the list that it belongs to.
struct Grouped {
    stem_key: ShortBytes,
    key: ShortBytes,
    kept: Kept,
}

/// Words in the order of their lists.
fn group(words: HashMap<ShortBytes, Kept, TermHash>) -> Vec<Grouped> {
    let mut groups: Vec<Grouped> = words
        .into_iter()
        .map(|(key, kept)| Grouped { stem_key: stem_key(&key), key, kept })
        .collect();
    groups.sort_unstable_by(|a, b| a.stem_key.cmp(&b.stem_key));
    groups
}

/// The key of the list of a word.
pub(in crate::segment) fn stem_key(key: &[u8]) -> ShortBytes {
    match key {
        [field, word @ ..] if *field == LexicalField::Text as u8 => {
            let word = str::from_utf8(word).unwrap_or_default();
            let mut key = ShortBytes::from(&[*field][..]);
            key.extend(stem(word).as_bytes());
            key
        }
        _ => ShortBytes::from(key),
    }
}

/// The words of one stem in one list.
#[derive(Default)]
struct Merged {
    list: Decoded,
    row: Vec<Occurrence>,
}

impl Merged {
    fn read(&mut self, group: &[Grouped]) -> Result<()> {
        let Merged { list, row } = self;
        list.clear();
        let mut cursors: Vec<KeptCursor<'_>> =
            group.iter().map(|word| KeptCursor::new(&word.kept)).collect();
        let is_single = cursors.len() == 1;
        while let Some(next) = cursors.iter().filter_map(|cursor| cursor.row).min() {
            row.clear();
            for (form, cursor) in (0..).zip(&mut cursors) {
                if cursor.row == Some(next) {
                    cursor.take(form, row);
                }
            }
            if !is_single {
                row.sort_unstable();
            }
            list.rows.push(next);
            list.positions.extend(row.iter().map(|occurrence| occurrence.position));
            if !is_single {
                list.forms.extend(row.iter().map(|occurrence| occurrence.form));
            }
            let end = u32::try_from(list.positions.len()).map_err(|_| Error::InvalidQuery {
                detail: "a segment has more than 2^32 occurrences of one word".into(),
            })?;
            list.ends.push(end);
        }
        Ok(())
    }
}

/// Reads what [`Lexical::push`] kept.
struct KeptCursor<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u32,
    next_row: u32,
    row: Option<u32>,
}

impl<'a> KeptCursor<'a> {
    fn new(kept: &'a Kept) -> KeptCursor<'a> {
        let mut cursor =
            KeptCursor { bytes: &kept.bytes, at: 0, left: kept.rows, next_row: 0, row: None };
        cursor.next();
        cursor
    }

    /// The next number, of our own memory.
    fn number(&mut self) -> u32 {
        varint::take(self.bytes, &mut self.at).unwrap_or_default()
    }

    fn next(&mut self) {
        self.row = None;
        if self.left > 0 {
            self.left -= 1;
            let row = self.next_row + self.number();
            self.next_row = row + 1;
            self.row = Some(row);
        }
    }

    /// Adds the occurrences in the row here and goes to the next one.
    fn take(&mut self, form: u32, occurrences: &mut Vec<Occurrence>) {
        let mut position = 0;
        for _ in 0..self.number() {
            position += self.number();
            occurrences.push(Occurrence { position, form });
        }
        self.next();
    }
}
