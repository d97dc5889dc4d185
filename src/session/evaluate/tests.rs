//! An evaluation that is interrupted goes on where it was, and nothing that was kept is believed wrongly.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::control::{CancelToken, Watch};
use crate::error::Error;
use crate::eval::measures::MeasureKind;
use crate::session::SessionError;

const QUERIES: usize = 20;

/// A folder of BEIR: a document per query, and one that answers all a little.
fn task(folder: &Path, documents: usize) -> Task {
    let topics = ["asthma", "insulin", "aspirin", "stroke", "sepsis"];
    let (mut corpus, mut queries) = (String::new(), String::new());
    let mut qrels = "query-id\tcorpus-id\tscore\n".to_owned();
    for number in 0..documents {
        let text = format!("{} in trial {number} of children", topics[number % topics.len()]);
        writeln!(corpus, "{{\"_id\": \"d{number}\", \"title\": \"\", \"text\": \"{text}\"}}")
            .unwrap();
    }
    for number in 0..QUERIES {
        let text = format!("{} trial {number}", topics[number % topics.len()]);
        writeln!(queries, "{{\"_id\": \"q{number}\", \"text\": \"{text}\"}}").unwrap();
        writeln!(qrels, "q{number}\td{number}\t1").unwrap();
    }
    std::fs::create_dir_all(folder.join("qrels")).unwrap();
    std::fs::write(folder.join("corpus.jsonl"), corpus).unwrap();
    std::fs::write(folder.join("queries.jsonl"), queries).unwrap();
    std::fs::write(folder.join("qrels/test.tsv"), qrels).unwrap();
    Task::open(folder, &CollectionOptions::default(), None).unwrap()
}

fn settings(cache: &Path) -> EvaluateSettings {
    let approaches = vec![Approach::Lexical, Approach::Hybrid];
    EvaluateSettings { approaches, depth: 10, ..EvaluateSettings::new(cache) }
}

/// How many queries were asked of each system.
fn asked(report: &TaskReport) -> Vec<usize> {
    report.systems.iter().map(|system| system.asked.unwrap()).collect()
}

fn assert_same(one: &TaskReport, other: &TaskReport) {
    assert_eq!(one.systems.len(), other.systems.len());
    for (one, other) in one.systems.iter().zip(&other.systems) {
        assert_eq!(one.run, other.run);
        let values = |system: &SystemReport| {
            let values = system.values.iter();
            values.map(|value| (value.over_judged, value.interval)).collect::<Vec<_>>()
        };
        assert_eq!(values(one), values(other));
    }
}

/// A control that cancels once so many rankings were reported.
fn cancelled_after(count: u64) -> Control {
    let token = CancelToken::new();
    let (cancel, seen) = (token.clone(), Arc::new(AtomicU64::new(0)));
    let watch = Watch::new(move |step| {
        if step.stage == "asking" && seen.fetch_add(1, Ordering::Relaxed) + 1 == count {
            cancel.cancel();
        }
    });
    Control { cancel: Some(token), watch: Some(watch), ..Control::default() }
}

#[test]
fn an_interrupted_evaluation_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let task = task(&folder.path().join("small"), 40);
    let free = Control::default();
    let whole = task.evaluate(&settings(&folder.path().join("a")), &free).unwrap();
    assert_eq!(asked(&whole), [QUERIES, QUERIES]);
    assert!(whole.systems[0].values[0].over_judged > 0.9);

    let settings = settings(&folder.path().join("b"));
    // In the middle of the first approach, or at its end where other threads are faster than the report of it.
    let stopped = task.evaluate(&settings, &cancelled_after(7)).unwrap_err();
    assert!(matches!(stopped, SessionError::Library(Error::Cancelled)), "{stopped}");
    let resumed = task.evaluate(&settings, &free).unwrap();
    let left = asked(&resumed);
    assert!(left[0] <= QUERIES - 7 && left[1] == QUERIES, "{left:?}");
    assert_same(&resumed, &whole);
    assert_eq!(resumed.systems[0].latency.is_some(), left[0] > 0);

    // Other measures cost no search.
    let measures = vec![Measure::new(MeasureKind::Rr, None, 1).unwrap()];
    let again = EvaluateSettings { measures, ..settings.clone() };
    let again = task.evaluate(&again, &free).unwrap();
    assert_eq!(asked(&again), [0, 0]);
    assert!(again.systems[1].latency.is_none());
    assert_eq!(again.systems[1].run, whole.systems[1].run);
    // Anew, and at another depth, all are asked.
    let fresh = EvaluateSettings { fresh: true, ..settings.clone() };
    let fresh = task.evaluate(&fresh, &free).unwrap();
    assert_eq!(asked(&fresh), [QUERIES, QUERIES]);
    assert_same(&fresh, &whole);
    let deeper = EvaluateSettings { depth: 11, ..settings };
    assert_eq!(asked(&task.evaluate(&deeper, &free).unwrap()), [QUERIES, QUERIES]);
}

#[test]
fn another_index_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let (small, settings) = (folder.path().join("small"), settings(&folder.path().join("cache")));
    let first = task(&small, 30).evaluate(&settings, &Control::default()).unwrap();
    let more = task(&small, 31).evaluate(&settings, &Control::default()).unwrap();
    assert_eq!((first.documents, more.documents), (Some(30), Some(31)));
    assert_eq!(asked(&more), [QUERIES, QUERIES]);
    // A document that is gone from the file is found no longer.
    let fewer = task(&small, 29).evaluate(&settings, &Control::default()).unwrap();
    assert_eq!(fewer.documents, Some(29));
    let kept = task(&small, 31);
    let more = kept.evaluate(&settings, &Control::default()).unwrap();
    // The rankings of an index that was deleted are not those of the one that is made in its place.
    for entry in std::fs::read_dir(&settings.cache).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    let again = kept.evaluate(&settings, &Control::default()).unwrap();
    assert_eq!(asked(&again), [QUERIES, QUERIES]);
    assert_same(&again, &more);
}

#[test]
fn ids_that_come_again_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (small, settings) = (folder.path().join("small"), settings(&folder.path().join("cache")));
    task(&small, 30);
    let corpus = std::fs::read_to_string(small.join("corpus.jsonl")).unwrap();
    let again = corpus.lines().next().unwrap().replace("asthma", "sepsis");
    std::fs::write(small.join("corpus.jsonl"), format!("{corpus}{again}\n")).unwrap();
    let task = Task::open(&small, &CollectionOptions::default(), None).unwrap();
    let report = task.evaluate(&settings, &Control::default()).unwrap();
    assert_eq!(report.documents, Some(30));
    let counted = [("documents whose id comes again: the last one counts".to_owned(), 1)];
    assert_eq!(report.skipped, counted);
}

#[test]
fn damaged_rankings_are_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let task = task(&folder.path().join("small"), 40);
    let settings = settings(&folder.path().join("cache"));
    let whole = task.evaluate(&settings, &Control::default()).unwrap();
    let path = task.rankings(settings.encoders.first(), Approach::Hybrid, &settings);
    let bytes = std::fs::read(&path).unwrap();
    let mut changed = bytes.clone();
    changed[bytes.len() / 2] ^= 4;
    for (damage, left) in [
        (&bytes[..bytes.len() - 30], 1..=1),
        (&changed, 1..=2),
        (&bytes[..20], QUERIES..=QUERIES),
        (b"\xff\xfe", QUERIES..=QUERIES),
        (b"", QUERIES..=QUERIES),
    ] {
        std::fs::write(&path, damage).unwrap();
        let again = task.evaluate(&settings, &Control::default()).unwrap();
        assert_eq!(asked(&again)[0], 0);
        assert!(left.contains(&asked(&again)[1]), "{left:?}, {:?}", asked(&again));
        assert_same(&again, &whole);
    }
}
