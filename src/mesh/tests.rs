use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::error::Error;

fn record(ui: &str, name: &str, terms: &[&str], trees: &[&str]) -> MeshRecord {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    MeshRecord {
        ui: ui.into(),
        name: name.into(),
        entry_terms: owned(terms),
        tree_numbers: owned(trees),
        ..MeshRecord::default()
    }
}

fn records() -> Vec<MeshRecord> {
    let mut aspirin = record("D001241", "Aspirin", &["Acetylsalicylic Acid"], &["D02.455"]);
    aspirin.actions = vec!["D000894".into(), "D999999".into()];
    aspirin.allowed_qualifiers = vec!["Q000008".into()];
    aspirin.former_names = vec!["Aspirine".into()];
    aspirin.retired_uis = vec!["D000007".into()];
    let mut salt = record("C000001", "sodium aspirin", &["aspirin sodium"], &[]);
    salt.mapped_to =
        vec![MappedHeading { ui: "D001241".into(), qualifier: "Q000008".into(), is_main: true }];
    let mut use_of = record("Q000008", "administration & dosage", &[], &[]);
    use_of.code = "AD".into();
    vec![
        record("D000894", "Anti-Inflammatory Agents, Non-Steroidal", &["NSAIDs"], &["D27.505"]),
        record("D001172", "Arthritis, Rheumatoid", &[], &["C01.150", "C05.550"]),
        record("D000002", "Infections", &[], &["C01"]),
        record("D000003", "Odd", &[], &["C01.150.200"]),
        record("D000004", "Beside", &[], &["C05.551"]),
        aspirin,
        salt,
        use_of,
    ]
}

fn vocabulary(records: Vec<MeshRecord>) -> Vocabulary {
    Vocabulary::open("mesh", &build(2024, records).expect("a file")).expect("a vocabulary")
}

#[test]
fn names_of_every_kind_are_found() {
    let mesh = vocabulary(records());
    for (text, ui, matched) in [
        ("D001241", "D001241", Matched::Ui),
        (" d001241", "D001241", Matched::Ui),
        ("aspirin", "D001241", Matched::Name),
        ("ACETYLSALICYLIC  acid", "D001241", Matched::EntryTerm),
        ("Aspirine", "D001241", Matched::FormerName),
        ("d000007", "D001241", Matched::RetiredUi),
        ("D02.455", "D001241", Matched::TreeNumber),
        ("arthritis rheumatoid", "D001172", Matched::Name),
        ("Rheumatoid arthritis", "D001172", Matched::Name),
        ("anti inflammatory agents non steroidal", "D000894", Matched::Name),
        ("aspirin sodium", "C000001", Matched::EntryTerm),
        ("administration & dosage", "Q000008", Matched::Name),
    ] {
        assert_eq!(
            mesh.find(text).map(|(at, how)| (mesh.ui(at), how)),
            Some((ui, matched)),
            "{text}"
        );
    }
    for text in ["", " ", "-", "aspirins", "D0", "C01.999", "D999999", "é"] {
        assert_eq!(mesh.find(text), None, "{text}");
    }
}

#[test]
fn accents_and_greek_letters_are_passed_over_where_no_name_has_them() {
    let mut records = records();
    records.push(record("D000010", "Sjogren's Syndrome", &["Sicca Syndrome"], &["C01.200"]));
    records.push(record("D000013", "Sjogren-Larsson", &["Sj\u{f6}gren-Larsson"], &["C01.400"]));
    records.push(record("D000011", "beta Carotene", &[], &["D02.100"]));
    records.push(record("D000012", "Odd\u{e9}", &[], &["C01.300"]));
    let mesh = vocabulary(records);
    let found = |text: &str| mesh.find(text).map(|(concept, _)| mesh.ui(concept).to_owned());
    assert_eq!(found("Sj\u{f6}gren\u{2019}s syndrome").as_deref(), Some("D000010"));
    assert_eq!(found("\u{3b2}-Carotene").as_deref(), Some("D000011"));
    assert_eq!(found("Odd\u{e9}").as_deref(), Some("D000012"), "its own name");
    assert_eq!(found("\u{f3}dd").as_deref(), Some("D000003"));
    assert_eq!(found("\u{6f22}"), None);
    assert_eq!(mesh.starting_with("Sj\u{f6}gr", 5).len(), 2);
    assert_eq!(mesh.starting_with("Sj\u{f6}gr", 1).len(), 1);
}

#[test]
fn links_are_kept_and_dead_ones_left_out() {
    let mesh = vocabulary(records());
    let at = |ui: &str| mesh.by_ui(ui).expect(ui);
    let uis = |found: Vec<Concept>| found.into_iter().map(|at| mesh.ui(at)).collect::<Vec<_>>();
    assert_eq!(uis(mesh.actions(at("D001241")).collect()), ["D000894"]);
    assert_eq!(uis(mesh.substances(&[at("D000894")])), ["D001241"]);
    assert_eq!(uis(mesh.allowed_qualifiers(at("D001241")).collect()), ["Q000008"]);
    let mapped: Vec<_> = mesh.mapped_to(at("C000001")).collect();
    assert_eq!(mapped, [(at("D001241"), true)]);
    assert_eq!((mesh.code(at("Q000008")), mesh.year()), ("AD", 2024));
    assert_eq!(mesh.starting_with("asp", 9).len(), 2);
    assert_eq!(mesh.starting_with("asp", 1).len(), 1);
}

#[test]
fn components_are_compared_not_letters() {
    let mesh = vocabulary(records());
    let at = |ui: &str| mesh.by_ui(ui).expect(ui);
    let uis = |found: Vec<Concept>| found.into_iter().map(|at| mesh.ui(at)).collect::<Vec<_>>();
    assert_eq!(uis(mesh.explode(at("D000002"))), ["D000002", "D000003", "D001172"]);
    assert_eq!(uis(mesh.explode(at("D001172"))), ["D000003", "D001172"]);
    assert_eq!(uis(mesh.explode(at("C000001"))), ["C000001"]);
    assert_eq!(mesh.tree_numbers(at("D001172")), ["C01.150", "C05.550"]);
    let below: Vec<&str> = mesh.children("C01").into_iter().map(|(number, _)| number).collect();
    assert_eq!(below, ["C01.150"]);
    let roots: Vec<&str> = mesh.children("").into_iter().map(|(number, _)| number).collect();
    assert_eq!(roots, ["C01"]);
}

#[test]
fn two_years_differ_by_names_places_and_records() {
    let old = vocabulary(records());
    let mut changed = records();
    changed.retain(|record| record.ui != "D000004");
    changed[2].name = "Infectious Diseases".into();
    changed[1].tree_numbers = vec!["C05.550".into()];
    changed.push(record("D000007", "New", &[], &[]));
    let new = vocabulary(changed);
    let changes = diff(&old, &new);
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert!(matches!(&changes[0], Change::Renamed { to, .. } if to == "Infectious Diseases"));
    assert!(matches!(&changes[1], Change::Removed { ui, now: None, .. } if ui == "D000004"));
    assert!(matches!(&changes[2], Change::Added { ui, .. } if ui == "D000007"));
    assert!(matches!(&changes[3], Change::Moved { to, .. } if to == &["C05.550"]));
    assert!(diff(&old, &old).is_empty());
}

#[test]
fn every_changed_byte_and_every_cut_is_noticed() {
    let bytes = build(2024, records()).expect("a file");
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 0x41;
        let error = Vocabulary::open("mesh", &damaged).map(drop);
        assert!(error.is_err(), "byte {place}");
        assert!(Vocabulary::open("mesh", &bytes[..place]).is_err(), "cut at {place}");
    }
}

#[test]
fn records_that_contradict_are_refused() {
    let twice = |place: usize| {
        let mut records = records();
        let copy = records[place].clone();
        records.push(copy);
        records
    };
    let with = |change: fn(&mut MeshRecord)| {
        let mut records = records();
        change(&mut records[0]);
        records
    };
    for (records, words) in [
        (twice(0), "comes twice"),
        (with(|record| record.ui = "X1".into()), "a UI is"),
        (with(|record| record.name = " ".into()), "name is empty"),
        (with(|record| record.name.push('\0')), "zero byte"),
        (with(|record| record.tree_numbers = vec!["C1".into()]), "not a tree number"),
        (with(|record| record.tree_numbers = vec!["C01".into()]), "another record"),
    ] {
        match build(2024, records) {
            Err(Error::Input { detail, .. }) => assert!(detail.contains(words), "{detail}"),
            other => panic!("{words}: {other:?}"),
        }
    }
}

/// Every place of the built-in vocabulary by comparing components, one by one.
#[test]
fn the_built_in_explodes_as_a_plain_reference() {
    let mesh = builtin().expect("the built-in vocabulary");
    assert_eq!(mesh.year(), 2024);
    let descriptors: Vec<Concept> =
        mesh.concepts().filter(|concept| mesh.ui(*concept).starts_with('D')).collect();
    assert_eq!(descriptors.len(), 30_764);
    assert_eq!(mesh.children("").len(), 115, "top branches");
    let places: Vec<(Vec<String>, Concept)> = descriptors
        .iter()
        .flat_map(|concept| {
            mesh.tree_numbers(*concept).into_iter().map(|number| (number, *concept))
        })
        .map(|(number, concept)| (number.split('.').map(str::to_owned).collect(), concept))
        .collect();
    let tops = mesh.children("").into_iter().map(|(_, concept)| concept);
    for concept in descriptors.iter().step_by(61).copied().chain(tops) {
        let own: Vec<&Vec<String>> =
            places.iter().filter(|(_, at)| *at == concept).map(|(number, _)| number).collect();
        let mut expected: BTreeSet<Concept> = places
            .iter()
            .filter(|(number, _)| own.iter().any(|own| number.starts_with(own)))
            .map(|(_, concept)| *concept)
            .collect();
        expected.insert(concept);
        assert!(mesh.explode(concept).into_iter().eq(expected), "{}", mesh.name(concept));
    }
    for (text, name) in [
        ("tumors", "Neoplasms"),
        ("heart attack", "Myocardial Infarction"),
        ("Type 2 Diabetes Mellitus", "Diabetes Mellitus, Type 2"),
        ("Glycated Hemoglobin A", "Glycated Hemoglobin"),
        ("C04", "Neoplasms"),
        ("D009369", "Neoplasms"),
    ] {
        let found = mesh.find(text).map(|(concept, _)| mesh.name(concept));
        assert_eq!(found, Some(name), "{text}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_vocabulary_or_an_error(
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
        kind in 1_u32..10,
    ) {
        use crate::format::frame::{FileKind, Frame, FrameWriter};
        // A changed byte under checksums that are right.
        let bytes = build(2024, records()).expect("a file");
        let frame = Frame::parse("mesh", FileKind::Mesh, &bytes).expect("a frame");
        let mut writer = FrameWriter::new(FileKind::Mesh, [1; 16]);
        for section in &frame.sections {
            let range = section.offset as usize..(section.offset + section.length) as usize;
            let mut content = bytes[range].to_vec();
            if section.kind == kind && !content.is_empty() {
                let at = place.index(content.len());
                content[at] = value;
            }
            writer.section(section.kind);
            writer.write(&content);
        }
        let (forged, _) = writer.finish();
        let Ok(mesh) = Vocabulary::open("mesh", &forged) else { return Ok(()) };
        for concept in mesh.concepts() {
            let _ = (mesh.name(concept), mesh.explode(concept).len(), mesh.find(mesh.ui(concept)));
            let _ = (mesh.actions(concept).count(), mesh.mapped_to(concept).count());
        }
        let _ = (mesh.starting_with("a", 100), mesh.children("C01"), mesh.find("aspirin"));
    }
}
