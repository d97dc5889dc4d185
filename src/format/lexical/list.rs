//! One list of postings: its rows, how often each has a word of the stem, which forms, and where.
//!
//! ```text
//! [bytes of forms, varint]   lists of several forms
//! [skip entries]             lists of 128 rows or more: 20 bytes per block, the last block may be a tail
//! [blocks][tail]             128 rows packed; fewer than 128 as numbers of variable length
//! [forms]                    lists of several forms: a gamma code per occurrence
//! [widths][blocks][tail]     positions: 128 deltas packed, with one byte each for their widths in front
//! ```

use super::bits::{BitReader, BitWriter};
use super::cursor::PostingCursor;
use super::pack::{BLOCK, block_bytes, pack, unpack, width_of};
use super::shape::{ListInfo, ListShape, SkipEntry};
use super::{Read, broken, varint};

/// A word in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// Counts the words before it in the row's field.
    pub position: u32,
    /// The form, from 0; lower ones are more frequent.
    pub form: u32,
}

/// A list in memory. Buffers are used again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Rows, strictly ascending.
    pub rows: Vec<u32>,
    /// One past the last occurrence of each row.
    pub ends: Vec<u32>,
    /// Per occurrence its form; empty when there is one form, or when forms were not wanted.
    pub forms: Vec<u32>,
    /// Per occurrence its position, not descending within a row; empty when positions were not wanted.
    pub positions: Vec<u32>,
}

impl Decoded {
    /// Forgets everything but the buffers.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.ends.clear();
        self.forms.clear();
        self.positions.clear();
    }

    /// The occurrences of the row at a place.
    pub fn range(&self, place: usize) -> std::ops::Range<usize> {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or_default() as usize;
        place.checked_sub(1).map_or(0, end)..end(place)
    }
}

/// Which parts of a list are to be decoded beside rows and counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The form of each occurrence.
    pub forms: bool,
    /// The position of each occurrence.
    pub positions: bool,
}

/// Appends a list. `lengths` holds the length code of every row of the segment, or nothing for a field that is not
/// ranked; without `positions` they are left out.
///
/// # Errors
/// What does not fit: a list of more than 2^32 occurrences or bytes.
pub fn encode_list(
    list: &Decoded,
    lengths: &[u8],
    forms: u32,
    positions: bool,
    out: &mut Vec<u8>,
) -> Result<ListInfo, &'static str> {
    let start = out.len();
    let occurrences = list.ends.last().copied().unwrap_or_default();
    let mut coded = BitWriter::default();
    let mut skips = Vec::new();
    let mut body = Vec::new();
    let mut last_row = None;
    let mut first_place = 0;
    let is_long = list.rows.len() >= BLOCK;
    for block in list.rows.chunks(BLOCK) {
        let before = list.range(first_place).start as u32;
        let form_bits =
            u32::try_from(coded.len()).map_err(|_| "the forms of a stem are too many")?;
        let mut deltas = [0u32; BLOCK];
        let mut counts = [0u32; BLOCK];
        let (mut best_count, mut best_length) = (0u32, u8::MAX);
        for ((row, delta), (count, place)) in
            block.iter().zip(&mut deltas).zip(counts.iter_mut().zip(first_place..))
        {
            *delta = last_row.map_or(*row, |last: u32| row.wrapping_sub(last).wrapping_sub(1));
            last_row = Some(*row);
            let range = list.range(place);
            *count = (range.len() as u32).saturating_sub(1);
            best_count = best_count.max(range.len() as u32);
            best_length = best_length.min(lengths.get(*row as usize).copied().unwrap_or_default());
            if forms > 1 {
                let forms = list.forms.get(range).unwrap_or_default();
                forms.iter().for_each(|form| coded.put(form.saturating_add(1)));
            }
        }
        let mut widths = [0; 2];
        if block.len() == BLOCK {
            widths = [width_of(&deltas), width_of(&counts)];
            pack(&deltas, widths[0], &mut body);
            pack(&counts, widths[1], &mut body);
        } else {
            for (delta, count) in deltas.iter().zip(&counts).take(block.len()) {
                let is_once = u32::from(*count == 0);
                let number = u64::from(*delta) << 1 | u64::from(is_once);
                varint::put(number, &mut body);
                if *count > 0 {
                    varint::put(count - 1, &mut body);
                }
            }
        }
        if is_long {
            let entry = SkipEntry {
                last_row: last_row.unwrap_or_default(),
                end: u32::try_from(body.len()).map_err(|_| "a list has too many bytes")?,
                occurrences: before,
                form_bits,
                row_width: widths[0],
                count_width: widths[1],
                best_count: best_count.min(255) as u8,
                best_length,
            };
            skips.extend_from_slice(&entry.encode());
        }
        first_place += block.len();
    }
    let coded = coded.finish();
    if forms > 1 {
        let bytes = u32::try_from(coded.len()).map_err(|_| "the forms of a stem are too many")?;
        varint::put(bytes, out);
    }
    out.extend_from_slice(&skips);
    out.extend_from_slice(&body);
    out.extend_from_slice(&coded);
    let postings_end = out.len();
    if positions {
        encode_positions(list, out);
    }
    let bytes = |count: usize| u32::try_from(count).map_err(|_| "a list has too many bytes");
    Ok(ListInfo {
        shape: ListShape { rows: list.rows.len() as u32, occurrences, forms },
        postings_bytes: bytes(postings_end - start)?,
        positions_bytes: bytes(out.len() - postings_end)?,
    })
}

fn encode_positions(list: &Decoded, out: &mut Vec<u8>) {
    let mut deltas = Vec::with_capacity(list.positions.len());
    for place in 0..list.rows.len() {
        let mut last = 0;
        for position in list.positions.get(list.range(place)).unwrap_or_default() {
            deltas.push(position.saturating_sub(last));
            last = *position;
        }
    }
    let blocks = deltas.chunks_exact(BLOCK);
    let tail = blocks.remainder();
    for block in blocks.clone() {
        out.push(width_of(block));
    }
    for block in blocks {
        if let Ok(block) = block.try_into() {
            pack(block, width_of(block), out);
        }
    }
    tail.iter().for_each(|delta| varint::put(*delta, out));
}

/// Decodes a list into `out`. `rows` is the number of rows of the segment, `bytes` the list without and
/// `positions` with its positions.
///
/// # Errors
/// What contradicts the shape, or goes beyond the bytes.
pub fn decode_list(
    bytes: &[u8],
    positions: &[u8],
    shape: &ListShape,
    rows: u32,
    wanted: Wanted,
    out: &mut Decoded,
) -> Read<()> {
    out.clear();
    let mut cursor = PostingCursor::new(bytes, shape, rows)?;
    let mut end = 0u32;
    // Both are bounded by the bytes: a block of 128 takes at least its 20 bytes of skip entry.
    while cursor.load_next()? {
        if let Some(before) = cursor.occurrences_before()
            && before != end
        {
            return broken(0, format!("{before} occurrences before a block, counted {end}"));
        }
        for (row, count) in cursor.block() {
            let Some(sum) = end.checked_add(*count).filter(|sum| *sum <= shape.occurrences) else {
                return broken(0, format!("more than {} occurrences", shape.occurrences));
            };
            end = sum;
            out.rows.push(*row);
            out.ends.push(end);
        }
    }
    if end != shape.occurrences {
        return broken(0, format!("{end} occurrences, not {}", shape.occurrences));
    }
    if wanted.forms && shape.forms > 1 {
        let mut reader = BitReader::new(cursor.forms(), 0);
        for _ in 0..end {
            let form = reader.take().filter(|form| *form <= shape.forms);
            let Some(form) = form else {
                return broken(
                    bytes.len(),
                    format!("no form of {} at bit {}", shape.forms, reader.at()),
                );
            };
            out.forms.push(form - 1);
        }
    }
    if wanted.positions {
        decode_positions(positions, out)?;
    }
    Ok(())
}

fn decode_positions(bytes: &[u8], out: &mut Decoded) -> Read<()> {
    let count = out.ends.last().copied().unwrap_or_default() as usize;
    let blocks = count / BLOCK;
    let Some((widths, mut rest)) = bytes.split_at_checked(blocks) else {
        return broken(0, "positions end early");
    };
    let mut block = [0; BLOCK];
    for width in widths {
        if unpack(rest, *width, &mut block).is_none() {
            return broken(0, "positions end early");
        }
        rest = rest.get(block_bytes(*width)..).unwrap_or_default();
        out.positions.extend_from_slice(&block);
    }
    let mut at = 0;
    for _ in blocks * BLOCK..count {
        out.positions.push(varint::take(rest, &mut at)?);
    }
    if at != rest.len() {
        return broken(at, "bytes follow the positions");
    }
    let mut start = 0;
    for end in &out.ends {
        let mut position = 0u32;
        for delta in out.positions.get_mut(start..*end as usize).unwrap_or_default() {
            let Some(sum) = position.checked_add(*delta) else {
                return broken(0, "a position has more than 32 bits");
            };
            position = sum;
            *delta = sum;
        }
        start = *end as usize;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows with their occurrences: sizes on both sides of one and of several blocks.
    fn lists() -> impl Strategy<Value = (Decoded, u32)> {
        let size = prop_oneof![1usize..5, 120usize..136, 250usize..260, Just(1000usize)];
        (size, 1u32..5, any::<u64>(), 1u32..300).prop_map(|(size, forms, seed, gap)| {
            let mut state = seed | 1;
            let mut random = |below: u32| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 33) as u32 % below.max(1)
            };
            let mut list = Decoded::default();
            let mut row = random(gap);
            for _ in 0..size {
                list.rows.push(row);
                row += 1 + random(gap);
                let mut position = random(50);
                for _ in 0..=random(4) {
                    list.positions.push(position);
                    if forms > 1 {
                        list.forms.push(random(forms));
                    }
                    position += 1 + random(90);
                }
                list.ends.push(list.positions.len() as u32);
            }
            (list, forms)
        })
    }

    fn wanted() -> Wanted {
        Wanted { forms: true, positions: true }
    }

    proptest! {
        #[test]
        fn lists_come_back((list, forms) in lists()) {
            let rows = list.rows.last().unwrap() + 1;
            let lengths: Vec<u8> = (0..rows).map(|row| (row % 200) as u8).collect();
            let mut bytes = Vec::new();
            let info = encode_list(&list, &lengths, forms, true, &mut bytes).unwrap();
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            prop_assert_eq!(positions.len(), info.positions_bytes as usize);
            let mut read = Decoded::default();
            decode_list(postings, positions, &info.shape, rows, wanted(), &mut read).unwrap();
            prop_assert_eq!(&read, &list);
            // One row fewer in the segment, and the last row is none of it.
            prop_assert!(decode_list(postings, positions, &info.shape, rows - 1, wanted(), &mut read).is_err());
            let mut cursor = PostingCursor::new(postings, &info.shape, rows).unwrap();
            for (place, row) in list.rows.iter().enumerate().step_by(7) {
                prop_assert_eq!(cursor.advance(*row).unwrap(), *row);
                prop_assert_eq!(cursor.count() as usize, list.range(place).len());
            }
            prop_assert_eq!(cursor.advance(rows).unwrap(), super::super::NO_ROW);
        }

        #[test]
        fn damaged_lists_are_errors_or_lists(
            (list, forms) in lists(), at in any::<prop::sample::Index>(), flip in 1u8..=255,
        ) {
            let rows = list.rows.last().unwrap() + 1;
            let mut bytes = Vec::new();
            let info = encode_list(&list, &[], forms, true, &mut bytes).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            let mut read = Decoded::default();
            if decode_list(postings, positions, &info.shape, rows, wanted(), &mut read).is_ok() {
                prop_assert_eq!(read.rows.len(), list.rows.len());
                prop_assert!(read.rows.is_sorted_by(|a, b| a < b) && *read.rows.last().unwrap() < rows);
            }
            if let Ok(mut cursor) = PostingCursor::new(postings, &info.shape, rows) {
                let mut row = 0;
                while let Ok(next) = cursor.advance(row) && next < rows {
                    prop_assert!(next >= row);
                    row = next + 1;
                }
            }
        }
    }
}
