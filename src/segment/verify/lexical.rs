//! Checks of the lexical index: keys, lists, and that they hold the words of the documents.

use super::sums::hash_of;
use crate::control::Control;
use crate::document::Document;
use crate::error::Result;
use crate::format::lexical::{
    Decoded, LexicalSection, PartLengths, Wanted, length_code, length_of_code,
};
use crate::format::rules::Rule;
use crate::format::segment::lexical_kind;
use crate::ids::RowId;
use crate::segment::Segment;
use crate::segment::read::lexical::{Entries, LexicalIndex, List};
use crate::segment::read::lexical_meta::PART_BLOCK_ROWS;
use crate::segment::write::lexical::stem_key;
use crate::segment::write::words::WordReader;

/// Compares rows of a lexical index with documents as they are read.
pub(super) struct LexicalCheck<'a> {
    segment: &'a Segment,
    index: LexicalIndex<'a>,
    reader: WordReader,
    /// Sum of a hash over all words, rows and positions.
    words: u64,
    tokens: u64,
    /// The block of parts that the last row is in.
    parts: Option<(u32, Vec<PartLengths>)>,
}

impl<'a> LexicalCheck<'a> {
    /// Nothing to check in a segment without an index.
    pub(super) fn new(segment: &'a Segment) -> Option<LexicalCheck<'a>> {
        let index = segment.lexical()?;
        Some(LexicalCheck {
            segment,
            index,
            reader: WordReader::default(),
            words: 0,
            tokens: 0,
            parts: None,
        })
    }

    /// Adds the words of a document and compares what the index keeps per row.
    pub(super) fn add(&mut self, row: RowId, document: &Document) -> Result<()> {
        let words = self.reader.read(document);
        for (key, positions) in words.iter() {
            self.words =
                self.words.wrapping_add(sum_of(&self.index, hash_of(&key), row.0, positions));
        }
        let code = self.index.lengths()?.get(row.0 as usize).copied().unwrap_or_default();
        self.tokens += u64::from(length_of_code(code));
        if code != length_code(words.length) {
            let detail = format!("length code {code}, the document has {} words", words.length);
            return Err(self.wrong(LexicalSection::Lengths, row.0.into(), detail));
        }
        if self.index.has_positions() {
            let number = row.0 / PART_BLOCK_ROWS;
            if self.parts.as_ref().is_none_or(|(known, _)| *known != number) {
                self.parts = Some((number, self.index.parts(number)?));
            }
            let block = self.parts.as_ref().map_or(&[][..], |(_, block)| block.as_slice());
            let parts = block.get((row.0 % PART_BLOCK_ROWS) as usize).copied().unwrap_or_default();
            if parts != words.parts {
                let detail =
                    format!("row {}: {parts:?}, the document has {:?}", row.0, words.parts);
                return Err(self.wrong(LexicalSection::Parts, 0, detail));
            }
        }
        Ok(())
    }

    fn wrong(&self, section: LexicalSection, offset: u64, detail: String) -> crate::Error {
        self.segment.corrupt(lexical_kind(section), offset, Rule::LexicalContent, detail)
    }

    /// Checks keys and lists, and compares them with the documents that were added.
    pub(super) fn finish(self, control: &Control) -> Result<()> {
        let meta = *self.index.meta();
        if self.tokens != meta.tokens {
            let detail = format!("{} tokens, the meta record says {}", self.tokens, meta.tokens);
            return Err(self.wrong(LexicalSection::Meta, 0, detail));
        }
        let broken = |section, detail: String| {
            Err(self.segment.corrupt(lexical_kind(section), 0, Rule::Lexical, detail))
        };
        let (lists, mut end) = (self.lists(control)?, 0u64);
        for list in &lists {
            end = end.saturating_add(list.bytes());
        }
        if lists.len() != meta.lists as usize || end != self.index.list_bytes() {
            let detail = format!("{} lists of {end} bytes, not {}", lists.len(), meta.lists);
            return broken(LexicalSection::Terms, detail);
        }
        if !self.index.parts_fill()? {
            return broken(LexicalSection::PartIndex, "the parts do not fill their section".into());
        }
        let words = self.forms(&lists, control)?;
        let lengths = self.index.lengths()?;
        let wanted = Wanted { forms: true, positions: self.index.has_positions() };
        let (mut decoded, mut sum) = (Decoded::default(), 0u64);
        for (list, words) in lists.iter().zip(&words) {
            control.check()?;
            self.index.decode(list, wanted, &mut decoded)?;
            self.check_bounds(list, &decoded, lengths)?;
            for (place, row) in decoded.rows.iter().enumerate() {
                let range = decoded.range(place);
                for (form, word) in (0..).zip(words) {
                    let is_of =
                        |at: &usize| decoded.forms.get(*at).copied().unwrap_or_default() == form;
                    let places: Vec<u32> = range
                        .clone()
                        .filter(is_of)
                        .map(|at| decoded.positions.get(at).copied().unwrap_or_default())
                        .collect();
                    if !places.is_empty() {
                        sum = sum.wrapping_add(sum_of(&self.index, *word, *row, &places));
                    }
                }
            }
        }
        if sum == self.words {
            return Ok(());
        }
        Err(self.wrong(LexicalSection::Lists, 0, "the words are not those of the documents".into()))
    }

    /// All lists in order.
    fn lists(&self, control: &Control) -> Result<Vec<List>> {
        let mut lists = Vec::new();
        let mut entries = self.index.entries();
        while let Some((_, entry)) = entries.next_entry()? {
            control.check()?;
            lists.extend(Entries::list(&entry));
        }
        Ok(lists)
    }

    /// The hash of the key of each form of each list: every form is one word, and the list that of its stem.
    fn forms(&self, lists: &[List], control: &Control) -> Result<Vec<Vec<u64>>> {
        let broken = |detail: String| {
            Err(self.segment.corrupt(lexical_kind(LexicalSection::Terms), 0, Rule::Lexical, detail))
        };
        let mut words: Vec<Vec<u64>> = vec![Vec::new(); lists.len()];
        let mut stems = vec![0u64; lists.len()];
        let mut keys = 0u64;
        let mut entries = self.index.entries();
        while let Some((key, entry)) = entries.next_entry()? {
            keys += 1;
            if let Some(stem) =
                stems.get_mut(entry.word.list as usize).filter(|_| entry.head.is_some())
            {
                *stem = hash_of(&key);
            }
        }
        if keys != self.index.meta().keys {
            return broken(format!("{keys} keys, the meta record says {}", self.index.meta().keys));
        }
        let mut entries = self.index.entries();
        while let Some((key, entry)) = entries.next_entry()? {
            control.check()?;
            let Some(form) = entry.word.form else { continue };
            let place = entry.word.list as usize;
            let stem = hash_of(&&*stem_key(key));
            let (Some(forms), Some(list)) = (words.get_mut(place), lists.get(place)) else {
                return broken(format!("a word of list {place} of {}", lists.len()));
            };
            if stems.get(place) != Some(&stem) || form >= list.info.shape.forms {
                return broken(format!(
                    "a word is form {form} of list {place}, which is not its stem's"
                ));
            }
            let known = forms.len().max(form as usize + 1);
            forms.resize(known, 0);
            match forms.get_mut(form as usize) {
                Some(slot) if *slot == 0 => *slot = hash_of(&key),
                _ => return broken(format!("list {place} has form {form} twice")),
            }
        }
        for (list, forms) in lists.iter().zip(&words) {
            if forms.len() != list.info.shape.forms as usize || forms.contains(&0) {
                return broken(format!("list {} has forms without words", list.number));
            }
        }
        Ok(words)
    }

    /// Pruning is right only if no row of a block scores above the block's bounds.
    fn check_bounds(&self, list: &List, decoded: &Decoded, lengths: &[u8]) -> Result<()> {
        let cursor = self.index.cursor(list)?;
        for (block, bounds) in decoded.rows.chunks(128).enumerate().zip(cursor.bounds()) {
            let (number, rows) = block;
            let counts = (0..rows.len()).map(|at| decoded.range(number * 128 + at).len());
            let best_count = counts.max().unwrap_or_default().min(255) as u8;
            let code = |row: &u32| lengths.get(*row as usize).copied().unwrap_or_default();
            let best_length = rows.iter().map(code).min().unwrap_or_default();
            if (bounds.best_count, bounds.best_length) != (best_count, best_length) {
                let detail = format!("block {number} of list {} says {bounds:?}", list.number);
                return Err(self.wrong(LexicalSection::Lists, 0, detail));
            }
        }
        Ok(())
    }
}

/// What a word of a row adds to a sum: its positions or, in an index without, their number.
fn sum_of(index: &LexicalIndex<'_>, word: u64, row: u32, positions: &[u32]) -> u64 {
    match index.has_positions() {
        true => positions.iter().fold(0, |sum, at| sum.wrapping_add(hash_of(&(word, row, at)))),
        false => hash_of(&(word, row, positions.len())),
    }
}
