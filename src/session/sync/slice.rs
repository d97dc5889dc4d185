//! A part of PubMed: the citations that a query finds.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use crate::date::Day;
use crate::db::{Change, CreateOptions, Database, Snapshot, WriterOptions};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::ingest::pipeline::Selection;
use crate::query::{Clause, ClauseKind, DateTerm, Strategy};
use crate::search::Query;
use crate::session::error::{SessionError, SessionResult};
use crate::storage::{Bytes, MemoryStorage, Storage};

/// A query in PubMed's language whose answer depends on each citation alone: not on the day, and not on what else
/// is in the database.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    strategy: Strategy,
    /// In canonical form.
    pub(super) text: String,
}

impl Slice {
    /// Reads a query; `None` for an empty one, which keeps all.
    ///
    /// # Errors
    /// [`Error::Strategy`] for a query that is malformed; [`SessionError::SliceUnstable`].
    pub(super) fn parse(text: &str) -> SessionResult<Option<Slice>> {
        // A query on several lines is one.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Ok(None);
        }
        let strategy = Strategy::parse(text).map_err(Error::from)?;
        let Some(line) = strategy.lines().first() else { return Ok(None) };
        line.query.fold(stable, |(), _| Ok(()))?;
        let text = line.query.to_string();
        Ok(Some(Slice { strategy, text }))
    }

    /// What chooses the citations for a database, whose headings are looked up in its own vocabulary; without a
    /// database in the one inside the library.
    ///
    /// # Errors
    /// [`Error::Strategy`] for a term that cannot be answered: an unknown heading, a field that is not indexed.
    pub(super) fn selection(&self, snapshot: Option<&Snapshot>) -> Result<Arc<Chooser>> {
        let storage = MemoryStorage::new();
        let database = Database::create_in(Arc::new(storage.clone()), CreateOptions::default())?;
        if let Some(own) = snapshot.filter(|snapshot| snapshot.manifest().mesh.is_some()) {
            let mut writer = database.writer(WriterOptions::default())?;
            writer.set_mesh(Some(own.vocabulary()?))?;
            writer.commit()?;
        }
        let chooser = Chooser { strategy: self.strategy.clone(), empty: published(&storage)? };
        // A query that no citation can be asked fails now, not at the first batch.
        chooser.choose(&[&Document::new(Key::pmid(1))])?;
        Ok(Arc::new(chooser))
    }
}

/// Refuses a term that means something else on another day or beside other documents.
fn stable(clause: &Clause) -> SessionResult<()> {
    let why = match &clause.kind {
        ClauseKind::Term(term) if term.tag.is_none() && !term.quoted => {
            "has no tag: what it means depends on the journals and authors that are here"
        }
        ClauseKind::Date { term: DateTerm::Last(..), .. } => "means something else every day",
        ClauseKind::Typed { .. } => "is about a field that PubMed's citations do not have",
        _ => return Ok(()),
    };
    Err(SessionError::SliceUnstable { term: clause.to_string(), why })
}

/// All files of a storage, to be shared by others.
fn published(storage: &MemoryStorage) -> Result<Vec<(String, Bytes)>> {
    let mut files = Vec::new();
    for name in storage.list()? {
        if let Some(bytes) = storage.open(&name)? {
            files.push((name, bytes));
        }
    }
    Ok(files)
}

/// Asks each batch the query in a database of its own: no second reading of the language, and no trace of what is
/// not chosen.
pub(super) struct Chooser {
    strategy: Strategy,
    /// The files of an empty database with the vocabulary.
    empty: Vec<(String, Bytes)>,
}

impl fmt::Debug for Chooser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chooser").field("strategy", &self.strategy).finish_non_exhaustive()
    }
}

impl Selection for Chooser {
    fn choose(&self, documents: &[&Document]) -> Result<Vec<bool>> {
        let mut chosen = vec![false; documents.len()];
        let mut left: Vec<(usize, &Document)> = documents.iter().copied().enumerate().collect();
        // Versions of one citation are asked one after the other: a database holds one of them.
        while !left.is_empty() {
            let mut places: BTreeMap<&Key, usize> = BTreeMap::new();
            let (mut changes, mut later) = (Vec::new(), Vec::new());
            for (place, document) in left {
                match places.entry(&document.key) {
                    Entry::Vacant(entry) => {
                        entry.insert(place);
                        changes.push(Change::new(document.clone()));
                    }
                    Entry::Occupied(_) => later.push((place, document)),
                }
            }
            let storage = MemoryStorage::with_bytes(self.empty.iter().cloned());
            let database = Database::open_in(Arc::new(storage))?;
            let mut writer = database.writer(WriterOptions::default())?;
            writer.apply(changes)?;
            writer.commit()?;
            let snapshot = database.snapshot();
            // The day does not matter: terms that depend on it are refused.
            let filter = snapshot.translate(&self.strategy, Day::today())?.filter();
            for found in snapshot.documents_matching(&Query::matching(filter))? {
                if let Some(is_chosen) =
                    places.get(&found?.key).and_then(|place| chosen.get_mut(*place))
                {
                    *is_chosen = true;
                }
            }
            left = later;
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_about_each_citation_alone() {
        assert!(Slice::parse("  ").expect("empty").is_none());
        let slice = Slice::parse("asthma[ti] OR\n2020[dp]").expect("a query").expect("not empty");
        assert_eq!(slice.text, "asthma[ti] OR 2020[dp]");
        for text in ["asthma", "asthma[ti] AND last 5 years[dp]", "rating:>3"] {
            let refused = Slice::parse(text).expect_err(text);
            assert_eq!(refused.code(), "slice_unstable", "{text}: {refused}");
        }
        assert!(Slice::parse("asthma[ti").is_err());
        let unknown = Slice::parse("Asthmas of Nowhere[mh]").expect("a query").expect("one");
        assert!(unknown.selection(None).is_err());
    }

    #[test]
    fn versions_of_one_citation_are_chosen_one_by_one() {
        let slice = Slice::parse("asthma[ti]").expect("a query").expect("not empty");
        let selection = slice.selection(None).expect("can be answered");
        let titled = |title: &str| {
            let mut document = Document::new(Key::pmid(7));
            document.title = title.into();
            document
        };
        let (one, two, three) = (titled("Asthma"), titled("Gout"), titled("On asthma"));
        let chosen = selection.choose(&[&one, &two, &three]).expect("chooses");
        assert_eq!(chosen, [true, false, true]);
    }
}
