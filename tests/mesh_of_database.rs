//! A database with a vocabulary of its own: filters go by it, compaction keeps it, garbage collection removes the
//! one before, and without it nothing on disk changes.

mod common;

use std::sync::Arc;

use common::{create_options, document, vector, vocabulary};
use medvec::db::{Database, Snapshot, WriterOptions};
use medvec::error::Error;
use medvec::mesh;
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Filter, Query};

fn database(storage: &MemoryStorage) -> Database {
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for number in 0..8 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    writer.commit().unwrap();
    database
}

fn count(snapshot: &Snapshot, filter: Filter) -> u64 {
    snapshot.search(&Query::matching(filter).count_only()).unwrap().matched
}

fn mesh_files(storage: &MemoryStorage) -> usize {
    storage.list().unwrap().iter().filter(|name| name.starts_with("mesh-")).count()
}

#[test]
fn filters_go_by_the_vocabulary_of_their_snapshot() {
    let storage = MemoryStorage::new();
    let database = database(&storage);
    let before = database.snapshot();
    let unknown = Query::matching(Filter::mesh("Number 1"));
    assert!(matches!(before.search(&unknown), Err(Error::UnknownName { .. })));
    assert_eq!(count(&before, Filter::mesh("Heading 1")), 2);

    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.set_mesh(Some(&vocabulary(2020))).unwrap();
    assert_eq!(database.snapshot().generation(), before.generation(), "not committed yet");
    writer.commit().unwrap();
    let after = database.snapshot();
    for name in ["Heading 1", "number 1", "Former 1", "A01", "D001001"] {
        assert_eq!(count(&after, Filter::mesh(name)), 6, "{name}");
        assert_eq!(count(&after, Filter::mesh(name).not_exploded()), 2, "{name}");
    }
    assert_eq!(after.vocabulary().unwrap().year(), 2020);
    assert_eq!(after.stats().unwrap().mesh.map(|mesh| (mesh.year, mesh.records)), Some((2020, 6)));
    // A heading of MeSH that this vocabulary lacks is unknown here; suggestions are in its spelling.
    let error = after.search(&Query::matching(Filter::mesh("Headin 9"))).unwrap_err();
    let Error::UnknownName { suggestions, .. } = &error else { panic!("{error}") };
    assert!(suggestions.contains(&"Heading 0".to_owned()), "{suggestions:?}");
    let of_nlm = after.search(&Query::matching(Filter::mesh("Neoplasms")));
    assert!(matches!(of_nlm, Err(Error::UnknownName { .. })));
    // The snapshot from before goes by what was there.
    assert_eq!(count(&before, Filter::mesh("Heading 1")), 2);
    assert_eq!(before.vocabulary().unwrap().year(), mesh::builtin().unwrap().year());

    let reopened = Database::open_in(Arc::new(storage.clone())).unwrap().snapshot();
    assert_eq!(count(&reopened, Filter::mesh("number 1")), 6);
    reopened.verify(&Control::default()).unwrap();

    writer.set_mesh(None).unwrap();
    writer.commit().unwrap();
    assert_eq!(count(&database.snapshot(), Filter::mesh("Heading 1")), 2);
    assert!(database.snapshot().manifest().mesh.is_none());
}

#[test]
fn the_vocabulary_outlives_compaction_and_its_file_is_collected_with_it() {
    let storage = MemoryStorage::new();
    let database = database(&storage);
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.set_mesh(Some(&vocabulary(2020))).unwrap();
    let generation = writer.commit().unwrap();
    // The same again changes nothing.
    writer.set_mesh(Some(&vocabulary(2020))).unwrap();
    assert_eq!(writer.commit().unwrap(), generation);
    writer.compact(&Control::default()).unwrap();
    assert_eq!(count(&database.snapshot(), Filter::mesh("number 1")), 6);
    assert_eq!(mesh_files(&storage), 1);

    writer.set_mesh(Some(&vocabulary(2021))).unwrap();
    writer.commit().unwrap();
    assert_eq!(mesh_files(&storage), 2, "the generation before is kept");
    writer.upsert_with_vector(document(9, 0), vector(9, 0)).unwrap();
    writer.commit().unwrap();
    assert_eq!(mesh_files(&storage), 1);
    assert_eq!(database.snapshot().vocabulary().unwrap().year(), 2021);

    // One that was written and not committed goes with its writer.
    writer.set_mesh(Some(&vocabulary(2022))).unwrap();
    assert_eq!(mesh_files(&storage), 2);
    drop(writer);
    assert_eq!(mesh_files(&storage), 1);
    database.snapshot().verify(&Control::default()).unwrap();
}

#[test]
fn a_copy_of_the_library_s_vocabulary_answers_as_it_does() {
    let storage = MemoryStorage::new();
    let database = database(&storage);
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.set_mesh(Some(mesh::builtin().unwrap())).unwrap();
    writer.commit().unwrap();
    let snapshot = Database::open_in(Arc::new(storage)).unwrap().snapshot();
    let report = snapshot.verify(&Control::default()).unwrap();
    assert!(report.bytes > 6_000_000, "the vocabulary was read");
    let own = snapshot.vocabulary().unwrap();
    let builtin = mesh::builtin().unwrap();
    assert_eq!(mesh::diff(own, builtin), []);
    let (tumors, _) = own.find("tumors").unwrap();
    assert_eq!(own.explode(tumors), builtin.explode(tumors));
}
