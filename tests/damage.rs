//! Damage: every byte of a small, rich database changed, every length cut, files missing, swapped,
//! extended: an error that names the file, or exactly the same answers. Never a panic.

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{contents, create_options, document, key, vector, vocabulary};
use medvec::db::{Change, CreateOptions, Database, OptimizeOptions, Snapshot, WriterOptions};
use medvec::format::frame::{FileKind, Frame};
use medvec::format::manifest::{self, RowType, VectorConfig};
use medvec::format::names::{Name, manifest_name, parse, segment_name};
use medvec::format::rules::Rule;
use medvec::format::segment::SECTION_VECTORS;
use medvec::ids::{Generation, Key, Revision, SegmentId};
use medvec::search::{Accuracy, FieldTest, Filter, Query};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Document, Error, Metric, Result};

type Files = BTreeMap<String, Vec<u8>>;

/// Two segments, one of them indexed, tombstones, delete marks, a vocabulary, every kind of section.
fn rich() -> Files {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let options = WriterOptions::default().index_rows_min(4).train_rows_min(6);
    let mut writer = database.writer(options).unwrap();
    for number in 0..9 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    let bare = Document::new(Key::Text("nothing but a key".into()));
    writer.upsert(bare).unwrap();
    writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    let revision = Revision { file: 26_000_001, position: 3, version: 1 };
    for number in 7..12 {
        let change = Change {
            document: document(number, 1),
            revision: Some(revision),
            vector: Some(vector(number, 1)),
        };
        writer.apply(vec![change]).unwrap();
    }
    writer.set_mesh(Some(&vocabulary(2020))).unwrap();
    writer.delete(&key(2)).unwrap();
    writer.delete_revision(&key(99), revision).unwrap();
    let newest = writer.commit().unwrap();
    // The newest generation alone: with the one before, a damaged file may be one nobody reads. What
    // remembers the commit is not part of it.
    let named = |name: &String| match parse(name) {
        Some(Name::Manifest(generation)) => generation == newest,
        Some(Name::Committed(..)) => false,
        _ => true,
    };
    let names = storage.list().unwrap();
    names
        .iter()
        .filter(|name| named(name))
        .map(|name| (name.clone(), read(&storage, name)))
        .collect()
}

fn read(storage: &MemoryStorage, name: &str) -> Vec<u8> {
    storage.open(name).unwrap().unwrap().to_vec()
}

/// Everything a user could ask of it.
#[derive(Debug, PartialEq)]
struct Answers {
    contents: BTreeMap<Key, Document>,
    hits: Vec<Vec<(Key, f32)>>,
    vectors: Vec<Option<Vec<f32>>>,
}

fn ask(snapshot: &Snapshot) -> Result<Answers> {
    let filters = [
        Filter::All,
        Filter::mesh("heading 1"),
        Filter::major("D001000"),
        Filter::years(1995, 2000),
        Filter::Language("ger".into()),
        Filter::Field { name: "tags".into(), test: FieldTest::Is("t1".into()) },
        Filter::Field { name: "count".into(), test: FieldTest::Integer { from: 0, to: 3 } },
        Filter::Field { name: "weight".into(), test: FieldTest::Float { from: 0.5, to: 2.0 } },
    ];
    let mut hits = Vec::new();
    for filter in filters {
        let all = Accuracy::Effort { probes: 100, candidates: 100 };
        let queries = [
            Query::vector(vector(4, 9)).exact(),
            Query::vector(vector(4, 9)).accuracy(all),
            Query::matching(Filter::All),
        ];
        for query in queries {
            let result = snapshot.search(&query.k(20).filter(filter.clone()))?;
            hits.push(result.hits.into_iter().map(|hit| (hit.key, hit.score)).collect());
        }
    }
    let mut vectors = Vec::new();
    for number in 0..12 {
        let hash = document(number, 0).encoder_input().hash();
        vectors.push(snapshot.stored_vector(&key(number), hash)?);
        snapshot.revision(&key(number))?;
    }
    snapshot.stats()?;
    Ok(Answers { contents: contents(snapshot)?, hits, vectors })
}

/// Opens the files, asks everything, and verifies, by every rule and by checksums alone.
fn open_and_ask(files: &Files) -> (Result<Answers>, [Result<()>; 2]) {
    let storage = MemoryStorage::with_files(files.clone());
    let database = match Database::open_in(Arc::new(storage)) {
        Ok(database) => database,
        Err(error) => {
            let unopened = || Err(Error::encoder("none", error.to_string()));
            let verified = [unopened(), unopened()];
            return (Err(error), verified);
        }
    };
    let snapshot = database.snapshot();
    let control = Control::default();
    let verified = [snapshot.verify(&control), snapshot.verify_checksums(&control)];
    (ask(&snapshot), verified.map(|verified| verified.map(|_| ())))
}

/// The answers of damaged files must be an error that names a file, or those of the sound ones; and
/// `verify` must find the damage.
fn check(files: &Files, sound: &Answers, what: &str) {
    let (answers, verified) = open_and_ask(files);
    match answers {
        Ok(answers) => assert_eq!(&answers, sound, "{what}: other answers"),
        Err(Error::Corrupt { file, .. } | Error::Unsupported { file, .. }) => {
            assert!(parse(&file).is_some(), "{what}: names {file}");
        }
        Err(Error::NotFound { .. }) => {}
        Err(error) => panic!("{what}: {error}"),
    }
    assert!(verified.iter().all(Result::is_err), "{what}: {verified:?}");
}

/// Runs `one` for every number below `count` on all cores.
fn everywhere(count: usize, one: impl Fn(usize) + Sync) {
    let workers = std::thread::available_parallelism().map_or(1, |workers| workers.get());
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let one = &one;
            scope.spawn(move || (worker..count).step_by(workers).for_each(one));
        }
    });
}

#[test]
fn every_changed_byte_is_an_error_or_changes_nothing() {
    let files = rich();
    let (sound, verified) = open_and_ask(&files);
    let sound = sound.unwrap();
    assert!(verified.iter().all(Result::is_ok), "{verified:?}");
    for name in files.keys() {
        let length = files[name].len();
        println!("{name}: {length} bytes");
        everywhere(length, |place| {
            for mask in [1 << (place % 8), 0xff] {
                let mut damaged = files.clone();
                damaged.get_mut(name).unwrap()[place] ^= mask;
                check(&damaged, &sound, &format!("{name} byte {place} xor {mask:#x}"));
            }
        });
    }
}

#[test]
fn every_other_length_is_an_error() {
    let files = rich();
    let sound = open_and_ask(&files).0.unwrap();
    for name in files.keys() {
        let length = files[name].len();
        everywhere(length, |cut| {
            let mut damaged = files.clone();
            damaged.get_mut(name).unwrap().truncate(cut);
            check(&damaged, &sound, &format!("{name} cut to {cut}"));
        });
        for more in [1, 7, 64, 4096] {
            let mut damaged = files.clone();
            damaged.get_mut(name).unwrap().extend(vec![0; more]);
            check(&damaged, &sound, &format!("{name} with {more} more"));
        }
        for block in (0..length).step_by(512) {
            let mut damaged = files.clone();
            let bytes = damaged.get_mut(name).unwrap();
            let end = (block + 512).min(length);
            if bytes[block..end].iter().any(|byte| *byte != 0) {
                bytes[block..end].fill(0);
                check(&damaged, &sound, &format!("{name} zeroed at {block}"));
            }
        }
    }
}

#[test]
fn missing_and_swapped_files_are_found() {
    let files = rich();
    let sound = open_and_ask(&files).0.unwrap();
    for name in files.keys().filter(|name| *name != "LOCK") {
        let mut damaged = files.clone();
        damaged.remove(name);
        check(&damaged, &sound, &format!("{name} missing"));
        for other in files.keys().filter(|other| *other > name) {
            let mut damaged = files.clone();
            damaged.insert(name.clone(), files[other].clone());
            damaged.insert(other.clone(), files[name].clone());
            check(&damaged, &sound, &format!("{name} and {other} swapped"));
        }
    }
}

#[test]
fn a_file_of_another_database_is_refused() {
    let (files, other) = (rich(), rich());
    let sound = open_and_ask(&files).0.unwrap();
    // A codebook or vocabulary is named after its content: one of the same name is the same.
    let shared = ["manifest-", "codebook-", "mesh-"];
    let own = |name: &&String| !shared.iter().any(|kind| name.starts_with(kind));
    for name in files.keys().filter(own) {
        let mut damaged = files.clone();
        damaged.insert(name.clone(), other[name].clone());
        check(&damaged, &sound, &format!("{name} of another database"));
    }
}

#[test]
fn repair_saves_what_can_be_read_and_says_what_is_lost() {
    let files = rich();
    let sound = open_and_ask(&files).0.unwrap();
    let segment = files.keys().find(|name| name.starts_with("segment-")).unwrap();
    let mut damaged = files.clone();
    let middle = damaged[segment].len() / 2;
    damaged.get_mut(segment).unwrap()[middle] ^= 0x10;

    let storage = MemoryStorage::with_files(damaged);
    let plan = Database::repair_in(&storage, false).unwrap();
    assert_eq!(plan.segments.len(), 1);
    assert_eq!(plan.published, None);
    assert!(
        Database::open_in(Arc::new(storage.clone()))
            .and_then(|database| database.snapshot().verify(&Control::default()))
            .is_err()
    );

    let report = Database::repair_in(&storage, true).unwrap();
    assert!(report.published.is_some());
    let database = Database::open_in(Arc::new(storage.clone())).unwrap();
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(snapshot.len(), report.documents_kept);
    let lost: u64 = report.segments.iter().map(|segment| segment.lost).sum();
    assert_eq!(snapshot.len() + lost, sound.contents.len() as u64);
    for (key, document) in contents(&snapshot).unwrap() {
        assert_eq!(document, sound.contents[&key]);
    }
    assert!(storage.list().unwrap().iter().any(|name| name.starts_with("damaged-segment-")));
    assert!(Database::repair_in(&storage, false).unwrap().is_clean());
}

/// Half of the vectors are damaged; a filter keeps rows of the other half.
#[test]
fn a_search_of_few_rows_reads_no_others() {
    let storage = MemoryStorage::new();
    let config = VectorConfig::new(32 * common::DIMENSION, Metric::Cosine, RowType::Int8, None);
    let options = CreateOptions::default().vectors(Some(config));
    let database = Database::create_in(Arc::new(storage.clone()), options).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let wide = |number: u64| (0..32).flat_map(|part| vector(number, part)).collect();
    let few: Vec<Key> = (0..1500).step_by(100).map(key).collect();
    for number in 0..3000 {
        let mut document = Document::new(key(number));
        document.title = if few.contains(&document.key) { "rare" } else { "common" }.into();
        writer.upsert_with_vector(document, wide(number)).unwrap();
    }
    writer.commit().unwrap();
    drop(writer);
    let sound = database.snapshot();
    let mut files: Files = storage
        .list()
        .unwrap()
        .into_iter()
        .map(|name| {
            let bytes = read(&storage, &name);
            (name, bytes)
        })
        .collect();
    let (name, bytes) = files.iter_mut().find(|(name, _)| name.starts_with("segment-")).unwrap();
    let section =
        Frame::parse(name, FileKind::Segment, bytes).unwrap().section(SECTION_VECTORS).unwrap();
    // Past the blocks that rows of the first half reach into.
    let from = (section.offset + section.length * 3 / 4) as usize;
    bytes[from..from + 100].iter_mut().for_each(|byte| *byte ^= 1);
    let database = Database::open_in(Arc::new(MemoryStorage::with_files(files))).unwrap();
    let damaged = database.snapshot();
    let query = || Query::vector(wide(7)).k(20);
    let of_few = query().filter(Filter::Keys(few.clone()));
    let found = damaged.search(&of_few).unwrap().hits;
    assert_eq!(found, sound.search(&of_few).unwrap().hits);
    assert_eq!(found.len(), few.len());
    let by_both = Query::text("rare").with_vector(wide(7)).k(20).filter(Filter::Keys(few.clone()));
    assert_eq!(damaged.search(&by_both).unwrap().hits, sound.search(&by_both).unwrap().hits);
    match damaged.search(&query()) {
        Err(Error::Corrupt { rule: Rule::BlockChecksum, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_damaged_codebook_costs_the_index_and_nothing_else() {
    let files = rich();
    let sound = open_and_ask(&files).0.unwrap();
    let name = files.keys().find(|name| name.starts_with("codebook-")).unwrap();
    let mut damaged = files.clone();
    let middle = damaged[name].len() / 2;
    damaged.get_mut(name).unwrap()[middle] ^= 0x10;
    let storage = MemoryStorage::with_files(damaged);
    let report = Database::repair_in(&storage, true).unwrap();
    assert_eq!((report.codebooks.len(), report.segments.len()), (1, 0));
    assert!(storage.list().unwrap().iter().any(|name| name.starts_with("damaged-codebook-")));

    let database = Database::open_in(Arc::new(storage)).unwrap();
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert_eq!(ask(&snapshot).unwrap(), sound);
    let options = WriterOptions::default().index_rows_min(4).train_rows_min(6);
    let mut writer = database.writer(options).unwrap();
    let report = writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    assert!(report.lists > 0 && report.compact.encoded > 0);
    assert_eq!(contents(&database.snapshot()).unwrap(), sound.contents);
}

#[test]
fn a_damaged_vocabulary_costs_what_it_says_and_nothing_else() {
    let files = rich();
    let sound = open_and_ask(&files).0.unwrap();
    let name = files.keys().find(|name| name.starts_with("mesh-")).unwrap();
    let below = |snapshot: &Snapshot| {
        let query = Query::matching(Filter::mesh("Number 1")).allow_unknown_names();
        snapshot.search(&query).map(|found| found.matched)
    };
    for is_missing in [false, true] {
        let mut damaged = files.clone();
        if is_missing {
            damaged.remove(name);
        } else {
            let middle = damaged[name].len() / 2;
            damaged.get_mut(name).unwrap()[middle] ^= 0x10;
        }
        let storage = MemoryStorage::with_files(damaged);
        let plan = Database::repair_in(&storage, false).unwrap();
        assert_eq!(plan.mesh.as_ref().map(|(found, _)| found), Some(name));
        let report = Database::repair_in(&storage, true).unwrap();
        assert!(report.mesh.is_some() && report.segments.is_empty() && report.codebooks.is_empty());
        let aside = storage.list().unwrap().iter().any(|name| name.starts_with("damaged-mesh-"));
        assert_eq!(aside, !is_missing);

        let database = Database::open_in(Arc::new(storage.clone())).unwrap();
        let snapshot = database.snapshot();
        snapshot.verify(&Control::default()).unwrap();
        assert!(snapshot.manifest().mesh.is_none());
        assert_eq!(contents(&snapshot).unwrap(), sound.contents);
        assert_eq!(below(&snapshot).unwrap(), 0, "the library's vocabulary has no such heading");
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        writer.set_mesh(Some(&vocabulary(2020))).unwrap();
        writer.commit().unwrap();
        let snapshot = database.snapshot();
        snapshot.verify(&Control::default()).unwrap();
        assert_eq!(ask(&snapshot).unwrap(), sound);
        assert!(below(&snapshot).unwrap() > 0);
    }
}

#[test]
fn a_damaged_newest_manifest_is_an_error_and_repair_goes_back() {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for edition in 0..2 {
        writer.upsert_with_vector(document(edition, 0), vector(edition, 0)).unwrap();
        writer.commit().unwrap();
    }
    drop(writer);
    let mut files: Files = storage
        .list()
        .unwrap()
        .into_iter()
        .map(|name| (name.clone(), read(&storage, &name)))
        .collect();
    let newest = files.keys().rfind(|name| name.starts_with("manifest")).unwrap().clone();
    files.get_mut(&newest).unwrap()[70] ^= 4;
    let storage = MemoryStorage::with_files(files);
    match Database::open_in(Arc::new(storage.clone())) {
        Err(Error::Corrupt { file, .. }) => assert_eq!(file, newest),
        other => panic!("{:?}", other.map(|database| database.snapshot().generation())),
    }
    let report = Database::repair_in(&storage, true).unwrap();
    assert_eq!(report.lost_generations.len(), 1);
    // What the lost generation added lies in a segment of its own, and is kept.
    assert_eq!(report.adopted.len(), 1);
    let database = Database::open_in(Arc::new(storage)).unwrap();
    assert_eq!(database.snapshot().len(), 2);
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.upsert_with_vector(document(5, 0), vector(5, 0)).unwrap();
    writer.commit().unwrap();
    assert_eq!(database.snapshot().len(), 3);
}

/// A forged state: one segment under two names, each intact.
#[test]
fn a_document_that_is_live_twice_is_found() {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.upsert_with_vector(document(1, 0), vector(1, 0)).unwrap();
    writer.commit().unwrap();
    let mut manifest = database.snapshot().manifest().clone();
    let mut twin = manifest.segments[0].clone();
    twin.id = SegmentId(twin.id.0 + 1);
    manifest.next_segment = SegmentId(twin.id.0 + 1);
    manifest.generation = Generation(manifest.generation.0 + 1);
    let copy = read(&storage, &segment_name(manifest.segments[0].id));
    let mut files: Files = [(segment_name(twin.id), copy.clone())].into();
    files.insert(segment_name(manifest.segments[0].id), copy);
    manifest.segments.push(twin);
    let (bytes, _) = manifest::encode(&manifest, [9; 16]).unwrap();
    files.insert(manifest_name(manifest.generation), bytes);
    let forged = Database::open_in(Arc::new(MemoryStorage::with_files(files))).unwrap();
    match forged.snapshot().verify(&Control::default()) {
        Err(Error::Corrupt { rule: Rule::UniqueKey, .. }) => {}
        other => panic!("{other:?}"),
    }
}
