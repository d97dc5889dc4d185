//! Dates: the parts of a date element, and events.

use super::walk::Walker;
use crate::document::{Document, HistoryDate};
use crate::ingest::dates::DateParts;
use crate::ingest::raw::Fault;

/// Reads a `Year`, `Month`, `Day` element as an event; one without a year is left out.
pub(super) fn history(
    walker: &mut Walker<'_>,
    event: &str,
    document: &mut Document,
) -> Result<(), Fault> {
    let mut parts = DateParts::default();
    date_parts(walker, &mut parts)?;
    if let Some(day) = parts.first_day() {
        document.history.push(HistoryDate { event: event.to_owned(), day });
    }
    Ok(())
}

/// Reads the parts of the date element just entered.
pub(super) fn date_parts<'a>(
    walker: &mut Walker<'a>,
    parts: &mut DateParts<'a>,
) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "Year" => parts.year = walker.text()?,
            "Month" => parts.month = walker.text()?,
            "Day" => parts.day = walker.text()?,
            "Season" => parts.season = walker.text()?,
            "MedlineDate" => parts.medline = walker.text()?,
            _ => {}
        }
        Ok(())
    })
}
