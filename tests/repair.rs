//! Repair as a campaign: every kind of damage to every file, and every failure of the storage while it
//! works. Afterwards the database verifies, no document is live twice, nothing that an intact file holds
//! is lost, a second repair has nothing to do, and an undo brings every byte back.
//!
//! `MEDVEC_REPAIR_FAULTS=1 cargo test --release --no-default-features --test repair` fails every call of
//! every repair, instead of a sample.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::workload::encoder;
use common::{DIMENSION, Random, contents, create_options, document, key, vector};
use medvec::db::{
    Change, CreateOptions, Database, Maintenance, OptimizeOptions, RepairReport, WriterOptions,
};
use medvec::encoder::EncoderSpec;
use medvec::format::frame::{FileKind, Frame};
use medvec::format::manifest::{RowType, SourceDigest, SourceEntry};
use medvec::format::names::{Name, parse, segment_name};
use medvec::format::segment::SECTION_BLOCKS;
use medvec::ids::{Key, Revision, SegmentId};
use medvec::search::{Filter, Query};
use medvec::storage::sim::{Fault, FaultKind, SimStorage};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Document, Error, Metric};

type Files = BTreeMap<String, Vec<u8>>;

/// A database of several segments, and what is in it.
struct Sound {
    files: Files,
    contents: BTreeMap<Key, Document>,
    /// The segment that holds the newest edition of each document.
    homes: BTreeMap<Key, SegmentId>,
}

fn sound() -> Sound {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let options = WriterOptions::default().index_rows_min(4).train_rows_min(6);
    let mut writer = database.writer(options).unwrap();
    for number in 0..10 {
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
    }
    writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    let revision = |file| Revision { file, position: 3, version: 1 };
    let put = |writer: &mut medvec::db::Writer, number, edition, revision| {
        let (document, vector) = (document(number, edition), Some(vector(number, edition)));
        writer.apply(vec![Change { document, revision, vector }]).unwrap();
    };
    for number in 7..12 {
        put(&mut writer, number, 1, None);
    }
    // Editions that replace each other inside of one segment.
    put(&mut writer, 11, 2, None);
    put(&mut writer, 20, 1, Some(revision(26_000_001)));
    put(&mut writer, 21, 1, Some(revision(26_000_001)));
    writer.delete(&key(2)).unwrap();
    writer.commit().unwrap();
    for number in [8, 11, 1, 30] {
        put(&mut writer, number, 3, None);
    }
    writer.delete(&key(5)).unwrap();
    writer.delete_revision(&key(20), revision(26_000_002)).unwrap();
    writer.commit().unwrap();
    let snapshot = database.snapshot();
    let all = Query::matching(Filter::All).k(1000);
    let hits = snapshot.search(&all).unwrap().hits;
    Sound {
        files: files(&storage),
        contents: contents(&snapshot).unwrap(),
        homes: hits.into_iter().map(|hit| (hit.key, hit.segment)).collect(),
    }
}

fn files(storage: &dyn Storage) -> Files {
    let read = |name: String| (name.clone(), storage.open(&name).unwrap().unwrap().to_vec());
    storage.list().unwrap().into_iter().map(read).collect()
}

/// A damaged state, and the names of the files that are not intact.
struct Damaged {
    what: String,
    files: Files,
    names: BTreeSet<String>,
}

/// Every kind of damage to every file, some of each.
fn damages(sound: &Files, flips: usize) -> Vec<Damaged> {
    let mut all = Vec::new();
    let mut add = |what: String, names: &[&String], change: &dyn Fn(&mut Files)| {
        let mut files = sound.clone();
        change(&mut files);
        let names = names.iter().map(|name| (*name).clone()).collect();
        all.push(Damaged { what, files, names });
    };
    for (name, bytes) in sound {
        let length = bytes.len();
        for place in
            (0..flips).map(|n| n * length.saturating_sub(1) / flips.max(2).saturating_sub(1))
        {
            if place < length {
                add(format!("{name}: byte {place} flipped"), &[name], &|files| {
                    files.get_mut(name).unwrap()[place] ^= 0x10;
                });
            }
        }
        for left in BTreeSet::from([0, length / 2, length.saturating_sub(1)]) {
            if left < length {
                add(format!("{name}: cut to {left}"), &[name], &|files| {
                    files.get_mut(name).unwrap().truncate(left);
                });
            }
        }
        add(format!("{name}: extended"), &[name], &|files| files.get_mut(name).unwrap().push(7));
        add(format!("{name}: removed"), &[name], &|files| {
            files.remove(name);
        });
        for other in sound.keys().filter(|other| *other > name) {
            add(format!("{name} and {other}: swapped"), &[name, other], &|files| {
                files.insert(name.clone(), sound[other].clone());
                files.insert(other.clone(), sound[name].clone());
            });
        }
    }
    all
}

fn is_manifest(name: &str) -> bool {
    matches!(parse(name), Some(Name::Manifest(_)))
}

/// What must hold after a repair, whatever happened.
fn check(storage: &dyn Storage, sound: &Sound, damaged: &Damaged, report: Option<&RepairReport>) {
    let what = &damaged.what;
    let copy = Arc::new(MemoryStorage::with_files(files(storage)));
    let database =
        Database::open_in(copy.clone()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap_or_else(|error| panic!("{what}: {error}"));
    let found = contents(&snapshot).unwrap();
    let again = Database::repair_in(&*copy, true).unwrap();
    assert!(again.is_clean() && again.published.is_none(), "{what}: {again:?}");
    assert_eq!(again.documents_kept, found.len() as u64, "{what}");

    let intact = |id: &SegmentId| !damaged.names.contains(&segment_name(*id));
    // Without the manifest and what remembers it nothing tells newer segments from leftovers.
    let manifests: Vec<&String> = sound.files.keys().filter(|name| is_manifest(name)).collect();
    let marker = damaged.names.iter().any(|name| name.starts_with("committed-"));
    if damaged.names.contains(manifests[manifests.len() - 1]) && marker {
        return;
    }
    for (key, document) in &sound.contents {
        match found.get(key) {
            Some(found) if damaged.names.len() == 1 => assert_eq!(found, document, "{what}"),
            Some(_) => {}
            None => assert!(!intact(&sound.homes[key]), "{what}: {key} is lost"),
        }
    }
    if what.starts_with("segment-") && what.ends_with("extended") {
        assert_eq!(&found, &sound.contents, "{what}: what was appended cost rows");
    }
    let returned = found.keys().filter(|key| !sound.contents.contains_key(key)).count() as u64;
    let Some(report) = report else { return };
    let may_return: u64 = report.segments.iter().map(|segment| segment.may_return).sum();
    if report.lost_generations.is_empty() {
        assert!(
            returned <= may_return,
            "{what}: {returned} deleted documents are back, {report:?}"
        );
    }
    // One that was deleted at a revision never comes back.
    assert!(!found.contains_key(&key(20)) || damaged.names.len() > 1, "{what}");
}

#[test]
fn whatever_is_damaged_repair_saves_the_rest_and_can_be_undone() {
    let sound = sound();
    assert!(sound.homes.values().collect::<BTreeSet<_>>().len() >= 3, "several segments");
    let damages = damages(&sound.files, 9);
    let (mut clean, mut repaired, mut refused) = (0, 0, 0);
    for damaged in &damages {
        let what = &damaged.what;
        let storage = MemoryStorage::with_files(damaged.files.clone());
        let plan = Database::repair_in(&storage, false);
        assert_eq!(files(&storage), damaged.files, "{what}: a plan changes nothing");
        let report = match Database::repair_in(&storage, true) {
            Ok(report) => report,
            Err(Error::Corrupt { file, .. }) => {
                // Both manifests at once: there is nothing to start from.
                assert!(
                    plan.is_err() && damaged.names.iter().all(|name| is_manifest(name)),
                    "{what}: {file}"
                );
                assert_eq!(files(&storage), damaged.files, "{what}");
                refused += 1;
                continue;
            }
            Err(error) => panic!("{what}: {error}"),
        };
        assert_eq!(plan.unwrap().is_clean(), report.is_clean(), "{what}");
        check(&storage, &sound, damaged, Some(&report));
        if report.is_clean() {
            assert_eq!(files(&storage), damaged.files, "{what}: nothing to do");
            assert!(Database::undo_repair_in(&storage).is_err(), "{what}");
            clean += 1;
            continue;
        }
        repaired += 1;
        let undone = Database::undo_repair_in(&storage).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(Some(undone.undone), report.published);
        assert_eq!(files(&storage), damaged.files, "{what}: undone");
    }
    println!(
        "{} damages: {repaired} repaired, {clean} without effect, {refused} refused",
        damages.len()
    );
    assert!(repaired > 100 && clean > 0);
}

#[test]
fn a_failure_of_the_storage_is_never_damage() {
    let sound = sound();
    let all = std::env::var_os("MEDVEC_REPAIR_FAULTS").is_some();
    let mut chosen: Vec<Damaged> = damages(&sound.files, 3);
    if !all {
        let mut seen = BTreeSet::new();
        // One flip and one removal of a file of each kind.
        chosen.retain(|damaged| {
            let kind = |word: &str| {
                damaged.what.split(['-', ' ']).next().map(|kind| format!("{kind} {word}"))
            };
            let word = ["flipped", "removed"].into_iter().find(|word| damaged.what.ends_with(word));
            word.is_some_and(|word| seen.insert(kind(word)))
        });
    }
    let nothing =
        Damaged { what: "nothing".into(), files: sound.files.clone(), names: BTreeSet::new() };
    chosen.push(nothing);
    let mut runs = 0;
    for damaged in &chosen {
        let stride = if all { 1 } else { 11 };
        for (place, kind) in FaultKind::ALL.into_iter().enumerate() {
            for call in (place % stride..).step_by(stride) {
                let memory = MemoryStorage::with_files(damaged.files.clone());
                let storage = SimStorage::on(&memory).unwrap();
                storage.fail_at(call, Fault { kind, persistent: false });
                let outcome = Database::repair_in(&storage, true);
                let struck = storage.struck() > 0;
                storage.heal();
                let what = format!("{}, {kind:?} at call {call}", damaged.what);
                runs += 1;
                match &outcome {
                    Err(Error::CommitUnknown { .. }) => {
                        check(&storage, &sound, damaged, None);
                    }
                    Err(error) => {
                        assert!(
                            struck || matches!(error, Error::Corrupt { .. }),
                            "{what}: {error}"
                        );
                        let left = files(&storage);
                        assert_eq!(left, damaged.files, "{what}: {error}");
                    }
                    Ok(report) if report.is_clean() => assert_eq!(files(&storage), damaged.files),
                    Ok(report) => check(&storage, &sound, damaged, Some(report)),
                }
                if !struck {
                    break;
                }
            }
        }
    }
    println!("{runs} repairs with a failing call");
    assert!(runs > 200);
}

/// A repair is cut short at every step: nothing that it keeps is lost by what follows.
#[test]
fn a_repair_that_is_killed_can_still_be_undone() {
    let sound = sound();
    let segment = sound.files.keys().find(|name| name.starts_with("segment-")).unwrap();
    let mut damaged = sound.files.clone();
    let middle = damaged[segment].len() / 2;
    damaged.get_mut(segment).unwrap()[middle] ^= 0x10;
    let memory = MemoryStorage::with_files(damaged.clone());
    let storage = SimStorage::on(&memory).unwrap();
    Database::repair_in(&storage, true).unwrap();
    let mut repaired = 0;
    for at in 0..=storage.log_len() {
        for image in storage.crash_images_with(at, 1, 2) {
            let is_repaired = match Database::open_in(Arc::new(image.clone())) {
                Ok(database) => {
                    // A writer that comes now takes none of it for leftovers.
                    drop(database.writer(WriterOptions::default()).unwrap());
                    database.snapshot().verify(&Control::default()).is_ok()
                }
                Err(Error::Corrupt { .. }) => false,
                Err(error) => panic!("operation {at}: {error}"),
            };
            if !is_repaired {
                let report = Database::repair_in(&image, true).unwrap();
                assert_eq!(report.segments.len(), 1, "operation {at}");
            }
            repaired += u32::from(is_repaired);
            Database::undo_repair_in(&image).unwrap();
            let mut left = files(&image);
            left.retain(|name, _| !name.starts_with("repair-"));
            assert_eq!(left, damaged, "operation {at}");
        }
    }
    assert!(repaired > 10, "{repaired}");
}

/// What an older repair left behind: an old edition that is live again, in the segment of the greatest
/// number.
#[test]
fn a_document_that_is_live_twice_is_settled() {
    let (storage, newest) = twice();
    let report = Database::repair_in(&storage, true).unwrap();
    assert_eq!((report.duplicates, report.segments.len()), (1, 0), "{report:?}");
    let database = Database::open_in(Arc::new(storage.clone())).unwrap();
    database.snapshot().verify(&Control::default()).unwrap();
    assert_eq!(database.snapshot().get(&newest.key).unwrap(), Some(newest));
    assert!(Database::repair_in(&storage, true).unwrap().is_clean());
}

/// A forged state: the manifest forgets which rows of the first segment were replaced.
fn twice() -> (MemoryStorage, Document) {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for edition in 0..2 {
        writer.upsert_with_vector(document(1, edition), vector(1, edition)).unwrap();
        writer.commit().unwrap();
    }
    let mut manifest = database.snapshot().manifest().clone();
    manifest.generation.0 += 1;
    manifest.segments[0].tombstones = None;
    let (bytes, _) = medvec::format::manifest::encode(&manifest, [9; 16]).unwrap();
    let mut all = files(&storage);
    all.insert(medvec::format::names::manifest_name(manifest.generation), bytes);
    let forged = MemoryStorage::with_files(all);
    let opened = Database::open_in(Arc::new(forged.clone())).unwrap();
    assert!(opened.snapshot().verify(&Control::default()).is_err());
    (forged, document(1, 1))
}

/// A merge built beside the writer carries an old edition, deleted, in a segment of a greater number than the newer
/// edition's; then the newest manifest is lost, or the list of what the merge carries.
#[test]
fn an_old_edition_that_a_merge_carries_replaces_nothing() {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let put = |writer: &mut medvec::db::Writer, number, edition| {
        writer.upsert_with_vector(document(number, edition), vector(number, edition)).unwrap();
        writer.commit().unwrap();
    };
    let options = || WriterOptions::default().lock_wait(Some(std::time::Duration::from_secs(60)));
    let mut writer = database.writer(options()).unwrap();
    for number in 0..8 {
        put(&mut writer, number, 0);
    }
    let other = database.clone();
    let merging = std::thread::spawn(move || {
        other.maintainer(options()).unwrap().compact(&Control::default()).unwrap()
    });
    while !storage.list().unwrap().iter().any(|name| name.starts_with("building-")) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    put(&mut writer, 3, 1);
    drop(writer);
    assert!(merging.join().unwrap().merged > 0);
    let mut writer = database.writer(options()).unwrap();
    put(&mut writer, 20, 0);
    put(&mut writer, 21, 0);
    drop(writer);
    let sound = files(&storage);
    let segments = database.snapshot().manifest().segments.clone();
    let carried =
        segments.iter().find(|entry| entry.tombstones.is_some()).expect("it was replaced");
    let newer = database.snapshot().search(&Query::matching(Filter::All).k(100)).unwrap().hits;
    let newer = newer.into_iter().find(|hit| hit.key == key(3)).unwrap();
    assert!(newer.segment < carried.id, "{segments:?}");
    let newest = sound.keys().rfind(|name| is_manifest(name)).unwrap();
    let list = sound.keys().find(|name| name.starts_with("tombstones-")).unwrap();
    for name in [newest, list] {
        let mut damaged = sound.clone();
        damaged.get_mut(name).unwrap()[40] ^= 1;
        let storage = MemoryStorage::with_files(damaged);
        let report = Database::repair_in(&storage, true).unwrap();
        let database = Database::open_in(Arc::new(storage)).unwrap();
        database.snapshot().verify(&Control::default()).unwrap();
        let found = database.snapshot().get(&key(3)).unwrap();
        assert_eq!(found, Some(document(3, 1)), "{name}: {report:?}");
        assert_eq!((report.duplicates, database.snapshot().len()), (0, 10), "{name}");
    }
}

#[test]
fn what_was_deleted_by_hand_is_known_without_its_list() {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let record = |number| Revision { file: 26_000_001, position: number as u32, version: 1 };
    for (numbers, edition, deleted) in [(0..4, 0, &[0, 1, 2][..]), (1..3, 1, &[2])] {
        for number in numbers {
            let (document, vector) = (document(number, edition), Some(vector(number, edition)));
            let revision = (edition == 0).then(|| record(number));
            writer.apply(vec![Change { document, revision, vector }]).unwrap();
        }
        assert!(deleted.iter().all(|number| writer.delete(&key(*number)).unwrap()));
        writer.commit().unwrap();
    }
    let expected = contents(&database.snapshot()).unwrap();
    assert_eq!(expected.keys().collect::<Vec<_>>(), [&key(1), &key(3)]);
    let kept = files(&storage).into_iter().filter(|(name, _)| !name.starts_with("tombstones-"));
    let storage = MemoryStorage::with_files(kept);
    Database::repair_in(&storage, true).unwrap();
    let database = Database::open_in(Arc::new(storage)).unwrap();
    assert_eq!(contents(&database.snapshot()).unwrap(), expected);
}

/// Undone, a repair gives its number back: the next commit has the same one, and is another.
#[test]
fn a_reader_of_a_repair_that_was_undone_sees_what_is_committed_in_its_place() {
    let sound = sound();
    let segment = sound.files.keys().rfind(|name| name.starts_with("segment-")).unwrap();
    let mut damaged = sound.files.clone();
    damaged.remove(segment);
    let storage = MemoryStorage::with_files(damaged);
    Database::repair_in(&storage, true).unwrap();
    let reader = Database::open_in(Arc::new(storage.clone())).unwrap();
    let repaired = reader.snapshot().generation();
    Database::undo_repair_in(&storage).unwrap();
    let mut file = storage.create(segment).unwrap();
    file.write(&sound.files[segment]).unwrap();
    file.sync().unwrap();
    let put = |database: &Database, number| {
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        writer.upsert_with_vector(document(number, 0), vector(number, 0)).unwrap();
        writer.commit().unwrap()
    };
    assert_eq!(put(&Database::open_in(Arc::new(storage.clone())).unwrap(), 50), repaired);
    put(&reader, 51);
    let database = Database::open_in(Arc::new(storage)).unwrap();
    database.snapshot().verify(&Control::default()).unwrap();
    let mut expected = sound.contents;
    expected.extend([50, 51].map(|number| (key(number), document(number, 0))));
    assert_eq!(contents(&database.snapshot()).unwrap(), expected);
}

/// A source that was read to its end.
fn source(name: &str, records: u64) -> SourceEntry {
    SourceEntry {
        name: name.to_owned(),
        bytes: 100,
        head: [7; 16],
        records,
        complete: true,
        digest: Some(SourceDigest { bytes: 100, hash: [1; 32], place: [2; 16] }),
    }
}

/// A document of which few fit into a block.
fn long_document(random: &mut Random, number: u32) -> Document {
    let mut document = Document::new(Key::pmid(number + 1));
    document.title = (0..500).map(|_| format!("{:016x} ", random.next())).collect();
    document
}

/// Damages documents of a segment.
fn flip_documents(segment: u64) -> impl Fn(&mut Files) {
    let name = segment_name(SegmentId(segment));
    move |files: &mut Files| {
        let bytes = files.get_mut(&name).unwrap();
        let frame = Frame::parse(&name, FileKind::Segment, bytes).unwrap();
        let documents = frame.sections.iter().find(|section| section.kind == SECTION_BLOCKS);
        let documents = documents.unwrap();
        let place = (documents.offset + documents.length / 2) as usize;
        bytes[place] ^= 1;
    }
}

/// What is lost is not what was read.
#[test]
fn sources_of_what_is_lost_count_as_not_read() {
    let storage = MemoryStorage::new();
    let database =
        Database::create_in(Arc::new(storage.clone()), CreateOptions::default().lexical(None))
            .unwrap();
    let options = WriterOptions::default().maintenance(Maintenance::Off);
    let mut writer = database.writer(options).unwrap();
    // A segment per file, the second with two, and one that brought nothing.
    let mut random = Random(1);
    writer.set_source(source("pubmed26n0009.xml.gz", 0));
    for (segment, files) in [vec![1], vec![2, 3], vec![]].into_iter().enumerate() {
        for file in &files {
            writer.set_source(source(&format!("pubmed26n{file:04}.xml.gz"), 30));
        }
        for number in 0..30 {
            let document = long_document(&mut random, segment as u32 * 100 + number);
            let file = files.get(number as usize % files.len().max(1));
            let revision =
                file.map(|file| Revision { file: 26_000_000 + file, position: number, version: 1 });
            writer.apply(vec![Change { document, revision, vector: None }]).unwrap();
        }
        writer.commit().unwrap();
    }
    writer.set_source(source("mine.jsonl", 30));
    writer.commit().unwrap();
    drop((writer, database));
    let sound = files(&storage);
    let unread_after = |damage: &dyn Fn(&mut Files)| {
        let mut damaged = sound.clone();
        damage(&mut damaged);
        let storage = MemoryStorage::with_files(damaged);
        let report = Database::repair_in(&storage, true).unwrap();
        let database = Database::open_in(Arc::new(storage)).unwrap();
        let snapshot = database.snapshot();
        let entries = snapshot.manifest().sources.iter();
        let again = entries.clone().filter(|entry| !entry.complete);
        assert!(again.clone().all(|entry| entry.records == 0 && entry.digest.unwrap().bytes == 0));
        let again: Vec<String> = again.map(|entry| entry.name.clone()).collect();
        assert_eq!(report.unread, again);
        assert_eq!(entries.len(), 5, "all are remembered");
        let lost = 90 - snapshot.len();
        (lost, again)
    };
    let (lost, again) = unread_after(&flip_documents(1));
    assert!(0 < lost && lost < 30, "{lost}");
    assert_eq!(again, ["pubmed26n0001.xml.gz"]);
    let (_, again) = unread_after(&flip_documents(2));
    assert_eq!(again, ["pubmed26n0002.xml.gz", "pubmed26n0003.xml.gz"]);
    let (_, again) = unread_after(&flip_documents(3));
    assert_eq!(again, ["mine.jsonl"]);
    let (lost, again) = unread_after(&|files| {
        files.remove(&segment_name(SegmentId(1)));
    });
    assert_eq!((lost, again.len()), (30, 4), "nothing says where they came from");
    let (lost, again) = unread_after(&|files| {
        files.get_mut(&segment_name(SegmentId(1))).unwrap().push(7);
    });
    assert_eq!((lost, again.len()), (0, 0), "nothing is lost");
}

/// An encoder makes them again with the texts; those of an origin may be in any file.
#[test]
fn files_that_are_not_nlms_are_read_again_for_vectors_that_no_encoder_makes() {
    let encoder = encoder();
    let origin = EncoderSpec::of_origin("elsewhere", DIMENSION, Metric::Cosine);
    let made = WriterOptions::with_encoder(encoder.clone());
    let given = WriterOptions::default().origin(Some(origin.clone()));
    let [citations, others] = ["pubmed26n0001.xml.gz", "vectors.npy"];
    let mut random = Random(2);
    for (spec, options, again) in
        [(encoder.spec(), made, vec![citations]), (&origin, given, vec![citations, others])]
    {
        let storage = MemoryStorage::new();
        let create = CreateOptions::for_encoder(spec, RowType::Int8);
        let database = Database::create_in(Arc::new(storage.clone()), create).unwrap();
        let mut writer = database.writer(options).unwrap();
        writer.set_source(source(citations, 1));
        writer.set_source(source(others, 1));
        for number in 0..30 {
            let document = long_document(&mut random, number);
            let revision = Some(Revision { file: 26_000_001, position: number, version: 1 });
            let vector = Some(vector(number.into(), 0));
            writer.apply(vec![Change { document, revision, vector }]).unwrap();
        }
        writer.commit().unwrap();
        drop((writer, database));
        let mut damaged = files(&storage);
        flip_documents(1)(&mut damaged);
        let report = Database::repair_in(&MemoryStorage::with_files(damaged), true).unwrap();
        assert_eq!(report.unread, again);
    }
}

#[test]
fn an_undo_would_not_lose_a_later_commit() {
    let sound = sound();
    let segment = sound.files.keys().find(|name| name.starts_with("segment-")).unwrap();
    let mut damaged = sound.files.clone();
    damaged.remove(segment);
    let storage = MemoryStorage::with_files(damaged);
    Database::repair_in(&storage, true).unwrap();
    let database = Database::open_in(Arc::new(storage.clone())).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.upsert_with_vector(document(50, 0), vector(50, 0)).unwrap();
    writer.commit().unwrap();
    drop(writer);
    match Database::undo_repair_in(&storage) {
        Err(Error::Undo { detail, .. }) => assert!(detail.contains("would be lost"), "{detail}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(database.snapshot().get(&key(50)).unwrap(), Some(document(50, 0)));
}
