//! Words that follow each other, or lie near each other.

use super::lists::{WordList, lists_of, occurrences};
use super::part_ranges::{PartRange, is_in};
use super::pattern::Pattern;
use super::word::WordPattern;
use crate::error::Result;
use crate::format::lexical::{Decoded, FormSet, LexicalField, PostingCursor, Selection};
use crate::format::rows::rows as bitmap_rows;
use crate::search::row_set::RowSet;
use crate::segment::LexicalIndex;

/// The words of a pattern in one field of one segment.
pub(super) struct Phrase<'a> {
    index: &'a LexicalIndex<'a>,
    units: Vec<PhraseUnit>,
    /// The most words between, if their order does not matter.
    between: Option<u32>,
}

/// A word, or the parts of a chain and what they are in one piece.
struct PhraseUnit {
    parts: Vec<Word>,
    joined: Option<Word>,
}

/// A word, or all words that a pattern stands for.
struct Word {
    lists: Vec<WordList>,
    walk: Walk,
    /// How often it must be there: a word may be repeated among words near each other.
    times: usize,
}

impl<'a> Phrase<'a> {
    pub(super) fn new(
        index: &'a LexicalIndex<'a>,
        field: LexicalField,
        pattern: &Pattern,
        between: Option<u32>,
    ) -> Result<Phrase<'a>> {
        let word = |pattern: &WordPattern| -> Result<Word> {
            Ok(Word { lists: lists_of(index, field, pattern)?, walk: Walk::default(), times: 1 })
        };
        if between.is_some() {
            return Phrase::near(index, pattern, between, word);
        }
        let mut units = Vec::new();
        for unit in &pattern.units {
            let parts = unit.parts.iter().map(word).collect::<Result<Vec<_>>>()?;
            let joined = unit.joined.as_ref().map(word).transpose()?;
            units.push(PhraseUnit { parts, joined });
        }
        Ok(Phrase { index, units, between })
    }

    /// Words in any order, of which equal ones are one word that must be there several times.
    fn near(
        index: &'a LexicalIndex<'a>,
        pattern: &Pattern,
        between: Option<u32>,
        word: impl Fn(&WordPattern) -> Result<Word>,
    ) -> Result<Phrase<'a>> {
        let mut words: Vec<(&WordPattern, usize)> = Vec::new();
        for part in pattern.words() {
            match words.iter_mut().find(|(known, _)| *known == part) {
                Some((_, times)) => *times += 1,
                None => words.push((part, 1)),
            }
        }
        let unit = |(pattern, times)| {
            let parts = vec![Word { times, ..word(pattern)? }];
            Ok(PhraseUnit { parts, joined: None })
        };
        let units = words.into_iter().map(unit).collect::<Result<_>>()?;
        Ok(Phrase { index, units, between })
    }

    /// Rows that have the words of each unit, or stems of them, ascending. Reads the words' positions in them.
    ///
    /// Cost: the rows of the rarest unit and, of the others, the blocks that those lie in; then positions up to the last
    /// of them.
    pub(super) fn candidates(&mut self) -> Result<Vec<u32>> {
        let mut order: Vec<&PhraseUnit> = self.units.iter().collect();
        order.sort_by_key(|unit| unit.rows());
        let mut among: Option<Vec<u32>> = None;
        for unit in order {
            let rows = unit.rows_in(among.as_deref(), self.index)?;
            if rows.is_empty() {
                return Ok(rows);
            }
            among = Some(rows);
        }
        let mut rows = among.unwrap_or_default();
        // Only rows that have the very words of the units before: each of them leaves fewer positions to read.
        let index = self.index;
        let (mut needed, mut others) = (Vec::new(), Vec::new());
        for unit in &mut self.units {
            let of_unit = if unit.joined.is_none() { &mut needed } else { &mut others };
            of_unit.extend(unit.words());
        }
        needed.sort_by_key(|word| word.rows());
        for word in needed {
            word.walk = Walk::new(occurrences(index, &word.lists, &rows)?);
            rows.clone_from(&word.walk.found.rows);
        }
        for word in others {
            word.walk = Walk::new(occurrences(index, &word.lists, &rows)?);
        }
        Ok(rows)
    }

    /// Whether the words stand in one of some ranges of positions of a row, as they should. Rows ascend, and are those
    /// of [`Phrase::candidates`].
    pub(super) fn is_in(&mut self, row: u32, ranges: &[PartRange]) -> bool {
        self.units.iter_mut().flat_map(PhraseUnit::words).for_each(|word| word.walk.go_to(row));
        match self.between {
            None => has_phrase(&self.units, ranges),
            Some(between) => is_near(&self.units, between, ranges),
        }
    }
}

impl PhraseUnit {
    fn words(&mut self) -> impl Iterator<Item = &mut Word> {
        self.parts.iter_mut().chain(&mut self.joined)
    }

    /// Rows that can have it, at most.
    fn rows(&self) -> u64 {
        let of_parts = self.parts.iter().map(Word::rows).min().unwrap_or_default();
        of_parts + self.joined.as_ref().map_or(0, Word::rows)
    }

    /// Rows that have the stems of all parts, or that of the joined word, ascending; among these alone if any are given.
    fn rows_in(&self, among: Option<&[u32]>, index: &LexicalIndex<'_>) -> Result<Vec<u32>> {
        let mut parts: Vec<&Word> = self.parts.iter().collect();
        parts.sort_by_key(|word| word.rows());
        let mut known: Option<Vec<u32>> = None;
        for word in parts {
            known = Some(word.rows_in(known.as_deref().or(among), index)?);
        }
        let mut rows = known.unwrap_or_default();
        if let Some(joined) = &self.joined {
            rows.extend(joined.rows_in(among, index)?);
            rows.sort_unstable();
            rows.dedup();
        }
        Ok(rows)
    }
}

impl Word {
    /// Rows that can have it, at most.
    fn rows(&self) -> u64 {
        self.lists.iter().map(|word| u64::from(word.list.info.shape.rows)).sum()
    }

    /// Rows that have its stems, ascending; among these alone if any are given, in which case groups without one are skipped.
    fn listed_rows(&self, among: Option<&[u32]>, index: &LexicalIndex<'_>) -> Result<Vec<u32>> {
        let mut rows = Vec::new();
        for WordList { list, .. } in &self.lists {
            let selection = Selection { forms: &FormSet::all(), rows: among };
            index.visit_rows(list, selection, &mut |found| rows.extend_from_slice(found))?;
        }
        if self.lists.len() > 1 {
            let mut set = RowSet::new(index.rows());
            set.add(&rows);
            rows = bitmap_rows(&set.finished().to_bitmap()).collect();
        }
        Ok(rows)
    }

    /// Rows that have its stems, ascending; among these alone if any are given.
    fn rows_in(&self, among: Option<&[u32]>, index: &LexicalIndex<'_>) -> Result<Vec<u32>> {
        let (Some(rows), [WordList { list, .. }]) = (among, self.lists.as_slice()) else {
            return self.listed_rows(among, index);
        };
        let mut cursor: PostingCursor<'_> = index.cursor(list)?;
        let mut found = Vec::new();
        for row in rows {
            if cursor.advance(*row).map_err(|broken| index.in_lists(list, broken))? == *row {
                found.push(*row);
            }
        }
        Ok(found)
    }
}

/// The occurrences of a word, walked through by ascending row.
#[derive(Default)]
struct Walk {
    found: Decoded,
    at: usize,
    row: u32,
}

impl Walk {
    fn new(found: Decoded) -> Walk {
        Walk { found, at: 0, row: 0 }
    }

    /// Goes to a row; rows ascend.
    fn go_to(&mut self, row: u32) {
        let rest = self.found.rows.get(self.at..).unwrap_or_default();
        // Doubling steps: candidates are rarer than the rows of a frequent word.
        let mut step = 1;
        while rest.get(step).is_some_and(|at| *at < row) {
            step *= 2;
        }
        let near = rest.get(..(step + 1).min(rest.len())).unwrap_or_default();
        self.at += near.partition_point(|at| *at < row);
        self.row = row;
    }

    /// The positions in the row that was gone to; nothing if the word is not in it.
    fn positions(&self) -> &[u32] {
        match self.found.rows.get(self.at) {
            Some(at) if *at == self.row => {
                self.found.positions.get(self.found.range(self.at)).unwrap_or_default()
            }
            _ => &[],
        }
    }

    fn has(&self, position: u32) -> bool {
        self.positions().binary_search(&position).is_ok()
    }
}

/// Whether the units follow each other somewhere in the row that was gone to.
fn has_phrase(units: &[PhraseUnit], ranges: &[PartRange]) -> bool {
    if units.iter().all(|unit| unit.joined.is_none()) {
        let mut words = units.iter().flat_map(|unit| &unit.parts);
        let first = words.next().map_or(&[][..], |word| word.walk.positions());
        return first.iter().any(|at| {
            let mut rest = (1..).zip(words.clone());
            is_in(*at, ranges) && rest.all(|(step, word)| word.walk.has(at.saturating_add(step)))
        });
    }
    let mut next: Option<Vec<u32>> = None;
    for unit in units {
        let mut ends = Vec::new();
        let is_next = |at: u32| match &next {
            None => is_in(at, ranges),
            Some(next) => next.binary_search(&at).is_ok(),
        };
        if let Some((first, others)) = unit.parts.split_first() {
            for at in first.walk.positions() {
                let follows = |(step, word): (u32, &Word)| word.walk.has(at.saturating_add(step));
                if is_next(*at) && (1..).zip(others).all(follows) {
                    ends.push(at.saturating_add(unit.parts.len() as u32));
                }
            }
        }
        if let Some(joined) = &unit.joined {
            ends.extend(
                joined
                    .walk
                    .positions()
                    .iter()
                    .filter(|at| is_next(**at))
                    .map(|at| at.saturating_add(1)),
            );
        }
        ends.sort_unstable();
        ends.dedup();
        if ends.is_empty() {
            return false;
        }
        next = Some(ends);
    }
    next.is_some()
}

/// Whether all words lie in one range of positions, in any order, with at most so many positions between them that are
/// none of theirs.
fn is_near(units: &[PhraseUnit], between: u32, ranges: &[PartRange]) -> bool {
    let words: Vec<&Word> = units.iter().flat_map(|unit| &unit.parts).collect();
    let wanted: usize = words.iter().map(|word| word.times).sum();
    let span = (wanted as u32).saturating_add(between);
    ranges.iter().any(|(start, end)| {
        let mut places: Vec<(u32, usize)> = Vec::new();
        for (number, word) in words.iter().enumerate() {
            let inside = word.walk.positions().iter().filter(|at| (*start..*end).contains(*at));
            places.extend(inside.map(|at| (*at, number)));
        }
        places.sort_unstable();
        // Of each word, how often it still has to come; negative for more than is wanted.
        let mut due: Vec<i64> = words.iter().map(|word| word.times as i64).collect();
        let (mut missing, mut first) = (words.len(), 0);
        for (at, word) in &places {
            if let Some(due) = due.get_mut(*word) {
                missing -= usize::from(*due == 1);
                *due -= 1;
            }
            while let Some((_, gone)) = places.get(first).filter(|(left, _)| at - left >= span) {
                if let Some(due) = due.get_mut(*gone) {
                    missing += usize::from(*due == 0);
                    *due += 1;
                }
                first += 1;
            }
            let window = places.get(first..).unwrap_or_default();
            let window = window.iter().map(|(at, _)| *at).take_while(|other| other <= at);
            if missing == 0 && distinct(window) >= wanted {
                return true;
            }
        }
        false
    })
}

/// How many different numbers there are among ascending ones.
fn distinct(numbers: impl Iterator<Item = u32>) -> usize {
    let mut last = None;
    numbers.filter(|number| last.replace(*number) != Some(*number)).count()
}
