//! Records of a table in whatever file: JSON lines, a JSON list, CSV, TSV, Parquet.
//!
//! | name ends in | is read as |
//! |---|---|
//! | `.jsonl`, `.ndjson`, `.json` | JSON lines; a JSON list of objects if it begins with `[` |
//! | `.csv` | RFC 4180, commas or semicolons; the first record names the columns |
//! | `.tsv`, `.txt` | tabs, no quotation marks; the first line names the columns |
//! | `.parquet` | with the feature `parquet`: top-level columns of strings, numbers and lists |
//!
//! Memory: one record, at most [`LINE_BYTES_MAX`](super::LINE_BYTES_MAX) (a page per column in Parquet).

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::array::Elements;
use super::csv::Csv;
use super::files::{bare, stem_of};
use super::record::{Record, heading};
use crate::eval::input::json::{self, Wanted};
use crate::eval::input::{Encoding, Input, InputError, Line, Lines, Place, until_error};

/// An iterator of records; it ends after an error.
pub(super) struct Records {
    kind: Kind,
    wanted: Wanted,
    is_over: bool,
}

enum Kind {
    Lines(Lines),
    Elements(Elements),
    Csv(Csv),
    Tsv(Lines, Vec<String>),
    #[cfg(feature = "parquet")]
    Parquet(Box<super::parquet::Rows>),
}

impl Records {
    /// # Errors
    /// The file cannot be opened, is empty, has a name of another kind, or no header.
    pub(super) fn open(path: &Path, wanted: Wanted) -> Result<Records, InputError> {
        let name = stem_of(path);
        let name = bare(&name).to_ascii_lowercase();
        let kind = match name.rsplit_once('.').map_or("", |(_, end)| end) {
            "jsonl" | "ndjson" | "json" => {
                if Input::head(path, 64)?.trim_start().starts_with('[') {
                    Kind::Elements(Elements::open(path)?)
                } else {
                    Kind::Lines(Lines::open(path, Encoding::Utf8)?)
                }
            }
            "csv" => Kind::Csv(Csv::open(path)?),
            "tsv" | "txt" => {
                let mut lines = Lines::open(path, Encoding::Utf8)?;
                let header = lines.next().transpose()?.map(|line| line.text).unwrap_or_default();
                let header: Vec<String> = header.split('\t').map(heading).collect();
                check_header(&header, path)?;
                Kind::Tsv(lines, header)
            }
            #[cfg(feature = "parquet")]
            "parquet" => Kind::Parquet(Box::new(super::parquet::Rows::open(path, wanted)?)),
            #[cfg(not(feature = "parquet"))]
            "parquet" => {
                let detail = "reading Parquet needs the feature `parquet`";
                return Err(InputError::file(path, detail));
            }
            _ => {
                let detail = "expected a name that ends in jsonl, json, csv, tsv or parquet";
                return Err(InputError::file(path, detail));
            }
        };
        if let Kind::Csv(csv) = &kind {
            check_header(csv.header(), path)?;
        }
        Ok(Records { kind, wanted, is_over: false })
    }

    fn read(&mut self) -> Result<Option<Record>, InputError> {
        let wanted = self.wanted;
        match &mut self.kind {
            Kind::Lines(lines) => {
                // Blank lines stand at the end of some files.
                let line =
                    lines.find(|line| !line.as_ref().is_ok_and(|line| line.text.trim().is_empty()));
                let Some(Line { place, text }) = line.transpose()? else { return Ok(None) };
                object(place, text.as_bytes(), wanted).map(Some)
            }
            Kind::Elements(elements) => match elements.next().transpose()? {
                Some((place, bytes)) => object(place, &bytes, wanted).map(Some),
                None => Ok(None),
            },
            Kind::Csv(csv) => match csv.next().transpose()? {
                Some((place, cells)) => row(place, csv.header(), cells, wanted).map(Some),
                None => Ok(None),
            },
            Kind::Tsv(lines, header) => {
                let line = lines.find(|line| !line.as_ref().is_ok_and(|line| line.text.is_empty()));
                let Some(Line { place, text }) = line.transpose()? else { return Ok(None) };
                let cells = text.split('\t').map(str::to_owned).collect();
                row(place, header, cells, wanted).map(Some)
            }
            #[cfg(feature = "parquet")]
            Kind::Parquet(rows) => rows.read(),
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        until_error(self, |own| &mut own.is_over, Self::read)
    }
}

fn object(place: Place, bytes: &[u8], wanted: Wanted) -> Result<Record, InputError> {
    match json::members(bytes, wanted) {
        Ok(members) => Ok(Record { place, members }),
        Err(detail) => Err(place.error(detail)),
    }
}

fn row(
    place: Place,
    header: &[String],
    cells: Vec<String>,
    wanted: Wanted,
) -> Result<Record, InputError> {
    if cells.len() != header.len() {
        let detail = format!(
            "{} cells, but {} columns: a text may hold a separator or a line break",
            cells.len(),
            header.len()
        );
        return Err(place.error(detail));
    }
    let mut members = Map::new();
    for (name, cell) in header.iter().zip(cells) {
        if wanted(name) {
            let value = if cell.is_empty() { Value::Null } else { Value::String(cell) };
            members.insert(name.clone(), value);
        }
    }
    Ok(Record { place, members })
}

fn check_header(header: &[String], path: &Path) -> Result<(), InputError> {
    let repeated = header.iter().enumerate().find(|(place, name)| {
        !name.is_empty() && header.iter().take(*place).any(|other| other == *name)
    });
    match repeated {
        None => Ok(()),
        Some((_, name)) => {
            let place =
                Place { file: Arc::from(path.display().to_string()), word: "line", number: 1 };
            Err(place.error(format!("the heading `{name}` is there twice")))
        }
    }
}
