//! One list of postings: its rows, how often each has a word of the stem, which forms, and where.
//!
//! ```text
//! 128 rows or more:  [skip entries][group entries][blocks][rows left over] [forms] [positions]
//! fewer rows:        [rows, forms, positions]
//! ```
//!
//! What follows the blocks is streams of bits, forms and positions one per 512 rows. Ranking reads skip entries and
//! blocks: numbers of equal width, and patches. All else is read from its start, so that it takes the fewest bits.

use std::ops::Range;

use super::bits::{BitReader, BitWriter};
use super::cursor::PostingCursor;
use super::decoded::{Decoded, Wanted};
use super::forms::{put_forms, take_forms};
use super::groups::{GROUP_ROWS, GroupEntry, Groups};
use super::pack::BLOCK;
use super::patch::{put_block, width_for};
use super::positions::{PositionReader, put_positions};
use super::row_forms::{RowForms, put_row_forms};
use super::shape::{FormCoding, ListCoding, ListInfo, ListShape, SkipEntry};
use super::{Read, broken};

/// Appends a list; `is_text` as in [`ListShape`].
///
/// # Errors
/// What does not fit: a list of more than 2^32 occurrences or bytes.
pub fn encode_list(
    list: &Decoded,
    forms: u32,
    is_text: bool,
    coding: ListCoding<'_>,
    out: &mut Vec<u8>,
) -> Result<ListInfo, &'static str> {
    let start = out.len();
    let occurrences = list.ends.last().copied().unwrap_or_default();
    let shape = ListShape { rows: list.rows.len() as u32, occurrences, forms, is_text };
    let bytes = |count: usize| u32::try_from(count).map_err(|_| "a list has too many bytes");
    if shape.is_long() {
        let mut positions = Vec::new();
        encode_blocks(list, &shape, coding, out, &mut positions)?;
        let postings_bytes = bytes(out.len() - start)?;
        out.extend_from_slice(&positions);
        return Ok(ListInfo { shape, postings_bytes, positions_bytes: bytes(positions.len())? });
    }
    let mut bits = BitWriter::default();
    encode_rows(list, 0, None, shape.row_low_bits(coding.rows()), &mut bits);
    if forms > 1 {
        put_forms(&list.forms, &mut bits);
    }
    if coding.positions {
        put_positions(list, 0..list.rows.len(), is_text, coding, &mut bits);
    }
    out.extend_from_slice(&bits.finish());
    Ok(ListInfo { shape, postings_bytes: bytes(out.len() - start)?, positions_bytes: 0 })
}

/// Encodes a list of 128 rows or more: everything but the positions, and these.
fn encode_blocks(
    list: &Decoded,
    shape: &ListShape,
    coding: ListCoding<'_>,
    out: &mut Vec<u8>,
    positions: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let mut body = Vec::new();
    let mut before = None;
    for (number, block) in list.rows.chunks(BLOCK).enumerate() {
        let first = number * BLOCK;
        let mut counts = [1; BLOCK];
        for (place, count) in (first..first + block.len()).zip(&mut counts) {
            *count = list.range(place).len() as u32;
        }
        let mut bits = BitWriter::default();
        let mut widths = [0; 2];
        if block.len() == BLOCK {
            let mut deltas = [0; BLOCK];
            let mut last = before;
            for (row, delta) in block.iter().zip(&mut deltas) {
                *delta = delta_of(*row, last);
                last = Some(*row);
            }
            let more = counts.map(|count| count.saturating_sub(1));
            widths = [width_for(&deltas), width_for(&more)];
            put_block(&deltas, widths[0], &mut body, &mut bits);
            put_block(&more, widths[1], &mut body, &mut bits);
        } else {
            encode_rows(list, first, before, shape.row_low_bits(coding.rows()), &mut bits);
        }
        body.extend_from_slice(&bits.finish());
        before = block.last().copied();
        let entry = SkipEntry {
            last_row: before.unwrap_or_default(),
            end: u32::try_from(body.len()).map_err(|_| "a list has too many bytes")?,
            row_width: widths[0],
            count_width: widths[1],
            best_count: counts.iter().max().map_or(0, |count| (*count).min(255) as u8),
            best_length: block.iter().map(|row| coding.length(*row)).min().unwrap_or_default(),
        };
        out.extend_from_slice(&entry.encode());
    }
    let mut forms = Vec::new();
    for first in (0..list.rows.len()).step_by(GROUP_ROWS) {
        let places = first..list.rows.len().min(first + GROUP_ROWS);
        let occurrences = list.range(first).start..list.range(places.end - 1).end;
        if first > 0 {
            let bytes = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(|_| "a list is too long");
            let entry = GroupEntry {
                occurrences: occurrences.start as u32,
                forms: bytes(&forms)?,
                positions: bytes(positions)?,
            };
            out.extend_from_slice(&entry.encode());
        }
        let mut bits = BitWriter::default();
        match coding.forms {
            _ if shape.forms == 1 => {}
            FormCoding::Rows => put_row_forms(list, places.clone(), shape.forms, &mut bits),
            FormCoding::Occurrences => {
                put_forms(list.forms.get(occurrences).unwrap_or_default(), &mut bits);
            }
        }
        forms.extend(bits.finish());
        if coding.positions {
            let mut bits = BitWriter::default();
            put_positions(list, places, shape.is_text, coding, &mut bits);
            positions.extend(bits.finish());
        }
    }
    out.extend_from_slice(&body);
    out.extend_from_slice(&forms);
    Ok(())
}

/// Appends rows outside blocks, from a place on, with their counts.
fn encode_rows(
    list: &Decoded,
    first: usize,
    before: Option<u32>,
    low_bits: u32,
    out: &mut BitWriter,
) {
    let mut last = before;
    for (place, row) in list.rows.iter().enumerate().skip(first) {
        out.golomb(delta_of(*row, last), low_bits);
        out.gamma(list.range(place).len() as u64);
        last = Some(*row);
    }
}

/// A row less the row before it less one, or the first row.
fn delta_of(row: u32, before: Option<u32>) -> u32 {
    before.map_or(row, |before| row.wrapping_sub(before).wrapping_sub(1))
}

/// Decodes a list into `out`. `bytes` and `positions` are those that [`ListInfo`] counts.
///
/// # Errors
/// What contradicts the shape, or goes beyond the bytes.
pub fn decode_list(
    bytes: &[u8],
    positions: &[u8],
    shape: &ListShape,
    coding: ListCoding<'_>,
    wanted: Wanted,
    out: &mut Decoded,
) -> Read<()> {
    out.clear();
    let mut cursor = PostingCursor::new(bytes, shape, coding.rows())?;
    let mut end = 0u32;
    // Bounded by the bytes: a block of 128 takes at least its 12 bytes of skip entry.
    while cursor.load_next()? {
        for (row, count) in cursor.loaded() {
            let Some(sum) = end.checked_add(count).filter(|sum| *sum <= shape.occurrences) else {
                return broken(0, format!("more than {} occurrences", shape.occurrences));
            };
            end = sum;
            out.rows.push(row);
            out.ends.push(end);
        }
    }
    if end != shape.occurrences {
        return broken(0, format!("{end} occurrences, not {}", shape.occurrences));
    }
    if !wanted.forms && !wanted.positions {
        return Ok(());
    }
    if shape.is_long() {
        decode_groups(
            &cursor.groups(wanted.positions.then_some(positions), shape),
            shape,
            coding,
            wanted,
            out,
        )?;
    } else {
        decode_rest(&mut cursor.rest(), shape, coding, wanted, out)?;
    }
    if !wanted.forms {
        out.forms.clear();
    }
    Ok(())
}

/// Decodes forms and positions of a list of fewer than 128 rows.
fn decode_rest(
    rest: &mut BitReader<'_>,
    shape: &ListShape,
    coding: ListCoding<'_>,
    wanted: Wanted,
    out: &mut Decoded,
) -> Read<()> {
    if shape.forms > 1 {
        take_forms(rest, shape.forms, shape.occurrences, &mut out.forms)?;
    }
    if wanted.positions && coding.positions {
        take_positions(rest, 0..out.rows.len(), shape, coding, out)?;
    }
    match rest.is_at_end() || (coding.positions && !wanted.positions) {
        true => Ok(()),
        false => broken(rest.at() / 8, "bytes follow the list"),
    }
}

/// Decodes forms and positions of a longer one.
fn decode_groups(
    groups: &Groups<'_>,
    shape: &ListShape,
    coding: ListCoding<'_>,
    wanted: Wanted,
    out: &mut Decoded,
) -> Read<()> {
    for number in 0..groups.count() {
        let group = groups.get(number)?;
        let places = number * GROUP_ROWS..out.rows.len().min((number + 1) * GROUP_ROWS);
        let occurrences = out.range(places.start).start..out.range(places.end - 1).end;
        if group.occurrences != (occurrences.start as u32..occurrences.end as u32) {
            return broken(0, format!("group {number} does not begin where its rows do"));
        }
        let is_at_end = match coding.forms {
            FormCoding::Rows if shape.forms > 1 => {
                let forms = RowForms::new(group.forms, shape.forms, places.len())?;
                let mut forms = forms.occurrences()?;
                for place in places.clone() {
                    let count = out.range(place).len() as u32;
                    forms.next_row(count, |form| out.forms.push(form))?;
                }
                forms.is_at_end()
            }
            _ => {
                let mut bits = BitReader::new(group.forms, 0);
                if shape.forms > 1 {
                    let count = group.occurrences.len() as u32;
                    take_forms(&mut bits, shape.forms, count, &mut out.forms)?;
                }
                bits.is_at_end()
            }
        };
        if !is_at_end {
            return broken(0, "bytes follow the forms");
        }
        if wanted.positions && coding.positions {
            let mut bits = BitReader::new(group.positions, 0);
            take_positions(&mut bits, places, shape, coding, out)?;
            if !bits.is_at_end() {
                return broken(0, "bytes follow the positions");
            }
        }
    }
    Ok(())
}

/// Reads the positions of the rows at some places, which are next.
fn take_positions(
    bits: &mut BitReader<'_>,
    places: Range<usize>,
    shape: &ListShape,
    coding: ListCoding<'_>,
    out: &mut Decoded,
) -> Read<()> {
    let mut reader = PositionReader::new(bits, shape, coding);
    for place in places {
        let count = out.range(place).len() as u32;
        let row = out.rows.get(place).copied().unwrap_or_default();
        reader.row(row, count, |position| out.positions.push(position))?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows with their occurrences: sizes on both sides of one and of several blocks, and of groups.
    pub(in crate::format::lexical) fn lists() -> impl Strategy<Value = (Decoded, u32)> {
        let size =
            prop_oneof![1usize..5, 126usize..131, 254usize..259, 510usize..515, Just(1700usize)];
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
                // Some rows have more occurrences than go without a bit for their forms.
                let more = if random(100) == 0 { 60 + random(10) } else { 0 };
                for _ in 0..=random(4) + more {
                    list.positions.push(position);
                    if forms > 1 {
                        let is_other = random(1 + (seed % 90) as u32) == 0;
                        list.forms.push(if is_other { random(forms) } else { 0 });
                    }
                    position += 1 + random(90);
                }
                list.ends.push(list.positions.len() as u32);
            }
            (list, forms)
        })
    }

    /// A length code of each row.
    fn lengths(list: &Decoded) -> Vec<u8> {
        (0..=*list.rows.last().unwrap()).map(|row| (row % 200) as u8).collect()
    }

    /// Both codings of forms.
    pub(in crate::format::lexical) fn form_codings() -> impl Strategy<Value = FormCoding> {
        prop_oneof![Just(FormCoding::Occurrences), Just(FormCoding::Rows)]
    }

    /// The bytes of a list with positions, the length code of every row, and its sizes.
    pub(in crate::format::lexical) fn encoded(
        list: &Decoded,
        forms: u32,
        is_text: bool,
        coding: FormCoding,
    ) -> (Vec<u8>, Vec<u8>, ListInfo) {
        let (mut bytes, lengths) = (Vec::new(), lengths(list));
        let coding = ListCoding { lengths: &lengths, positions: true, forms: coding };
        let info = encode_list(list, forms, is_text, coding, &mut bytes).unwrap();
        (bytes, lengths, info)
    }

    fn wanted() -> Wanted {
        Wanted { forms: true, positions: true }
    }

    proptest! {
        #[test]
        fn lists_come_back(
            (list, forms) in lists(), is_text: bool, with_positions: bool, coding in form_codings(),
        ) {
            let lengths = lengths(&list);
            let rows = lengths.len() as u32;
            let coding = ListCoding { lengths: &lengths, positions: with_positions, forms: coding };
            let mut bytes = Vec::new();
            let info = encode_list(&list, forms, is_text, coding, &mut bytes).unwrap();
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            prop_assert_eq!(positions.len(), info.positions_bytes as usize);
            for wanted in [wanted(), Wanted { forms: true, positions: false }, Wanted::default()] {
                let mut read = Decoded::default();
                decode_list(postings, positions, &info.shape, coding, wanted, &mut read).unwrap();
                prop_assert_eq!((&read.rows, &read.ends), (&list.rows, &list.ends));
                prop_assert_eq!(&read.forms, if wanted.forms { &list.forms } else { &read.forms });
                prop_assert_eq!(read.forms.is_empty(), !wanted.forms || forms == 1);
                let is_read = wanted.positions && with_positions;
                prop_assert_eq!(&read.positions, if is_read { &list.positions } else { &read.positions });
                prop_assert_eq!(read.positions.is_empty(), !is_read);
            }
            let longer = [&bytes[..], &[0]].concat();
            let mut read = Decoded::default();
            let (postings, positions) = longer.split_at(if info.shape.is_long() { postings.len() } else { longer.len() });
            prop_assert_eq!(decode_list(postings, positions, &info.shape, coding, wanted(), &mut read).is_err(),
                with_positions || !info.shape.is_long());
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            // With one row fewer in the segment, the last row is not in it. The width of the gaps may change with the
            // number of rows: then other rows may come out, but none beyond the segment.
            let fewer = ListCoding { lengths: &lengths[1..], ..coding };
            if decode_list(postings, positions, &info.shape, fewer, wanted(), &mut read).is_ok() {
                prop_assert!(read.rows != list.rows && read.rows.iter().all(|row| *row < rows - 1));
            }
            let mut cursor = PostingCursor::new(postings, &info.shape, rows).unwrap();
            for (place, row) in list.rows.iter().enumerate().step_by(7) {
                prop_assert_eq!(cursor.advance(*row).unwrap(), *row);
                prop_assert_eq!(cursor.count() as usize, list.range(place).len());
            }
            prop_assert_eq!(cursor.advance(rows).unwrap(), super::super::NO_ROW);
        }

        #[test]
        fn damaged_lists_are_errors_or_lists(
            (list, forms) in lists(), at in any::<prop::sample::Index>(), flip in 1u8..=255, coding in form_codings(),
        ) {
            let (mut bytes, lengths, info) = encoded(&list, forms, true, coding);
            let rows = lengths.len() as u32;
            let coding = ListCoding { lengths: &lengths, positions: true, forms: coding };
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            let mut read = Decoded::default();
            if decode_list(postings, positions, &info.shape, coding, wanted(), &mut read).is_ok() {
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
