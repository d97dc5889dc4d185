//! Forging segments: elements of arrays, groups of arrays that have one count, counts with the
//! lengths that follow from them, bitmaps, texts, documents, and keys in all places at once.

use medvec::encoder::Metric;
use medvec::format::segment::*;
use roaring::RoaringBitmap;

use super::choices::Choices;
use super::documents;
use super::mutate::{KNOWN, bitmap, float, row_type};
use super::parts::File;

/// Sections of plain arrays and the bytes of an element; entries of several fields count as words.
const ARRAYS: &[(u32, usize)] = &[
    (SECTION_KEY_PMIDS, 4),
    (SECTION_KEY_PMID_ROWS, 4),
    (SECTION_ROW_PMIDS, 4),
    (SECTION_KEY_TEXT_OFFSETS, 8),
    (SECTION_KEY_TEXTS, 1),
    (SECTION_KEY_TEXT_ROWS, 4),
    (SECTION_ROW_TEXTS, 4),
    (SECTION_REVISIONS, 4),
    (SECTION_INPUT_HASHES, 1),
    (SECTION_DATE_FIRST, 4),
    (SECTION_DATE_LAST, 4),
    (SECTION_DICTIONARY, 1),
    (SECTION_BLOCKS, 1),
    (SECTION_BLOCK_OFFSETS, 8),
    (SECTION_BLOCK_ROWS, 4),
    (SECTION_TERM_OFFSETS, 8),
    (SECTION_TERMS, 1),
    (SECTION_POSTING_ENTRIES, 4),
    (SECTION_POSTINGS, 1),
    (SECTION_INTEGER_ROWS, 4),
    (SECTION_INTEGER_VALUES, 8),
    (SECTION_FLOAT_ROWS, 4),
    (SECTION_FLOAT_VALUES, 8),
    (SECTION_DELETE_PMIDS, 4),
    (SECTION_DELETE_PMID_REVISIONS, 4),
    (SECTION_DELETE_TEXT_OFFSETS, 8),
    (SECTION_DELETE_TEXTS, 1),
    (SECTION_DELETE_TEXT_REVISIONS, 4),
    (SECTION_VECTORS, 1),
    (SECTION_SCALES, 4),
    (SECTION_LIST_OFFSETS, 4),
    (SECTION_CODES, 1),
    (SECTION_CODE_SCALES, 2),
    (SECTION_META, 1),
    (SECTION_VECTOR_SUM, 8),
    (SECTION_CONFIRMED_PMIDS, 4),
    (SECTION_CONFIRMED_REVISIONS, 4),
    (SECTION_SPILLED_OFFSETS, 4),
    (SECTION_SPILLED_ROWS, 4),
    (SECTION_SPILLED_CODES, 1),
    (SECTION_SPILLED_SCALES, 2),
    (SECTION_MORE_TERM_ENDS, 4),
    (SECTION_MORE_TERM_OFFSETS, 8),
    (SECTION_MORE_TERMS, 1),
    (SECTION_MORE_POSTING_ENTRIES, 4),
    (SECTION_MORE_POSTINGS, 1),
];

/// Changes one thing of a segment; says what.
pub fn mutate(file: &mut File, choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..=4 => {
            let (kind, width) = choices.pick(ARRAYS).unwrap_or(ARRAYS[0]);
            element(file, kind, width, choices)
        }
        5..=7 => meta(file, choices),
        8..=9 => group(file, choices),
        10 => presence(file, choices),
        11 => posting(file, choices),
        12 => text(file, choices),
        13 => floats(file, choices),
        14 => documents::rekey(file, choices),
        _ => documents::mutate(file, choices),
    }
}

/// Changes an element of an array, or its place.
pub fn element(file: &mut File, kind: u32, width: usize, choices: &mut Choices<'_>) -> String {
    let count = file.section(kind).len() / width;
    if count == 0 {
        return format!("section {kind} is empty");
    }
    let bytes = file.section_mut(kind);
    let (at, other) = (choices.below(count), choices.below(count));
    let how = choices.below(8);
    let place = at * width..(at + 1) * width;
    match how {
        0 => {
            let (one, two) = (bytes[place.clone()].to_vec(), other * width);
            bytes.copy_within(two..two + width, place.start);
            bytes[two..two + width].copy_from_slice(&one);
        }
        1 => bytes.copy_within(other * width..(other + 1) * width, place.start),
        // Lengths that nothing else says.
        2 if choices.once_in(3) => drop(bytes.drain(place)),
        _ => {
            let mut number = [0; 8];
            number[..width].copy_from_slice(&bytes[place.clone()]);
            let number = u64::from_le_bytes(number);
            let new = choices.number(number, width as u32 * 8, KNOWN);
            bytes[place].copy_from_slice(&new.to_le_bytes()[..width]);
        }
    }
    format!("section {kind} element {at} of {count} by {how}")
}

/// Gives sections the lengths that counts ask for: cut, or filled up with zeros.
pub fn fit(file: &mut File, lengths: &[(u32, u64)]) {
    // What would not fit into memory stays as it is.
    if lengths.iter().any(|(_, length)| *length > 1 << 20) {
        return;
    }
    for (kind, length) in lengths {
        file.section_mut(*kind).resize(*length as usize, 0);
    }
}

/// Gives the sections of copies, if there are some, the lengths of those of rows.
fn fit_copies(file: &mut File, meta: &SegmentMeta) {
    if file.section(SECTION_SPILLED_ROWS).is_empty() || meta.index.is_none() {
        return;
    }
    let own = [SECTION_LIST_OFFSETS, SECTION_CODE_SCALES, SECTION_CODES, SECTION_CODE_SCALES];
    for ((kind, own), factor) in SPILLED.into_iter().zip(own).zip([1, 2, 1, 1]) {
        let length = file.section(own).len() * factor;
        file.section_mut(kind).resize(length, 0);
    }
}

fn meta(file: &mut File, choices: &mut Choices<'_>) -> String {
    let Some(mut meta) = file.meta() else { return "no meta".into() };
    let field = choices.below(22);
    let before = meta.clone();
    let mut change = |value: &mut u32| *value = choices.number(u64::from(*value), 32, KNOWN) as u32;
    match field {
        0 => change(&mut meta.rows),
        1 => change(&mut meta.pmid_keys),
        2 => change(&mut meta.text_keys),
        3 => change(&mut meta.pmid_deletes),
        4 => change(&mut meta.text_deletes),
        5 => change(&mut meta.blocks),
        6 => meta.has_revisions = !meta.has_revisions,
        7 => meta.has_input_hashes = !meta.has_input_hashes,
        8 => meta.text_bytes = choices.number(meta.text_bytes, 64, KNOWN),
        9 | 10 => {
            let at = choices.below(meta.term_ends.len());
            let old = u64::from(meta.term_ends[at]);
            meta.term_ends[at] = choices.number(old, 32, KNOWN) as u32;
        }
        11 | 12 => {
            let columns = if field == 11 { &mut meta.integers } else { &mut meta.floats };
            let at = choices.below(columns.len());
            let how = choices.below(6);
            match columns.get_mut(at) {
                Some(column) if how == 0 => column.name.push('x'),
                Some(column) if how == 1 => {
                    column.start = choices.number(column.start, 64, KNOWN);
                }
                Some(column) if how == 2 => {
                    column.count = choices.number(u64::from(column.count), 32, KNOWN) as u32;
                }
                Some(_) if how == 3 => drop(columns.remove(at)),
                Some(column) => {
                    // A column beside the others, of no elements or of some.
                    let mut twin = column.clone();
                    twin.name = ["", "a", "zz", "count"][choices.below(4)].to_owned();
                    twin.start = twin.start.wrapping_add(u64::from(column.count));
                    twin.count = choices.below(2) as u32;
                    columns.insert(at + 1, twin);
                }
                None => {}
            }
        }
        13 => {
            if let Some(vectors) = &mut meta.vectors {
                match choices.below(6) {
                    0 => vectors.dimension = choices.below(12) as u32,
                    1 => vectors.metric = Metric::Dot,
                    2 => vectors.row_type = row_type(choices),
                    3 => vectors.rotation = choices.number(vectors.rotation, 64, KNOWN),
                    _ => {
                        vectors.count = choices.number(u64::from(vectors.count), 32, KNOWN) as u32;
                    }
                }
            }
        }
        14 => meta.vectors = None,
        15 => meta.index = None,
        16..=20 => {
            if let Some(index) = &mut meta.index {
                match choices.below(6) {
                    0 => index.codebook[choices.below(16)] ^= 1,
                    1 | 2 => index.lists = choices.number(u64::from(index.lists), 32, KNOWN) as u32,
                    3 | 4 => {
                        let old = u64::from(index.sub_quantizers);
                        index.sub_quantizers = choices.number(old, 32, KNOWN) as u32;
                    }
                    _ => index.residual_sum = f64::from(float(index.residual_sum as f32, choices)),
                }
            }
        }
        _ => {
            meta.vectors = None;
            meta.index = None;
        }
    }
    file.set_meta(&meta);
    let is_fit = !choices.once_in(6);
    if let Some(lengths) = meta.section_lengths().ok().filter(|_| is_fit) {
        fit(file, &lengths);
        fit_copies(file, &meta);
        finish(file, &before, &meta, choices);
    }
    format!("meta field {field}, lengths fit: {is_fit}")
}

/// What else a changed count asks for, most of the time.
fn finish(file: &mut File, before: &SegmentMeta, after: &SegmentMeta, choices: &mut Choices<'_>) {
    if choices.once_in(4) {
        return;
    }
    if after.vectors.is_none() {
        file.section_mut(SECTION_VECTOR_ROWS).clear();
    }
    if before.rows != after.rows {
        set_last(file, SECTION_BLOCK_ROWS, after.rows);
    }
    let lists = |meta: &SegmentMeta| meta.index.as_ref().map(|index| index.lists);
    if let (Some(before), Some(after), Some(vectors)) =
        (lists(before), lists(after), &after.vectors)
        && before != after
    {
        set_last(file, SECTION_LIST_OFFSETS, vectors.count);
    }
    let count = |meta: &SegmentMeta| meta.vectors.as_ref().map(|vectors| vectors.count);
    if let (Some(old), Some(new)) = (count(before), count(after))
        && old != new
        && new <= after.rows
    {
        let mut rows = RoaringBitmap::new();
        rows.insert_range(0..new);
        let bytes = file.section_mut(SECTION_VECTOR_ROWS);
        bytes.clear();
        rows.serialize_into(bytes).expect("memory");
        if after.index.is_some() {
            set_last(file, SECTION_LIST_OFFSETS, new);
        }
    }
}

fn set_last(file: &mut File, kind: u32, value: u32) {
    let bytes = file.section_mut(kind);
    if let Some(start) = bytes.len().checked_sub(4) {
        bytes[start..].copy_from_slice(&value.to_le_bytes());
    }
}

/// Takes one element out of every array of a group, puts one in, or swaps two.
fn group(file: &mut File, choices: &mut Choices<'_>) -> String {
    let Some(mut meta) = file.meta() else { return "no meta".into() };
    let number = meta
        .vectors
        .as_ref()
        .map_or(0, |vectors| vectors.dimension.min(64) as usize * vectors.row_type.bytes());
    let mut confirmed = file.section_mut(SECTION_CONFIRMED_PMIDS).len() as u32 / 4;
    let which = choices.below(9);
    let (arrays, count): (&[(u32, usize)], &mut u32) = match which {
        0 => (&[(SECTION_KEY_PMIDS, 4), (SECTION_KEY_PMID_ROWS, 4)], &mut meta.pmid_keys),
        1 | 2 => (
            &[
                (SECTION_ROW_PMIDS, 4),
                (SECTION_ROW_TEXTS, 4),
                (SECTION_REVISIONS, 12),
                (SECTION_INPUT_HASHES, 16),
                (SECTION_DATE_FIRST, 4),
                (SECTION_DATE_LAST, 4),
                (SECTION_VECTORS, 0),
                (SECTION_SCALES, 4),
            ],
            &mut meta.rows,
        ),
        3 => (
            &[(SECTION_DELETE_PMIDS, 4), (SECTION_DELETE_PMID_REVISIONS, 12)],
            &mut meta.pmid_deletes,
        ),
        8 => (&[(SECTION_CONFIRMED_PMIDS, 4), (SECTION_CONFIRMED_REVISIONS, 12)], &mut confirmed),
        4 => match meta.integers.first_mut() {
            Some(column) => {
                (&[(SECTION_INTEGER_ROWS, 4), (SECTION_INTEGER_VALUES, 8)], &mut column.count)
            }
            None => return "no integers".into(),
        },
        5 => match meta.floats.first_mut() {
            Some(column) => {
                (&[(SECTION_FLOAT_ROWS, 4), (SECTION_FLOAT_VALUES, 8)], &mut column.count)
            }
            None => return "no floats".into(),
        },
        6 => match meta.index.as_mut() {
            Some(index) => (&[(SECTION_LIST_OFFSETS, 4)], &mut index.lists),
            None => return "no index".into(),
        },
        _ => (&[(SECTION_BLOCK_OFFSETS, 8), (SECTION_BLOCK_ROWS, 4)], &mut meta.blocks),
    };
    if *count == 0 {
        return format!("group {which} is empty");
    }
    let (at, other) = (choices.below(*count as usize), choices.below(*count as usize));
    let how = choices.below(4);
    for (kind, width) in arrays {
        let width = if *width == 0 { number } else { *width };
        let bytes = file.section_mut(*kind);
        if width == 0 || bytes.len() < *count as usize * width {
            continue;
        }
        let mut elements: Vec<Vec<u8>> = bytes.chunks(width).map(<[u8]>::to_vec).collect();
        match how {
            0 => drop(elements.remove(at)),
            1 => {
                let twin = elements[other].clone();
                elements.insert(at, twin);
            }
            2 => elements.insert(at, vec![0; width]),
            _ => elements.swap(at, other),
        }
        *bytes = elements.concat();
    }
    match how {
        0 => *count = count.wrapping_sub(1),
        1 | 2 => *count = count.wrapping_add(1),
        _ => {}
    }
    let rows = meta.rows;
    file.set_meta(&meta);
    if matches!(which, 1 | 2) && choices.below(4) > 0 {
        set_last(file, SECTION_BLOCK_ROWS, rows);
    }
    format!("group {which} element {at} by {how}")
}

/// Changes which rows have a vector, and most of the time their count.
fn presence(file: &mut File, choices: &mut Choices<'_>) -> String {
    let (what, count) = bitmap(file.section_mut(SECTION_VECTOR_ROWS), choices);
    if let (Some(mut meta), Some(count)) = (file.meta(), count)
        && !choices.once_in(4)
        && let Some(vectors) = &mut meta.vectors
    {
        vectors.count = count;
        file.set_meta(&meta);
        if let Ok(lengths) = meta.section_lengths() {
            fit(file, &lengths);
        }
        if !choices.once_in(4) && !file.section(SECTION_LIST_OFFSETS).is_empty() {
            set_last(file, SECTION_LIST_OFFSETS, count);
        }
    }
    format!("rows with a vector: {what}")
}

/// Changes the rows of a term, in the form that is smaller or the other.
fn posting(file: &mut File, choices: &mut Choices<'_>) -> String {
    let entries = file.section(SECTION_POSTING_ENTRIES);
    let count = entries.len() / 16;
    if count == 0 {
        return "no postings".into();
    }
    let at = choices.below(count);
    let word = |from: usize| -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&entries[at * 16 + from..at * 16 + from + 8]);
        u64::from_le_bytes(bytes)
    };
    let (offset, length) = (word(0), word(8) as u32);
    let postings = file.section(SECTION_POSTINGS);
    let mut bytes = Vec::new();
    if length == 0 {
        let alone = RoaringBitmap::from_iter([offset as u32]);
        alone.serialize_into(&mut bytes).expect("memory");
    } else {
        let end = offset.saturating_add(u64::from(length));
        let Some(found) = postings.get(offset as usize..end as usize) else {
            return "no bitmap".into();
        };
        bytes.extend_from_slice(found);
    }
    let (what, rows) = bitmap(&mut bytes, choices);
    // The new bitmap takes the old one's place; those behind it move.
    let new_length = bytes.len() as u32;
    let start = if length == 0 { end_before(entries, at) } else { offset };
    let grown = i64::from(new_length) - i64::from(length);
    let mut entries = entries.to_vec();
    for entry in entries.chunks_exact_mut(16).skip(at + 1) {
        let is_alone = entry[8..12] == [0; 4];
        let mut moved = [0; 8];
        moved.copy_from_slice(&entry[..8]);
        if !is_alone {
            let moved = u64::from_le_bytes(moved).wrapping_add_signed(grown);
            entry[..8].copy_from_slice(&moved.to_le_bytes());
        }
    }
    let entry = &mut entries[at * 16..at * 16 + 16];
    entry[..8].copy_from_slice(&start.to_le_bytes());
    entry[8..12].copy_from_slice(&new_length.to_le_bytes());
    if let Some(rows) = rows.filter(|_| !choices.once_in(5)) {
        entry[12..].copy_from_slice(&rows.to_le_bytes());
    }
    *file.section_mut(SECTION_POSTING_ENTRIES) = entries;
    let postings = file.section_mut(SECTION_POSTINGS);
    let old = start as usize..(start as usize + length as usize).min(postings.len());
    if old.start <= old.end {
        postings.splice(old, bytes);
    }
    format!("posting {at}: {what}")
}

/// Where the bitmaps of the terms before one end.
fn end_before(entries: &[u8], at: usize) -> u64 {
    let lengths = entries.chunks_exact(16).take(at).map(|entry| &entry[8..12]);
    lengths
        .map(|bytes| u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])))
        .sum()
}

/// Changes a text of a sequence, with the offsets that follow.
fn text(file: &mut File, choices: &mut Choices<'_>) -> String {
    let pairs = [
        (SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS),
        (SECTION_TERM_OFFSETS, SECTION_TERMS),
        (SECTION_TERM_OFFSETS, SECTION_TERMS),
        (SECTION_DELETE_TEXT_OFFSETS, SECTION_DELETE_TEXTS),
    ];
    let (offsets, bytes) = choices.pick(&pairs).unwrap_or(pairs[0]);
    let Some(mut texts) = texts(file, offsets, bytes).filter(|texts| !texts.is_empty()) else {
        return "no texts".into();
    };
    let (at, other) = (choices.below(texts.len()), choices.below(texts.len()));
    let how = choices.below(9);
    match how {
        0 => texts.swap(at, other),
        1 => texts[at].clear(),
        2 => texts[at] = texts[other].clone(),
        3 => texts[at] = vec![0xff],
        4 => texts[at] = vec![b'z'; 513],
        5 => texts[at].push(b' '),
        6 => texts[at].make_ascii_uppercase(),
        7 => texts[at].push(b'x'),
        // One more or less, and the count with it.
        _ => {
            let Some(mut meta) = file.meta() else { return "no meta".into() };
            let is_less = choices.once_in(2);
            let count = |value: &mut u32| match is_less {
                true => *value = value.saturating_sub(1),
                false => *value += 1,
            };
            let (entries, width) = match offsets {
                SECTION_KEY_TEXT_OFFSETS => {
                    count(&mut meta.text_keys);
                    (SECTION_KEY_TEXT_ROWS, 4)
                }
                SECTION_DELETE_TEXT_OFFSETS => {
                    count(&mut meta.text_deletes);
                    (SECTION_DELETE_TEXT_REVISIONS, 12)
                }
                _ => {
                    let ends = meta.term_ends.iter_mut();
                    ends.filter(|end| **end as usize > at).for_each(count);
                    (SECTION_POSTING_ENTRIES, 16)
                }
            };
            let entries = file.section_mut(entries);
            let place = (at * width).min(entries.len());
            if is_less {
                texts.remove(at);
                entries.drain(place..(place + width).min(entries.len()));
            } else {
                let mut new = texts[at].clone();
                new.push(b'!');
                texts.insert(at + 1, new);
                let entry = entries[place..(place + width).min(entries.len())].to_vec();
                entries.splice(place..place, entry);
            }
            file.set_meta(&meta);
        }
    }
    set_texts(file, offsets, bytes, &texts);
    format!("text {at} of section {bytes} by {how}")
}

/// The texts of a sequence, when its offsets ascend inside of it.
pub fn texts(file: &File, offsets: u32, bytes: u32) -> Option<Vec<Vec<u8>>> {
    let (words, _) = file.section(offsets).as_chunks::<8>();
    let offsets: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    let bytes = file.section(bytes);
    let piece = |pair: &[u64]| Some(bytes.get(pair[0] as usize..pair[1] as usize)?.to_vec());
    offsets.windows(2).map(piece).collect()
}

pub fn set_texts(file: &mut File, offsets: u32, bytes: u32, texts: &[Vec<u8>]) {
    let mut ends = vec![0u64];
    for text in texts {
        ends.push(ends.last().copied().unwrap_or(0) + text.len() as u64);
    }
    *file.section_mut(offsets) = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
    *file.section_mut(bytes) = texts.concat();
}

/// Changes a number that is stored in single, half or double precision.
fn floats(file: &mut File, choices: &mut Choices<'_>) -> String {
    let kinds = [
        (SECTION_VECTORS, 4),
        (SECTION_VECTORS, 2),
        (SECTION_SCALES, 4),
        (SECTION_SCALES, 4),
        (SECTION_FLOAT_VALUES, 8),
        (SECTION_CODE_SCALES, 2),
    ];
    let (kind, width) = choices.pick(&kinds).unwrap_or(kinds[0]);
    let bytes = file.section_mut(kind);
    let count = bytes.len() / width;
    if count == 0 {
        return format!("section {kind} is empty");
    }
    let at = choices.below(count) * width;
    let place = &mut bytes[at..at + width];
    match width {
        2 => {
            let halves = [0, 0x3c00, 0x7bff, 0x7c00, 0x7e00, 0x8000, 0xbc00, 1];
            place.copy_from_slice(&u16::to_le_bytes(choices.pick(&halves).unwrap_or(0)));
        }
        4 => {
            let mut old = [0; 4];
            old.copy_from_slice(place);
            place.copy_from_slice(&float(f32::from_le_bytes(old), choices).to_le_bytes());
        }
        _ => place.copy_from_slice(&f64::from(float(1.0, choices)).to_le_bytes()),
    }
    format!("number at {at} of section {kind}")
}
