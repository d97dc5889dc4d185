//! What a repair finds and does.

use crate::ids::SegmentId;

/// What is wrong and what can be saved.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RepairReport {
    /// The generation that repair starts from: the newest whose manifest can be read.
    pub base: u64,
    /// Newer generations whose manifest cannot be read, and why.
    pub lost_generations: Vec<(u64, String)>,
    /// Damaged segments; the others are kept as they are.
    pub segments: Vec<SegmentRepair>,
    /// Segments that only a lost generation named, whose documents are kept.
    pub adopted: Vec<SegmentId>,
    /// Damaged codebooks and what is wrong with them: without one, segments are searched exactly until
    /// they are indexed again.
    pub codebooks: Vec<(String, String)>,
    /// The name of a damaged MeSH vocabulary and what is wrong with it: without it, headings are looked up in
    /// the one inside the library until one is set again.
    pub mesh: Option<(String, String)>,
    /// What is wrong with the recall that was measured: without it, the effort of a search is a guess
    /// until the next [`crate::db::Writer::optimize`].
    pub calibration: Option<String>,
    /// Sources that brought what is lost, or may have: from now on they count as not read, so that importing them again,
    /// or a sync, brings it back. What was deleted of them by hand comes back, too, but for citations of NLM's numbered files.
    pub unread: Vec<String>,
    /// Documents that were live twice; the newer edition of each is kept.
    pub duplicates: u64,
    /// Documents that can be saved, over all segments, deleted ones not counted.
    pub documents_kept: u64,
    /// Files that no generation names: of a writer at work, or of one that was killed. They are no damage;
    /// the next writer removes them.
    pub leftover_files: u64,
    /// Their bytes.
    pub leftover_bytes: u64,
    /// Files that were set aside under names that start with `damaged-`.
    pub set_aside: Vec<String>,
    /// The generation that was published, when repair was applied and there was something to do.
    pub published: Option<u64>,
}

/// A damaged segment, or an intact one whose list of deleted rows is damaged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SegmentRepair {
    /// Its number.
    pub id: SegmentId,
    /// What is wrong with it.
    pub problem: String,
    /// Rows it had.
    pub rows: u64,
    /// Live documents that can be saved.
    pub saved: u64,
    /// Saved documents whose vector cannot be read: import them again to embed them.
    pub without_vector: u64,
    /// Live documents that are lost.
    pub lost: u64,
    /// Saved documents that may have been deleted before: their list of deleted rows is lost, and no
    /// other segment knows better.
    pub may_return: u64,
    /// Whether the segment's file stays as it is, because only its list of deleted rows is damaged.
    pub is_file_intact: bool,
}

impl RepairReport {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.lost_generations.is_empty()
            && self.segments.is_empty()
            && self.codebooks.is_empty()
            && self.mesh.is_none()
            && self.calibration.is_none()
            && self.duplicates == 0
    }
}
