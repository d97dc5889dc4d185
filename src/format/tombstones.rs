//! Deleted rows of one segment: a Roaring bitmap in the portable serialisation
//! (<https://github.com/RoaringBitmap/RoaringFormatSpec>), alone in its file.

use roaring::RoaringBitmap;

use super::body::checked_section;
use super::frame::{FileKind, FileSeal, Frame, FrameWriter};
use super::rules::Rule;
use crate::error::{Error, Result};

/// Section of the bitmap.
pub const SECTION_ROWS: u32 = 1;

/// The file of a bitmap, and what identifies it. Memory: twice the serialised bitmap.
///
/// # Errors
/// [`Error::Io`] when the bitmap cannot be serialised, which happens only without memory.
pub fn encode(rows: &RoaringBitmap, file_id: [u8; 16]) -> Result<(Vec<u8>, FileSeal)> {
    let mut bytes = Vec::with_capacity(rows.serialized_size());
    rows.serialize_into(&mut bytes)
        .map_err(|source| Error::io("serialise", "tombstones", source))?;
    let mut writer = FrameWriter::new(FileKind::Tombstones, file_id);
    writer.section(SECTION_ROWS);
    writer.write(&bytes);
    Ok(writer.finish())
}

/// Reads and checks a whole file; `rows` is the row count of the segment.
///
/// # Errors
/// [`Error::Corrupt`]: a broken frame or block, or [`Rule::Tombstones`] for a bitmap that is not
/// valid, has bytes behind it, or names a row that the segment lacks.
pub fn decode(file: &str, bytes: &[u8], rows: u32) -> Result<RoaringBitmap> {
    let frame = Frame::parse(file, FileKind::Tombstones, bytes)?;
    let (mut rest, offset) = checked_section(file, &frame, bytes, SECTION_ROWS)?;
    let wrong = |detail: String| Error::corrupt(file, offset, Rule::Tombstones, detail);
    let bitmap = RoaringBitmap::deserialize_from(&mut rest)
        .map_err(|error| wrong(format!("invalid bitmap: {error}")))?;
    if !rest.is_empty() {
        return Err(wrong(format!("{} bytes follow the bitmap", rest.len())));
    }
    match bitmap.max() {
        Some(last) if last >= rows => {
            Err(wrong(format!("row {last} is deleted, the segment has {rows} rows")))
        }
        _ => Ok(bitmap),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(result: Result<RoaringBitmap>) -> Option<Rule> {
        match result {
            Err(Error::Corrupt { rule, .. }) => Some(rule),
            _ => None,
        }
    }

    #[test]
    fn rows_survive_a_round_trip() {
        let mut runs: RoaringBitmap = (0..100_000).filter(|row| row % 7 != 3).collect();
        runs.optimize();
        for rows in [RoaringBitmap::new(), RoaringBitmap::from([5, 70_000]), runs] {
            let (bytes, seal) = encode(&rows, [9; 16]).expect("encodes");
            assert_eq!(seal.length, bytes.len() as u64);
            assert_eq!(decode("tombstones", &bytes, 100_001).expect("decodes"), rows);
        }
    }

    #[test]
    fn rows_beyond_the_segment_are_refused() {
        let (bytes, _) = encode(&RoaringBitmap::from([3, 10]), [1; 16]).expect("encodes");
        assert!(decode("t", &bytes, 11).is_ok());
        assert_eq!(rule(decode("t", &bytes, 10)), Some(Rule::Tombstones));
    }

    #[test]
    fn bytes_behind_the_bitmap_are_refused() {
        let mut content = Vec::new();
        RoaringBitmap::from([1]).serialize_into(&mut content).expect("serialises");
        for (extra, expected) in [(&b""[..], None), (b"\0", Some(Rule::Tombstones))] {
            let mut writer = FrameWriter::new(FileKind::Tombstones, [1; 16]);
            writer.section(SECTION_ROWS);
            writer.write(&content);
            writer.write(extra);
            assert_eq!(rule(decode("t", &writer.finish().0, 5)), expected);
        }
    }

    #[test]
    fn every_changed_byte_and_every_length_is_refused() {
        let (bytes, _) = encode(&RoaringBitmap::from([1, 2, 99]), [1; 16]).expect("encodes");
        for place in 0..bytes.len() {
            for flip in [0x01, 0xff] {
                let mut changed = bytes.clone();
                changed[place] ^= flip;
                assert!(decode("t", &changed, 100).is_err(), "byte {place}");
            }
            assert!(decode("t", &bytes[..place], 100).is_err(), "length {place}");
        }
    }
}
