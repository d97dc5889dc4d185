//! Searches for words against a plain reading of the documents: filters on words, phrases, proximity, truncation and
//! authors, and the ranking by words, in every layout of segments.
//!
//! `PROPTEST_CASES=2000 cargo test --release --no-default-features --features sim --test words` runs a longer campaign.

#[path = "../common/mod.rs"]
mod common;
mod deleted;
mod expand;
mod hybrid;
mod like;
mod old;
mod plain;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use common::Random;
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::{
    AbstractSection, Author, Document, Keyword, MeshHeading, OtherAbstract, TypedTerm,
};
use medvec::format::manifest::LexicalConfig;
use medvec::storage::MemoryStorage;
use medvec::text::{Analyzer, TokenForm};
use medvec::{Control, Error, Filter, Key, Mode, OptimizeOptions, Query, TextField};

/// Words that documents are made of; stems, forms, chains and stop words among them.
const WORDS: &[&str] = &[
    "inhibitor",
    "inhibitors",
    "inhibited",
    "inhibits",
    "kinase",
    "IL-6",
    "IL6",
    "interleukin",
    "the",
    "of",
    "cells",
    "cell",
    "CD4+",
    "p53",
    "tumor",
    "tumour",
    "tumors",
    "β-catenin",
    "beta",
    "catenin",
    "5-HT",
    "double-blind",
    "trial",
    "trials",
    "organization",
    "organisation",
    "happy",
    "happiness",
    "hopes",
    "hoping",
];

const LAST_NAMES: &[&str] =
    &["Smith", "Smithson", "O'Brien", "van der Berg", "Müller", "Smith Jones"];

fn words(random: &mut Random, most: u64) -> String {
    let count = random.below(most + 1);
    let words: Vec<&str> =
        (0..count).map(|_| WORDS[random.below(WORDS.len() as u64) as usize]).collect();
    words.join(if random.below(4) == 0 { ", " } else { " " })
}

fn document(random: &mut Random, number: u64) -> Document {
    let mut document = Document::new(common::key(number));
    document.title = words(random, 6);
    for label in ["", "METHODS"].iter().take(random.below(3) as usize) {
        let text = words(random, 14);
        document.abstract_sections.push(AbstractSection {
            label: (*label).into(),
            text,
            ..Default::default()
        });
    }
    if random.below(5) == 0 {
        let sections = vec![AbstractSection { text: words(random, 5), ..Default::default() }];
        document.other_abstracts.push(OtherAbstract { sections, ..Default::default() });
    }
    for _ in 0..random.below(3) {
        document.keywords.push(Keyword { text: words(random, 2), ..Default::default() });
    }
    for _ in 0..random.below(4) {
        document.authors.push(Author {
            last_name: LAST_NAMES[random.below(LAST_NAMES.len() as u64) as usize].into(),
            initials: ["J", "JA", "B"][random.below(3) as usize].into(),
            fore_name: ["John", "John A", "Bob"][random.below(3) as usize].into(),
            affiliations: (0..random.below(2)).map(|_| words(random, 4)).collect(),
            ..Default::default()
        });
    }
    if random.below(2) == 0 {
        document.chemicals.push(TypedTerm { name: words(random, 2), ..Default::default() });
        document
            .mesh
            .push(MeshHeading { name: words(random, 2) + " heading", ..Default::default() });
    }
    document
}

/// A running text as the index sees it: a word per position, and joined forms where they begin.
#[derive(Default)]
struct Plain {
    parts: Vec<String>,
    joined: Vec<(usize, String)>,
}

impl Plain {
    fn add(&mut self, text: &str) {
        let start = self.parts.len();
        let mut parts = Vec::new();
        let mut joined = Vec::new();
        Analyzer::default().analyze(text, |token| match token.form {
            TokenForm::Part => parts.push(token.term.to_owned()),
            TokenForm::Joined => {
                joined.push((start + token.position as usize, token.term.to_owned()))
            }
        });
        self.parts.extend(parts);
        self.joined.extend(joined);
    }

    fn of(texts: &[&str]) -> Plain {
        let mut plain = Plain::default();
        texts.iter().for_each(|text| plain.add(text));
        plain
    }
}

/// The texts of a field, each searched by itself.
fn texts(document: &Document, field: TextField) -> Vec<Plain> {
    let sections = |sections: &[AbstractSection]| {
        let pieces: Vec<&str> =
            sections.iter().flat_map(|section| [&*section.label, &*section.text]).collect();
        Plain::of(&pieces)
    };
    match field {
        TextField::Title => vec![Plain::of(&[&document.title])],
        TextField::Abstract => vec![sections(&document.abstract_sections)],
        TextField::OtherAbstracts => {
            document.other_abstracts.iter().map(|other| sections(&other.sections)).collect()
        }
        TextField::Keywords => {
            document.keywords.iter().map(|keyword| Plain::of(&[&keyword.text])).collect()
        }
        TextField::Affiliations => {
            let affiliations = document.authors.iter().flat_map(|author| &author.affiliations);
            affiliations.map(|text| Plain::of(&[text])).collect()
        }
        TextField::Substances => {
            document.chemicals.iter().map(|term| Plain::of(&[&term.name])).collect()
        }
        TextField::Headings => document.mesh.iter().map(|term| Plain::of(&[&term.name])).collect(),
        _ => Vec::new(),
    }
}

fn matches_word(pattern: &str, word: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return pattern == word };
    let Some(mut rest) = word.strip_prefix(first) else { return false };
    if pieces.len() == 1 {
        return rest.is_empty();
    }
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

impl Plain {
    /// Whether a word begins at a place: the part there, or a joined form.
    fn has(&self, at: usize, pattern: &str) -> bool {
        let mut joined = self.joined.iter().filter(|(place, _)| *place == at);
        self.parts.get(at).is_some_and(|word| matches_word(pattern, word))
            || joined.any(|(_, word)| matches_word(pattern, word))
    }
}

/// Whether a pattern, given as units of folded parts with their joined form, matches from a place on.
fn phrase_at(plain: &Plain, units: &[(Vec<&str>, Option<&str>)], at: usize) -> bool {
    let Some(((parts, joined), rest)) = units.split_first() else { return true };
    let side_by_side = parts.iter().enumerate().all(|(step, part)| plain.has(at + step, part));
    (side_by_side && phrase_at(plain, rest, at + parts.len()))
        || joined.is_some_and(|joined| plain.has(at, joined) && phrase_at(plain, rest, at + 1))
}

fn has_phrase(plain: &Plain, units: &[(Vec<&str>, Option<&str>)]) -> bool {
    (0..plain.parts.len()).any(|at| phrase_at(plain, units, at))
}

fn is_near(plain: &Plain, patterns: &[&str], between: usize) -> bool {
    let span = patterns.len() + between;
    (0..plain.parts.len()).any(|start| {
        let window = start..plain.parts.len().min(start + span);
        let has = |pattern: &&str| {
            let times = patterns.iter().filter(|other| *other == pattern).count();
            window.clone().filter(|at| plain.has(*at, pattern)).count() >= times
        };
        let is_any = |at: &usize| patterns.iter().any(|pattern| plain.has(*at, pattern));
        patterns.iter().all(has) && window.clone().filter(is_any).count() >= patterns.len()
    })
}

/// A pattern as typed, and as the reference reads it.
const PHRASES: &[(&str, &[(&[&str], Option<&str>)])] = &[
    ("inhibitor", &[(&["inhibitor"], None)]),
    ("Inhibited", &[(&["inhibited"], None)]),
    ("kinase inhibitors", &[(&["kinase"], None), (&["inhibitors"], None)]),
    ("IL-6", &[(&["il", "6"], Some("il6"))]),
    ("il6", &[(&["il6"], None)]),
    ("IL-6 inhibitor", &[(&["il", "6"], Some("il6")), (&["inhibitor"], None)]),
    ("double blind", &[(&["double"], None), (&["blind"], None)]),
    ("double-blind trial*", &[(&["double"], None), (&["blind"], None), (&["trial*"], None)]),
    ("inhib*", &[(&["inhib*"], None)]),
    ("organi*ation", &[(&["organi*ation"], None)]),
    ("tumo*r the", &[(&["tumo*r"], None), (&["the"], None)]),
    ("of the", &[(&["of"], None), (&["the"], None)]),
    ("β-catenin", &[(&["beta"], None), (&["catenin"], None)]),
    ("β-cat*", &[(&["beta"], None), (&["cat*"], None)]),
    ("kinase-inh*", &[(&["kinase"], None), (&["inh*"], None)]),
    ("happ* hopi*", &[(&["happ*"], None), (&["hopi*"], None)]),
    ("nothing", &[(&["nothing"], None)]),
    ("zebra", &[(&["zebra"], None)]),
    ("zebra kinase inhibitor", &[(&["zebra"], None), (&["kinase"], None), (&["inhibitor"], None)]),
];

const NEAR: &[(&str, &[&str])] = &[
    ("zebra inhibitor", &["zebra", "inhibitor"]),
    ("kinase inhibitor", &["kinase", "inhibitor"]),
    ("cell tumor kinase", &["cell", "tumor", "kinase"]),
    ("tumo* trial", &["tumo*", "trial"]),
    ("tumo* tumors", &["tumo*", "tumors"]),
    ("trial kinase trial", &["trial", "kinase", "trial"]),
];

const FIELDS: &[&[TextField]] = &[
    TextField::TITLE_ABSTRACT,
    &[TextField::Title],
    &[TextField::Abstract],
    &[TextField::OtherAbstracts, TextField::Keywords],
    &[TextField::Keywords],
    &[TextField::Affiliations],
    &[TextField::Substances, TextField::Headings],
    &[TextField::Title, TextField::Affiliations],
];

/// A database whose segments, deletions and merges follow from a seed, and the documents that it holds.
fn database(seed: u64, positions: bool, compact: bool) -> (Database, BTreeMap<Key, Document>) {
    database_of(300, seed, positions, compact)
}

/// The same with documents of so many keys.
fn database_of(
    keys: u64,
    seed: u64,
    positions: bool,
    compact: bool,
) -> (Database, BTreeMap<Key, Document>) {
    let mut random = Random(seed);
    let options = CreateOptions::default().lexical(Some(LexicalConfig { positions }));
    let database = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let mut known = BTreeMap::new();
    for _ in 0..1 + random.below(3) {
        for _ in 0..random.below(keys * 11 / 15) {
            let number = random.below(keys);
            if random.below(10) == 0 {
                writer.delete(&common::key(number)).unwrap();
                known.remove(&common::key(number));
            } else {
                let mut document = document(&mut random, number);
                if number.is_multiple_of(97) {
                    document.title.push_str(" zebra kinase inhibitor");
                }
                known.insert(document.key.clone(), document.clone());
                writer.upsert(document).unwrap();
            }
        }
        writer.commit().unwrap();
    }
    if compact {
        writer.optimize(&OptimizeOptions::default(), &Control::default()).unwrap();
    }
    drop(writer);
    (database, known)
}

fn keys_of(snapshot: &Snapshot, filter: Filter) -> BTreeSet<Key> {
    let found = snapshot.search(&Query::matching(filter).k(10_000)).unwrap();
    found.hits.into_iter().map(|hit| hit.key).collect()
}

fn plain_keys(
    documents: &BTreeMap<Key, Document>,
    passes: impl Fn(&Document) -> bool,
) -> BTreeSet<Key> {
    documents
        .values()
        .filter(|document| passes(document))
        .map(|document| document.key.clone())
        .collect()
}

fn seeds(base: u64) -> impl Iterator<Item = (u64, bool)> {
    let cases =
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(8);
    (0..cases).map(move |number| (base + number, number % 2 == 1))
}

#[test]
fn phrases_and_proximity_find_what_a_reader_finds() {
    let mut found_any = 0;
    // Lists of one block of rows and less, then of several groups of blocks.
    let small = seeds(1).map(|(seed, compact)| database(seed, true, compact));
    let large =
        [(50, false), (51, true)].map(|(seed, compact)| database_of(5000, seed, true, compact));
    for (seed, (database, documents)) in (1..).zip(small.chain(large)) {
        found_any += check_phrases(&format!("seed {seed}"), &database.snapshot(), &documents);
    }
    assert!(found_any > 1000, "{found_any}");
}

/// Compares what phrases and words near each other find with what a reader of the documents finds, and says how much that is.
fn check_phrases(name: &str, snapshot: &Snapshot, documents: &BTreeMap<Key, Document>) -> usize {
    snapshot.verify(&Control::default()).unwrap();
    let mut found_any = 0;
    for fields in FIELDS {
        let in_fields = |document: &Document, test: &dyn Fn(&Plain) -> bool| {
            fields.iter().any(|field| texts(document, *field).iter().any(test))
        };
        for (pattern, units) in PHRASES {
            let units: Vec<(Vec<&str>, Option<&str>)> =
                units.iter().map(|(parts, joined)| (parts.to_vec(), *joined)).collect();
            let expected = plain_keys(documents, |document| {
                in_fields(document, &|plain| has_phrase(plain, &units))
            });
            let found = keys_of(snapshot, Filter::text(fields, pattern));
            assert_eq!(found, expected, "{name}, {pattern:?} in {fields:?}");
            found_any += expected.len();
        }
        for (pattern, words) in NEAR {
            for between in [0, 1, 5, 40] {
                let expected = plain_keys(documents, |document| {
                    in_fields(document, &|plain| is_near(plain, words, between as usize))
                });
                let found = keys_of(snapshot, Filter::near(fields, pattern, between));
                assert_eq!(found, expected, "{name}, {pattern:?} ~{between} in {fields:?}");
            }
        }
    }
    found_any
}

#[test]
fn authors_are_found_by_name_and_place() {
    for (seed, compact) in seeds(100) {
        let (database, documents) = database(seed, true, compact);
        let snapshot = database.snapshot();
        let fold = |author: &Author| {
            let last = author.last_name.to_lowercase().replace('\'', "").replace('ü', "u");
            (last, author.initials.to_lowercase())
        };
        for (pattern, last, initials, exact) in [
            ("Smith", "smith", "", false),
            ("smith j", "smith", "j", false),
            ("\"smith j\"", "smith", "j", true),
            ("O'Brien JA", "obrien", "ja", false),
            ("van der Berg", "van der berg", "", false),
            ("muller b", "muller", "b", false),
        ] {
            let is_meant = |author: &Author| {
                let (family, letters) = fold(author);
                family == last
                    && if exact { letters == initials } else { letters.starts_with(initials) }
            };
            for (field, wanted) in
                [(TextField::Authors, 0), (TextField::FirstAuthor, 1), (TextField::LastAuthor, 2)]
            {
                let expected = plain_keys(&documents, |document| match wanted {
                    0 => document.authors.iter().any(is_meant),
                    1 => document.authors.first().is_some_and(is_meant),
                    _ => document.authors.last().is_some_and(is_meant),
                });
                let found = keys_of(&snapshot, Filter::text(&[field], pattern));
                assert_eq!(found, expected, "seed {seed}, {pattern:?} as {field:?}");
            }
        }
    }
}

const QUERIES: &[&str] = &[
    "kinase inhibitor",
    "the inhibition of IL-6 in cells",
    "CD4+ T cells, tumour trials",
    "organisations hope",
    "p53 p53 kinase",
    "unheard of",
];

#[test]
fn the_ranking_is_that_of_a_reader_whatever_the_layout() {
    let small = seeds(200).map(|(seed, compact)| (seed, database(seed, seed % 3 != 0, compact)));
    // More rows than the search has scores for at once, twice.
    let large = [(52, false), (53, true)]
        .map(|(seed, compact)| (seed, database_of(30_000, seed, true, compact)));
    let mut rows_max = 0;
    for (seed, (database, documents)) in small.chain(large) {
        let snapshot = database.snapshot();
        rows_max = snapshot.manifest().segments.iter().map(|one| one.rows).fold(rows_max, u32::max);
        for query in QUERIES {
            let expected = plain::ranking(&documents, &plain::of_query(query));
            for k in [1, 3, 10, 1000] {
                let found = snapshot.search(&Query::text(*query).mode(Mode::Lexical).k(k)).unwrap();
                let found: Vec<(Key, u32)> = found
                    .hits
                    .iter()
                    .map(|hit| (hit.key.clone(), (f64::from(hit.score) * 65_536.0).round() as u32))
                    .collect();
                assert_eq!(
                    found,
                    expected[..k.min(expected.len())],
                    "seed {seed}, {query:?}, k {k}"
                );
            }
            let filter = Filter::text(TextField::TITLE_ABSTRACT, "trial*");
            let passes = keys_of(&snapshot, filter.clone());
            let found = snapshot.search(&Query::text(*query).filter(filter).k(5)).unwrap();
            let found: Vec<Key> = found.hits.into_iter().map(|hit| hit.key).collect();
            let expected =
                expected.into_iter().map(|(key, _)| key).filter(|key| passes.contains(key));
            assert_eq!(
                found,
                expected.take(5).collect::<Vec<_>>(),
                "seed {seed}, {query:?}, filtered"
            );
        }
    }
    assert!(rows_max > 2 * 4096, "{rows_max} rows at most");
}

#[test]
fn of_thousands_of_equals_the_first_keys_are_found_wherever_they_lie() {
    let storage = Arc::new(MemoryStorage::new());
    let options = CreateOptions::default().lexical(Some(LexicalConfig { positions: true }));
    let database = Database::create_in(storage, options).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    // So many that a word of all of them weighs less than half a unit of a score.
    for number in (1..=33_000).rev() {
        let mut document = Document::new(Key::pmid(number));
        document.title = "A trial of aspirin".to_owned();
        writer.upsert(document).unwrap();
    }
    writer.commit().unwrap();
    for query in ["aspirin", "aspirin trial", "aspirin kinase"] {
        let found = Query::text(query).mode(Mode::Lexical).k(7);
        let found = database.snapshot().search(&found).unwrap();
        let keys: Vec<Key> = found.hits.into_iter().map(|hit| hit.key).collect();
        assert_eq!(keys, (1..=7).map(Key::pmid).collect::<Vec<_>>(), "{query}");
    }
}

#[test]
fn what_the_index_cannot_answer_is_refused_by_name() {
    let (without, _) = database(7, false, false);
    let snapshot = without.snapshot();
    let search = |filter: Filter| snapshot.search(&Query::matching(filter));
    assert!(search(Filter::text(TextField::TITLE_ABSTRACT, "kinase")).is_ok());
    for filter in [
        Filter::text(TextField::TITLE_ABSTRACT, "kinase inhibitor"),
        Filter::text(&[TextField::Title], "kinase"),
        Filter::text(&[TextField::FirstAuthor], "smith"),
        Filter::near(TextField::TITLE_ABSTRACT, "kinase inhibitor", 3),
    ] {
        let error = search(filter).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidQuery { detail, .. } if detail.contains("positions")),
            "{error}"
        );
    }
    for (filter, words) in [
        (Filter::text(TextField::TITLE_ABSTRACT, "cat*"), "at least 4 characters"),
        (Filter::text(TextField::TITLE_ABSTRACT, " - "), "no word"),
        (Filter::text(&[], "kinase"), "no field"),
        (Filter::near(TextField::TITLE_ABSTRACT, "kinase inhibitor", 63), "span more than 64"),
    ] {
        let error = search(filter).unwrap_err();
        assert!(
            matches!(&error, Error::InvalidQuery { detail, .. } if detail.contains(words)),
            "{error}"
        );
    }
    let options = CreateOptions::default().lexical(None);
    let none = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
    let mut writer = none.writer(WriterOptions::default()).unwrap();
    writer.upsert(document(&mut Random(1), 1)).unwrap();
    writer.commit().unwrap();
    let error = none.snapshot().search(&Query::text("kinase")).unwrap_err();
    assert!(error.to_string().contains("lexical index"), "{error}");
}

#[test]
fn a_database_without_an_index_of_words_gets_one() {
    let options = CreateOptions::default().lexical(None);
    let database = Database::create_in(Arc::new(MemoryStorage::new()), options).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    let mut random = Random(5);
    for number in 0..300 {
        writer.upsert(document(&mut random, number)).unwrap();
        if number % 100 == 99 {
            writer.commit().unwrap();
        }
    }
    let everywhere = Filter::text(TextField::TITLE_ABSTRACT, "kinase inhibitor*");
    let count = |snapshot: &Snapshot| snapshot.search(&Query::matching(everywhere.clone()).k(0));
    assert!(count(&database.snapshot()).is_err());
    // Without positions first: the second change must replace what the first one made.
    writer.set_lexical(Some(LexicalConfig { positions: false })).unwrap();
    writer.compact(&Control::default()).unwrap();
    assert!(!database.snapshot().search(&Query::text("kinase")).unwrap().hits.is_empty());
    assert!(count(&database.snapshot()).is_err());
    writer.set_lexical(Some(LexicalConfig { positions: true })).unwrap();
    writer.compact(&Control::default()).unwrap();
    let snapshot = database.snapshot();
    snapshot.verify(&Control::default()).unwrap();
    assert!(count(&snapshot).unwrap().matched > 0);
    writer.set_lexical(None).unwrap();
    writer.compact(&Control::default()).unwrap();
    assert!(count(&database.snapshot()).is_err());
}
