//! JSON lines: one document a line, in UTF-8. `.jsonl`, `.jsonl.gz` and `.jsonl.zst` all work.
//!
//! ```json
//! {"id": "note-17", "title": "Reading notes", "text": "...", "year": 2024, "rating": 4.5}
//! {"pmid": 31000001, "title": "...", "abstract": "...", "mesh": ["*Heart Failure/drug therapy"]}
//! {"_id": "4983", "title": "...", "text": "...", "metadata": {"split": "train"}}
//! {"pmid": 31000002, "title": "...", "sections": [{"label": "METHODS", "text": "..."}],
//!  "vector": [0.12, -0.5, 0.33]}
//! ```
//!
//! (Each on one line.) The corpora of BEIR (`_id`, `title`, `text`) work as they are.
//!
//! | name | value | becomes |
//! |---|---|---|
//! | `pmid` | positive integer, or one as a string; `null` for none | the key |
//! | `id`, `_id` | string or integer; `"pmid:17"` is PMID 17 | the key where there is no `pmid`; else a free field, unless it says the same |
//! | `title` | string | title |
//! | `abstract`, `text`, `content` | string | the abstract: the first of these that is not empty |
//! | `contents` | string | title and text in one, as MedRAG has it: the abstract where nothing else is |
//! | `sections` | list of `{"label", "category", "text"}` | the abstract in parts |
//! | `vernacular_title` | string | title in the original language |
//! | `year`, `date` | integer or string: `2019`, `2019-03-05`, `1998 Dec-1999 Jan` | publication date; `date` wins |
//! | `journal` | string, or `{"title", "abbreviation", "nlm_id", "issn", "volume", "issue", "pages", "country"}` | journal |
//! | `authors` | list of strings (`Okafor AM`, `Okafor, Ada`) or of `{"last_name", "fore_name", "initials", "collective_name", "affiliations"}`; or one string, names parted by `;` | authors |
//! | `mesh` | list of strings in MEDLINE's form (`*Heart Failure/drug therapy`, `Body Fluids/*analysis`) or of `{"ui", "name", "major", "qualifiers"}` | MeSH headings |
//! | `language`, `languages` | string or list, ISO 639-2 (`eng`) | languages |
//! | `publication_types` | list of strings or of `{"ui", "name"}` | publication types |
//! | `keywords` | list of strings | keywords |
//! | `doi`, `pmcid` | string | identifiers `doi`, `pmc` |
//! | `status`, `copyright` | string | as named |
//! | `vector`, `embedding` | list of finite numbers, as many in every line | the vector |
//! | `fields`, `metadata` | object | free fields, one each member |
//! | anything else | | a free field of that name |
//!
//! A free field takes the type of its value: string, integer, float, list of strings. `true` and
//! `false` become strings, lists of other things lists of their JSON text, objects their JSON text,
//! and `null` no field at all.
//!
//! A line with a key and a vector and nothing else gives that vector to the document with this key, as
//! [`crate::db::Writer::set_vector`] does.
//!
//! A line is refused that is no JSON object, names a member twice, has a member of the wrong type,
//! has no key, or a vector with a number that is not finite (JSON has no `NaN`). A document
//! without any text is no error: it is stored and found by its filters. Two lines with the same key
//! are two revisions; the later one stays.

mod fields;
mod parts;
pub(super) mod values;

use serde_json::Value;

use super::raw::{Fault, utf8};
use super::{Event, Record};
use crate::ids::{Key, Pmid};
use fields::Draft;

/// Reads one line.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(super) fn parse(bytes: &[u8], position: u64) -> Result<Record, Fault> {
    utf8(bytes)?;
    let values::Members { members, vector } = values::members(bytes)?;
    let is_bare = members.iter().all(|(name, _)| matches!(name.as_str(), "pmid" | "id" | "_id"));
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

/// The key that `pmid`, `id` and `_id` name, and what of them is left over.
fn resolve_key(
    pmid: Option<Value>,
    ids: Vec<(String, Value)>,
) -> Result<(Key, Vec<(String, Value)>), Fault> {
    let mut key = match pmid {
        None => None,
        Some(value) => Some(Key::Pmid(pmid_value(&value)?)),
    };
    let mut left = Vec::new();
    for (name, value) in ids {
        let named = id_key(&name, &value)?;
        match &key {
            None => key = Some(named),
            Some(key) if *key == named => {}
            Some(_) => left.push((name, value)),
        }
    }
    let key = key.ok_or_else(|| Fault::whole("no key: expected `pmid`, `id` or `_id`"))?;
    Ok((key, left))
}

pub(in crate::ingest) fn pmid_value(value: &Value) -> Result<Pmid, Fault> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .and_then(|number| u32::try_from(number).ok())
        .filter(|&number| number > 0)
        .map(Pmid)
        .ok_or_else(|| {
            Fault::whole(format!(
                "`pmid` must be a positive integer, found {}",
                values::brief(value)
            ))
        })
}

pub(in crate::ingest) fn id_key(name: &str, value: &Value) -> Result<Key, Fault> {
    match value {
        Value::String(text) if text.is_empty() => Err(Fault::whole(format!("`{name}` is empty"))),
        Value::String(text) => {
            let prefix = text.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("pmid:"));
            let number = prefix.and_then(|_| text.get(5..)).map(|rest| Key::parse(rest.trim()));
            match number {
                Some(Key::Pmid(pmid)) => Ok(Key::Pmid(pmid)),
                _ => Ok(Key::parse(text)),
            }
        }
        Value::Number(number) if number.is_i64() || number.is_u64() => {
            Ok(Key::parse(&number.to_string()))
        }
        other => Err(Fault::whole(format!(
            "`{name}` must be a string or an integer, found {}",
            values::brief(other)
        ))),
    }
}
