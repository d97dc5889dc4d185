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

#[test]
fn a_heading_finds_what_lies_below_it() {
    let sandbox = Sandbox::with_texts(LIBRARY);
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
    let sandbox = Sandbox::with_texts(LIBRARY);
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
    sandbox.medvec(&["mesh", "tree", "C04", "-f", "csv"]).expect(2).says(&["text, json"]);
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

const HEADINGS: &str = "mesh_id\tmesh_name\ttree\n\
    D900001\tThings\tA01\nD900002\tSmall Things\tA01.100\nD900003\tOther Things\tB01\n";

#[test]
fn a_database_goes_by_the_vocabulary_that_was_imported_into_it() {
    let sandbox = Sandbox::new();
    let lines = "{\"pmid\": 1, \"title\": \"a\", \"mesh\": [\"Small Things\"]}\n\
        {\"pmid\": 2, \"title\": \"b\", \"mesh\": [\"Things\"]}\n\
        {\"pmid\": 3, \"title\": \"c\", \"mesh\": [\"Neoplasms\"]}\n";
    sandbox.write("docs.jsonl", lines);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    assert_eq!(found(&sandbox, &["--mesh", "Things"]), ["2"]);
    sandbox.write("mesh2031.tsv", HEADINGS);
    sandbox.write("things.tsv", HEADINGS);
    let run = sandbox.medvec(&["mesh", "import", "db", "things.tsv"]).expect(2);
    run.says(&["which year's MeSH", "--year"]);
    let run = sandbox.medvec(&["mesh", "import", "db", "mesh2031.tsv"]).expect(0);
    run.shows(&["MeSH 2031", "3 records"]);
    assert_eq!(found(&sandbox, &["--mesh", "Things"]), ["1", "2"]);
    assert_eq!(found(&sandbox, &["--mesh", "A01"]), ["1", "2"]);
    assert_eq!(found(&sandbox, &["--mesh", "neoplasms"]), ["3"], "documents have it");
    let run = sandbox.medvec(&["search", "db", "--mesh", "Thinks"]).expect(2);
    run.says(&["unknown MeSH heading `Thinks`", "`Things`"]);

    let show = ["mesh", "show", "small things", "--db", "db"];
    sandbox.medvec(&show).expect(0).shows(&["D900002", "MeSH 2031"]);
    sandbox.medvec(&show[..3]).expect(2).says(&["unknown MeSH heading"]);
    let run = sandbox.medvec(&["mesh", "search", "small", "--db", "db"]).expect(0);
    run.shows(&["Small Things"]);
    let run = sandbox.medvec(&["mesh", "tree", "--db", "db"]).expect(0);
    assert_eq!(run.out.lines().count(), 2);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&["its own of 2031: 3 records"]);
    let run = sandbox.medvec(&["stats", "db", "-f", "json"]).expect(0);
    let stats: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&stats["mesh"]["year"], &stats["mesh"]["records"]), (&2031.into(), &3.into()));
    sandbox.medvec(&["inspect", "db"]).expect(0).shows(&["mesh-", "tree-text"]);
    sandbox.medvec(&["verify", "db"]).expect(0);

    // The year after: a heading is renamed, another one gone into it; names of before stay found.
    let later =
        HEADINGS.replace("Small Things", "Tiny Things").replace("D900003\tOther", "D900004\tOther");
    sandbox.write("mesh2032.tsv", later);
    sandbox.medvec(&["mesh", "import", "db", "mesh2032.tsv"]).expect(0);
    assert_eq!(found(&sandbox, &["--mesh", "Tiny Things"]), ["1"]);
    assert_eq!(found(&sandbox, &["--mesh", "Things"]), ["1", "2"]);
    let run = sandbox.medvec(&["mesh", "show", "tiny things", "D900003", "--db", "db"]).expect(0);
    run.shows(&["Small Things", "D900004"]);

    // Supplementary concepts beside what is there.
    sandbox.write("supp.tsv", "C900001\tsome stuff\tstuff, some\tD900001\n");
    let run = sandbox.medvec(&["mesh", "import", "db", "supp.tsv", "--year", "2032"]).expect(2);
    run.says(&["no descriptor"]);
    sandbox.medvec(&["mesh", "import", "db", "supp.tsv", "--add"]).expect(0).shows(&["4 records"]);
    let run = sandbox.medvec(&["mesh", "show", "some stuff", "--db", "db"]).expect(0);
    run.shows(&["C900001", "mapped to", "Things"]);

    sandbox.medvec(&["mesh", "import", "db"]).expect(2);
    sandbox
        .medvec(&["mesh", "import", "db", "--builtin"])
        .expect(0)
        .shows(&["built-in MeSH again"]);
    assert_eq!(found(&sandbox, &["--mesh", "Things"]), ["2"]);
}

#[test]
fn a_damaged_vocabulary_is_reported_and_repaired() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    sandbox.write("mesh2031.tsv", HEADINGS);
    sandbox.medvec(&["mesh", "import", "db", "mesh2031.tsv"]).expect(0);
    let file = sandbox.database_file("mesh-");
    sandbox.damage(&file, 80);
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    sandbox.medvec(&["verify", "db"]).expect(2).says(&[&name, "medvec repair"]);
    let run = sandbox.medvec(&["repair", "db", "--apply"]).expect(0);
    run.shows(&[&name, "no document is lost", "built-in MeSH"]);
    sandbox.medvec(&["verify", "db"]).expect(0);
    assert_eq!(found(&sandbox, &["--mesh", "Neoplasms"]), ["1", "3"]);
}

#[test]
fn subheadings_substances_and_actions_are_options_of_a_search() {
    let sandbox = Sandbox::new();
    let lines = [
        r#"{"pmid": 1, "title": "a", "mesh": ["Asthma/drug therapy", "Aspirin/adverse effects"]}"#,
        r#"{"pmid": 2, "title": "b", "mesh": ["Asthma", "Pain/drug therapy"]}"#,
        r#"{"pmid": 3, "title": "c", "supplementary": [{"ui": "C000589257", "name": "VPC-3033"}]}"#,
        r#"{"pmid": 4, "title": "d", "mesh": ["*Status Asthmaticus/drug therapy"]}"#,
    ];
    sandbox.write("docs.jsonl", lines.join("\n"));
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    assert_eq!(found(&sandbox, &["--mesh", "Asthma/drug therapy"]), ["1", "4"]);
    assert_eq!(found(&sandbox, &["--mesh", "asthma/DT", "--no-explode"]), ["1"]);
    assert_eq!(found(&sandbox, &["--major", "Asthma/DT"]), ["4"]);
    assert_eq!(found(&sandbox, &["--subheading", "drug therapy"]), ["1", "2", "4"]);
    assert_eq!(found(&sandbox, &["--subheading", "AE"]), ["1"]);
    assert_eq!(found(&sandbox, &["--substance", "vpc-3033"]), ["3"]);
    assert_eq!(found(&sandbox, &["--substance", "C000589257"]), ["3"]);
    assert_eq!(found(&sandbox, &["--action", "Anti-Inflammatory Agents, Non-Steroidal"]), ["1"]);
    let run = sandbox.medvec(&["search", "db", "--mesh", "Asthma/drug terapy"]).expect(2);
    run.says(&["unknown MeSH subheading `drug terapy`", "`drug therapy`"]);
    let run = sandbox.medvec(&["search", "db", "--substance", "vpc-3034"]).expect(2);
    run.says(&["unknown substance `vpc-3034`"]);
}
