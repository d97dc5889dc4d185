//! Filters on words: single words, phrases, words near each other, truncated words, and authors.
//!
//! A [`TextFilter`] says which fields and which words. [`pattern`] takes its text apart as the analyzer takes documents
//! apart; [`rows`] finds the rows of a segment by its lexical index; [`name`] matches names, which are indexed in
//! one piece. Words match as they are written: there is no stemming here.

mod authors;
mod lists;
mod name;
mod part_ranges;
mod pattern;
mod phrase;
mod rows;
mod word;

use std::fmt::{self, Display, Formatter};

pub(super) use pattern::Pattern;
pub(super) use rows::{matching, not_indexed};

use crate::error::{Error, Result};
use crate::format::lexical::LexicalField;
use crate::limits::NEAR_WORDS_MAX;

/// What of a document a [`TextFilter`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum TextField {
    /// The title.
    Title,
    /// The abstract.
    Abstract,
    /// Abstracts by others than the publisher, or in other languages.
    OtherAbstracts,
    /// Keywords.
    Keywords,
    /// Names of authors and groups, as `smith ja`. Initials may be left out or cut (`smith j`), unless the name is in
    /// double quotes.
    Authors,
    /// The name of the first author.
    FirstAuthor,
    /// The name of the last author.
    LastAuthor,
    /// Full names of authors, as `smith john a` or `john a smith`. Given names may be left out from the end, and the last
    /// one that is given may be an initial (`smith j`), unless the name is in double quotes.
    FullAuthors,
    /// Affiliations.
    Affiliations,
    /// Title and abbreviation of the journal.
    Journal,
    /// Names of chemicals and supplementary concepts.
    Substances,
    /// MeSH headings, qualifiers and publication types, as words.
    Headings,
}

impl TextField {
    /// PubMed's `[tiab]`: title, abstract, other abstracts and keywords.
    pub const TITLE_ABSTRACT: &'static [TextField] =
        &[TextField::Title, TextField::Abstract, TextField::OtherAbstracts, TextField::Keywords];

    /// PubMed's `[tw]`, as far as documents are stored: [`TextField::TITLE_ABSTRACT`], headings and substances.
    pub const TEXT_WORDS: &'static [TextField] = &[
        TextField::Title,
        TextField::Abstract,
        TextField::OtherAbstracts,
        TextField::Keywords,
        TextField::Substances,
        TextField::Headings,
    ];

    /// PubMed's `[all]`: every field of words and names.
    pub const ALL: &'static [TextField] = &[
        TextField::Title,
        TextField::Abstract,
        TextField::OtherAbstracts,
        TextField::Keywords,
        TextField::Authors,
        TextField::FullAuthors,
        TextField::Affiliations,
        TextField::Journal,
        TextField::Substances,
        TextField::Headings,
    ];

    /// Every field.
    const EVERY: [TextField; 12] = [
        TextField::Title,
        TextField::Abstract,
        TextField::OtherAbstracts,
        TextField::Keywords,
        TextField::Authors,
        TextField::FirstAuthor,
        TextField::LastAuthor,
        TextField::FullAuthors,
        TextField::Affiliations,
        TextField::Journal,
        TextField::Substances,
        TextField::Headings,
    ];

    /// The field of a [name](TextField::name).
    pub fn named(name: &str) -> Option<TextField> {
        TextField::EVERY.into_iter().find(|field| field.name() == name)
    }

    /// Its name, as people and records of searches have it.
    pub fn name(self) -> &'static str {
        match self {
            TextField::Title => "title",
            TextField::Abstract => "abstract",
            TextField::OtherAbstracts => "other abstracts",
            TextField::Keywords => "keywords",
            TextField::Authors => "authors",
            TextField::FirstAuthor => "first author",
            TextField::LastAuthor => "last author",
            TextField::FullAuthors => "full names of authors",
            TextField::Affiliations => "affiliations",
            TextField::Journal => "journal",
            TextField::Substances => "substances",
            TextField::Headings => "headings",
        }
    }
}

/// Words that a document must have in one of some fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextFilter {
    /// The fields; all words must be in the same one.
    pub(super) fields: Vec<TextField>,
    /// One word, or several that follow each other; `*` stands for any letters.
    pub(super) pattern: String,
    /// The most words between, if the order of the words does not matter.
    pub(super) between: Option<u32>,
}

impl TextFilter {
    /// See [`Filter::text`](super::Filter::text) and [`Filter::near`](super::Filter::near).
    pub(super) fn new(fields: &[TextField], pattern: &str, between: Option<u32>) -> TextFilter {
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        fields.dedup();
        TextFilter { fields, pattern: pattern.to_owned(), between }
    }

    /// The fields; all words must be in the same one.
    pub fn fields(&self) -> &[TextField] {
        &self.fields
    }

    /// The words.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The most words between, if their order does not matter.
    pub fn between(&self) -> Option<u32> {
        self.between
    }

    /// What means nothing in any database.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for no field, no word, a `*` after fewer than four characters, and more words between
    /// than the index can tell.
    pub(super) fn check(&self) -> Result<()> {
        let invalid = |detail: String| Err(Error::InvalidQuery { detail });
        if self.fields.is_empty() {
            return invalid(format!("no field to look for {:?} in", self.pattern));
        }
        let pattern = Pattern::new(&self.pattern)?;
        let words = pattern.words().count();
        let between = self.between.unwrap_or_default() as usize;
        if self.between.is_some() && words.saturating_add(between) > NEAR_WORDS_MAX as usize {
            return invalid(format!(
                "{words} words with {between} between span more than {NEAR_WORDS_MAX}: {:?}",
                self.pattern
            ));
        }
        Ok(())
    }
}

impl Display for TextFilter {
    /// `words "hip pain" at most 2 apart in title or abstract`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "words {:?}", self.pattern)?;
        if let Some(between) = self.between {
            write!(f, " with at most {between} words between")?;
        }
        for (place, field) in self.fields.iter().enumerate() {
            write!(f, "{}{}", if place == 0 { " in " } else { " or " }, field.name())?;
        }
        Ok(())
    }
}

/// The field of the index that holds a field, and for the parts of the text which one.
fn indexed_in(field: TextField) -> (LexicalField, Option<usize>) {
    match field {
        TextField::Title => (LexicalField::Text, Some(0)),
        TextField::Abstract => (LexicalField::Text, Some(1)),
        TextField::OtherAbstracts => (LexicalField::Text, Some(2)),
        TextField::Keywords => (LexicalField::Text, Some(3)),
        TextField::Authors | TextField::FirstAuthor | TextField::LastAuthor => {
            (LexicalField::Author, None)
        }
        TextField::FullAuthors => (LexicalField::FullAuthor, None),
        TextField::Affiliations => (LexicalField::Affiliation, None),
        TextField::Journal => (LexicalField::Journal, None),
        TextField::Substances => (LexicalField::Substance, None),
        TextField::Headings => (LexicalField::Heading, None),
    }
}
