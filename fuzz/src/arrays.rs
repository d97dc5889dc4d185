//! Files of vectors, read to their end.

use std::path::Path;

use medvec::Error;
use medvec::ingest::vectors::{self, VectorSource};
use medvec::ingest::{Event, open};

/// An array of numpy with these words in its header.
pub fn npy(header: &[u8], data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
    [b"\x93NUMPY\x01\x00", &length.to_le_bytes()[..], header, data].concat()
}

/// Opens a file and reads it, twice: from its start, and after passing over some.
///
/// # Panics
/// When something does not hold that holds for any file of vectors.
pub fn read(path: &Path, ids: Option<&Path>) {
    let mut outcomes = Vec::new();
    for skipped in [0, 2] {
        let mut source = match vectors::open(path, ids) {
            Ok(source) => source,
            Err(error) => return said(&error),
        };
        if skipped > 0 && source.skip_records(skipped).is_err() {
            return;
        }
        outcomes.push(rest(source));
    }
    let [(whole, is_broken), (later, _)] = outcomes.as_slice() else { unreachable!("two rounds") };
    // What ends a broken file is no record that could be passed over.
    let records = whole.len() - usize::from(*is_broken);
    assert_eq!(whole.get(records.min(2)..), Some(&later[..]));
}

/// Documents of a file that are looked at: some bytes can say that there are millions.
const DOCUMENTS: usize = 10_000;

/// Opens a file of documents and reads it.
///
/// # Panics
/// When something does not hold that holds for any file of documents.
pub fn read_documents(path: &Path) {
    let mut source = match open(path) {
        Ok(source) => source,
        Err(error) => return said(&error),
    };
    for _ in 0..DOCUMENTS {
        match source.next() {
            None => return assert!(source.entry().complete),
            Some(Ok(record)) => {
                if let Event::Document { document, .. } = record.event {
                    document.validate().expect("a source gives valid documents");
                }
            }
            Some(Err(error)) => said(&error),
        }
        if !source.recoverable() {
            return assert!(source.next().is_none() && !source.entry().complete);
        }
    }
}

/// What a source gives, and whether it breaks off.
fn rest(mut source: VectorSource) -> (Vec<Result<String, String>>, bool) {
    let (mut outcomes, mut position) = (Vec::new(), None);
    while let Some(record) = source.next() {
        if let Ok(record) = &record {
            assert!(record.position < source.len() && position < Some(record.position));
            position = Some(record.position);
            assert_eq!(record.vector.len(), source.dimension());
            assert!(record.vector.iter().all(|number| number.is_finite()));
        }
        outcomes.push(match record {
            Ok(record) => Ok(record.key.to_string()),
            Err(error) => {
                said(&error);
                Err(error.to_string())
            }
        });
        if !source.recoverable() {
            assert!(source.next().is_none() && !source.entry().complete);
            return (outcomes, true);
        }
    }
    assert!(source.entry().complete && source.entry().records == source.len());
    (outcomes, false)
}

fn said(error: &Error) {
    assert!(matches!(error, Error::Input { .. } | Error::Io { .. }), "{error:?}");
}
