//! Strategies in PubMed's language on a small database: what each kind of term finds, and what it was taken for.

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use medvec::date::{Day, PublicationDate};
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::{
    AbstractSection, Author, Document, Field, FieldValue, HistoryDate, Keyword, MeshHeading,
    MeshQualifier, Term, TypedTerm,
};
use medvec::query::Strategy;
use medvec::storage::MemoryStorage;
use medvec::{CancelToken, Control, Error, Key, Query};

const TODAY: Day = Day(20240615);

fn heading(ui: &str, name: &str, major: bool, qualifiers: &[(&str, bool)]) -> MeshHeading {
    let qualifiers = qualifiers.iter().map(|(name, major)| MeshQualifier {
        ui: String::new(),
        name: (*name).to_owned(),
        major: *major,
    });
    MeshHeading { ui: ui.into(), name: name.into(), major, qualifiers: qualifiers.collect() }
}

/// Five documents, 1 to 5.
fn documents() -> Vec<Document> {
    let mut all: Vec<Document> = (1..=5).map(|number| Document::new(Key::pmid(number))).collect();
    let date = |first: u32, last: u32| {
        Some(PublicationDate { verbatim: first.to_string(), first: Day(first), last: Day(last) })
    };
    let [asthma, child, cancer, pain, bare] = all.as_mut_slice() else { panic!("five") };

    asthma.title = "Wheezing and treatment of asthma with budesonide".into();
    asthma.mesh =
        vec![heading("D001249", "Asthma", true, &[("drug therapy", true), ("blood", false)])];
    asthma.authors =
        vec![Author { last_name: "Smith".into(), initials: "JA".into(), ..Author::default() }];
    asthma.date = date(20150301, 20150331);
    asthma.languages = vec!["eng".into()];
    asthma.chemicals = vec![TypedTerm { name: "Budesonide".into(), ..TypedTerm::default() }];
    asthma.publication_types =
        vec![Term { ui: "D016449".into(), name: "Randomized Controlled Trial".into() }];

    child.title = "Rearing of the child".into();
    child.mesh = vec![heading("", "Child Rearing", false, &[("methods", false)])];
    child.journal.abbreviation = "Pain".into();
    child.date = date(20180101, 20181231);
    child.languages = vec!["ger".into()];

    cancer.title = "Tumour growth".into();
    cancer.mesh = vec![
        heading("D001943", "Breast Neoplasms", true, &[("prevention & control", false)]),
        heading("D001249", "Asthma", false, &[("therapy", false)]),
    ];
    cancer.keywords = vec![Keyword { text: "hip replacement".into(), ..Keyword::default() }];
    cancer.date = date(20240201, 20240201);

    cancer.history = vec![
        HistoryDate { event: "entrez".into(), day: Day(20240203) },
        HistoryDate { event: "medline".into(), day: Day(20240501) },
    ];

    pain.title = "Pain of the hip after surgery; IL-6".into();
    pain.abstract_sections = vec![AbstractSection {
        text: "Severe hip and back pain.".into(),
        ..AbstractSection::default()
    }];
    pain.mesh = vec![heading("D010146", "Pain", false, &[]), heading("", "HIV/AIDS", false, &[])];
    pain.fields = vec![
        Field { name: "rating".into(), value: FieldValue::Integer(4) },
        Field { name: "tag".into(), value: FieldValue::String("lung cancer".into()) },
    ];
    bare.publication_types =
        vec![Term { ui: "D000073843".into(), name: "Equivalence Trial".into() }];
    bare.title = "Smith JA on asthmatic children".into();
    all
}

fn snapshot() -> Snapshot {
    let storage = Arc::new(MemoryStorage::default());
    let database = Database::create_in(storage, CreateOptions::default()).expect("a database");
    let mut writer = database.writer(WriterOptions::default()).expect("a writer");
    for document in documents() {
        writer.upsert(document).expect("a document");
    }
    writer.commit().expect("a commit");
    database.snapshot()
}

/// The documents that the last line of a strategy finds; its count must be their number.
fn found(snapshot: &Snapshot, text: &str) -> String {
    let strategy = Strategy::parse(text).unwrap_or_else(|error| panic!("{error}"));
    let meant =
        snapshot.translate(&strategy, TODAY).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let hits = snapshot.search(&Query::matching(meant.filter()).k(10)).expect("a search").hits;
    let keys: BTreeSet<String> = hits.iter().map(|hit| hit.key.to_string()).collect();
    assert_eq!(meant.documents(), keys.len() as u64, "{text}");
    keys.into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_kind_of_term_finds_its_documents() {
    let snapshot = snapshot();
    for (text, expected) in [
        ("asthma[mh]", "1 3"),
        ("\"Respiratory Tract Diseases\"[mh]", "1 3"),
        ("\"Respiratory Tract Diseases\"[mh:noexp]", ""),
        ("asthma[majr]", "1"),
        ("D001249[mh]", "1 3"),
        ("asthm*[mh]", "1 3"),
        ("asthma/drug therapy[mh]", "1"),
        ("asthma/th[mh]", "1 3"),
        ("asthma/th[mh:noexp]", "3"),
        ("asthma/dt[majr]", "1"),
        ("HIV/AIDS[mh]", "4"),
        ("asthma/bl[majr]", "1"),
        ("neoplasms/pc[mh]", "3"),
        ("neoplasms/pc[mh:noexp]", ""),
        ("therapy[sh]", "1 3"),
        ("therapy[sh:noexp]", "3"),
        ("\"prevention and control\"[sh]", "3"),
        ("mt[sh] OR analysis[sh]", "1 2"),
        ("clinical trial[pt]", "1 5"),
        ("clinical trial[pt:noexp]", ""),
        ("clinical trials[pt]", "1 5"),
        ("rct[pt]", "1 5"),
        ("rcts[pt:noexp]", "1"),
        ("wheez*[ti]", "1"),
        ("\"hip pain\"[tiab:~3]", "4"),
        ("\"hip pain\"[tiab]", ""),
        ("hip[tiab]", "3 4"),
        ("hip[ti]", "4"),
        ("hip[ot]", "3"),
        ("back pain[ab]", "4"),
        ("breast neoplasms[tw]", "3"),
        ("smith[au]", "1"),
        ("smith j[1au]", "1"),
        ("\"smith j\"[au]", ""),
        ("pain[ta]", "2"),
        ("english[la]", "1"),
        ("2015[dp]", "1"),
        ("2015/04:3000[dp]", "2 3"),
        ("\"last 1 years\"[dp]", "3"),
        ("\"last 4 months\"[dp]", ""),
        ("2024/02[crdt]", "3"),
        ("2024/02[mhda]", ""),
        ("2024/02:2024/06[mhda]", "3"),
        ("2024[edat]", ""),
        ("budesonide[nm]", "1"),
        ("1[pmid] OR 4[uid]", "1 4"),
        ("hasabstract", "4"),
        ("all[sb] NOT hasabstract", "1 2 3 5"),
        ("english[filter] AND humans[filter]", ""),
        ("English[filter] OR pain[ta]", "1 2"),
        ("randomizedcontrolledtrial[Filter]", "1 5"),
        ("clinicaltrial[sb]", "1 5"),
        ("fha[filter]", "4"),
        ("excludepreprints[filter] AND y_1[filter]", "3"),
        ("y_10[filter]", "1 2 3"),
        ("female[filter] OR allchild[filter] OR asthma[mh]", "1 3"),
        ("PMID: 3", "3"),
        ("PMID:3 OR pmid 4", "3 4"),
        ("PMIDs: 3 4 OR pmid:1", "1 3 4"),
        ("rating:>3", "4"),
        ("rating:>4 OR rating:<4", ""),
        ("rating:1..4 AND rating:>=4 AND rating:4", "4"),
        ("tag:\"lung cancer\"", "4"),
        ("asthma[mh] OR pain[mh] AND hip[tiab]", "3 4"),
        ("asthma[mh] OR (pain[mh] AND hip[tiab])", "1 3 4"),
        ("asthma[mh] NOT wheezing[ti] NOT x[ti]", "3"),
        ("1. asthma[mh]\n2. hip[tiab]\n3. 1 not 2", "1"),
    ] {
        assert_eq!(found(&snapshot, text), expected, "{text}");
    }
}

#[test]
fn words_without_a_tag_are_mapped_as_pubmed_maps_them() {
    let snapshot = snapshot();
    for (text, translation, expected) in [
        ("asthma", "(\"Asthma\"[mh] OR asthma[all])", "1 3"),
        (
            "child rearing practices",
            "(\"Child Rearing\"[mh] OR (child[all] AND rearing[all])) AND practices[all]",
            "",
        ),
        ("child rearing", "(\"Child Rearing\"[mh] OR (child[all] AND rearing[all]))", "2"),
        ("Smith JA", "Smith JA[au]", "1"),
        ("\"smith ja\"", "\"smith ja\"[all]", "1 5"),
        ("malignancy", "(\"Neoplasms\"[mh] OR Neoplasms[all] OR malignancy[all])", "3"),
        ("cancer, breast", "(\"Breast Neoplasms\"[mh] OR", "3"),
        ("breast neoplasm", "(\"Breast Neoplasms\"[mh] OR", "3"),
        ("stem cell growth", "(\"Stem Cells\"[mh] OR", ""),
        ("asthmas", "(\"Asthma\"[mh] OR Asthma[all] OR asthmas[all])", "1 3"),
        ("new", "new[all]", ""),
        ("article", "article[all]", ""),
        ("PMID: 12345678", "12345678[pmid]", ""),
        ("dog", "(\"Dogs\"[mh] OR Dogs[all] OR dog[all])", ""),
        ("clinical trial", "(\"Clinical Trial\"[pt] OR (clinical[all] AND trial[all]))", "1 5"),
        ("wheez* of the hip", "wheez*[all] AND (\"Hip\"[mh] OR hip[all])", ""),
        ("the", "the[all]", "2 4"),
        ("12345678", "12345678[pmid]", ""),
    ] {
        let strategy = Strategy::parse(text).expect(text);
        let meant =
            snapshot.translate(&strategy, TODAY).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let clause = &meant.lines[0].clauses[0];
        assert!(clause.translation.starts_with(translation), "{text}: {}", clause.translation);
        assert_eq!(found(&snapshot, text), expected, "{text}");
    }
}

#[test]
fn terms_lines_and_headings_are_counted() {
    let snapshot = snapshot();
    let strategy =
        Strategy::parse("1. asthma[mh] AND hip[ti]\n2. #1 OR nowhere[ta]").expect("parses");
    let meant = snapshot.translate(&strategy, TODAY).expect("a meaning");
    let counts: Vec<u64> = meant.lines.iter().map(|line| line.documents).collect();
    assert_eq!(counts, [0, 0]);
    let clauses: Vec<(&str, u64)> = meant.lines[0]
        .clauses
        .iter()
        .map(|clause| (clause.text.as_str(), clause.documents))
        .collect();
    assert_eq!(clauses, [("asthma[mh]", 2), ("hip[ti]", 1)]);
    let heading = &meant.lines[0].clauses[0].headings[0];
    assert_eq!((heading.ui.as_str(), heading.name.as_str()), ("D001249", "Asthma"));
    assert_eq!(heading.descriptors, 7, "with those below it");
    let absent = &meant.lines[1].clauses[1];
    assert_eq!((absent.documents, absent.notes.len()), (0, 1), "a journal that no document has");
}

#[test]
fn what_cannot_be_answered_is_refused_at_its_place() {
    let snapshot = snapshot();
    for (text, rule, column, part) in [
        ("asthma[ti] OR asthmaa[mh]", "unknown_name", 15, "did you mean `Asthma`"),
        ("asthma[ti] OR asthmaa/th[mh]", "unknown_name", 15, "did you mean `Asthma`"),
        ("asthma/nothing[mh]", "unknown_name", 1, "unknown subheading `nothing`"),
        (
            "x[gr]",
            "not_searchable",
            1,
            "Grants and Funding ([gr]) cannot be searched here: it is stored, not indexed",
        ),
        (
            "2015[ppdat]",
            "not_searchable",
            1,
            "Print Date of Publication ([ppdat]) cannot be searched here",
        ),
        ("smith[cn]", "not_searchable", 1, "groups and people are in one index; `[au]`"),
        ("x[ti] OR lancet*[ta]", "not_searchable", 10, "a journal has no wildcard here"),
        ("\"lancet onco*\"[jid]", "not_searchable", 1, "a journal has no wildcard here"),
        ("engl*[la]", "not_searchable", 1, "a language has no wildcard here"),
        ("clinical*[pt]", "not_searchable", 1, "a publication type has no wildcard here"),
        ("systematic[sb]", "not_searchable", 1, "Write the strategy that it stands for"),
        ("haskeyword", "not_searchable", 1, "`haskeyword` cannot be searched for here"),
        ("x[pmid]", "invalid_query", 1, "`x` is not a PMID"),
        ("ratng:>3", "unknown_name", 1, "did you mean `rating`"),
        ("asth*a[mh]", "not_searchable", 1, "at its end only"),
    ] {
        let strategy = Strategy::parse(text).expect(text);
        match snapshot.translate(&strategy, TODAY) {
            Err(Error::Strategy { rule: found, column: at, detail, .. }) => {
                assert_eq!((found, at), (rule, column), "{text}: {detail}");
                assert!(detail.contains(part), "{text}: {detail}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn lines_that_double_each_other_end_at_a_limit() {
    let mut text = String::from("1. asthma[ti]");
    for line in 2..=40 {
        text.push_str(&format!("\n{line}. #{0} OR #{0}", line - 1));
    }
    let strategy = Strategy::parse(text).expect("parses");
    match snapshot().translate(&strategy, TODAY) {
        Err(Error::Strategy { rule, line, .. }) => assert_eq!((rule, line), ("too_many_terms", 40)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_line_is_evaluated_once() {
    let snapshot = snapshot();
    let chain = |more: &dyn Fn(usize) -> String, end: &str| {
        let lines: String =
            (2..9_000).map(|line| format!("{line}. {}\n", more(line - 1))).collect();
        found(&snapshot, &format!("1. asthma[mh]\n{lines}9000. {end}"))
    };
    // Minutes and gigabytes, if lines were copied into those that refer to them.
    let long = chain(&|before| format!("asthma[mh] OR #{before}"), "#8999 NOT gout[ti]");
    // Too many terms, if each line were evaluated for itself.
    let double = chain(&|before| format!("#{before} OR #{before}"), "#16 AND #1");
    assert_eq!((long.as_str(), double.as_str()), ("1 3", "1 3"));
}

#[test]
fn lines_mean_what_they_mean_written_out() {
    const TERMS: [&str; 6] =
        ["asthma[mh]", "hip", "2015:2020[dp]", "english[la]", "wheez*[ti]", "therapy[sh]"];
    let snapshot = snapshot();
    let mut random = common::Random(7);
    for _ in 0..60 {
        let (mut text, mut written_out): (String, Vec<String>) = Default::default();
        for line in 0..12 {
            let (mut query, mut full) = (String::new(), String::new());
            for place in 0..1 + random.below(3) {
                let operator = ["AND", "OR", "NOT"][random.below(3) as usize];
                let earlier = random.below(line + 2) as usize;
                let (part, part_full) = match written_out.get(earlier) {
                    Some(earlier_full) => {
                        (format!("#{}", earlier + 1), format!("({earlier_full})"))
                    }
                    None => {
                        let term = TERMS[random.below(6) as usize].to_owned();
                        (term.clone(), term)
                    }
                };
                if place > 0 && random.below(2) == 0 {
                    (query, full) = (format!("({query})"), format!("({full})"));
                    (query, full) = (
                        format!("{part} {operator} {query}"),
                        format!("{part_full} {operator} {full}"),
                    );
                } else if place > 0 {
                    query.push_str(&format!(" {operator} {part}"));
                    full.push_str(&format!(" {operator} {part_full}"));
                } else {
                    (query, full) = (part, part_full);
                }
            }
            text.push_str(&format!("{}. {query}\n", line + 1));
            written_out.push(full);
        }
        let strategy = Strategy::parse(text.as_str()).expect("parses");
        let meant = snapshot.translate(&strategy, TODAY).expect("translates");
        for (line, full) in meant.lines.iter().zip(&written_out) {
            let alone = Strategy::parse(full.as_str()).expect("parses");
            let alone = snapshot.translate(&alone, TODAY).expect("translates");
            assert_eq!(line.documents, alone.documents(), "line {} of\n{text}", line.name);
            for clause in line.clauses.iter().filter(|clause| clause.text.starts_with('#')) {
                let place: usize = clause.text[1..].parse().expect("a number");
                assert_eq!(clause.documents, meant.lines[place - 1].documents);
                assert_eq!(clause.translation, clause.text);
            }
        }
        assert_eq!(found(&snapshot, &text), found(&snapshot, &written_out[11]), "{text}");
    }
}

#[test]
fn a_translation_can_be_stopped() {
    let strategy = Strategy::parse("1. asthma[mh]\n2. #1").expect("parses");
    let cancel = CancelToken::new();
    let control = Control { cancel: Some(cancel.clone()), ..Control::default() };
    let meant = snapshot().translate_controlled(&strategy, TODAY, &control).expect("translates");
    assert_eq!(meant.documents(), 2);
    cancel.cancel();
    let stopped = snapshot().translate_controlled(&strategy, TODAY, &control);
    assert!(matches!(stopped, Err(Error::Cancelled)), "{stopped:?}");
    let control = Control { deadline: Some(std::time::Instant::now()), ..Control::default() };
    let stopped = snapshot().translate_controlled(&strategy, TODAY, &control);
    assert!(matches!(stopped, Err(Error::DeadlineExceeded)), "{stopped:?}");
}
