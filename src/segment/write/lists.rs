//! The index sections of a segment that has no inverted lists; a merge writes those that have.

use super::file::SegmentFile;
use crate::format::segment::{SECTION_CODE_SCALES, SECTION_CODES, SECTION_LIST_OFFSETS};

/// The index sections of a segment without an index.
pub(in crate::segment) fn write_no_lists(file: &mut SegmentFile) {
    for kind in [SECTION_LIST_OFFSETS, SECTION_CODES, SECTION_CODE_SCALES] {
        file.section(kind);
    }
}
