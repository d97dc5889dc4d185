//! The part of a list that has some of its forms and lies in some rows, read without the rest in memory.

use super::bits::BitReader;
use super::cursor::PostingCursor;
use super::decoded::{Decoded, Wanted};
use super::forms::{FormMask, FormSet};
use super::groups::{GROUP_BLOCKS, GROUP_ROWS, Group};
use super::list::decode_list;
use super::pack::BLOCK;
use super::positions::PositionReader;
use super::row_forms::{OccurrenceForms, RowForms, rows_with};
use super::shape::{FormCoding, ListCoding, ListShape};
use super::{Read, broken};

/// What of a list is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// Occurrences of these forms.
    pub forms: &'a FormSet,
    /// In these rows, which ascend; `None` for all.
    pub rows: Option<&'a [u32]>,
}

/// Hands out the rows that have a selected occurrence, ascending, 128 at most at a time. `bytes` are those of
/// [`decode_list`], `rows` are the rows of the segment.
///
/// Cost: of each group of 512 rows with one that is wanted, the rows and, unless all forms are selected, their forms; counts
/// too where forms are coded occurrence by occurrence.
///
/// # Errors
/// As [`decode_list`], in what is read.
pub fn visit_rows(
    bytes: &[u8],
    shape: &ListShape,
    rows: u32,
    coding: FormCoding,
    selection: Selection<'_>,
    visit: &mut dyn FnMut(&[u32]),
) -> Read<()> {
    let mut cursor = PostingCursor::new(bytes, shape, rows)?;
    let mut wanted = Walk(selection.rows);
    let forms = selection.forms;
    if !shape.is_long() {
        cursor.load_next()?;
        let mask = mask_of(&mut cursor.rest(), shape, shape.occurrences, forms)?;
        let mut end = 0;
        visit_block(&cursor, mask.as_ref(), &mut end, &mut wanted, visit);
        return check_end(&mask, end, shape.occurrences);
    }
    let groups = cursor.groups(None, shape);
    for number in 0..groups.count() {
        if !wanted.has_any_to(cursor.last_row_of(number)) {
            continue;
        }
        let group = groups.get(number)?;
        cursor.go_to_group(number)?;
        if !forms.is_all() && coding == FormCoding::Occurrences {
            let count = group.occurrences.len() as u32;
            let mask = mask_of(&mut BitReader::new(group.forms, 0), shape, count, forms)?;
            let mut end = 0;
            for _ in 0..GROUP_BLOCKS {
                if cursor.load_next()? {
                    visit_block(&cursor, mask.as_ref(), &mut end, &mut wanted, visit);
                }
            }
            check_end(&mask, end, count)?;
            continue;
        }
        let found = match forms.is_all() {
            true => None,
            false => {
                let rows = rows_of(number, shape);
                Some(rows_with(group.forms, shape.forms, rows, forms)?)
            }
        };
        for block in 0..GROUP_BLOCKS {
            if cursor.load_rows()? {
                let found = found.map(|found| found.of_block(block));
                visit_rows_of(cursor.block(), found, &mut wanted, visit);
            }
        }
    }
    Ok(())
}

/// Rows of a group.
fn rows_of(number: usize, shape: &ListShape) -> usize {
    (shape.rows as usize).saturating_sub(number * GROUP_ROWS).min(GROUP_ROWS)
}

/// Hands out those rows of a block that are wanted and, where bits say which ones have the forms, among those.
#[inline]
fn visit_rows_of(
    rows: &[u32],
    found: Option<[u64; BLOCK / 64]>,
    wanted: &mut Walk<'_>,
    visit: &mut dyn FnMut(&[u32]),
) {
    if found.is_none() && wanted.is_every() {
        visit(rows);
        return;
    }
    let (mut kept, mut count) = ([0; BLOCK], 0);
    for (rows, bits) in rows.chunks(64).zip(found.unwrap_or([u64::MAX; BLOCK / 64])) {
        let mut bits = bits;
        while bits != 0 {
            let place = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            // Behind the last row of a list only `u64::MAX` has bits.
            let Some((row, to)) = rows.get(place).zip(kept.get_mut(count)) else { break };
            *to = *row;
            count += usize::from(wanted.has(*row));
        }
    }
    visit(kept.get(..count).unwrap_or_default());
}

/// Whether rows have as many occurrences as a mask has.
fn check_end(mask: &Option<FormMask>, end: u32, count: u32) -> Read<()> {
    match mask.is_none() || end == count {
        true => Ok(()),
        false => broken(0, format!("{end} occurrences, not {count}")),
    }
}

/// Hands out those rows of the block that is loaded which are wanted and have an occurrence in a mask. `end` counts
/// occurrences of the mask.
#[inline]
fn visit_block(
    cursor: &PostingCursor<'_>,
    mask: Option<&FormMask>,
    end: &mut u32,
    wanted: &mut Walk<'_>,
    visit: &mut dyn FnMut(&[u32]),
) {
    let (mut kept, mut count) = ([0; BLOCK], 0);
    for (row, occurrences) in cursor.loaded() {
        if let Some(place) = kept.get_mut(count) {
            *place = row;
        }
        let is_of_forms = mask.is_none_or(|mask| mask.any(*end, occurrences));
        count += usize::from(is_of_forms && wanted.has(row));
        *end = end.saturating_add(occurrences);
    }
    visit(kept.get(..count).unwrap_or_default());
}

/// Hands out each row with a selected occurrence, and the positions of those, both ascending. `bytes` and `positions` are
/// those of [`decode_list`], of an index with positions.
///
/// Cost: of each group of 512 rows with one that is wanted, rows, forms, and positions up to the last.
///
/// # Errors
/// As [`decode_list`], in what is read.
pub fn visit_positions(
    bytes: &[u8],
    positions: &[u8],
    shape: &ListShape,
    coding: ListCoding<'_>,
    selection: Selection<'_>,
    visit: &mut dyn FnMut(u32, &[u32]),
) -> Read<()> {
    if !shape.is_long() {
        // The positions follow the forms in one stream, so that all forms are read first.
        let mut list = Decoded::default();
        let wanted = Wanted { forms: true, positions: true };
        decode_list(bytes, positions, shape, coding, wanted, &mut list)?;
        select(&list, selection, visit);
        return Ok(());
    }
    let mut cursor = PostingCursor::new(bytes, shape, coding.rows())?;
    let mut wanted = Walk(selection.rows);
    let mut kept = Vec::new();
    let groups = cursor.groups(Some(positions), shape);
    for number in 0..groups.count() {
        let last_row = cursor.last_row_of(number);
        if !wanted.has_any_to(last_row) {
            continue;
        }
        let group = groups.get(number)?;
        let count = group.occurrences.len() as u32;
        let mut forms = GroupForms::new(&group, number, shape, coding.forms, selection.forms)?;
        let mut bits = BitReader::new(group.positions, 0);
        let mut reader = PositionReader::new(&mut bits, shape, coding);
        cursor.go_to_group(number)?;
        let mut next = 0u32;
        for _ in 0..GROUP_BLOCKS {
            if !wanted.has_any_to(last_row) || !cursor.load_next()? {
                break;
            }
            for (row, occurrences) in cursor.loaded() {
                let first = next;
                next = next.saturating_add(occurrences);
                if next > count {
                    return broken(0, format!("more than {count} occurrences in group {number}"));
                }
                let selected = forms.next_row(first, occurrences, selection.forms)?;
                if !wanted.has(row) {
                    reader.row(row, occurrences, |_| ())?;
                    continue;
                }
                kept.clear();
                let mut at = 0;
                reader.row(row, occurrences, |position| {
                    if selected.has(at) {
                        kept.push(position);
                    }
                    at += 1;
                })?;
                if !kept.is_empty() {
                    visit(row, &kept);
                }
            }
        }
    }
    Ok(())
}

/// The forms of a group as they are coded.
enum GroupForms<'a> {
    All,
    Occurrences(FormMask),
    /// With whether each occurrence of the last row is of a selected form.
    Rows(Box<OccurrenceForms<'a>>, Vec<bool>),
}

/// Which occurrences of a row are selected.
enum Selected<'a> {
    All,
    /// Those of a mask, from an occurrence on.
    Mask(&'a FormMask, u32),
    Each(&'a [bool]),
}

impl<'a> GroupForms<'a> {
    fn new(
        group: &Group<'a>,
        number: usize,
        shape: &ListShape,
        coding: FormCoding,
        forms: &FormSet,
    ) -> Read<GroupForms<'a>> {
        if forms.is_all() {
            return Ok(GroupForms::All);
        }
        match coding {
            FormCoding::Occurrences => {
                let count = group.occurrences.len() as u32;
                let mut bits = BitReader::new(group.forms, 0);
                let mask = FormMask::read(&mut bits, shape.forms, count, forms)?;
                Ok(GroupForms::Occurrences(mask))
            }
            FormCoding::Rows => {
                let rows = rows_of(number, shape);
                let forms = RowForms::new(group.forms, shape.forms, rows)?;
                Ok(GroupForms::Rows(Box::new(forms.occurrences()?), Vec::new()))
            }
        }
    }

    /// The next row, whose first occurrence and number of occurrences are given.
    #[inline]
    fn next_row(&mut self, first: u32, count: u32, forms: &FormSet) -> Read<Selected<'_>> {
        Ok(match self {
            GroupForms::All => Selected::All,
            GroupForms::Occurrences(mask) => Selected::Mask(mask, first),
            GroupForms::Rows(rows, each) => {
                each.clear();
                rows.next_row(count, |form| each.push(forms.contains(form)))?;
                Selected::Each(each)
            }
        })
    }
}

impl Selected<'_> {
    /// Whether an occurrence of the row is.
    #[inline]
    fn has(&self, at: u32) -> bool {
        match self {
            Selected::All => true,
            Selected::Mask(mask, first) => mask.has(first.saturating_add(at)),
            Selected::Each(each) => each.get(at as usize).copied().unwrap_or_default(),
        }
    }
}

/// What of `count` occurrences is of some forms; `None` for all.
fn mask_of(
    bits: &mut BitReader<'_>,
    shape: &ListShape,
    count: u32,
    forms: &FormSet,
) -> Read<Option<FormMask>> {
    match forms.is_all() {
        true => Ok(None),
        false => FormMask::read(bits, shape.forms, count, forms).map(Some),
    }
}

/// Rows that are wanted, walked through as rows of a list ascend.
struct Walk<'a>(Option<&'a [u32]>);

impl Walk<'_> {
    /// Whether every row is wanted.
    fn is_every(&self) -> bool {
        self.0.is_none()
    }

    /// Whether there is one up to a row, behind those that were passed.
    fn has_any_to(&self, last: Option<u32>) -> bool {
        self.0.is_none_or(|rows| rows.first().is_some_and(|first| Some(*first) <= last))
    }

    /// Whether this row is wanted; passes over those before it.
    #[inline]
    fn has(&mut self, row: u32) -> bool {
        let Some(rows) = &mut self.0 else { return true };
        while let Some((first, rest)) = rows.split_first()
            && *first < row
        {
            *rows = rest;
        }
        rows.first() == Some(&row)
    }
}

/// Hands out what is selected of a list in memory.
fn select(
    list: &Decoded,
    Selection { forms, rows }: Selection<'_>,
    visit: &mut dyn FnMut(u32, &[u32]),
) {
    let form = |at: usize| list.forms.get(at).copied().unwrap_or_default();
    let mut wanted = Walk(rows);
    for (place, row) in list.rows.iter().enumerate().filter(|(_, row)| wanted.has(**row)) {
        let places = list.range(place).filter(|at| forms.contains(form(*at)));
        let kept: Vec<u32> = places.filter_map(|at| list.positions.get(at).copied()).collect();
        if !kept.is_empty() {
            visit(*row, &kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::list::tests::{encoded, form_codings, lists};
    use super::*;

    proptest! {
        #[test]
        fn a_selection_is_that_of_the_whole_list(
            (list, forms) in lists(), is_text: bool, wanted_forms in any::<u64>(), step in 1usize..300, every_row: bool,
            form_coding in form_codings(),
        ) {
            let mut numbers: Vec<u32> = (0..forms).filter(|form| wanted_forms >> form & 1 == 1).collect();
            if numbers.is_empty() {
                numbers.push(forms - 1);
            }
            let set = FormSet::of(&numbers, forms);
            let (bytes, lengths, info) = encoded(&list, forms, is_text, form_coding);
            let coding = ListCoding { lengths: &lengths, positions: true, forms: form_coding };
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            let rows: Vec<u32> = (0..=*list.rows.last().unwrap()).step_by(step).collect();
            let selection = Selection { forms: &set, rows: (!every_row).then_some(&rows) };
            let (mut read, mut expected) = (Vec::new(), Vec::new());
            let mut push = |row, positions: &[u32]| read.push((row, positions.to_vec()));
            visit_positions(postings, positions, &info.shape, coding, selection, &mut push).unwrap();
            for (place, row) in list.rows.iter().enumerate().filter(|(_, row)| every_row || rows.contains(row)) {
                let is_of = |at: &usize| numbers.contains(list.forms.get(*at).unwrap_or(&0));
                let positions: Vec<u32> = list.range(place).filter(is_of).map(|at| list.positions[at]).collect();
                expected.extend((!positions.is_empty()).then_some((*row, positions)));
            }
            prop_assert_eq!(&read, &expected);
            let mut visited = Vec::new();
            let segment_rows = lengths.len() as u32;
            let mut push = |rows: &[u32]| visited.extend_from_slice(rows);
            visit_rows(postings, &info.shape, segment_rows, form_coding, selection, &mut push).unwrap();
            prop_assert!(visited.iter().eq(expected.iter().map(|(row, _)| row)));
        }

        #[test]
        fn damaged_lists_are_errors_or_rows(
            (list, forms) in lists(), at in any::<prop::sample::Index>(), flip in 1u8..=255, form in 0u32..5,
            form_coding in form_codings(),
        ) {
            let (mut bytes, lengths, info) = encoded(&list, forms, true, form_coding);
            let coding = ListCoding { lengths: &lengths, positions: true, forms: form_coding };
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            let (postings, positions) = bytes.split_at(info.postings_bytes as usize);
            let set = FormSet::of(&[form], forms);
            let mut last = None;
            let selection = Selection { forms: &set, rows: None };
            let segment_rows = lengths.len() as u32;
            let _ = visit_rows(postings, &info.shape, segment_rows, form_coding, selection, &mut |rows| {
                assert!(rows.iter().all(|row| last.replace(*row) < Some(*row) && *row < lengths.len() as u32));
            });
            let mut count = 0;
            let selection = Selection { rows: Some(&list.rows), ..selection };
            let mut add = |_, positions: &[u32]| count += positions.len();
            let _ = visit_positions(postings, positions, &info.shape, coding, selection, &mut add);
            prop_assert!(count <= bytes.len() * 8);
        }
    }
}
