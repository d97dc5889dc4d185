//! Databases in folders made one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use medvec::reports::Watch;
use medvec::session::{SessionError, merge};
use medvec::{CancelToken, Control, CreateOptions, Database, Error, WriterOptions};

use crate::common::{contents, create_options, document, key, vocabulary};
use crate::{commit, control, damage, large};

/// A database of some numbers in a folder.
fn of(path: &Path, numbers: std::ops::Range<u64>, edition: u64) -> PathBuf {
    let database = Database::create(path, create_options()).unwrap();
    commit(&mut database.writer(WriterOptions::default()).unwrap(), numbers, edition);
    path.to_owned()
}

#[test]
fn a_new_target_is_made_like_the_first_source_and_all_come_in_one_commit() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (one, two) = (of(&at("one"), 0..10, 0), of(&at("two"), 5..15, 1));
    let first = Database::open(&one).unwrap();
    let mut writer = first.writer(WriterOptions::default()).unwrap();
    writer.set_mesh(Some(&vocabulary(2031))).unwrap();
    writer.set_lexical(None).unwrap();
    writer.commit().unwrap();
    let sources = [one, two];
    let (database, report) = merge(&at("all"), &sources, &control()).unwrap();
    assert!(report.is_new && report.databases == 2 && report.documents == 20);
    assert_eq!((report.applied.added, report.applied.replaced), (15, 5));
    let (made, first) = (database.snapshot(), first.snapshot());
    assert_eq!((made.generation().0, report.generation.0), (2, 2), "one commit");
    assert_eq!(made.manifest().mesh, first.manifest().mesh);
    assert_eq!(made.manifest().lexical, first.manifest().lexical);
    assert_eq!(made.manifest().vectors, first.manifest().vectors);
    assert_ne!(made.manifest().database_id, first.manifest().database_id);
    let found = contents(&made).unwrap();
    assert_eq!(found.len(), 15);
    for number in 0..15 {
        let edition = u64::from(number >= 5);
        assert_eq!(found[&key(number)], document(number, edition));
    }
    made.verify(&control()).unwrap();
    let (_, again) = merge(&at("all"), &sources[1..], &control()).unwrap();
    assert_eq!((again.is_new, again.applied.unchanged, again.generation.0), (false, 10, 2));
}

#[test]
fn a_merge_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let one = of(&at("one"), 0..10, 0);
    let target = of(&at("target"), 20..25, 0);
    let names = || {
        let names = fs::read_dir(&target).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != "LOCK").collect::<BTreeSet<_>>()
    };
    let before = names();
    let plain = at("plain");
    Database::create(&plain, CreateOptions::default()).unwrap();
    let result = merge(&plain, &[at("plain"), one.clone()], &control()).map(|_| ());
    let error = result.unwrap_err();
    assert!(matches!(error, SessionError::VectorsDiffer { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("plain holds no vectors") && text.contains("one holds"), "{text}");
    assert!(merge(&at("new"), &[plain, one.clone()], &control()).is_err());
    assert!(!at("new").exists(), "nothing is created");

    // The second source is damaged: what the first brought is not there, either.
    let second = at("second");
    drop(large(&second));
    damage(&second);
    let result = merge(&target, &[one.clone(), second.clone()], &control()).map(|_| ());
    let text = result.unwrap_err().to_string();
    assert!(
        text.contains(&format!("second{}segment-00000001 is damaged", MAIN_SEPARATOR)),
        "{text}"
    );
    assert_eq!(names(), before);
    assert!(merge(&at("new"), &[one.clone(), at("second")], &control()).is_err());
    assert!(!at("new").exists(), "a new target goes again");
    let token = CancelToken::new();
    let cancel = token.clone();
    let watch = Watch::new(move |_| cancel.cancel());
    let control = Control { cancel: Some(token), watch: Some(watch), deadline: None };
    let result = merge(&target, &[one], &control).map(|_| ());
    assert!(matches!(result, Err(SessionError::Library(Error::Cancelled))));
    assert_eq!(names(), before);
}
