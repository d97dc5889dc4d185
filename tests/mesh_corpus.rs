//! Explosion over real citations: what [`Filter::mesh`] counts equals a computation from NLM's tables and the
//! documents read back, which shares no code with the library's vocabulary. Needs the shared data.
//!
//! A heading with a UI is the descriptor of that UI, whatever its name says. A heading without one is the
//! descriptor of that name, else the one that an earlier year called so.

#![cfg(feature = "ingest")]

mod common;
#[path = "common/tables.rs"]
mod tables;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::Random;
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::{AbstractSection, Document, MeshHeading};
use medvec::ingest::{Event, open};
use medvec::storage::MemoryStorage;
use medvec::{Filter, Query};
use tables::text;

/// The lines of a table as columns.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect())
}

/// What the tables say.
#[derive(Default)]
struct Tables {
    /// UIs by tree number.
    places: BTreeMap<String, String>,
    uis: BTreeSet<String>,
    /// UIs by name in lower case; names of 2024.
    names: HashMap<String, String>,
    /// The same with entry terms, where no descriptor has that name.
    terms: HashMap<String, String>,
    /// UIs of 2024 by a name of an earlier year, of descriptors that are gone, too.
    former: HashMap<String, BTreeSet<String>>,
    /// UIs of 2024 by a UI that is gone.
    retired: HashMap<String, String>,
}

impl Tables {
    fn read(folder: &Path) -> Tables {
        let mut tables = Tables::default();
        for row in rows(&text(&folder.join("mesh2024_terms.tsv.gz"))).skip(1) {
            tables.uis.insert(row[0].to_owned());
            tables.names.insert(row[1].to_lowercase(), row[0].to_owned());
            if row[6] != "Y" {
                tables.terms.entry(row[4].to_lowercase()).or_insert_with(|| row[0].to_owned());
            }
        }
        for table in ["mesh2024_trees.tsv.gz", "mesh2024_top_level.tsv"] {
            for row in rows(&text(&folder.join(table))).skip(1) {
                tables.places.insert(row[2].to_owned(), row[0].to_owned());
            }
        }
        for table in ["mesh2021_names_trees.tsv.gz", "mesh2015_terms.tsv.gz"] {
            for row in rows(&text(&folder.join(table))).filter(|row| row[0] != "mesh_id") {
                tables.remember(row[0], &row[1].to_lowercase());
            }
        }
        tables
    }

    fn remember(&mut self, ui: &str, name: &str) {
        if self.uis.contains(ui) {
            self.former.entry(name.to_owned()).or_default().insert(ui.to_owned());
        } else if let Some(now) = self.names.get(name).or_else(|| self.terms.get(name)) {
            let now = now.clone();
            self.former.entry(name.to_owned()).or_default().insert(now.clone());
            self.retired.insert(ui.to_owned(), now);
        }
    }

    /// The descriptors that a heading of a document is.
    fn descriptors<'a>(&'a self, heading: &'a MeshHeading) -> Vec<&'a str> {
        if self.uis.contains(&heading.ui) {
            return vec![&heading.ui];
        }
        if let Some(now) = self.retired.get(&heading.ui) {
            return vec![now];
        }
        let name = heading.name.to_lowercase();
        match (self.names.get(&name), self.former.get(&name)) {
            (Some(ui), _) => vec![ui],
            (None, Some(uis)) => uis.iter().map(String::as_str).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// Documents below each descriptor, the descriptor itself included, and below each tree number.
    fn documents(&self, documents: &[Document]) -> BTreeMap<String, BTreeSet<usize>> {
        let mut numbers: HashMap<&str, Vec<&str>> = HashMap::new();
        for (number, ui) in &self.places {
            numbers.entry(ui).or_default().push(number);
        }
        let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (place, document) in documents.iter().enumerate() {
            for ui in document.mesh.iter().flat_map(|heading| self.descriptors(heading)) {
                found.entry(ui.to_owned()).or_default().insert(place);
                for number in numbers.get(ui).into_iter().flatten() {
                    let dots = number.match_indices('.').map(|(at, _)| at);
                    for end in dots.chain([number.len()]) {
                        let above = &number[..end];
                        found.entry(above.to_owned()).or_default().insert(place);
                        let ui = self.places[above].clone();
                        found.entry(ui).or_default().insert(place);
                    }
                }
            }
        }
        found
    }
}

fn corpus(shared: &Path) -> Vec<Document> {
    let mut files: Vec<PathBuf> = vec![shared.join("data/abstracts.jsonl.zst")];
    for folder in std::fs::read_dir(shared.join("data/medline-xml")).expect("medline-xml") {
        let inside = std::fs::read_dir(folder.expect("an entry").path()).expect("a folder");
        files.extend(inside.map(|file| file.expect("a file").path()));
    }
    files.sort();
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    for file in files.iter().filter(|file| !file.to_string_lossy().contains(".tar")) {
        let Ok(records) = open(file) else { continue };
        for record in records.flatten() {
            let Event::Document { mut document, .. } = record.event else { continue };
            // Text would only take time.
            document.title = String::new();
            document.abstract_sections = Vec::<AbstractSection>::new();
            documents.insert(document.key.to_string(), *document);
        }
    }
    documents.into_values().collect()
}

fn counted(snapshot: &Snapshot, term: &str) -> u64 {
    // Headings that no document has are an answer, 0.
    let query = Query::matching(Filter::mesh(term)).count_only();
    snapshot.search(&query).unwrap_or_else(|error| panic!("{term}: {error}")).matched
}

#[test]
fn explosion_counts_equal_a_computation_from_the_tables() {
    let Some(shared) = common::shared() else { return };
    let tables = Tables::read(&shared.join("data/mesh"));
    let database =
        Database::create_in(Arc::new(MemoryStorage::default()), CreateOptions::default())
            .expect("a database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    for document in corpus(&shared) {
        writer.upsert(document).expect("a document");
    }
    writer.commit().expect("a commit");
    let snapshot = database.snapshot();
    let documents: Vec<Document> = snapshot.documents().map(|read| read.expect("reads")).collect();
    let indexed = documents.iter().filter(|document| !document.mesh.is_empty()).count();
    let headings = documents.iter().flat_map(|document| &document.mesh);
    let with_ui = headings.filter(|heading| !heading.ui.is_empty()).count();
    assert!(indexed > 17_000 && with_ui > 1_000, "{indexed} indexed, {with_ui} headings with UI");

    let expected = tables.documents(&documents);
    let count_of = |name: &str| expected.get(name).map_or(0, BTreeSet::len) as u64;
    let mut wrong = Vec::new();
    let mut check = |term: &str, found: u64, expected: u64| {
        if found != expected {
            wrong.push(format!("{term}: {found}, expected {expected}"));
        }
    };
    let tops: Vec<(&String, &String)> =
        tables.places.iter().filter(|(number, _)| !number.contains('.')).collect();
    assert_eq!(tops.len(), 115);
    for (number, ui) in tops {
        check(number, counted(&snapshot, number), count_of(number));
        check(ui, counted(&snapshot, ui), count_of(ui));
    }
    let uis: Vec<&String> = tables.uis.iter().collect();
    let mut random = Random(2024);
    let mut matching = 0;
    for turn in 0..500 {
        // Half of them among those that documents have, since most descriptors are rare.
        let ui = loop {
            let ui = uis[random.below(uis.len() as u64) as usize];
            if turn % 2 == 0 || count_of(ui) > 0 {
                break ui;
            }
        };
        matching += u64::from(count_of(ui) > 0);
        check(ui, counted(&snapshot, ui), count_of(ui));
    }
    assert!(matching > 300, "{matching}");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
