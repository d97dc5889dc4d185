//! Parquet files: what guards against files that lie, which columns are which, and documents in columns.
//!
//! The corpora of MTEB, and of R2MED on Hugging Face, are such files. A file holds documents if it has a column of ids
//! (`pmid`, `id`, `_id` or `doc_id`), one of texts (`title`, `abstract`, `text`, `content` or `contents`) and none of
//! vectors: of a file with vectors [`super::vectors`] reads these, and not the texts. Each row is read as a line of
//! [`super::jsonl`] whose members are the columns: they have the same meanings, and null is no member.
//!
//! | column | member |
//! |---|---|
//! | strings, integers, floats, booleans | the same; a float that is not finite is null |
//! | lists of strings, at most four columns | a list |
//! | structs of these (`metadata`) | an object |
//! | lists and structs inside of each other, where a member has them (`authors`, `mesh`, `fields`) | the same |
//! | JSON (the logical type) | its value |
//! | anything else: dates, decimals, lists of other things | passed over: cast it to strings |
//!
//! [`DocumentTable`] writes whole documents so.
//!
//! A bad row is an error of its own. A file that is cut or damaged, or whose columns differ in length, is an error that
//! ends the reading. Rows of one id are revisions; the last one stays.
//!
//! Memory, whatever the size of the file: the pages at hand of all columns, at most 96 MiB unpacked (writers begin a
//! new page at about 1 MiB), those before them while their last rows are given, and one that is being unpacked.
//! Cost: the file is read twice, once for its digest.

mod cells;
mod nested;
pub(super) mod pages;
pub(super) mod schema;
mod shape;
mod shred;
mod tree;
mod write;

pub use shape::TableFields;
pub use write::DocumentTable;
#[cfg(feature = "session")]
pub(crate) use write::failed;

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

use ::parquet::errors::ParquetError;
use ::parquet::schema::types::SchemaDescriptor;
use serde_json::Value;

use super::raw::{RECORD_BYTES_MAX, RawBatch, RawKind, input_error};
use crate::error::{Error, Result};
use cells::{Cell, Leaf};
use pages::{ParquetFile, contained};
use schema::Column;

/// Whether a Parquet file holds documents. Cost: reads its footer.
///
/// # Errors
/// [`Error::Io`]; [`Error::Input`] for a file whose footer is not there or damaged.
pub(super) fn holds_documents(path: &Path, name: &str) -> Result<bool> {
    let file = open(path, name)?;
    let schema = file.metadata.file_metadata().schema_descr();
    Ok(!schema::has_vectors(schema) && schema::has_documents(schema))
}

fn open(path: &Path, name: &str) -> Result<ParquetFile> {
    let file =
        File::open(path).map_err(|source| Error::io("open", path.display().to_string(), source))?;
    ParquetFile::open(file, pages::DOCUMENTS).map_err(|error| damaged(name, "its metadata", &error))
}

fn damaged(name: &str, place: &str, error: &ParquetError) -> Error {
    input_error(name, place.to_owned(), format!("cannot be read as Parquet: {error}"))
}

/// Most values of all columns that are read at once.
const BATCH_VALUES_MAX: usize = 4 << 20;

/// Gives rows as lines of JSON, from front to back.
pub(crate) struct ParquetCutter {
    file: ParquetFile,
    name: String,
    columns: Vec<Column>,
    len: u64,
    given: u64,
    bytes: u64,
    /// The row group to be opened next.
    group: usize,
    leaves: Vec<Leaf>,
    /// Cells of each column that were read and not given, as many in each.
    cells: Vec<VecDeque<Cell>>,
}

impl ParquetCutter {
    /// Opens a file of `bytes` bytes and finds its columns.
    ///
    /// # Errors
    /// As [`holds_documents`]; [`Error::Input`] for a file without documents.
    pub(super) fn open(path: &Path, name: &str, bytes: u64) -> Result<ParquetCutter> {
        ParquetCutter::of(open(path, name)?, name, bytes, schema::columns)
    }

    /// Opens a file of any rows, and keeps columns by their names.
    ///
    /// # Errors
    /// As [`holds_documents`]; [`Error::Input`] for a file without such a column.
    pub(crate) fn open_columns(
        path: &Path,
        name: &str,
        is_kept: impl Fn(&str) -> bool,
    ) -> Result<ParquetCutter> {
        ParquetCutter::of(open(path, name)?, name, 0, |schema| {
            let columns = schema::readable(schema, is_kept)?;
            if columns.is_empty() {
                let roots =
                    (0..schema.num_columns()).map(|leaf| schema.get_column_root(leaf).name());
                let found: Vec<&str> = roots.collect();
                return Err(format!("no known column (found {})", found.join(", ")));
            }
            Ok(columns)
        })
    }

    fn of(
        file: ParquetFile,
        name: &str,
        bytes: u64,
        columns: impl FnOnce(&SchemaDescriptor) -> std::result::Result<Vec<Column>, String>,
    ) -> Result<ParquetCutter> {
        let metadata = file.metadata.file_metadata();
        let refused = |detail| input_error(name, "its columns".into(), detail);
        let columns = columns(metadata.schema_descr()).map_err(refused)?;
        let len = u64::try_from(metadata.num_rows()).unwrap_or(0);
        Ok(ParquetCutter {
            file,
            name: name.to_owned(),
            cells: columns.iter().map(|_| VecDeque::new()).collect(),
            columns,
            len,
            given: 0,
            bytes,
            group: 0,
            leaves: Vec::new(),
        })
    }

    /// The names of its columns that are read.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// A share of the file's bytes, as large as that of the rows given.
    pub(super) fn bytes_read(&self) -> u64 {
        match self.len {
            0 => self.bytes,
            len => (u128::from(self.bytes) * u128::from(self.given) / u128::from(len)) as u64,
        }
    }

    /// Adds the next row to `batch`; `false` at the end.
    ///
    /// # Errors
    /// As [`ParquetCutter::next_row`].
    pub(super) fn next(&mut self, batch: &mut RawBatch) -> Result<bool> {
        let row = self.given;
        match self.next_row()? {
            None => return Ok(false),
            Some(Ok(line)) => batch.push(RawKind::Columns, &line, row, 0),
            Some(Err(reason)) => batch.push(RawKind::BadColumns, reason.as_bytes(), row, 0),
        }
        Ok(true)
    }

    /// The next row as a line of JSON, or in words why it is none; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Input`] for a file that is damaged, or has another number of rows than it says.
    pub(crate) fn next_row(&mut self) -> Result<Option<std::result::Result<Vec<u8>, String>>> {
        self.fill()?;
        let row: Vec<Cell> = self.cells.iter_mut().filter_map(VecDeque::pop_front).collect();
        if row.len() < self.columns.len() {
            return match self.given == self.len {
                true => Ok(None),
                false => Err(self.wrong_length()),
            };
        }
        if self.given == self.len {
            return Err(self.wrong_length());
        }
        self.given += 1;
        Ok(Some(line(&self.columns, row)))
    }

    fn wrong_length(&self) -> Error {
        let detail = format!("its metadata say {} rows, which is not what it has", self.len);
        input_error(&self.name, "its end".into(), detail)
    }

    /// Reads some cells of each column when there are none in memory.
    fn fill(&mut self) -> Result<()> {
        while self.cells.iter().all(VecDeque::is_empty) {
            let place = match self.leaves.is_empty() {
                true if self.group == self.file.metadata.num_row_groups() => return Ok(()),
                true => format!("row group {}", self.group),
                false => format!("row group {}", self.group - 1),
            };
            let failed = |error: ParquetError| damaged(&self.name, &place, &error);
            if self.leaves.is_empty() {
                for column in &self.columns {
                    let leaf = Leaf::open(&self.file, self.group, column).map_err(failed)?;
                    self.leaves.push(leaf);
                }
                self.group += 1;
            }
            let mut values = 0;
            for (leaf, cells) in self.leaves.iter_mut().zip(&mut self.cells) {
                let read = contained(|| leaf.read()).map_err(failed)?;
                values += read.iter().map(Cell::len).sum::<usize>();
                if values > BATCH_VALUES_MAX {
                    let detail = format!("more than {BATCH_VALUES_MAX} values in a few rows");
                    return Err(input_error(&self.name, place, detail));
                }
                cells.extend(read);
            }
            let rows = self.cells.first().map_or(0, VecDeque::len);
            if self.cells.iter().any(|cells| cells.len() != rows) {
                let detail = "its columns have different numbers of rows";
                return Err(input_error(&self.name, place, detail));
            }
            if rows == 0 {
                self.leaves.clear();
            }
        }
        Ok(())
    }
}

/// A row as an object, its members in the order of the columns.
///
/// # Errors
/// Why there is none, in words.
fn line(columns: &[Column], row: Vec<Cell>) -> std::result::Result<Vec<u8>, String> {
    let size: usize = row.iter().map(Cell::size).sum();
    if size > RECORD_BYTES_MAX {
        return Err("the row is longer than 16 MiB".into());
    }
    let named = |name: &str, value: &Value| format!("{}:{value}", Value::from(name));
    let mut members: Vec<String> = Vec::new();
    // The columns of a struct follow each other.
    let mut object: Option<(&str, Vec<String>)> = None;
    let mut cells = columns.iter().zip(row);
    while let Some((column, cell)) = cells.next() {
        if let Some(part) = &column.nested {
            let rest = cells.by_ref().take(part.leaves().saturating_sub(1));
            let leaves = std::iter::once(cell).chain(rest.map(|(_, cell)| cell)).collect();
            let value =
                nested::value(part, leaves).map_err(|what| format!("`{}`: {what}", column.name))?;
            members.extend(object.take().map(closed));
            members.extend((!value.is_null()).then(|| named(&column.name, &value)));
            continue;
        }
        let value = cell.value().map_err(|()| format!("`{}` is not UTF-8", column.name))?;
        if object.as_ref().is_some_and(|(name, _)| *name != column.name) {
            members.extend(object.take().map(closed));
        }
        match &column.member {
            _ if value.is_null() => {}
            None => members.push(named(&column.name, &value)),
            Some(member) => {
                let (_, inside) = object.get_or_insert_with(|| (&column.name, Vec::new()));
                inside.push(named(member, &value));
            }
        }
    }
    members.extend(object.map(closed));
    Ok(format!("{{{}}}", members.join(",")).into_bytes())
}

/// A struct as a member.
fn closed((name, members): (&str, Vec<String>)) -> String {
    format!("{}:{{{}}}", Value::from(name), members.join(","))
}
