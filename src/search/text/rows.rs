//! The rows of a segment that have the words of a filter.

use super::authors::is_at;
use super::lists::{WordList, lists_of, lists_where};
use super::name::NamePattern;
use super::part_ranges::{PARTS, PartRanges, is_in};
use super::pattern::Pattern;
use super::phrase::Phrase;
use super::{TextField, TextFilter, indexed_in};
use crate::error::{Error, Result};
use crate::format::lexical::{LexicalField, Selection};
use crate::segment::{LexicalIndex, Segment};

/// Hands out the rows that match, deleted ones included, some at a time, in any order and more than once.
///
/// Cost: the rows of the words; positions only for phrases, proximity and single parts of the text, up to the last row
/// that has all words.
///
/// # Errors
/// [`Error::InvalidQuery`] for a segment without a lexical index, or without positions where they are needed, and for a
/// `*` that stands for too many words; [`Error::Corrupt`].
pub(in crate::search) fn matching(
    segment: &Segment,
    filter: &TextFilter,
    pattern: &Pattern,
    found: &mut dyn FnMut(&[u32]),
) -> Result<()> {
    let index = segment.lexical().ok_or_else(|| not_indexed(segment))?;
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
                search.names(*field, &pattern.name, found)?;
                if *field == TextField::FullAuthors {
                    let mut names = pattern.name.in_natural_order();
                    names.try_for_each(|name| search.names(*field, &name, found))?;
                }
            }
            (indexed, _) => search.words(indexed, [true; PARTS], found)?,
        }
    }
    if text_parts.contains(&true) {
        search.words(LexicalField::Text, text_parts, found)?;
    }
    Ok(())
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

    /// Hands out the rows with the words in a field; of the text only in these parts.
    fn words(
        &self,
        field: LexicalField,
        parts: [bool; PARTS],
        found: &mut dyn FnMut(&[u32]),
    ) -> Result<()> {
        let needs_parts = field == LexicalField::Text && parts.contains(&false);
        if self.pattern.is_single() && !needs_parts {
            let Some(word) = self.pattern.words().next() else { return Ok(()) };
            return self.add_all(&lists_of(&self.index, field, word)?, found);
        }
        self.require_positions()?;
        // Words near each other must be in the same part of the text; a phrase cannot leave one.
        let needs_parts = needs_parts || (field == LexicalField::Text && self.between.is_some());
        let mut ranges = PartRanges::new(self.index, needs_parts.then_some(parts));
        if self.pattern.is_single() {
            let Some(word) = self.pattern.words().next() else { return Ok(()) };
            let lists = lists_of(&self.index, field, word)?;
            let is_inside = |row, positions: &[u32]| {
                let ranges = ranges.of(row)?;
                Ok(positions.iter().any(|at| is_in(*at, ranges)))
            };
            return self.add_where(&lists, is_inside, found);
        }
        let mut phrase = Phrase::new(&self.index, field, self.pattern, self.between)?;
        let mut matching = Vec::new();
        for row in phrase.candidates()? {
            if phrase.is_in(row, ranges.of(row)?) {
                matching.push(row);
            }
        }
        found(&matching);
        Ok(())
    }

    /// Hands out the rows of some lists whose positions pass.
    fn add_where(
        &self,
        lists: &[WordList],
        mut passes: impl FnMut(u32, &[u32]) -> Result<bool>,
        found: &mut dyn FnMut(&[u32]),
    ) -> Result<()> {
        for WordList { list, forms } in lists {
            let (mut rows, mut outcome) = (Vec::new(), Ok(()));
            let selection = Selection { forms, rows: None };
            self.index.visit_positions(list, selection, &mut |row, positions| match passes(
                row, positions,
            ) {
                Ok(true) => rows.push(row),
                Ok(false) => {}
                Err(error) => outcome = Err(error),
            })?;
            outcome?;
            found(&rows);
        }
        Ok(())
    }

    fn add_all(&self, lists: &[WordList], found: &mut dyn FnMut(&[u32])) -> Result<()> {
        lists.iter().try_for_each(|WordList { list, forms }| {
            self.index.visit_rows(list, Selection { forms, rows: None }, found)
        })
    }

    /// Hands out the rows with a name.
    fn names(
        &self,
        field: TextField,
        name: &NamePattern,
        found: &mut dyn FnMut(&[u32]),
    ) -> Result<()> {
        let needs_positions = matches!(field, TextField::FirstAuthor | TextField::LastAuthor);
        if needs_positions {
            self.require_positions()?;
        }
        let (indexed, _) = indexed_in(field);
        let prefix = name.prefix(indexed);
        if prefix.is_empty() {
            return Ok(());
        }
        let is_meant = |found: &str| name.matches(indexed, found);
        let lists = lists_where(&self.index, indexed, &prefix, is_meant)?;
        if !needs_positions {
            return self.add_all(&lists, found);
        }
        let is_place = |_, positions: &[u32]| Ok(positions.iter().any(|at| is_at(field, *at)));
        self.add_where(&lists, is_place, found)
    }
}
