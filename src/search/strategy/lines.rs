//! A whole strategy: the filter and the counts of every line.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ops::Range;

use roaring::RoaringBitmap;

use super::count::{count, rows, rows_of_part};
use super::earlier::{Earlier, Terms};
use super::meant::{Meant, TranslatedHeading};
use super::refused::Refused;
use super::scope::Scope;
use crate::control::Control;
use crate::date::Day;
use crate::error::{Error, NameKind, Result};
use crate::limits::STRATEGY_CONDITIONS_MAX;
use crate::mesh::Vocabulary;
use crate::parallel;
use crate::query::{Clause, ClauseKind, Operator, Strategy, StrategyLine};
use crate::search::compile::compile;
use crate::search::filter::Filter;
use crate::search::note::Note;
use crate::search::parts::{Part, Parts};
use crate::search::program::Joint;
use crate::search::view::SegmentView;

/// Bytes of rows of earlier lines that are kept: 50 lines of half of 37 million documents.
const KEPT_BYTES_MAX: u64 = 256 << 20;

/// What a strategy means in one snapshot.
#[derive(Clone, Debug)]
pub struct TranslatedStrategy {
    /// Its lines in order, at least one; the last is the strategy's answer.
    pub lines: Vec<TranslatedLine>,
    filter: Filter,
    text: String,
    today: Day,
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
    /// That no document has names which the term stands for besides; a search for the filter notes them again.
    pub implied: Vec<Note>,
}

impl TranslatedStrategy {
    /// The filter of the last line.
    pub fn filter(&self) -> Filter {
        self.filter.clone()
    }

    /// What was translated, in canonical form. The [filter](TranslatedStrategy::filter) is what it means in one state of a database;
    /// in a later one journals, authors and dates of records may be known that are not now.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The day from which it counts back.
    pub fn today(&self) -> Day {
        self.today
    }

    /// Documents that the last line matches.
    pub fn documents(&self) -> u64 {
        self.lines.last().map_or(0, |line| line.documents)
    }

    /// Terms that match nothing because no document has what they name, each name once, in order. What a name stands for
    /// besides, such as a publication type below it, is not said.
    pub fn absent(&self) -> Vec<(&TranslatedClause, &Note)> {
        let mut said = HashSet::new();
        let clauses = self.lines.iter().flat_map(|line| &line.clauses);
        let named = clauses.filter(|clause| clause.documents == 0).filter_map(|clause| {
            let is_absent =
                |note: &&Note| matches!(note, Note::Absent { .. } | Note::AbsentValue { .. });
            Some((clause, clause.notes.iter().find(is_absent)?))
        });
        named.filter(|(_, note)| said.insert(note.to_string())).collect()
    }
}

/// Translates a strategy for the segments of a snapshot. `today` is the day from which `last 5 years` counts back.
///
/// Cost: each term is evaluated once for its count and once for its line. A line that refers to others joins their rows,
/// while those that are kept take [`KEPT_BYTES_MAX`] at most, and else evaluates them again.
///
/// # Errors
/// [`Error::Strategy`] with the place of the first term that cannot be answered: an unknown heading, a field that is not
/// indexed, a strategy that would evaluate too many terms; [`Error::Corrupt`]; those of the control.
pub fn translate(
    strategy: &Strategy,
    segments: &[SegmentView],
    vocabulary: &Vocabulary,
    today: Day,
    control: &Control,
) -> Result<TranslatedStrategy> {
    let scope = Scope { segments, vocabulary, today };
    let mut earlier = Earlier::new(strategy, KEPT_BYTES_MAX);
    let (mut lines, mut filter) = (Vec::new(), Filter::All);
    for (number, line) in strategy.lines().iter().enumerate() {
        let is_last = number + 1 == strategy.lines().len();
        let (translated, part) =
            translate_line(strategy, line, is_last, &scope, control, &mut earlier)?;
        lines.push(translated);
        if is_last {
            filter = earlier.parts.filter(part);
        }
    }
    Ok(TranslatedStrategy { lines, filter, text: strategy.to_string(), today })
}

/// What a line means, and the part that it is; it is the next of the earlier lines.
fn translate_line(
    strategy: &Strategy,
    line: &StrategyLine,
    is_last: bool,
    scope: &Scope<'_>,
    control: &Control,
    earlier: &mut Earlier,
) -> Result<(TranslatedLine, usize)> {
    let (mut clauses, mut uncounted) = (Vec::new(), Vec::new());
    let mut terms = Terms::default();
    let before = RefCell::new(&mut *earlier);
    let part = line.query.fold(
        |clause| {
            control.check()?;
            let mut before = before.borrow_mut();
            let (translated, part, more) = match &clause.kind {
                ClauseKind::Line { index, name } => {
                    let line = before.line(*index);
                    let meant = Meant::new(Filter::All, format!("#{name}"));
                    (translated(clause, meant, line.documents), Part::Line(*index), line.terms)
                }
                _ => {
                    let meant = translate_clause(strategy, clause, scope)?;
                    let filter = meant.filter.clone();
                    uncounted.push((clauses.len(), filter.clone()));
                    (translated(clause, meant, 0), Part::Filter(filter), Terms::ONE)
                }
            };
            clauses.push(translated);
            terms = terms.plus(more);
            let evaluated = if is_last { terms.all } else { terms.evaluated };
            if evaluated > STRATEGY_CONDITIONS_MAX {
                let detail = format!(
                    "this line evaluates more than {STRATEGY_CONDITIONS_MAX} terms, those of the lines it refers to included"
                );
                return Err(strategy.refusal(clause.span.clone(), "too_many_terms", detail));
            }
            Ok(before.parts.add(part))
        },
        |first, rest| {
            let parts = &mut before.borrow_mut().parts;
            Ok::<_, Error>(rest.into_iter().fold(first, |left, right| join(parts, left, right)))
        },
    )?;
    count_clauses(strategy, &mut clauses, &uncounted, scope, control)?;
    control.check()?;
    let rows = match is_last && uncounted.len() == clauses.len() {
        // As a search for the strategy will have it, which then finds it compiled.
        true => rows(&earlier.parts.filter(part), scope.segments)?,
        false => rows_of_part(&earlier.parts, part, scope.segments)?,
    };
    let documents = rows.iter().map(RoaringBitmap::len).sum();
    earlier.add(line, part, rows, terms);
    let (name, title, query) = (line.name.clone(), line.title.clone(), line.query.to_string());
    Ok((TranslatedLine { name, title, query, documents, clauses }, part))
}

/// Operators are evaluated from left to right.
fn join(parts: &mut Parts, left: usize, (operator, right): (Operator, usize)) -> usize {
    let (joint, right) = match operator {
        Operator::And => (Joint::And, right),
        Operator::Or => (Joint::Or, right),
        Operator::Not => (Joint::And, parts.add(Part::Group(Joint::Not, vec![right]))),
    };
    parts.add(Part::Group(joint, vec![left, right]))
}

/// Counts what terms match alone, on all cores if they are many. `uncounted` are their places among the clauses, and their
/// filters.
fn count_clauses(
    strategy: &Strategy,
    clauses: &mut [TranslatedClause],
    uncounted: &[(usize, Filter)],
    scope: &Scope<'_>,
    control: &Control,
) -> Result<()> {
    let threads = parallel::threads_for(uncounted.len());
    let counts = parallel::map(threads, uncounted, |(_, filter)| {
        control.check()?;
        count(filter, scope.segments)
    });
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

/// What a term means that is no earlier line.
fn translate_clause(strategy: &Strategy, clause: &Clause, scope: &Scope<'_>) -> Result<Meant> {
    let refuse = |refused| refusal(strategy, clause.span.clone(), refused);
    match scope.clause(&clause.kind).map_err(refuse)? {
        Some(meant) => named_here(meant, scope).map_err(refuse),
        None => Ok(Meant::new(Filter::All, "")),
    }
}

/// A term with what it means and how many documents it matches.
fn translated(clause: &Clause, meant: Meant, documents: u64) -> TranslatedClause {
    let Meant { translation, headings, notes, implied, .. } = meant;
    let names: HashSet<String> = implied.into_iter().collect();
    let is_implied = |note: &Note| match note {
        Note::Absent { name, .. } => names.contains(name),
        _ => false,
    };
    let (implied, notes) = notes.into_iter().partition(is_implied);
    TranslatedClause {
        span: clause.span.clone(),
        text: clause.to_string(),
        translation,
        documents,
        headings,
        notes,
        implied,
    }
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
