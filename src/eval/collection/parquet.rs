//! Rows of a Parquet file, as `ingest` reads them: wanted columns of strings, numbers, lists of strings and flat groups.
//! Memory: a page per column.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::record::{Record, heading};
use crate::error::Error;
use crate::eval::input::json::{self, Wanted};
use crate::eval::input::{InputError, Place, refuse_pointer};
use crate::ingest::ParquetCutter;

/// Bytes that tell a pointer of Git LFS.
const POINTER_BYTES: u64 = 64;

pub(super) struct Rows {
    rows: ParquetCutter,
    name: Arc<str>,
    number: u64,
}

impl Rows {
    /// Opens a file and finds the wanted columns.
    ///
    /// # Errors
    /// The file cannot be read, is damaged or cut, or has no wanted column.
    pub(super) fn open(path: &Path, wanted: Wanted) -> Result<Rows, InputError> {
        let failed =
            |error: std::io::Error| InputError::file(path, format!("cannot read: {error}"));
        let mut start = Vec::new();
        let mut file = File::open(path).map_err(failed)?.take(POINTER_BYTES);
        file.read_to_end(&mut start).map_err(failed)?;
        if start.is_empty() {
            return Err(InputError::file(path, "the file is empty"));
        }
        refuse_pointer(path, &start)?;
        let name = path.display().to_string();
        let is_wanted = |name: &str| wanted(&heading(name));
        let rows = ParquetCutter::open_columns(path, &name, is_wanted).map_err(refused)?;
        Ok(Rows { rows, name: name.into(), number: 0 })
    }

    /// The next row.
    ///
    /// # Errors
    /// The file is damaged; two columns have one name.
    pub(super) fn read(&mut self) -> Result<Option<Record>, InputError> {
        let Some(line) = self.rows.next_row().map_err(refused)? else { return Ok(None) };
        self.number += 1;
        let place = Place { file: self.name.clone(), word: "row", number: self.number };
        let row = line.and_then(|line| json::members(&line, |_| true));
        // A line of JSON leaves out what is null.
        let nulls = self.rows.names().map(|name| (heading(name), Value::Null));
        let mut members: Map<String, Value> = nulls.collect();
        for (name, value) in row.map_err(|detail| place.error(detail))? {
            if members.insert(heading(&name), value).is_some_and(|before| !before.is_null()) {
                return Err(place.error(format!("the column `{name}` is there twice")));
            }
        }
        Ok(Some(Record { place, members }))
    }
}

fn refused(error: Error) -> InputError {
    match error {
        Error::Input { file, place, detail } => InputError::new(file, place, detail),
        Error::Io { operation, path, source } => {
            InputError::new(path, "whole file", format!("cannot {operation}: {source}"))
        }
        error => InputError::new("Parquet", "whole file", error.to_string()),
    }
}
