//! Why a filter matches nothing: what each of its conditions matches alone.

use super::compile::compile;
use super::filter::Filter;
use super::note::Note;
use super::view::SegmentView;
use crate::date::Day;
use crate::error::Result;

/// For a filter of several conditions, how many documents each matches alone; if a condition on dates
/// matches none, the days between which documents are dated.
///
/// Cost: each condition is evaluated once more.
///
/// # Errors
/// As [`super::search`], but an unknown name is not an error.
pub fn why_nothing(filter: &Filter, segments: &[SegmentView]) -> Result<Vec<Note>> {
    let parts = match filter {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut notes = Vec::new();
    let mut no_date_fits = false;
    for part in parts {
        let compiled = compile(part, segments, true)?;
        let mut documents = 0;
        for (number, view) in segments.iter().enumerate() {
            documents += view.matches(&compiled, number)?.count;
        }
        no_date_fits |=
            documents == 0 && matches!(part, Filter::Years { .. } | Filter::Dates { .. });
        if parts.len() > 1 {
            notes.push(Note::Alone { condition: in_words(part), documents });
        }
    }
    if no_date_fits && let Some((first, last)) = dates(segments)? {
        notes.push(Note::DatesBetween { first, last });
    }
    Ok(notes)
}

/// The first and the last day that any live document's date can mean; `None` where none has a date.
fn dates(segments: &[SegmentView]) -> Result<Option<(Day, Day)>> {
    let mut span: Option<(u32, u32)> = None;
    for view in segments {
        let (first, last) = view.segment.dates()?;
        let rows = first.iter().zip(last).zip(0u32..);
        for ((first, last), _) in
            rows.filter(|((_, last), row)| **last != 0 && !view.deleted.contains(*row))
        {
            let (from, to) = span.unwrap_or((*first, *last));
            span = Some((from.min(*first), to.max(*last)));
        }
    }
    Ok(span.map(|(first, last)| (Day(first), Day(last))))
}

/// A condition in words, short enough for one line.
fn in_words(filter: &Filter) -> String {
    let in_short = |filter: &Filter| match filter {
        Filter::Keys(keys) if keys.len() == 1 => "1 key".into(),
        Filter::Keys(keys) => format!("{} keys", keys.len()),
        condition => condition.to_string(),
    };
    match filter {
        Filter::And(_) | Filter::Or(_) => "a combination of conditions".into(),
        Filter::Not(part) => match &**part {
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => "a negation of conditions".into(),
            condition => format!("not {}", in_short(condition)),
        },
        condition => in_short(condition),
    }
}
