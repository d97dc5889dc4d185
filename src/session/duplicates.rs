//! Documents that are one work: the same DOI, PMCID, PMID or title.
//!
//! | reason | compared |
//! |---|---|
//! | `pmid` | the key, and identifiers of the kind `pubmed` |
//! | `doi`, `pmc` | identifiers, letter case left out |
//! | `title` | letters and digits of titles with at least 25 of them, of the same year or one without a year |
//!
//! A title alone is a weak reason (`Reply`, `Introduction` are many works), so short ones are not compared, and
//! titles count only where no two documents of the group have different DOIs.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::control::Control;
use crate::db::Snapshot;
use crate::document::Document;
use crate::error::Result;
use crate::ids::Key;
use crate::session::key_line;

/// Letters and digits of the shortest title that is compared.
const TITLE_LETTERS_MIN: usize = 25;

/// Documents of one title with each of which one is compared: a title that thousands share names no work.
const NEIGHBOURS: usize = 64;

/// Why documents are taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SameBy {
    /// One PMID.
    Pmid,
    /// One DOI.
    Doi,
    /// One PMCID.
    Pmc,
    /// One title, and no year that contradicts.
    Title,
}

impl SameBy {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            SameBy::Pmid => "pmid",
            SameBy::Doi => "doi",
            SameBy::Pmc => "pmc",
            SameBy::Title => "title",
        }
    }
}

/// Documents that are likely one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DuplicateGroup {
    /// Why, the strongest reason first.
    pub reasons: Vec<SameBy>,
    /// Their keys, in order; in JSON as [`key_line`] writes them.
    pub keys: Vec<Key>,
    /// The title of the first of them.
    pub title: String,
}

impl Serialize for DuplicateGroup {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        let keys: Vec<String> = self.keys.iter().map(key_line).collect();
        serde_json::json!({"reasons": self.reasons, "keys": keys, "title": self.title})
            .serialize(serializer)
    }
}

/// What is kept of a document.
struct Kept {
    key: Key,
    doi: Option<u64>,
    year: u32,
}

/// Groups of documents that are likely one, in the order of their first keys.
///
/// Cost: reads every document. Memory: its key and about 60 bytes per identifier and title.
///
/// # Errors
/// [`crate::Error::Corrupt`]; those of the control.
pub fn duplicates(snapshot: &Snapshot, control: &Control) -> Result<Vec<DuplicateGroup>> {
    let total = snapshot.len();
    let mut kept: Vec<Kept> = Vec::new();
    let mut same: HashMap<(SameBy, u64), Vec<usize>> = HashMap::new();
    for document in snapshot.documents() {
        if kept.len().is_multiple_of(256) {
            control.check()?;
            control.report("comparing", "documents", kept.len() as u64, total);
        }
        let document = document?;
        let marks = marks(&document);
        for mark in &marks {
            same.entry(*mark).or_default().push(kept.len());
        }
        let doi = marks.iter().find(|(by, _)| *by == SameBy::Doi).map(|(_, hash)| *hash);
        let year = document.date.as_ref().map_or(0, |date| date.first.year());
        kept.push(Kept { key: document.key, doi, year });
    }
    control.report("comparing", "documents", total, total);
    let mut groups = Groups::new(kept.len());
    let mut marks: Vec<_> = same.into_iter().filter(|(_, members)| members.len() > 1).collect();
    marks.sort_unstable();
    for ((by, _), members) in marks {
        match by {
            SameBy::Title => {
                for (place, one) in members.iter().enumerate() {
                    for other in members.iter().skip(place + 1).take(NEIGHBOURS) {
                        if are_alike(&kept, *one, *other) {
                            groups.join(*one, *other, by);
                            break;
                        }
                    }
                }
            }
            _ => members.windows(2).for_each(|pair| {
                if let [one, other] = pair {
                    groups.join(*one, *other, by);
                }
            }),
        }
    }
    groups.named(&kept, snapshot)
}

/// Whether nothing but the title is known to differ.
fn are_alike(kept: &[Kept], one: usize, other: usize) -> bool {
    let (Some(one), Some(other)) = (kept.get(one), kept.get(other)) else { return false };
    let has_same_year = one.year == 0 || other.year == 0 || one.year == other.year;
    let has_same_doi = one.doi.is_none() || other.doi.is_none() || one.doi == other.doi;
    has_same_year && has_same_doi
}

/// By what a document may be the same as others, as hashes of 64 bits.
pub(super) fn marks(document: &Document) -> HashSet<(SameBy, u64)> {
    let mut marks = HashSet::new();
    if let Key::Pmid(pmid) = &document.key {
        marks.insert((SameBy::Pmid, u64::from(pmid.0)));
    }
    for id in &document.ids {
        let value = id.value.trim().to_lowercase();
        match id.kind.as_str() {
            "doi" => marks.insert((SameBy::Doi, hash(&value))),
            "pmc" => marks.insert((SameBy::Pmc, hash(&value))),
            "pubmed" | "pmid" => {
                value.parse::<u32>().is_ok_and(|pmid| marks.insert((SameBy::Pmid, u64::from(pmid))))
            }
            _ => false,
        };
    }
    let title = document.display_title().chars().filter(|ch| ch.is_alphanumeric());
    let title: String = title.flat_map(char::to_lowercase).collect();
    if title.chars().count() >= TITLE_LETTERS_MIN {
        marks.insert((SameBy::Title, hash(&title)));
    }
    marks
}

fn hash(text: &str) -> u64 {
    use sha2::{Digest, Sha256};

    let digest: [u8; 32] = Sha256::digest(text).into();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Documents joined pair by pair.
struct Groups {
    /// Leads to the least member of a document's group.
    parents: Vec<usize>,
    reasons: BTreeMap<usize, Vec<SameBy>>,
}

impl Groups {
    fn new(count: usize) -> Groups {
        Groups { parents: (0..count).collect(), reasons: BTreeMap::new() }
    }

    fn root(&mut self, mut place: usize) -> usize {
        while let Some(&parent) = self.parents.get(place)
            && parent != place
        {
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(own) = self.parents.get_mut(place) {
                *own = above;
            }
            place = parent;
        }
        place
    }

    fn join(&mut self, one: usize, other: usize, by: SameBy) {
        let (one, other) = (self.root(one), self.root(other));
        let (least, most) = (one.min(other), one.max(other));
        if let Some(parent) = self.parents.get_mut(most) {
            *parent = least;
        }
        let mut reasons = self.reasons.remove(&most).unwrap_or_default();
        let own = self.reasons.entry(least).or_default();
        own.append(&mut reasons);
        own.push(by);
    }

    fn named(mut self, kept: &[Kept], snapshot: &Snapshot) -> Result<Vec<DuplicateGroup>> {
        let mut members: BTreeMap<usize, Vec<Key>> = BTreeMap::new();
        for (place, one) in kept.iter().enumerate() {
            let root = self.root(place);
            if self.reasons.contains_key(&root) {
                members.entry(root).or_default().push(one.key.clone());
            }
        }
        let mut groups = Vec::with_capacity(members.len());
        for (root, mut keys) in members {
            keys.sort();
            let mut reasons = self.reasons.remove(&root).unwrap_or_default();
            reasons.sort_unstable();
            reasons.dedup();
            let first = match keys.first() {
                Some(key) => snapshot.get(key)?,
                None => None,
            };
            let title =
                first.map_or_else(String::new, |document| document.display_title().to_owned());
            groups.push(DuplicateGroup { reasons, keys, title });
        }
        groups.sort_by(|one, other| one.keys.cmp(&other.keys));
        Ok(groups)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::date::{Day, PublicationDate};
    use crate::db::{CreateOptions, Database, WriterOptions};
    use crate::document::OtherId;
    use crate::storage::MemoryStorage;

    const LONG: &str = "Aspirin and the risk of colorectal cancer";

    fn document(key: Key, title: &str, year: u32, ids: &[(&str, &str)]) -> Document {
        let mut document = Document::new(key);
        document.title = title.to_owned();
        let id =
            |(kind, value): &(&str, &str)| OtherId { kind: (*kind).into(), value: (*value).into() };
        document.ids = ids.iter().map(id).collect();
        let (first, last) = (Day::new(year, 1, 1), Day::new(year, 12, 31));
        let date = PublicationDate { verbatim: year.to_string(), first, last };
        document.date = (year > 0).then_some(date);
        document
    }

    fn found(documents: Vec<Document>) -> Vec<(Vec<SameBy>, Vec<String>)> {
        let storage = Arc::new(MemoryStorage::new());
        let database = Database::create_in(storage, CreateOptions::default()).unwrap();
        let mut writer = database.writer(WriterOptions::default()).unwrap();
        documents.into_iter().for_each(|document| {
            writer.upsert(document).unwrap();
        });
        writer.commit().unwrap();
        let groups = duplicates(&database.snapshot(), &Control::default()).unwrap();
        let shown = |group: DuplicateGroup| {
            (group.reasons, group.keys.iter().map(Key::to_string).collect())
        };
        groups.into_iter().map(shown).collect()
    }

    #[test]
    fn identifiers_and_long_titles_join() {
        let text = |key: &str| Key::Text(key.into());
        let groups = found(vec![
            document(Key::pmid(1), LONG, 2019, &[("doi", "10.1/A")]),
            document(text("ris"), "Another title", 0, &[("doi", "10.1/a"), ("pmc", "PMC7")]),
            document(text("web"), "", 0, &[("pmc", "pmc7")]),
            document(text("table"), &LONG.to_uppercase().replace(' ', "  "), 0, &[]),
            document(text("old"), LONG, 1999, &[]),
            document(text("row"), "x", 0, &[("pubmed", "9")]),
            document(Key::pmid(9), "y", 0, &[]),
        ]);
        let by = |reasons: &[SameBy], keys: &[&str]| {
            (reasons.to_vec(), keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>())
        };
        let joined: HashSet<&String> = groups[0].1.iter().collect();
        assert_eq!(groups[0].0, [SameBy::Doi, SameBy::Pmc, SameBy::Title]);
        assert!(["1", "ris", "web", "table"].iter().all(|key| joined.contains(&(*key).to_owned())));
        assert_eq!(groups[1], by(&[SameBy::Pmid], &["9", "row"]));
        assert_eq!(groups.len(), 2);
    }

    #[test]
    fn what_contradicts_a_title_keeps_works_apart() {
        let ids = |doi: &'static str| [("doi", doi)];
        assert!(
            found(vec![
                document(Key::pmid(1), LONG, 2019, &ids("10.1/a")),
                document(Key::pmid(2), LONG, 2019, &ids("10.1/b")),
                document(Key::pmid(3), "Reply", 2019, &[]),
                document(Key::pmid(4), "Reply", 2019, &[]),
                document(Key::pmid(5), "Another long title of two different years", 2018, &[]),
                document(Key::pmid(6), "Another long title of two different years", 2019, &[]),
            ])
            .is_empty()
        );
    }
}
