//! JSON lines: one document per line, in UTF-8. `.jsonl`, `.jsonl.gz` and `.jsonl.zst` all work. The same objects may be
//! the elements of one array (`[{...}, {...}]`, as `--format json` prints them), on as many lines as they like.
//!
//! ```json
//! {"id": "note-17", "title": "Reading notes", "text": "...", "year": 2024, "rating": 4.5}
//! {"pmid": 31000001, "title": "...", "abstract": "...", "mesh": ["*Heart Failure/drug therapy"]}
//! {"_id": "4983", "title": "...", "text": "...", "metadata": {"split": "train"}}
//! {"pmid": 31000002, "title": "...", "sections": [{"label": "METHODS", "text": "..."}],
//!  "vector": [0.12, -0.5, 0.33]}
//! ```
//!
//! (Each on one line.) These corpora work as they are, and their ids are the keys:
//!
//! | corpus | members |
//! |---|---|
//! | BEIR, MTEB | `_id` or `id`, `title`, `text`, `metadata` |
//! | R2MED | `id`, `text` |
//! | SciFact as its authors released it | `doc_id`, `title`, `abstract` (a list of sentences), `structured` |
//! | MedRAG's chunks | `id` (`Anatomy_Gray_0`; `PMID:123` is PMID 123, printed `123`), `title`, `content`, `contents` |
//!
//! | name | value | becomes |
//! |---|---|---|
//! | `pmid` | positive integer, or one as a string or a whole float; `null` for none | the key |
//! | `id`, `_id` | string or integer; `"pmid:17"` is PMID 17, `{"text": "17"}` the text 17 | the key where there is no `pmid`; else a free field, unless it says the same |
//! | `doc_id` | string or integer | the key where there is none of these; else a free field |
//! | `version` | integer from 0 | PubMed's version |
//! | `title`, `vernacular_title` | string | title; title in the original language |
//! | `abstract`, `text`, `content` | string, or a list of sentences, to be joined by blanks | the abstract, where there are no `sections`: the first of these that is not empty; another that says something else is a free field |
//! | `contents` | the same | title and text in one, as MedRAG joins them: without the title, the abstract where nothing else is; else a free field, unless it says the same |
//! | `sections` | list of `{"label", "category", "text"}` | the abstract in parts |
//! | `other_abstracts` | list of `{"kind", "language", "sections"}` | abstracts by others, or in other languages |
//! | `year`, `date` | integer or string: `2019`, `2019-03-05`, `1998 Dec-1999 Jan` | publication date; `date` wins |
//! | `date_range` | `["1998-12-01", "1999-01-31"]` | the first and the last day that `date` can mean, where it is not to be parsed |
//! | `history` | list of `{"event", "day"}` | other dates |
//! | `journal` | string, or `{"title", "abbreviation", "nlm_id", "issn", "issn_linking", "volume", "issue", "pages", "country"}` | journal |
//! | `authors` | list of strings (`Okafor AM`, `Okafor, Ada`) or of `{"last_name", "fore_name", "initials", "suffix", "collective_name", "identifier", "affiliations"}`, or of `{"name"}`; or one string, names separated by `;` | authors |
//! | `mesh` | list of strings in MEDLINE's form (`*Heart Failure/drug therapy`, `Body Fluids/*analysis`) or of `{"ui", "name", "major", "qualifiers"}` | MeSH headings |
//! | `supplementary`, `chemicals` | list of `{"kind", "ui", "name"}` | supplementary concepts; chemicals, `kind` their registry number |
//! | `language`, `languages` | string or list, ISO 639-2 (`eng`) | languages |
//! | `publication_types` | list of strings or of `{"ui", "name"}` | publication types |
//! | `keywords` | list of strings or of `{"text", "owner", "major"}` | keywords |
//! | `doi`, `pmcid` | string | identifiers `doi`, `pmc` |
//! | `ids` | list of `{"kind", "value"}` | all identifiers |
//! | `references` | list of `{"citation", "ids"}` | cited works |
//! | `corrections` | list of `{"kind", "source", "pmid"}` | comments, corrections, retractions |
//! | `data_banks` | list of `{"name", "accessions"}` | accession numbers |
//! | `grants` | list of `{"id", "agency", "country"}` | grants |
//! | `status`, `indexing_method`, `conflict_of_interest`, `copyright` | string | as named |
//! | `vector`, `embedding` | list of finite numbers, as many in every line | the vector |
//! | `fields`, `metadata` | object | free fields, one each member |
//! | anything else | | a free field of that name |
//!
//! **The same both ways.** [`to_json`] writes a document under these names, all of it but what is
//! empty, and reading that gives the same document. `medvec get --format json` and `jsonl` print it.
//!
//! Nothing is lost silently. A member inside of `authors`, `journal` and the like that has no name
//! here is an error. `version`, `date_range`, `other_abstracts`, `history`, `supplementary`,
//! `chemicals`, `ids`, `references`, `corrections`, `data_banks` and `grants` of another shape than here
//! are free fields.
//!
//! A free field takes the type of its value: string, integer (64 bits), float (`3.0` is one), list of
//! strings. `true` and `false` become strings, lists of other things lists of their JSON text, objects
//! their JSON text, and `null` no field at all. An integer beyond 64 bits is an error: write it as a
//! string.
//!
//! A line with a key and a vector and nothing else gives that vector to the document with this key, as
//! [`crate::db::Writer::set_vector`] does.
//!
//! A line is refused if it is not a JSON object, names a member twice, has a member of the wrong type,
//! has no key, or a vector with a number that is not finite (JSON has no `NaN`). A document
//! without any text is not an error: it is stored and found by its filters. Two lines with the same key
//! are two revisions; the later one stays.

mod fields;
mod links;
pub(super) mod parts;
pub(super) mod values;
mod write;

#[cfg(feature = "session")]
pub(crate) use write::fields;
pub use write::to_json;

use super::raw::{Fault, utf8};
use super::{Event, Record};
use fields::Draft;

/// Reads one line.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    utf8(bytes)?;
    record(values::members(bytes)?, position)
}

/// Reads one element of an array.
///
/// # Errors
/// As [`parse`], and for an item of CSL-JSON: its authors and dates would be no authors and dates here.
pub(super) fn parse_element(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    utf8(bytes)?;
    let object = values::members(bytes)?;
    let is_csl = |(name, value): &(String, serde_json::Value)| {
        name == "container-title" || name == "issued" && value.get("date-parts").is_some()
    };
    if object.members.iter().any(is_csl) {
        return Err(Fault::whole(
            "an item of CSL-JSON, which is not read: export RIS or NBIB where it comes from",
        ));
    }
    record(object, position)
}

fn record(object: values::Members, position: u64) -> Result<Record, Fault> {
    let values::Members { members, vector } = object;
    let is_bare =
        members.iter().all(|(name, _)| matches!(name.as_str(), "pmid" | "id" | "_id" | "doc_id"));
    let mut draft = Draft::new();
    for (name, value) in members {
        draft.take(name, value)?;
    }
    let document = draft.finish()?;
    if let (Some(vector), true) = (&vector, is_bare && document.fields.is_empty()) {
        let (key, vector) = (document.key, vector.clone());
        return Ok(Record { position, event: Event::Vector { key, vector } });
    }
    Ok(Record { position, event: Event::Document { document: Box::new(document), vector } })
}
