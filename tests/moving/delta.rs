//! What a copy lacks, in one file.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use medvec::format::manifest;
use medvec::reports::Watch;
use medvec::session::{DeltaBase, DeltaReport, SessionError, apply, apply_in, diff, pack, unpack};
use medvec::storage::sim::{Fault, FaultKind, SimStorage};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{
    BackupOptions, CancelToken, Control, Database, Error, Generation, OptimizeOptions,
    WriterOptions,
};

use crate::archive::{Entry, entries, file, tar};
use crate::common::{contents, create_options, vocabulary};
use crate::{check_same, commit, control, damage, database, flip, large};

fn since(database: &Database, generation: u64, path: &Path) -> DeltaReport {
    let base = DeltaBase::Generation(Generation(generation));
    diff(&database.snapshot(), &base, path, &control()).unwrap().unwrap()
}

fn backup(database: &Database, copy: &Path) {
    database.backup(copy, &BackupOptions::default(), &control()).unwrap();
}

/// Names and contents of all files but locks.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .filter(|(name, _)| name != "LOCK")
        .map(|(name, path)| (name, fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_delta_is_what_a_copy_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (_, database) = database(folder.path());
    // Both kinds of copies.
    backup(&database, &at("copy"));
    pack(&database.snapshot(), &at("db.tar"), &control()).unwrap();
    unpack(&at("db.tar"), &at("unpacked"), &control()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.set_mesh(Some(&vocabulary(2025))).unwrap();
    commit(&mut writer, 15..30, 2);
    let first = since(&database, 3, &at("3-4.tar"));
    assert_eq!((first.from.0, first.generation.0, first.documents), (3, 4, 30));
    let whole = pack(&database.snapshot(), &at("all.tar"), &control()).unwrap();
    assert!(first.files < whole.files && first.bytes < whole.bytes, "{first:?} {whole:?}");
    // The same again.
    since(&database, 3, &at("again.tar"));
    assert_eq!(fs::read(at("3-4.tar")).unwrap(), fs::read(at("again.tar")).unwrap());
    for copy in ["copy", "unpacked"] {
        assert_eq!(apply(&at(copy), &at("3-4.tar"), &control()).unwrap(), first);
        check_same(&at(copy), &database);
    }
    // Several generations at once, from the copy itself or its manifest: merged segments, an index, deletions.
    let options = WriterOptions::default().index_rows_min(10).train_rows_min(20);
    drop(writer);
    let mut writer = database.writer(options).unwrap();
    commit(&mut writer, 30..200, 0);
    writer.optimize(&OptimizeOptions::default(), &control()).unwrap();
    commit(&mut writer, 0..5, 7);
    let gone = DeltaBase::Generation(Generation(4));
    let error = diff(&database.snapshot(), &gone, &at("x.tar"), &control()).unwrap_err();
    assert!(
        matches!(&error, SessionError::GenerationGone { kept, .. } if kept.len() == 2),
        "{error}"
    );
    assert_eq!(error.code(), "generation_gone");
    fs::copy(at("copy").join("manifest-00000004"), at("their-manifest")).unwrap();
    for (number, base) in ["copy", "their-manifest"].into_iter().enumerate() {
        let path = at(&format!("{number}.tar"));
        let base = DeltaBase::Copy(at(base));
        let report = diff(&database.snapshot(), &base, &path, &control()).unwrap().unwrap();
        assert_eq!(report.from.0, 4);
    }
    assert_eq!(fs::read(at("0.tar")).unwrap(), fs::read(at("1.tar")).unwrap());
    let held = Database::open(at("copy")).unwrap().snapshot();
    let before = contents(&held).unwrap();
    apply(&at("copy"), &at("0.tar"), &control()).unwrap();
    check_same(&at("copy"), &database);
    assert_eq!(contents(&held).unwrap(), before, "a snapshot never moves");
    // A copy is a database, and nothing is left that no generation names.
    let named = |path: &Path| files(path).iter().filter(|(n, _)| n.starts_with("segment")).count();
    backup(&database, &at("fresh"));
    apply(&at("unpacked"), &at("1.tar"), &control()).unwrap();
    let newest = database.snapshot();
    commit(&mut writer, 400..401, 0);
    since(&database, newest.generation().0, &at("last.tar"));
    for copy in ["copy", "unpacked", "fresh"] {
        apply(&at(copy), &at("last.tar"), &control()).unwrap();
        check_same(&at(copy), &database);
        assert_eq!(named(&at(copy)), database.snapshot().manifest().segments.len(), "{copy}");
    }
    let newest = DeltaBase::Generation(database.snapshot().generation());
    let nothing = diff(&database.snapshot(), &newest, &at("none.tar"), &control()).unwrap();
    assert!(nothing.is_none() && !at("none.tar").exists());
    drop(writer);
    let mut writer = Database::open(at("copy")).unwrap().writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 500..502, 0);
}

#[test]
fn what_a_delta_does_not_fit_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (_, database) = database(folder.path());
    backup(&database, &at("copy"));
    backup(&database, &at("written"));
    backup(&database, &at("diverged"));
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 30..33, 0);
    since(&database, 3, &at("3-4.tar"));
    backup(&database, &at("newer"));
    commit(&mut writer, 33..35, 0);
    since(&database, 4, &at("4-5.tar"));
    let change = |name: &str| {
        let copy = Database::open(at(name)).unwrap();
        let mut writer = copy.writer(WriterOptions::default()).unwrap();
        commit(&mut writer, 60..62, 0);
    };
    change("written");
    Database::create(at("other"), create_options()).unwrap();
    fs::create_dir(at("notes")).unwrap();
    fs::write(at("notes").join("diary.txt"), "x").unwrap();

    let cases = [
        ("copy", "4-5.tar", "it holds generation 3, and this delta leads from generation 4 to 5"),
        ("newer", "3-4.tar", "it holds generation 4 already"),
        ("written", "3-4.tar", "it holds generation 4 already"),
        ("written", "4-5.tar", "its generation 4 is another one"),
        ("other", "3-4.tar", "another database"),
        ("notes", "3-4.tar", "not a medvec database"),
        ("missing", "3-4.tar", "missing"),
    ];
    for (copy, delta, words) in cases {
        let before = at(copy).is_dir().then(|| files(&at(copy)));
        let error = apply(&at(copy), &at(delta), &control()).expect_err(words);
        let text = error.to_string();
        assert!(text.contains(words) && text.contains(copy), "{copy}: {text}");
        assert_eq!(before, at(copy).is_dir().then(|| files(&at(copy))), "{copy}");
    }
    assert_eq!(fs::read_dir(at("notes")).unwrap().count(), 1, "not even a lock");
    let held = Database::open(at("copy")).unwrap();
    let held = held.writer(WriterOptions::default()).unwrap();
    assert_eq!(apply(&at("copy"), &at("3-4.tar"), &control()).unwrap_err().code(), "locked");
    drop(held);

    // What no delta can be made for.
    for (base, words) in
        [("other", "it holds another database"), ("written", "its generation 4 is another one")]
    {
        let base = DeltaBase::Copy(at(base));
        // As old as what was written to.
        let old = Database::open(at("newer")).unwrap().snapshot();
        let error = diff(&old, &base, &at("x.tar"), &control()).expect_err(words);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.code(), "not_a_base");
    }
    change("diverged");
    change("written");
    let base = DeltaBase::Copy(at("written"));
    let error = diff(&database.snapshot(), &base, &at("x.tar"), &control()).unwrap_err();
    assert!(error.to_string().contains("written to since"), "{error}");
    let base = DeltaBase::Copy(at("3-4.tar"));
    assert_eq!(
        diff(&database.snapshot(), &base, &at("x.tar"), &control()).unwrap_err().code(),
        "corrupt"
    );
    assert!(!at("x.tar").exists());
    let joint = Database::join(&[database.clone(), Database::open(at("other")).unwrap()]).unwrap();
    let base = DeltaBase::Copy(at("copy"));
    let error = diff(&joint.snapshot(), &base, &at("x.tar"), &control()).unwrap_err();
    assert_eq!(error.code(), "read_only", "{error}");

    // A damaged file of the copy is not built on: the generation would not open.
    apply(&at("copy"), &at("3-4.tar"), &control()).unwrap();
    fs::remove_file(at("copy").join("segment-00000001")).unwrap();
    let before = files(&at("copy"));
    let error = apply(&at("copy"), &at("4-5.tar"), &control()).unwrap_err();
    assert!(error.to_string().contains("segment-00000001"), "{error}");
    assert_eq!(files(&at("copy")), before);
}

#[test]
fn a_copy_from_before_a_repair_is_no_base() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let path = at("large");
    let database = large(&path);
    backup(&database, &at("copy"));
    let before = database.snapshot().generation();
    drop(database);
    damage(&path);
    Database::repair(&path, true).unwrap();
    let repaired = Database::open(&path).unwrap();
    for base in [DeltaBase::Generation(before), DeltaBase::Copy(at("copy"))] {
        // Once it is set aside, only the copy has it.
        let refused = diff(&repaired.snapshot(), &base, &at("delta"), &control());
        match refused.map(|_| ()).unwrap_err() {
            SessionError::GenerationGone { generation, .. } => assert_eq!(generation, before),
            error => assert!(error.to_string().contains("before the repair"), "{error}"),
        }
        assert!(!at("delta").exists());
    }
    // From the repaired state on, there are deltas as ever.
    backup(&repaired, &at("second"));
    commit(&mut repaired.writer(WriterOptions::default()).unwrap(), 70..72, 0);
    let base = DeltaBase::Copy(at("second"));
    diff(&repaired.snapshot(), &base, &at("delta"), &control()).unwrap().unwrap();
    apply(&at("second"), &at("delta"), &control()).unwrap();
    check_same(&at("second"), &repaired);
}

#[test]
fn hostile_deltas_are_refused_and_leave_the_copy_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (_, database) = database(folder.path());
    backup(&database, &at("copy"));
    pack(&database.snapshot(), &at("whole.tar"), &control()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 15..33, 2);
    since(&database, 3, &at("good.tar"));
    let bytes = fs::read(at("good.tar")).unwrap();
    let good = || entries(&bytes);
    let names: Vec<String> =
        good().into_iter().map(|entry| String::from_utf8(entry.name).unwrap()).collect();
    assert_eq!(names[..2], ["base-manifest-00000003", "manifest-00000004"]);
    let place = |kind: &str| names.iter().position(|name| name.starts_with(kind)).unwrap();
    let (segment, tombstones) = (place("segment-"), place("tombstones-"));
    let with = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = good();
        change(&mut entries);
        tar(&entries)
    };
    let cut = |place: usize| {
        let before: usize =
            good()[..place].iter().map(|one| 512 + one.content.len().next_multiple_of(512)).sum();
        bytes[..before + 512 + 20].to_vec()
    };
    let flipped = |place: usize, at: usize| with(&|all| all[place].content[at] ^= 1);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("ends before the manifests", Vec::new()),
        ("not a tar archive", b"PK\x03\x04 and more".repeat(100)),
        ("a whole database is unpacked", fs::read(at("whole.tar")).unwrap()),
        ("in the middle of manifest-", cut(0)),
        ("in the middle of manifest-", cut(1)),
        ("in the middle of", cut(2)),
        ("ends before", with(&|all| all.truncate(2))),
        ("ends before", with(&|all| drop(all.pop()))),
        ("ends before the manifests", with(&|all| all.truncate(1))),
        ("is not the manifest that a delta builds on", with(&|all| drop(all.remove(0)))),
        ("is not a manifest", with(&|all| drop(all.remove(1)))),
        ("the name says", with(&|all| all[0].name = b"base-manifest-00000002".into())),
        ("the name says", with(&|all| all[1].name = b"manifest-00000005".into())),
        (
            "does not follow",
            with(&|all| {
                let (base, next) = (all[0].content.clone(), all[1].content.clone());
                (all[0].content, all[1].content) = (next, base);
                all[0].name = b"base-manifest-00000004".into();
                all[1].name = b"manifest-00000003".into();
                all.iter_mut().for_each(|one| one.size = one.content.len() as u64);
            }),
        ),
        ("comes twice", with(&|all| all.push(file(&names[2], b"x")))),
        ("`segment-00000001` is not a file", with(&|all| all.push(file("segment-00000001", b"x")))),
        (
            "`../segment-00000003` is not a file",
            with(&|all| all[2].name = b"../segment-00000003".into()),
        ),
        ("`LOCK` is not a file", with(&|all| all.push(file("LOCK", b"")))),
        ("not a plain file", with(&|all| all[2].kind = b'2')),
        ("not a plain file", with(&|all| all[0].kind = b'5')),
        ("at most 268435456", with(&|all| all[0].size = 1 << 32)),
        ("at most 268435456", with(&|all| all[1].size = 1 << 32)),
        ("bytes, not", with(&|all| all[2].size -= 1)),
        (
            "bytes, not 18446744073709551615",
            with(&|all| {
                let mut next = manifest::decode(&names[1], &all[1].content).unwrap();
                next.segments.last_mut().unwrap().seal.length = u64::MAX;
                all[1] = file(&names[1], &manifest::encode(&next, [7; 16]).unwrap().0);
            }),
        ),
        ("is damaged", flipped(0, 80)),
        ("is damaged", flipped(1, 80)),
        ("is damaged", flipped(segment, 3000)),
        ("is damaged", flipped(tombstones, 70)),
    ];
    let before = files(&at("copy"));
    for (place, (wanted, bytes)) in cases.into_iter().enumerate() {
        fs::write(at("bad.tar"), bytes).unwrap();
        let error = apply(&at("copy"), &at("bad.tar"), &control()).expect_err(wanted);
        let text = error.to_string();
        assert!(
            text.contains(wanted) && text.contains("bad.tar"),
            "case {place}, {wanted}: {text}"
        );
        assert!(files(&at("copy")) == before, "case {place}: {text}");
    }
    // Every length.
    for length in (0..bytes.len() - 1024).step_by(97) {
        fs::write(at("bad.tar"), &bytes[..length]).unwrap();
        apply(&at("copy"), &at("bad.tar"), &control()).expect_err("cut");
    }
    assert!(files(&at("copy")) == before);
    let error = unpack(&at("good.tar"), &at("new"), &control()).unwrap_err();
    assert!(error.to_string().contains("a delta"), "{error}");
    // A source that is damaged makes no delta.
    apply(&at("copy"), &at("good.tar"), &control()).unwrap();
    check_same(&at("copy"), &database);
}

#[test]
fn damage_is_not_written_and_a_cancelled_application_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (path, database) = database(folder.path());
    backup(&database, &at("copy"));
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 30..60, 0);
    commit(&mut writer, 55..70, 0);
    let base = DeltaBase::Copy(at("copy"));
    diff(&database.snapshot(), &base, &at("good.tar"), &control()).unwrap();
    let before = files(&at("copy"));
    let mut cancelled = 0;
    for steps in 1.. {
        let token = CancelToken::new();
        let (cancel, seen) = (token.clone(), std::sync::atomic::AtomicUsize::new(0));
        let watch = Watch::new(move |step| {
            assert!(step.done <= step.total && step.unit == "bytes");
            if seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1 == steps {
                cancel.cancel();
            }
        });
        let control = Control { cancel: Some(token), watch: Some(watch), deadline: None };
        match apply(&at("copy"), &at("good.tar"), &control) {
            Ok(_) => break,
            Err(error) => assert!(matches!(error, Error::Cancelled), "{error}"),
        }
        assert!(files(&at("copy")) == before, "{steps} steps");
        cancelled += 1;
    }
    assert!(cancelled > 3, "{cancelled}");
    check_same(&at("copy"), &database);
    drop(writer);
    let segment = path.join("segment-00000004");
    flip(&segment, fs::metadata(&segment).unwrap().len() as usize / 2);
    let damaged = match Database::open(&path) {
        Ok(damaged) => {
            let base = DeltaBase::Generation(Generation(4));
            diff(&damaged.snapshot(), &base, &at("bad.tar"), &control()).unwrap_err().to_string()
        }
        Err(error) => error.to_string(),
    };
    assert!(damaged.contains("segment-00000004 is damaged"), "{damaged}");
    assert!(!at("bad.tar").exists() && !at("bad.tar.partial").exists());
}

/// A database in memory at generation 2 and 5, with a copy at each, and the delta between.
fn between(folder: &Path) -> (MemoryStorage, Database, std::path::PathBuf) {
    let database = Database::create_in(Arc::new(MemoryStorage::new()), create_options()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    commit(&mut writer, 0..8, 0);
    commit(&mut writer, 6..10, 1);
    let copy = MemoryStorage::new();
    database.backup_in(&copy, &BackupOptions::default(), &control()).unwrap();
    let manifest = folder.join("manifest");
    let name = format!("manifest-{}", database.snapshot().generation());
    fs::write(&manifest, &copy.open(&name).unwrap().unwrap()[..]).unwrap();
    commit(&mut writer, 4..12, 2);
    writer.compact(&control()).unwrap();
    commit(&mut writer, 1..3, 3);
    let path = folder.join("delta.tar");
    diff(&database.snapshot(), &DeltaBase::Copy(manifest), &path, &control()).unwrap().unwrap();
    (copy, database, path)
}

/// Whatever a power cut leaves of an application, the copy holds the older or the newer generation, and the delta
/// can be applied to the older one.
#[test]
fn every_crash_image_of_an_application_is_the_older_or_the_newer_generation() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, database, delta) = between(folder.path());
    let older = Database::open_in(Arc::new(copy.clone())).unwrap().snapshot();
    let before = (older.generation(), contents(&older).unwrap());
    let newer = database.snapshot();
    let after = (newer.generation(), contents(&newer).unwrap());
    let storage = SimStorage::on(&copy).unwrap();
    let start = storage.log_len();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    apply_in(&shared, &delta, &control()).unwrap();
    let (mut images, mut old) = (0, 0);
    for operation in start..=storage.log_len() {
        for image in storage.crash_images_with(operation, 5, 4) {
            images += 1;
            let image: Arc<dyn Storage> = Arc::new(image);
            let found = Database::open_in(image.clone()).unwrap().snapshot();
            found.verify(&control()).unwrap();
            let state = (found.generation(), contents(&found).unwrap());
            let is_last = operation == storage.log_len();
            assert!(state == after || (state == before && !is_last), "operation {operation}");
            if state == before {
                old += 1;
                apply_in(&image, &delta, &control()).unwrap();
                let made = Database::open_in(image).unwrap().snapshot();
                made.verify(&control()).unwrap();
                assert_eq!(made.manifest(), newer.manifest(), "operation {operation}");
            }
        }
    }
    println!("{images} images, {old} of the older generation");
    assert!(images > 100 && old > 50 && old < images);
}

/// Whatever call to the copy fails, it holds the older or the newer generation, and the delta can be applied again.
#[test]
fn a_failing_copy_keeps_its_generation() {
    let folder = tempfile::tempdir().unwrap();
    let (copy, database, delta) = between(folder.path());
    let before = Database::open_in(Arc::new(copy.clone())).unwrap().snapshot().generation();
    let newest = database.snapshot();
    let (mut failed, mut unknown) = (0, 0);
    for kind in FaultKind::ALL {
        for persistent in [false, true] {
            for call in 0.. {
                let storage = SimStorage::on(&copy).unwrap();
                storage.fail_at(call, Fault { kind, persistent });
                let shared: Arc<dyn Storage> = Arc::new(storage.clone());
                let result = apply_in(&shared, &delta, &control());
                let struck = storage.struck();
                storage.heal();
                let at = format!("{kind:?} at call {call}, persistent {persistent}");
                let opened = Database::open_in(shared.clone()).unwrap().snapshot();
                opened.verify(&control()).unwrap();
                match opened.generation() == before {
                    true => {
                        assert!(result.is_err(), "{at}");
                        failed += 1;
                        apply_in(&shared, &delta, &control()).unwrap();
                    }
                    // What is read after the commit may fail, too.
                    false => unknown += usize::from(result.is_err()),
                }
                let made = Database::open_in(shared).unwrap().snapshot();
                made.verify(&control()).unwrap();
                assert_eq!(made.manifest(), newest.manifest(), "{at}");
                if struck == 0 {
                    assert!(result.is_ok(), "{at}");
                    break;
                }
            }
        }
    }
    println!("{failed} failures, {unknown} after publication");
    assert!(failed > 50 && unknown > 0);
}
