//! Document keys from the command line or standard input.

use std::io::BufRead;

use medvec::Key;
use medvec::db::Snapshot;
use medvec::export::json::escaped;
use medvec::search::{Hint, hints};

use crate::failure::{Failure, Result};
use crate::terminal::is_harmful;

/// A key as typed, looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// A document has it.
    Key(Key),
    /// No document has it; this says so, and what would be right where the text shows it.
    Nothing(String),
}

/// What was typed: arguments, and for `-` the lines of `input`. Empty ones are skipped, and a line
/// in double quotes is a JSON string ([`line`]).
pub(crate) fn read(arguments: &[String], mut input: impl BufRead) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut add = |text: String| {
        if !text.is_empty() {
            texts.push(text);
        }
    };
    for argument in arguments {
        if argument != "-" {
            add(argument.trim().to_owned());
            continue;
        }
        for (number, line) in input.by_ref().lines().enumerate() {
            let line = line.map_err(|error| {
                Failure::usage(format!("standard input, line {}: {error}", number + 1))
            })?;
            add(quoted(&line).unwrap_or_else(|| line.trim().to_owned()));
        }
    }
    Ok(texts)
}

/// A key as a line of a list of keys: as it is, or as a JSON string where it would not be read back,
/// as one with a line feed, or one that a terminal might obey.
pub(crate) fn line(key: &str) -> String {
    let reads_back = !key.is_empty() && key.trim() == key && !key.starts_with('"');
    if key.contains(is_unsafe) || !reads_back {
        return escaped(serde_json::Value::from(key).to_string());
    }
    key.to_owned()
}

fn is_unsafe(c: char) -> bool {
    is_harmful(c) || c == '\n' || c == '\t'
}

/// The key in a line that is a JSON string.
fn quoted(line: &str) -> Option<String> {
    let line = line.trim();
    line.starts_with('"').then(|| serde_json::from_str(line).ok())?
}

/// Looks up everything that was typed, each key once, in the order of its first mention.
pub(crate) fn find_all(texts: &[String], snapshot: &Snapshot) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    let mut known = std::collections::HashSet::new();
    for text in texts {
        let found = find(text, snapshot)?;
        all.extend(found.into_iter().filter(|found| match found {
            Found::Key(key) => known.insert(key.clone()),
            Found::Nothing(_) => true,
        }));
    }
    Ok(all)
}

/// The keys that a text means: itself; a number after `PMID`; several PMIDs between blanks or commas. What
/// only resembles a PMID is not guessed at, since keys are also deleted this way.
fn find(text: &str, snapshot: &Snapshot) -> Result<Vec<Found>> {
    let key = Key::parse(text);
    if snapshot.contains(&key)? {
        return Ok(vec![Found::Key(key)]);
    }
    let parts = text.split(|ch: char| ch.is_whitespace() || ch == ',' || ch == ';');
    let parts: Vec<&str> = parts.map(without_label).filter(|part| !part.is_empty()).collect();
    let pmids: Vec<Key> = parts.iter().filter_map(|part| pmid(part)).collect();
    if pmids.len() < parts.len() {
        let near = match parts.as_slice() {
            [part] => instead(part),
            _ => None,
        };
        return Ok(vec![Found::Nothing(nothing(text, near, snapshot)?)]);
    }
    let mut found = Vec::new();
    for pmid in pmids {
        found.push(match snapshot.contains(&pmid)? {
            true => Found::Key(pmid),
            false => Found::Nothing(format!("PMID {pmid} is not in this database")),
        });
    }
    Ok(found)
}

/// Drops `PMID`, `PMID:` or `PMID-` before a number; a label alone is nothing.
fn without_label(text: &str) -> &str {
    let (Some(start), Some(rest)) = (text.get(..4), text.get(4..)) else { return text };
    let bare = rest.trim_start_matches(['s', 'S']).trim_start_matches([':', '-', '#']);
    let is_label = start.eq_ignore_ascii_case("pmid")
        && (bare.is_empty() || bare.starts_with(|ch: char| ch.is_ascii_digit()));
    if is_label { bare } else { text }
}

fn pmid(text: &str) -> Option<Key> {
    Some(Key::parse(text)).filter(|key| matches!(key, Key::Pmid(_)))
}

/// Why a text that resembles a PMID is none, and the PMID that it may mean.
fn instead(text: &str) -> Option<(&'static str, Option<Key>)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = text.trim_matches(['"', '\'', '#', '(', ')', '[', ']', '.', ':']);
    if let Some(key) = pmid(bare) {
        return Some(("it has other characters around it", Some(key)));
    }
    if digits(bare) {
        return Some(match bare.trim_start_matches('0') {
            "" => ("a PMID is a positive number", None),
            number if number.len() == bare.len() => ("no PMID is that long", None),
            number => ("a PMID has no leading zeros", pmid(number)),
        });
    }
    if let Some((number, version)) = bare.split_once(['.', 'v', 'V'])
        && digits(number)
    {
        let version = version.trim_start_matches(['v', 'V']);
        let key = pmid(number.trim_start_matches('0'));
        if version.trim_matches('0').is_empty() {
            return Some(("a PMID is a whole number", key));
        }
        if digits(version) {
            return Some(("a database keeps one version of a PMID, the newest", key));
        }
    }
    match hints(text).first() {
        Some(Hint::PmcId(_)) => {
            Some(("it is an id of PubMed Central, and documents are found by PMID or key", None))
        }
        Some(Hint::Doi(_)) => Some(("it is a DOI, and documents are found by PMID or key", None)),
        _ => None,
    }
}

/// A remark about a text that no document has as its key.
fn nothing(
    text: &str,
    near: Option<(&'static str, Option<Key>)>,
    snapshot: &Snapshot,
) -> Result<String> {
    let mut remark = format!("document `{text}` is not in this database");
    if let Some((reason, key)) = near {
        remark.push_str(&format!(": {reason}"));
        if let Some(key) = key {
            let here = if snapshot.contains(&key)? { "is" } else { "is not" };
            remark.push_str(&format!("; did you mean {key}, which {here} in this database?"));
        }
    }
    Ok(remark)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use medvec::Document;
    use medvec::db::{CreateOptions, Database, WriterOptions};
    use medvec::storage::MemoryStorage;

    use super::*;

    fn snapshot(keys: &[Key]) -> Snapshot {
        let storage = Arc::new(MemoryStorage::new());
        let database = Database::create_in(storage, CreateOptions::default()).unwrap();
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        for key in keys {
            writer.upsert(Document::new(key.clone())).unwrap();
        }
        writer.commit().unwrap();
        drop(writer);
        database.snapshot()
    }

    fn found(arguments: &[&str], input: &str, snapshot: &Snapshot) -> Vec<Found> {
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let texts = read(&arguments, input.as_bytes()).unwrap();
        find_all(&texts, snapshot).unwrap()
    }

    fn text(key: &str) -> Key {
        Key::Text(key.into())
    }

    #[test]
    fn arguments_and_lines_are_taken_in_order_and_once() {
        let keys = [Key::pmid(7), Key::pmid(8), Key::pmid(9), Key::pmid(10), text("doc-1")];
        let snapshot = snapshot(&keys);
        let found = found(
            &["7", "-", "doc-1", "PMID:", "7"],
            "8\r\n\n  PMID: 9 \nPMID-10\npmid8\n 9, 10;7\n",
            &snapshot,
        );
        assert_eq!(found, keys.map(Found::Key));
    }

    #[test]
    fn a_key_of_its_own_comes_before_what_it_resembles() {
        let keys = [text("pmid-map"), text("1,2"), text("PMID"), text("007"), Key::pmid(1)];
        let snapshot = snapshot(&keys);
        let found = found(&["pmid-map", "1,2", "PMID", "007", "pmid: 1"], "", &snapshot);
        assert_eq!(found, keys.map(Found::Key));
    }

    #[test]
    fn what_resembles_a_pmid_is_explained_and_not_guessed() {
        let snapshot = snapshot(&[Key::pmid(123)]);
        for (typed, words) in [
            ("124", "PMID 124 is not in"),
            ("0123", "no leading zeros; did you mean 123, which is in this database"),
            ("PMID:0123", "no leading zeros; did you mean 123"),
            ("123.0", "whole number; did you mean 123"),
            ("123.2", "one version of a PMID"),
            ("123v2", "one version of a PMID"),
            ("00124", "did you mean 124, which is not in this database"),
            ("\"123\"", "did you mean 123"),
            ("PMC123", "PubMed Central"),
            ("10.1000/xyz123", "a DOI"),
            ("99999999999", "that long"),
            ("0", "positive number"),
            ("note-1", "`note-1` is not in this database"),
            ("12x3", "`12x3` is not in this database"),
            ("note 1", "`note 1` is not in this database"),
        ] {
            let found = found(&[typed], "", &snapshot);
            let [Found::Nothing(remark)] = found.as_slice() else { panic!("{typed}: {found:?}") };
            assert!(remark.contains(words), "{typed}: {remark}");
        }
        let several = found(&["123 124"], "", &snapshot);
        assert!(matches!(&several[..], [Found::Key(_), Found::Nothing(_)]), "{several:?}");
    }

    #[test]
    fn a_list_of_keys_is_read_back_whatever_they_hold() {
        let odd =
            ["7", "doc-1", "a\nb", "\u{1b}[31m", "\"q\"", " x", "PMID 5", "\u{9b}", "pmid-map"];
        let snapshot = snapshot(&odd.map(Key::parse));
        let lines: Vec<String> = odd.iter().map(|key| line(key)).collect();
        assert_eq!(lines[..2], ["7", "doc-1"]);
        assert_eq!(lines[2], "\"a\\nb\"");
        for (key, line) in odd.iter().zip(&lines) {
            assert!(!line.contains(is_unsafe), "{key:?}");
            let read = found(&["-"], &format!("{line}\n"), &snapshot);
            assert_eq!(read, [Found::Key(Key::parse(key))], "{line}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error() {
        let failure = read(&["-".to_owned()], &b"12\n\xff\xfe\n"[..]).unwrap_err();
        assert!(failure.to_string().contains("line 2"), "{failure}");
    }
}
