//! The language of searches on the strategies of published reviews.

#![cfg(feature = "ingest")]

mod common;

use medvec::query::{Strategy, SyntaxRule};
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
