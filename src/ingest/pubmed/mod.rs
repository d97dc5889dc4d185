//! PubMed XML: what NLM publishes as baseline and update files, and what E-utilities return.
//!
//! [`cut`] finds the records of a stream, the other files understand one record each part. What is
//! kept, and how, is said where it is read:
//!
//! | file | elements |
//! |---|---|
//! | [`citation`] | `PubmedArticle`, `MedlineCitation`, `Article`, `PubmedData` |
//! | [`book`] | `PubmedBookArticle` |
//! | [`abstracts`] | `Abstract`, `OtherAbstract` |
//! | [`journal`] | `Journal`, `MedlineJournalInfo`, `Pagination`, `PubDate` |
//! | [`authors`] | `AuthorList`, `InvestigatorList` |
//! | [`terms`] | `MeshHeadingList`, `ChemicalList`, `KeywordList`, `PublicationTypeList`, ... |
//! | [`links`] | identifiers, references, corrections, data banks, grants |
//!
//! Any element may be empty (`<AuthorList/>`, attributes or not), and any may hold comments, processing
//! instructions and CDATA sections. A character that XML 1.0 forbids (`&#27;`) makes its record an
//! error; the control characters that XML only discourages (U+007F to U+009F but U+0085) are dropped.
//!
//! A PMID is one document whatever its `Version`: the later record in NLM's order replaces the
//! earlier, and a `<DeleteCitation>` deletes the PMID.
//!
//! Left out, since no document of ours has a place for it: `CitationSubset`, `GeneralNote`,
//! `SpaceFlightMission`, `GeneSymbolList`, `PersonalNameSubjectList`.

mod abstracts;
mod authors;
mod book;
mod citation;
mod cut;
mod dates;
mod journal;
mod links;
mod markup;
mod pmid;
mod terms;
mod text;
mod token;
pub(super) mod walk;

pub(super) use authors::{add_list, short_name};
pub(super) use cut::XmlCutter;
pub(super) use links::deduplicate;

use super::raw::{Fault, RawKind, utf8};
use super::{Event, Record};
use crate::document::Document;
use crate::ids::{Key, Pmid};

use pmid::pmid;
pub(super) use pmid::{place, pmid_hint};
use walk::Walker;

/// Reads one record.
///
/// # Errors
/// A [`Fault`] when it is not UTF-8, not well-formed (which includes characters that XML forbids), or
/// has no PMID.
pub(super) fn parse(kind: RawKind, bytes: &[u8], position: u64) -> Result<Record, Fault> {
    let text = token::clean(utf8(bytes)?)?;
    let mut walker = Walker::new(&text);
    let root = walker.root()?;
    let event = if kind == RawKind::Delete {
        let (pmid, version) = pmid(&mut walker, &root)?;
        Event::Delete { key: Key::Pmid(pmid), version }
    } else {
        let mut document = Document::new(Key::Pmid(Pmid(0)));
        match kind {
            RawKind::Book => book::read(&mut walker, &mut document)?,
            RawKind::Citation => citation::read_citation(&mut walker, &root, &mut document)?,
            _ => citation::read_article(&mut walker, &mut document)?,
        }
        if document.key == Key::Pmid(Pmid(0)) {
            return Err(Fault::whole("the record has no PMID"));
        }
        links::deduplicate(&mut document.ids);
        Event::Document { document: Box::new(document), vector: None }
    };
    Ok(Record { position, event })
}
