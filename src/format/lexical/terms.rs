//! The keys of an index: words and stems in order of their bytes, front-coded in blocks of 32.
//!
//! A key is the number of a field and a folded word. An entry says which form of which list the word is. The *head*
//! of a list is the entry of its stem, whether that is a word itself or not; lists are numbered and stored in the order
//! of their heads.
//!
//! ```text
//! entry     sizes u8 | [shared - 15] | [own - 15] | own bytes | tag         tag = 2 * form + (1 for a head)
//! head      size | [occurrences - rows - 1] | [forms - 2] | bytes | [positions bytes]
//! no head   number of its list less the number of heads before it, zigzag
//! ```
//!
//! The form is 0 for a stem that is no word; otherwise 1 and up. `sizes` has up to 15 bytes that are shared with the key
//! before in its low half, and up to 15 own ones in its high half. `size` is four times the rows, plus 2 if there are more
//! occurrences than rows, plus 1 if there are several forms. What is in brackets is left out where it says nothing. All
//! numbers but `sizes` are of variable length.

use super::super::layout::layout;
use super::record::LexicalField;
use super::shape::{ListInfo, ListShape};
use super::{Read, broken, varint};

/// The greatest size in half a byte; it says that a number follows, which is to be added.
const NIBBLE: usize = 15;

/// Keys in a block.
pub const TERM_BLOCK_KEYS: usize = 32;

layout! {
    /// A block of keys.
    pub struct TermIndexEntry = 24 {
        /// Where the block starts in section TERMS.
        terms: u64,
        /// Where the first list whose head is in this block or behind it starts in section LISTS.
        lists: u64,
        /// The number of that list.
        list: u32,
        /// Zero.
        reserved: [4],
    }
}

/// A list as its head has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The number of its list.
    pub list: u32,
    /// The form, from 0; `None` for a stem that is no word.
    pub form: Option<u32>,
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermEntry {
    /// List and form.
    pub word: Word,
    /// The list and where it starts in section LISTS, if this is its head.
    pub head: Option<(ListInfo, u64)>,
}

/// Writes the two sections; both are kept in memory, about 12 bytes per key.
#[derive(Default)]
pub struct TermWriter {
    terms: Vec<u8>,
    index: Vec<u8>,
    last: Vec<u8>,
    keys: u64,
    lists: u32,
    list_bytes: u64,
}

impl TermWriter {
    /// Adds an entry: keys ascend, heads come in the order of their lists, and of two entries of one key the word
    /// comes before the stem that is none.
    pub fn push(&mut self, key: &[u8], word: Word, head: Option<&ListInfo>) {
        let is_first = self.keys.is_multiple_of(TERM_BLOCK_KEYS as u64);
        if is_first {
            let entry = TermIndexEntry {
                terms: self.terms.len() as u64,
                lists: self.list_bytes,
                list: self.lists,
                reserved: [0; 4],
            };
            self.index.extend_from_slice(&entry.encode());
            self.last.clear();
        }
        let shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
        let own = key.get(shared..).unwrap_or_default();
        self.terms.push((shared.min(NIBBLE) | own.len().min(NIBBLE) << 4) as u8);
        for size in [shared, own.len()] {
            if let Some(more) = size.checked_sub(NIBBLE) {
                varint::put(more as u64, &mut self.terms);
            }
        }
        self.terms.extend_from_slice(own);
        let tag =
            word.form.map_or(0, |form| form.saturating_add(1)) << 1 | u32::from(head.is_some());
        varint::put(tag, &mut self.terms);
        match head {
            Some(ListInfo { shape, postings_bytes, positions_bytes }) => {
                let more = shape.occurrences.saturating_sub(shape.rows);
                let flags = u64::from(more > 0) << 1 | u64::from(shape.forms > 1);
                varint::put(u64::from(shape.rows) << 2 | flags, &mut self.terms);
                if more > 0 {
                    varint::put(more - 1, &mut self.terms);
                }
                if shape.forms > 1 {
                    varint::put(shape.forms - 2, &mut self.terms);
                }
                varint::put(*postings_bytes, &mut self.terms);
                if shape.is_long() {
                    varint::put(*positions_bytes, &mut self.terms);
                }
                self.lists += 1;
                self.list_bytes += u64::from(*postings_bytes) + u64::from(*positions_bytes);
            }
            None => {
                let distance = i64::from(word.list) - i64::from(self.lists);
                varint::put(varint::zigzag(distance), &mut self.terms);
            }
        }
        self.last.clear();
        self.last.extend_from_slice(key);
        self.keys += 1;
    }

    /// Keys so far.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// Sections TERMS and TERM_INDEX.
    pub fn finish(self) -> (Vec<u8>, Vec<u8>) {
        (self.terms, self.index)
    }
}

/// The first key of a block, for a search among blocks.
#[derive(Clone, Copy, Debug)]
pub struct TermBlock<'a>(pub &'a [u8]);

impl<'a> TermBlock<'a> {
    /// Its first key.
    ///
    /// # Errors
    /// A block that does not start with a whole key.
    pub fn first_key(self) -> Read<&'a [u8]> {
        let mut at = 0;
        match take_sizes(self.0, &mut at)? {
            (0, own) => match self.0.get(at..).and_then(|rest| rest.get(..own)) {
                Some(key) => Ok(key),
                None => broken(0, "a block of keys does not start with a whole key"),
            },
            _ => broken(0, "the first key of a block shares bytes with another"),
        }
    }
}

/// How many bytes a key shares with the one before it, and how many it has of its own.
fn take_sizes(bytes: &[u8], at: &mut usize) -> Read<(usize, usize)> {
    let Some(sizes) = bytes.get(*at) else { return broken(*at, "a key is cut off") };
    *at += 1;
    let mut size = |nibble: u8| -> Read<usize> {
        let more = if usize::from(nibble) == NIBBLE { varint::take(bytes, at)? } else { 0 };
        Ok(usize::from(nibble) + more as usize)
    };
    Ok((size(sizes & 15)?, size(sizes >> 4)?))
}

/// Reads the entries of one block in order.
#[derive(Clone, Debug)]
pub struct TermReader<'a> {
    bytes: &'a [u8],
    at: usize,
    key: Vec<u8>,
    list: u32,
    lists: u64,
}

impl<'a> TermReader<'a> {
    /// Starts before the first entry of a block with these bytes.
    pub fn new(bytes: &'a [u8], entry: &TermIndexEntry) -> TermReader<'a> {
        TermReader { bytes, at: 0, key: Vec::new(), list: entry.list, lists: entry.lists }
    }

    /// The key of the entry that was read last.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// The number of the list, and its place among the lists, that the next head has.
    pub fn next_list(&self) -> (u32, u64) {
        (self.list, self.lists)
    }

    /// The next entry; `None` behind the last. [`TermReader::key`] is then its key.
    ///
    /// # Errors
    /// An entry that is not whole, or a key that does not ascend.
    pub fn next_entry(&mut self) -> Read<Option<TermEntry>> {
        if self.bytes.len() == self.at {
            return Ok(None);
        }
        let mut at = self.at;
        let (shared, own) = take_sizes(self.bytes, &mut at)?;
        let suffix = self.bytes.get(at..).and_then(|rest| rest.get(..own));
        let (Some(suffix), true) = (suffix, shared <= self.key.len()) else {
            return broken(self.at, "a key is cut off, or shares more than the key before it has");
        };
        let ascends = match (self.key.get(shared), suffix.first()) {
            (Some(old), Some(new)) => old < new,
            (Some(_), None) => false,
            // Longer than the key before it, or the same key once more.
            (None, _) => true,
        };
        if !ascends {
            return broken(self.at, "keys do not ascend");
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(suffix);
        at += own;
        let tag = varint::take(self.bytes, &mut at)?;
        let form = (tag >> 1).checked_sub(1);
        let head = if tag & 1 == 1 { Some(self.head(&mut at)?) } else { None };
        let list = match head {
            Some(_) => {
                self.list = self.list.saturating_add(1);
                self.list - 1
            }
            None => {
                let distance = varint::unzigzag(varint::take(self.bytes, &mut at)?);
                match u32::try_from(i64::from(self.list) + distance) {
                    Ok(list) if form.is_some() => list,
                    _ => return broken(self.at, "a key is neither a word nor a head"),
                }
            }
        };
        self.at = at;
        Ok(Some(TermEntry { word: Word { list, form }, head }))
    }

    fn head(&mut self, at: &mut usize) -> Read<(ListInfo, u64)> {
        let size = varint::take_long(self.bytes, at)?;
        let (mut more, mut forms) = (0, 1);
        if size & 2 != 0 {
            more = varint::take(self.bytes, at)?.saturating_add(1);
        }
        if size & 1 != 0 {
            forms = varint::take(self.bytes, at)?.saturating_add(2);
        }
        let rows = u32::try_from(size >> 2).ok().filter(|rows| *rows > 0);
        let sum = rows.and_then(|rows| Some((rows, rows.checked_add(more)?)));
        let Some((rows, occurrences)) = sum else {
            return broken(self.at, "a list without rows, or with too many occurrences");
        };
        let is_text = self.key.first() == Some(&(LexicalField::Text as u8));
        let shape = ListShape { rows, occurrences, forms, is_text };
        let postings_bytes = varint::take(self.bytes, at)?;
        let positions_bytes = if shape.is_long() { varint::take(self.bytes, at)? } else { 0 };
        let bytes = u64::from(postings_bytes) + u64::from(positions_bytes);
        let Some(end) = self.lists.checked_add(bytes) else {
            return broken(self.at, "a list ends beyond any file");
        };
        let start = std::mem::replace(&mut self.lists, end);
        Ok((ListInfo { shape, postings_bytes, positions_bytes }, start))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn info(number: u32, key: &[u8]) -> ListInfo {
        let shape = ListShape {
            rows: 1 + number % 300,
            occurrences: 1 + number % 300 + number % 7,
            forms: 1 + number % 3,
            is_text: key[0] == 0,
        };
        let positions_bytes = if shape.is_long() { number % 50 } else { 0 };
        ListInfo { shape, postings_bytes: number % 1000, positions_bytes }
    }

    proptest! {
        #[test]
        fn entries_come_back(
            keys in prop::collection::btree_map(
                prop::collection::vec(0u8..3, 1..40), (any::<bool>(), any::<bool>()), 0..120),
        ) {
            let lists = keys.values().filter(|(is_head, _)| *is_head).count() as u32;
            let keys: BTreeMap<_, _> = keys.into_iter().filter(|(_, (is_head, _))| *is_head || lists > 0).collect();
            let mut writer = TermWriter::default();
            let mut expected = Vec::new();
            let (mut list, mut start) = (0, 0);
            for (place, (key, (is_head, is_word))) in keys.iter().enumerate() {
                let form = (*is_word || !is_head).then_some(place as u32 % 5);
                let head = is_head.then(|| info(list * 37, key));
                let word = Word { list: if *is_head { list } else { place as u32 % lists }, form };
                writer.push(key, word, head.as_ref());
                expected.push((key.clone(), TermEntry { word, head: head.map(|head| (head, start)) }));
                if let Some(head) = head {
                    list += 1;
                    start += u64::from(head.postings_bytes) + u64::from(head.positions_bytes);
                }
            }
            prop_assert_eq!(writer.keys(), expected.len() as u64);
            let (terms, index) = writer.finish();
            let entries: Vec<_> =
                index.chunks_exact(TermIndexEntry::SIZE).map(|bytes| TermIndexEntry::decode(bytes.first_chunk().unwrap())).collect();
            prop_assert_eq!(entries.len(), expected.len().div_ceil(TERM_BLOCK_KEYS));
            let mut read = Vec::new();
            for (number, entry) in entries.iter().enumerate() {
                let end = entries.get(number + 1).map_or(terms.len() as u64, |next| next.terms);
                let bytes = &terms[entry.terms as usize..end as usize];
                prop_assert_eq!(TermBlock(bytes).first_key().unwrap(), &expected[number * TERM_BLOCK_KEYS].0);
                let mut reader = TermReader::new(bytes, entry);
                while let Some(entry) = reader.next_entry().unwrap() {
                    read.push((reader.key().to_vec(), entry));
                }
            }
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let entry = TermIndexEntry { terms: 0, lists: u64::MAX - 5, list: u32::MAX - 1, reserved: [0; 4] };
            let mut reader = TermReader::new(&bytes, &entry);
            while let Ok(Some(_)) = reader.next_entry() {}
            let _ = TermBlock(&bytes).first_key();
        }
    }
}
