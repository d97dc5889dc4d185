//! A document in the making: tags come in any order.

use super::{abstracts, links, people};
use crate::date::Day;
use crate::document::{Author, DataBank, Document, HistoryDate, Keyword, OtherId, Term, TypedTerm};
use crate::ids::Key;
use crate::ingest::books::{self, BookPart};
use crate::ingest::dates;
use crate::ingest::headings::parse_heading;
use crate::ingest::keys::{key_of_line, pmid_text};
use crate::ingest::pubmed::{add_list, deduplicate};
use crate::ingest::raw::Fault;
use crate::ingest::tagged::Tagged;

/// The kind of the identifier that holds a key which is no PMID.
pub(super) const KEY_KIND: &str = "medvec";

/// Tags of dates that `PHST` may lack in old records, and their events.
const LATE_DATES: [(&str, &str); 3] = [("CRDT", "entrez"), ("EDAT", "pubmed"), ("MHDA", "medline")];

pub(super) struct Draft {
    document: Document,
    /// What `PMID` says; `None` before it.
    pmid: Option<String>,
    text: String,
    book_title: String,
    /// Of `CRDT`, `EDAT`, `MHDA`.
    late: [Option<Day>; 3],
    /// Whether the last author has a full name and no short one yet.
    awaits_short_name: bool,
    /// Affiliations before the first author.
    affiliations: Vec<String>,
    /// Who assigned the keywords that follow.
    owner: String,
    /// By `LID`, which repeats what `AID` has.
    located: Vec<OtherId>,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            document: Document::new(Key::Text(String::new())),
            pmid: None,
            text: String::new(),
            book_title: String::new(),
            late: [None; 3],
            awaits_short_name: false,
            affiliations: Vec::new(),
            owner: String::new(),
            located: Vec::new(),
        }
    }

    /// Takes one tag in.
    ///
    /// # Errors
    /// A [`Fault`] for a date that is not one, and for a second PMID.
    pub(super) fn take(&mut self, tagged: Tagged<'_>) -> Result<(), Fault> {
        let Tagged { tag, value, .. } = tagged;
        if tag == "PMID" {
            if self.pmid.is_some() {
                return Err(Fault::whole("a second `PMID` in one record"));
            }
            self.pmid = Some(value);
            return Ok(());
        }
        if tag == "OTO" {
            self.owner = value;
            return Ok(());
        }
        if value.is_empty() {
            return Ok(());
        }
        if let Some(kind) = links::correction_kind(tag) {
            self.document.corrections.push(links::correction(kind, &value));
            return Ok(());
        }
        if let Some(place) = LATE_DATES.iter().position(|(known, _)| *known == tag) {
            let day = links::spaced_day(tag, &value)?;
            self.late.iter_mut().skip(place).take(1).for_each(|late| *late = Some(day));
            return Ok(());
        }
        let document = &mut self.document;
        match tag {
            "TI" => add(&mut document.title, &value),
            "BTI" => add(&mut self.book_title, &value),
            "TT" => add(&mut document.vernacular_title, &value),
            "AB" => add(&mut self.text, &value),
            "CI" => add(&mut document.copyright, &value),
            "COIS" => add(&mut document.conflict_of_interest, &value),
            "OAB" => document.other_abstracts.push(abstracts::other(&value)),
            "OABL" => {
                if let Some(last) = document.other_abstracts.last_mut() {
                    last.language = value;
                }
            }
            "STAT" => add(&mut document.status, &value),
            "JT" => add(&mut document.journal.title, &value),
            "TA" => add(&mut document.journal.abbreviation, &value),
            "JID" => add(&mut document.journal.nlm_id, &value),
            "IS" => self.issn(&value),
            "VI" => add(&mut document.journal.volume, &value),
            "IP" => add(&mut document.journal.issue, &value),
            "PG" => add(&mut document.journal.pages, &value),
            "PL" => add(&mut document.journal.country, &value),
            "DP" => document.date = Some(dates::parse_date(&value)),
            "DA" => self.event("created", &value, tag)?,
            "DCOM" => self.event("completed", &value, tag)?,
            "LR" => self.event("revised", &value, tag)?,
            "DEP" => self.event("electronic", &value, tag)?,
            "PHST" => document.history.push(links::event(&value)?),
            "LA" => document.languages.push(value),
            "PT" => document.publication_types.push(Term { ui: String::new(), name: value }),
            "MH" => document.mesh.push(parse_heading(&value)),
            "NM" => document.supplementary.push(TypedTerm { name: value, ..Default::default() }),
            "RN" => document.chemicals.push(links::chemical(&value)),
            "OT" => document.keywords.push(keyword(&self.owner, &value)),
            "SI" => accession(&mut document.data_banks, &value),
            "GR" => document.grants.push(links::grant(&value)),
            "AID" | "LID" | "PMC" | "MID" | "OID" => self.identifier(tag, value),
            _ => self.person(tag, value),
        }
        Ok(())
    }

    fn person(&mut self, tag: &str, value: String) {
        let authors = &mut self.document.authors;
        let awaits_short_name = std::mem::replace(&mut self.awaits_short_name, tag == "FAU");
        match (tag, authors.last_mut()) {
            ("FAU", _) => authors.push(people::of_full_name(&value)),
            ("AU", Some(last)) if awaits_short_name => people::add_short_name(last, &value),
            ("AU", _) => authors.push(people::of_short_name(&value)),
            ("CN", _) => {
                authors.push(Author { collective_name: value, ..Author::default() });
            }
            ("AD", Some(last)) => last.affiliations.push(value),
            ("AD", None) => self.affiliations.push(value),
            ("AUID", Some(last)) => last.identifier = value.replacen(": ", ":", 1),
            ("IR", _) => add_list(&mut self.document.fields, "investigators", vec![value]),
            ("ED", _) => add_list(&mut self.document.fields, "editors", vec![value]),
            _ => {}
        }
    }

    fn event(&mut self, event: &str, value: &str, tag: &str) -> Result<(), Fault> {
        let day = links::compact_day(tag, value)?;
        self.document.history.push(HistoryDate { event: event.to_owned(), day });
        Ok(())
    }

    /// `2333-7214 (Linking)`; of several others the first.
    fn issn(&mut self, value: &str) {
        let journal = &mut self.document.journal;
        match value.strip_suffix("(Linking)") {
            Some(issn) => issn.trim_end().clone_into(&mut journal.issn_linking),
            None if journal.issn.is_empty() => {
                let bare = ["(Print)", "(Electronic)", "(Undetermined)"]
                    .iter()
                    .find_map(|medium| value.strip_suffix(medium));
                bare.unwrap_or(value).trim_end().clone_into(&mut journal.issn);
            }
            None => {}
        }
    }

    fn identifier(&mut self, tag: &str, value: String) {
        let pages = &mut self.document.journal.pages;
        let (kind, value) = match tag {
            "PMC" => ("pmc", value.as_str()),
            "MID" => ("mid", value.as_str()),
            "OID" => value.split_once(": ").unwrap_or(("", &value)),
            _ => match links::identifier(&value) {
                Some(parts) => parts,
                // The number of an electronic article, which `PG` has as well.
                None if pages.is_empty() || *pages == value => return *pages = value,
                None => ("pii", value.as_str()),
            },
        };
        let id = OtherId { kind: kind.to_ascii_lowercase(), value: value.to_owned() };
        if tag == "LID" { &mut self.located } else { &mut self.document.ids }.push(id);
    }

    /// The document.
    ///
    /// # Errors
    /// A [`Fault`] where there is no key.
    pub(super) fn finish(self) -> Result<Document, Fault> {
        let Draft { mut document, late, .. } = self;
        let pmid = self.pmid.unwrap_or_default();
        document.key = match pmid.as_str() {
            "" => {
                let place = document.ids.iter().rposition(|id| id.kind == KEY_KIND);
                let key = place.map(|place| document.ids.remove(place).value);
                let key = key.and_then(|value| key_of_line(&value));
                key.ok_or_else(|| Fault::whole("the record has no PMID"))?
            }
            text => Key::pmid(pmid_text(text).ok_or_else(|| {
                let found: String = text.chars().take(40).collect();
                Fault::whole(format!("`{found}` is not a PMID: expected a positive number"))
            })?),
        };
        document.version = u32::from(!pmid.is_empty());
        document.abstract_sections = abstracts::sections(&self.text);
        let is_book = !self.book_title.is_empty();
        let is_whole = document.title.is_empty() || document.title == self.book_title;
        if document.title.is_empty() {
            document.title = self.book_title;
        } else if document.journal.title.is_empty() {
            document.journal.title = self.book_title;
        }
        if let Some(first) = document.authors.first_mut() {
            first.affiliations.splice(0..0, self.affiliations);
        }
        document.ids.extend(self.located);
        deduplicate(&mut document.ids);
        if is_book {
            books::say(&mut document, if is_whole { BookPart::Whole } else { BookPart::Chapter });
        }
        for ((_, event), day) in LATE_DATES.iter().zip(late) {
            let is_known = document.history.iter().any(|date| date.event == *event);
            if let Some(day) = day.filter(|_| !is_known) {
                document.history.push(HistoryDate { event: (*event).to_owned(), day });
            }
        }
        Ok(document)
    }
}

/// Adds a text behind what is there.
fn add(text: &mut String, value: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(value);
}

fn keyword(owner: &str, value: &str) -> Keyword {
    let text = value.strip_prefix('*').unwrap_or(value);
    Keyword { owner: owner.to_owned(), major: text.len() < value.len(), text: text.to_owned() }
}

/// `GENBANK/DE022096`; numbers of one bank that follow each other belong together.
fn accession(banks: &mut Vec<DataBank>, value: &str) {
    let (name, number) = value.split_once('/').unwrap_or((value, ""));
    let numbers = Some(number.to_owned()).filter(|number| !number.is_empty());
    match banks.last_mut() {
        Some(last) if last.name == name => last.accessions.extend(numbers),
        _ => {
            let name = name.to_owned();
            banks.push(DataBank { name, accessions: numbers.into_iter().collect() });
        }
    }
}
