//! How many matching documents have each value of something: years, journals, headings, a free field.

use std::collections::{BTreeMap, HashMap};

use roaring::RoaringBitmap;

use super::compile::compile;
use super::fields::require_field;
use super::matches::Matches;
use super::query::Query;
use super::spelling::{as_written, is_words};
use super::view::{self, SegmentView};
use crate::control::Control;
use crate::date::Day;
use crate::error::Result;
use crate::format::rows::rows as bitmap_rows;
use crate::format::terms::TermField;
use crate::segment::{Segment, Terms};

/// What documents are counted by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Facet {
    /// The year, or each of the years that a date can mean.
    Year,
    /// The journal, under the shortest of its names.
    Journal,
    /// The names of publication types.
    PublicationType,
    /// The names of MeSH headings.
    Mesh,
    /// The names of MeSH headings that are major topics.
    MajorMesh,
    /// The languages, as documents give them.
    Language,
    /// The values of a free field, each string of a list for itself.
    Field(String),
}

/// Matching documents by the values of a [`Facet`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FacetCounts {
    /// The most frequent values, ties in the order of their text.
    pub values: Vec<FacetCount>,
    /// How many values are not listed.
    pub other_values: u64,
    /// The sum of their counts.
    pub other_documents: u64,
    /// Documents that match.
    pub matched: u64,
}

/// A value and its documents.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FacetCount {
    /// The value, as a document spells it.
    pub value: String,
    /// Matching documents that have it; a document counts once for each of its values.
    pub documents: u64,
}

/// Counts the documents that pass a query's filter by a facet, and lists the `top` most frequent values.
///
/// Cost: years and numbers, a pass over a column; everything else, the posting of every value, and one
/// document per listed value for its spelling. Memory: one entry per value.
///
/// # Errors
/// As [`super::search`]; [`crate::Error::UnknownName`] also for a field that no document has.
pub fn facets(
    segments: &[SegmentView],
    query: &Query,
    facet: &Facet,
    top: usize,
) -> Result<FacetCounts> {
    let filter = compile(&query.filter, segments, query.allow_unknown)?;
    let matches = view::matches(segments, &filter, &query.control)?;
    if let Facet::Field(name) = facet {
        require_field(name, segments, query.allow_unknown)?;
    }
    let mut counts = Counts::default();
    for (view, matches) in segments.iter().zip(&matches) {
        query.control.check()?;
        if matches.count > 0 {
            counts.add(&view.segment, matches, facet, &query.control)?;
        }
    }
    let mut all: Vec<(String, u64)> = counts.0.into_iter().collect();
    all.sort_unstable_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    let others = all.split_off(top.min(all.len()));
    let mut values = Vec::with_capacity(all.len());
    for (term, documents) in all {
        let spelt = match facet.terms() {
            Some(field) => as_written(&term, segments, field)?,
            None => None,
        };
        values.push(FacetCount { value: spelt.unwrap_or(term), documents });
    }
    Ok(FacetCounts {
        values,
        other_values: others.len() as u64,
        other_documents: others.iter().map(|(_, documents)| documents).sum(),
        matched: matches.iter().map(|matches| matches.count).sum(),
    })
}

impl Facet {
    /// The field of the terms that are counted.
    fn terms(&self) -> Option<TermField> {
        match self {
            Facet::Journal => Some(TermField::Journal),
            Facet::PublicationType => Some(TermField::PublicationType),
            Facet::Mesh => Some(TermField::MeshName),
            Facet::MajorMesh => Some(TermField::MeshMajorName),
            Facet::Language => Some(TermField::Language),
            Facet::Year | Facet::Field(_) => None,
        }
    }
}

/// Documents by value.
#[derive(Default)]
struct Counts(HashMap<String, u64>);

impl Counts {
    fn add(
        &mut self,
        segment: &Segment,
        matches: &Matches,
        facet: &Facet,
        control: &Control,
    ) -> Result<()> {
        match facet {
            Facet::Year => self.years(segment, matches),
            Facet::Journal => self.journals(segment, matches, control),
            Facet::PublicationType => {
                let terms = segment.terms(TermField::PublicationType);
                let name = |term: &str| (!is_ui(term)).then(|| term.to_owned());
                self.terms(segment, matches, terms, control, name)
            }
            Facet::Mesh | Facet::MajorMesh | Facet::Language => {
                let Some(field) = facet.terms() else { return Ok(()) };
                let terms = segment.terms(field);
                self.terms(segment, matches, terms, control, |term| Some(term.to_owned()))
            }
            Facet::Field(name) => {
                if let Some(column) = segment.integers(name)? {
                    self.numbers(column.rows, column.values, matches);
                }
                if let Some(column) = segment.floats(name)? {
                    self.numbers(column.rows, column.values, matches);
                }
                let terms = segment.field_values(name)?;
                self.terms(segment, matches, terms, control, |term| {
                    // A long value is cut and ends in a zero byte and a hash.
                    Some(term.split_once('\0')?.1.replace('\0', "\u{2026}"))
                })
            }
        }
    }

    fn count(&mut self, value: String, documents: u64) {
        if documents > 0 {
            *self.0.entry(value).or_default() += documents;
        }
    }

    /// Counts each year that dates can mean, in one pass: `steps` has where intervals start and end.
    fn years(&mut self, segment: &Segment, matches: &Matches) -> Result<()> {
        let (first, last) = segment.dates()?;
        let mut steps: BTreeMap<u32, i64> = BTreeMap::new();
        let mut see = |row: u32| {
            let place = row as usize;
            let days = first.get(place).zip(last.get(place)).filter(|(_, last)| **last != 0);
            if let Some((first, last)) = days {
                *steps.entry(Day(*first).year()).or_default() += 1;
                *steps.entry(Day(*last).year() + 1).or_default() -= 1;
            }
        };
        match matches.rows() {
            Some(rows) => bitmap_rows(rows).for_each(&mut see),
            None => (0..segment.rows()).for_each(&mut see),
        }
        let ends = steps.keys().skip(1).copied().collect::<Vec<_>>();
        let mut documents = 0i64;
        for ((start, step), end) in steps.into_iter().zip(ends) {
            documents += step;
            for year in start..end {
                self.count(year.to_string(), u64::try_from(documents).unwrap_or_default());
            }
        }
        Ok(())
    }

    /// Counts each row's journal under one of its terms: those that are words before ids, short ones before
    /// long ones. So a journal is counted once, though it is stored under title, abbreviation and ids.
    fn journals(&mut self, segment: &Segment, matches: &Matches, control: &Control) -> Result<()> {
        let mut terms = segment
            .terms(TermField::Journal)
            .with_places()
            .collect::<Result<Vec<(&str, u32, u32)>>>()?;
        terms.sort_unstable_by_key(|(term, _, _)| (!is_words(term), term.len(), *term));
        let mut left = matches.rows().cloned().unwrap_or_else(|| {
            let mut rows = RoaringBitmap::new();
            rows.insert_range(0..segment.rows());
            rows
        });
        for (term, _, place) in terms {
            if left.is_empty() {
                break;
            }
            control.check()?;
            let rows = segment.posting_at(place)?;
            self.count(term.to_owned(), rows.intersection_len(&left));
            left -= rows;
        }
        Ok(())
    }

    /// Counts each term that has a name.
    fn terms(
        &mut self,
        segment: &Segment,
        matches: &Matches,
        terms: Terms<'_>,
        control: &Control,
        name: impl Fn(&str) -> Option<String>,
    ) -> Result<()> {
        for term in terms.with_places() {
            control.check()?;
            let (term, rows, place) = term?;
            let Some(value) = name(term) else { continue };
            let documents = match matches.rows() {
                None => u64::from(rows),
                Some(matching) => segment.posting_at(place)?.intersection_len(matching),
            };
            self.count(value, documents);
        }
        Ok(())
    }

    fn numbers<T: ToString>(&mut self, rows: &[u32], values: &[T], matches: &Matches) {
        for (row, value) in rows.iter().zip(values) {
            if matches.rows().is_none_or(|matching| matching.contains(*row)) {
                self.count(value.to_string(), 1);
            }
        }
    }
}

/// Whether a folded term is a UI of MeSH: `d016428`.
fn is_ui(term: &str) -> bool {
    let digits = term.strip_prefix('d').unwrap_or_default();
    digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit())
}
