//! Parquet files with a column of ids and a column of vectors.
//!
//! The crate `parquet` is used without Arrow: pages, encodings and compression are its, which column
//! is what and what a row may be is decided here. Memory: a page of each column, and some rows.

use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

use ::parquet::basic::{LogicalType, Type};
use ::parquet::column::reader::ColumnReader;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::schema::types::ColumnDescriptor;

use super::ids::{Seen, checked};
use super::{Row, check_dimension};
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::ingest::jsonl::id_key;
use crate::ingest::raw::{Fault, input_error};
use crate::kernel::quantize::f32_from_f16;

/// Rows read at once.
const BATCH_ROWS: usize = 64;

/// Names of a column of ids, the first that is there.
const ID_NAMES: [&str; 5] = ["pmid", "id", "_id", "doc_id", "docid"];

/// Names of a column of vectors, the first that is there; else the only column of lists of floats.
const VECTOR_NAMES: [&str; 4] = ["vector", "embedding", "embeddings", "emb"];

/// An open file, read from front to back.
pub(super) struct Table {
    reader: SerializedFileReader<File>,
    name: String,
    /// Leaf columns.
    id_column: usize,
    vector_column: usize,
    dimension: usize,
    len: u64,
    /// The row group to be opened next.
    group: usize,
    columns: Option<(ColumnReader, ColumnReader)>,
    rows: VecDeque<Row>,
}

impl Table {
    /// Opens a file, finds its columns and reads all of its ids once.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] for a file that is damaged, without such columns, with
    /// vectors of another type or an id that is none or comes twice.
    pub(super) fn open(path: &Path, name: &str) -> Result<Table> {
        let file = File::open(path)
            .map_err(|source| Error::io("open", path.display().to_string(), source))?;
        let damaged = |error| damaged(name, "its metadata", &error);
        let reader = SerializedFileReader::new(file).map_err(damaged)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
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
        let len = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mut table = Table {
            reader,
            name: name.to_owned(),
            id_column,
            vector_column,
            dimension: 1,
            len,
            group: 0,
            columns: None,
            rows: VecDeque::new(),
        };
        table.check_ids()?;
        table.fill()?;
        let first = table.rows.front().and_then(|(_, vector)| vector.as_ref().ok());
        if let Some(first) = first {
            table.dimension = check_dimension(name, "row 0", first.len() as u64)?;
        } else if len > 0 {
            let detail = "it has no vector, so that the length of vectors is not known";
            return Err(input_error(name, "row 0".into(), detail));
        }
        Ok(table)
    }

    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// The next row; there must be one. A vector that is none is its row's own fault.
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
                if self.group == self.reader.num_row_groups() {
                    return Ok(());
                }
                self.columns =
                    Some((self.column(self.id_column)?, self.column(self.vector_column)?));
                self.group += 1;
            }
            let place = format!("row group {}", self.group - 1);
            let Some((ids, vectors)) = &mut self.columns else { return Ok(()) };
            let damaged = |error| damaged(&self.name, &place, &error);
            let keys = read_ids(ids).map_err(damaged)?;
            let vectors = read_vectors(vectors).map_err(damaged)?;
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

    fn column(&self, leaf: usize) -> Result<ColumnReader> {
        let group = self.reader.get_row_group(self.group);
        let place = format!("row group {}", self.group);
        group
            .and_then(|group| group.get_column_reader(leaf))
            .map_err(|error| damaged(&self.name, &place, &error))
    }

    /// Reads the column of ids alone: all must be ids, none twice, as many as there are rows.
    fn check_ids(&mut self) -> Result<()> {
        let mut seen = Seen::default();
        let mut row = 0u64;
        for group in 0..self.reader.num_row_groups() {
            self.group = group;
            let mut column = self.column(self.id_column)?;
            loop {
                let place = format!("row group {group}");
                let keys =
                    read_ids(&mut column).map_err(|error| damaged(&self.name, &place, &error))?;
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

fn is_half(column: &ColumnDescriptor) -> bool {
    column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY
        && column.logical_type_ref() == Some(&LogicalType::Float16)
}

fn is_list_of_floats(column: &ColumnDescriptor) -> bool {
    column.max_rep_level() == 1 && (column.physical_type() == Type::FLOAT || is_half(column))
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

/// Some keys; none at the end of the column.
fn read_ids(reader: &mut ColumnReader) -> Result<Vec<Result<Key, Fault>>, ParquetError> {
    let mut levels = Vec::new();
    let mut integers = Vec::new();
    let mut texts = Vec::new();
    let read = match reader {
        ColumnReader::Int32ColumnReader(reader) => {
            let mut values = Vec::new();
            let read = reader.read_records(BATCH_ROWS, Some(&mut levels), None, &mut values)?;
            integers.extend(values.into_iter().map(i64::from));
            read
        }
        ColumnReader::Int64ColumnReader(reader) => {
            reader.read_records(BATCH_ROWS, Some(&mut levels), None, &mut integers)?
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            reader.read_records(BATCH_ROWS, Some(&mut levels), None, &mut texts)?
        }
        _ => return Err(ParquetError::General("ids must be strings or integers".into())),
    };
    let (rows, values, _) = read;
    if rows != values {
        return Err(ParquetError::General("an id is null".into()));
    }
    let integers = integers.into_iter().map(|number| id_key("id", &number.into()));
    let texts = texts.into_iter().map(|bytes| match std::str::from_utf8(bytes.data()) {
        Ok(text) => id_key("id", &text.into()),
        Err(_) => Err(Fault::whole("the id is not UTF-8")),
    });
    Ok(integers.chain(texts).map(|key| key.and_then(checked)).collect())
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
mod tests {
    use super::super::open;
    use super::*;
    use ::parquet::data_type::{
        ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType,
    };
    use ::parquet::data_type::{FloatType, Int64Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    const FLOATS: &str =
        "required group vector (LIST) { repeated group list { optional float element; } }";

    /// A file of one row group a slice; `None` for a null in a list.
    fn write(path: &Path, schema: &str, groups: &[&[(i64, Vec<Option<f32>>)]]) {
        let is_float = schema.contains("float element");
        let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
        let is_text = schema.get_fields()[0].get_physical_type() == Type::BYTE_ARRAY;
        let properties = Arc::new(WriterProperties::builder().build());
        let file = File::create(path).unwrap();
        let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
        for rows in groups {
            let mut group = writer.next_row_group().unwrap();
            let mut column = group.next_column().unwrap().unwrap();
            if is_text {
                let ids: Vec<ByteArray> =
                    rows.iter().map(|(id, _)| id.to_string().as_str().into()).collect();
                column.typed::<ByteArrayType>().write_batch(&ids, None, None).unwrap();
            } else {
                let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
                column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
            }
            column.close().unwrap();
            let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
            for (_, vector) in *rows {
                if vector.is_empty() {
                    defined.push(0);
                    repeated.push(0);
                }
                for (place, number) in vector.iter().enumerate() {
                    repeated.push(i16::from(place > 0));
                    defined.push(if number.is_some() { 2 } else { 1 });
                    values.extend(*number);
                }
            }
            let mut column = group.next_column().unwrap().unwrap();
            let levels = (Some(&defined[..]), Some(&repeated[..]));
            if is_float {
                column.typed::<FloatType>().write_batch(&values, levels.0, levels.1).unwrap();
            } else {
                let half = |number: &f32| {
                    let bits = crate::kernel::quantize::f16_from_f32(*number).to_le_bytes();
                    FixedLenByteArray::from(ByteArray::from(bits.to_vec()))
                };
                let halves: Vec<FixedLenByteArray> = values.iter().map(half).collect();
                let typed = column.typed::<FixedLenByteArrayType>();
                typed.write_batch(&halves, levels.0, levels.1).unwrap();
            }
            column.close().unwrap();
            group.close().unwrap();
        }
        writer.close().unwrap();
    }

    fn row(id: i64, numbers: &[f32]) -> (i64, Vec<Option<f32>>) {
        (id, numbers.iter().map(|number| Some(*number)).collect())
    }

    fn file() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.parquet");
        (folder, path)
    }

    #[test]
    fn rows_come_in_order_over_row_groups() {
        let (_folder, path) = file();
        let first: Vec<_> = (1..=200).map(|id| row(id, &[id as f32, 0.5])).collect();
        let second = [row(900, &[9.0, 1.5])];
        let half = "required group embedding (LIST) { repeated group list { optional \
                    fixed_len_byte_array(2) element (FLOAT16); } }";
        for (ids, vectors) in [
            ("required int64 pmid;", FLOATS),
            ("required binary _id (STRING);", FLOATS),
            ("required int64 id;", half),
        ] {
            write(&path, &format!("{ids} {vectors}"), &[&first, &second]);
            let mut source = open(&path, None).unwrap();
            assert_eq!((source.len(), source.dimension()), (201, 2));
            source.skip_records(150).unwrap();
            let rest: Vec<_> = source.by_ref().map(Result::unwrap).collect();
            assert_eq!(rest.len(), 51);
            assert_eq!((&rest[0].key, &rest[0].vector[..]), (&Key::pmid(151), &[151.0, 0.5][..]));
            assert_eq!((&rest[50].key, &rest[50].vector[..]), (&Key::pmid(900), &[9.0, 1.5][..]));
            assert!(source.entry().complete);
            assert_eq!(source.bytes_read(), path.metadata().unwrap().len());
        }
    }

    #[test]
    fn a_vector_that_is_none_costs_its_row_only() {
        let (_folder, path) = file();
        let rows = [
            row(1, &[1.0, 2.0]),
            (2, vec![Some(1.0), None]),
            row(3, &[1.0, 2.0, 3.0]),
            row(4, &[f32::NAN, 1.0]),
            (5, vec![]),
            row(6, &[6.0, 6.0]),
        ];
        write(&path, &format!("required int64 pmid; {FLOATS}"), &[&rows]);
        let source = open(&path, None).unwrap();
        let outcomes: Vec<String> = source
            .map(|record| match record {
                Ok(record) => record.key.to_string(),
                Err(error) => error.to_string(),
            })
            .collect();
        let wanted = [
            "1",
            "v.parquet, vector 1 (document 2): it is empty, or a number of it is null",
            "v.parquet, vector 2 (document 3): the vector has 3 numbers, the first one of this file has 2",
            "v.parquet, vector 3 (document 4): number 0 is not finite",
            "v.parquet, vector 4 (document 5): it is empty, or a number of it is null",
            "6",
        ];
        assert_eq!(outcomes, wanted);
    }

    #[test]
    fn files_that_do_not_fit_are_refused_by_name() {
        let (_folder, path) = file();
        let rows = [row(1, &[1.0]), row(2, &[2.0]), row(1, &[3.0])];
        let refused = |schema: &str, rows: &[(i64, Vec<Option<f32>>)]| {
            write(&path, schema, &[rows]);
            open(&path, None).err().unwrap().to_string()
        };
        let twice = refused(&format!("required int64 pmid; {FLOATS}"), &rows);
        assert_eq!(twice, "v.parquet, row 2: the id 1 is there already");
        let nameless = refused(&format!("required int64 number; {FLOATS}"), &rows[..2]);
        assert!(nameless.contains("no ids: expected one of pmid"), "{nameless}");
        assert!(nameless.contains("found number, vector"), "{nameless}");
        let whole = std::fs::read(&path).unwrap();
        for cut in [4, 11, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let error = open(&path, None).err().unwrap();
            assert!(matches!(error, Error::Input { .. }), "{error}");
        }
    }
}
