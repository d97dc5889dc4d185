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
}

impl Cell {
    /// Bytes, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Cell::Null | Cell::Value(_) => 8,
            Cell::Bytes(bytes) => bytes.len(),
            Cell::List(list) => list.iter().map(|bytes| bytes.len() + 8).sum(),
        }
    }

    /// The cell as JSON.
    ///
    /// # Errors
    /// Where it is not UTF-8.
    pub(super) fn value(self) -> Result<Value, ()> {
        Ok(match self {
            Cell::Null => Value::Null,
            Cell::Value(value) => value,
            Cell::Bytes(bytes) => text(&bytes)?,
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
        let &Column { form, is_list, levels, .. } = column;
        Ok(Leaf { reader, form, is_list, levels, budget })
    }

    /// Some cells; none at the end of the group.
    ///
    /// # Errors
    /// The crate's, and one for levels that contradict the values.
    pub(super) fn read(&mut self) -> Result<Vec<Cell>, ParquetError> {
        let wanted = if self.is_list { BATCH_ROWS * LIST_VALUES } else { BATCH_ROWS };
        self.budget.fetch_add(wanted as u64, Ordering::Relaxed);
        let is_unsigned = self.form == Form::Unsigned;
        let float = |number: f64| Cell::Value(Value::from(number));
        match &mut self.reader {
            ColumnReader::ByteArrayColumnReader(reader) if self.is_list => {
                lists(reader, self.levels)
            }
            ColumnReader::ByteArrayColumnReader(reader) => {
                plain(reader, self.levels.0, Cell::Bytes)
            }
            ColumnReader::Int32ColumnReader(reader) => plain(reader, self.levels.0, |value| {
                let unsigned = || Value::from(value.cast_unsigned());
                Cell::Value(if is_unsigned { unsigned() } else { value.into() })
            }),
            ColumnReader::Int64ColumnReader(reader) => plain(reader, self.levels.0, |value| {
                let unsigned = || Value::from(value.cast_unsigned());
                Cell::Value(if is_unsigned { unsigned() } else { value.into() })
            }),
            ColumnReader::FloatColumnReader(reader) => {
                plain(reader, self.levels.0, |value| float(f64::from(value)))
            }
            ColumnReader::DoubleColumnReader(reader) => plain(reader, self.levels.0, float),
            ColumnReader::BoolColumnReader(reader) => {
                plain(reader, self.levels.0, |value| Cell::Value(value.into()))
            }
            _ => Err(ParquetError::General("a column of another type than its schema says".into())),
        }
    }
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
