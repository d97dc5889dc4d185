//! What a text was taken for where its writer may have meant something else.

use std::fmt;
use std::ops::Range;

use super::place::Place;
use crate::limits::CAUTIONS_MAX;

/// A kind of caution; [`code`](CautionKind::code) names it for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CautionKind {
    /// A lower-case `and`, `or` or `not` that was read as the operator.
    LowerCaseOperator,
    /// A lower-case `or` or `not` that was read as a word.
    OperatorAsWord,
    /// Typographic quotation marks, read as straight ones.
    CurlyQuotes,
    /// `*` with no character before it, or `?` or `$` at a word, each read as a space.
    StrayWildcard,
    /// Two terms side by side, joined by AND, among OR or NOT.
    ImplicitAnd,
    /// AND after OR without brackets, evaluated from left to right.
    LeftToRight,
    /// A number that may be meant for a line.
    BareNumber,
    /// A year that is searched as a word.
    BareYear,
    /// A number read as a reference to a line.
    BareReference,
    /// A line read as a heading, which is not searched.
    Heading,
    /// Ovid's `exp` before a term that is exploded anyway.
    RedundantExplode,
    /// A field that PubMed does not have.
    OwnField,
}

impl CautionKind {
    /// The kind's stable name.
    pub fn code(self) -> &'static str {
        match self {
            CautionKind::LowerCaseOperator => "lower_case_operator",
            CautionKind::OperatorAsWord => "operator_as_word",
            CautionKind::CurlyQuotes => "curly_quotes",
            CautionKind::StrayWildcard => "stray_wildcard",
            CautionKind::ImplicitAnd => "implicit_and",
            CautionKind::LeftToRight => "left_to_right",
            CautionKind::BareNumber => "bare_number",
            CautionKind::BareYear => "bare_year",
            CautionKind::BareReference => "bare_reference",
            CautionKind::Heading => "heading",
            CautionKind::RedundantExplode => "redundant_explode",
            CautionKind::OwnField => "own_field",
        }
    }
}

/// A place of a strategy that reads in a way its writer may not have meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caution {
    /// Which kind.
    pub kind: CautionKind,
    /// How it was read, and what to write instead.
    pub detail: String,
    /// Where.
    pub place: Place,
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column, diagram, .. } = &self.place;
        write!(f, "line {line}, column {column}: {}\n{diagram}", self.detail)
    }
}

/// Cautions as they are found, before their places are made out. Of each kind the first few are kept, and all counted: what a
/// text can make us keep does not grow with it.
#[derive(Debug, Default)]
pub(super) struct Cautions {
    kept: Vec<(CautionKind, Range<usize>, String)>,
    counts: Vec<(CautionKind, usize)>,
}

impl Cautions {
    pub(super) fn add(&mut self, kind: CautionKind, span: Range<usize>, detail: impl Into<String>) {
        let count = match self.counts.iter_mut().find(|(counted, _)| *counted == kind) {
            Some((_, count)) => {
                *count += 1;
                *count
            }
            None => {
                self.counts.push((kind, 1));
                1
            }
        };
        if count <= shown(kind) {
            self.kept.push((kind, span, detail.into()));
        }
    }

    /// The cautions that were kept, in order of place; the last of a kind counts those that were not.
    pub(super) fn places(mut self, text: &str) -> Vec<Caution> {
        self.kept.sort_by_key(|(_, span, _)| span.start);
        let place = |(kind, span, detail)| Caution { kind, detail, place: Place::of(text, span) };
        let mut placed: Vec<Caution> = self.kept.into_iter().map(place).collect();
        for (kind, count) in self.counts {
            let more = count.saturating_sub(shown(kind));
            if more > 0
                && let Some(last) = placed.iter_mut().rev().find(|caution| caution.kind == kind)
            {
                last.detail.push_str(&format!(" (and at {more} more places)"));
            }
        }
        placed
    }
}

/// How many of a kind are shown; of curly quotes one: what holds for one holds for all.
fn shown(kind: CautionKind) -> usize {
    if kind == CautionKind::CurlyQuotes { 1 } else { CAUTIONS_MAX }
}
