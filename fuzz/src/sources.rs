//! Reads bytes as a source file, twice: in one piece, and in eight pieces whose boundaries fall
//! anywhere. Both must say the same.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use medvec::ingest::{Event, Record, open_reader};

/// What reading a record said: the record, or the error in words.
pub type Outcome = Result<Record, String>;

/// Reads everything, checking what holds for any source.
///
/// # Panics
/// When it does not hold.
pub fn read(bytes: &[u8]) -> Vec<Outcome> {
    let mut source = match open_reader("fuzz", Cursor::new(bytes.to_vec())) {
        Ok(source) => source,
        Err(error) => return vec![Err(error.to_string())],
    };
    let mut outcomes = Vec::new();
    let mut position = None;
    while let Some(record) = source.next() {
        assert!(outcomes.len() <= bytes.len(), "more records than bytes");
        if let Ok(record) = &record {
            assert!(position < Some(record.position));
            position = Some(record.position);
            if let Event::Document { document, vector } = &record.event {
                document.validate().expect("a source gives valid documents");
                let _ = document.encoder_input();
                assert!(vector.iter().flatten().all(|number| number.is_finite()));
            }
        }
        let is_last = record.is_err() && !source.recoverable();
        outcomes.push(record.map_err(|error| error.to_string()));
        if is_last {
            assert!(source.next().is_none());
            assert!(!source.entry().complete);
            return outcomes;
        }
    }
    assert!(source.entry().complete);
    outcomes
}

/// [`read`], and again in eight gzip members.
///
/// # Panics
/// When the two differ.
pub fn read_both_ways(bytes: &[u8]) -> Vec<Outcome> {
    let whole = read(bytes);
    // What is packed by itself would be unpacked once more.
    if bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return whole;
    }
    let mut packed = Vec::new();
    for piece in bytes.chunks(bytes.len() / 8 + 1) {
        let mut encoder = GzEncoder::new(packed, Compression::none());
        encoder.write_all(piece).expect("memory");
        packed = encoder.finish().expect("memory");
    }
    if !packed.is_empty() {
        assert_eq!(whole, read(&packed));
    }
    whole
}
