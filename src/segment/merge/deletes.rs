//! Deletion marks of a merge: those of all inputs, the greatest revision of each key.

use super::order::Input;
use crate::error::Result;
use crate::format::segment::SegmentMeta;
use crate::segment::write::deletes::DeletionMarks;
use crate::segment::write::file::SegmentFile;

pub(super) fn write(
    inputs: &[Input<'_>],
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
) -> Result<()> {
    let mut marks = DeletionMarks::default();
    for input in inputs {
        for mark in input.segment.deletes() {
            let (key, revision) = mark?;
            marks.push(&key, revision);
        }
    }
    marks.write(file, meta)
}
