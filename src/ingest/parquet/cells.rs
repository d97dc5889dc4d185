//! One column of a row group, read some rows at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType};
use ::parquet::errors::ParquetError;
use serde_json::Value;

use super::pages::ParquetFile;
use super::schema::{Column, Form};

/// Rows read at once.
const BATCH_ROWS: usize = 64;

/// Values of a list, on average over [`BATCH_ROWS`] rows, beyond which no further page is read.
const LIST_VALUES: usize = 4096;

/// What stands in a row of a column. Bytes are those of the page.
pub(super) enum Cell {
    Null,
    Bytes(ByteArray),
    Value(Value),
    List(Vec<ByteArray>),
    /// A value of JSON, if its bytes are one.
    Json(ByteArray),
    /// The definition and repetition levels of a leaf of lists and structs, and its values.
    Nested(Vec<(i16, i16)>, Vec<Cell>),
}

impl Cell {
    /// Bytes, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Cell::Null | Cell::Value(_) => 8,
            Cell::Bytes(bytes) | Cell::Json(bytes) => bytes.len(),
            Cell::Nested(levels, values) => {
                4 * levels.len() + values.iter().map(|value| value.size() + 8).sum::<usize>()
            }
            Cell::List(list) => list.iter().map(|bytes| bytes.len() + 8).sum(),
        }
    }

    /// Values, about.
    pub(super) fn len(&self) -> usize {
        match self {
            Cell::List(list) => list.len(),
            Cell::Nested(levels, _) => levels.len(),
            _ => 1,
        }
    }

    /// The cell as JSON; of lists and structs inside of each other only [`super::nested`] knows it.
    ///
    /// # Errors
    /// Where it is not UTF-8.
    pub(super) fn value(self) -> Result<Value, ()> {
        Ok(match self {
            Cell::Null => Value::Null,
            Cell::Value(value) => value,
            Cell::Bytes(bytes) => text(&bytes)?,
            Cell::Json(bytes) => match serde_json::from_slice(bytes.data()) {
                Ok(value) => value,
                Err(_) => text(&bytes)?,
            },
            Cell::Nested(..) => return Err(()),
            Cell::List(list) => Value::Array(list.iter().map(text).collect::<Result<_, ()>>()?),
        })
    }
}

fn text(bytes: &ByteArray) -> Result<Value, ()> {
    simdutf8::basic::from_utf8(bytes.data()).map(Value::from).map_err(|_| ())
}

/// An open column of a row group.
pub(super) struct Leaf {
    reader: ColumnReader,
    form: Form,
    is_list: bool,
    is_nested: bool,
    levels: (i16, i16),
    /// Values that were wanted so far: the pages of a column must not hold many more.
    budget: Arc<AtomicU64>,
}

impl Leaf {
    /// # Errors
    /// The crate's.
    pub(super) fn open(
        file: &ParquetFile,
        group: usize,
        column: &Column,
    ) -> Result<Leaf, ParquetError> {
        let budget = Arc::default();
        let reader = file.column(group, column.leaf, &budget)?;
        let &Column { form, is_list, is_nested, levels, .. } = column;
        Ok(Leaf { reader, form, is_list, is_nested, levels, budget })
    }

    /// Some cells; none at the end of the group.
    ///
    /// # Errors
    /// The crate's, and one for levels that contradict the values.
    pub(super) fn read(&mut self) -> Result<Vec<Cell>, ParquetError> {
        let has_lists = self.is_list || self.is_nested;
        let wanted = if has_lists { BATCH_ROWS * LIST_VALUES } else { BATCH_ROWS };
        self.budget.fetch_add(wanted as u64, Ordering::Relaxed);
        let (is_unsigned, is_json) = (self.form == Form::Unsigned, self.form == Form::Json);
        let is_nested = self.is_nested;
        let full = self.levels.0;
        let float = |number: f64| Cell::Value(Value::from(number));
        let bytes = |value| if is_json { Cell::Json(value) } else { Cell::Bytes(value) };
        match &mut self.reader {
            ColumnReader::ByteArrayColumnReader(reader) if self.is_list => {
                lists(reader, self.levels)
            }
            ColumnReader::ByteArrayColumnReader(reader) => cells(reader, is_nested, full, bytes),
            ColumnReader::Int32ColumnReader(reader) => cells(reader, is_nested, full, |value| {
                let unsigned = || Value::from(value.cast_unsigned());
                Cell::Value(if is_unsigned { unsigned() } else { value.into() })
            }),
            ColumnReader::Int64ColumnReader(reader) => cells(reader, is_nested, full, |value| {
                let unsigned = || Value::from(value.cast_unsigned());
                Cell::Value(if is_unsigned { unsigned() } else { value.into() })
            }),
            ColumnReader::FloatColumnReader(reader) => {
                cells(reader, is_nested, full, |value| float(f64::from(value)))
            }
            ColumnReader::DoubleColumnReader(reader) => cells(reader, is_nested, full, float),
            ColumnReader::BoolColumnReader(reader) => {
                cells(reader, is_nested, full, |value| Cell::Value(value.into()))
            }
            _ => Err(ParquetError::General("a column of another type than its schema says".into())),
        }
    }
}

/// Cells of a column; `full` is the definition level of a value that is there.
fn cells<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    is_nested: bool,
    full: i16,
    form: impl Fn(T::T) -> Cell,
) -> Result<Vec<Cell>, ParquetError> {
    match is_nested {
        true => nested(reader, full, form),
        false => plain(reader, full, form),
    }
}

/// Cells of a leaf of lists and structs.
fn nested<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    full: i16,
    form: impl Fn(T::T) -> Cell,
) -> Result<Vec<Cell>, ParquetError> {
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let levels = (Some(&mut defined), Some(&mut repeated));
    let (_, _, entries) = reader.read_records(BATCH_ROWS, levels.0, levels.1, &mut values)?;
    // What is always there, and what is in no list, has no levels.
    if defined.is_empty() {
        defined.resize(entries, full);
    }
    if repeated.is_empty() {
        repeated.resize(defined.len(), 0);
    }
    if defined.len() != repeated.len() {
        return Err(contradiction());
    }
    let mut values = values.into_iter();
    let mut cells = Vec::new();
    for (level, repeated) in defined.into_iter().zip(repeated) {
        if repeated == 0 {
            cells.push(Cell::Nested(Vec::new(), Vec::new()));
        }
        let Some(Cell::Nested(levels, found)) = cells.last_mut() else {
            return Err(contradiction());
        };
        levels.push((level, repeated));
        if level == full {
            found.push(values.next().map(&form).ok_or_else(contradiction)?);
        }
    }
    Ok(cells)
}

fn contradiction() -> ParquetError {
    ParquetError::General("levels that contradict the values".into())
}

/// Cells of a column without lists; `full` is the level of a value that is there.
fn plain<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    full: i16,
    form: impl Fn(T::T) -> Cell,
) -> Result<Vec<Cell>, ParquetError> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (rows, _, _) = reader.read_records(BATCH_ROWS, Some(&mut levels), None, &mut values)?;
    let mut values = values.into_iter();
    let cell = |row: usize| match full == 0 || levels.get(row) == Some(&full) {
        true => values.next().map(&form).ok_or_else(contradiction),
        false => Ok(Cell::Null),
    };
    (0..rows).map(cell).collect()
}

/// Cells of a column of lists; `element` is the level of an element that may be null.
fn lists<T: DataType<T = ByteArray>>(
    reader: &mut ColumnReaderImpl<T>,
    (full, element): (i16, i16),
) -> Result<Vec<Cell>, ParquetError> {
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let levels = (Some(&mut defined), Some(&mut repeated));
    reader.read_records(BATCH_ROWS, levels.0, levels.1, &mut values)?;
    let mut values = values.into_iter();
    let mut cells = Vec::new();
    for (level, repeated) in defined.into_iter().zip(repeated) {
        if repeated == 0 {
            // One level below an element is an empty list, less is none.
            cells.push(if level + 1 < element { Cell::Null } else { Cell::List(Vec::new()) });
        }
        if level == full {
            let value = values.next().ok_or_else(contradiction)?;
            let Some(Cell::List(list)) = cells.last_mut() else { return Err(contradiction()) };
            list.push(value);
        }
    }
    Ok(cells)
}
