//! Vectors that were computed elsewhere, and the ids of the documents they belong to.
//!
//! | vectors | ids |
//! |---|---|
//! | `embeds_chunk_N.npy` (MedCPT's) | `pmids_chunk_N.json` beside it |
//! | any `NAME.npy`, `NAME.safetensors` or `NAME.fvecs` | a list of ids: the file that the caller names, else `NAME.ids`, `NAME.txt`, `NAME.json` or `NAME.jsonl` beside it |
//! | Parquet (feature `parquet`) with a column of vectors: lists of floats, of any or of one length | a column of the same file |
//!
//! (JSON lines with a `vector` in each are documents: [`super::jsonl`].)
//!
//! | array | what is read |
//! |---|---|
//! | `.npy` | `<f4` or `<f2` (little-endian single or half precision), in C order, one vector per row |
//! | `.safetensors` | the tensor `embeddings`, else the only one of two dimensions: F32, F16 or BF16 |
//! | `.fvecs` (faiss) | rows of a length (`i32`) and as many numbers (`f32`), all of one length |
//!
//! Anything else is refused by name. A list of ids is text with one id per line, JSON
//! lines with a `pmid`, `id`, `_id` or `doc_id` each, or one JSON list of strings or integers. Arrays and lists may
//! be packed by gzip or zstd. An id is read as everywhere: a number is a PMID, also as a float or in quotes;
//! one with leading zeros is a text, but in `pmids_chunk_N.json`, where all are PMIDs. A list is read twice
//! and cannot be a pipe.
//!
//! Before the first vector, the whole list of ids is read once: an invalid or duplicate id,
//! and a list longer or shorter than the array, are found before anything is imported. Memory: one
//! vector and, while the list is checked, some bits per PMID or about 40 bytes per id of another kind.

mod beside;
mod fvecs;
mod ids;
mod kind;
mod layout;
mod matrix;
mod npy;
mod row;
mod safetensors;
#[cfg(feature = "parquet")]
mod table;

use std::path::{Path, PathBuf};

use super::digest;
use super::input;
#[cfg(feature = "parquet")]
use super::input::Input;
use super::raw::input_error;
use crate::encoder::Metric;
use crate::error::Result;
use crate::format::manifest::{SourceDigest, SourceEntry};
use crate::ids::Key;
use crate::segment::check_finite;
use beside::{find_ids, medcpt_chunk};
use ids::{Counted, IdList};
use matrix::Matrix;
use row::Row;

pub(super) use beside::ids_beside;
#[cfg(feature = "session")]
pub(crate) use beside::list_of;
#[cfg(any(test, feature = "session"))]
pub(crate) use ids::line_of;
pub(super) use kind::{Kind, kind, kind_of_bytes};

/// A vector and the key of its document.
#[derive(Clone, Debug, PartialEq)]
pub struct VectorRecord {
    /// Its place in the file, from 0.
    pub position: u64,
    /// What it belongs to.
    pub key: Key,
    /// Finite numbers, [`VectorSource::dimension`] of them.
    pub vector: Vec<f32>,
}

/// Vectors in a file, in order.
///
/// ```no_run
/// let mut source = medvec::ingest::vectors::open("embeds_chunk_36.npy".as_ref(), None)?;
/// println!("{} vectors of {} numbers", source.len(), source.dimension());
/// for record in &mut source {
///     println!("{}", record?.key);
/// }
/// # Ok::<(), medvec::Error>(())
/// ```
pub struct VectorSource {
    name: String,
    path: PathBuf,
    rows: Rows,
    /// As of the start; digests are added when they are asked for.
    entry: SourceEntry,
    dimension: usize,
    len: u64,
    position: u64,
    is_complete: bool,
    is_broken: bool,
}

/// A matrix beside the list of its ids.
struct ListedRows {
    matrix: Matrix,
    ids: IdList,
    /// Length and digest of the whole list, as it was checked.
    list: Counted,
}

enum Rows {
    Listed(Box<ListedRows>),
    #[cfg(feature = "parquet")]
    Parquet(Box<table::Table>),
}

/// Opens a file of vectors; `ids` is the list of ids of an array, where it is not found by its name.
///
/// # Errors
/// [`crate::Error::Io`]; [`crate::Error::Input`] for an array of another type, order or shape, for a list of ids that
/// is not there, has an invalid or duplicate id, or has not as many as there are vectors; for
/// Parquet in a build without it.
pub fn open(path: &Path, ids: Option<&Path>) -> Result<VectorSource> {
    match kind(path)? {
        Some(kind) => open_kind(kind, path, ids),
        None => Err(input_error(
            &path.display().to_string(),
            "byte 0".into(),
            "expected vectors: an .npy array, safetensors, .fvecs or a Parquet file",
        )),
    }
}

/// As [`open`], for a file of which the kind is known.
pub(super) fn open_kind(kind: Kind, path: &Path, ids: Option<&Path>) -> Result<VectorSource> {
    match kind {
        Kind::Parquet => open_parquet(path, ids),
        Kind::Npy | Kind::Safetensors | Kind::Fvecs => open_matrix(kind, path, ids),
    }
}

fn open_matrix(kind: Kind, path: &Path, ids: Option<&Path>) -> Result<VectorSource> {
    let mut matrix = Matrix::open(kind, path)?;
    let list_path = match ids {
        Some(ids) => ids.to_path_buf(),
        None => find_ids(path)?,
    };
    if input::is_stream(&list_path)? {
        let detail = "a list of ids is read twice, which a pipe cannot be: save it as a file";
        return Err(input_error(&list_path.display().to_string(), "the whole list".into(), detail));
    }
    let list = ids::check(&list_path)?;
    let ids = IdList::open(&list_path)?;
    let len = matrix.settle_len(list.ids, ids.name())?;
    let mut entry = matrix.entry(0, false);
    entry.bytes += ids.entry().bytes;
    entry.head = digest::short(digest::joint(entry.head, ids.entry().head));
    Ok(VectorSource {
        name: matrix.name().to_owned(),
        path: path.to_owned(),
        dimension: matrix.dimension(),
        rows: Rows::Listed(Box::new(ListedRows { matrix, ids, list })),
        entry,
        len,
        position: 0,
        is_complete: false,
        is_broken: false,
    })
}

#[cfg(feature = "parquet")]
fn open_parquet(path: &Path, ids: Option<&Path>) -> Result<VectorSource> {
    let name = path.display().to_string();
    if ids.is_some() {
        let detail = "a Parquet file brings its ids in a column; a list of ids goes with an array";
        return Err(input_error(&name, "the whole file".into(), detail));
    }
    // Only its name, size and first bytes are taken from this reader.
    let entry = SourceEntry { digest: None, ..Input::open(path)?.entry(0, false) };
    let table = table::Table::open(path, &name)?;
    let (dimension, len) = (table.dimension(), table.len());
    let rows = Rows::Parquet(Box::new(table));
    Ok(VectorSource {
        name,
        path: path.to_owned(),
        rows,
        entry,
        dimension,
        len,
        position: 0,
        is_complete: false,
        is_broken: false,
    })
}

#[cfg(not(feature = "parquet"))]
fn open_parquet(path: &Path, _: Option<&Path>) -> Result<VectorSource> {
    Err(input_error(
        &path.display().to_string(),
        "the whole file".into(),
        "a Parquet file, which this build cannot read: build medvec with the feature `parquet`, or \
         write the vectors as .npy and the ids as a text file, one per line",
    ))
}

impl ListedRows {
    /// Checks that matrix and list end here, and that the list is the one that was checked.
    fn end(&mut self) -> Result<()> {
        self.matrix.end()?;
        let has_more = self.ids.next()?.is_some();
        if has_more || self.ids.counted() != self.list {
            let detail = "the list changed while it was read; import it again";
            return Err(input_error(self.ids.name(), "the whole list".into(), detail));
        }
        Ok(())
    }
}

impl VectorSource {
    /// Numbers in a vector.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Vectors in the file.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What messages call the file: its path, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What made the vectors and how they are compared, where the file's name tells: MedCPT's chunks
    /// (`embeds_chunk_36.npy`) do.
    pub fn known_origin(&self) -> Option<(&'static str, Metric)> {
        medcpt_chunk(&self.entry.name).map(|_| ("ncbi/MedCPT-Article-Encoder", Metric::Dot))
    }

    /// What the manifest remembers: name, size, first bytes and digest of array and list, vectors given
    /// so far. A Parquet file, which is not read in order, has a digest during an import only.
    pub fn entry(&self) -> SourceEntry {
        let mut entry = self.entry.clone();
        (entry.records, entry.complete) = (self.position, self.is_complete);
        if let Rows::Listed(rows) = &self.rows
            && let Some(array) = rows.matrix.entry(0, false).digest
        {
            let bytes = array.bytes + rows.list.bytes;
            let hash = digest::joint(array.hash, rows.list.hash);
            entry.digest = Some(SourceDigest { bytes, hash, ..array });
        }
        entry
    }

    /// The digest of the first `bytes` of the source, array and list counted together; `None` when it
    /// has fewer, or is a Parquet file of another length. Cost: reads these bytes.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub(super) fn digest_of(&mut self, bytes: u64) -> Result<Option<[u8; 32]>> {
        match &self.rows {
            Rows::Listed(rows) => {
                let Some(array) = bytes.checked_sub(rows.list.bytes) else { return Ok(None) };
                let hash = digest::of_prefix(&self.path, array)?;
                Ok(hash.map(|hash| digest::joint(hash, rows.list.hash)))
            }
            #[cfg(feature = "parquet")]
            Rows::Parquet(_) => {
                let whole = self.whole_digest()?;
                Ok((whole.bytes == bytes).then_some(whole.hash))
            }
        }
    }

    /// Takes the digest that reading alone does not give.
    ///
    /// # Errors
    /// [`crate::Error::Io`].
    pub(super) fn complete_digest(&mut self) -> Result<()> {
        #[cfg(feature = "parquet")]
        if let Rows::Parquet(_) = &self.rows {
            self.whole_digest()?;
        }
        Ok(())
    }

    /// The digest of the whole file, read once.
    #[cfg(feature = "parquet")]
    fn whole_digest(&mut self) -> Result<SourceDigest> {
        let whole = match self.entry.digest {
            Some(known) => known,
            None => {
                let (bytes, hash) = digest::of_file(&self.path)?;
                SourceDigest { bytes, hash, place: digest::place(&self.path) }
            }
        };
        self.entry.digest = Some(whole);
        Ok(whole)
    }

    /// Bytes read so far, packed as they are.
    pub fn bytes_read(&self) -> u64 {
        match &self.rows {
            Rows::Listed(rows) => rows.matrix.bytes_read(),
            #[cfg(feature = "parquet")]
            Rows::Parquet(_) if self.len == 0 => self.entry.bytes,
            #[cfg(feature = "parquet")]
            Rows::Parquet(_) => {
                let part = u128::from(self.entry.bytes) * u128::from(self.position);
                (part / u128::from(self.len)) as u64
            }
        }
    }

    /// Whether the iterator can go on after the last error: it concerned one vector only.
    pub fn recoverable(&self) -> bool {
        !self.is_broken
    }

    /// Passes over vectors.
    ///
    /// # Errors
    /// As the iterator for a broken file.
    pub fn skip_records(&mut self, count: u64) -> Result<()> {
        for _ in 0..count.min(self.len - self.position) {
            match &mut self.rows {
                Rows::Listed(rows) => {
                    rows.ids.next()?;
                    rows.matrix.skip()?;
                }
                #[cfg(feature = "parquet")]
                Rows::Parquet(table) => {
                    // An invalid vector was reported before it was passed.
                    let _ = table.next()?;
                }
            }
            self.position += 1;
        }
        Ok(())
    }

    /// A vector's place, for messages.
    pub(super) fn place(position: u64, key: &Key) -> String {
        format!("vector {position} (document {key})")
    }

    fn read(&mut self) -> Result<Row> {
        match &mut self.rows {
            Rows::Listed(rows) => {
                let vector = rows.matrix.next()?;
                // The list was counted; it can only have been changed since.
                let key = rows.ids.next()?.ok_or_else(|| {
                    let detail = "the list became shorter meanwhile";
                    input_error(rows.ids.name(), "its end".into(), detail)
                })?;
                Ok((key, Ok(vector)))
            }
            #[cfg(feature = "parquet")]
            Rows::Parquet(table) => table.next(),
        }
    }
}

impl Iterator for VectorSource {
    type Item = Result<VectorRecord>;

    fn next(&mut self) -> Option<Result<VectorRecord>> {
        if self.is_broken {
            return None;
        }
        if self.position == self.len {
            let end = match &mut self.rows {
                Rows::Listed(rows) => rows.end(),
                #[cfg(feature = "parquet")]
                Rows::Parquet(_) => Ok(()),
            };
            self.is_broken = end.is_err();
            self.is_complete = end.is_ok();
            return end.err().map(Err);
        }
        let position = self.position;
        let read = self.read();
        let (key, vector) = match read {
            Ok(read) => read,
            Err(error) => {
                self.is_broken = true;
                return Some(Err(error));
            }
        };
        self.position += 1;
        let vector = vector.and_then(|vector| check_finite(&vector).map(|()| vector));
        Some(match vector {
            Ok(vector) => Ok(VectorRecord { position, key, vector }),
            Err(detail) => {
                Err(input_error(&self.name, VectorSource::place(position, &key), detail))
            }
        })
    }
}

#[cfg(test)]
mod tests;
