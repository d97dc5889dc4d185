//! The built-in MeSH equals what its command makes of the shared tables, and explodes as they say; the real
//! XML samples are read. Those parts need the shared data.

#![cfg(feature = "ingest")]

mod common;
#[path = "common/tables.rs"]
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use medvec::ingest::mesh::MeshSource;
use medvec::mesh::{self, Vocabulary};
use tables::text;

fn folder() -> Option<PathBuf> {
    common::shared().map(|shared| shared.join("data/mesh"))
}

fn source(folder: &Path, files: &[&str]) -> MeshSource {
    let mut source = MeshSource::default();
    for file in files {
        source.add_file(&folder.join(file)).expect(file);
    }
    source
}

const TABLES: &[&str] = &[
    "mesh2024_terms.tsv.gz",
    "mesh2024_trees.tsv.gz",
    "mesh2024_top_level.tsv",
    "mesh2024_pharm_actions.tsv.gz",
];

/// The table of qualifiers that lies beside the built-in.
const QUALIFIERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/mesh/qualifiers.tsv");

#[test]
fn the_built_in_equals_a_rebuild() {
    let Some(folder) = folder() else { return };
    let mut source_2024 = source(&folder, TABLES);
    source_2024.add_file(Path::new(QUALIFIERS)).expect("qualifiers");
    for earlier in ["mesh2021_names_trees.tsv.gz", "mesh2015_terms.tsv.gz"] {
        source_2024.remember(source(&folder, &[earlier]));
    }
    let rebuilt = mesh::build(2024, source_2024.finish()).expect("a vocabulary");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/mesh/mesh2024.zst");
    let packed = std::fs::read(packed).expect("the built-in");
    assert!(zstd::stream::decode_all(packed.as_slice()).expect("zstd") == rebuilt);
}

#[test]
fn explosions_equal_a_computation_from_the_tables() {
    let Some(folder) = folder() else { return };
    let builtin = mesh::builtin().expect("the built-in");
    let tables =
        ["mesh2024_trees.tsv.gz", "mesh2024_top_level.tsv"].map(|file| text(&folder.join(file)));
    let mut places: BTreeMap<&str, &str> = BTreeMap::new();
    for line in tables.iter().flat_map(|table| table.lines().skip(1)) {
        let columns: Vec<&str> = line.split('\t').collect();
        places.insert(columns[2], columns[0]);
    }
    // Every ancestor of every place, component by component.
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (number, ui) in &places {
        let ends = number.match_indices('.').map(|(at, _)| at).chain([number.len()]);
        for end in ends {
            below.entry(places[&number[..end]]).or_default().insert(ui);
        }
    }
    let tops = places.iter().filter(|(number, _)| !number.contains('.'));
    assert_eq!(tops.count(), 115);
    for (ui, expected) in &below {
        let found = builtin.explode(builtin.by_ui(ui).expect("a descriptor"));
        let found: BTreeSet<&str> = found.into_iter().map(|concept| builtin.ui(concept)).collect();
        assert!(found == *expected, "{ui}");
    }
}

#[test]
fn xml_of_nlm_is_read() {
    let Some(folder) = folder() else { return };
    let records = source(&folder, &["desc-samples.xml.gz", "supp-samples.xml.gz"]).finish();
    let of_kind =
        |letter: char| records.iter().filter(|record| record.ui.starts_with(letter)).count();
    assert_eq!((of_kind('D'), of_kind('C')), (43, 19));
    let count =
        |has: fn(&medvec::mesh::MeshRecord) -> bool| records.iter().filter(|one| has(one)).count();
    assert_eq!(count(|record| !record.tree_numbers.is_empty()), 42, "all but `Female`");
    assert_eq!(count(|record| !record.mapped_to.is_empty()), 19);
    assert_eq!(count(|record| record.mapped_to.iter().any(|heading| heading.is_main)), 19);
    assert_eq!(count(|record| !record.allowed_qualifiers.is_empty()), 30);
    let file = mesh::build(2015, records).expect("a vocabulary");
    Vocabulary::open("samples", &file).expect("it opens");
}

#[test]
fn supplementary_concepts_are_read() {
    let Some(folder) = folder() else { return };
    let records = source(&folder, &["mesh2024_supplementary.tsv.gz"]).finish();
    assert_eq!(records.len(), 323_304);
}

#[test]
fn a_heading_is_found_by_its_name_as_it_is_spoken() {
    let mesh = mesh::builtin().unwrap();
    let headings = mesh.concepts().filter(|at| mesh.ui(*at).starts_with('D'));
    let (mut same, mut all) = (0, 0);
    for heading in headings {
        let Some((last, first)) = mesh.name(heading).split_once(", ") else { continue };
        if first.contains(',') {
            continue;
        }
        let spoken = format!("{first} {last}");
        let (found, _) = mesh.find(&spoken).unwrap_or_else(|| panic!("{spoken}"));
        all += 1;
        same += u32::from(found == heading);
    }
    // A few are the names or entry terms of others.
    assert!(all > 3_500 && same * 100 > all * 99, "{same} of {all}");
}

#[test]
fn qualifiers_are_found_by_name_letters_and_ui() {
    let mesh = mesh::builtin().unwrap();
    assert_eq!(mesh.qualifiers().count(), 83);
    let ui = |text: &str| mesh.find_qualifier(text).map(|found| mesh.ui(found));
    for text in ["therapy", "Therapy", "TH", "th", "Q000628", "q000628"] {
        assert_eq!(ui(text), Some("Q000628"), "{text}");
    }
    assert_eq!(ui("administration & dosage"), Some("Q000008"));
    assert_eq!(ui("administration and dosage"), None);
    assert_eq!(ui("asthma"), None);
    for qualifier in mesh.qualifiers() {
        assert_eq!(mesh.code(qualifier).len(), 2, "{}", mesh.name(qualifier));
        assert!(!mesh.name(qualifier).contains("&amp;"));
        let by_code = mesh.find_qualifier(mesh.code(qualifier));
        assert_eq!(by_code, Some(qualifier));
    }
}

/// Headings that were renamed or went into others, by NLM's own tables of these years.
#[test]
fn names_of_earlier_years_lead_to_headings_of_2024() {
    let mesh = mesh::builtin().unwrap();
    for (text, ui) in [
        // 2015: renamed since.
        ("Glycated Hemoglobin A", "D006442"),
        ("Food Habits", "D005247"),
        ("Pseudocholinesterase", "D002091"),
        ("Physiological Processes", "D010829"),
        ("Intensive Care", "D003422"),
        // 2021: gone into others since.
        ("Extreme Hot Weather", "D055874"),
        ("American Natives", "D044467"),
        ("Cervical Intraepithelial Neoplasia", "D002578"),
        // UIs that are gone.
        ("D005510", "D005247"),
        ("D011543", "D002091"),
        ("D081027", ""),
        ("D000081027", "D055874"),
        ("D018290", "D002578"),
    ] {
        let found = mesh.find(text).map_or("", |(concept, _)| mesh.ui(concept));
        assert_eq!(found, ui, "{text}");
    }
}
