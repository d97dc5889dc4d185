//! Where an article appeared, and when.

use super::dates::date_parts;
use super::walk::Walker;
use crate::document::{Document, Journal};
use crate::ingest::dates::DateParts;
use crate::ingest::raw::Fault;

/// Reads the `<Journal>` just entered: title, ISSN, issue, publication date.
pub(super) fn journal(walker: &mut Walker<'_>, document: &mut Document) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        let journal = &mut document.journal;
        match tag.name() {
            "ISSN" => journal.issn = walker.string()?,
            "Title" => journal.title = walker.string()?,
            "ISOAbbreviation" if journal.abbreviation.is_empty() => {
                journal.abbreviation = walker.string()?;
            }
            "JournalIssue" => {
                return walker.children(|walker, tag| {
                    match tag.name() {
                        "Volume" => document.journal.volume = walker.string()?,
                        "Issue" => document.journal.issue = walker.string()?,
                        "PubDate" => publication_date(walker, document)?,
                        _ => {}
                    }
                    Ok(())
                });
            }
            _ => {}
        }
        Ok(())
    })
}

/// Reads the `<PubDate>` just entered.
pub(super) fn publication_date(
    walker: &mut Walker<'_>,
    document: &mut Document,
) -> Result<(), Fault> {
    let mut parts = DateParts::default();
    date_parts(walker, &mut parts)?;
    document.date = parts.publication_date();
    Ok(())
}

/// Reads the `<MedlineJournalInfo>` just entered; its abbreviation is the one NLM searches by.
pub(super) fn medline_info(walker: &mut Walker<'_>, journal: &mut Journal) -> Result<(), Fault> {
    walker.children(|walker, tag| {
        match tag.name() {
            "Country" => journal.country = walker.string()?,
            "MedlineTA" => {
                let abbreviation = walker.string()?;
                if !abbreviation.is_empty() {
                    journal.abbreviation = abbreviation;
                }
            }
            "NlmUniqueID" => journal.nlm_id = walker.string()?,
            "ISSNLinking" => journal.issn_linking = walker.string()?,
            _ => {}
        }
        Ok(())
    })
}

/// Reads the `<Pagination>` just entered: `MedlinePgn`, else first and last page.
pub(super) fn pages(walker: &mut Walker<'_>) -> Result<String, Fault> {
    let (mut medline, mut start, mut end) = (String::new(), String::new(), String::new());
    walker.children(|walker, tag| {
        match tag.name() {
            "MedlinePgn" => medline = walker.string()?,
            "StartPage" => start = walker.string()?,
            "EndPage" => end = walker.string()?,
            _ => {}
        }
        Ok(())
    })?;
    if !medline.is_empty() {
        return Ok(medline);
    }
    Ok(if end.is_empty() { start } else { format!("{start}-{end}") })
}
