//! Members with a shape of their own: sections, journal, authors, MeSH, vocabularies.

use serde_json::Value;

use super::values::{self, none_left, take_text};
use crate::document::{
    AbstractSection, Author, Journal, Keyword, MeshHeading, MeshQualifier, Term,
};
use crate::ingest::raw::Fault;
use crate::ingest::{headings, names};

/// `[{"label", "category", "text"}]`.
pub(super) fn sections(value: Value) -> Result<Vec<AbstractSection>, Fault> {
    let mut sections = Vec::new();
    for value in values::list("sections", value)? {
        let mut members = values::object("sections[]", value)?;
        sections.push(AbstractSection {
            label: take_text(&mut members, "label")?,
            category: take_text(&mut members, "category")?,
            text: take_text(&mut members, "text")?,
        });
        none_left("sections[]", &members, &["label", "category", "text"])?;
    }
    Ok(sections)
}

/// A title, or an object.
pub(super) fn journal(value: Value) -> Result<Journal, Fault> {
    if value.is_string() {
        return Ok(Journal { title: values::text("journal", value)?, ..Journal::default() });
    }
    let mut members = match value {
        Value::Object(members) => members,
        other => return Err(values::wrong("journal", "a string or an object", &other)),
    };
    let journal = Journal {
        title: take_text(&mut members, "title")?,
        abbreviation: take_text(&mut members, "abbreviation")?,
        nlm_id: take_text(&mut members, "nlm_id")?,
        issn: take_text(&mut members, "issn")?,
        issn_linking: take_text(&mut members, "issn_linking")?,
        volume: take_text(&mut members, "volume")?,
        issue: take_text(&mut members, "issue")?,
        pages: take_text(&mut members, "pages")?,
        country: take_text(&mut members, "country")?,
    };
    none_left("journal", &members, &JOURNAL)?;
    Ok(journal)
}

/// Members of a journal, all of them texts.
pub(in crate::ingest) const JOURNAL: [&str; 9] = [
    "title",
    "abbreviation",
    "nlm_id",
    "issn",
    "issn_linking",
    "volume",
    "issue",
    "pages",
    "country",
];

/// Members of an author that are texts; `name` stands for some of them.
pub(in crate::ingest) const AUTHOR: [&str; 6] =
    ["last_name", "fore_name", "initials", "suffix", "collective_name", "identifier"];

/// One string, or a list of strings and objects.
pub(super) fn authors(value: Value) -> Result<Vec<Author>, Fault> {
    if let Value::String(text) = &value {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        return Ok(parts.map(names::parse_author).collect());
    }
    values::list("authors", value)?.into_iter().map(author).collect()
}

fn author(value: Value) -> Result<Author, Fault> {
    let mut members = match value {
        Value::String(text) => return Ok(names::parse_author(&text)),
        Value::Object(members) => members,
        other => return Err(values::wrong("authors[]", "a string or an object", &other)),
    };
    let named = names::parse_author(&take_text(&mut members, "name")?);
    let part = |text: String, named: String| if text.is_empty() { named } else { text };
    let affiliations = match members.remove("affiliations") {
        Some(value) => values::texts("affiliations", value)?,
        None => Vec::new(),
    };
    let author = Author {
        last_name: part(take_text(&mut members, "last_name")?, named.last_name),
        fore_name: part(take_text(&mut members, "fore_name")?, named.fore_name),
        initials: part(take_text(&mut members, "initials")?, named.initials),
        suffix: part(take_text(&mut members, "suffix")?, named.suffix),
        collective_name: take_text(&mut members, "collective_name")?,
        identifier: take_text(&mut members, "identifier")?,
        affiliations,
    };
    none_left("authors[]", &members, &[&AUTHOR[..], &["affiliations", "name"]].concat())?;
    Ok(author)
}

/// A list of strings in MEDLINE's form, or of objects.
pub(super) fn mesh(value: Value) -> Result<Vec<MeshHeading>, Fault> {
    values::list("mesh", value)?.into_iter().map(heading).collect()
}

fn heading(value: Value) -> Result<MeshHeading, Fault> {
    let mut members = match value {
        Value::String(text) => return Ok(headings::parse_heading(&text)),
        Value::Object(members) => members,
        other => return Err(values::wrong("mesh[]", "a string or an object", &other)),
    };
    let qualifiers = match members.remove("qualifiers") {
        Some(value) => values::list("qualifiers", value)?,
        None => Vec::new(),
    };
    let heading = MeshHeading {
        ui: take_text(&mut members, "ui")?,
        name: take_text(&mut members, "name")?,
        major: take_flag(&mut members, "major")?,
        qualifiers: qualifiers.into_iter().map(qualifier).collect::<Result<_, Fault>>()?,
    };
    none_left("mesh[]", &members, &["ui", "name", "major", "qualifiers"])?;
    Ok(heading)
}

fn qualifier(value: Value) -> Result<MeshQualifier, Fault> {
    match value {
        Value::String(text) => {
            let name = text.strip_prefix('*').unwrap_or(&text);
            let major = name.len() != text.len();
            Ok(MeshQualifier { ui: String::new(), name: name.to_owned(), major })
        }
        Value::Object(mut members) => {
            let qualifier = MeshQualifier {
                ui: take_text(&mut members, "ui")?,
                name: take_text(&mut members, "name")?,
                major: take_flag(&mut members, "major")?,
            };
            none_left("qualifiers[]", &members, &["ui", "name", "major"])?;
            Ok(qualifier)
        }
        other => Err(values::wrong("qualifiers[]", "a string or an object", &other)),
    }
}

fn take_flag(members: &mut serde_json::Map<String, Value>, name: &str) -> Result<bool, Fault> {
    match members.remove(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(other) => Err(values::wrong(name, "true or false", &other)),
    }
}

/// A string, or a list of them.
pub(super) fn languages(name: &str, value: Value) -> Result<Vec<String>, Fault> {
    if value.is_string() {
        Ok(vec![values::text(name, value)?])
    } else {
        values::texts(name, value)
    }
}

/// A list of strings, or of `{"ui", "name"}`.
pub(super) fn publication_types(value: Value) -> Result<Vec<Term>, Fault> {
    let term = |value| match value {
        Value::String(name) => Ok(Term { ui: String::new(), name }),
        Value::Object(mut members) => {
            let (ui, name) = (take_text(&mut members, "ui")?, take_text(&mut members, "name")?);
            none_left("publication_types[]", &members, &["ui", "name"])?;
            Ok(Term { ui, name })
        }
        other => Err(values::wrong("publication_types[]", "a string or an object", &other)),
    };
    values::list("publication_types", value)?.into_iter().map(term).collect()
}

/// A list of strings, or of `{"text", "owner", "major"}`.
pub(super) fn keywords(value: Value) -> Result<Vec<Keyword>, Fault> {
    let keyword = |value| match value {
        Value::Object(mut members) => {
            let keyword = Keyword {
                owner: take_text(&mut members, "owner")?,
                major: take_flag(&mut members, "major")?,
                text: take_text(&mut members, "text")?,
            };
            none_left("keywords[]", &members, &["text", "owner", "major"])?;
            Ok(keyword)
        }
        other => Ok(Keyword { text: values::text("keywords", other)?, ..Keyword::default() }),
    };
    values::list("keywords", value)?.into_iter().map(keyword).collect()
}
