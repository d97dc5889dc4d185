//! Rows of a Parquet file, by the row interface of the crate `parquet`, without Arrow.
//!
//! Only wanted top-level columns are read. Strings, integers, floats and lists of them become JSON; a
//! column of another type is refused by name. Memory: a page per column.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::reader::{ReaderIter, TreeBuilder};
use ::parquet::record::{Field, Row};
use ::parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};
use serde_json::{Map, Number, Value};

use super::error::{InputError, Place};
use super::guard::{GuardedFile, GuardedGroup};
use super::input::refuse_pointer;
use super::json::Wanted;
use super::record::{Record, heading};
use crate::panics::caught;

/// Bytes that tell a pointer of Git LFS.
const POINTER_BYTES: u64 = 64;

/// Rows whose levels are read at once.
const BATCH_ROWS: usize = 256;

/// Entries of a list in one cell: far more than a training record has negatives.
const LIST_MAX: usize = 100_000;

pub(super) struct Rows {
    file: SerializedFileReader<GuardedFile>,
    schema: SchemaDescPtr,
    name: Arc<str>,
    group: usize,
    rows: Option<ReaderIter>,
    number: u64,
    is_over: bool,
}

impl Rows {
    /// Opens a file and finds the wanted columns.
    ///
    /// # Errors
    /// The file cannot be read, is damaged or cut, or has no wanted column.
    pub(super) fn open(path: &Path, wanted: Wanted) -> Result<Rows, InputError> {
        let wrong = |detail: String| InputError::file(path, detail);
        let file = File::open(path).map_err(|error| wrong(format!("cannot read: {error}")))?;
        if file.metadata().map_err(|error| wrong(format!("cannot read: {error}")))?.len() == 0 {
            return Err(wrong("the file is empty".to_owned()));
        }
        let mut start = Vec::new();
        let read = (&file).take(POINTER_BYTES).read_to_end(&mut start);
        read.map_err(|error| wrong(format!("cannot read: {error}")))?;
        refuse_pointer(path, &start)?;
        let has_footer = Arc::new(AtomicBool::new(false));
        let file =
            contained(|| SerializedFileReader::new(GuardedFile::new(file, has_footer.clone())))
                .map_err(|detail| wrong(format!("it is damaged or not complete: {detail}")))?;
        has_footer.store(true, Ordering::Relaxed);
        let root = file.metadata().file_metadata().schema();
        let fields: Vec<_> = root
            .get_fields()
            .iter()
            .filter(|field| wanted(&heading(field.name())))
            .cloned()
            .collect();
        if fields.is_empty() {
            let found: Vec<&str> = root.get_fields().iter().map(|field| field.name()).collect();
            return Err(wrong(format!("no known column (found {})", found.join(", "))));
        }
        let schema = Type::group_type_builder(root.name()).with_fields(fields).build();
        let schema = schema.map_err(|error| wrong(error.to_string()))?;
        let schema = contained(|| Ok(Arc::new(SchemaDescriptor::new(Arc::new(schema)))))
            .map_err(|detail| wrong(format!("its columns: {detail}")))?;
        check_counts(file.metadata()).map_err(wrong)?;
        let name = Arc::from(path.display().to_string());
        Ok(Rows { file, schema, name, group: 0, rows: None, number: 0, is_over: false })
    }

    fn read(&mut self) -> Result<Option<Record>, InputError> {
        let place = Place { file: self.name.clone(), word: "row", number: self.number + 1 };
        let damaged = |detail: String| place.error(format!("it is damaged: {detail}"));
        loop {
            if let Some(rows) = &mut self.rows
                && let Some(row) = contained(|| rows.next().transpose()).map_err(damaged)?
            {
                self.number += 1;
                let members = members(row).map_err(|detail| place.error(detail))?;
                return Ok(Some(Record { place, members }));
            }
            if self.group == self.file.num_row_groups() {
                return Ok(None);
            }
            let (file, group, schema) = (&self.file, self.group, self.schema.clone());
            let rows = contained(|| {
                let group = GuardedGroup(file.get_row_group(group)?);
                TreeBuilder::new().with_batch_size(BATCH_ROWS).as_iter(schema, &group)
            });
            self.rows = Some(rows.map_err(damaged)?);
            self.group += 1;
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Record, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.read().transpose();
        self.is_over = !matches!(read, Some(Ok(_)));
        read
    }
}

/// Runs a call into the crate, which panics at some contradictions.
fn contained<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    caught(work)?.map_err(|error| error.to_string())
}

/// A column without lists has one value per row; the crate would repeat the last one.
fn check_counts(metadata: &ParquetMetaData) -> Result<(), String> {
    for group in metadata.row_groups() {
        for column in group.columns() {
            let is_flat = column.column_descr().max_rep_level() == 0;
            let (values, rows) = (column.num_values(), group.num_rows());
            if rows < 0 || values < 0 || (is_flat && values != rows) {
                return Err(format!("it is damaged: a column of {values} values in {rows} rows"));
            }
        }
    }
    Ok(())
}

fn members(row: Row) -> Result<Map<String, Value>, String> {
    let mut members = Map::new();
    for (name, field) in row.into_columns() {
        let value = value(field).map_err(|found| format!("the column `{name}` has {found}"))?;
        if members.insert(heading(&name), value).is_some() {
            return Err(format!("the column `{name}` is there twice"));
        }
    }
    Ok(members)
}

fn value(field: Field) -> Result<Value, &'static str> {
    let float =
        |number| Number::from_f64(number).map(Value::Number).ok_or("a float that is not finite");
    match field {
        Field::Null => Ok(Value::Null),
        Field::Str(text) => Ok(Value::String(text)),
        Field::Bytes(bytes) => match String::from_utf8(bytes.data().to_vec()) {
            Ok(text) => Ok(Value::String(text)),
            Err(_) => Err("bytes that are not UTF-8"),
        },
        Field::Bool(truth) => Ok(Value::Bool(truth)),
        Field::Byte(number) => Ok(number.into()),
        Field::Short(number) => Ok(number.into()),
        Field::Int(number) => Ok(number.into()),
        Field::Long(number) => Ok(number.into()),
        Field::UByte(number) => Ok(number.into()),
        Field::UShort(number) => Ok(number.into()),
        Field::UInt(number) => Ok(number.into()),
        Field::ULong(number) => Ok(number.into()),
        Field::Float(number) => float(f64::from(number)),
        Field::Double(number) => float(number),
        Field::Group(row) => members(row).map(Value::Object).map_err(|_| "an invalid group"),
        Field::ListInternal(list) if list.len() > LIST_MAX => Err("too long a list"),
        Field::ListInternal(list) => {
            list.elements().iter().map(|field| value(field.clone())).collect()
        }
        _ => Err("a type that is not read here"),
    }
}
