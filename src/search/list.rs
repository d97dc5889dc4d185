//! Lists matching documents in an order that needs no vectors: by date, key, author, journal or a free field.

use std::cmp::Ordering;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::answer::Hit;
use super::cited::{first_author, journal};
use super::explain::{Explain, Plan, SegmentExplain};
use super::fields::require_field;
use super::matches::Matches;
use super::numbers::Number;
use super::query::Query;
use super::sort::{Sort, SortOrder};
use super::view::SegmentView;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::rows::rows as bitmap_rows;
use crate::ids::{Key, RowId};
use crate::segment::Segment;

/// Rows between two looks at the control.
const ROWS_UNCHECKED: usize = 4096;

/// Rows with what they are ordered by; `None` where they have none of it.
type Valued<V> = Vec<(Option<V>, u32)>;

/// A value of a free field. Numbers come before strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    Number(Number),
    Text(&'a str),
}

/// The first hits of all matching documents in an order; with a vector, of those that have one. Scores are 0.
///
/// Cost: a pass over the matching rows' values and, for those that come first and their equals, their keys.
///
/// # Errors
/// [`Error::UnknownName`] for a field that no document has; [`Error::InvalidQuery`] for an order by score;
/// [`Error::Corrupt`]; those of the query's control.
pub(super) fn list(
    segments: &[SegmentView],
    matches: &[Arc<Matches>],
    (sort, order): (&Sort, SortOrder),
    query: &Query,
) -> Result<(Vec<Hit>, Explain)> {
    let mut explain = Explain::default();
    let mut parts = Vec::new();
    for (view, matches) in segments.iter().zip(matches) {
        let (rows, count) = match query.vector {
            Some(_) => (matches.searchable.as_ref(), matches.searchable_count),
            None => (matches.rows(), matches.count),
        };
        if count > 0 {
            parts.push(Part { segment: &view.segment, rows });
        }
        explain.segments.push(SegmentExplain {
            segment: view.segment.id(),
            rows: u64::from(view.segment.rows()),
            matched: matches.count,
            scanned: 0,
            plan: if count > 0 { Plan::List } else { Plan::Skip },
        });
    }
    let by_key = SortOrder::Ascending;
    let hits = match sort {
        Sort::Date => first_of(&parts, (order, by_key), query, dates)?,
        Sort::Key => first_of(&parts, (order, order), query, pmids)?,
        Sort::FirstAuthor => {
            first_of(&parts, (order, by_key), query, |part| texts(part, query, first_author))?
        }
        Sort::Journal => {
            first_of(&parts, (order, by_key), query, |part| texts(part, query, journal))?
        }
        Sort::Field(name) => {
            require_field(name, segments, query.allow_unknown)?;
            first_of(&parts, (order, by_key), query, |part| values(part, name, order, query))?
        }
        Sort::Score => {
            let detail = "an order by score needs a vector to score with; embed a text \
                          (`Query::embedded_by`), or order by date, key or a field";
            return Err(Error::InvalidQuery { detail: detail.into() });
        }
    };
    Ok((hits, explain))
}

/// What of one segment is listed.
#[derive(Clone, Copy)]
struct Part<'a> {
    segment: &'a Segment,
    /// `None` for every row.
    rows: Option<&'a RoaringBitmap>,
}

impl<'a> Part<'a> {
    fn has(&self, row: u32) -> bool {
        self.rows.is_none_or(|rows| rows.contains(row))
    }

    /// The rows, ascending.
    fn rows(&self) -> Box<dyn Iterator<Item = u32> + 'a> {
        match self.rows {
            Some(rows) => Box::new(bitmap_rows(rows)),
            None => Box::new(0..self.segment.rows()),
        }
    }
}

/// The first rows of all parts by their values, ties by key.
fn first_of<'a, V: Ord + Clone>(
    parts: &[Part<'a>],
    (order, of_keys): (SortOrder, SortOrder),
    query: &Query,
    values: impl Fn(&Part<'a>) -> Result<Valued<V>>,
) -> Result<Vec<Hit>> {
    let reach = query.reach();
    let keep = |found: &mut Vec<(Option<V>, Hit)>| {
        found.sort_by(|(a, one), (b, other)| {
            order.of_options(a, b).then_with(|| of_keys.of(&one.key, &other.key))
        });
        found.truncate(reach);
    };
    let mut found: Vec<(Option<V>, Hit)> = Vec::new();
    for part in parts {
        query.control.check()?;
        let mut rows = values(part)?;
        keep_first(&mut rows, reach, |a, b| order.of_options(a, b));
        for (place, (value, row)) in rows.into_iter().enumerate() {
            if place % ROWS_UNCHECKED == 0 {
                query.control.check()?;
                // Of many equals, those kept so far are enough to compare the others with.
                if found.len() > reach {
                    keep(&mut found);
                }
            }
            let (row, segment) = (RowId(row), part.segment);
            let hit = Hit { key: segment.key(row)?, score: 0.0, segment: segment.id(), row };
            found.push((value, hit));
        }
    }
    keep(&mut found);
    Ok(found.into_iter().map(|(_, hit)| hit).collect())
}

/// Keeps the first rows, and all that are equal to the last of them: only their keys decide which come first.
fn keep_first<V: Clone>(
    rows: &mut Valued<V>,
    wanted: usize,
    order: impl Fn(&Option<V>, &Option<V>) -> Ordering,
) {
    if wanted == 0 || rows.len() <= wanted {
        return;
    }
    let (_, (last, _), _) = rows.select_nth_unstable_by(wanted - 1, |a, b| order(&a.0, &b.0));
    let last = last.clone();
    rows.retain(|(value, _)| order(value, &last).is_le());
}

/// First days.
fn dates(part: &Part<'_>) -> Result<Valued<u32>> {
    let (first_days, _) = part.segment.dates()?;
    let day = |row: u32| first_days.get(row as usize).copied().filter(|day| *day != 0);
    Ok(part.rows().map(|row| (day(row), row)).collect())
}

/// PMIDs, and one number above all of them for the other keys, which come after PMIDs.
fn pmids(part: &Part<'_>) -> Result<Valued<u64>> {
    let place = |row: u32| match part.segment.key(RowId(row))? {
        Key::Pmid(pmid) => Ok((Some(u64::from(pmid.0)), row)),
        Key::Text(_) => Ok((Some(u64::MAX), row)),
    };
    part.rows().map(place).collect()
}

/// What a document is called by as a citation.
fn texts(
    part: &Part<'_>,
    query: &Query,
    text: impl Fn(&Document) -> Option<String>,
) -> Result<Valued<String>> {
    let mut values = Vec::new();
    for (place, item) in part.segment.documents_in(part.rows.cloned()).enumerate() {
        if place.is_multiple_of(ROWS_UNCHECKED) {
            query.control.check()?;
        }
        let (row, document) = item?;
        values.push((text(&document), row.0));
    }
    Ok(values)
}

/// Values of a free field, of lists and of fields of several types the first one in this order.
fn values<'a>(
    part: &Part<'a>,
    name: &str,
    order: SortOrder,
    query: &Query,
) -> Result<Valued<Value<'a>>> {
    let mut values: Vec<(u32, Value<'a>)> = Vec::new();
    if let Some(column) = part.segment.integers(name)? {
        let numbers = column.rows.iter().zip(column.values).filter(|(row, _)| part.has(**row));
        values.extend(numbers.map(|(row, value)| (*row, Value::Number(Number::Integer(*value)))));
    }
    if let Some(column) = part.segment.floats(name)? {
        let numbers = column.rows.iter().zip(column.values).filter(|(row, _)| part.has(**row));
        values.extend(numbers.map(|(row, value)| (*row, Value::Number(Number::Float(*value)))));
    }
    for term in part.segment.field_values(name)?.with_places() {
        query.control.check()?;
        let (term, _, place) = term?;
        let text = term.split_once('\0').map_or("", |(_, value)| value);
        let mut rows = part.segment.posting_at(place)?;
        if let Some(allowed) = part.rows {
            rows &= allowed;
        }
        values.extend(bitmap_rows(&rows).map(|row| (row, Value::Text(text))));
    }
    values.sort_unstable_by(|(row, a), (other, b)| row.cmp(other).then_with(|| order.of(a, b)));
    values.dedup_by_key(|(row, _)| *row);
    let mut next = values.into_iter().peekable();
    let value = |row: u32| (next.next_if(|(at, _)| *at == row).map(|(_, value)| value), row);
    Ok(part.rows().map(value).collect())
}
