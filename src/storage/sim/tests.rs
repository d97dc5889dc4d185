//! The simulator itself: what an image may and may not show.

use std::collections::BTreeMap;

use super::*;

type Files = BTreeMap<String, Vec<u8>>;

fn files(storage: &dyn Storage) -> Files {
    let names = storage.list().expect("lists");
    let read = |name: String| {
        let bytes = storage.open(&name).expect("opens").expect("exists").to_vec();
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

fn images(storage: &SimStorage, at: usize) -> Vec<Files> {
    storage.crash_images(at, 1).map(|image| files(&image)).collect()
}

fn one(name: &str, content: &[u8]) -> Files {
    Files::from([(name.to_owned(), content.to_vec())])
}

/// Writes a file in pieces, syncs it, publishes it and syncs the directory.
fn commit(storage: &SimStorage, name: &str, pieces: &[&[u8]]) -> Result<()> {
    let mut file = storage.create("tmp")?;
    for piece in pieces {
        file.write(piece)?;
    }
    file.sync()?;
    storage.publish("tmp", name)?;
    storage.sync_directory()
}

#[test]
fn before_anything_happened_there_is_nothing() {
    assert_eq!(images(&SimStorage::new(), 0), [Files::new()]);
}

#[test]
fn after_both_syncs_there_is_one_image() {
    let storage = SimStorage::new();
    commit(&storage, "a", &[b"con", b"tent"]).expect("no faults");
    assert_eq!(storage.log_len(), 6);
    assert_eq!(images(&storage, 6), [one("a", b"content")]);
    assert_eq!(files(&storage), one("a", b"content"));
}

#[test]
fn unsynced_writes_show_every_prefix_zeros_and_garbage() {
    let storage = SimStorage::new();
    commit(&storage, "a", &[b"con", b"tent"]).expect("no faults");
    let seen = images(&storage, 3);
    for expected in [&b""[..], b"con", b"content", b"\0\0\0\0\0\0\0"] {
        assert!(seen.contains(&one("tmp", expected)), "{expected:?}");
    }
    assert!(seen.contains(&Files::new()), "the name may be lost");
    let garbage = |content: &Vec<u8>| content.iter().any(|byte| !b"content\0".contains(byte));
    assert!(seen.iter().any(|files| files.get("tmp").is_some_and(garbage)));
    assert!(seen.iter().all(|files| files.get("tmp").is_none_or(|content| content.len() <= 7)));
}

#[test]
fn synced_bytes_stay_whatever_follows_them() {
    let storage = SimStorage::new();
    let mut file = storage.create("a").expect("creates");
    storage.sync_directory().expect("syncs");
    file.write(&[b'x'; 700]).expect("writes");
    file.sync().expect("syncs");
    file.write(&[b'y'; 5000]).expect("writes");
    let seen = images(&storage, storage.log_len());
    assert!(seen.len() > RANDOM_IMAGES / 2);
    for files in seen {
        assert!(files["a"].iter().take(700).all(|byte| *byte == b'x'));
        assert!(files["a"].len() >= 700);
    }
}

#[test]
fn an_unsynced_rename_is_there_or_not_but_never_half() {
    let storage = SimStorage::new();
    commit(&storage, "a", &[b"1"]).expect("no faults");
    let mut file = storage.create("tmp").expect("creates");
    file.write(b"2").expect("writes");
    file.sync().expect("syncs");
    storage.publish("tmp", "b").expect("publishes");
    let with = |name: &str| {
        let mut files = one("a", b"1");
        files.insert(name.to_owned(), b"2".to_vec());
        files
    };
    let mut seen = images(&storage, storage.log_len());
    seen.sort();
    let mut expected = vec![one("a", b"1"), with("b"), with("tmp")];
    expected.sort();
    assert_eq!(seen, expected);
}

#[test]
fn an_unsynced_removal_may_come_back() {
    let storage = SimStorage::new();
    commit(&storage, "a", &[b"1"]).expect("no faults");
    storage.remove("a").expect("removes");
    storage.remove("a").expect("is gone already");
    assert_eq!(storage.log_len(), 5 + 1);
    let seen = images(&storage, storage.log_len());
    assert_eq!(seen.len(), 2);
    assert!(seen.contains(&one("a", b"1")) && seen.contains(&Files::new()));
    storage.sync_directory().expect("syncs");
    assert_eq!(images(&storage, storage.log_len()), [Files::new()]);
}

#[test]
fn many_unsynced_changes_are_sampled_with_each_alone_and_each_left_out() {
    let storage = SimStorage::new();
    let names: Vec<String> = (0..10).map(|number| format!("file{number}")).collect();
    for name in &names {
        storage.create(name).expect("creates").sync().expect("syncs");
    }
    let counts: Vec<usize> = images(&storage, storage.log_len()).iter().map(Files::len).collect();
    let images_with = |count| counts.iter().filter(|other| **other == count).count();
    assert_eq!((images_with(0), images_with(10)), (1, 1));
    assert!(images_with(1) >= 10 && images_with(9) >= 10);
}

#[test]
fn images_are_distinct_and_repeat_for_a_seed() {
    let storage = SimStorage::new();
    commit(&storage, "a", &[&[1; 9000], &[2; 9000]]).expect("no faults");
    for at in 0..=storage.log_len() {
        let first = images(&storage, at);
        assert_eq!(first, images(&storage, at));
        let mut distinct = first.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), first.len());
    }
    let other: Vec<Files> = storage.crash_images(3, 2).map(|image| files(&image)).collect();
    assert_ne!(other, images(&storage, 3));
}

#[test]
fn every_call_can_fail_once_and_the_directory_shows_it() {
    for kind in FaultKind::ALL {
        let mut struck = 0;
        for call in 0.. {
            let storage = SimStorage::new();
            storage.fail_at(call, Fault { kind, persistent: false });
            let result = commit(&storage, "a", &[b"con", b"tent"]);
            assert_eq!(storage.struck(), usize::from(result.is_err()));
            if result.is_ok() {
                break;
            }
            struck += 1;
            let at = storage.log_len();
            // Nothing is certain: losing every directory change is always among the images.
            assert!(images(&storage, at).contains(&Files::new()), "{kind:?} {call}");
        }
        // Each kind hits at least the calls that it is about, and stops at the last of them.
        let expected = match kind {
            FaultKind::Io | FaultKind::NoSpace | FaultKind::Interrupted => 6,
            FaultKind::Denied => 5,
            FaultKind::NoDescriptor => 1,
            FaultKind::NoMemory => 0,
            FaultKind::ShortWrite => 3,
        };
        assert_eq!(struck, expected, "{kind:?}");
    }
}

#[test]
fn a_persistent_fault_lasts_until_it_is_healed() {
    let storage = SimStorage::new();
    storage.fail_at(0, Fault { kind: FaultKind::NoSpace, persistent: true });
    for _ in 0..3 {
        let error = storage.create("a").err().expect("fails");
        assert!(error.to_string().contains("injected"), "{error}");
    }
    assert_eq!((storage.struck(), storage.calls()), (3, 3));
    storage.heal();
    commit(&storage, "a", &[b"1"]).expect("no faults");
}

#[test]
fn a_short_write_leaves_half() {
    let storage = SimStorage::new();
    storage.fail_at(0, Fault { kind: FaultKind::ShortWrite, persistent: false });
    assert!(commit(&storage, "a", &[b"content!"]).is_err());
    assert_eq!(files(&storage), one("tmp", b"cont"));
}

#[test]
fn a_refusal_to_modify_is_named_read_only() {
    let storage = SimStorage::new();
    storage.fail_at(0, Fault { kind: FaultKind::Denied, persistent: true });
    assert!(matches!(storage.create("a").err(), Some(Error::ReadOnly { .. })));
    assert!(matches!(storage.open("a").err(), Some(Error::Io { .. })));
}

#[test]
fn a_failed_sync_cannot_be_repaired_by_another() {
    let storage = SimStorage::new();
    let mut file = storage.create("a").expect("creates");
    storage.sync_directory().expect("syncs");
    file.write(b"content").expect("writes");
    storage.fail_at(storage.calls(), Fault { kind: FaultKind::Io, persistent: false });
    assert!(file.sync().is_err());
    file.sync().expect("reports success");
    assert!(images(&storage, storage.log_len()).contains(&one("a", b"")));
}

#[test]
fn a_restart_keeps_what_the_image_had() {
    let storage = SimStorage::new();
    commit(&storage, "a", &[b"1"]).expect("no faults");
    for image in storage.crash_images(storage.log_len(), 1) {
        let again = SimStorage::on(&image).expect("restarts");
        assert_eq!(images(&again, 0), [one("a", b"1")]);
        commit(&again, "b", &[b"2"]).expect("no faults");
        assert_eq!(images(&again, again.log_len()).len(), 1);
        assert_eq!(files(&again).len(), 2);
    }
}

#[test]
fn several_unsynced_files_vary_together_and_apart() {
    let storage = SimStorage::new();
    let mut first = storage.create("a").expect("creates");
    let mut second = storage.create("b").expect("creates");
    storage.sync_directory().expect("syncs");
    first.write(b"1").expect("writes");
    second.write(b"2").expect("writes");
    first.write(b"3").expect("writes");
    let seen = images(&storage, storage.log_len());
    for (a, b) in [("", ""), ("1", ""), ("1", "2"), ("13", "2"), ("\0\0", "\0")] {
        let expected = Files::from([("a".into(), a.into()), ("b".into(), b.into())]);
        assert!(seen.contains(&expected), "{a:?} {b:?}");
    }
}
