//! NBIB: the tagged text of PubMed's "Send to: Citation manager" and "PubMed" format, and of MEDLINE before
//! it. Read and written, so that what leaves comes back.
//!
//! ```text
//! PMID- 10974959
//! STAT- MEDLINE
//! DP  - 2000 Jun
//! TI  - Cost-effectiveness of intensive v. standard case management for severe psychotic
//!       illness. UK700 case management trial. UK700 Group.
//! MH  - Hospitalization/*economics
//! ```
//!
//! | part | tags |
//! |---|---|
//! | key | `PMID`; where that is empty, `OID` as `MEDVEC: key` |
//! | title, title in the original language | `TI` (`BTI` where there is none), `TT` |
//! | abstract, copyright line | `AB` (labels in capitals begin sections), `CI` |
//! | other abstracts | `OAB` as `Kind: text`, `OABL` |
//! | journal | `JT`, `TA`, `JID`, `IS` (`(Linking)` or any other), `VI`, `IP`, `PG`, `PL` |
//! | publication date, other dates | `DP` word for word; `DA`, `DCOM`, `LR`, `DEP`, `PHST` (`EDAT`, `MHDA`, `CRDT` where that lacks them) |
//! | authors | `FAU`, `AU`, `AUID`, `AD`; groups `CN` |
//! | investigators, editors | `IR`, `ED`: free fields of these names |
//! | publication types, languages, status | `PT`, `LA`, `STAT` |
//! | MeSH headings, supplementary concepts, chemicals | `MH`, `NM`, `RN` as `number (name)` |
//! | keywords | `OTO` (who assigned what follows), `OT`, a star for major topics |
//! | identifiers | `AID`, `LID`, `PMC`, `MID`, `OID` as `KIND: value` |
//! | corrections | `CIN`, `CON`, `EIN`, `RIN`, ... as `source. PMID: number` |
//! | accession numbers, grants | `SI`, `GR` |
//! | conflict of interest | `COIS` |
//!
//! **What the format has no place for**: UIs of headings, qualifiers, chemicals, concepts and publication types;
//! the kind of a concept; NLM's categories of sections, and labels that are not in capitals, which become
//! text with the unlabelled sections behind them; references; the indexing method; `Version` (PubMed prints the newest only: 1 is read); free
//! fields; line breaks and runs of blanks in texts; a full stop at the end of a correction's source that has no DOI. Grants
//! lose their acronym, which no document of ours has.
//!
//! Tags that repeat others (`SO`, `FIR`, `FED`) or that no document has a place for (`OWN`, `SB`, `PST`,
//! `RF`, `GN`, `PS`, ...) are passed over.
//!
//! A record is refused if it is not UTF-8, has a line that neither begins with a tag nor goes on with one,
//! a PMID that is not a positive number, no key, or a date that is not one.

mod abstracts;
mod draft;
mod links;
mod people;
mod write;

pub use write::to_nbib;

use super::raw::{Fault, utf8};
use super::tagged::{Layout, tags};
use super::{Event, Record};

/// Reads one record.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    let mut draft = draft::Draft::new();
    for tagged in tags(Layout::Nbib, utf8(bytes)?)? {
        let offset = tagged.offset;
        draft.take(tagged).map_err(|fault| Fault { offset, ..fault })?;
    }
    let document = Box::new(draft.finish()?);
    Ok(Record { position, event: Event::Document { document, vector: None } })
}
