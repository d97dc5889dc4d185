//! Documents written as rows of a table, which [`super`] reads back.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::column::writer::ColumnWriter;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use serde_json::Value;

use super::shape::{Shape, TableFields};
use super::shred::{Leaf, Level, Values, put};
use crate::document::Document;
use crate::ingest::jsonl::to_json;

/// Bytes of a row group, about: it is in memory until it is full, and what reads it holds a page of each column.
const GROUP_BYTES: usize = 8 << 20;

/// Rows of a row group.
const GROUP_ROWS_MAX: usize = 1 << 16;

/// Writes whole documents as a table of Parquet: everything that [`to_json`] has, under the same names, in columns of
/// strings, integers, booleans, lists and structs. [`crate::ingest::open`] reads the same documents back.
///
/// A free field is a member of the struct `fields`, with the type of its values. A field with values of several types
/// is JSON as a string there, and so is `fields` itself if there are more than 128.
///
/// ```
/// use medvec::ingest::parquet::{DocumentTable, TableFields};
/// use medvec::{Document, Key};
///
/// let mut table = Vec::new();
/// let mut writer = DocumentTable::new(&TableFields::default(), &mut table)?;
/// writer.write(&Document::new(Key::pmid(17)))?;
/// assert_eq!(writer.finish()?, 1);
/// assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// Memory: a row group of 8 MiB, as values and as pages. Compressed with zstd.
pub struct DocumentTable<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    shape: Shape,
    leaves: Vec<Leaf>,
    rows: usize,
    bytes: usize,
    written: u64,
}

impl<W: Write + Send> DocumentTable<W> {
    /// Begins a table of documents that have no other free fields than these.
    ///
    /// # Errors
    /// Those of the writer, as in every call.
    pub fn new(fields: &TableFields, out: W) -> io::Result<DocumentTable<W>> {
        let shape = Shape::of_documents(fields);
        let schema = Arc::new(shape.schema().map_err(failed)?);
        let written_by = format!("medvec {}", env!("CARGO_PKG_VERSION"));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_key_value_metadata(Some(vec![KeyValue::new("written_by".into(), written_by)]))
            .build();
        let writer =
            SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
        let mut leaves = Vec::new();
        Leaf::of(&shape, &mut leaves);
        Ok(DocumentTable { writer, shape, leaves, rows: 0, bytes: 0, written: 0 })
    }

    /// Adds a document.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a free field that was not announced, and for a document that JSON cannot
    /// hold.
    pub fn write(&mut self, document: &Document) -> io::Result<()> {
        let invalid = |detail: String| io::Error::new(io::ErrorKind::InvalidData, detail);
        let mut value = to_json(document).map_err(|error| invalid(error.to_string()))?;
        if let Some(id) = value.get_mut("id").filter(|id| id.is_object()).map(Value::take) {
            value["_id"] = id;
        }
        if let Some(members) = value.as_object_mut() {
            members.retain(|_, value| !value.is_null());
        }
        // Its own level is that of the row, which is always there.
        let level = Level { defined: 0, repeated: 0, depth: 0 };
        let size = put(&self.shape, &value, level, &mut self.leaves);
        self.bytes += size.map_err(|at| invalid(format!("document {}: {at}", document.key)))?;
        self.rows += 1;
        self.written += 1;
        if self.bytes >= GROUP_BYTES || self.rows == GROUP_ROWS_MAX {
            self.end_group().map_err(failed)?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for leaf in &mut self.leaves {
            let Some(mut column) = group.next_column()? else { break };
            let Leaf { defined, repeated, values } = leaf;
            // Levels that a column has none of are not written.
            let levels = (Some(&defined[..]), Some(&repeated[..]));
            match (column.untyped(), values) {
                (ColumnWriter::ByteArrayColumnWriter(writer), Values::Texts(values)) => {
                    writer.write_batch(values, levels.0, levels.1)?
                }
                (ColumnWriter::Int64ColumnWriter(writer), Values::Integers(values)) => {
                    writer.write_batch(values, levels.0, levels.1)?
                }
                (ColumnWriter::DoubleColumnWriter(writer), Values::Floats(values)) => {
                    writer.write_batch(values, levels.0, levels.1)?
                }
                (ColumnWriter::BoolColumnWriter(writer), Values::Booleans(values)) => {
                    writer.write_batch(values, levels.0, levels.1)?
                }
                _ => return Err(ParquetError::General("a column of another type".into())),
            };
            column.close()?;
            leaf.clear();
        }
        group.close()?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Ends the file; how many documents it holds.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<u64> {
        if self.rows > 0 {
            self.end_group().map_err(failed)?;
        }
        let mut out = self.writer.into_inner().map_err(failed)?;
        out.flush()?;
        Ok(self.written)
    }
}

/// The writer's own error where the crate hands it on.
pub(crate) fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(own) => *own,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
