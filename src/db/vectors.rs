//! The stored vectors of a snapshot, walked without a limit.

use std::fmt;

use roaring::RoaringBitmap;

use super::snapshot::Snapshot;
use crate::error::Result;
use crate::format::rows::rows;
use crate::ids::{Key, RowId};
use crate::search::{Query, SegmentView, matching};

/// Stored vectors of the documents that pass a filter: which there are is known, none is read yet. Made by
/// [`Snapshot::vectors_matching`].
pub struct StoredVectors<'a> {
    parts: Vec<(&'a SegmentView, RoaringBitmap)>,
    len: u64,
    without_vector: u64,
}

impl fmt::Debug for StoredVectors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StoredVectors { len, without_vector, .. } = self;
        let mut shown = f.debug_struct("StoredVectors");
        shown.field("len", len).field("without_vector", without_vector).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// The stored vectors of all live documents that pass a query's filter, segment by segment in row order.
    /// Only the query's filter, control and [`allow_unknown_names`](Query::allow_unknown_names) matter here.
    /// Memory: a bitmap per segment.
    ///
    /// ```
    /// # use medvec::{CreateOptions, Database, Document, Filter, Key, Metric, Query, RowType, VectorConfig, WriterOptions};
    /// # fn main() -> medvec::Result<()> {
    /// # let folder = tempfile::tempdir().expect("a temporary folder");
    /// let config = VectorConfig::new(2, Metric::Cosine, RowType::F32, None);
    /// let options = CreateOptions::default().vectors(Some(config));
    /// let database = Database::create(folder.path().join("my.medvec"), options)?;
    /// let mut writer = database.writer(WriterOptions::default())?;
    /// writer.upsert_with_vector(Document::new(Key::pmid(1)), vec![3.0, 4.0])?;
    /// writer.upsert(Document::new(Key::pmid(2)))?;
    /// writer.commit()?;
    /// let snapshot = database.snapshot();
    /// let stored = snapshot.vectors_matching(&Query::matching(Filter::All))?;
    /// assert_eq!((stored.len(), stored.without_vector()), (1, 1));
    /// assert_eq!(stored.iter().next().expect("one")?, (Key::pmid(1), vec![0.6, 0.8]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Snapshot::search`].
    pub fn vectors_matching(&self, query: &Query) -> Result<StoredVectors<'_>> {
        let views = &self.state().views;
        let found = matching(views, query)?;
        let mut stored = StoredVectors { parts: Vec::new(), len: 0, without_vector: 0 };
        for (view, found) in views.iter().zip(&found) {
            let rows = match (view.segment.rows_with_vector()?, found.rows()) {
                (None, _) => RoaringBitmap::new(),
                (Some(present), None) => present.clone(),
                (Some(present), Some(rows)) => present & rows,
            };
            stored.len += rows.len();
            stored.without_vector += found.count() - rows.len();
            stored.parts.push((view, rows));
        }
        Ok(stored)
    }
}

impl StoredVectors<'_> {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Documents that pass the filter and have no vector.
    pub fn without_vector(&self) -> u64 {
        self.without_vector
    }

    /// Each key and its vector as numbers, decoded from what is stored: of length 1 under cosine, but for
    /// rounding. Memory: one vector. Cost: reads each row.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`], for the row that is damaged.
    pub fn iter(&self) -> impl Iterator<Item = Result<(Key, Vec<f32>)>> + '_ {
        self.parts.iter().flat_map(|(view, present)| {
            rows(present).filter_map(move |row| {
                let row = RowId(row);
                let read = || {
                    let vector = view.segment.vector(row)?;
                    vector.map(|vector| Ok((view.segment.key(row)?, vector))).transpose()
                };
                read().transpose()
            })
        })
    }
}
