//! Readers of source files, from outside: what each trap of PubMed's XML becomes, and what bad
//! input says.

#![cfg(feature = "ingest")]

mod bad_input;
mod books;
mod characters;
mod cord19;
mod corpora;
#[cfg(feature = "parquet")]
mod documents_table;
mod empty;
mod jsonl;
mod nbib;
#[cfg(feature = "parquet")]
mod parquet;
mod pubmed;
mod ris;
mod round_trip;
mod shared;
mod table;

use std::io::{Cursor, Write};
use std::path::PathBuf;

use medvec::document::Document;
use medvec::ingest::{Event, Record, Source, open_reader};
use medvec::{Error, Result};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn source(bytes: impl Into<Vec<u8>>) -> Result<Source> {
    open_reader("test", Cursor::new(bytes.into()))
}

/// Every record, read to the end.
fn all(bytes: impl Into<Vec<u8>>) -> Vec<Result<Record>> {
    match source(bytes) {
        Ok(source) => source.collect(),
        Err(error) => vec![Err(error)],
    }
}

fn document(record: Result<Record>) -> Document {
    match record.expect("the record is good").event {
        Event::Document { document, .. } => *document,
        other => panic!("expected a document, found {other:?}"),
    }
}

/// File, place and detail of an input error.
fn input_error<T>(result: Result<T>) -> (String, String) {
    match result {
        Err(Error::Input { file, place, detail, .. }) => {
            let name = std::path::Path::new(&file).file_name();
            assert_eq!(name, Some("test".as_ref()), "{file}");
            (place, detail)
        }
        Err(other) => panic!("expected an input error, found {other}"),
        Ok(_) => panic!("expected an input error"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory")
}
