//! Headings with subheadings, substances and pharmacological actions, against a plain reading of the
//! documents.

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use common::Random;
use medvec::db::{CreateOptions, Database, Snapshot, WriterOptions};
use medvec::document::{Document, MeshHeading, MeshQualifier, TypedTerm};
use medvec::error::NameKind;
use medvec::mesh::{self, MeshRecord, Vocabulary};
use medvec::reports::Note;
use medvec::storage::MemoryStorage;
use medvec::{Control, Error, Filter, Key, Query};

/// Headings and tree numbers: 0 above 1 and 2, 2 above 3, and 4 apart.
const HEADINGS: [(&str, &str); 5] = [
    ("A01", "Zero"),
    ("A01.100", "One"),
    ("A01.200", "Two"),
    ("A01.200.300", "Three"),
    ("B01", "Four"),
];

/// Qualifiers with letters and tree numbers: 0 above 1 above 2, and 3 apart.
const QUALIFIERS: [(&str, &str, &str); 4] = [
    ("Y01", "therapy", "TH"),
    ("Y01.100", "drug therapy", "DT"),
    ("Y01.100.100", "dosage & form", "DF"),
    ("Y02", "blood", "BL"),
];

fn heading_ui(number: usize) -> String {
    format!("D{:06}", 100 + number)
}

fn qualifier_ui(number: usize) -> String {
    format!("Q{:06}", 100 + number)
}

/// Substance 0 has action `Four`; heading `One` has action `Two`, substance 1 has `Three`, below it.
fn vocabulary() -> Vocabulary {
    let mut records = Vec::new();
    for (number, (tree, name)) in HEADINGS.into_iter().enumerate() {
        records.push(MeshRecord {
            ui: heading_ui(number),
            name: name.into(),
            former_names: vec![format!("Old {name}")],
            entry_terms: vec![format!("{name}/Other")],
            tree_numbers: vec![tree.into()],
            actions: if number == 1 { vec![heading_ui(2)] } else { Vec::new() },
            ..MeshRecord::default()
        });
    }
    for (number, (tree, name, code)) in QUALIFIERS.into_iter().enumerate() {
        records.push(MeshRecord {
            ui: qualifier_ui(number),
            name: name.into(),
            code: code.into(),
            tree_numbers: vec![tree.into()],
            ..MeshRecord::default()
        });
    }
    for (number, action) in [(0, 4), (1, 3), (2, 0)] {
        records.push(MeshRecord {
            ui: format!("C{:06}", 100 + number),
            name: format!("substance {number}"),
            entry_terms: vec![format!("compound-{number}")],
            actions: if number < 2 { vec![heading_ui(action)] } else { Vec::new() },
            ..MeshRecord::default()
        });
    }
    Vocabulary::open("test", &mesh::build(2020, records).unwrap()).unwrap()
}

/// A heading as documents have it: with UI and name, or an old name alone.
fn heading(random: &mut Random) -> (usize, MeshHeading, BTreeSet<(usize, bool)>) {
    let number = random.below(5) as usize;
    let has_ui = random.below(2) == 0;
    let name = HEADINGS[number].1;
    let major = random.below(4) == 0;
    let mut qualifiers = Vec::new();
    let mut numbers = BTreeSet::new();
    for _ in 0..random.below(3) {
        let of = random.below(4) as usize;
        let is_major = random.below(3) == 0;
        let ui = if has_ui { qualifier_ui(of) } else { String::new() };
        let name = if random.below(5) == 0 && has_ui { "" } else { QUALIFIERS[of].1 };
        qualifiers.push(MeshQualifier { ui, name: name.into(), major: is_major });
        numbers.insert((of, is_major || major));
    }
    let heading = MeshHeading {
        ui: if has_ui { heading_ui(number) } else { String::new() },
        name: if random.below(3) == 0 { format!("Old {name}") } else { name.to_owned() },
        major,
        qualifiers,
    };
    (number, heading, numbers)
}

/// What is known of a document: headings with their qualifiers and whether each pair is major; substances.
#[derive(Default)]
struct Plain {
    pairs: BTreeSet<(usize, usize, bool)>,
    headings: BTreeSet<usize>,
    substances: BTreeSet<usize>,
}

fn documents(seed: u64, count: u32) -> Vec<(Document, Plain)> {
    let mut random = Random(seed);
    let mut one = |number: u32| {
        let mut document = Document::new(Key::pmid(number + 1));
        let mut plain = Plain::default();
        for _ in 0..random.below(4) {
            let (number, heading, qualifiers) = heading(&mut random);
            document.mesh.push(heading);
            plain.headings.insert(number);
            plain.pairs.extend(qualifiers.into_iter().map(|(of, major)| (number, of, major)));
        }
        for _ in 0..random.below(3) {
            let number = random.below(3) as usize;
            let ui = format!("C{:06}", 100 + number);
            let term = match random.below(3) {
                0 => TypedTerm { ui, ..TypedTerm::default() },
                1 => TypedTerm { name: format!("Substance {number}"), ..TypedTerm::default() },
                _ => TypedTerm {
                    ui,
                    name: format!("substance {number}"),
                    kind: format!("{number}-00"),
                },
            };
            match random.below(2) {
                0 => document.chemicals.push(term),
                _ => document.supplementary.push(term),
            }
            plain.substances.insert(number);
        }
        (document, plain)
    };
    (0..count).map(&mut one).collect()
}

fn database(documents: &[(Document, Plain)], own: Option<&Vocabulary>) -> Snapshot {
    let storage = Arc::new(MemoryStorage::new());
    let database = Database::create_in(storage, CreateOptions::default()).unwrap();
    let mut writer = database.writer(WriterOptions::default()).unwrap();
    writer.set_mesh(own).unwrap();
    // Several segments.
    for (number, (document, _)) in documents.iter().enumerate() {
        writer.upsert(document.clone()).unwrap();
        if number % 40 == 39 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    database.snapshot().verify(&Control::default()).unwrap();
    database.snapshot()
}

fn count(snapshot: &Snapshot, filter: &Filter) -> usize {
    let query = Query::matching(filter.clone()).count_only();
    snapshot.search(&query).unwrap_or_else(|error| panic!("{filter}: {error}")).matched as usize
}

/// A number and those below it.
fn below(number: usize, trees: &[&str], explode: bool) -> BTreeSet<usize> {
    let is_below = |(_, tree): &(usize, &&str)| {
        **tree == trees[number] || explode && tree.starts_with(&format!("{}.", trees[number]))
    };
    trees.iter().enumerate().filter(is_below).map(|(number, _)| number).collect()
}

#[test]
fn subheadings_hang_on_their_headings() {
    let vocabulary = vocabulary();
    let heading_trees = HEADINGS.map(|(tree, _)| tree);
    let qualifier_trees = QUALIFIERS.map(|(tree, ..)| tree);
    for seed in 0..6 {
        let documents = documents(seed, 130);
        let snapshot = database(&documents, Some(&vocabulary));
        let expected = |passes: &dyn Fn(&Plain) -> bool| {
            documents.iter().filter(|(_, plain)| passes(plain)).count()
        };
        for (explode, major_only) in [(true, false), (false, false), (true, true), (false, true)] {
            for (heading, (tree, name)) in HEADINGS.into_iter().enumerate() {
                let headings = below(heading, &heading_trees, explode);
                for (qualifier, (_, of, code)) in QUALIFIERS.into_iter().enumerate() {
                    let qualifiers = below(qualifier, &qualifier_trees, explode);
                    let passes = |plain: &Plain| {
                        plain.pairs.iter().any(|(heading, qualifier, major)| {
                            headings.contains(heading)
                                && qualifiers.contains(qualifier)
                                && (*major || !major_only)
                        })
                    };
                    let expected = expected(&passes);
                    let (ui, of_ui) = (heading_ui(heading), qualifier_ui(qualifier));
                    for term in [
                        format!("{name}/{of}"),
                        format!("old {name} / {}", code.to_lowercase()),
                        format!("{ui}/{of_ui}"),
                        format!("{tree}/{of}"),
                    ] {
                        let filter = Filter::Mesh { term, major_only, explode };
                        assert_eq!(count(&snapshot, &filter), expected, "{filter}, seed {seed}");
                    }
                }
            }
        }
        // A stroke in a name is not one before a subheading.
        let four = count(&snapshot, &Filter::mesh("Four"));
        assert!(four > 0);
        assert_eq!(count(&snapshot, &Filter::mesh("four/other")), four);
        for (qualifier, (_, name, code)) in QUALIFIERS.into_iter().enumerate() {
            for explode in [true, false] {
                let qualifiers = below(qualifier, &qualifier_trees, explode);
                let passes =
                    |plain: &Plain| plain.pairs.iter().any(|(_, of, _)| qualifiers.contains(of));
                for name in [name, code, &qualifier_ui(qualifier)] {
                    let filter = Filter::Subheading { name: name.into(), explode };
                    assert_eq!(
                        count(&snapshot, &filter),
                        expected(&passes),
                        "{filter}, seed {seed}"
                    );
                }
            }
        }
    }
}

#[test]
fn substances_and_actions_are_found_through_the_vocabulary() {
    let vocabulary = vocabulary();
    for seed in 10..16 {
        let documents = documents(seed, 90);
        let snapshot = database(&documents, Some(&vocabulary));
        let expected = |passes: &dyn Fn(&Plain) -> bool| {
            documents.iter().filter(|(_, plain)| passes(plain)).count()
        };
        for number in 0..3 {
            let wanted = expected(&|plain| plain.substances.contains(&number));
            for name in [
                format!("substance {number}"),
                format!("SUBSTANCE-{number}"),
                format!("Compound {number}"),
                format!("c{:06}", 100 + number),
            ] {
                let filter = Filter::Substance(name);
                assert_eq!(count(&snapshot, &filter), wanted, "{filter}, seed {seed}");
            }
        }
        let action = |name: &str| Filter::pharmacological_action(name);
        let four = expected(&|plain| plain.substances.contains(&0));
        assert_eq!(count(&snapshot, &action("Four")), four);
        let two = |plain: &Plain| plain.headings.contains(&1) || plain.substances.contains(&1);
        assert_eq!(count(&snapshot, &action("old two")), expected(&two));
        let alone = expected(&|plain| plain.headings.contains(&1));
        assert_eq!(count(&snapshot, &action("Two").not_exploded()), alone);
        assert_eq!(count(&snapshot, &action("A01")), expected(&two), "actions below Zero");
        assert_eq!(count(&snapshot, &action("One")), 0);
    }
}

#[test]
fn what_nobody_knows_is_an_error_with_suggestions() {
    let documents = documents(3, 60);
    let snapshot = database(&documents, Some(&vocabulary()));
    let unknown = |filter: Filter| {
        let query = Query::matching(filter);
        match snapshot.search(&query) {
            Err(Error::UnknownName { kind, suggestions, .. }) => (kind, suggestions),
            other => panic!("{:?}", other.map(|found| found.matched)),
        }
    };
    let (kind, suggestions) = unknown(Filter::mesh("One/drug terapy"));
    assert_eq!(kind, NameKind::Subheading);
    assert!(suggestions.contains(&"drug therapy".to_owned()), "{suggestions:?}");
    let (kind, suggestions) = unknown(Filter::mesh("Thre/drug therapy"));
    assert_eq!(
        (kind, suggestions.first().map(String::as_str)),
        (NameKind::MeshHeading, Some("Three"))
    );
    assert_eq!(unknown(Filter::subheading("terapy")).0, NameKind::Subheading);
    let (kind, suggestions) = unknown(Filter::Substance("substanc 1".into()));
    assert_eq!(kind, NameKind::Substance);
    assert!(!suggestions.is_empty());
    let (kind, suggestions) = unknown(Filter::pharmacological_action("For"));
    assert_eq!(kind, NameKind::PharmacologicalAction);
    assert!(suggestions.contains(&"Four".to_owned()), "{suggestions:?}");
    // Names that are known and absent are answers.
    let empty = database(&[(Document::new(Key::pmid(1)), Plain::default())], Some(&vocabulary()));
    for filter in [
        Filter::mesh("One/therapy"),
        Filter::subheading("DT"),
        Filter::Substance("compound 1".into()),
        Filter::pharmacological_action("Four"),
    ] {
        let found = empty.search(&Query::matching(filter.clone())).unwrap();
        assert_eq!(found.matched, 0);
        let is_absent = |note: &Note| matches!(note, Note::Absent { .. });
        assert!(found.notes.iter().any(is_absent), "{filter}: {:?}", found.notes);
        assert_eq!(count(&empty, &!filter), 1);
    }
}

#[test]
fn names_that_only_documents_have_match_without_a_vocabulary_that_knows_them() {
    let mut own = Document::new(Key::pmid(1));
    own.mesh.push(MeshHeading {
        ui: "D900900".into(),
        name: "Heading of our own".into(),
        major: false,
        qualifiers: vec![MeshQualifier { name: "our aspect".into(), ..MeshQualifier::default() }],
    });
    own.mesh.push(MeshHeading { name: "Either/Or".into(), ..MeshHeading::default() });
    own.supplementary.push(TypedTerm { name: "Our Compound".into(), ..TypedTerm::default() });
    own.chemicals.push(TypedTerm {
        kind: "0".into(),
        ui: "D001241".into(),
        name: "Aspirin".into(),
    });
    let snapshot = database(&[(own, Plain::default())], None);
    for filter in [
        Filter::mesh("heading of our own/our aspect"),
        Filter::mesh("D900900/OUR ASPECT"),
        Filter::mesh("either/or"),
        Filter::subheading("our aspect"),
        Filter::Substance("our compound".into()),
        Filter::Substance("acetylsalicylic acid".into()),
        Filter::pharmacological_action("Anti-Inflammatory Agents, Non-Steroidal"),
        Filter::pharmacological_action("fibrinolytic agents"),
    ] {
        assert_eq!(count(&snapshot, &filter), 1, "{filter}");
    }
    assert!(snapshot.search(&Query::matching(Filter::Substance("0".into()))).is_err());
    assert_eq!(count(&snapshot, &Filter::mesh("heading of our own/therapy")), 0);
}
