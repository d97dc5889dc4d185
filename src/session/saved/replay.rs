//! A search on record, asked again.

use std::collections::HashMap;

use super::pinned::PinnedDatabase;
use super::search::{SavedAnswer, SavedSearch};
use crate::control::Control;
use crate::error::Error;
use crate::ids::Key;
use crate::session::error::SessionResult;
use crate::session::key_line;
use crate::session::opened::Session;

/// What became of a search on record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Replay {
    /// The state that it was asked of now.
    pub database: PinnedDatabase,
    /// What came of it now.
    pub answer: SavedAnswer,
    /// Hits that were not there, in the order of now.
    pub added: Vec<Key>,
    /// Hits that are not there any more, in the order of then.
    pub lost: Vec<Key>,
    /// Hits at another place, in the order of now.
    pub moved: Vec<MovedKey>,
    /// What of the database is different, in words: a cause of the above, or of nothing.
    pub causes: Vec<String>,
}

/// A hit at another place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MovedKey {
    /// Its key.
    pub key: Key,
    /// Its place then, from 1.
    pub before: usize,
    /// Its place now.
    pub now: usize,
}

impl Replay {
    /// Whether the answer is the same: as many matches, and the same hits at the same places. Scores may
    /// differ in their last digits from one processor to another and do not count.
    pub fn is_same(&self, saved: &SavedSearch) -> bool {
        let lists = self.added.is_empty() && self.lost.is_empty() && self.moved.is_empty();
        lists && self.answer.matched == saved.answer.matched
    }

    /// The report as JSON, keys as [`key_line`] writes them.
    pub fn to_json(&self, saved: &SavedSearch) -> serde_json::Value {
        let names = |keys: &[Key]| keys.iter().map(key_line).collect::<Vec<_>>();
        let moved = self.moved.iter().map(|one| {
            serde_json::json!({"key": key_line(&one.key), "before": one.before, "now": one.now})
        });
        serde_json::json!({
            "same": self.is_same(saved),
            "saved": saved.saved,
            "matched_before": saved.answer.matched,
            "matched_now": self.answer.matched,
            "added": names(&self.added),
            "lost": names(&self.lost),
            "moved": moved.collect::<Vec<_>>(),
            "causes": self.causes,
            "database": self.database,
        })
    }
}

impl Session {
    /// Asks a search on record again and compares.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub fn replay(&self, saved: &SavedSearch, control: &Control) -> SessionResult<Replay> {
        let unknown = || {
            let detail = "a filter, a strategy or an order that cannot be understood";
            Error::input("the saved search", "`request`", detail)
        };
        let mut request = saved.request.to_request().ok_or_else(unknown)?;
        for (strategy, today) in saved.request.to_strategies().ok_or_else(unknown)? {
            request =
                request.strategy(&self.snapshot().translate_controlled(&strategy, today, control)?);
        }
        let database = PinnedDatabase::of(&self.snapshot())?;
        let answer = SavedAnswer::of(&self.ask(&request.control(control.clone()))?);
        let places = |answer: &SavedAnswer| -> HashMap<Key, usize> {
            answer.hits.iter().zip(1..).map(|(hit, place)| (hit.key(), place)).collect()
        };
        let (before, now) = (places(&saved.answer), places(&answer));
        let keys = |answer: &SavedAnswer, others: &HashMap<Key, usize>| -> Vec<Key> {
            let keys = answer.hits.iter().map(|hit| hit.key());
            keys.filter(|key| !others.contains_key(key)).collect()
        };
        let (added, lost) = (keys(&answer, &before), keys(&saved.answer, &now));
        let moved = answer.hits.iter().zip(1..).filter_map(|(hit, now)| {
            let key = hit.key();
            let before = *before.get(&key).filter(|before| **before != now)?;
            Some(MovedKey { key, before, now })
        });
        let moved = moved.collect();
        let causes = causes(&saved.database, &database);
        Ok(Replay { database, answer, added, lost, moved, causes })
    }
}

/// What is different between two states, in words.
fn causes(before: &PinnedDatabase, now: &PinnedDatabase) -> Vec<String> {
    let mut causes = Vec::new();
    if before.id != now.id {
        causes.push(format!("another database: {} then, {} now", before.id, now.id));
    }
    if before.generation != now.generation {
        causes.push(format!("generation {} then, {} now", before.generation, now.generation));
    }
    if before.documents != now.documents {
        causes.push(format!("documents: {} then, {} now", before.documents, now.documents));
    }
    if before.encoder != now.encoder {
        let name = |database: &PinnedDatabase| match &database.encoder {
            Some(encoder) => format!("{} ({})", encoder.name, encoder.fingerprint),
            None => "none".to_owned(),
        };
        causes.push(format!("encoder {} then, {} now", name(before), name(now)));
    }
    if before.mesh_year != now.mesh_year {
        causes.push(format!("MeSH {} then, {} now", before.mesh_year, now.mesh_year));
    }
    for source in now.sources.iter().filter(|source| !before.sources.contains(source)) {
        causes.push(format!("imported since: {} (records: {})", source.name, source.records));
    }
    for source in before.sources.iter().filter(|source| !now.sources.contains(source)) {
        causes.push(format!("no longer the same: {} (records: {})", source.name, source.records));
    }
    causes
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::date::Day;
    use crate::db::{CreateOptions, Database, Writer, WriterOptions};
    use crate::document::{Author, Document, HistoryDate};
    use crate::query::Strategy;
    use crate::search::{Filter, Sort, SortOrder};
    use crate::session::{Request, SessionOptions};
    use crate::storage::MemoryStorage;

    fn add(writer: &mut Writer, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let mut document = Document::new(Key::pmid(number));
            document.languages = vec!["eng".to_owned()];
            writer.upsert(document).unwrap();
        }
        writer.commit().unwrap();
    }

    #[test]
    fn a_record_says_what_changed() {
        let storage = Arc::new(MemoryStorage::new());
        let database = Database::create_in(storage, CreateOptions::default()).unwrap();
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        add(&mut writer, 2..6);
        let session = Session::of(database.clone(), SessionOptions::default());
        let request = Request::matching(Filter::Language("eng".into()))
            .sort(Sort::Key, SortOrder::Ascending)
            .k(3);
        let saved = session.save(&request, &session.ask(&request).unwrap()).unwrap();
        let text = serde_json::to_string(&saved).unwrap();
        let saved = SavedSearch::read("file", &text).unwrap();
        let same = session.replay(&saved, &Control::default()).unwrap();
        assert!(same.is_same(&saved) && same.causes.is_empty(), "{same:?}");

        writer.delete(&Key::pmid(3)).unwrap();
        add(&mut writer, 1..2);
        let changed = session.replay(&saved, &Control::default()).unwrap();
        assert!(!changed.is_same(&saved));
        assert_eq!((changed.added, changed.lost), (vec![Key::pmid(1)], vec![Key::pmid(3)]));
        let moved = MovedKey { key: Key::pmid(2), before: 1, now: 2 };
        assert_eq!(changed.moved, [moved]);
        assert!(changed.causes[0].starts_with("generation"), "{:?}", changed.causes);
    }

    /// What a strategy means depends on what the database holds: journals, authors, dates of records.
    #[test]
    fn a_strategy_is_translated_again() {
        let storage = Arc::new(MemoryStorage::new());
        let database = Database::create_in(storage, CreateOptions::default()).unwrap();
        let document = |pmid: u32| {
            let mut document = Document::new(Key::pmid(pmid));
            document.title = "Smith JA on asthma".into();
            document.languages = vec!["eng".into()];
            document
        };
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        writer.upsert(document(1)).unwrap();
        writer.commit().unwrap();
        let session = Session::of(database, SessionOptions::default());
        let texts = [
            "\"J Two\"[ta] OR \"J One\"[ta]",
            "2020:3000[edat] OR 1[pmid]",
            "smith ja",
            "1. 2020:3000[edat]\n2. #1 AND \"last 5 years\"[edat]",
        ];
        let saved: Vec<SavedSearch> = texts
            .iter()
            .map(|text| {
                let strategy = Strategy::parse(*text).unwrap();
                let meant = session.snapshot().translate(&strategy, Day(20240615)).unwrap();
                let request = Request::matching(Filter::Language("eng".into())).strategy(&meant);
                let saved = session.save(&request, &session.ask(&request).unwrap()).unwrap();
                let text = serde_json::to_string(&saved).unwrap();
                let read = SavedSearch::read("r.json", &text).unwrap();
                assert_eq!((read.form, &read), (2, &saved));
                assert!(session.replay(&read, &Control::default()).unwrap().is_same(&read));
                read
            })
            .collect();
        let mut later = document(2);
        later.journal.abbreviation = "J Two".into();
        later.history = vec![HistoryDate { event: "pubmed".into(), day: Day(20210203) }];
        later.authors =
            vec![Author { last_name: "Smith".into(), initials: "JA".into(), ..Author::default() }];
        let mut other = later.clone();
        (other.key, other.languages) = (Key::pmid(3), vec!["ger".into()]);
        writer.upsert(later).unwrap();
        writer.upsert(other).unwrap();
        writer.commit().unwrap();
        session.refresh().unwrap();
        for (saved, text) in saved.iter().zip(texts) {
            let replay = session.replay(saved, &Control::default()).unwrap();
            let lost = if text == "smith ja" { vec![Key::pmid(1)] } else { Vec::new() };
            assert_eq!((replay.added, replay.lost), (vec![Key::pmid(2)], lost), "{text}");
        }
    }

    #[test]
    fn a_filter_that_was_given_after_a_strategy_is_what_is_saved() {
        let storage = Arc::new(MemoryStorage::new());
        let database = Database::create_in(storage, CreateOptions::default()).unwrap();
        add(&mut database.writer(WriterOptions::default()).unwrap(), 1..4);
        let session = Session::of(database, SessionOptions::default());
        let strategy = Strategy::parse("1[pmid]").unwrap();
        let meant = session.snapshot().translate(&strategy, Day(20240615)).unwrap();
        let mut request = Request::default().strategy(&meant);
        request.filter = Filter::Keys(vec![Key::pmid(2)]);
        let saved = session.save(&request, &session.ask(&request).unwrap()).unwrap();
        assert_eq!((saved.form, saved.request.strategies.len()), (1, 0));
        assert!(session.replay(&saved, &Control::default()).unwrap().is_same(&saved));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for (text, words) in [
            ("", "not a saved search"),
            ("{\"form\": 1}", "not a saved search"),
            ("[1, 2]", "not a saved search"),
        ] {
            let error = SavedSearch::read("file", text).unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("file"), "{error}");
        }
    }
}
