//! From what a filter says to what segments evaluate: names resolved, types known, errors reported.
//!
//! A name that no document has would find nothing, or, under [`Filter::Not`], pass everything, in
//! silence. So every name is looked up before a filter is evaluated: it becomes the terms that the
//! database spells that way, a [`Note`] if it is legal and absent, or an error with suggestions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::check::{check, check_condition};
use super::compiled::CompiledFilter;
use super::fields::look_up_field;
use super::filter::Filter;
use super::note::Note;
use super::outcome::{Found, Outcome};
use super::parts::{Part, Parts};
use super::program::{Condition, Joint, Program};
use super::spelling::has;
use super::text::Pattern;
use super::view::SegmentView;
use super::vocabulary::{journal, language, publication_type};
use super::{mesh, qualified, substances};
use crate::date::Day;
use crate::error::{Error, NameKind, Result};
use crate::format::terms::{FLAG_ABSTRACT, FLAG_MESH, TermField, field_term};
use crate::mesh::MeshInUse;

/// Compiles a filter for the segments of a snapshot, in one pass. If the database holds no document at
/// all, nothing is looked up.
///
/// Cost: one binary search per name and segment; nothing for a filter that was compiled lately.
///
/// # Errors
/// The first in the order of the filter: [`Error::InvalidQuery`] for a condition that fits no field or
/// means nothing; unless `allow_unknown`, [`Error::UnknownName`] for a name that nobody knows;
/// [`Error::Corrupt`].
pub(super) fn compile(
    filter: &Filter,
    segments: &[SegmentView],
    allow_unknown: bool,
) -> Result<Arc<CompiledFilter>> {
    let is_empty = segments.iter().all(|view| view.segment.rows() == 0);
    let Some(newest) = segments.last().filter(|_| !is_empty) else {
        check(filter)?;
        return Ok(Arc::default());
    };
    let ids: Vec<_> = segments.iter().map(|view| view.segment.id()).collect();
    if let Some(known) = newest.compiled(&ids, filter, allow_unknown) {
        return Ok(known);
    }
    let mut compiler = Compiler::new(segments, newest, allow_unknown);
    compiler.filter(filter)?;
    let compiled = Arc::new(compiler.finish());
    newest.remember_compiled(ids, filter, allow_unknown, compiled.clone());
    Ok(compiled)
}

/// Compiles a part whose filters are known to compile. It is not remembered: rows that it brings would be, too.
///
/// # Errors
/// [`Error::Corrupt`].
pub(super) fn compile_part(
    parts: &Parts,
    part: usize,
    segments: &[SegmentView],
) -> Result<CompiledFilter> {
    let is_empty = segments.iter().all(|view| view.segment.rows() == 0);
    let Some(newest) = segments.last().filter(|_| !is_empty) else {
        return Ok(CompiledFilter::default());
    };
    let mut compiler = Compiler::new(segments, newest, false);
    compiler.part(parts, part)?;
    Ok(compiler.finish())
}

/// A program in the making.
struct Compiler<'a> {
    segments: &'a [SegmentView],
    mesh: &'a MeshInUse,
    allow_unknown: bool,
    program: Program,
    /// Groups that are open, the innermost last.
    open: Vec<(usize, Joint)>,
    places: Vec<Vec<Option<u32>>>,
    notes: Vec<Note>,
}

impl<'a> Compiler<'a> {
    fn new(segments: &'a [SegmentView], newest: &'a SegmentView, allow_unknown: bool) -> Self {
        Compiler {
            segments,
            mesh: &newest.mesh,
            allow_unknown,
            program: Program::default(),
            open: Vec::new(),
            places: vec![Vec::new(); segments.len()],
            notes: Vec::new(),
        }
    }

    fn finish(self) -> CompiledFilter {
        let Compiler { program, places, notes, .. } = self;
        CompiledFilter { program: Arc::new(program), places, notes }
    }

    /// Adds a part of others; lines that bring their rows are one condition each.
    fn part(&mut self, parts: &Parts, part: usize) -> Result<()> {
        enum Visit {
            Part(usize),
            Close,
        }
        let mut visits = vec![Visit::Part(part)];
        while let Some(visit) = visits.pop() {
            let part = match visit {
                Visit::Part(number) => parts.part(number),
                Visit::Close => {
                    self.close();
                    continue;
                }
            };
            match part {
                Some(Part::Filter(filter)) => self.filter(filter)?,
                Some(Part::Line(line)) => match parts.rows(*line) {
                    Some(rows) => self.program.push(Condition::Known(rows.clone())),
                    None => visits.extend(parts.line(*line).map(Visit::Part)),
                },
                Some(Part::Group(joint, members)) => {
                    if self.opens(*joint, members.len()) {
                        visits.push(Visit::Close);
                    }
                    visits.extend(members.iter().rev().map(|member| Visit::Part(*member)));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn filter(&mut self, filter: &Filter) -> Result<()> {
        enum Visit<'f> {
            Filter(&'f Filter),
            Close,
        }
        let mut visits = vec![Visit::Filter(filter)];
        while let Some(visit) = visits.pop() {
            let filter = match visit {
                Visit::Filter(filter) => filter,
                Visit::Close => {
                    self.close();
                    continue;
                }
            };
            let (joint, parts) = match filter {
                Filter::And(parts) if !parts.is_empty() => (Joint::And, parts.as_slice()),
                Filter::Or(parts) if !parts.is_empty() => (Joint::Or, parts.as_slice()),
                Filter::Not(part) => (Joint::Not, std::slice::from_ref(&**part)),
                condition => {
                    self.condition(condition)?;
                    continue;
                }
            };
            if self.opens(joint, parts.len()) {
                visits.push(Visit::Close);
            }
            visits.extend(parts.iter().rev().map(Visit::Filter));
        }
        Ok(())
    }

    /// Opens a group for some parts, unless the one around it does: parts of one kind inside each other are one group.
    fn opens(&mut self, joint: Joint, parts: usize) -> bool {
        let is_same = self.open.last().is_some_and(|(_, outer)| *outer == joint);
        let opens = joint == Joint::Not || (parts > 1 && !is_same);
        if opens {
            self.open(joint);
        }
        opens
    }

    fn open(&mut self, joint: Joint) {
        self.open.push((self.program.open(joint), joint));
    }

    fn close(&mut self) {
        if let Some((group, _)) = self.open.pop() {
            self.program.close(group);
        }
    }

    /// Adds a filter that has no parts.
    fn condition(&mut self, filter: &Filter) -> Result<()> {
        check_condition(filter)?;
        let condition = match filter {
            Filter::All | Filter::And(_) | Filter::Not(_) => Condition::Everything,
            Filter::Or(_) => Condition::Nothing,
            Filter::Mesh { term, major_only, explode } => {
                return self.mesh(term, *major_only, *explode);
            }
            Filter::Subheading { name, explode } => return self.subheading(name, *explode),
            Filter::Substance(name) => return self.substance(name),
            Filter::PharmacologicalAction { name, explode } => return self.action(name, *explode),
            Filter::Years { from, to } => {
                Condition::Days { from: Day::new(*from, 1, 1), to: Day::new(*to, 12, 31) }
            }
            Filter::Dates { from, to } => Condition::Days { from: *from, to: *to },
            Filter::Journal(name) => {
                let outcome = journal(name, self.segments)?;
                return self.names(TermField::Journal, outcome);
            }
            Filter::Language(name) => {
                let outcome = language(name, self.segments)?;
                return self.names(TermField::Language, outcome);
            }
            Filter::PublicationType(name) => {
                let outcome = publication_type(name, self.segments)?;
                return self.names(TermField::PublicationType, outcome);
            }
            Filter::HasMesh => {
                let (range, _) = self.term(TermField::Flag, FLAG_MESH)?;
                Condition::Terms(range)
            }
            Filter::HasAbstract => {
                let (range, _) = self.term(TermField::Flag, FLAG_ABSTRACT)?;
                Condition::Terms(range)
            }
            Filter::Keys(keys) => Condition::Keys(keys.clone()),
            Filter::Text(text) => Condition::Words(text.clone(), Pattern::new(&text.pattern)?),
            Filter::Field { name, test } => {
                let outcome = look_up_field(name, test, self.segments)?;
                let Some(found) = self.found(outcome)? else { return Ok(()) };
                let terms = found.terms.iter().map(|value| field_term(name, value)).collect();
                let numbers = found.numbers;
                let is_either = numbers.is_some() && !found.terms.is_empty();
                if is_either {
                    self.open(Joint::Or);
                }
                if !found.terms.is_empty() || numbers.is_none() {
                    self.any_term(TermField::Field, terms)?;
                }
                if let Some(range) = numbers {
                    self.program.push(Condition::Numbers { field: name.clone(), range });
                }
                if is_either {
                    self.close();
                }
                return Ok(());
            }
        };
        self.program.push(condition);
        Ok(())
    }

    /// The heading as typed, and everything that the vocabulary takes it for. A heading that exists but is
    /// nowhere a major topic is known: it matches nothing, which is an answer.
    fn mesh(&mut self, term: &str, major_only: bool, explode: bool) -> Result<()> {
        let vocabulary = self.mesh.vocabulary()?;
        if let Some((heading, subheading)) = qualified::split(term)
            && !has(self.segments, TermField::MeshName, term)?
            && !mesh::is_name(vocabulary, term)
        {
            return self.pair(term, heading, subheading, major_only, explode);
        }
        let meaning = mesh::meaning(vocabulary, term, explode);
        let spellings = std::iter::once(term).chain(meaning.spellings.iter().copied());
        let terms = spellings.map(|spelling| (mesh::field(spelling, major_only), spelling));
        let range = self.terms_here(terms)?;
        let mut is_heading = !range.is_empty();
        if major_only && !is_heading {
            is_heading = mesh::is_heading(term, &meaning, self.segments)?;
        }
        if is_heading {
            self.program.push(Condition::Headings(range));
            return Ok(());
        }
        let outcome = mesh::not_here(term, &meaning, vocabulary, self.segments)?;
        let found = self.found(outcome)?;
        if found.is_some() {
            self.program.push(Condition::Headings(range));
        }
        Ok(())
    }

    /// A heading with a subheading on it.
    fn pair(
        &mut self,
        term: &str,
        heading: &str,
        subheading: &str,
        major_only: bool,
        explode: bool,
    ) -> Result<()> {
        let vocabulary = self.mesh.vocabulary()?;
        let meaning = mesh::meaning(vocabulary, heading, explode);
        if !meaning.is_known && !mesh::is_heading(heading, &meaning, self.segments)? {
            let outcome = mesh::not_here(heading, &meaning, vocabulary, self.segments)?;
            return self.found(outcome).map(drop);
        }
        let known = qualified::subheadings(subheading, explode, vocabulary, self.segments)?;
        let Some(subheadings) = known else {
            let outcome = qualified::unknown(subheading, vocabulary, self.segments)?;
            return self.found(outcome).map(drop);
        };
        let pairs = |field| qualified::pairs(heading, &meaning, &subheadings, field, self.segments);
        let field = if major_only { TermField::MeshMajorPair } else { TermField::MeshPair };
        let found = pairs(field)?;
        if found.is_empty() && (!major_only || pairs(TermField::MeshPair)?.is_empty()) {
            self.found(qualified::absent(NameKind::MeshHeading, term))?;
        }
        self.headings(found.into_iter().map(|term| (field, term)))?;
        Ok(())
    }

    /// A subheading on any heading.
    fn subheading(&mut self, name: &str, explode: bool) -> Result<()> {
        let vocabulary = self.mesh.vocabulary()?;
        let known = qualified::subheadings(name, explode, vocabulary, self.segments)?;
        let Some(subheadings) = known else {
            let outcome = qualified::unknown(name, vocabulary, self.segments)?;
            return self.found(outcome).map(drop);
        };
        if !self.headings(subheadings.into_iter().map(|name| (TermField::Qualifier, name)))? {
            self.found(qualified::absent(NameKind::Subheading, name))?;
        }
        Ok(())
    }

    /// A substance as typed, and what the vocabulary takes it for.
    fn substance(&mut self, name: &str) -> Result<()> {
        let known = substances::substance(self.mesh.vocabulary()?, name);
        let is_known = !known.is_empty();
        let names = std::iter::once(name).chain(known);
        let range = self.terms_here(names.map(|name| (TermField::Substance, name)))?;
        if range.is_empty() {
            let outcome = substances::no_substance(name, is_known, self.segments)?;
            if self.found(outcome)?.is_none() {
                return Ok(());
            }
        }
        self.program.push(Condition::Terms(range));
        Ok(())
    }

    /// Headings and substances with a pharmacological action.
    fn action(&mut self, name: &str, explode: bool) -> Result<()> {
        let vocabulary = self.mesh.vocabulary()?;
        let Some(terms) = substances::with_action(vocabulary, name, explode) else {
            let outcome = substances::no_action(vocabulary, name);
            return self.found(outcome).map(drop);
        };
        if !self.headings(terms.into_iter())? {
            self.found(qualified::absent(NameKind::PharmacologicalAction, name))?;
        }
        Ok(())
    }

    /// Adds a condition of any of some terms of headings; says whether a document has one.
    fn headings(
        &mut self,
        terms: impl Iterator<Item = (TermField, impl AsRef<str>)>,
    ) -> Result<bool> {
        let range = self.terms_here(terms)?;
        let is_here = !range.is_empty();
        self.program.push(Condition::Headings(range));
        Ok(is_here)
    }

    fn names(&mut self, field: TermField, outcome: Outcome) -> Result<()> {
        match self.found(outcome)? {
            Some(found) => self.any_term(field, found.terms),
            None => Ok(()),
        }
    }

    /// What was found, its note kept. For a name that nobody knows an error or, if such names are
    /// allowed, a note and a condition that nothing passes.
    fn found(&mut self, outcome: Outcome) -> Result<Option<Found>> {
        match outcome {
            Outcome::Found(mut found) => {
                self.notes.extend(found.note.take());
                Ok(Some(found))
            }
            Outcome::Unknown { kind, name, suggestions, .. } if self.allow_unknown => {
                self.notes.push(Note::Absent { kind, name, suggestions });
                self.program.push(Condition::Nothing);
                Ok(None)
            }
            Outcome::Unknown { kind, name, suggestions, detail } => {
                Err(Error::UnknownName { kind, name, suggestions, detail })
            }
        }
    }

    /// Adds a condition of any of some terms.
    fn any_term(&mut self, field: TermField, terms: Vec<String>) -> Result<()> {
        let start = self.program.terms.len();
        for term in terms {
            self.term(field, &term)?;
        }
        let range = start..self.program.terms.len();
        let condition = if range.is_empty() { Condition::Nothing } else { Condition::Terms(range) };
        self.program.push(condition);
        Ok(())
    }

    /// Adds those of some terms that any segment has; gives their numbers.
    fn terms_here(
        &mut self,
        terms: impl Iterator<Item = (TermField, impl AsRef<str>)>,
    ) -> Result<Range<usize>> {
        let start = self.program.terms.len();
        let mut wanted: BTreeMap<TermField, Vec<String>> = BTreeMap::new();
        for (field, term) in terms {
            wanted.entry(field).or_default().push(field.normalise(term.as_ref()));
        }
        for (field, mut terms) in wanted {
            terms.sort();
            terms.dedup();
            let find = |view: &SegmentView| view.segment.find_terms(field, &terms);
            let places = self.segments.iter().map(find).collect::<Result<Vec<_>>>()?;
            for (number, term) in terms.into_iter().enumerate() {
                let of_term = places.iter().map(|places| places.get(number).copied().flatten());
                if of_term.clone().all(|place| place.is_none()) {
                    continue;
                }
                self.places.iter_mut().zip(of_term).for_each(|(places, place)| places.push(place));
                self.program.terms.push((field, term));
            }
        }
        Ok(start..self.program.terms.len())
    }

    /// Looks up a term in every segment; its number, and whether any segment has it.
    fn term(&mut self, field: TermField, term: &str) -> Result<(Range<usize>, bool)> {
        let number = self.program.terms.len();
        let mut is_here = false;
        for (view, places) in self.segments.iter().zip(&mut self.places) {
            let place = view.segment.find_term(field, term)?;
            is_here |= place.is_some();
            places.push(place);
        }
        self.program.terms.push((field, term.to_owned()));
        Ok((number..number + 1, is_here))
    }
}
