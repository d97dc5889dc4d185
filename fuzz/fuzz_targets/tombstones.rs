//! Arbitrary bytes as tombstones: as a whole file, repaired, and as the bitmap in a frame. The
//! first four bytes are the segment's row count.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::format::frame::FileKind;
use medvec::format::tombstones::{self, SECTION_ROWS};

fn check(bytes: &[u8], rows: u32) {
    let Ok(bitmap) = tombstones::decode("tombstones", bytes, rows) else { return };
    assert!(bitmap.max().is_none_or(|last| last < rows));
    assert_eq!(bitmap.iter().count() as u64, bitmap.len());
    assert!(bitmap.iter().is_sorted());
    let (again, _) = tombstones::encode(&bitmap, [1; 16]).expect("what is read can be written");
    assert_eq!(tombstones::decode("tombstones", &again, rows).expect("and read"), bitmap);
}

fuzz_target!(|bytes: &[u8]| {
    let Some((rows, bytes)) = bytes.split_first_chunk::<4>() else { return };
    let rows = u32::from_le_bytes(*rows);
    check(bytes, rows);
    let mut repaired = bytes.to_vec();
    medvec_fuzz::repair(&mut repaired);
    check(&repaired, rows);
    check(&medvec_fuzz::framed(FileKind::Tombstones, SECTION_ROWS, bytes), rows);
});
