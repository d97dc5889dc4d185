//! What a database holds, and where its bytes go.

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
    /// Deleted rows that compaction would drop.
    pub deleted: u64,
    /// Documents with a vector, deleted ones included.
    pub vectors: u64,
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
    /// Counts documents and bytes. Cost: the small metadata of each segment.
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
            bytes: 0,
            text_bytes: 0,
            document_bytes: 0,
            sections: Vec::new(),
            segments: Vec::new(),
        };
        for (entry, view) in state.manifest.segments.iter().zip(&state.views) {
            let deleted = view.deleted.len();
            stats.deleted += deleted;
            stats.bytes += entry.seal.length;
            stats.bytes += entry.tombstones.as_ref().map_or(0, |file| file.seal.length);
            stats.text_bytes += view.segment.text_bytes();
            stats.document_bytes += view.segment.document_bytes();
            if let Some((_, present)) = view.segment.vectors()? {
                stats.vectors += present.len();
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
        Ok(stats)
    }
}
