//! Postings: which rows have a term.
//!
//! Terms of one field are sorted by bytes; for each there is a [`PostingEntry`]. One row is kept in
//! the entry itself, more as a Roaring bitmap in the portable serialisation.

use roaring::RoaringBitmap;

use super::layout::layout;
use super::rows::RowBlocks;
use super::rules::Rule;

/// Rows that [`visit_bitmap`] hands out at a time.
const BLOCK_ROWS: usize = 512;

layout! {
    /// Where the rows of one term are.
    pub struct PostingEntry = 16 {
        /// Byte offset in the postings section; the row itself when `length` is 0.
        offset: u64,
        /// Bytes of the bitmap; 0 for a single row.
        length: u32,
        /// Rows.
        count: u32,
    }
}

/// Reads a bitmap of rows: exactly these bytes, every row below `rows`.
///
/// Memory: in proportion to `bytes`, since containers beyond `rows` are refused unread.
///
/// # Errors
/// [`Rule::Bitmap`] and what is wrong.
pub fn read_bitmap(mut bytes: &[u8], rows: u32) -> Result<RoaringBitmap, (Rule, String)> {
    let invalid = |detail: &str| (Rule::Bitmap, format!("invalid bitmap: {detail}"));
    // `cookie, count` without runs; with runs the count less one is in the cookie's upper half.
    let word = |at: usize| -> Option<u32> {
        let bytes = bytes.get(at..)?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*bytes))
    };
    let containers = match word(0).ok_or_else(|| invalid("too short"))? {
        12346 => word(4).ok_or_else(|| invalid("too short"))?,
        cookie => (cookie >> 16) + 1,
    };
    if containers > rows.div_ceil(1 << 16) {
        return Err(invalid("more containers than the rows need"));
    }
    let bitmap =
        RoaringBitmap::deserialize_from(&mut bytes).map_err(|error| invalid(&error.to_string()))?;
    if !bytes.is_empty() {
        return Err(invalid("bytes follow it"));
    }
    if bitmap.max().is_some_and(|row| row >= rows) {
        return Err(invalid("it holds rows that do not exist"));
    }
    Ok(bitmap)
}

/// Hands out the rows of a bitmap, ascending, without making one; the same checks but for unused bytes of its header.
/// Gives the number of rows.
///
/// # Errors
/// [`Rule::Bitmap`] and what is wrong; rows before it may have been handed out.
pub fn visit_bitmap(
    bytes: &[u8],
    rows: u32,
    visit: &mut dyn FnMut(&[u32]),
) -> Result<u64, (Rule, String)> {
    let invalid = |detail: &str| (Rule::Bitmap, format!("invalid bitmap: {detail}"));
    let mut blocks = RowBlocks::of_bytes(bytes).ok_or_else(|| invalid("not laid out as one"))?;
    let (mut block, mut count, mut next) = ([0; BLOCK_ROWS], 0, 0);
    loop {
        let found = blocks.fill(&mut block);
        let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(count) };
        if *first < next || !found.is_sorted_by(|a, b| a < b) {
            return Err(invalid("its rows do not ascend"));
        }
        if *last >= rows {
            return Err(invalid("it holds rows that do not exist"));
        }
        next = last + 1;
        count += found.len() as u64;
        visit(found);
    }
}

/// Appends a bitmap, in the smaller of its forms.
pub fn write_bitmap(bitmap: &mut RoaringBitmap, out: &mut Vec<u8>) {
    bitmap.optimize();
    out.reserve(bitmap.serialized_size());
    // Writing to a vector cannot fail.
    let _ = bitmap.serialize_into(out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROWS: u32 = 200_000;

    /// Bitmaps of arrays, bits and runs, in several containers.
    fn bitmaps() -> impl Strategy<Value = RoaringBitmap> {
        let range = (0..ROWS, 1u32..70_000, 1u32..40);
        prop::collection::vec(range, 1..4).prop_map(|ranges| {
            let rows = ranges.into_iter().flat_map(|(start, length, step)| {
                (start..ROWS.min(start + length)).step_by(step as usize)
            });
            rows.collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_are_handed_out_as_a_bitmap_has_them(mut bitmap in bitmaps()) {
            let mut bytes = Vec::new();
            write_bitmap(&mut bitmap, &mut bytes);
            let mut rows = Vec::new();
            let count = visit_bitmap(&bytes, ROWS, &mut |some| rows.extend_from_slice(some)).unwrap();
            prop_assert_eq!(count, bitmap.len());
            prop_assert!(rows.iter().copied().eq(bitmap.iter()));
            let last = *rows.last().unwrap();
            prop_assert!(visit_bitmap(&bytes, last, &mut |_| ()).is_err());
        }

        #[test]
        fn changed_bytes_are_errors_or_ascending_rows(
            mut bitmap in bitmaps(), at in any::<prop::sample::Index>(), flip in 1u8..=255, cut: bool,
        ) {
            let mut bytes = Vec::new();
            write_bitmap(&mut bitmap, &mut bytes);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            if cut {
                bytes.truncate(at);
            }
            let (mut last, mut seen) = (None, 0);
            let outcome = visit_bitmap(&bytes, ROWS, &mut |some| {
                seen += some.len() as u64;
                assert!(some.iter().all(|row| *row < ROWS && last.replace(*row) < Some(*row)));
            });
            prop_assert!(outcome.is_err() || outcome == Ok(seen));
        }
    }
}
