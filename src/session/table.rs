//! The documents of a database as a table of Parquet.

use std::path::Path;

use super::error::SessionResult;
use crate::control::Control;
use crate::db::Snapshot;
use crate::search::Filter;

/// Writes whole documents that pass a filter to a new file of Parquet, in the order in which they are stored; returns
/// how many. The file appears whole or not at all, and none where no document passes. Importing it gives the same
/// documents; vectors are not in it.
///
/// It reports its progress to the control's watch. Memory: a row group of 8 MiB, and the names of free fields. Cost:
/// reads each document twice, first for its free fields, which are columns.
///
/// # Errors
/// [`SessionError::NoParquet`](super::SessionError::NoParquet); [`Error::Io`](crate::Error::Io), also for a file that
/// exists; as [`Snapshot::documents_matching`].
#[cfg(feature = "parquet")]
pub fn export_table(
    snapshot: &Snapshot,
    filter: Filter,
    path: &Path,
    control: &Control,
) -> SessionResult<u64> {
    use super::new_files::NewFile;
    use crate::ingest::parquet::{DocumentTable, TableFields};
    use crate::search::Query;

    /// Documents between two reports of progress.
    const REPORT_ROWS: u64 = 256;

    let query = Query::matching(filter).control(control.clone());
    let total = snapshot.search(&query.clone().count_only())?.matched;
    let mut out = NewFile::create(path)?;
    if total == 0 {
        return Ok(0);
    }
    let step = |done: u64| {
        if !done.is_multiple_of(REPORT_ROWS) {
            return Ok(());
        }
        control.report("exporting", "documents", done / 2, total);
        control.check()
    };
    let mut fields = TableFields::default();
    for (done, document) in (0..).zip(snapshot.documents_matching(&query)?) {
        step(done)?;
        fields.see(&document?);
    }
    let failed = out.failed();
    let mut table = DocumentTable::new(&fields, &mut out).map_err(&failed)?;
    for (done, document) in (total..).zip(snapshot.documents_matching(&query)?) {
        step(done)?;
        table.write(&document?).map_err(&failed)?;
    }
    let written = table.finish().map_err(&failed)?;
    control.report("exporting", "documents", total, total);
    out.publish()?;
    Ok(written)
}

/// This build cannot.
///
/// # Errors
/// [`SessionError::NoParquet`](super::SessionError::NoParquet).
#[cfg(not(feature = "parquet"))]
pub fn export_table(_: &Snapshot, _: Filter, _: &Path, _: &Control) -> SessionResult<u64> {
    Err(super::SessionError::NoParquet)
}
