//! What a filter says. What it means in a database is the matter of `compile`.

mod display;
mod nested;

use std::ops;

use super::text::{TextField, TextFilter};
use crate::date::Day;
use crate::ids::Key;

/// Which documents may be hits.
///
/// Filters join by [`and`](Filter::and), [`or`](Filter::or) and [`not`](Filter::not), or by `&`, `|` and `!`.
/// `Display` writes one for people; two filters with the same text match the same documents. Filters
/// may be nested to any depth: no operation on them recurses. `Debug` prints one line.
///
/// ```
/// use medvec::search::Filter;
///
/// let recent = Filter::mesh("Asthma") & Filter::years(2015, 2020);
/// let filter = recent.and(!(Filter::Language("eng".into()) | Filter::HasAbstract));
/// assert_eq!(
///     filter.to_string(),
///     "MeSH heading `Asthma` and years 2015 to 2020 and not (language `eng` or with an abstract)"
/// );
/// ```
#[non_exhaustive]
pub enum Filter {
    /// Every document.
    All,
    /// Documents with this MeSH heading, by descriptor UI (`D003924`), name, entry term or former name in any
    /// case, or tree number (`C04.588`). What lies below a heading is found with it. With a subheading behind a
    /// stroke (`Asthma/drug therapy`, `Asthma/DT`), that one must hang on the heading.
    Mesh {
        /// What names the heading.
        term: String,
        /// Only where the descriptor, or one of its qualifiers, is a major topic.
        major_only: bool,
        /// Whether the headings below it are meant, too.
        explode: bool,
    },
    /// Documents with this MeSH subheading on any heading, by name, two letters (`DT`) or UI.
    Subheading {
        /// What names it.
        name: String,
        /// Whether the subheadings below it are meant, too, where the vocabulary knows them.
        explode: bool,
    },
    /// Documents about a chemical or supplementary concept, by name, synonym, UI or registry number. Synonyms
    /// are those of the database's vocabulary.
    Substance(String),
    /// Documents with a heading or substance that has this pharmacological action, by what the vocabulary
    /// knows of both.
    PharmacologicalAction {
        /// What names the action: a heading such as `Anti-Bacterial Agents`.
        name: String,
        /// Whether the actions below it are meant, too.
        explode: bool,
    },
    /// Documents whose publication date can lie in these years, both included.
    Years {
        /// First year.
        from: u32,
        /// Last year.
        to: u32,
    },
    /// Documents whose publication date can lie between these days, both included.
    Dates {
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
    },
    /// Journal, by abbreviation, full title, NLM id or ISSN. Case, dots and other punctuation, accents,
    /// `&` for `and` and a leading `The` do not matter.
    Journal(String),
    /// Language, by ISO 639-2 or 639-1 code or English name, in any case: `ger`, `deu`, `de`, `German`.
    Language(String),
    /// Publication type, by name, UI or usual synonym (`RCT`), in the singular or plural, in any case.
    PublicationType(String),
    /// Documents with an abstract of their own.
    HasAbstract,
    /// Documents that are indexed with MeSH: those that have a heading.
    HasMesh,
    /// These documents.
    Keys(Vec<Key>),
    /// Documents with these words, as they are written.
    Text(TextFilter),
    /// A free field.
    Field {
        /// Its name.
        name: String,
        /// What it must be.
        test: FieldTest,
    },
    /// All of these; an empty list is every document.
    And(Vec<Filter>),
    /// Any of these; an empty list matches nothing.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
}

/// A test of one free field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldTest {
    /// The string, or one string of the list, is exactly this.
    Is(String),
    /// The number, whole or not, lies in this range, both ends included.
    Integer {
        /// Least value.
        from: i64,
        /// Greatest value.
        to: i64,
    },
    /// The number, whole or not, lies in this range, both ends included.
    Float {
        /// Least value.
        from: f64,
        /// Greatest value.
        to: f64,
    },
    /// As a person types it, who need not know the field's type: the string itself, or a number
    /// (`12`), or a range of numbers (`5:9`, `0.5:`, `:9`). A value fits when it fits in any of these ways.
    Typed(String),
}

impl Filter {
    /// A MeSH heading and all below it, major topic or not.
    #[must_use]
    pub fn mesh(term: impl Into<String>) -> Filter {
        Filter::Mesh { term: term.into(), major_only: false, explode: true }
    }

    /// A MeSH heading or any below it as a major topic.
    #[must_use]
    pub fn major(term: impl Into<String>) -> Filter {
        Filter::Mesh { term: term.into(), major_only: true, explode: true }
    }

    /// A MeSH subheading and all below it, on any heading.
    #[must_use]
    pub fn subheading(name: impl Into<String>) -> Filter {
        Filter::Subheading { name: name.into(), explode: true }
    }

    /// Heading or substance with a pharmacological action or one below it.
    #[must_use]
    pub fn pharmacological_action(name: impl Into<String>) -> Filter {
        Filter::PharmacologicalAction { name: name.into(), explode: true }
    }

    /// A MeSH heading, subheading or action alone, without those below it; any other filter as it is.
    #[must_use]
    pub fn not_exploded(mut self) -> Filter {
        if let Filter::Mesh { explode, .. }
        | Filter::Subheading { explode, .. }
        | Filter::PharmacologicalAction { explode, .. } = &mut self
        {
            *explode = false;
        }
        self
    }

    /// Documents that have a word, or several words that follow each other, in one of some fields, as they are
    /// written and in any case. `*` stands for any letters and needs four characters before it. `IL-6` also finds
    /// `IL6`.
    #[must_use]
    pub fn text(fields: &[TextField], pattern: &str) -> Filter {
        Filter::Text(TextFilter::new(fields, pattern, None))
    }

    /// Documents that have all words of a pattern in one of some fields, in any order, with at most so many words
    /// between them; together at most [`NEAR_WORDS_MAX`](crate::limits::NEAR_WORDS_MAX).
    #[must_use]
    pub fn near(fields: &[TextField], pattern: &str, between: u32) -> Filter {
        Filter::Text(TextFilter::new(fields, pattern, Some(between)))
    }

    /// A range of years, both included.
    #[must_use]
    pub fn years(from: u32, to: u32) -> Filter {
        Filter::Years { from, to }
    }

    /// Documents that pass both. A filter that is an `And` already takes the other one in, so that
    /// `a.and(b).and(c)` is one `And` of three; [`Filter::All`] is left out.
    #[must_use]
    pub fn and(mut self, other: Filter) -> Filter {
        if matches!(other, Filter::All) {
            return self;
        }
        match &mut self {
            Filter::All => other,
            Filter::And(all) => {
                all.push(other);
                self
            }
            _ => Filter::And(vec![self, other]),
        }
    }

    /// Documents that pass either. A filter that is an `Or` already takes the other one in, so that
    /// `a.or(b).or(c)` is one `Or` of three.
    #[must_use]
    pub fn or(mut self, other: Filter) -> Filter {
        match &mut self {
            Filter::Or(any) => {
                any.push(other);
                self
            }
            _ => Filter::Or(vec![self, other]),
        }
    }

    /// Documents that do not pass. Negating twice gives the filter back.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the trait is implemented too")]
    pub fn not(mut self) -> Filter {
        match &mut self {
            Filter::Not(part) => std::mem::replace(&mut **part, Filter::All),
            _ => Filter::Not(Box::new(self)),
        }
    }
}

impl ops::BitAnd for Filter {
    type Output = Filter;

    fn bitand(self, other: Filter) -> Filter {
        self.and(other)
    }
}

impl ops::BitOr for Filter {
    type Output = Filter;

    fn bitor(self, other: Filter) -> Filter {
        self.or(other)
    }
}

impl ops::Not for Filter {
    type Output = Filter;

    fn not(self) -> Filter {
        Filter::not(self)
    }
}
