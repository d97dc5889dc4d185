//! Filters as people write them, against a plain reading of the documents: other spellings find the same
//! documents, documents without a date are counted, and no misspelt or ill-typed filter silently finds
//! nothing.
//!
//! `PROPTEST_CASES=20000 cargo test --release --no-default-features --test filters` runs a longer campaign.

mod common;

use std::sync::Arc;

use common::Random;
use medvec::date::{Day, PublicationDate};
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::{Document, Field, FieldValue, MeshHeading, Term};
use medvec::error::{Error, NameKind};
use medvec::ids::Key;
use medvec::search::{FieldTest, Filter, Note, Query, SearchResult};
use medvec::storage::MemoryStorage;

/// Spellings of one journal each; the first two are what documents have.
const JOURNALS: [&[&str]; 4] = [
    &["J Biol Chem", "J. Biol. Chem.", "j biol chem", "J.Biol.Chem.", "The J. Biol. Chem."],
    &["Lancet (London, England)", "The Lancet, London England", "lancet london england"],
    &["0028-4793", "00284793", "issn 0028-4793", "0028\u{2013}4793"],
    &["Médecine & Sciences", "Medecine and Sciences", "MEDECINE  & SCIENCES."],
];

/// Spellings of one language each; the first two are what documents have.
const LANGUAGES: [&[&str]; 3] = [
    &["eng", "en", "English", "ENG", "english"],
    &["ger", "deu", "German", "de", "Deutsch"],
    &["chi", "zho", "zh", "Chinese", "mandarin"],
];

/// Spellings of one publication type each; the first two are what documents have.
const TYPES: [&[&str]; 3] = [
    &[
        "Randomized Controlled Trial",
        "randomised controlled trials",
        "RCT",
        "D016449",
        "Trial, Randomized Controlled",
    ],
    &["Case Reports", "Case Report", "case study", "D002363", "case reports"],
    &["Homegrown Type", "Homegrown Types", "homegrown-type", "HOMEGROWN TYPE", "type, homegrown"],
];

/// What is random of a document.
#[derive(Clone, Copy, Debug)]
struct Plain {
    journal: usize,
    language: usize,
    kind: usize,
    year: Option<u32>,
    size: Option<f64>,
}

fn plain(random: &mut Random) -> Plain {
    Plain {
        journal: random.below(4) as usize,
        language: random.below(3) as usize,
        kind: random.below(3) as usize,
        year: (random.below(4) > 0).then(|| 2000 + random.below(6) as u32),
        size: (random.below(3) > 0).then(|| random.below(16) as f64 / 2.0),
    }
}

fn document(number: u32, plain: Plain, random: &mut Random) -> Document {
    let mut document = Document::new(Key::pmid(number + 1));
    let mut pick = |spellings: &[&[&str]], class: usize| -> String {
        spellings[class][random.below(2) as usize].into()
    };
    document.journal.title = pick(&JOURNALS, plain.journal);
    document.languages = vec![pick(&LANGUAGES, plain.language)];
    let name = pick(&TYPES, plain.kind);
    document.publication_types = vec![Term { ui: String::new(), name }];
    document.date = plain.year.map(date);
    let size = plain.size.map(|size| match size.fract() {
        0.0 => FieldValue::Integer(size as i64),
        _ => FieldValue::Float(size),
    });
    document.fields.extend(size.map(|value| Field { name: "size".into(), value }));
    document
}

fn date(year: u32) -> PublicationDate {
    let (first, last) = (Day::new(year, 1, 1), Day::new(year, 12, 31));
    PublicationDate { verbatim: year.to_string(), first, last }
}

/// A filter, and what it says of a document: yes, no, or, where it needs a date, unknown.
#[derive(Clone, Debug)]
enum Meaning {
    Journal(usize),
    Language(usize),
    Kind(usize),
    Years(u32, u32),
    Size(f64, f64),
    Not(Box<Meaning>),
    And(Vec<Meaning>),
    Or(Vec<Meaning>),
}

impl Meaning {
    /// Whether a document passes; `undated` is what a condition on dates says of one without a date.
    fn passes(&self, document: &Plain, undated: bool) -> bool {
        match self {
            Meaning::Journal(class) => document.journal == *class,
            Meaning::Language(class) => document.language == *class,
            Meaning::Kind(class) => document.kind == *class,
            Meaning::Years(from, to) => match document.year {
                Some(year) => (from..=to).contains(&&year) || undated,
                None => undated,
            },
            Meaning::Size(from, to) => {
                document.size.is_some_and(|size| (*from..=*to).contains(&size))
            }
            Meaning::Not(part) => !part.passes(document, undated),
            Meaning::And(parts) => parts.iter().all(|part| part.passes(document, undated)),
            Meaning::Or(parts) => parts.iter().any(|part| part.passes(document, undated)),
        }
    }
}

fn random_filter(random: &mut Random, depth: u32) -> (Filter, Meaning) {
    let pick = |random: &mut Random, spellings: &[&str]| -> String {
        spellings[random.below(spellings.len() as u64) as usize].into()
    };
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => {
            let class = random.below(4) as usize;
            (Filter::Journal(pick(random, JOURNALS[class])), Meaning::Journal(class))
        }
        1 => {
            let class = random.below(3) as usize;
            (Filter::Language(pick(random, LANGUAGES[class])), Meaning::Language(class))
        }
        2 => {
            let class = random.below(3) as usize;
            (Filter::PublicationType(pick(random, TYPES[class])), Meaning::Kind(class))
        }
        3 => {
            let from = 1999 + random.below(7) as u32;
            let to = from + random.below(3) as u32;
            (Filter::years(from, to), Meaning::Years(from, to))
        }
        4 => {
            let from = random.below(16) as f64 / 2.0;
            let to = from + random.below(6) as f64 / 2.0;
            let is_whole = from.fract() == 0.0 && to.fract() == 0.0;
            let test = match random.below(3) {
                0 if is_whole => FieldTest::Integer { from: from as i64, to: to as i64 },
                1 => FieldTest::Float { from, to },
                _ => FieldTest::Typed(format!("{from}:{to}")),
            };
            (Filter::Field { name: "size".into(), test }, Meaning::Size(from, to))
        }
        5 => {
            let (filter, meaning) = random_filter(random, depth - 1);
            (Filter::Not(Box::new(filter)), Meaning::Not(Box::new(meaning)))
        }
        kind => {
            let parts = (0..random.below(4)).map(|_| random_filter(random, depth - 1));
            let (filters, meanings) = parts.collect();
            match kind {
                6 => (Filter::And(filters), Meaning::And(meanings)),
                _ => (Filter::Or(filters), Meaning::Or(meanings)),
            }
        }
    }
}

fn database(documents: impl IntoIterator<Item = Document>) -> (Database, Snapshot) {
    let storage = Arc::new(MemoryStorage::new());
    let database = Database::create_in(storage, CreateOptions::default()).unwrap();
    add(&database, documents);
    let snapshot = database.snapshot();
    (database, snapshot)
}

fn add(database: &Database, documents: impl IntoIterator<Item = Document>) {
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for document in documents {
        writer.upsert(document).unwrap();
    }
    writer.commit().unwrap();
}

fn matching(snapshot: &Snapshot, filter: Filter) -> Result<SearchResult, Error> {
    snapshot.search(&Query::matching(filter).k(1000))
}

#[test]
fn filters_find_what_a_reading_of_the_documents_finds() {
    let rounds = std::env::var("PROPTEST_CASES").map_or(30, |cases| cases.parse().unwrap());
    let mut random = Random(7);
    for round in 0..rounds {
        let (database, _) = database([]);
        let mut stored: Vec<Option<Plain>> = Vec::new();
        // At least one of everything, so that every name is known; several segments; some deleted.
        for batch in 0..1 + round % 4 {
            let mut documents = Vec::new();
            for place in 0..20 {
                let mut one = plain(&mut random);
                if batch == 0 && place < 9 {
                    let class = place % 3;
                    (one.journal, one.language, one.kind) = (place % 4, class, class);
                    (one.year, one.size) = (Some(2003), Some(place as f64 / 2.0));
                }
                documents.push(document(stored.len() as u32, one, &mut random));
                stored.push(Some(one));
            }
            add(&database, documents);
        }
        if round % 2 == 1 {
            let mut writer = database.writer(WriterOptions::default()).unwrap();
            for place in (0..stored.len()).filter(|place| place % 5 == 4) {
                assert!(writer.delete(&Key::pmid(place as u32 + 1)).unwrap());
                stored[place] = None;
            }
            writer.commit().unwrap();
        }
        let snapshot = database.snapshot();
        for _ in 0..60 {
            let (filter, meaning) = random_filter(&mut random, 3);
            // The second time from what is remembered.
            for _ in 0..2 {
                check(&snapshot, &filter, &meaning, &stored);
            }
        }
    }
}

fn check(snapshot: &Snapshot, filter: &Filter, meaning: &Meaning, stored: &[Option<Plain>]) {
    let result = matching(snapshot, filter.clone());
    let result = result.unwrap_or_else(|error| panic!("{filter:?}: {error}"));
    let live = || stored.iter().zip(1u32..).filter_map(|(one, pmid)| Some((one.as_ref()?, pmid)));
    let mut found: Vec<Key> = result.hits.iter().map(|hit| hit.key.clone()).collect();
    found.sort();
    let expected: Vec<Key> = live()
        .filter(|(one, _)| meaning.passes(one, false))
        .map(|(_, pmid)| Key::pmid(pmid))
        .collect();
    assert_eq!(found, expected, "{filter:?}");
    assert_eq!(result.matched, expected.len() as u64, "{filter:?}");
    let left_out = live().filter(|(one, _)| {
        one.year.is_none() && meaning.passes(one, true) && !meaning.passes(one, false)
    });
    assert_eq!(result.undated(), left_out.count() as u64, "{filter:?}");
}

/// Three documents with something of everything.
fn library() -> (Database, Snapshot) {
    let mut first = Document::new(Key::pmid(1));
    first.journal.title = "New England Journal of Examples".into();
    first.journal.abbreviation = "N Engl J Ex".into();
    first.journal.issn = "0028-4793".into();
    first.languages = vec!["eng".into()];
    first.publication_types = vec![Term { ui: "D016454".into(), name: "Review".into() }];
    first.mesh = vec![MeshHeading { name: "Diabetes Mellitus".into(), ..MeshHeading::default() }];
    first.date = Some(date(2010));
    let field = |name: &str, value| Field { name: name.into(), value };
    first.fields = vec![
        field("rating", FieldValue::Integer(4)),
        field("weight", FieldValue::Float(2.0)),
        field("site", FieldValue::String("Berlin".into())),
        field("tags", FieldValue::List(vec!["red".into(), "blue".into()])),
    ];
    let mut second = Document::new(Key::pmid(2));
    second.fields = vec![
        field("rating", FieldValue::Float(4.5)),
        field("count", FieldValue::Integer(i64::MAX)),
        field("site", FieldValue::String("5:9".into())),
    ];
    database([first, second, Document::new(Key::Text("note".into()))])
}

fn named(test: FieldTest, name: &str) -> Filter {
    Filter::Field { name: name.into(), test }
}

fn typed(name: &str, value: &str) -> Filter {
    named(FieldTest::Typed(value.into()), name)
}

/// The message of an error, with what a program can take from it.
fn unknown(snapshot: &Snapshot, filter: Filter) -> (NameKind, Vec<String>, String) {
    match matching(snapshot, filter.clone()) {
        Err(error) => {
            let text = error.to_string();
            let Error::UnknownName { kind, suggestions, .. } = error else { panic!("{text}") };
            (kind, suggestions, text)
        }
        Ok(result) => panic!("{filter:?} finds {} and says {:?}", result.matched, result.notes),
    }
}

#[test]
fn a_misspelt_name_is_an_error_with_suggestions_in_the_databases_spelling() {
    let (_database, snapshot) = library();
    for (filter, kind, suggestion) in [
        (
            Filter::Journal("New Englnd J of Examples".into()),
            NameKind::Journal,
            "New England Journal of Examples",
        ),
        (Filter::Journal("N Egnl J Ex".into()), NameKind::Journal, "N Engl J Ex"),
        (Filter::Language("englsh".into()), NameKind::Language, "English"),
        (Filter::Language("egn".into()), NameKind::Language, "eng"),
        (Filter::PublicationType("Reveiw".into()), NameKind::PublicationType, "Review"),
        (
            Filter::PublicationType("Randomized Contolled Tiral".into()),
            NameKind::PublicationType,
            "Randomized Controlled Trial",
        ),
        (Filter::mesh("Diabets Mellitus"), NameKind::MeshHeading, "Diabetes Mellitus"),
        (typed("ratng", "4"), NameKind::Field, "rating"),
        (typed("Rating", "4"), NameKind::Field, "rating"),
        (named(FieldTest::Integer { from: 1, to: 2 }, "wieght"), NameKind::Field, "weight"),
    ] {
        // However deep it lies: a negation of nothing would pass everything.
        for nested in [
            filter.clone(),
            Filter::Not(Box::new(filter.clone())),
            Filter::Or(vec![Filter::All, Filter::And(vec![Filter::HasAbstract, filter.clone()])]),
        ] {
            let (found, suggestions, text) = unknown(&snapshot, nested);
            assert_eq!(found, kind, "{text}");
            assert_eq!(suggestions.first().map(String::as_str), Some(suggestion), "{text}");
            assert!(text.contains("did you mean") && text.contains(suggestion), "{text}");
        }
        // A program may filter by a name that is not there yet.
        let query = Query::matching(filter.clone()).allow_unknown_names();
        let result = snapshot.search(&query).unwrap();
        assert_eq!(result.matched, 0, "{filter:?}");
        let [Note::Absent { kind: noted, .. }] = result.notes[..] else {
            panic!("{:?}", result.notes)
        };
        assert_eq!(noted, kind);
        let query = Query::matching(Filter::Not(Box::new(filter))).allow_unknown_names();
        assert_eq!(snapshot.search(&query).unwrap().matched, 3);
    }
    let (_, suggestions, text) = unknown(&snapshot, Filter::Journal("zzzz".into()));
    assert!(suggestions.is_empty() && text.contains("no name in this database"), "{text}");
    let (_, _, text) = unknown(&snapshot, typed("colour", "red"));
    for field in ["`count` (integer)", "`rating` (integer and float)", "`site` (string)"] {
        assert!(text.contains(field), "{text}");
    }
}

#[test]
fn a_legal_name_that_no_document_has_is_noted_each_time() {
    let (_database, snapshot) = library();
    for (filter, words) in [
        (Filter::Language("German".into()), "no document has the language `German`"),
        (Filter::Language("ger".into()), "`ger`"),
        (Filter::PublicationType("RCT".into()), "no document has the publication type `RCT`"),
        (Filter::PublicationType("D016449".into()), "`D016449`"),
        (Filter::Journal("0140-6736".into()), "no document has the journal `0140-6736`"),
        (
            typed("site", "Berln"),
            "no document has `Berln` in the field `site` (did you mean `Berlin`?)",
        ),
        (named(FieldTest::Is("rd".into()), "tags"), "did you mean `red`?"),
    ] {
        for _ in 0..2 {
            let result = matching(&snapshot, filter.clone()).unwrap();
            assert_eq!((result.matched, result.notes.len()), (0, 1), "{filter:?}");
            let text = result.notes[0].to_string();
            assert!(text.contains(words), "{text}");
        }
    }
    let (_, _, text) = unknown(&snapshot, Filter::Journal("0140-6737".into()));
    assert!(text.contains("last digit"), "{text}");
    let result = matching(&snapshot, Filter::PublicationType("literature review".into())).unwrap();
    assert_eq!(result.matched, 1);
    assert!(matches!(&result.notes[..], [Note::ReadAs { read, .. }] if read == &["Review"]));
}

#[test]
fn the_first_part_of_a_title_is_enough_where_no_other_name_fits() {
    let titled = |pmid, title: &str| {
        let mut document = Document::new(Key::pmid(pmid));
        document.journal.title = title.into();
        document
    };
    let (_database, snapshot) = database([
        titled(1, "Brain : a journal of neurology"),
        titled(2, "Medicine (Abingdon)"),
        titled(3, "Medicine"),
    ]);
    let result = matching(&snapshot, Filter::Journal("Brain".into())).unwrap();
    let read = &["Brain : a journal of neurology"];
    assert_eq!(result.matched, 1);
    assert!(matches!(&result.notes[..], [Note::ReadAs { read: found, .. }] if found == read));
    let result = matching(&snapshot, Filter::Journal("The Medicine.".into())).unwrap();
    assert_eq!((result.matched, result.notes.len()), (1, 0), "another journal's first part");
    let long = Filter::Journal("Medicine (Baltimore)".into());
    assert_eq!(matching(&snapshot, long).unwrap().matched, 1);
}

#[test]
fn tests_of_fields_fit_their_types_or_are_refused() {
    let (_database, snapshot) = library();
    let count = |filter| matching(&snapshot, filter).unwrap().matched;
    assert_eq!(count(typed("rating", "4")), 1);
    assert_eq!(count(typed("rating", "4:5")), 2, "integers and floats of one field");
    assert_eq!(count(named(FieldTest::Integer { from: 4, to: 5 }, "rating")), 2);
    assert_eq!(count(named(FieldTest::Float { from: 3.5, to: 4.2 }, "rating")), 1);
    assert_eq!(count(typed("weight", "2")), 1, "a whole number in a field of floats");
    assert_eq!(count(typed("weight", "2.0")), 1);
    assert_eq!(count(typed("site", "5:9")), 1, "a string that looks like a range");
    assert_eq!(count(typed("tags", "blue")), 1);
    assert_eq!(count(typed("count", "9223372036854775807")), 1);
    assert_eq!(count(typed("count", "9223372036854775806")), 0, "no rounding");
    assert_eq!(count(typed("count", "5:99999999999999999999")), 1, "an end beyond all integers");
    for (filter, words) in [
        (typed("rating", "four"), "`four` is not one"),
        (typed("rating", ""), "is not one"),
        (typed("rating", ":"), "is not one"),
        (typed("rating", "5:3"), "write 3:5"),
        (typed("count", "99999999999999999999"), "holds integers"),
        (typed("count", "0.5"), "holds integers"),
        (named(FieldTest::Is("4".into()), "rating"), "holds no strings"),
        (named(FieldTest::Integer { from: 1, to: 2 }, "site"), "holds no numbers"),
        (named(FieldTest::Float { from: 1.0, to: 2.0 }, "tags"), "holds no numbers"),
        (named(FieldTest::Integer { from: 2, to: 1 }, "rating"), "ends before it starts"),
        (named(FieldTest::Float { from: f64::NAN, to: 1.0 }, "rating"), "not a number"),
    ] {
        let nested = Filter::Not(Box::new(Filter::Or(vec![filter.clone()])));
        for filter in [filter, nested] {
            let query = Query::matching(filter.clone()).allow_unknown_names();
            let error = snapshot.search(&query).unwrap_err();
            assert!(matches!(error, Error::InvalidQuery { .. }), "{filter:?}: {error}");
            assert!(error.to_string().contains(words), "{filter:?}: {error}");
        }
    }
    let fields: Vec<String> =
        snapshot.fields().unwrap().iter().map(|field| format!("{} {field}", field.name)).collect();
    let expected =
        ["count integer", "rating integer and float", "site string", "tags string", "weight float"];
    assert_eq!(fields, expected);
}

#[test]
fn documents_without_headings_are_counted_with_every_condition_on_them() {
    let (_database, snapshot) = library();
    let indexed = matching(&snapshot, Filter::HasMesh).unwrap();
    let rest = snapshot.len() - indexed.matched;
    assert!(indexed.matched > 0 && rest > 0);
    assert_eq!(
        indexed.unindexed(),
        0,
        "they are not left out for want of a heading, but asked for"
    );
    let found = matching(&snapshot, Filter::mesh("Diabetes Mellitus")).unwrap();
    assert_eq!((found.matched, found.unindexed()), (1, rest));
    assert!(found.notes.iter().any(|note| note.to_string().contains("not indexed with MeSH")));
    // Known to the vocabulary, and to no document.
    let absent = matching(&snapshot, Filter::mesh("Neoplasms")).unwrap();
    assert_eq!((absent.matched, absent.unindexed()), (0, rest));
    let with_them = Filter::mesh("Diabetes Mellitus") | !Filter::HasMesh;
    let found = matching(&snapshot, with_them).unwrap();
    assert_eq!((found.matched, found.unindexed()), (1 + rest, 0));
    let elsewhere = Filter::mesh("Diabetes Mellitus") & Filter::Language("eng".into());
    let english = !Filter::HasMesh & Filter::Language("eng".into());
    let english = matching(&snapshot, english).unwrap().matched;
    assert_eq!(matching(&snapshot, elsewhere).unwrap().unindexed(), english);
    let not = !Filter::mesh("Diabetes Mellitus");
    assert_eq!(matching(&snapshot, not).unwrap().unindexed(), 0, "they pass a negation");
}

#[test]
fn documents_without_a_date_are_counted() {
    let (_database, snapshot) = library();
    let result = matching(&snapshot, Filter::years(2000, 2020)).unwrap();
    assert_eq!((result.matched, result.undated()), (1, 2));
    assert!(result.notes[0].to_string().contains("2 documents were left out"));
    let rated = typed("rating", "4:").and(Filter::years(2000, 2020));
    assert_eq!(matching(&snapshot, rated).unwrap().undated(), 1);
    let not = Filter::Not(Box::new(Filter::years(2000, 2020)));
    let result = matching(&snapshot, not).unwrap();
    assert_eq!((result.matched, result.undated()), (2, 0), "they pass a negation");
    let none = matching(&snapshot, Filter::HasAbstract.and(Filter::years(2000, 2020))).unwrap();
    assert_eq!(none.undated(), 0, "other conditions leave them out anyway");
}

#[test]
fn an_empty_answer_can_be_explained() {
    let (_database, snapshot) = library();
    let filter = Filter::Journal("N Engl J Ex".into()).and(Filter::years(2015, 2016));
    assert_eq!(matching(&snapshot, filter.clone()).unwrap().matched, 0);
    let notes: Vec<String> =
        snapshot.why_nothing(&filter).unwrap().iter().map(Note::to_string).collect();
    let expected = [
        "journal `N Engl J Ex`: 1 document",
        "years 2015 to 2016: 0 documents",
        "the documents of this database are dated from 2010-01-01 to 2010-12-31",
    ];
    assert_eq!(notes, expected);
}

#[test]
fn names_are_looked_up_anew_in_new_segments_and_never_in_an_empty_database() {
    let (database, empty) = database([]);
    let filter = Filter::Journal("J. New".into()).and(typed("mood", "good"));
    let result = matching(&empty, filter.clone()).unwrap();
    assert_eq!((result.matched, result.notes.len()), (0, 0));

    add(&database, [Document::new(Key::pmid(1))]);
    assert_eq!(unknown(&database.snapshot(), filter.clone()).0, NameKind::Journal);
    let mut document = Document::new(Key::pmid(2));
    document.journal.abbreviation = "J New".into();
    document.fields = vec![Field { name: "mood".into(), value: FieldValue::String("good".into()) }];
    add(&database, [document.clone()]);
    let two = database.snapshot();
    assert_eq!(matching(&two, filter.clone()).unwrap().matched, 1);
    document.key = Key::pmid(3);
    document.journal.abbreviation = "J. New.".into();
    add(&database, [document]);
    assert_eq!(matching(&database.snapshot(), filter.clone()).unwrap().matched, 2);
    assert_eq!(matching(&two, filter.clone()).unwrap().matched, 1, "snapshots do not move");

    let mut writer = database.writer(WriterOptions::default()).unwrap();
    for pmid in 2..4 {
        assert!(writer.delete(&Key::pmid(pmid)).unwrap());
    }
    writer.commit().unwrap();
    drop(writer);
    assert_eq!(matching(&database.snapshot(), filter).unwrap().matched, 0, "known, and gone");
}
