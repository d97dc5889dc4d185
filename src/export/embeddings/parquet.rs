//! Parquet with a column of ids and one of vectors.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::data_type::{ByteArray, ByteArrayType, FloatType};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;

use super::info::EmbeddingInfo;
use crate::ids::Key;
use crate::ingest::id_text;
use crate::ingest::parquet::failed;

const SCHEMA: &str = "message embeddings {
    required binary id (STRING);
    required group embedding (LIST) { repeated group list { required float element; } }
}";

/// Bytes of the numbers of a row group, which is in memory until it is full.
const GROUP_BYTES: usize = 8 << 20;

/// Rows of a row group.
const GROUP_ROWS_MAX: usize = 1 << 16;

/// An open file.
pub(super) struct TableWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    group_rows: usize,
    ids: Vec<ByteArray>,
    numbers: Vec<f32>,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of the writer, as in every call.
    pub(super) fn new(info: &EmbeddingInfo, out: W) -> io::Result<TableWriter<W>> {
        let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
        let members = info.members().into_iter();
        let metadata = members.map(|(name, value)| KeyValue::new(name.to_owned(), value)).collect();
        // Numbers of vectors are all different: dictionaries and statistics of them are of no use.
        let properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_key_value_metadata(Some(metadata))
            .build();
        let writer =
            SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
        let row_bytes = (info.dimension as usize).max(1) * size_of::<f32>();
        let group_rows = (GROUP_BYTES / row_bytes).clamp(1, GROUP_ROWS_MAX);
        Ok(TableWriter { writer, group_rows, ids: Vec::new(), numbers: Vec::new() })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for a key that is not read back from a string.
    pub(super) fn write(&mut self, key: &Key, vector: &[f32]) -> io::Result<()> {
        let text = id_text(key).ok_or_else(|| {
            let detail = format!(
                "a column of strings cannot hold the key {:?}, which would be read as another one: \
                 a format with a list of ids can",
                key.to_string()
            );
            io::Error::new(io::ErrorKind::InvalidData, detail)
        })?;
        self.ids.push(ByteArray::from(text.into_bytes()));
        self.numbers.extend_from_slice(vector);
        if self.ids.len() == self.group_rows { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> io::Result<()> {
        let rows = self.ids.len();
        let dimension = self.numbers.len() / rows.max(1);
        let mut write = || -> Result<(), ParquetError> {
            let mut group = self.writer.next_row_group()?;
            if let Some(mut column) = group.next_column()? {
                column.typed::<ByteArrayType>().write_batch(&self.ids, None, None)?;
                column.close()?;
            }
            if let Some(mut column) = group.next_column()? {
                let defined = vec![1; self.numbers.len()];
                let mut repeated = vec![1; self.numbers.len()];
                repeated.iter_mut().step_by(dimension.max(1)).for_each(|level| *level = 0);
                let levels = (Some(&defined[..]), Some(&repeated[..]));
                column.typed::<FloatType>().write_batch(&self.numbers, levels.0, levels.1)?;
                column.close()?;
            }
            group.close()?;
            Ok(())
        };
        write().map_err(failed)?;
        self.ids.clear();
        self.numbers.clear();
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the writer.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if !self.ids.is_empty() {
            self.end_group()?;
        }
        let mut out = self.writer.into_inner().map_err(failed)?;
        out.flush()
    }
}
