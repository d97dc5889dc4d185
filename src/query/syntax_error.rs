//! Why a text is not a strategy.

use std::fmt;
use std::ops::Range;

use crate::error::Error;

use super::place::Place;

/// What a text breaks. `Display` and [`code`](SyntaxRule::code) give a stable name for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyntaxRule {
    /// Nothing to search for: an empty text, line or pair of brackets.
    Empty,
    /// A tag with no term before it, or a term of no letter or digit.
    EmptyTerm,
    /// The text is longer than [`STRATEGY_BYTES_MAX`](crate::limits::STRATEGY_BYTES_MAX).
    TooLong,
    /// A bracket without its other half.
    UnbalancedBracket,
    /// A quotation mark without its other half on the same line.
    UnbalancedQuote,
    /// A square bracket that is not closed on its line, or closes nothing.
    UnbalancedTag,
    /// AND, OR or NOT without a term on both sides.
    DanglingOperator,
    /// A tag that PubMed does not have.
    UnknownTag,
    /// A tag where no term can have one: behind brackets, behind a tag.
    MisplacedTag,
    /// A subheading behind the quotation marks of its heading.
    MisplacedSubheading,
    /// A modifier that this tag does not take: `[tiab:noexp]`.
    TagModifier,
    /// A proximity search that cannot be: a field without positions, a wildcard inside.
    Proximity,
    /// A wildcard after fewer than four characters.
    ShortWildcard,
    /// More wildcards in one query than [`WILDCARDS_MAX`](crate::limits::WILDCARDS_MAX).
    TooManyWildcards,
    /// A date or a range that is malformed, or a range of something other than dates.
    Date,
    /// A typed field without a value, or with a tag.
    TypedField,
    /// A reference to a line that does not stand before this one.
    UnknownLine,
    /// A line without a number, or with one that is in use.
    LineNumber,
    /// The syntax of Ovid, Embase or another system.
    ForeignSyntax,
}

impl SyntaxRule {
    /// The rule's stable name.
    pub fn code(self) -> &'static str {
        match self {
            SyntaxRule::Empty => "empty",
            SyntaxRule::EmptyTerm => "empty_term",
            SyntaxRule::TooLong => "too_long",
            SyntaxRule::UnbalancedBracket => "unbalanced_bracket",
            SyntaxRule::UnbalancedQuote => "unbalanced_quote",
            SyntaxRule::UnbalancedTag => "unbalanced_tag",
            SyntaxRule::DanglingOperator => "dangling_operator",
            SyntaxRule::UnknownTag => "unknown_tag",
            SyntaxRule::MisplacedTag => "misplaced_tag",
            SyntaxRule::MisplacedSubheading => "misplaced_subheading",
            SyntaxRule::TagModifier => "tag_modifier",
            SyntaxRule::Proximity => "proximity",
            SyntaxRule::ShortWildcard => "short_wildcard",
            SyntaxRule::TooManyWildcards => "too_many_wildcards",
            SyntaxRule::Date => "date",
            SyntaxRule::TypedField => "typed_field",
            SyntaxRule::UnknownLine => "unknown_line",
            SyntaxRule::LineNumber => "line_number",
            SyntaxRule::ForeignSyntax => "foreign_syntax",
        }
    }
}

impl fmt::Display for SyntaxRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is not a strategy. `Display` prints the place, the reason and a picture with carets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is broken.
    pub rule: SyntaxRule,
    /// What is wrong and what would be right.
    pub detail: String,
    /// Where.
    pub place: Place,
}

impl From<SyntaxError> for Error {
    fn from(error: SyntaxError) -> Error {
        Error::Strategy {
            offset: error.place.offset,
            line: error.place.line,
            column: error.place.column,
            rule: error.rule.code(),
            detail: error.detail,
            diagram: error.place.diagram,
        }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Error::from(self.clone()).fmt(f)
    }
}

impl std::error::Error for SyntaxError {}

/// A fault at a stretch of the text, before its place is made out.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) rule: SyntaxRule,
    pub(super) span: Range<usize>,
    pub(super) detail: String,
}

impl Fault {
    pub(super) fn new(rule: SyntaxRule, span: Range<usize>, detail: impl Into<String>) -> Fault {
        Fault { rule, span, detail: detail.into() }
    }

    pub(super) fn at(self, text: &str) -> SyntaxError {
        SyntaxError { rule: self.rule, detail: self.detail, place: Place::of(text, self.span) }
    }
}
