//! The vectors of a database in a file of another program's format.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{SessionError, SessionResult};
use super::new_files::NewFile;
use crate::control::Control;
use crate::db::{Snapshot, StoredVectors};
use crate::export::{EmbeddingFormat, EmbeddingInfo, EmbeddingWriter};
use crate::ingest::vectors::list_of;
use crate::search::{Filter, Query};

/// Vectors between two reports of progress.
const REPORT_ROWS: u64 = 256;

/// What was exported.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExportedEmbeddings {
    /// How many vectors, of what.
    pub info: EmbeddingInfo,
    /// Documents that pass the filter and were left out, because they have no vector.
    pub without_vector: u64,
    /// The list of ids beside the file; `None` where ids are inside of it, and where nothing was written.
    pub ids: Option<PathBuf>,
}

/// Writes the vectors of the documents that pass a filter to a new file, in the order in which they are stored,
/// and their ids to `NAME.ids` beside it where the format has no place for them. Both appear whole or not at
/// all, and nothing is written where no document has a vector.
///
/// The numbers are those that the database holds: decoded from its type of rows, and of length 1 under cosine.
///
/// It reports its progress to the control's watch. Memory: a bitmap per segment and, in Parquet, a row group.
/// Cost: reads each vector once, and no document.
///
/// # Errors
/// [`SessionError::CreatedWithoutVectors`]; [`SessionError::NoParquet`]; [`Error::Io`](crate::Error::Io), also
/// for a file that exists; as [`Snapshot::vectors_matching`].
pub fn export_embeddings(
    snapshot: &Snapshot,
    filter: Filter,
    format: EmbeddingFormat,
    path: &Path,
    control: &Control,
) -> SessionResult<ExportedEmbeddings> {
    let Some(config) = &snapshot.manifest().vectors else {
        return Err(SessionError::CreatedWithoutVectors);
    };
    if !format.is_built() {
        return Err(SessionError::NoParquet);
    }
    let query = Query::matching(filter).control(control.clone());
    let stored = snapshot.vectors_matching(&query)?;
    let info = EmbeddingInfo::of(config, stored.len());
    let mut exported =
        ExportedEmbeddings { info, without_vector: stored.without_vector(), ids: None };
    if stored.is_empty() {
        return Ok(exported);
    }
    let mut out = NewFile::create(path)?;
    let mut ids = format.has_list().then(|| NewFile::create(&list_of(path))).transpose()?;
    write(&stored, format, &exported.info, &mut out, ids.as_mut(), control)?;
    if let Some(ids) = ids {
        ids.publish()?;
        exported.ids = Some(list_of(path));
    }
    if let Err(error) = out.publish() {
        if let Some(ids) = &exported.ids {
            // A list of nothing would be taken for that of another array.
            let _ = fs::remove_file(ids);
        }
        return Err(error.into());
    }
    Ok(exported)
}

fn write(
    stored: &StoredVectors<'_>,
    format: EmbeddingFormat,
    info: &EmbeddingInfo,
    out: &mut NewFile,
    ids: Option<&mut NewFile>,
    control: &Control,
) -> SessionResult<()> {
    let failed = out.failed();
    let mut writer = EmbeddingWriter::new(format, info, out, ids).map_err(&failed)?;
    for (done, row) in (0..).zip(stored.iter()) {
        if u64::is_multiple_of(done, REPORT_ROWS) {
            control.check()?;
            control.report("exporting", "vectors", done, stored.len());
        }
        let (key, vector) = row?;
        writer.write(&key, &vector).map_err(&failed)?;
    }
    writer.finish().map_err(&failed)?;
    control.report("exporting", "vectors", stored.len(), stored.len());
    Ok(())
}

#[cfg(test)]
mod tests;
