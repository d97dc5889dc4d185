//! A whole strategy: the filter and the counts of every line.

use std::ops::Range;

use super::count::count;
use super::meant::{Meant, TranslatedHeading};
use super::refused::Refused;
use super::scope::Scope;
use crate::date::Day;
use crate::error::{Error, NameKind, Result};
use crate::limits::STRATEGY_CONDITIONS_MAX;
use crate::mesh::Vocabulary;
use crate::parallel;
use crate::query::{Clause, ClauseKind, Operator, Strategy, StrategyLine};
use crate::search::compile::compile;
use crate::search::filter::Filter;
use crate::search::note::Note;
use crate::search::view::SegmentView;

/// What a strategy means in one snapshot.
#[derive(Clone, Debug)]
pub struct TranslatedStrategy {
    /// Its lines in order, at least one; the last is the strategy's answer.
    pub lines: Vec<TranslatedLine>,
}

/// A line of a strategy.
#[derive(Clone, Debug)]
pub struct TranslatedLine {
    /// Its name.
    pub name: String,
    /// The heading above it.
    pub title: Option<String>,
    /// The query in canonical form.
    pub query: String,
    /// What it means.
    pub filter: Filter,
    /// Documents that it matches.
    pub documents: u64,
    /// Its terms in order.
    pub clauses: Vec<TranslatedClause>,
}

/// A term of a line.
#[derive(Clone, Debug)]
pub struct TranslatedClause {
    /// Its bytes in the strategy's text.
    pub span: Range<usize>,
    /// The term in canonical form.
    pub text: String,
    /// What it was taken for, in PubMed's language.
    pub translation: String,
    /// Documents that it matches alone.
    pub documents: u64,
    /// The headings that it means.
    pub headings: Vec<TranslatedHeading>,
    /// What was noticed: names that no document has, names that were read as others.
    pub notes: Vec<Note>,
}

impl TranslatedStrategy {
    /// The filter of the last line.
    pub fn filter(&self) -> Filter {
        self.lines.last().map_or(Filter::All, |line| line.filter.clone())
    }

    /// Documents that the last line matches.
    pub fn documents(&self) -> u64 {
        self.lines.last().map_or(0, |line| line.documents)
    }
}

/// Translates a strategy for the segments of a snapshot. `today` is the day from which `last 5 years` counts back.
///
/// Cost: each term is evaluated once for its count and once for each line that it is a part of.
///
/// # Errors
/// [`Error::Strategy`] with the place of the first term that cannot be answered: an unknown heading, a field that is not
/// indexed, a strategy that would evaluate too many terms; [`Error::Corrupt`].
pub fn translate(
    strategy: &Strategy,
    segments: &[SegmentView],
    vocabulary: &Vocabulary,
    today: Day,
) -> Result<TranslatedStrategy> {
    let scope = Scope { segments, vocabulary, today };
    let mut lines: Vec<Translated> = Vec::new();
    for line in strategy.lines() {
        let translated = translate_line(strategy, line, &scope, &lines)?;
        lines.push(translated);
    }
    Ok(TranslatedStrategy { lines: lines.into_iter().map(|line| line.line).collect() })
}

struct Translated {
    line: TranslatedLine,
    /// Terms of its filter, those of earlier lines included.
    conditions: usize,
}

fn translate_line(
    strategy: &Strategy,
    line: &StrategyLine,
    scope: &Scope<'_>,
    before: &[Translated],
) -> Result<Translated> {
    let (mut clauses, mut uncounted) = (Vec::new(), Vec::new());
    let mut conditions = 0;
    let filter = line.query.fold(
        |clause| {
            let (translated, filter, size) = translate_clause(strategy, clause, scope, before)?;
            if !matches!(clause.kind, ClauseKind::Line { .. }) {
                uncounted.push((clauses.len(), filter.clone()));
            }
            clauses.push(translated);
            conditions += size;
            if conditions > STRATEGY_CONDITIONS_MAX {
                let detail = format!(
                    "this line evaluates more than {STRATEGY_CONDITIONS_MAX} terms, those of the lines it refers to included"
                );
                return Err(strategy.refusal(clause.span.clone(), "too_many_terms", detail));
            }
            Ok(filter)
        },
        |first, rest| Ok::<_, Error>(rest.into_iter().fold(first, join)),
    )?;
    count_clauses(strategy, &mut clauses, &uncounted, scope)?;
    let documents = count(&filter, scope.segments)?;
    let line = TranslatedLine {
        name: line.name.clone(),
        title: line.title.clone(),
        query: line.query.to_string(),
        filter,
        documents,
        clauses,
    };
    Ok(Translated { line, conditions })
}

/// Operators are evaluated from left to right.
fn join(left: Filter, (operator, right): (Operator, Filter)) -> Filter {
    match operator {
        Operator::And => left & right,
        Operator::Or => left | right,
        Operator::Not => left & !right,
    }
}

/// Counts what terms match alone, on all cores if they are many. `uncounted` are their places among the clauses, and their
/// filters.
fn count_clauses(
    strategy: &Strategy,
    clauses: &mut [TranslatedClause],
    uncounted: &[(usize, Filter)],
    scope: &Scope<'_>,
) -> Result<()> {
    let threads = parallel::threads_for(uncounted.len());
    let counts = parallel::map(threads, uncounted, |(_, filter)| count(filter, scope.segments));
    for ((place, _), documents) in uncounted.iter().zip(counts) {
        let Some(clause) = clauses.get_mut(*place) else { continue };
        clause.documents =
            documents.map_err(|error| refusal(strategy, clause.span.clone(), error.into()))?;
    }
    Ok(())
}

fn refusal(strategy: &Strategy, span: Range<usize>, refused: Refused) -> Error {
    match refused {
        Refused::Term { rule, detail } => strategy.refusal(span, rule, detail),
        Refused::Failure(error) => error,
    }
}

/// What a term means, not counted but for an earlier line; its filter; and how many terms it stands for.
fn translate_clause(
    strategy: &Strategy,
    clause: &Clause,
    scope: &Scope<'_>,
    before: &[Translated],
) -> Result<(TranslatedClause, Filter, usize)> {
    let refuse = |refused| refusal(strategy, clause.span.clone(), refused);
    let meant = scope.clause(&clause.kind).map_err(refuse)?;
    let (meant, documents, conditions) = match (meant, &clause.kind) {
        (Some(meant), _) => (named_here(meant, scope).map_err(refuse)?, 0, 1),
        (None, ClauseKind::Line { index, name }) => {
            let earlier = before.get(*index);
            let filter = earlier.map_or(Filter::All, |earlier| earlier.line.filter.clone());
            let documents = earlier.map_or(0, |earlier| earlier.line.documents);
            let conditions = earlier.map_or(0, |earlier| earlier.conditions);
            (Meant::new(filter, format!("#{name}")), documents, conditions)
        }
        (None, _) => (Meant::new(Filter::All, ""), 0, 1),
    };
    let translated = TranslatedClause {
        span: clause.span.clone(),
        text: clause.to_string(),
        translation: meant.translation,
        documents,
        headings: meant.headings,
        notes: meant.notes,
    };
    Ok((translated, meant.filter, conditions))
}

/// Looks the names of a term up. A journal, language or publication type that no document has matches nothing, which a note
/// says: a strategy is written for PubMed, not for this database. An unknown heading is an error.
fn named_here(mut meant: Meant, scope: &Scope<'_>) -> Result<Meant, Refused> {
    match compile(&meant.filter, scope.segments, false) {
        Ok(compiled) => meant.notes.extend(compiled.notes.iter().cloned()),
        Err(Error::UnknownName { kind, .. })
            if !matches!(kind, NameKind::MeshHeading | NameKind::Field) =>
        {
            let compiled = compile(&meant.filter, scope.segments, true)?;
            meant.notes.extend(compiled.notes.iter().cloned());
            meant.filter = known_only(&meant.filter, scope)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(meant)
}

/// A filter without the alternatives whose names are unknown.
fn known_only(filter: &Filter, scope: &Scope<'_>) -> Result<Filter, Refused> {
    let parts = match filter {
        Filter::Or(parts) => parts.as_slice(),
        _ => std::slice::from_ref(filter),
    };
    let mut known = Vec::new();
    for part in parts {
        match compile(part, scope.segments, false) {
            Ok(_) => known.push(part.clone()),
            Err(Error::UnknownName { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Filter::Or(known))
}
