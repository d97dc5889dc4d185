//! From the cells of a row to a document.

use super::cells::cells;
use super::columns::Role;
use super::header::Header;
use super::ours::without_mark;
use crate::document::{AbstractSection, Document, Field, FieldValue, Keyword, OtherId, Term};
use crate::ids::Key;
use crate::ingest::headings::parse_heading;
use crate::ingest::keys::{bare_doi, id_key, is_doi, key_of_content, pmid_text, quoted_key};
use crate::ingest::names::{parse_author, parse_short_name};
use crate::ingest::raw::{Fault, utf8};
use crate::ingest::{Event, Record, dates};

/// Reads one row.
///
/// # Errors
/// A [`Fault`] as the module's text says.
pub(in crate::ingest) fn parse(
    header: &Header,
    bytes: &[u8],
    position: u64,
) -> Result<Record, Fault> {
    let cells = cells(utf8(bytes)?, header.separator).map_err(|place| Fault {
        offset: place as u64,
        detail: "a quote is not closed, or something follows it in its cell".into(),
    })?;
    if cells.len() > header.names.len() {
        return Err(Fault::whole(format!(
            "{} cells under a header of {}",
            cells.len(),
            header.names.len()
        )));
    }
    let document = Document::new(Key::Text(String::new()));
    let (has_strings, is_ours) = (header.is_cord19, header.is_ours);
    let mut draft = Draft { document, key: None, has_strings, is_ours };
    let columns = header.names.iter().zip(&header.roles);
    for (cell, (name, role)) in cells.iter().zip(columns) {
        let cell = if is_ours { without_mark(cell) } else { cell }.trim();
        if !cell.is_empty() {
            draft.take(name, *role, cell)?;
        }
    }
    let document = Box::new(draft.finish()?);
    Ok(Record { position, event: Event::Document { document, vector: None } })
}

struct Draft {
    document: Document,
    /// With the rank of the column that it stands in.
    key: Option<(u8, Key)>,
    /// Whether free fields are strings, whatever they look like.
    has_strings: bool,
    /// Whether keys are written as we write them.
    is_ours: bool,
}

impl Draft {
    fn take(&mut self, name: &str, role: Option<Role>, cell: &str) -> Result<(), Fault> {
        let document = &mut self.document;
        match role {
            Some(Role::Pmid) => {
                let pmid = pmid_text(cell).ok_or_else(|| {
                    let found: String = cell.chars().take(40).collect();
                    Fault::whole(format!("`{name}` must be a PMID, found `{found}`"))
                })?;
                self.keep(0, Key::pmid(pmid));
            }
            Some(Role::Key) => {
                let quoted = quoted_key(cell).filter(|_| self.is_ours);
                let key = quoted.map_or_else(|| id_key(name, &cell.into()), Ok)?;
                self.keep(1, key);
            }
            Some(Role::Id) => self.keep(2, Key::Text(cell.to_owned())),
            Some(Role::Title) => cell.clone_into(&mut document.title),
            Some(Role::Abstract) => {
                let text = cell.to_owned();
                document.abstract_sections = vec![AbstractSection { text, ..Default::default() }];
            }
            Some(role @ (Role::Date | Role::Year)) => {
                let other = document.date.take().map(|date| date.verbatim).unwrap_or_default();
                let (date, year) =
                    if role == Role::Date { (cell, &*other) } else { (&*other, cell) };
                document.date = Some(dates::parse_date_of(date, year));
            }
            Some(Role::Journal) => cell.clone_into(&mut document.journal.title),
            Some(Role::Authors) => document.authors = names(cell).map(parse_author).collect(),
            Some(Role::Mesh) => document.mesh = list(cell).map(parse_heading).collect(),
            Some(Role::Keywords) => {
                let keyword = |text: &str| Keyword { text: text.to_owned(), ..Default::default() };
                document.keywords = list(cell).map(keyword).collect();
            }
            Some(Role::Types) => {
                let term = |name: &str| Term { ui: String::new(), name: name.to_owned() };
                document.publication_types = list(cell).map(term).collect();
            }
            Some(Role::Languages) => {
                document.languages = list(cell).map(str::to_owned).collect();
            }
            Some(Role::Doi) if is_doi(bare_doi(cell)) => {
                let value = bare_doi(cell).to_owned();
                document.ids.push(OtherId { kind: "doi".to_owned(), value });
            }
            Some(Role::Pmcid) => {
                document.ids.push(OtherId { kind: "pmc".to_owned(), value: cell.to_owned() });
            }
            Some(Role::Pubmed) if pmid_text(cell).is_some() => {
                let value = pmid_text(cell).map(|pmid| pmid.to_string()).unwrap_or_default();
                document.ids.push(OtherId { kind: "pubmed".to_owned(), value });
            }
            Some(Role::Doi | Role::Pubmed) | None => {
                let is_new = document.fields.iter().all(|field| field.name != name);
                if is_new && !name.is_empty() {
                    let value = match self.has_strings {
                        true => FieldValue::String(cell.to_owned()),
                        false => typed(cell),
                    };
                    document.fields.push(Field { name: name.to_owned(), value });
                }
            }
        }
        Ok(())
    }

    /// Keeps the key of the best column.
    fn keep(&mut self, rank: u8, key: Key) {
        if self.key.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.key = Some((rank, key));
        }
    }

    fn finish(self) -> Result<Document, Fault> {
        let mut document = self.document;
        document.key = match self.key {
            Some((_, key)) => key,
            None => key_of_content(&document)?,
        };
        Ok(document)
    }
}

/// Parts between semicolons or strokes.
fn list(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '|']).map(str::trim).filter(|part| !part.is_empty())
}

/// Names between semicolons or strokes. A comma stands inside of a name (`van Berg, Ada Maria`), unless each part is a
/// short name (`Okafor AM, Smith J.`), or there are three and more, of which each has a blank.
fn names(cell: &str) -> impl Iterator<Item = &str> {
    list(cell.trim_end_matches('.')).flat_map(|name| {
        let parts: Vec<&str> =
            name.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        let are_short = parts.iter().all(|part| parse_short_name(part).is_some());
        let are_many = parts.len() > 2 && parts.iter().all(|part| part.contains(' '));
        if are_short || are_many { parts } else { vec![name] }
    })
}

/// An integer or a number with a point where the text is one as programs print it, else a string.
fn typed(cell: &str) -> FieldValue {
    if let Ok(number) = cell.parse::<i64>()
        && number.to_string() == cell
    {
        return FieldValue::Integer(number);
    }
    let is_decimal = cell.contains('.')
        && cell.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'e' | b'+'));
    match cell.parse::<f64>() {
        Ok(number) if is_decimal && number.is_finite() => FieldValue::Float(number),
        _ => FieldValue::String(cell.to_owned()),
    }
}
