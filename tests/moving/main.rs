//! Databases copied, joined and packed: what arrives is what was there, whatever interrupts it.

#[cfg(feature = "session")]
mod archive;
mod backup;
#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "session")]
mod delta;
mod joint;
mod merge;
#[cfg(feature = "session")]
mod merge_folders;

use std::fs;
use std::path::{Path, PathBuf};

use common::{contents, create_options, document, vector};
use medvec::format::frame::{FileKind, Frame};
use medvec::format::segment::SECTION_BLOCKS;
use medvec::{Control, Database, Writer, WriterOptions};

fn control() -> Control {
    Control::default()
}

/// Writes and commits some documents.
fn commit(writer: &mut Writer, numbers: std::ops::Range<u64>, edition: u64) {
    for number in numbers {
        let document = document(number, edition);
        writer.upsert_with_vector(document, vector(number, edition)).unwrap();
    }
    writer.commit().unwrap();
}

/// The database `db` in a folder, with 20 documents in two segments, some of them replaced.
fn database(folder: &Path) -> (PathBuf, Database) {
    let path = folder.join("db");
    let database = Database::create(&path, create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 0..12, 0);
    commit(&mut writer, 10..20, 1);
    (path, database)
}

/// A database whose one segment has many blocks, so that it opens with a byte in the middle changed.
fn large(path: &Path) -> Database {
    let database = Database::create(path, create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let mut random = common::Random(3);
    for number in 0..300 {
        let mut document = document(number, 0);
        document.title = (0..150).map(|_| format!("{:x} ", random.next())).collect();
        writer.upsert_with_vector(document, vector(number, 0)).unwrap();
    }
    writer.commit().unwrap();
    database
}

/// Changes a byte in the middle of the documents of a [`large`] database.
fn damage(path: &Path) {
    let segment = path.join("segment-00000001");
    let bytes = fs::read(&segment).unwrap();
    let frame = Frame::parse("segment-00000001", FileKind::Segment, &bytes).unwrap();
    let documents = frame.section(SECTION_BLOCKS).unwrap();
    assert!(documents.length > 4 << 16, "{} bytes", documents.length);
    flip(&segment, (documents.offset + documents.length / 2) as usize);
}

/// Holds a copy against the database: every byte is right, and the documents are the same.
fn check_same(copy: &Path, database: &Database) {
    let (found, expected) = (Database::open(copy).unwrap().snapshot(), database.snapshot());
    found.verify(&control()).unwrap();
    assert_eq!(found.manifest(), expected.manifest());
    assert_eq!(contents(&found).unwrap(), contents(&expected).unwrap());
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x40;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}
