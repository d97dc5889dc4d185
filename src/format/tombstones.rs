//! Deleted rows of one segment: a Roaring bitmap in the portable serialisation.

/// Section of the bitmap.
pub const SECTION_ROWS: u32 = 1;
