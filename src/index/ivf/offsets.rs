//! Where lists are, by their offsets, which come from files.

use std::ops::Range;

/// Places of a list among those that offsets say; none for a list that they do not name.
pub(super) fn list_range(offsets: &[u32], list: u32) -> Range<u32> {
    match offsets.get(list as usize..) {
        Some([start, end, ..]) => *start..*end,
        _ => 0..0,
    }
}

/// The list that a place is in, by the offsets of lists.
pub(super) fn list_of(offsets: &[u32], place: u32) -> Option<u32> {
    let list = offsets.partition_point(|offset| *offset <= place).checked_sub(1)?;
    let list = u32::try_from(list).ok()?;
    list_range(offsets, list).contains(&place).then_some(list)
}
