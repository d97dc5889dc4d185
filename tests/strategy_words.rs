//! Words and names of strategies: what wildcards, phrases, names and proximity find and leave out.

mod common;

use std::sync::Arc;

use medvec::date::Day;
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::{Author, Document};
use medvec::query::Strategy;
use medvec::storage::MemoryStorage;
use medvec::{Error, Key, Query};

/// Documents 1, 2, ... with these titles and authors: `Smith|JA|John A`, the last part missing or not.
fn snapshot(documents: &[(&str, &str)]) -> Snapshot {
    let storage = Arc::new(MemoryStorage::default());
    let database = Database::create_in(storage, CreateOptions::default()).expect("a database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    for (number, (title, author)) in (1..).zip(documents) {
        let mut document = Document::new(Key::pmid(number));
        document.title = (*title).to_owned();
        let mut names = author.split('|').map(str::to_owned);
        let mut name = || names.next().unwrap_or_default();
        let author =
            Author { last_name: name(), initials: name(), fore_name: name(), ..Author::default() };
        document.authors.extend((!author.last_name.is_empty()).then_some(author));
        writer.upsert(document).expect("a document");
    }
    writer.commit().expect("a commit");
    database.snapshot()
}

/// The documents that a strategy finds, and what its first term was taken for.
fn found(snapshot: &Snapshot, text: &str) -> (String, String) {
    let strategy = Strategy::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let meant = snapshot
        .translate(&strategy, Day(20240615))
        .unwrap_or_else(|error| panic!("{text}\n{error}"));
    let hits = snapshot.search(&Query::matching(meant.filter()).k(20)).expect("a search").hits;
    let mut keys: Vec<String> = hits.iter().map(|hit| hit.key.to_string()).collect();
    keys.sort();
    (keys.join(" "), meant.lines[0].clauses[0].translation.clone())
}

/// Each strategy with the documents that it finds.
fn check(snapshot: &Snapshot, cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(found(snapshot, text).0, *expected, "{text}");
    }
}

#[test]
fn wildcards_in_names_leave_the_rest_of_the_name_in_force() {
    let snapshot = snapshot(&[
        ("Colorectal cancers", "Smith|A"),
        ("Asthma in children", "Colombo|A"),
        ("Smoking cessation", "Johnson|AB"),
        ("Bones", "Johnstone|C"),
        ("Colonal matters", "Smokler|B"),
    ]);
    check(
        &snapshot,
        &[
            ("\"colo* cancer*\"", "1"),
            ("colo*tal", "1"),
            ("\"smok* cessation\"[all]", "3"),
            ("johns*n[au]", "3"),
            ("johns* ab[au]", "3"),
            ("johns* a[au]", "3"),
            ("johns*[au]", "3 4"),
            ("smok*[all]", "3 5"),
        ],
    );
}

#[test]
fn full_names_go_on_at_words() {
    let snapshot = snapshot(&[
        ("a", "Smith|JA|John A"),
        ("b", "Smith|J|John"),
        ("c", "Smith|J|Johnathan"),
        ("d", "Smith|JP|Johnathan Peter"),
        ("e", "van der Berg|HP|Hans Peter"),
        ("f", "Lee|A-M|Anne-Marie"),
        ("g", "Lee|A B|"),
    ]);
    check(
        &snapshot,
        &[
            ("smith[fau]", "1 2 3 4"),
            ("smith john[fau]", "1 2"),
            ("smith, john a[fau]", "1"),
            ("smith j[fau]", "1 2 3 4"),
            ("\"smith john\"[fau]", "2"),
            ("van der berg[fau]", "5"),
            ("van der berg[au]", "5"),
            ("lee[au]", "6 7"),
            ("hans peter van der berg[fau]", "5"),
            ("John Smith[fau]", "1 2"),
            ("\"John Smith\"[fau]", "2"),
            ("john smit[fau]", ""),
            ("van der Berg HP Jr[au]", "5"),
            ("lee a[au]", "6 7"),
            ("lee am[au]", "6"),
            ("lee a-m[1au]", "6"),
            ("\"lee ab\"[lastau]", "7"),
        ],
    );
}

#[test]
fn names_longer_than_a_term_are_found() {
    let name = "Working Group on Paediatric Anti-N-methyl-D-aspartate Receptor Encephalitis";
    let others = name.replace("Working", "Study");
    let snapshot =
        snapshot(&[("a", &format!("{name}|A|Berta")), ("b", &format!("{others}|A|Berta"))]);
    for field in ["au", "1au", "fau", "all"] {
        for text in [name.to_owned(), format!("\"{name}\""), format!("{}*", &name[..70])] {
            let text = format!("{text}[{field}]");
            check(&snapshot, &[(&text, "1")]);
        }
    }
}

#[test]
fn names_with_a_lone_letter_are_not_taken_apart() {
    let snapshot = snapshot(&[
        ("hepatitis B vaccine", ""),
        ("A hepatitis A outbreak", ""),
        ("Serum vitamin D", ""),
        ("Vitamin A in a trial", ""),
        ("Type 2 diabetes mellitus", ""),
        ("Diabetes mellitus, type 1 or 2", ""),
    ]);
    let (documents, translation) = found(&snapshot, "hepatitis a");
    assert_eq!(translation, "(\"Hepatitis A\"[mh] OR \"hepatitis a\"[all])");
    assert_eq!(documents, "2");
    check(&snapshot, &[("vitamin a", "4"), ("hepatitis b vaccine", "1")]);
    let (documents, translation) = found(&snapshot, "type 2 diabetes mellitus");
    assert!(translation.contains("\"type 2 diabetes mellitus\"[all]"), "{translation}");
    assert_eq!(documents, "5");
}

#[test]
fn repeated_words_near_each_other_are_there_as_often() {
    let snapshot =
        snapshot(&[("Pain relief relief", ""), ("Relief of pain after pain", ""), ("Pain", "")]);
    check(
        &snapshot,
        &[
            ("\"pain pain relief\"[tiab:~5]", "2"),
            ("\"relief pain relief\"[tiab:~5]", "1"),
            ("\"pain pain relief\"[tiab:~0]", ""),
            ("\"pain relief\"[tiab:~5]", "1 2"),
            ("\"pain pain\"[ti:~5]", "2"),
        ],
    );
}

#[test]
fn wildcards_count_the_letters_of_a_whole_chain() {
    let snapshot = snapshot(&[
        ("An x-ray", ""),
        ("X rays of bones", ""),
        ("Xrays", ""),
        ("Follow-ups and follow-up", ""),
        ("Followup", ""),
        ("Post-operative and postop care", ""),
        ("COVID-19 and COVID-2019", ""),
        ("Covid19vaccine", ""),
        ("Alzheimer's disease", ""),
        ("Alzheimers and Crohn's-like disease", ""),
        ("Hepatitis-core antigens of hepatitis C", ""),
        ("Alzheimer society; the ray of X; op post", ""),
    ]);
    check(
        &snapshot,
        &[
            ("x-ray*[tiab]", "1 2 3"),
            ("x-ray*", "1 2 3"),
            ("follow-up*[tiab]", "4 5"),
            ("post-op*[tiab]", "6"),
            ("post-op*[ti] care[ti]", "6"),
            ("\"post-op* care\"[ti]", "6"),
            ("covid-19*[tiab]", "7 8"),
            ("alzheimer's*[tiab]", "10 9"),
            ("crohn's*[tw]", "10"),
            ("hepatitis-c*[tiab]", "11"),
        ],
    );
    // What parses must be answered, or refused with a reason.
    let strategy = Strategy::parse("asthma[ti] OR covid-*[ti]").expect("parses");
    match snapshot.translate(&strategy, Day(20240615)) {
        Err(Error::Strategy { rule, column, detail, .. }) => {
            assert_eq!((rule, column), ("invalid_query", 15));
            assert!(detail.contains("needs a letter or digit directly before it"), "{detail}");
        }
        other => panic!("{other:?}"),
    }
}
