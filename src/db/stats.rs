//! What a database holds, and where its bytes go.

use super::drift::{MeanResidual, has_drifted};
use super::maintain::RecallReport;
use super::snapshot::Snapshot;
use crate::error::Result;
use crate::ids::{Generation, SegmentId};
use crate::segment::SectionSize;

/// Figures of one generation.
#[derive(Clone, Debug)]
pub struct Stats {
    /// The generation.
    pub generation: Generation,
    /// Live documents.
    pub documents: u64,
    /// Deleted rows that compaction would drop. Over several databases, also those for which a document of another
    /// database stands.
    pub deleted: u64,
    /// Documents with a vector, deleted ones included.
    pub vectors: u64,
    /// Live documents that have text and no vector yet; see [`Snapshot::pending`].
    pub pending: u64,
    /// Documents that have no vector and do not wait for one: they have no text, or the encoder has no
    /// vector for it.
    pub without_vector: u64,
    /// Bytes of all files of this generation.
    pub bytes: u64,
    /// UTF-8 bytes of all text in the documents, deleted ones included.
    pub text_bytes: u64,
    /// Bytes of compressed documents on disk, with dictionary and directory.
    pub document_bytes: u64,
    /// Bytes by kind of section.
    pub sections: Vec<SectionSize>,
    /// Segment by segment.
    pub segments: Vec<SegmentStats>,
    /// The index, when there is one. Over several databases each has its own: see [`Snapshot::members`].
    pub index: Option<IndexStats>,
    /// The database's own MeSH vocabulary, when there is one.
    pub mesh: Option<MeshStats>,
}

/// Figures of a database's own MeSH vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeshStats {
    /// The year that NLM published it for; 0 if its source does not say.
    pub year: u32,
    /// Descriptors, qualifiers and supplementary concepts.
    pub records: u32,
    /// Bytes of its file.
    pub bytes: u64,
}

/// Figures of the newest codebook and the segments that are indexed with it.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexStats {
    /// Lists.
    pub lists: u32,
    /// Numbers in a sub-vector.
    pub sub_dimension: u32,
    /// Vectors that are indexed.
    pub vectors: u64,
    /// Those that have a copy in a second list. Searches scan copies where all vectors have some.
    pub copied: u64,
    /// Rows that the codebook was trained on.
    pub trained_rows: u64,
    /// Mean length of the residuals of the rows that it was trained on.
    pub trained_residual: f32,
    /// Mean length of the residuals of the live rows that are indexed; those of one segment are taken as average ones. It is
    /// above the trained one, the more so the fewer rows were trained on for each list.
    pub residual: f32,
    /// Bytes of codes and factors per vector, of copies too.
    pub bytes_per_vector: f32,
    /// Its recall; `None` when it was not measured.
    pub recall: Option<RecallReport>,
}

impl IndexStats {
    /// Whether rows have drifted so far from what the codebook was trained on that
    /// [`crate::db::OptimizeOptions::retrain`] pays: searches then take less effort for the same recall.
    pub fn has_drifted(&self) -> bool {
        has_drifted(self.residual, self.trained_residual, self.trained_rows, self.lists)
    }
}

/// Figures of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentStats {
    /// Its number.
    pub id: SegmentId,
    /// Rows.
    pub rows: u64,
    /// Deleted rows.
    pub deleted: u64,
    /// Bytes of its file.
    pub bytes: u64,
}

impl Snapshot {
    /// Counts documents and bytes. Cost: the small metadata of each segment, and that of
    /// [`Snapshot::pending`].
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn stats(&self) -> Result<Stats> {
        let state = self.state();
        let mut stats = Stats {
            generation: self.generation(),
            documents: self.len(),
            deleted: 0,
            vectors: 0,
            pending: self.pending()?,
            without_vector: 0,
            bytes: 0,
            text_bytes: 0,
            document_bytes: 0,
            sections: Vec::new(),
            segments: Vec::new(),
            index: self.index_stats()?,
            mesh: self.mesh_stats(),
        };
        let mut embedded = 0;
        stats.bytes += stats.mesh.map_or(0, |mesh| mesh.bytes);
        stats.bytes += state.manifest.codebooks.iter().map(|entry| entry.seal.length).sum::<u64>();
        for (entry, view) in state.manifest.segments.iter().zip(&state.views) {
            let deleted = view.deleted.len();
            stats.deleted += deleted;
            stats.bytes += entry.seal.length;
            stats.bytes += entry.tombstones.as_ref().map_or(0, |file| file.seal.length);
            stats.text_bytes += view.segment.text_bytes();
            stats.document_bytes += view.segment.document_bytes();
            if let Some(present) = view.segment.rows_with_vector()? {
                stats.vectors += present.len();
                embedded += present.len() - present.intersection_len(&view.deleted);
            }
            for SectionSize { name, bytes } in view.segment.sections() {
                match stats.sections.iter_mut().find(|section| section.name == name) {
                    Some(section) => section.bytes += bytes,
                    None => stats.sections.push(SectionSize { name, bytes }),
                }
            }
            stats.segments.push(SegmentStats {
                id: entry.id,
                rows: u64::from(entry.rows),
                deleted,
                bytes: entry.seal.length,
            });
        }
        if state.vectors.is_some() {
            stats.without_vector = stats.documents.saturating_sub(embedded + stats.pending);
        }
        Ok(stats)
    }

    fn mesh_stats(&self) -> Option<MeshStats> {
        let state = self.state();
        let (entry, file) = state.manifest.mesh.as_ref().zip(state.mesh.own())?;
        let meta = file.meta();
        let (year, records) = (meta.year, meta.records);
        Some(MeshStats { year, records, bytes: entry.seal.length })
    }

    fn index_stats(&self) -> Result<Option<IndexStats>> {
        let state = self.state();
        let entry = state.manifest.codebooks.last().filter(|_| self.members().is_empty());
        let codebook = entry.and_then(|entry| Some((entry, self.codebook(entry)?)));
        let Some((entry, codebook)) = codebook else { return Ok(None) };
        let meta = codebook.meta();
        let (mut vectors, mut copied, mut bytes) = (0u64, 0u64, 0u64);
        let mut residual = MeanResidual::default();
        for view in &state.views {
            let indexed = view.segment.index().filter(|index| index.codebook == entry.hash);
            if indexed.is_none() {
                continue;
            }
            let deleted = match view.segment.rows_with_vector()? {
                Some(present) => present.intersection_len(&view.deleted),
                None => 0,
            };
            residual.add(&view.segment, view.segment.vector_count() - deleted);
            vectors += view.segment.vector_count();
            copied += if view.segment.has_copies() { view.segment.vector_count() } else { 0 };
            bytes += view.segment.index_bytes();
        }
        let calibration = state.manifest.calibration.as_ref();
        Ok(Some(IndexStats {
            lists: meta.lists,
            sub_dimension: meta.sub_dimension,
            vectors,
            copied,
            trained_rows: meta.trained_rows,
            trained_residual: meta.residual_mean,
            residual: residual.get(),
            bytes_per_vector: (bytes as f64 / vectors.max(1) as f64) as f32,
            recall: calibration.map(|measured| RecallReport::of(measured, meta)),
        }))
    }
}
