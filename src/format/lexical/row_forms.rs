//! The forms of a group, row by row, so that rows with a form are found without their counts.
//!
//! ```text
//! rows without form 0, rows of forms 0 and 1             all of a list of two forms
//! rows with another form, and which of these have form 1
//! of each row with another form, those forms
//! of each row of several forms, which is where           read for positions and by merges only
//! ```
//!
//! So rows with the first form take one set, rows with the second a few, and only rarer forms are listed.

use std::ops::Range;

use super::bits::{BitReader, BitWriter};
use super::decoded::Decoded;
use super::forms::FormSet;
use super::group_rows::GroupRows;
use super::{Read, broken};

/// Occurrences from one more on that cost a bit each even in a row of one form: so a list in memory stays in proportion to
/// its bytes.
const FREE_MAX: u32 = 64;

/// Forms that are told by sets of rows, and not listed.
const PLAIN_FORMS: u32 = 2;

/// Appends the forms of the rows at some places, those of a group; the list has `known` forms.
pub(super) fn put_row_forms(list: &Decoded, places: Range<usize>, known: u32, out: &mut BitWriter) {
    let rows = places.len();
    let [mut others, mut both, mut rare] = [GroupRows::default(); 3];
    let (mut seconds, mut listed, mut forms) = (Vec::new(), Vec::new(), Vec::new());
    for (at, place) in places.clone().enumerate() {
        forms_of(list, place, &mut forms);
        if forms.first().is_some_and(|lowest| *lowest > 0) {
            others.insert(at);
        }
        let plain = forms.partition_point(|form| *form < PLAIN_FORMS);
        if plain == forms.len() {
            if plain > 1 {
                both.insert(at);
            }
            continue;
        }
        rare.insert(at);
        seconds.push(forms.contains(&1));
        listed.push((forms.len() - plain) as u32);
        let mut last = PLAIN_FORMS - 1;
        for form in forms.iter().skip(plain) {
            listed.push(form - last);
            last = *form;
        }
    }
    others.put(rows, out);
    both.put(rows, out);
    if known > PLAIN_FORMS {
        rare.put(rows, out);
        seconds.iter().for_each(|has_second| out.push((*has_second).into(), 1));
        listed.iter().for_each(|number| out.gamma((*number).into()));
    }
    for place in places {
        let occurrences = list.forms.get(list.range(place)).unwrap_or_default();
        forms_of(list, place, &mut forms);
        if forms.len() < 2 && occurrences.len() <= FREE_MAX as usize {
            continue;
        }
        for form in occurrences {
            let rank = forms.binary_search(form).unwrap_or_default();
            out.push(u64::from(rank > 0), 1);
            if rank > 0 && forms.len() > 2 {
                out.gamma(rank as u64);
            }
        }
    }
}

/// The forms of a row, ascending.
fn forms_of(list: &Decoded, place: usize, forms: &mut Vec<u32>) {
    forms.clear();
    let occurrences = list.forms.get(list.range(place)).unwrap_or_default();
    forms.extend_from_slice(occurrences);
    if forms.len() > 1 {
        forms.sort_unstable();
        forms.dedup();
    }
}

/// The rows of a group that have any of some forms; the list has `known`, and the group so many rows.
///
/// # Errors
/// Sets that go beyond the rows or the bytes; forms that are none of the list's.
pub(super) fn rows_with(
    bytes: &[u8],
    known: u32,
    rows: usize,
    wanted: &FormSet,
) -> Read<GroupRows> {
    if wanted.is_first() {
        let others = GroupRows::take(&mut BitReader::new(bytes, 0), rows)?;
        return Ok(others.all_but(rows));
    }
    RowForms::new(bytes, known, rows)?.rows_with(wanted)
}

/// The forms of each row of a group.
#[derive(Clone)]
pub(super) struct RowForms<'a> {
    /// Behind the sets; then behind the rows that were listed.
    reader: BitReader<'a>,
    known: u32,
    rows: usize,
    /// Rows without form 0.
    others: GroupRows,
    /// Rows of forms 0 and 1.
    both: GroupRows,
    /// Rows with another form, which are listed.
    rare: GroupRows,
    /// Those of them that have form 1.
    seconds: GroupRows,
}

impl<'a> RowForms<'a> {
    /// Begins with the forms of a group of so many rows; the list has `known`.
    ///
    /// # Errors
    /// Sets that go beyond the rows or the bytes, or contradict each other.
    pub(super) fn new(bytes: &'a [u8], known: u32, rows: usize) -> Read<RowForms<'a>> {
        let mut reader = BitReader::new(bytes, 0);
        let others = GroupRows::take(&mut reader, rows)?;
        let both = GroupRows::take(&mut reader, rows)?;
        let [mut rare, mut seconds] = [GroupRows::default(); 2];
        if known > PLAIN_FORMS {
            rare = GroupRows::take(&mut reader, rows)?;
            if reader.bits_left() < rare.count() as u64 {
                return broken(reader.at() / 8, "the forms of rows are cut off");
            }
            for place in rare.places() {
                seconds.insert_if(reader.take(1) == 1, place);
            }
        }
        if both.and(&others.or(&rare)) != GroupRows::default() {
            return broken(0, "sets of rows contradict each other");
        }
        Ok(RowForms { reader, known, rows, others, both, rare, seconds })
    }

    /// The rows that have any of some forms.
    fn rows_with(mut self, wanted: &FormSet) -> Read<GroupRows> {
        let mut found = GroupRows::default();
        if wanted.contains(0) {
            found = self.others.all_but(self.rows);
        }
        if wanted.contains(1) {
            let plain = self.others.or(&self.both).and_not(&self.rare);
            found = found.or(&plain).or(&self.seconds);
        }
        if wanted.has_from(PLAIN_FORMS) {
            for place in self.rare.places() {
                self.listed(|form| found.insert_if(wanted.contains(form), place))?;
            }
        }
        Ok(found)
    }

    /// Hands out the forms of a row, ascending. Rows ascend, and none that is listed is left out.
    #[inline(always)]
    fn forms_at(&mut self, place: usize, mut each: impl FnMut(u32)) -> Read<()> {
        let is_other = self.others.has(place);
        if !self.rare.has(place) {
            each(u32::from(is_other));
            if self.both.has(place) {
                each(1);
            }
            return Ok(());
        }
        if !is_other {
            each(0);
        }
        if self.seconds.has(place) {
            each(1);
        }
        self.listed(each)
    }

    /// Hands out the listed forms of the next row that has any, ascending.
    #[inline(always)]
    fn listed(&mut self, mut each: impl FnMut(u32)) -> Read<()> {
        let mut form = PLAIN_FORMS - 1;
        for _ in 0..self.number()? {
            let more = self.number()?;
            form = form.saturating_add(more);
            if form >= self.known {
                let detail = format!("a row has form {form} of {}", self.known);
                return broken(self.reader.at() / 8, detail);
            }
            each(form);
        }
        Ok(())
    }

    #[inline(always)]
    fn number(&mut self) -> Read<u32> {
        match self.reader.gamma().and_then(|number| u32::try_from(number).ok()) {
            Some(number) => Ok(number),
            None => broken(self.reader.at() / 8, "the forms of rows are cut off"),
        }
    }

    /// The form of each occurrence, row by row.
    ///
    /// # Errors
    /// As [`rows_with`].
    pub(super) fn occurrences(self) -> Read<OccurrenceForms<'a>> {
        let mut behind = self.clone();
        for _ in self.rare.places() {
            behind.listed(|_| ())?;
        }
        Ok(OccurrenceForms {
            reader: behind.reader,
            rows: self,
            place: 0,
            of_row: Vec::new(),
            seen: Vec::new(),
        })
    }
}

/// Reads the form of each occurrence of a group.
pub(super) struct OccurrenceForms<'a> {
    rows: RowForms<'a>,
    /// Behind the forms of rows.
    reader: BitReader<'a>,
    /// The row that comes next.
    place: usize,
    of_row: Vec<u32>,
    /// Per form of the row whether it occurred.
    seen: Vec<bool>,
}

impl OccurrenceForms<'_> {
    /// Hands out the form of each of the `count` occurrences of the next row.
    ///
    /// # Errors
    /// Forms that are not those of the row, or go beyond the bytes.
    #[inline]
    pub(super) fn next_row(&mut self, count: u32, mut each: impl FnMut(u32)) -> Read<()> {
        let place = self.place;
        self.place += 1;
        let OccurrenceForms { rows, reader, of_row, seen, .. } = self;
        let is_single = !rows.rare.has(place) && !rows.both.has(place);
        if is_single && count <= FREE_MAX {
            return rows.forms_at(place, |form| (0..count).for_each(|_| each(form)));
        }
        of_row.clear();
        rows.forms_at(place, |form| of_row.push(form))?;
        if let [form] = *of_row.as_slice()
            && count <= FREE_MAX
        {
            (0..count).for_each(|_| each(form));
            return Ok(());
        }
        if u64::from(count) > reader.bits_left() {
            return broken(reader.at() / 8, "the forms of a row are cut off");
        }
        seen.clear();
        seen.resize(of_row.len(), false);
        for _ in 0..count {
            let mut rank = reader.take(1);
            if rank == 1 && of_row.len() > 2 {
                rank = reader.gamma().unwrap_or(u64::MAX);
            }
            let rank = usize::try_from(rank).unwrap_or(usize::MAX);
            let Some((form, seen)) = of_row.get(rank).zip(seen.get_mut(rank)) else {
                return broken(reader.at() / 8, "a form that its row does not have");
            };
            *seen = true;
            each(*form);
        }
        match seen.contains(&false) {
            true => broken(reader.at() / 8, "a row has a form without an occurrence"),
            false => Ok(()),
        }
    }

    /// Whether the bytes end here.
    pub(super) fn is_at_end(&self) -> bool {
        self.reader.is_at_end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::groups::GROUP_ROWS;
    use super::super::list::tests::lists;
    use super::*;

    proptest! {
        #[test]
        fn forms_come_back((list, known) in lists(), group in 0usize..4, wanted in any::<u64>()) {
            if known == 1 {
                return Ok(());
            }
            let first = (group * GROUP_ROWS).min((list.rows.len() - 1) / GROUP_ROWS * GROUP_ROWS);
            let places = first..list.rows.len().min(first + GROUP_ROWS);
            let mut writer = BitWriter::default();
            put_row_forms(&list, places.clone(), known, &mut writer);
            let bytes = writer.finish();
            let forms = RowForms::new(&bytes, known, places.len()).unwrap();
            let mut occurrences = forms.clone().occurrences().unwrap();
            let mut read = Vec::new();
            for place in places.clone() {
                occurrences.next_row(list.range(place).len() as u32, |form| read.push(form)).unwrap();
            }
            prop_assert!(occurrences.is_at_end());
            let all = list.range(places.start).start..list.range(places.end - 1).end;
            prop_assert_eq!(&read, &list.forms[all]);
            let wanted: Vec<u32> = (0..known).filter(|form| wanted >> form & 1 == 1).collect();
            let found = rows_with(&bytes, known, places.len(), &FormSet::of(&wanted, known)).unwrap();
            let has = |place: &usize| list.range(*place).any(|at| wanted.contains(&list.forms[at]));
            prop_assert!(found.places().eq(places.clone().filter(has).map(|place| place - first)));
        }

        #[test]
        fn no_bytes_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200), known in 2u32..6, rows in 1usize..=GROUP_ROWS, count in 0u32..200,
        ) {
            let Ok(forms) = RowForms::new(&bytes, known, rows) else { return Ok(()) };
            let _ = rows_with(&bytes, known, rows, &FormSet::of(&[known - 1], known));
            let Ok(mut occurrences) = forms.occurrences() else { return Ok(()) };
            for _ in 0..rows {
                let mut read = 0;
                if occurrences.next_row(count, |form| { assert!(form < known); read += 1; }).is_err() {
                    break;
                }
                prop_assert_eq!(read, count);
            }
        }
    }
}
