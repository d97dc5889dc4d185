//! The rows of a segment that have the words of a filter.

use roaring::RoaringBitmap;

use super::authors::is_at;
use super::pattern::{NamePattern, Pattern, Unit, WordPattern};
use super::{TextField, TextFilter, indexed_in};
use crate::error::{Error, Result};
use crate::format::lexical::{Decoded, LexicalField, PartLengths, Wanted};
use crate::limits::WILDCARD_WORDS_MAX;
use crate::segment::{LexicalIndex, PART_BLOCK_ROWS, Segment};

/// Parts of the text: title, abstract, other abstracts, keywords.
const PARTS: usize = 4;

/// The rows that match, deleted ones included.
///
/// Cost: the lists of the words, with positions only for phrases, proximity, and single parts of the text.
///
/// # Errors
/// [`Error::InvalidQuery`] for a segment without a lexical index, or without positions where they are needed, and for a
/// `*` that stands for too many words; [`Error::Corrupt`].
pub(in crate::search) fn matching(
    segment: &Segment,
    filter: &TextFilter,
    pattern: &Pattern,
) -> Result<RoaringBitmap> {
    let index = segment.lexical().ok_or_else(|| not_indexed(segment))?;
    let mut rows = RoaringBitmap::new();
    let search = Search { index, pattern, between: filter.between };
    let mut text_parts = [false; PARTS];
    for field in &filter.fields {
        match indexed_in(*field) {
            (LexicalField::Text, part) => {
                if let Some(wanted) = part.and_then(|part| text_parts.get_mut(part)) {
                    *wanted = true;
                }
            }
            (LexicalField::Author | LexicalField::FullAuthor, _) => {
                rows |= search.names(*field, &pattern.name)?;
            }
            (indexed, _) => rows |= search.words(indexed, [true; PARTS])?,
        }
    }
    if text_parts.contains(&true) {
        rows |= search.words(LexicalField::Text, text_parts)?;
    }
    Ok(rows)
}

/// The error for a segment that words cannot be searched in.
pub(in crate::search) fn not_indexed(segment: &Segment) -> Error {
    Error::InvalidQuery {
        detail: format!(
            "segment {} has no lexical index, so words cannot be searched for; a database that was made without \
             one gets it by `Writer::set_lexical` and a compaction",
            segment.id()
        ),
    }
}

/// One pattern in one segment.
struct Search<'a> {
    index: LexicalIndex<'a>,
    pattern: &'a Pattern,
    between: Option<u32>,
}

impl Search<'_> {
    fn require_positions(&self) -> Result<()> {
        if self.index.has_positions() {
            return Ok(());
        }
        let detail = "this database keeps no positions of words, which phrases, proximity, single parts of the text, \
                      and first and last authors need";
        Err(Error::InvalidQuery { detail: detail.into() })
    }

    /// Rows with the words in a field; of the text only in these parts.
    fn words(&self, field: LexicalField, parts: [bool; PARTS]) -> Result<RoaringBitmap> {
        let needs_parts = field == LexicalField::Text && parts.contains(&false);
        if self.pattern.is_single() && !needs_parts {
            let word = self.pattern.words().next();
            let found = word.map(|word| self.occurrences(field, word, false)).transpose()?;
            return Ok(bitmap(&found.unwrap_or_default().rows));
        }
        self.require_positions()?;
        let mut known = Vec::new();
        for unit in &self.pattern.units {
            known.push(self.unit(field, unit)?);
        }
        let mut candidates: Option<RoaringBitmap> = None;
        for unit in &known {
            let rows = unit.rows(self.between.is_none());
            candidates = Some(candidates.map_or_else(|| rows.clone(), |known| known & &rows));
        }
        // Words near each other must be in the same part of the text; a phrase cannot leave one.
        let needs_parts = needs_parts || (field == LexicalField::Text && self.between.is_some());
        let mut ranges = PartRanges { index: self.index, parts, needs_parts, known: None };
        let mut found = Vec::new();
        for row in candidates.unwrap_or_default() {
            let allowed = ranges.of(row)?;
            known.iter_mut().for_each(|unit| unit.go_to(row));
            let is_match = match self.between {
                None => has_phrase(&known, &allowed),
                Some(between) => is_near(&known, between, &allowed),
            };
            if is_match {
                found.push(row);
            }
        }
        Ok(bitmap(&found))
    }

    fn unit(&self, field: LexicalField, unit: &Unit) -> Result<FoundUnit> {
        let mut parts = Vec::new();
        for word in &unit.parts {
            parts.push(Walk::new(self.occurrences(field, word, true)?));
        }
        let joined = match &unit.joined {
            Some(word) if self.between.is_none() => {
                Some(Walk::new(self.occurrences(field, word, true)?))
            }
            _ => None,
        };
        Ok(FoundUnit { parts, joined })
    }

    /// Rows with a name.
    fn names(&self, field: TextField, name: &NamePattern) -> Result<RoaringBitmap> {
        let needs_positions = matches!(field, TextField::FirstAuthor | TextField::LastAuthor);
        if needs_positions {
            self.require_positions()?;
        }
        if name.text.is_empty() {
            return Ok(RoaringBitmap::new());
        }
        let (indexed, _) = indexed_in(field);
        let found = self.each(indexed, &name.text, |word| name.matches(word), needs_positions)?;
        let is_there = |place: &usize| {
            let positions = found.positions.get(found.range(*place)).unwrap_or_default();
            !needs_positions || positions.iter().any(|position| is_at(field, *position))
        };
        let places = (0..found.rows.len()).filter(is_there);
        let rows: Vec<u32> = places.filter_map(|place| found.rows.get(place).copied()).collect();
        Ok(bitmap(&rows))
    }

    /// Rows and, if wanted, positions of a word or of all words that a pattern stands for.
    fn occurrences(
        &self,
        field: LexicalField,
        word: &WordPattern,
        positions: bool,
    ) -> Result<Decoded> {
        let WordPattern::Exact(exact) = word else {
            return self.each(field, word.prefix(), |found| word.matches(found), positions);
        };
        let mut found = Decoded::default();
        let (Some(word), head) = self.index.find(field, exact)? else { return Ok(found) };
        let list = match head.filter(|list| list.number == word.list) {
            Some(list) => list,
            None => self.index.list(word.list)?,
        };
        self.index.decode(&list, Wanted { forms: true, positions }, &mut found)?;
        if list.info.shape.forms > 1 {
            keep_forms(&mut found, &[word.form.unwrap_or_default()]);
        }
        Ok(found)
    }

    /// The same of every word that begins with a prefix and passes.
    fn each(
        &self,
        field: LexicalField,
        prefix: &str,
        passes: impl Fn(&str) -> bool,
        positions: bool,
    ) -> Result<Decoded> {
        let mut key = vec![field as u8];
        key.extend_from_slice(prefix.as_bytes());
        let mut words = Vec::new();
        let mut entries = self.index.entries_from(&key)?;
        while let Some((found, entry)) = entries.next_entry()? {
            let Some(rest) = found.strip_prefix(key.as_slice()) else { break };
            let Ok(rest) = str::from_utf8(rest) else { continue };
            let Some(form) = entry.word.form else { continue };
            if passes(&format!("{prefix}{rest}")) {
                words.push((entry.word.list, form));
            }
            if words.len() > WILDCARD_WORDS_MAX {
                return Err(Error::InvalidQuery {
                    detail: format!(
                        "more than {WILDCARD_WORDS_MAX} words begin with {prefix:?}; put more letters before the `*`"
                    ),
                });
            }
        }
        words.sort_unstable();
        let mut union = Union { positions, rows: RoaringBitmap::new(), places: Vec::new() };
        let mut decoded = Decoded::default();
        for same in words.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, _)) = same.first() else { continue };
            let list = self.index.list(*number)?;
            self.index.decode(&list, Wanted { forms: true, positions }, &mut decoded)?;
            if list.info.shape.forms as usize > same.len() {
                let forms: Vec<u32> = same.iter().map(|(_, form)| *form).collect();
                keep_forms(&mut decoded, &forms);
            }
            union.add(&decoded);
        }
        Ok(union.finish())
    }
}

/// Keeps the rows that have an occurrence of some forms, which ascend, and of a list with positions those occurrences.
fn keep_forms(list: &mut Decoded, forms: &[u32]) {
    let mut kept = Decoded::default();
    if list.positions.is_empty() {
        let mut start = 0;
        for (row, end) in list.rows.iter().zip(&list.ends) {
            let of_row = list.forms.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            if of_row.iter().any(|form| forms.binary_search(form).is_ok()) {
                kept.rows.push(*row);
            }
        }
        *list = kept;
        return;
    }
    for (place, row) in list.rows.iter().enumerate() {
        let before = kept.forms.len();
        for at in list.range(place) {
            let form = list.forms.get(at).copied().unwrap_or_default();
            if forms.binary_search(&form).is_ok() {
                kept.forms.push(form);
                kept.positions.extend(list.positions.get(at));
            }
        }
        if kept.forms.len() > before {
            kept.rows.push(*row);
            kept.ends.push(kept.forms.len() as u32);
        }
    }
    *list = kept;
}

/// Several words as one.
struct Union {
    positions: bool,
    rows: RoaringBitmap,
    /// Row and position of each occurrence, in one number.
    places: Vec<u64>,
}

impl Union {
    fn add(&mut self, list: &Decoded) {
        if !self.positions {
            self.rows |= bitmap(&list.rows);
            return;
        }
        for (place, row) in list.rows.iter().enumerate() {
            let positions = list.positions.get(list.range(place)).unwrap_or_default();
            self.places.extend(positions.iter().map(|at| u64::from(*row) << 32 | u64::from(*at)));
        }
    }

    fn finish(mut self) -> Decoded {
        let mut union = Decoded::default();
        if !self.positions {
            union.rows = crate::format::rows::rows(&self.rows).collect();
            return union;
        }
        self.places.sort_unstable();
        self.places.dedup();
        for same in self.places.chunk_by(|a, b| a >> 32 == b >> 32) {
            union.rows.extend(same.first().map(|place| (place >> 32) as u32));
            union.positions.extend(same.iter().map(|place| *place as u32));
            union.ends.push(union.positions.len() as u32);
        }
        union
    }
}

fn bitmap(rows: &[u32]) -> RoaringBitmap {
    // Rows ascend, so this cannot fail on them.
    RoaringBitmap::from_sorted_iter(rows.iter().copied()).unwrap_or_default()
}

/// The occurrences of a word, walked through by ascending row.
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

/// The occurrences of a unit of a pattern.
struct FoundUnit {
    parts: Vec<Walk>,
    joined: Option<Walk>,
}

impl FoundUnit {
    /// Rows that can match: those with all parts and, in a phrase, those with the joined word.
    fn rows(&self, is_phrase: bool) -> RoaringBitmap {
        let mut rows: Option<RoaringBitmap> = None;
        for part in &self.parts {
            let of_part = bitmap(&part.found.rows);
            rows = Some(rows.map_or_else(|| of_part.clone(), |known| known & &of_part));
        }
        let mut rows = rows.unwrap_or_default();
        if let Some(joined) = self.joined.as_ref().filter(|_| is_phrase) {
            rows |= bitmap(&joined.found.rows);
        }
        rows
    }

    fn go_to(&mut self, row: u32) {
        self.parts.iter_mut().chain(&mut self.joined).for_each(|walk| walk.go_to(row));
    }
}

/// The positions that a match may lie in, row by row.
struct PartRanges<'a> {
    index: LexicalIndex<'a>,
    parts: [bool; PARTS],
    needs_parts: bool,
    /// The block of rows that is at hand.
    known: Option<(u32, Vec<PartLengths>)>,
}

impl PartRanges<'_> {
    /// First position of each part that is wanted, and of the one behind it.
    fn of(&mut self, row: u32) -> Result<Vec<(u32, u32)>> {
        if !self.needs_parts {
            return Ok(vec![(0, u32::MAX)]);
        }
        let block = row / PART_BLOCK_ROWS;
        if self.known.as_ref().is_none_or(|(number, _)| *number != block) {
            self.known = Some((block, self.index.parts(block)?));
        }
        let lengths =
            self.known.as_ref().and_then(|(_, parts)| parts.get((row % PART_BLOCK_ROWS) as usize));
        let starts = lengths.copied().unwrap_or_default().starts();
        let ends = starts.iter().skip(1).copied().chain([u32::MAX]);
        let ranges = starts.iter().copied().zip(ends).zip(self.parts);
        Ok(ranges.filter(|(_, is_wanted)| *is_wanted).map(|(range, _)| range).collect())
    }
}

fn is_in(position: u32, ranges: &[(u32, u32)]) -> bool {
    ranges.iter().any(|(start, end)| (*start..*end).contains(&position))
}

/// Whether the units follow each other somewhere in the row that was gone to.
fn has_phrase(units: &[FoundUnit], ranges: &[(u32, u32)]) -> bool {
    let mut next: Option<Vec<u32>> = None;
    for unit in units {
        let mut ends = Vec::new();
        let is_next = |at: u32| match &next {
            None => is_in(at, ranges),
            Some(next) => next.binary_search(&at).is_ok(),
        };
        if let Some((first, others)) = unit.parts.split_first() {
            for at in first.positions() {
                let follows = |(step, walk): (u32, &Walk)| walk.has(at.saturating_add(step));
                if is_next(*at) && (1..).zip(others).all(follows) {
                    ends.push(at.saturating_add(unit.parts.len() as u32));
                }
            }
        }
        if let Some(joined) = &unit.joined {
            ends.extend(
                joined.positions().iter().filter(|at| is_next(**at)).map(|at| at.saturating_add(1)),
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
fn is_near(units: &[FoundUnit], between: u32, ranges: &[(u32, u32)]) -> bool {
    let walks: Vec<&Walk> = units.iter().flat_map(|unit| &unit.parts).collect();
    let span = (walks.len() as u32).saturating_add(between);
    ranges.iter().any(|(start, end)| {
        let mut places: Vec<(u32, usize)> = Vec::new();
        for (word, walk) in walks.iter().enumerate() {
            let inside = walk.positions().iter().filter(|at| (*start..*end).contains(*at));
            places.extend(inside.map(|at| (*at, word)));
        }
        places.sort_unstable();
        let mut counts = vec![0u32; walks.len()];
        let (mut missing, mut first) = (walks.len(), 0);
        for (at, word) in &places {
            if let Some(count) = counts.get_mut(*word) {
                missing -= usize::from(*count == 0);
                *count += 1;
            }
            while let Some((_, gone)) = places.get(first).filter(|(left, _)| at - left >= span) {
                if let Some(count) = counts.get_mut(*gone) {
                    *count -= 1;
                    missing += usize::from(*count == 0);
                }
                first += 1;
            }
            let window = places.get(first..).unwrap_or_default();
            let window = window.iter().map(|(at, _)| *at).take_while(|other| other <= at);
            if missing == 0 && distinct(window) >= walks.len() {
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
