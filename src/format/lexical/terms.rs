//! The keys of an index: words and stems in order of their bytes, front-coded in blocks of 32.
//!
//! A key is the number of a field and a folded word. An entry says which form of which list the word is. The *head*
//! of a list is the entry of its stem, whether that is a word itself or not; lists are numbered and stored in the order
//! of their heads.
//!
//! ```text
//! entry     shared u8 | own u8 | own bytes | tag | list            tag = 2 * form + (1 for a head)
//! head      rows | occurrences - rows | forms | postings bytes | positions bytes
//! no head   number of its list less the number of heads before it, zigzag
//! ```
//!
//! The form is 0 for a stem that is no word; otherwise 1 and up. All numbers are of variable length.

use super::super::layout::layout;
use super::shape::{ListInfo, ListShape};
use super::{Read, broken, varint};

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
        self.terms.push(shared as u8);
        self.terms.push(own.len() as u8);
        self.terms.extend_from_slice(own);
        let tag =
            word.form.map_or(0, |form| form.saturating_add(1)) << 1 | u32::from(head.is_some());
        varint::put(tag, &mut self.terms);
        match head {
            Some(ListInfo { shape, postings_bytes, positions_bytes }) => {
                varint::put(shape.rows, &mut self.terms);
                varint::put(shape.occurrences.saturating_sub(shape.rows), &mut self.terms);
                varint::put(shape.forms, &mut self.terms);
                varint::put(*postings_bytes, &mut self.terms);
                varint::put(*positions_bytes, &mut self.terms);
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
        match self.0 {
            [0, own, rest @ ..] if rest.len() >= usize::from(*own) => {
                Ok(rest.get(..usize::from(*own)).unwrap_or_default())
            }
            _ => broken(0, "a block of keys does not start with a whole key"),
        }
    }
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
        let Some([shared, own]) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk())
        else {
            return match self.bytes.len() == self.at {
                true => Ok(None),
                false => broken(self.at, "a key is cut off"),
            };
        };
        let (shared, own) = (usize::from(*shared), usize::from(*own));
        let suffix = self.bytes.get(self.at + 2..).and_then(|rest| rest.get(..own));
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
        let mut at = self.at + 2 + own;
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
        let [rows, more, forms, postings_bytes, positions_bytes] = {
            let mut numbers = [0; 5];
            for number in &mut numbers {
                *number = varint::take(self.bytes, at)?;
            }
            numbers
        };
        let Some(occurrences) = rows.checked_add(more).filter(|_| rows > 0 && forms > 0) else {
            return broken(self.at, "a list without rows or forms, or with too many occurrences");
        };
        let bytes = u64::from(postings_bytes) + u64::from(positions_bytes);
        let Some(end) = self.lists.checked_add(bytes) else {
            return broken(self.at, "a list ends beyond any file");
        };
        let start = std::mem::replace(&mut self.lists, end);
        let shape = ListShape { rows, occurrences, forms };
        Ok((ListInfo { shape, postings_bytes, positions_bytes }, start))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn info(number: u32) -> ListInfo {
        let shape = ListShape {
            rows: 1 + number % 300,
            occurrences: 1 + number % 300 + number % 7,
            forms: 1 + number % 3,
        };
        ListInfo { shape, postings_bytes: number % 1000, positions_bytes: number % 50 }
    }

    proptest! {
        #[test]
        fn entries_come_back(
            keys in prop::collection::btree_map(
                prop::collection::vec(any::<u8>(), 1..20), (any::<bool>(), any::<bool>()), 0..120),
        ) {
            let lists = keys.values().filter(|(is_head, _)| *is_head).count() as u32;
            let keys: BTreeMap<_, _> = keys.into_iter().filter(|(_, (is_head, _))| *is_head || lists > 0).collect();
            let mut writer = TermWriter::default();
            let mut expected = Vec::new();
            let (mut list, mut start) = (0, 0);
            for (place, (key, (is_head, is_word))) in keys.iter().enumerate() {
                let form = (*is_word || !is_head).then_some(place as u32 % 5);
                let head = is_head.then(|| info(list * 37));
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
