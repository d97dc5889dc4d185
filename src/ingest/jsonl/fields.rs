//! Gathers the members of a line into a document.

use serde_json::Value;

use super::{links, parts, values};
use crate::date::{Day, PublicationDate};
use crate::document::{AbstractSection, Document, Field, FieldValue, OtherId};
use crate::ids::Key;
use crate::ingest::dates;
use crate::ingest::keys::{id_key, pmid_value};
use crate::ingest::raw::Fault;

/// Members that may be the abstract, the first one that is there.
const TEXTS: [&str; 4] = ["abstract", "text", "content", "contents"];

/// A document in the making: members may come in any order.
pub(super) struct Draft {
    document: Document,
    pmid: Option<Value>,
    ids: Vec<(String, Value)>,
    /// The key where there is no other, else a free field.
    doc_id: Option<Value>,
    /// Those of [`TEXTS`].
    texts: [String; 4],
    year: Option<Value>,
    date: Option<Value>,
    date_range: Option<(Day, Day)>,
    /// `doi` and `pmcid`, which may stand among the identifiers too.
    named_ids: Vec<OtherId>,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            document: Document::new(Key::Text(String::new())),
            pmid: None,
            ids: Vec::new(),
            doc_id: None,
            texts: Default::default(),
            year: None,
            date: None,
            date_range: None,
            named_ids: Vec::new(),
        }
    }

    /// Takes one member in.
    pub(super) fn take(&mut self, name: String, value: Value) -> Result<(), Fault> {
        let document = &mut self.document;
        match name.as_str() {
            "pmid" => self.pmid = Some(value),
            "id" | "_id" => self.ids.push((name, value)),
            "doc_id" => self.doc_id = Some(value),
            "abstract" => self.texts[0] = values::joined(&name, value)?,
            "text" => self.texts[1] = values::joined(&name, value)?,
            "content" => self.texts[2] = values::joined(&name, value)?,
            "contents" => self.texts[3] = values::joined(&name, value)?,
            "year" => self.year = Some(value),
            "date" => self.date = Some(value),
            "title" => document.title = values::text(&name, value)?,
            "vernacular_title" => document.vernacular_title = values::text(&name, value)?,
            "sections" => document.abstract_sections = parts::sections(value)?,
            "journal" => document.journal = parts::journal(value)?,
            "authors" => document.authors = parts::authors(value)?,
            "mesh" => document.mesh = parts::mesh(value)?,
            "language" | "languages" => document.languages.extend(parts::languages(&name, value)?),
            "publication_types" => document.publication_types = parts::publication_types(value)?,
            "keywords" => document.keywords = parts::keywords(value)?,
            "doi" => self.identifier("doi", &name, value)?,
            "pmcid" => self.identifier("pmc", &name, value)?,
            "status" => document.status = values::text(&name, value)?,
            "indexing_method" => document.indexing_method = values::text(&name, value)?,
            "conflict_of_interest" => document.conflict_of_interest = values::text(&name, value)?,
            "version" if value.as_u64().is_some_and(|version| u32::try_from(version).is_ok()) => {
                document.version = value.as_u64().map_or(0, |version| version as u32);
            }
            "date_range" if links::is_range(&value) => {
                self.date_range = Some(links::range(value)?);
            }
            name if links::fits(name, &value) => links::take(document, name, value)?,
            "copyright" => document.copyright = values::text(&name, value)?,
            "fields" | "metadata" => {
                for (name, value) in values::object(&name, value)? {
                    values::free_field(&mut document.fields, name, value)?;
                }
            }
            _ => values::free_field(&mut document.fields, name, value)?,
        }
        Ok(())
    }

    fn identifier(&mut self, kind: &str, name: &str, value: Value) -> Result<(), Fault> {
        let value = values::text(name, value)?;
        if !value.is_empty() {
            self.named_ids.push(OtherId { kind: kind.to_owned(), value });
        }
        Ok(())
    }

    /// The document.
    pub(super) fn finish(self) -> Result<Document, Fault> {
        let (mut document, mut ids) = (self.document, self.ids);
        if let Some(value) = self.doc_id {
            let name = "doc_id".to_owned();
            match self.pmid.is_none() && ids.is_empty() {
                true => ids.push((name, value)),
                false => values::free_field(&mut document.fields, name, value)?,
            }
        }
        let (key, left) = resolve_key(self.pmid, ids)?;
        document.key = key;
        for (name, value) in left {
            values::free_field(&mut document.fields, name, value)?;
        }
        take_texts(&mut document, self.texts);
        for id in self.named_ids {
            if !document.ids.contains(&id) {
                document.ids.push(id);
            }
        }
        if let Some((first, last)) = self.date_range {
            let verbatim = match self.date {
                Some(value) => values::text("date", value)?,
                None => String::new(),
            };
            document.date = Some(PublicationDate { verbatim, first, last });
            return Ok(document);
        }
        let words = |name: &str, value: Option<Value>| {
            value.map_or_else(|| Ok(String::new()), |value| values::text(name, value))
        };
        let (date, year) = (words("date", self.date)?, words("year", self.year)?);
        if !date.is_empty() || !year.is_empty() {
            document.date = Some(dates::parse_date_of(&date, &year));
        }
        Ok(document)
    }
}

/// Gives the document its abstract, unless it has sections. Another text is a free field, unless it says the same.
fn take_texts(document: &mut Document, texts: [String; 4]) {
    let mut texts: Vec<(&str, String)> =
        TEXTS.into_iter().zip(texts).filter(|(_, text)| !text.is_empty()).collect();
    let content = |name: &str, text: &str, title: &str| {
        let content = without_title(text, title).filter(|_| name == "contents");
        content.map(str::to_owned)
    };
    if document.abstract_sections.is_empty() && !texts.is_empty() {
        // One of blanks alone only where there is no other.
        let best = texts.iter().position(|(_, text)| !text.trim().is_empty()).unwrap_or(0);
        let (name, text) = texts.remove(best);
        let text = content(name, &text, &document.title).unwrap_or(text);
        document.abstract_sections.push(AbstractSection { text, ..AbstractSection::default() });
    }
    let sections: Vec<&str> =
        document.abstract_sections.iter().map(|section| section.text.as_str()).collect();
    let known = [sections.join(" "), document.abstract_text()];
    for (name, text) in texts {
        let is_known = |text: &str| {
            let mut known = known.iter();
            known.any(|known| known.split_whitespace().eq(text.split_whitespace()))
        };
        let is_said = text.trim().is_empty()
            || is_known(&text)
            || content(name, &text, &document.title).is_some_and(|text| is_known(&text));
        if !is_said {
            document.fields.push(Field { name: name.to_owned(), value: FieldValue::String(text) });
        }
    }
}

/// What stands behind the title in `contents`, where it begins with the title as MedRAG joins the two: by a blank,
/// and by a full stop before it unless the title ends with `.`, `?` or `!`.
fn without_title<'a>(contents: &'a str, title: &str) -> Option<&'a str> {
    let title = title.trim();
    let rest = contents.strip_prefix(title).filter(|_| !title.is_empty())?;
    match title.ends_with(['.', '?', '!']) {
        true => rest.strip_prefix(' '),
        false => rest.strip_prefix(". "),
    }
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
    let key =
        key.ok_or_else(|| Fault::whole("no key: expected `pmid`, `id`, `_id` or `doc_id`"))?;
    Ok((key, left))
}
