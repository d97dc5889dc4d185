//! A reader of the lexical index that knows nothing but chapter 07, bit by bit.

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::db::{CreateOptions, Database, WriterOptions};
use medvec::document::{Author, Document};
use medvec::ids::Key;
use medvec::storage::MemoryStorage;

use crate::index::File;

/// Rows of each word of a field, and its positions in each.
pub(crate) type Words = BTreeMap<(u8, String), BTreeMap<u32, Vec<u32>>>;

const ROWS: u32 = 700;

/// A database, and the words of Text and Author in it.
pub(crate) fn database() -> (MemoryStorage, Words) {
    let storage = MemoryStorage::new();
    let database =
        Database::create_in(Arc::new(storage.clone()), CreateOptions::default()).expect("creates");
    let mut writer = database.writer(WriterOptions::default()).expect("the only writer");
    let mut words = Words::new();
    for row in 0..ROWS {
        let title = title(row);
        for (position, word) in (0..).zip(&title) {
            words.entry((0, word.clone())).or_default().entry(row).or_default().push(position);
        }
        let mut document = Document::new(Key::pmid(row + 1));
        document.title = title.join(" ");
        let name = format!("name{}", row % 5);
        document.authors.push(Author { last_name: name.clone(), ..Author::default() });
        words.entry((1, name)).or_default().insert(row, vec![1]);
        writer.upsert(document).expect("fits");
    }
    writer.commit().expect("commits");
    (storage, words)
}

/// Words in lists of one row, of some, of a block and more, and of several forms.
fn title(row: u32) -> Vec<String> {
    let mut state = u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |limit: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) % limit
    };
    let count = 1 + below(60);
    let word = |_| match below(9) {
        0..=2 => "the".to_owned(),
        3 => ["inhibitor", "inhibited", "inhibitors"][below(3) as usize].to_owned(),
        4 => if below(90) == 0 { "cells" } else { "cell" }.to_owned(),
        5 => format!("p{}", below(12)),
        6 => format!("r{}", below(900)),
        _ => format!("s{row}"),
    };
    let mut words: Vec<String> = (0..count).map(word).collect();
    if row.is_multiple_of(97) {
        // More occurrences than a row has without a bit for each.
        words.extend((0..70).map(|_| "inhibitor".to_owned()));
    }
    words
}

/// A stream of the text.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> u64 {
        let bit = self.bytes[self.at / 8] >> (self.at % 8) & 1;
        self.at += 1;
        bit.into()
    }

    fn bits(&mut self, count: u32) -> u64 {
        (0..count).map(|place| self.bit() << place).sum()
    }

    fn zeros(&mut self, most: u32) -> u32 {
        let mut zeros = 0;
        while zeros < most && self.bit() == 0 {
            zeros += 1;
        }
        zeros
    }

    fn gamma(&mut self) -> u64 {
        let zeros = self.zeros(64);
        self.bits(zeros) + (1 << zeros)
    }

    fn golomb(&mut self, k: u32) -> u64 {
        let high = self.gamma() - 1;
        (high << k) + self.bits(k)
    }

    fn rice(&mut self, k: u32) -> u64 {
        let mut zeros = u64::from(self.zeros(24));
        if zeros == 24 {
            zeros = self.gamma() + 23;
        }
        (zeros << k) + self.bits(k)
    }

    fn end(&mut self) {
        while !self.at.is_multiple_of(8) {
            assert_eq!(self.bit(), 0);
        }
        assert_eq!(self.at / 8, self.bytes.len());
    }
}

/// A number of the text.
fn number(bytes: &[u8], at: &mut usize) -> u64 {
    let mut number = 0;
    for place in 0.. {
        let byte = bytes[*at];
        *at += 1;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

/// 128 packed values.
fn packed(bytes: &[u8], width: u32) -> Vec<u64> {
    let bit = |lane: usize, bit: usize| {
        let place = (bit / 32 * 4 + lane) * 32 + bit % 32;
        u64::from(bytes[place / 8] >> (place % 8) & 1)
    };
    let value = |value: usize| {
        (0..width).map(|at| bit(value % 4, width as usize * (value / 4) + at as usize) << at).sum()
    };
    (0..128).map(value).collect()
}

fn patch(bits: &mut Bits<'_>, width: u32, values: &mut [u64]) {
    for _ in 1..bits.gamma() {
        let place = bits.bits(7) as usize;
        values[place] += bits.gamma() << width;
    }
}

fn length_of(code: u8) -> u64 {
    let code = u64::from(code);
    if code <= 40 { code } else { (16 + (code - 20) % 16) << ((code - 20) / 16) }
}

fn log2(number: u64) -> u32 {
    number.max(1).ilog2()
}

#[derive(Clone, Copy)]
struct Head {
    field: u8,
    rows: u64,
    occurrences: u64,
    forms: u64,
    bytes: usize,
    positions: usize,
}

struct Lists<'a> {
    lengths: &'a [u8],
}

impl Lists<'_> {
    /// Form, row and position of each occurrence.
    fn read(&self, head: Head, mut bytes: &[u8]) -> Vec<(u64, u32, u32)> {
        let mut rows: Vec<(u64, u64)> = Vec::new();
        if head.rows < 128 {
            let mut bits = Bits { bytes, at: 0 };
            self.rows(&mut bits, head, &mut rows);
            let forms = forms(&mut bits, head);
            let found = self.positions(&mut bits, head, &rows, &forms);
            bits.end();
            return found;
        }
        let (skips, rest) = bytes.split_at(head.rows.div_ceil(128) as usize * 12);
        let (groups, rest) = rest.split_at((head.rows.div_ceil(512) as usize - 1) * 12);
        bytes = rest;
        let mut start = 0;
        for skip in skips.chunks(12) {
            let [last_row, end] =
                [0, 4].map(|at| u32::from_le_bytes(skip[at..at + 4].try_into().expect("four")));
            let [row_width, count_width] = [8, 9].map(|at| u32::from(skip[at]));
            let block = &bytes[start..end as usize];
            start = end as usize;
            if head.rows - (rows.len() as u64) < 128 {
                let mut bits = Bits { bytes: block, at: 0 };
                self.rows(&mut bits, head, &mut rows);
                bits.end();
            } else {
                let (deltas, block) = block.split_at(row_width as usize * 16);
                let (counts, block) = block.split_at(count_width as usize * 16);
                let (mut deltas, mut counts) =
                    (packed(deltas, row_width), packed(counts, count_width));
                let mut bits = Bits { bytes: block, at: 0 };
                patch(&mut bits, row_width, &mut deltas);
                patch(&mut bits, count_width, &mut counts);
                bits.end();
                for (delta, count) in deltas.iter().zip(&counts) {
                    let row = rows.last().map_or(*delta, |(row, _)| row + 1 + delta);
                    rows.push((row, count + 1));
                }
            }
            assert_eq!(rows.last().map(|(row, _)| *row), Some(last_row.into()));
            let block = &rows[(rows.len() - 1) / 128 * 128..];
            let best = block.iter().map(|(_, count)| *count).max().expect("a row").min(255);
            let least = block.iter().map(|(row, _)| self.lengths[*row as usize]).min();
            assert_eq!((best, least), (skip[10].into(), Some(skip[11])));
        }
        let (coded, positions) = bytes[start..].split_at(bytes.len() - start - head.positions);
        let mut ends: Vec<[usize; 3]> = groups
            .chunks(12)
            .map(|group| {
                [0, 4, 8].map(|at| {
                    u32::from_le_bytes(group[at..at + 4].try_into().expect("four")) as usize
                })
            })
            .collect();
        ends.push([head.occurrences as usize, coded.len(), positions.len()]);
        let (mut before, mut found) = ([0; 3], Vec::new());
        for (rows, end) in rows.chunks(512).zip(ends) {
            let occurrences = (end[0] - before[0]) as u64;
            let mut bits = Bits { bytes: &coded[before[1]..end[1]], at: 0 };
            let forms = forms_by_row(&mut bits, head, rows);
            assert_eq!(forms.len() as u64, occurrences);
            bits.end();
            let mut bits = Bits { bytes: &positions[before[2]..end[2]], at: 0 };
            found.extend(self.positions(&mut bits, head, rows, &forms));
            bits.end();
            before = end;
        }
        found
    }

    /// Rows outside blocks, up to the last.
    fn rows(&self, bits: &mut Bits<'_>, head: Head, rows: &mut Vec<(u64, u64)>) {
        let k = log2(self.lengths.len() as u64 / head.rows).saturating_sub(1);
        while (rows.len() as u64) < head.rows {
            let delta = bits.golomb(k);
            let row = rows.last().map_or(delta, |(row, _)| row + 1 + delta);
            rows.push((row, bits.gamma()));
        }
    }

    fn positions(
        &self,
        bits: &mut Bits<'_>,
        head: Head,
        rows: &[(u64, u64)],
        forms: &[u64],
    ) -> Vec<(u64, u32, u32)> {
        let mut found = Vec::new();
        for (row, count) in rows {
            let length = length_of(self.lengths[*row as usize]);
            let k = log2(length * 3 / 2 / (count + 1));
            let mut position = 0;
            for _ in 0..*count {
                position += if head.field == 0 { bits.rice(k) } else { bits.golomb(3) };
                found.push((forms[found.len()], *row as u32, position as u32));
            }
        }
        assert_eq!(found.len(), forms.len());
        found
    }
}

/// The form of each occurrence, from 0.
fn forms(bits: &mut Bits<'_>, head: Head) -> Vec<u64> {
    let mut forms = Vec::new();
    while head.forms > 1 && (forms.len() as u64) < head.occurrences {
        let run = bits.gamma() - 1;
        forms.extend((0..run).map(|_| 0));
        if run < 64 && (forms.len() as u64) < head.occurrences {
            forms.push(bits.gamma());
        }
    }
    forms.resize(head.occurrences as usize, 0);
    forms
}

/// The same, row by row, of a group.
fn forms_by_row(bits: &mut Bits<'_>, head: Head, rows: &[(u64, u64)]) -> Vec<u64> {
    let none = vec![false; rows.len()];
    let (mut others, mut both, mut rare) = (none.clone(), none.clone(), none);
    if head.forms > 1 {
        others = set(bits, rows.len());
        both = set(bits, rows.len());
    }
    if head.forms > 2 {
        rare = set(bits, rows.len());
    }
    let has_second: Vec<bool> = rare.iter().map(|is_rare| *is_rare && bits.bit() == 1).collect();
    let mut of_rows = Vec::new();
    for (place, is_rare) in rare.into_iter().enumerate() {
        let (is_other, is_both) = (others[place], both[place]);
        assert!(!is_both || !is_other && !is_rare);
        let mut forms = Vec::new();
        forms.extend((!is_other).then_some(0));
        forms.extend((has_second[place] || is_both || is_other && !is_rare).then_some(1));
        let mut last = 1;
        for _ in 0..if is_rare { bits.gamma() } else { 0 } {
            last += bits.gamma();
            forms.push(last);
        }
        of_rows.push(forms);
    }
    let mut found = Vec::new();
    for (forms, (_, count)) in of_rows.iter().zip(rows) {
        let first = found.len();
        for _ in 0..*count {
            let mut place = 0;
            if head.forms > 1 && (forms.len() > 1 || *count > 64) {
                place = bits.bits(1);
                if place == 1 && forms.len() > 2 {
                    place = bits.gamma();
                }
            }
            found.push(forms[place as usize]);
        }
        assert!(forms.iter().all(|form| found[first..].contains(form)));
    }
    found
}

/// A set of the rows of a group.
fn set(bits: &mut Bits<'_>, rows: usize) -> Vec<bool> {
    if bits.bit() == 1 {
        return (0..rows).map(|_| bits.bit() == 1).collect();
    }
    let is_rest = bits.bit() == 1;
    let mut found = vec![is_rest; rows];
    let count = bits.gamma() - 1;
    let mut next = 0;
    for _ in 0..count {
        let place = next + bits.rice(log2(rows as u64 / count)) as usize;
        found[place] = !is_rest;
        next = place + 1;
    }
    found
}

/// The words of a segment.
pub(crate) fn read(segment: &File<'_>) -> Words {
    let (terms, lists) = (segment.section("LEXICAL_TERMS"), segment.section("LEXICAL_LISTS"));
    let reader = Lists { lengths: segment.section("LEXICAL_LENGTHS") };
    let (mut at, mut key) = (0, Vec::new());
    let (mut heads, mut entries) = (Vec::<Head>::new(), Vec::new());
    while at < terms.len() {
        let sizes = terms[at];
        at += 1;
        let mut size = |half: u8| {
            let more = if half == 15 { number(terms, &mut at) } else { 0 };
            usize::from(half) + more as usize
        };
        let (shared, own) = (size(sizes & 15), size(sizes >> 4));
        key.truncate(shared);
        key.extend_from_slice(&terms[at..at + own]);
        at += own;
        let mut number = || number(terms, &mut at);
        let tag = number();
        let list = if tag & 1 == 1 {
            let size = number();
            let rows = size / 4;
            let occurrences = rows + if size & 2 > 0 { number() + 1 } else { 0 };
            let forms = 1 + if size & 1 > 0 { number() + 1 } else { 0 };
            let bytes = number() as usize;
            let positions = if rows < 128 { 0 } else { number() as usize };
            heads.push(Head { field: key[0], rows, occurrences, forms, bytes, positions });
            heads.len() as i64 - 1
        } else {
            let zigzag = number() as i64;
            heads.len() as i64 + if zigzag % 2 == 0 { zigzag / 2 } else { -(zigzag + 1) / 2 }
        };
        entries.push((key.clone(), tag / 2, list as usize));
    }
    let mut start = 0;
    let mut decoded = Vec::new();
    for head in heads {
        let end = start + head.bytes + head.positions;
        decoded.push(reader.read(head, &lists[start..end]));
        start = end;
    }
    assert_eq!(start, lists.len());
    let mut words = Words::new();
    for (key, form, list) in entries.into_iter().filter(|(_, form, _)| *form > 0) {
        let word = String::from_utf8(key[1..].to_vec()).expect("text");
        let rows = words.entry((key[0], word)).or_default();
        for (_, row, position) in decoded[list].iter().filter(|(of, _, _)| of + 1 == form) {
            rows.entry(*row).or_default().push(*position);
        }
    }
    words
}
