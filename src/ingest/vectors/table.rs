//! Parquet files with a column of ids and a column of vectors.
//!
//! The crate `parquet` is used without Arrow. It reads pages, encodings and compression; this module decides
//! which column is which and what a row may be; `parquet/pages.rs` guards against files that lie. Memory: a
//! page of each column, and some rows.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::basic::{LogicalType, Type};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::schema::types::ColumnDescriptor;
use serde_json::Value;

use super::ids::{Seen, checked};
use super::row::{Row, check_dimension};
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::ingest::keys::id_key;
use crate::ingest::parquet::pages::{self, ParquetFile, contained};
use crate::ingest::parquet::schema::{VECTOR_NAMES, is_list_of_floats, is_unsigned};
use crate::ingest::raw::{Fault, input_error};
use crate::kernel::quantize::f32_from_f16;
use crate::limits::DIMENSION_MAX;

/// Rows read at once.
const BATCH_ROWS: usize = 64;

/// Names of a column of ids, the first that is there.
const ID_NAMES: [&str; 5] = ["pmid", "id", "_id", "doc_id", "docid"];

/// An open file, read from front to back.
pub(super) struct Table {
    file: ParquetFile,
    name: String,
    /// Leaf columns.
    id_column: usize,
    ids: IdForm,
    vector_column: usize,
    dimension: usize,
    len: u64,
    /// The row group to be opened next.
    group: usize,
    columns: Option<(ColumnReader, ColumnReader)>,
    /// Values of a column that were wanted of its group so far.
    budget: Arc<AtomicU64>,
    rows: VecDeque<Row>,
}

impl Table {
    /// Opens a file, finds its columns and reads all of its ids once.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] for a file that is damaged, without such columns, with
    /// vectors of another type or an invalid or duplicate id.
    pub(super) fn open(path: &Path, name: &str) -> Result<Table> {
        let file = File::open(path)
            .map_err(|source| Error::io("open", path.display().to_string(), source))?;
        let damaged = |error| damaged(name, "its metadata", &error);
        let file = ParquetFile::open(file, pages::VECTORS).map_err(damaged)?;
        let schema = file.metadata.file_metadata().schema_descr_ptr();
        let refused = |detail: String| input_error(name, "its columns".into(), detail);
        let roots: Vec<&str> =
            (0..schema.num_columns()).map(|leaf| schema.get_column_root(leaf).name()).collect();
        let all = || roots.join(", ");
        let by_name = |names: &[&str]| {
            names.iter().find_map(|name| roots.iter().position(|root| root == name))
        };
        let id_column = by_name(&ID_NAMES).ok_or_else(|| {
            refused(format!("no ids: expected one of {}, found {}", ID_NAMES.join(", "), all()))
        })?;
        let ids = schema.column(id_column);
        check_id_type(&ids).map_err(refused)?;
        let lists = |leaf: &usize| is_list_of_floats(&schema.column(*leaf));
        let vector_column = match by_name(&VECTOR_NAMES) {
            Some(column) => column,
            None => match (0..roots.len()).filter(lists).collect::<Vec<_>>().as_slice() {
                [only] => *only,
                found => {
                    return Err(refused(format!(
                        "{} columns of lists of floats, and none is called {}; found {}",
                        found.len(),
                        VECTOR_NAMES.join(", "),
                        all()
                    )));
                }
            },
        };
        check_vector_type(&schema.column(vector_column)).map_err(refused)?;
        let len = u64::try_from(file.metadata.file_metadata().num_rows()).unwrap_or(0);
        if len == 0 {
            let detail = "it has no rows, so that the length of vectors is not known: leave it out";
            return Err(input_error(name, "the whole file".into(), detail));
        }
        let mut table = Table {
            file,
            name: name.to_owned(),
            id_column,
            ids: IdForm { is_unsigned: is_unsigned(&ids), full: ids.max_def_level() },
            vector_column,
            dimension: 1,
            len,
            group: 0,
            columns: None,
            budget: Arc::default(),
            rows: VecDeque::new(),
        };
        table.check_ids()?;
        table.fill()?;
        let mut rows = (0..).zip(&table.rows);
        let first = rows.find_map(|(row, (_, vector))| Some((row, vector.as_ref().ok()?.len())));
        let Some((row, first)) = first else {
            let detail = format!(
                "the first {} rows have no vector, so that the length of vectors is not known",
                table.rows.len()
            );
            return Err(input_error(name, "row 0".into(), detail));
        };
        table.dimension = check_dimension(name, &format!("row {row}"), first as u64)?;
        Ok(table)
    }

    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The next row; there must be one. An invalid vector is its row's own fault.
    ///
    /// # Errors
    /// [`Error::Input`] for a file that is damaged or has fewer rows than it says.
    pub(super) fn next(&mut self) -> Result<Row> {
        self.fill()?;
        let Some((key, vector)) = self.rows.pop_front() else {
            let detail = format!("fewer rows than the {} of its metadata", self.len);
            return Err(input_error(&self.name, "its end".into(), detail));
        };
        let vector = vector.and_then(|vector| match vector.len() == self.dimension {
            true => Ok(vector),
            false => Err(format!(
                "the vector has {} numbers, the first one of this file has {}",
                vector.len(),
                self.dimension
            )),
        });
        Ok((key, vector))
    }

    /// Reads some rows when there are none in memory.
    fn fill(&mut self) -> Result<()> {
        while self.rows.is_empty() {
            if self.columns.is_none() {
                if self.group == self.file.metadata.num_row_groups() {
                    return Ok(());
                }
                self.columns =
                    Some((self.column(self.id_column)?, self.column(self.vector_column)?));
                self.group += 1;
            }
            let place = format!("row group {}", self.group - 1);
            let Some((ids, vectors)) = &mut self.columns else { return Ok(()) };
            let damaged = |error| damaged(&self.name, &place, &error);
            self.budget.fetch_add((BATCH_ROWS * DIMENSION_MAX) as u64, Ordering::Relaxed);
            let keys = contained(|| read_ids(ids, self.ids)).map_err(damaged)?;
            let vectors = contained(|| read_vectors(vectors)).map_err(damaged)?;
            if keys.len() != vectors.len() {
                let detail = format!("{} ids for {} vectors", keys.len(), vectors.len());
                return Err(input_error(&self.name, place, detail));
            }
            if keys.is_empty() {
                self.columns = None;
            }
            for (key, vector) in keys.into_iter().zip(vectors) {
                let key =
                    key.map_err(|fault| input_error(&self.name, place.clone(), fault.detail))?;
                self.rows.push_back((key, vector));
            }
        }
        Ok(())
    }

    /// Opens a column of the group at hand, anew.
    fn column(&self, leaf: usize) -> Result<ColumnReader> {
        self.budget.store(0, Ordering::Relaxed);
        let column = self.file.column(self.group, leaf, &self.budget);
        column.map_err(|error| damaged(&self.name, &format!("row group {}", self.group), &error))
    }

    /// Reads the column of ids alone: all must be ids, none twice, as many as there are rows.
    fn check_ids(&mut self) -> Result<()> {
        let mut seen = Seen::default();
        let mut row = 0u64;
        for group in 0..self.file.metadata.num_row_groups() {
            self.group = group;
            let mut column = self.column(self.id_column)?;
            loop {
                let place = format!("row group {group}");
                self.budget.fetch_add(BATCH_ROWS as u64, Ordering::Relaxed);
                let keys = contained(|| read_ids(&mut column, self.ids))
                    .map_err(|error| damaged(&self.name, &place, &error))?;
                if keys.is_empty() {
                    break;
                }
                for key in keys {
                    let wrong = |detail| input_error(&self.name, format!("row {row}"), detail);
                    let key = key.map_err(|fault| wrong(fault.detail))?;
                    if !seen.insert(&key) {
                        return Err(wrong(format!("the id {key} is there already")));
                    }
                    row += 1;
                }
            }
        }
        self.group = 0;
        if row != self.len {
            let detail = format!("{row} ids, but its metadata say {} rows", self.len);
            return Err(input_error(&self.name, "its end".into(), detail));
        }
        Ok(())
    }
}

fn damaged(name: &str, place: &str, error: &ParquetError) -> Error {
    input_error(name, place.to_owned(), format!("cannot be read as Parquet: {error}"))
}

fn check_id_type(column: &ColumnDescriptor) -> Result<(), String> {
    let found = match (column.max_rep_level(), column.physical_type()) {
        (1.., _) => "lists, not ids".to_owned(),
        _ if matches!(column.logical_type_ref(), Some(LogicalType::Decimal(_))) => {
            "decimals: cast it to int64".to_owned()
        }
        (_, Type::INT32 | Type::INT64 | Type::DOUBLE | Type::BYTE_ARRAY) => return Ok(()),
        (_, other) => format!("{other}: cast it to strings or int64"),
    };
    Err(format!("`{}` holds {found}", column.path().string()))
}

fn check_vector_type(column: &ColumnDescriptor) -> Result<(), String> {
    if is_list_of_floats(column) {
        return Ok(());
    }
    let found = match (column.max_rep_level(), column.physical_type()) {
        (1, Type::DOUBLE) => "of double precision: cast it to float32".to_owned(),
        (1, other) => format!("of {other}"),
        (levels, other) => format!("{other} in lists {levels} deep"),
    };
    Err(format!("`{}` must hold lists of float or float16, it is {found}", column.path().string()))
}

/// How ids stand in their column.
#[derive(Clone, Copy)]
struct IdForm {
    is_unsigned: bool,
    /// The definition level of one that is there.
    full: i16,
}

/// Reads some values, `None` for null; none at the end of the column.
fn read_some<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    full: i16,
) -> Result<Vec<Option<T::T>>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (rows, _, _) = reader.read_records(BATCH_ROWS, Some(&mut levels), None, &mut values)?;
    let mut values = values.into_iter();
    // What is always there has no levels.
    let is_there = |row: usize| full == 0 || levels.get(row) == Some(&full);
    Ok((0..rows).map(|row| if is_there(row) { values.next() } else { None }).collect())
}

/// Some keys; none at the end of the column.
fn read_ids(
    reader: &mut ColumnReader,
    IdForm { is_unsigned, full }: IdForm,
) -> Result<Vec<Result<Key, Fault>>, ParquetError> {
    fn keys<V>(
        values: Vec<Option<V>>,
        key: impl Fn(V) -> Result<Key, Fault>,
    ) -> Vec<Result<Key, Fault>> {
        let null = || Err(Fault::whole("the id is null"));
        let keys = values.into_iter().map(|value| value.map_or_else(null, &key));
        keys.map(|key| key.and_then(checked)).collect()
    }
    let number = |number: Value| id_key("id", &number);
    Ok(match reader {
        ColumnReader::Int32ColumnReader(reader) => keys(read_some(reader, full)?, |value| {
            number(if is_unsigned { value.cast_unsigned().into() } else { value.into() })
        }),
        ColumnReader::Int64ColumnReader(reader) => keys(read_some(reader, full)?, |value| {
            number(if is_unsigned { value.cast_unsigned().into() } else { value.into() })
        }),
        // Data frames turn integers into floats where one is missing.
        ColumnReader::DoubleColumnReader(reader) => {
            keys(read_some(reader, full)?, |value| number(value.into()))
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            keys(read_some(reader, full)?, |bytes| match std::str::from_utf8(bytes.data()) {
                Ok(text) => id_key("id", &text.into()),
                Err(_) => Err(Fault::whole("the id is not UTF-8")),
            })
        }
        _ => return Err(ParquetError::General("ids must be strings or integers".into())),
    })
}

/// Some vectors; none at the end of the column.
fn read_vectors(reader: &mut ColumnReader) -> Result<Vec<Result<Vec<f32>, String>>, ParquetError> {
    let (mut defined, mut repeated) = (Vec::new(), Vec::new());
    let mut numbers = Vec::new();
    match reader {
        ColumnReader::FloatColumnReader(reader) => {
            let levels = (Some(&mut defined), Some(&mut repeated));
            reader.read_records(BATCH_ROWS, levels.0, levels.1, &mut numbers)?;
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            let mut halves = Vec::new();
            let levels = (Some(&mut defined), Some(&mut repeated));
            reader.read_records(BATCH_ROWS, levels.0, levels.1, &mut halves)?;
            numbers.extend(halves.iter().map(|half| match *half.data() {
                [a, b] => f32_from_f16(u16::from_le_bytes([a, b])),
                _ => f32::NAN,
            }));
        }
        _ => return Err(ParquetError::General("vectors must be lists of floats".into())),
    }
    let full = defined.iter().copied().max().unwrap_or(0);
    let mut numbers = numbers.into_iter();
    let mut vectors: Vec<Result<Vec<f32>, String>> = Vec::new();
    for (place, &level) in repeated.iter().enumerate() {
        if level == 0 {
            vectors.push(Ok(Vec::new()));
        }
        let is_there = defined.get(place).is_none_or(|defined| *defined == full);
        let number = if is_there { numbers.next() } else { None };
        match (vectors.last_mut(), number) {
            (Some(Ok(vector)), Some(number)) => vector.push(number),
            (Some(vector), None) => *vector = Err("it is empty, or a number of it is null".into()),
            _ => {}
        }
    }
    Ok(vectors)
}

#[cfg(test)]
mod tests;
