//! `medvec mesh`, and headings that are exploded in a search.

use serde_json::Value;

use crate::sandbox::Sandbox;

/// A record with a narrower heading, one with an old name and no UI, one with a heading of its own.
const LIBRARY: &str = r#"{"pmid": 1, "title": "a", "mesh": [{"name": "Lung Neoplasms", "ui": "D008175", "major": true}]}
{"pmid": 2, "title": "b", "mesh": ["Glycated Hemoglobin A"]}
{"pmid": 3, "title": "c", "mesh": ["Neoplasms"]}
{"pmid": 4, "title": "d", "mesh": ["Heading of our own"]}
{"pmid": 5, "title": "e"}
"#;

fn found(sandbox: &Sandbox, options: &[&str]) -> Vec<String> {
    let run = sandbox.medvec(&[&["search", "db", "--format", "pmids"], options].concat());
    let mut keys: Vec<String> = run.out.lines().map(str::to_owned).collect();
    keys.sort();
    keys
}

fn library() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", LIBRARY);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    sandbox
}

#[test]
fn a_heading_finds_what_lies_below_it() {
    let sandbox = library();
    for name in ["Neoplasms", "tumors", "D009369", "C04", "c04", "cancer"] {
        assert_eq!(found(&sandbox, &["--mesh", name]), ["1", "3"], "{name}");
        assert_eq!(found(&sandbox, &["--mesh", name, "--no-explode"]), ["3"], "{name}");
    }
    assert_eq!(found(&sandbox, &["--mesh", "C08"]), ["1"]);
    assert_eq!(found(&sandbox, &["--major", "Neoplasms"]), ["1"]);
    assert_eq!(found(&sandbox, &["--mesh", "Glycated Hemoglobin"]), ["2"], "an old name");
    assert_eq!(found(&sandbox, &["--mesh", "heading of OUR own"]), ["4"]);
    assert!(found(&sandbox, &["--major", "Glycated Hemoglobin"]).is_empty());
}

#[test]
fn a_heading_that_no_document_has_is_said_and_an_unknown_one_is_an_error() {
    let sandbox = library();
    let run = sandbox.medvec(&["search", "db", "--mesh", "Ankylosing Spondylitis"]).expect(1);
    run.says(&["no document has the MeSH heading `Ankylosing Spondylitis`"]);
    let run = sandbox.medvec(&["search", "db", "--mesh", "Spondilitis, Ankylosing"]).expect(2);
    run.says(&["unknown MeSH heading", "`Spondylitis, Ankylosing`"]);
}

#[test]
fn the_vocabulary_is_shown_searched_and_walked() {
    let sandbox = Sandbox::new();
    let run = sandbox.medvec(&["mesh", "show", "heart attack", "aspirin"]).expect(0);
    run.shows(&[
        "Myocardial Infarction",
        "D009203",
        "C14.907.585.500",
        "MeSH 2024",
        "Fibrinolytic Agents",
    ]);
    let run = sandbox.medvec(&["mesh", "show", "C04", "-f", "json"]).expect(0);
    let shown: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&shown[0]["name"], &shown[0]["ui"]), (&"Neoplasms".into(), &"D009369".into()));
    let run = sandbox.medvec(&["mesh", "show", "Astma"]).expect(2);
    run.says(&["unknown MeSH heading `Astma`", "`Asthma`"]);

    sandbox.medvec(&["mesh", "search", "heart att"]).expect(0).shows(&["Myocardial Infarction"]);
    sandbox.medvec(&["mesh", "search", "Astma"]).expect(0).shows(&["Asthma"]);
    sandbox.medvec(&["mesh", "search", "qqqqqqqqqq"]).expect(1);
    let run = sandbox.medvec(&["mesh", "tree"]).expect(0);
    assert_eq!(run.out.lines().count(), 115);
    let run = sandbox.medvec(&["mesh", "tree", "C04", "--depth", "2"]).expect(0);
    run.shows(&["Neoplasms  C04", "\n  Neoplasms by Site", "\n    Breast Neoplasms"]);
    sandbox.medvec(&["mesh", "tree", "C04", "-f", "csv"]).expect(2).says(&["--format json"]);
}

#[test]
fn two_years_are_compared() {
    let sandbox = Sandbox::new();
    sandbox.write("mesh2015.tsv", "mesh_id\tmesh_name\nD009369\tTumours\nD999999\tGone\n");
    sandbox.write("mesh2016.tsv", "mesh_id\tmesh_name\nD009369\tNeoplasms\n");
    let run = sandbox.medvec(&["mesh", "diff", "mesh2015.tsv", "--later", "mesh2016.tsv"]);
    assert_eq!(
        run.expect(0).out,
        "renamed  D009369    Tumours -> Neoplasms\nremoved  D999999    Gone\n"
    );
    let run = sandbox.medvec(&["mesh", "diff", "mesh2016.tsv", "--later", "mesh2016.tsv"]);
    assert_eq!(run.expect(1).out, "");
    sandbox.write("broken.tsv", "mesh_id\tmesh_name\nD1\n");
    sandbox.medvec(&["mesh", "diff", "broken.tsv"]).expect(2).says(&["broken.tsv", "line 2"]);
}

#[test]
fn documents_that_are_not_indexed_are_counted_and_kept_on_request() {
    let sandbox = Sandbox::new();
    let indexed = "{\"pmid\": 1, \"title\": \"A\", \"mesh\": [\"Breast Neoplasms\"]}\n";
    sandbox.write("docs.jsonl", format!("{indexed}{{\"pmid\": 2, \"title\": \"B\"}}\n"));
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    let search = ["search", "db", "--mesh", "Neoplasms", "-f", "json"];
    let run = sandbox.medvec(&search).expect(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&answer["matched"], &answer["unindexed"]), (&1.into(), &1.into()));
    assert_eq!(answer["notes"][0]["code"], "unindexed");
    let text = sandbox.medvec(&search[..4]).expect(0);
    text.says(&["1 document was left out because it is not indexed with MeSH"]);
    let run = sandbox.medvec(&[&search[..], &["--include-unindexed"]].concat()).expect(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&answer["matched"], &answer["unindexed"]), (&2.into(), &0.into()));
}
