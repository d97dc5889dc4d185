//! Import, search, get, delete, compact, repair: one command after another.

use serde_json::Value;

use crate::sandbox::{DOCUMENTS, Sandbox, file_name};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in: {text}"))
}

#[test]
fn a_query_finds_its_document_and_the_sentence_that_answers() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "aspirin risk of colorectal cancer"]).expect(0);
    let first = run.out.lines().next().unwrap_or_default();
    assert!(first.contains("Aspirin and colorectal cancer"), "{}", run.out);
    run.shows(&[
        "Journal of Examples \u{b7} 2011 \u{b7} PMID 101",
        "Daily aspirin lowered the risk of colorectal cancer by a third.",
    ]);
}

#[test]
fn filters_narrow_and_combine() {
    let sandbox = Sandbox::with_database();
    let found = |options: &[&str]| {
        let all = [&["search", "db", "--format", "pmids"], options].concat();
        let run = sandbox.medvec(&all);
        let mut keys: Vec<String> = run.out.lines().map(str::to_owned).collect();
        keys.sort();
        (run.code, keys.join(" "))
    };
    let ok = |keys: &str| (0, keys.to_owned());
    assert_eq!(found(&["--mesh", "aspirin"]), ok("101 102"));
    assert_eq!(found(&["--major", "Aspirin"]), ok("101"));
    assert_eq!(found(&["--mesh", "Humans", "--mesh", "Asthma"]), ok("102"));
    assert_eq!(found(&["--year", "2018:"]), ok("102 103 note-1"));
    assert_eq!(found(&["--year", "2020", "--mesh", "Humans"]), ok("note-1"));
    assert_eq!(found(&["--journal", "murine letters"]), ok("103"));
    assert_eq!(found(&["--language", "ger"]), ok("103"));
    assert_eq!(found(&["--type", "journal article"]), ok("101"));
    assert_eq!(found(&["--has-abstract"]), ok("101 102 103"));
    assert_eq!(found(&["--field", "rating=4"]), ok("note-1"));
    assert_eq!(found(&["--field", "rating=1:5"]), ok("note-1"));
    assert_eq!(found(&["--field", "rating=5:"]), (1, String::new()));
    assert_eq!(found(&["lung", "--mesh", "Aspirin", "--year", "2018"]), ok("102"));
}

#[test]
fn lists_are_newest_first() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "--has-abstract", "--format", "pmids"]).expect(0);
    assert_eq!(run.out, "103\n102\n101\n");
    let run = sandbox.medvec(&["search", "db", "--has-abstract", "-k", "1", "--format", "pmids"]);
    assert_eq!(run.out, "103\n");
}

#[test]
fn an_export_as_json_is_a_source() {
    let sandbox = Sandbox::with_database();
    for format in ["json", "jsonl"] {
        let export =
            |database: &str| sandbox.medvec(&["export", database, "-f", format]).expect(0).out;
        let exported = export("db");
        sandbox.write("documents", &exported);
        let copy = format!("copy-{format}");
        sandbox.medvec(&["import", &copy, "documents", "--encoder", "none"]).expect(0);
        assert_eq!(export(&copy), exported);
    }
}

#[test]
fn a_second_import_changes_nothing() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["import", "db", "docs.jsonl"]).expect(0);
    let stats = json(&sandbox.medvec(&["stats", "db", "--format", "json"]).expect(0).out);
    assert_eq!((&stats["documents"], &stats["deleted"]), (&Value::from(4), &Value::from(0)));
    assert_eq!(stats["sources"].as_array().map(Vec::len), Some(1));
    assert_eq!(stats["sources"][0]["complete"], true);
}

#[test]
fn deleted_documents_are_gone_and_compaction_drops_them() {
    let sandbox = Sandbox::with_database();
    let run =
        sandbox.medvec_with_input(&["delete", "db", "102", "-"], "PMID: 103\n999\n").expect(0);
    run.shows(&["deleted 2 documents"]).says(&["999 is not in this database"]);
    sandbox.medvec(&["get", "db", "102"]).expect(1).says(&["PMID 102 is not in this database"]);
    sandbox.medvec(&["search", "db", "--mesh", "Exercise"]).expect(1).says(&["nothing found"]);
    sandbox.medvec(&["verify", "db"]).expect(0).shows(&["ok", "2 documents"]);
    sandbox.medvec(&["compact", "db"]).expect(0).shows(&["2 deleted documents dropped"]);
    let stats = json(&sandbox.medvec(&["stats", "db", "--format", "json"]).expect(0).out);
    assert_eq!((&stats["documents"], &stats["deleted"]), (&Value::from(2), &Value::from(0)));
    sandbox.medvec(&["verify", "db"]).expect(0).shows(&["2 documents"]);
    sandbox.medvec(&["compact", "db"]).expect(0).shows(&["nothing to do"]);
    sandbox.medvec(&["delete", "db", "102"]).expect(1);
}

#[test]
fn what_get_writes_can_be_imported_again() {
    let sandbox = Sandbox::with_database();
    let keys = ["101", "102", "103", "note-1"];
    let written = |db: &str| {
        let run = sandbox.medvec(&[&["get", db, "--format", "jsonl"], &keys[..]].concat());
        run.expect(0).out
    };
    let first = written("db");
    assert_eq!(first.lines().count(), 4);
    sandbox.write("again.jsonl", &first);
    sandbox.medvec(&["import", "copy", "again.jsonl", "--encoder", "none"]).expect(0);
    assert_eq!(written("copy"), first);
}

#[test]
fn a_database_without_vectors_is_searched_by_words_and_filters() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(0);
    sandbox.medvec(&["search", "db", "--mesh", "Mice"]).expect(0).shows(&["PMID 103"]);
    sandbox.medvec(&["search", "db", "insulin"]).expect(0).shows(&["PMID 103"]);
    sandbox.medvec(&["search", "db", "zyzzyva"]).expect(1).says(&["nothing found"]);
    let dense = ["search", "db", "insulin", "--mode", "dense"];
    sandbox.medvec(&dense).expect(2).says(&["no vectors", "filters"]);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&["none: search by words and filters"]);
}

#[test]
fn inspect_shows_files_and_sections() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["inspect", "db"]).expect(0);
    run.shows(&["manifest-0000000", "segment-0000000", "meta", "vectors", "blocks", "format 1."]);
    let segment = file_name(&sandbox.database_file("segment-"));
    let run = sandbox.medvec(&["inspect", &format!("db/{segment}")]).expect(0);
    run.shows(&[&segment, "segment, format 1.", "input-hashes"]);
}

#[test]
fn repair_shows_first_and_acts_only_when_told() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["repair", "db"]).expect(0).shows(&["nothing to repair", "4 documents"]);
    sandbox.write("more.jsonl", r#"{"pmid": 104, "title": "A later one", "abstract": "Text."}"#);
    sandbox.medvec(&["import", "db", "more.jsonl"]).expect(0);
    let segment = sandbox.database_file("segment-");
    sandbox.damage(&segment, 100);

    sandbox.medvec(&["verify", "db"]).expect(2);
    let run = sandbox.medvec(&["repair", "db"]).expect(1);
    run.shows(&["is damaged", "can be saved", "--apply"]);
    assert!(segment.exists(), "nothing may change before --apply");
    sandbox.medvec(&["repair", "db", "--apply"]).expect(0).shows(&["repaired"]);
    sandbox.medvec(&["verify", "db"]).expect(0);
    sandbox.medvec(&["get", "db", "104"]).expect(0).shows(&["A later one"]);
}
