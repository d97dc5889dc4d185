//! Values with parts: identifiers, dates, corrections, chemicals, accession numbers, grants.

use crate::date::Day;
use crate::document::{Correction, Grant, HistoryDate, TypedTerm};
use crate::ingest::raw::Fault;

/// Tags of corrections, and what NLM's XML calls them.
const CORRECTIONS: [(&str, &str); 20] = [
    ("CIN", "CommentIn"),
    ("CON", "CommentOn"),
    ("CRF", "CorrectedandRepublishedFrom"),
    ("CRI", "CorrectedandRepublishedIn"),
    ("ECF", "ExpressionOfConcernFor"),
    ("ECI", "ExpressionOfConcernIn"),
    ("EFR", "ErratumFor"),
    ("EIN", "ErratumIn"),
    ("ORI", "OriginalReportIn"),
    ("PRIN", "PartialRetractionIn"),
    ("PROF", "PartialRetractionOf"),
    ("RIN", "RetractionIn"),
    ("ROF", "RetractionOf"),
    ("RPF", "RepublishedFrom"),
    ("RPI", "RepublishedIn"),
    ("RRF", "RetractedandRepublishedFrom"),
    ("RRI", "RetractedandRepublishedIn"),
    ("SPIN", "SummaryForPatientsIn"),
    ("UIN", "UpdateIn"),
    ("UOF", "UpdateOf"),
];

/// What a tag of corrections is called in XML.
pub(super) fn correction_kind(tag: &str) -> Option<&'static str> {
    CORRECTIONS.iter().find(|(known, _)| *known == tag).map(|(_, kind)| *kind)
}

/// The tag of a kind of corrections.
pub(super) fn correction_tag(kind: &str) -> Option<&'static str> {
    CORRECTIONS.iter().find(|(_, known)| *known == kind).map(|(tag, _)| *tag)
}

/// `Br J Psychiatry. 2000 Oct;177:371. PMID: 11116784`
pub(super) fn correction(kind: &str, value: &str) -> Correction {
    let (source, pmid) = match value.rsplit_once("PMID: ") {
        Some((source, number)) if is_digits(number) => {
            let source = source.trim_end();
            // The full stop belongs to the source where that ends in a DOI.
            let bare = source.strip_suffix('.').filter(|_| !source.contains("doi: "));
            (bare.unwrap_or(source), number.parse().unwrap_or(0))
        }
        _ => (value, 0),
    };
    Correction { kind: kind.to_owned(), source: source.to_owned(), pmid }
}

/// The inverse of [`correction`].
pub(super) fn correction_value(correction: &Correction) -> String {
    let source = correction.source.as_str();
    if correction.pmid == 0 {
        return source.to_owned();
    }
    let gap = match source {
        "" => "",
        source if source.ends_with('.') => " ",
        _ => ". ",
    };
    format!("{source}{gap}PMID: {}", correction.pmid)
}

/// `10.1000/1 [doi]`: kind and value.
pub(super) fn identifier(value: &str) -> Option<(&str, &str)> {
    let (value, kind) = value.strip_suffix(']')?.rsplit_once(" [")?;
    Some((kind, value))
}

/// `0 (Phosphoproteins)`: a registry number and a name.
pub(super) fn chemical(value: &str) -> TypedTerm {
    let inside = value.strip_suffix(')').and_then(|value| value.split_once('('));
    let (kind, name) = inside.map_or(("", value), |(kind, name)| (kind.trim_end(), name));
    TypedTerm { kind: kind.to_owned(), ui: String::new(), name: name.to_owned() }
}

/// `R01 DE025836/DE/NIDCR NIH HHS/United States`: id, acronym, agency, country; the acronym, two letters in
/// capitals, is dropped, and may be missing.
pub(super) fn grant(value: &str) -> Grant {
    let mut parts: Vec<&str> = value.split('/').collect();
    let country = if parts.len() > 1 { parts.pop() } else { None };
    let agency = parts.pop().unwrap_or_default();
    if parts.len() > 1 {
        parts.pop_if(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase()));
    }
    Grant {
        id: parts.join("/"),
        agency: agency.to_owned(),
        country: country.unwrap_or_default().to_owned(),
    }
}

/// The inverse of [`grant`].
pub(super) fn grant_value(grant: &Grant) -> String {
    format!("{}/{}/{}", grant.id, grant.agency, grant.country)
}

/// `20180724`
///
/// # Errors
/// A [`Fault`] for anything else.
pub(super) fn compact_day(tag: &str, value: &str) -> Result<Day, Fault> {
    let number = Some(value).filter(|value| is_digits(value) && value.len() >= 8);
    number.and_then(|value| value.parse().ok()).map(Day).ok_or_else(|| {
        Fault::whole(format!("`{tag}` must be a day such as 20180724, found `{}`", brief(value)))
    })
}

/// `2018/07/25 06:00`; the time of day is dropped.
///
/// # Errors
/// A [`Fault`] for anything else.
pub(super) fn spaced_day(tag: &str, value: &str) -> Result<Day, Fault> {
    let date = value.split(' ').next().unwrap_or_default();
    let mut parts =
        date.split('/').map(|part| part.parse::<u32>().ok().filter(|_| is_digits(part)));
    let day = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Some(year)), Some(Some(month)), Some(Some(day)), None)
            if month < 100 && day < 100 =>
        {
            year.checked_mul(10_000).and_then(|days| days.checked_add(month * 100 + day))
        }
        _ => None,
    };
    day.map(Day).ok_or_else(|| {
        Fault::whole(format!("`{tag}` must be a day such as 2018/07/24, found `{}`", brief(value)))
    })
}

/// `2016/12/14 00:00 [received]`
///
/// # Errors
/// A [`Fault`] for anything else.
pub(super) fn event(value: &str) -> Result<HistoryDate, Fault> {
    let (day, event) =
        value.strip_suffix(']').and_then(|value| value.split_once('[')).ok_or_else(|| {
            let found = brief(value);
            Fault::whole(format!("`PHST` must be a day and an event in brackets, found `{found}`"))
        })?;
    Ok(HistoryDate { event: event.to_owned(), day: spaced_day("PHST", day.trim_end())? })
}

/// The inverse of [`event`].
pub(super) fn event_value(date: &HistoryDate) -> String {
    format!("{} [{}]", spaced(date.day), date.event)
}

/// The inverse of [`spaced_day`].
pub(super) fn spaced(day: Day) -> String {
    format!("{:04}/{:02}/{:02}", day.year(), day.month(), day.day())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn brief(value: &str) -> String {
    value.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_taken_from_the_end() {
        let parts = |value: &str| {
            let Grant { id, agency, country } = grant(value);
            (id, agency, country)
        };
        let owned = |id: &str, agency: &str, country: &str| {
            (id.to_owned(), agency.to_owned(), country.to_owned())
        };
        for (value, id, agency, country) in [
            ("R01 A/DE/NIH HHS/United States", "R01 A", "NIH HHS", "United States"),
            (
                "WT 088877/Z/09/Z/Wellcome/United Kingdom",
                "WT 088877/Z/09/Z",
                "Wellcome",
                "United Kingdom",
            ),
            ("MC_1/Medical Research Council/", "MC_1", "Medical Research Council", ""),
            ("Cancer Fund/Finland", "", "Cancer Fund", "Finland"),
            ("Cancer Fund", "", "Cancer Fund", ""),
        ] {
            assert_eq!(parts(value), owned(id, agency, country), "{value}");
        }
        let name = |value: &str| (chemical(value).kind, chemical(value).name);
        assert_eq!(name("0 (Receptors (a), b)"), ("0".into(), "Receptors (a), b".into()));
        assert_eq!(name("EC 2.7.-"), (String::new(), "EC 2.7.-".into()));
        assert_eq!(identifier("10.1/a [x] [doi]"), Some(("doi", "10.1/a [x]")));
        assert_eq!(identifier("1167"), None);
    }

    #[test]
    fn corrections_have_a_source_and_perhaps_a_pmid() {
        for (value, source, pmid) in [
            ("ACP J Club. 2001;135(1):28", "ACP J Club. 2001;135(1):28", 0),
            ("Br J. 2000;177:371. PMID: 11116784", "Br J. 2000;177:371", 11_116_784),
            ("Cell. 2022;3:4. doi: 10.1/a. PMID: 9", "Cell. 2022;3:4. doi: 10.1/a.", 9),
            ("PMID: 7", "", 7),
            ("Br J. PMID: x", "Br J. PMID: x", 0),
        ] {
            let read = correction("CommentIn", value);
            assert_eq!((read.source.as_str(), read.pmid), (source, pmid));
            assert_eq!(correction_value(&read), value);
        }
        for (tag, kind) in CORRECTIONS {
            assert_eq!((correction_kind(tag), correction_tag(kind)), (Some(kind), Some(tag)));
        }
    }

    #[test]
    fn days_are_numbers_in_their_places() {
        assert_eq!(compact_day("LR", "20180724").unwrap(), Day(20_180_724));
        assert_eq!(spaced_day("EDAT", "2018/07/24 06:00").unwrap(), Day(20_180_724));
        assert_eq!(event("2005/06/17 [received]").unwrap().event, "received");
        for wrong in ["2018-07-24", "2018/07", "2018/7/24/1", "", "+2018/07/24", "2018/700/1"] {
            assert!(spaced_day("EDAT", wrong).is_err(), "{wrong}");
        }
        assert!(compact_day("LR", "2018").is_err() && event("2018/07/24").is_err());
    }
}
