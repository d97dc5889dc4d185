//! The manifest: the whole state of a database, one immutable file a commit.

use rkyv::{Archive, Deserialize, Serialize};

use super::frame::FileSeal;
use crate::encoder::{EncoderSpec, Metric};
use crate::ids::{Generation, SegmentId};

/// Section of the manifest's only record.
pub const SECTION_STATE: u32 = 1;

/// How vectors are stored for re-ranking and exact search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum RowType {
    /// One signed byte a dimension and a scale a row.
    #[default]
    Int8,
    /// IEEE half precision.
    F16,
    /// Single precision.
    F32,
}

/// The vectors of a database: the same for every segment.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct VectorConfig {
    /// Numbers in a vector.
    pub dimension: u32,
    /// How they are compared.
    pub metric: Metric,
    /// How rows are stored.
    pub row_type: RowType,
    /// What made them; `None` when callers bring their own.
    pub encoder: Option<EncoderSpec>,
}

/// A segment of the database.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Its number.
    pub id: SegmentId,
    /// Its file.
    pub seal: FileSeal,
    /// Rows, deleted ones included.
    pub rows: u32,
    /// Deletion marks for keys of other segments (`DeleteCitation`).
    pub deletes: u32,
    /// Its deleted rows, if any.
    pub tombstones: Option<TombstonesEntry>,
}

/// The tombstone file of a segment.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct TombstonesEntry {
    /// The generation in the file's name.
    pub generation: Generation,
    /// Its file.
    pub seal: FileSeal,
    /// Deleted rows.
    pub rows: u32,
}

/// A source file that was imported, wholly or in part.
#[derive(Clone, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub struct SourceEntry {
    /// File name without its folder.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its first 64 KiB, cut to 16 bytes.
    pub head: [u8; 16],
    /// Records (documents and deletions) committed so far.
    pub records: u64,
    /// Whether its end was reached.
    pub complete: bool,
}

/// The state of a database.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct Manifest {
    /// This state's number.
    pub generation: Generation,
    /// Random id of the database.
    pub database_id: [u8; 16],
    /// Number for the next segment; never goes back.
    pub next_segment: SegmentId,
    /// The vectors; `None` for a database of text only.
    pub vectors: Option<VectorConfig>,
    /// Segments by ascending id.
    pub segments: Vec<SegmentEntry>,
    /// Imported files, in order of import.
    pub sources: Vec<SourceEntry>,
}
