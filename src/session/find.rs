//! Keys as people type them.

use std::collections::HashSet;

use super::key_line::{parts, pmid, pmids_in};
use crate::db::Snapshot;
use crate::error::Result;
use crate::ids::Key;
use crate::ingest::quoted_key;
use crate::search::{Hint, hints};

/// A key as typed, looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyLookup {
    /// A document has it.
    Found(Key),
    /// No document has it; this says so, and what would be right where the text shows it.
    Missing(String),
}

/// Looks up everything that was typed, each key once, in the order of its first mention. A text in double quotes is
/// a JSON string and means the key with that text, never a PMID ([`key_line`](super::key_line())). Any other text means
/// itself where a document has it as its key, be it a number that no document has as its PMID; else a number after
/// `PMID`, or several PMIDs between blanks or commas. What only resembles a PMID is not guessed at, since keys are
/// also deleted this way.
///
/// Cost: a binary search per segment for each key.
///
/// # Errors
/// As [`Snapshot::contains`].
pub fn find_keys(texts: &[String], snapshot: &Snapshot) -> Result<Vec<KeyLookup>> {
    let mut all = Vec::new();
    let mut known = HashSet::new();
    for text in texts {
        let found = find(text, snapshot)?;
        all.extend(found.into_iter().filter(|found| match found {
            KeyLookup::Found(key) => known.insert(key.clone()),
            KeyLookup::Missing(_) => true,
        }));
    }
    Ok(all)
}

/// The keys that a text means.
fn find(text: &str, snapshot: &Snapshot) -> Result<Vec<KeyLookup>> {
    if let Some(key) = quoted_key(text) {
        return Ok(vec![match snapshot.contains(&key)? {
            true => KeyLookup::Found(key),
            false => KeyLookup::Missing(nothing(text, instead(text), snapshot)?),
        }]);
    }
    for key in [Key::parse(text), Key::Text(text.to_owned())] {
        if snapshot.contains(&key)? {
            return Ok(vec![KeyLookup::Found(key)]);
        }
    }
    let Some(pmids) = pmids_in(text) else {
        let mut parts = parts(text);
        let near = match (parts.next(), parts.next()) {
            (Some(part), None) => instead(part),
            _ => None,
        };
        return Ok(vec![KeyLookup::Missing(nothing(text, near, snapshot)?)]);
    };
    let mut found = Vec::new();
    for pmid in pmids {
        found.push(match snapshot.contains(&pmid)? {
            true => KeyLookup::Found(pmid),
            false => KeyLookup::Missing(format!("PMID {pmid} is not in this database")),
        });
    }
    Ok(found)
}

/// Why a text that resembles a PMID is not one, and the PMID that it may mean.
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

    use super::*;
    use crate::db::{CreateOptions, Database, WriterOptions};
    use crate::document::Document;
    use crate::session::key_line;
    use crate::storage::MemoryStorage;

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

    fn found(typed: &[&str], snapshot: &Snapshot) -> Vec<KeyLookup> {
        let texts: Vec<String> = typed.iter().map(|text| (*text).to_owned()).collect();
        find_keys(&texts, snapshot).unwrap()
    }

    fn text(key: &str) -> Key {
        Key::Text(key.into())
    }

    #[test]
    fn texts_are_taken_in_order_and_once() {
        let keys = [Key::pmid(7), Key::pmid(8), Key::pmid(9), Key::pmid(10), text("doc-1")];
        let snapshot = snapshot(&keys);
        let typed = ["7", "8", "PMID: 9", "PMID-10", "pmid8", "9, 10;7", "doc-1", "PMID:", "7"];
        assert_eq!(found(&typed, &snapshot), keys.map(KeyLookup::Found));
    }

    #[test]
    fn a_key_of_its_own_comes_before_what_it_resembles() {
        let keys = [text("pmid-map"), text("1,2"), text("PMID"), text("007"), Key::pmid(1)];
        let snapshot = snapshot(&keys);
        let found = found(&["pmid-map", "1,2", "PMID", "007", "pmid: 1"], &snapshot);
        assert_eq!(found, keys.map(KeyLookup::Found));
    }

    #[test]
    fn every_key_is_found_by_the_line_that_is_written_for_it() {
        let texts =
            ["7", "PMID 7", "7, 8", "pmid:8", "\"7\"", "\"", " 7", "7\n", "'7'", "7.0", "x"];
        let keys: Vec<Key> = texts.into_iter().map(text).chain([7, 8].map(Key::pmid)).collect();
        let all = snapshot(&keys);
        for key in &keys {
            let line = key_line(key);
            assert_eq!(found(&[&line], &all), [KeyLookup::Found(key.clone())], "{line}");
            // And no other document by the line of one that is not there any more.
            let others: Vec<Key> = keys.iter().filter(|other| *other != key).cloned().collect();
            let found = found(&[&line], &snapshot(&others));
            let is_number = *key == Key::pmid(7);
            assert_eq!(matches!(found[..], [KeyLookup::Missing(_)]), !is_number, "{line}");
        }
    }

    #[test]
    fn a_number_that_is_no_pmid_here_is_the_key_of_that_spelling() {
        let here = snapshot(&[text("7")]);
        assert_eq!(found(&["7"], &here), [KeyLookup::Found(text("7"))]);
        let labelled = found(&["PMID 7"], &here);
        assert!(matches!(&labelled[..], [KeyLookup::Missing(_)]), "{labelled:?}");
        let both = snapshot(&[text("7"), Key::pmid(7)]);
        assert_eq!(found(&["7"], &both), [KeyLookup::Found(Key::pmid(7))]);
        assert_eq!(found(&["\"7\""], &both), [KeyLookup::Found(text("7"))]);
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
            let found = found(&[typed], &snapshot);
            let [KeyLookup::Missing(remark)] = found.as_slice() else {
                panic!("{typed}: {found:?}")
            };
            assert!(remark.contains(words), "{typed}: {remark}");
        }
        let several = found(&["123 124"], &snapshot);
        assert!(
            matches!(&several[..], [KeyLookup::Found(_), KeyLookup::Missing(_)]),
            "{several:?}"
        );
    }
}
