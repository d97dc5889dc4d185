//! A database whose lists have forms by occurrence, as version 3 of the chapter on the lexical index has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use medvec::db::{Database, Snapshot, WriterOptions};
use medvec::document::Document;
use medvec::format::frame::{FileKind, Frame};
use medvec::format::lexical::{LexicalSection, VERSION};
use medvec::format::segment::lexical_kind;
use medvec::{Control, Key, OptimizeOptions};

use super::check_phrases;

/// Documents in `tests/data/lexical-3`: titles and abstracts of up to nine words, two with one word seventy times.
const DOCUMENTS: u32 = 1100;

/// Documents that are added.
const NEW: u32 = 3;

fn documents(snapshot: &Snapshot) -> BTreeMap<Key, Document> {
    let known = |number: u32| {
        let document = snapshot.get(&Key::pmid(number)).unwrap();
        document.map(|document| (document.key.clone(), document))
    };
    (1..=DOCUMENTS + NEW).filter_map(known).collect()
}

/// The versions of the lexical indexes in a folder, in the order of their segments.
fn versions(folder: &Path) -> Vec<u32> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("segment-"));
    names.sort();
    let version = |name: &String| {
        let bytes = fs::read(folder.join(name)).unwrap();
        let frame = Frame::parse(name, FileKind::Segment, &bytes).unwrap();
        let meta = frame.section(lexical_kind(LexicalSection::Meta)).unwrap();
        u32::from_le_bytes(*bytes[meta.offset as usize..].first_chunk().unwrap())
    };
    names.iter().map(version).collect()
}

#[test]
fn an_older_index_answers_as_a_new_one_and_merging_makes_it_new() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/lexical-3");
    for entry in fs::read_dir(kept).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let database = Database::open(folder.path()).unwrap();
    let known = documents(&database.snapshot());
    assert_eq!(known.len(), DOCUMENTS as usize);
    let found = check_phrases("version 3", &database.snapshot(), &known);
    assert!(found > 1000, "{found}");

    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.delete(&Key::pmid(300)).unwrap();
    // As many segments as a merge takes.
    for number in 1..=NEW {
        let mut document = Document::new(Key::pmid(DOCUMENTS + number));
        document.title = "zebra kinase inhibitors".into();
        writer.upsert(document).unwrap();
        writer.commit().unwrap();
    }
    assert_eq!(versions(folder.path()), [3, VERSION, VERSION, VERSION]);
    let known = documents(&database.snapshot());
    let found = check_phrases("versions 3 and 4", &database.snapshot(), &known);
    writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    assert_eq!(versions(folder.path()), [VERSION]);
    assert_eq!(documents(&database.snapshot()), known);
    assert_eq!(check_phrases("merged", &database.snapshot(), &known), found);
}
