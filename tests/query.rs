//! The language of searches on the strategies of published reviews.

#![cfg(feature = "ingest")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::ingest::{Event, open};
use medvec::query::{Strategy, SyntaxRule};
use medvec::storage::MemoryStorage;
use medvec::{Day, Error, Query};
use serde_json::Value;

/// The strategies of `strategies.jsonl`, in order: key and text. `None`, with a line that says so, where there are none.
fn strategies() -> Option<Vec<(String, String)>> {
    let path = common::shared()?.join("data/strategies.jsonl");
    let text = std::fs::read_to_string(path).expect("strategies.jsonl");
    let read = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a line of JSON");
        let member = |name: &str| value[name].as_str().expect(name).to_owned();
        (member("key"), member("query"))
    };
    Some(text.lines().map(read).collect())
}

/// What is refused, with its place.
const REFUSED: &[(&str, SyntaxRule, usize, usize)] =
    &[("CD007394", SyntaxRule::UnbalancedQuote, 9, 9)];

#[test]
fn published_strategies_parse_and_print_themselves() {
    let Some(strategies) = strategies() else { return };
    assert_eq!(strategies.len(), 52);
    for (key, text) in strategies {
        let refused = REFUSED.iter().find(|(refused, ..)| *refused == key);
        let strategy = match (Strategy::parse(text.as_str()), refused) {
            (Ok(strategy), None) => strategy,
            (Err(error), Some((_, rule, line, column))) => {
                assert_eq!(
                    (error.rule, error.place.line, error.place.column),
                    (*rule, *line, *column)
                );
                continue;
            }
            (Ok(_), Some(_)) => panic!("{key} parses"),
            (Err(error), None) => panic!("{key}: {error}"),
        };
        let printed = strategy.to_string();
        let again =
            Strategy::parse(printed.as_str()).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert!(again == strategy, "{key}\n{printed}");
        assert_eq!(again.to_string(), printed, "{key}");
    }
}

#[test]
fn strategies_of_several_lines_have_their_queries() {
    let Some(strategies) = strategies() else { return };
    for (key, names, last) in [
        ("CD007431", "1a 1b 2a 2b 3 4a 4b 4c 5 A B C D 6", "#A OR #B OR #C OR #D"),
        ("CD008686", "1 2 3 4 5", "#1 AND #2 AND #3 NOT #4"),
        ("CD008643", "1 2 3 4 5", "#1 AND #2 AND #3 NOT #4"),
        ("CD008587", "1", ""),
        ("CD011420", "1", ""),
    ] {
        let (_, text) = strategies.iter().find(|(known, _)| known == key).expect(key);
        let strategy =
            Strategy::parse(text.as_str()).unwrap_or_else(|error| panic!("{key}: {error}"));
        let found: Vec<&str> = strategy.lines().iter().map(|line| line.name.as_str()).collect();
        assert_eq!(found.join(" "), names, "{key}");
        let end = strategy.lines().last().expect("a line").query.to_string();
        assert!(last.is_empty() || end == last, "{key}: {end}");
    }
}

/// Records of one file: more only take longer.
const RECORDS_MAX: usize = 4_000;

/// A database of real citations: those of the shared abstracts and samples of PubMed XML.
fn citations() -> Option<Snapshot> {
    let shared = common::shared()?;
    let mut files = vec![shared.join("data/abstracts.jsonl.zst")];
    for folder in std::fs::read_dir(shared.join("data/medline-xml")).expect("medline-xml") {
        let inside = std::fs::read_dir(folder.expect("an entry").path()).expect("a folder");
        files.extend(inside.map(|file| file.expect("a file").path()));
    }
    files.sort();
    let storage = Arc::new(MemoryStorage::default());
    let database = Database::create_in(storage, CreateOptions::default()).expect("a database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    for file in files.iter().filter(|file| !file.to_string_lossy().contains(".tar")) {
        let Ok(records) = open(file) else { continue };
        for record in records.flatten().take(RECORDS_MAX) {
            if let Event::Document { document, .. } = record.event {
                writer.upsert(*document).expect("a document");
            }
        }
    }
    writer.commit().expect("a commit");
    Some(database.snapshot())
}

/// What published strategies ask for and the index cannot answer: the rule and a part of the reason.
const UNANSWERED: &[(&str, &str, &str)] = &[
    ("CD007431", "unknown_name", "unknown subheading `pathophysiology`"),
    ("clinical_query_map.diagnosis_broad", "unknown_name", "unknown MeSH heading `diagnostic`"),
];

#[test]
fn published_strategies_run_and_count_every_line() {
    let (Some(strategies), Some(snapshot)) = (strategies(), citations()) else { return };
    let mut reasons: BTreeMap<String, String> = BTreeMap::new();
    let mut found = 0;
    for (key, text) in strategies {
        let Ok(strategy) = Strategy::parse(text) else { continue };
        match snapshot.translate(&strategy, Day(20240615)) {
            Ok(meant) => {
                assert_eq!(meant.lines.len(), strategy.lines().len());
                let searched = snapshot.search(&Query::matching(meant.filter()).count_only());
                assert_eq!(searched.expect(&key).matched, meant.documents(), "{key}");
                found += usize::from(meant.documents() > 0);
            }
            Err(Error::Strategy { rule, detail, .. }) => {
                reasons.insert(key, format!("{rule}: {detail}"));
            }
            Err(error) => panic!("{key}: {error}"),
        }
    }
    for (key, rule, part) in UNANSWERED {
        let reason = reasons.remove(*key).unwrap_or_else(|| panic!("{key} is answered"));
        assert!(reason.starts_with(rule) && reason.contains(part), "{key}: {reason}");
    }
    assert!(reasons.is_empty(), "{reasons:#?}");
    assert!(found > 15, "{found} of the strategies find something");
}
