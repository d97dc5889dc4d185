//! RIS: what Zotero, EndNote, Covidence, Embase and Scopus write and read.
//!
//! ```text
//! TY  - JOUR
//! AU  - Okafor, Ada M.
//! TI  - Aspirin and the risk of colorectal cancer
//! AN  - 31000001
//! ER  -
//! ```
//!
//! Exporters agree on the layout and on little else. Each part is read from any of its usual tags, and written
//! under the first of them:
//!
//! | part | tags |
//! |---|---|
//! | key | a PMID: the address of PubMed in `UR`, or `AN` where `DB` or `DP` says PubMed or MEDLINE; else `ID`, unless it is a number; else `DO`; else a key made of the text |
//! | title, title in the original language | `TI`, `T1`, `CT`; `TT` |
//! | abstract | `AB`, `N2` (where both are, the longer one) |
//! | journal | `T2`, `JO`, `JF` in full; `JA`, `J2`, `J1` abbreviated; `VL`, `IS`, `SP` and `EP`, `SN` |
//! | books | `PB`, `CY` and `PP`, `ET`, `T3`: the free fields `publisher`, `publisher_place`, `edition`, `collection`; `ED`, in chapters also `A2`: `editors`; `SN`: ISBNs; `UR`: an address of NLM's Bookshelf |
//! | kind | `TY`: of books and chapters, the publication type `Book` or `Book Chapter` where ISBNs, Bookshelf and `T2` do not say the same |
//! | date | `DA` (`2019/03/05/`), else `PY`, `Y1` |
//! | authors | `AU`, `A1` as `Last, First, Suffix`; a name of several words without a comma is a group, whose commas are written as blanks |
//! | affiliations | `AD`, of the author before it |
//! | keywords | `KW`, and each line without a tag under it, unless it begins with a blank; MeSH headings are written there, too |
//! | publication types | `M3` |
//! | languages | `LA` |
//! | identifiers | `DO`; `C2` for PMCIDs |
//!
//! Read again, MeSH headings are keywords, sections of the abstract are its text, and what stands nowhere in this
//! table is lost. Tags that are not in the table are passed over. A record ends where the next one begins, so
//! that a missing `ER` does no harm.

mod draft;
mod write;

pub use write::to_ris;

use super::raw::{Fault, utf8};
use super::tagged::{Layout, tags};
use super::{Event, Record};

/// Reads one record.
///
/// # Errors
/// A [`Fault`] when it is not UTF-8, or has neither a key nor a title.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    let mut draft = draft::Draft::new();
    for tagged in tags(Layout::Ris, utf8(bytes)?)? {
        if tagged.tag == "ER" {
            break;
        }
        draft.take(tagged);
    }
    let document = Box::new(draft.finish()?);
    Ok(Record { position, event: Event::Document { document, vector: None } })
}
