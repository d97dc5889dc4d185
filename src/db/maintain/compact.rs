//! Compaction: merges segments in tiers and drops deleted rows.

use super::super::gc;
use super::super::writer::Writer;
use super::course::{Course, Goal};
use super::merge::sizes;
use super::options::{Job, OptimizeOptions};
use super::report::CompactReport;
use crate::control::Control;
use crate::error::Result;

impl Writer {
    /// Merges segments of similar size and rewrites those with many deleted rows, commits, and lets
    /// go of the old files. Segments that are not indexed yet are, once there are enough vectors for
    /// an index; the first time, its codebook is trained. Afterwards files take at most 4/3 of what is
    /// live. Memory is bounded by one block and the keys of a merge, whatever the sizes.
    ///
    /// # Errors
    /// As [`Writer::commit`]; [`crate::Error::Memory`], [`crate::Error::Cancelled`] and
    /// [`crate::Error::DeadlineExceeded`] leave the database as it was.
    pub fn compact(&mut self, control: &Control) -> Result<CompactReport> {
        self.guarded(|writer| {
            writer.flush()?;
            let options = OptimizeOptions::default();
            let (next, settings) = writer.parts();
            let mut course = Course::new(Goal::Compact, next);
            course.finish(&mut Job { next, writer: settings, options: &options, control })?;
            let mut report = course.compact_report();
            finish(writer, &mut report)?;
            Ok(report)
        })
    }
}

/// Commits, and lets go of what was replaced.
pub(super) fn finish(writer: &mut Writer, report: &mut CompactReport) -> Result<()> {
    writer.commit_changes()?;
    report.bytes_freed += writer.free_superseded()?;
    (report.segments_after, report.bytes_after) = sizes(writer.next());
    Ok(())
}

impl Writer {
    /// Commits once more when only the generation before still names old files, so that they may go: after a merge,
    /// also one that was interrupted between its two commits. Returns their bytes.
    pub(in crate::db) fn free_superseded(&mut self) -> Result<u64> {
        // Without the older manifest nothing is known to be freed, and nothing is lost by waiting.
        let bytes = gc::superseded_bytes(self.next().storage()).unwrap_or_default();
        if bytes > 0 {
            self.parts().0.mark_changed();
            self.commit_changes()?;
        }
        Ok(bytes)
    }
}
