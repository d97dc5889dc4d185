//! Stored vectors for other programs, which [`ingest::vectors`](crate::ingest::vectors) reads back.
//!
//! | format | vectors | ids | what made them |
//! |---|---|---|---|
//! | [`EmbeddingFormat::Npy`] | numpy's matrix of `<f4`, a row per vector | a list beside it | no place |
//! | [`EmbeddingFormat::Safetensors`] | the tensor `embeddings`, F32, a row per vector | a list beside it | `__metadata__` |
//! | [`EmbeddingFormat::Fvecs`] | rows of a length (`i32`) and numbers (`f32`), as faiss reads them | a list beside it | no place |
//! | [`EmbeddingFormat::Parquet`] | the column `embedding`, lists of floats | the column `id`, strings | key-value metadata |
//!
//! A list has one id per line, in the order of the rows; an id that a line cannot hold is a JSON object. The
//! metadata are `written_by`, `encoder`, `encoder_family`, `encoder_fingerprint`, `metric` (`cosine` or `dot`),
//! `normalized` (`true` or `false`) and `stored_as` (`int8`, `f16` or `f32`).
//!
//! The numbers are what the database holds, decoded: after rounding to its type of rows, and of length 1
//! under cosine.
//!
//! Sources: numpy, "NEP 1"; huggingface/safetensors, README; facebookresearch/faiss,
//! `benchs/datasets.py` (`fvecs_read`); apache/parquet-format, `LogicalTypes.md`.

mod info;
#[cfg(feature = "parquet")]
mod parquet;
mod tensors;

pub use info::{EmbeddingInfo, EmbeddingOrigin};

use std::io::{self, Write};

use super::npy;
use crate::ids::Key;
use crate::ingest::vectors::line_of;

/// A format of embeddings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbeddingFormat {
    /// For numpy, and everything that reads its arrays.
    Npy,
    /// For PyTorch and others.
    Safetensors,
    /// For faiss and the tools of nearest-neighbour benchmarks.
    Fvecs,
    /// For tables: pandas, polars, DuckDB, Hugging Face's datasets. Needs the feature `parquet`.
    Parquet,
}

impl EmbeddingFormat {
    /// Whether ids are in a list beside the vectors, and not among them.
    pub fn has_list(self) -> bool {
        self != EmbeddingFormat::Parquet
    }

    /// Whether this build can write it.
    pub fn is_built(self) -> bool {
        self != EmbeddingFormat::Parquet || cfg!(feature = "parquet")
    }
}

/// Writes vectors in one format. Memory: one vector; in Parquet a row group of 8 MiB, as numbers and as pages.
///
/// ```
/// use medvec::export::{EmbeddingFormat, EmbeddingInfo, EmbeddingWriter};
/// use medvec::{Key, Metric, RowType, VectorConfig};
///
/// let config = VectorConfig::new(2, Metric::Dot, RowType::F32, None);
/// let (mut vectors, mut ids) = (Vec::new(), Vec::new());
/// let info = EmbeddingInfo::of(&config, 1);
/// let mut writer = EmbeddingWriter::new(EmbeddingFormat::Fvecs, &info, &mut vectors, Some(&mut ids))?;
/// writer.write(&Key::pmid(17), &[1.0, 2.0])?;
/// assert_eq!(writer.finish()?, 1);
/// assert_eq!((vectors, ids), (vec![2, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64], b"17\n".to_vec()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct EmbeddingWriter<W: Write + Send> {
    rows: Rows<W>,
    dimension: usize,
    len: u64,
    written: u64,
}

enum Rows<W: Write + Send> {
    Matrix {
        out: W,
        ids: W,
        /// Whether the length of a row stands before it.
        is_prefixed: bool,
    },
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::TableWriter<W>>),
}

impl<W: Write + Send> EmbeddingWriter<W> {
    /// Begins a file, and its list of ids where the format [has one](EmbeddingFormat::has_list).
    ///
    /// # Errors
    /// Those of the writer, as in every call; [`io::ErrorKind::InvalidInput`] for a list that is missing or too
    /// much; [`io::ErrorKind::Unsupported`] for Parquet in a build without it.
    pub fn new(
        format: EmbeddingFormat,
        info: &EmbeddingInfo,
        mut out: W,
        ids: Option<W>,
    ) -> io::Result<EmbeddingWriter<W>> {
        match format {
            EmbeddingFormat::Npy => {
                out.write_all(&npy::header(info.len, u64::from(info.dimension)))?;
            }
            EmbeddingFormat::Safetensors => out.write_all(&tensors::header(info)?)?,
            EmbeddingFormat::Fvecs | EmbeddingFormat::Parquet => {}
        }
        let is_prefixed = format == EmbeddingFormat::Fvecs;
        let rows = match (format.has_list(), ids) {
            (true, Some(ids)) => Rows::Matrix { out, ids, is_prefixed },
            #[cfg(feature = "parquet")]
            (false, None) => Rows::Parquet(Box::new(parquet::TableWriter::new(info, out)?)),
            #[cfg(not(feature = "parquet"))]
            (false, None) => {
                let detail = "this build cannot write Parquet: it needs the feature `parquet`";
                return Err(io::Error::new(io::ErrorKind::Unsupported, detail));
            }
            (true, None) => return Err(invalid("a list of ids goes beside this format")),
            (false, Some(_)) => return Err(invalid("ids are a column of this format, not a list")),
        };
        let (dimension, len) = (info.dimension as usize, info.len);
        Ok(EmbeddingWriter { rows, dimension, len, written: 0 })
    }

    /// Writes a vector.
    ///
    /// # Errors
    /// Those of the writer; [`io::ErrorKind::InvalidInput`] for a vector of another length, and for more of them
    /// than were announced; [`io::ErrorKind::InvalidData`] for a key that a column of strings cannot hold.
    pub fn write(&mut self, key: &Key, vector: &[f32]) -> io::Result<()> {
        if vector.len() != self.dimension || self.written == self.len {
            let (len, dimension) = (self.len, self.dimension);
            return Err(invalid(&format!(
                "vector {} of {} numbers; {len} of {dimension} were announced",
                self.written,
                vector.len()
            )));
        }
        match &mut self.rows {
            Rows::Matrix { out, ids, is_prefixed } => {
                if *is_prefixed {
                    out.write_all(&(vector.len() as u32).to_le_bytes())?;
                }
                npy::write(out, vector)?;
                writeln!(ids, "{}", line_of(key))?;
            }
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => table.write(key, vector)?,
        }
        self.written += 1;
        Ok(())
    }

    /// Ends the file; how many vectors it holds.
    ///
    /// # Errors
    /// Those of the writer; [`io::ErrorKind::InvalidInput`] for fewer vectors than were announced.
    pub fn finish(self) -> io::Result<u64> {
        if self.written != self.len {
            let (written, len) = (self.written, self.len);
            return Err(invalid(&format!("{written} vectors; {len} were announced")));
        }
        match self.rows {
            Rows::Matrix { mut out, mut ids, .. } => {
                out.flush()?;
                ids.flush()?;
            }
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => table.finish()?,
        }
        Ok(self.written)
    }
}

fn invalid(detail: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, detail)
}

#[cfg(test)]
mod tests;
