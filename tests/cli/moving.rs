//! `medvec backup`, `merge`, `pack` and `unpack`.

use std::fs;

use serde_json::Value;

use crate::sandbox::{DOCUMENTS, Sandbox};

/// Other editions of two of [`DOCUMENTS`], and documents of its own.
const MORE: &str = r#"{"pmid": 102, "title": "Exercise in asthma, revised", "abstract": "Children with asthma trained thrice a week.", "mesh": ["*Asthma"], "journal": "Journal of Examples", "year": 2019}
{"pmid": 104, "title": "Sleep and migraine", "abstract": "Short nights came before attacks.", "mesh": ["Sleep", "Migraine Disorders/epidemiology"], "year": 2021, "languages": ["eng"]}
{"id": "note-1", "title": "Reading notes, again", "rating": 5, "shelf": "left"}
{"id": "note-2", "title": "More notes"}
"#;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Every document as a line of JSON, sorted.
fn exported(sandbox: &Sandbox, database: &str) -> Vec<String> {
    let run = sandbox.medvec(&["export", database, "-f", "jsonl"]).expect(0);
    let mut lines: Vec<String> = run.out.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_backup_is_a_database_and_is_brought_up_to_date() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["backup", "db", "copy"]).expect(0);
    run.shows(&["copied generation 2 to copy: 2 files", "0 files there already"]);
    sandbox.medvec(&["verify", "copy"]).expect(0).shows(&["4 documents"]);
    assert_eq!(exported(&sandbox, "copy"), exported(&sandbox, "db"));
    sandbox.medvec(&["search", "copy", "aspirin"]).expect(0).shows(&["101"]);

    sandbox.write("more.jsonl", MORE);
    sandbox.medvec(&["import", "db", "more.jsonl"]).expect(0);
    let run = sandbox.medvec(&["backup", "db", "copy", "--format", "json"]).expect(0);
    let report = json(&run.out);
    assert_eq!(report["generation"], 3);
    assert_eq!(report["files_kept"], 1, "{report}");
    assert!(
        report["files_copied"].as_u64() >= Some(2) && report["bytes_copied"].as_u64() > Some(0)
    );
    assert_eq!(exported(&sandbox, "copy"), exported(&sandbox, "db"));

    // Damage in the copy: found, and mended.
    let bytes = fs::read(sandbox.path("copy/segment-00000001")).expect("a segment");
    sandbox.damage(&sandbox.path("copy/segment-00000001"), bytes.len() / 2);
    sandbox.medvec(&["verify", "copy"]).expect(2);
    sandbox
        .medvec(&["backup", "db", "copy", "--check"])
        .expect(0)
        .shows(&["1 file"])
        .says(&["segment-00000001 was damaged there"]);
    sandbox.medvec(&["verify", "copy"]).expect(0);

    sandbox.medvec(&["import", "other", "docs.jsonl"]).expect(0);
    let run = sandbox.medvec(&["backup", "db", "other"]).expect(2);
    run.says(&["cannot copy the database to other: it holds another database"]);
    let run = sandbox.medvec(&["backup", "copy", "db"]).expect(0);
    run.shows(&["copied generation 3 to db: 0 files"]);
    sandbox.medvec(&["delete", "copy", "101"]).expect(0);
    sandbox.medvec(&["backup", "db", "copy"]).expect(2).says(&["newer than generation 3"]);
    sandbox.medvec(&["backup", "missing", "copy"]).expect(2).says(&["missing"]);
    sandbox.medvec(&["backup", "db", "copy", "-f", "csv"]).expect(2).says(&["--format json"]);
}

#[test]
fn a_merge_is_an_import_of_what_the_databases_were_made_of() {
    let sandbox = Sandbox::with_database();
    sandbox.write("more.jsonl", MORE);
    sandbox.medvec(&["import", "more", "more.jsonl"]).expect(0);
    sandbox.medvec(&["import", "plain", "docs.jsonl"]).expect(0);
    sandbox.medvec(&["import", "plain", "more.jsonl"]).expect(0);
    let run = sandbox.medvec(&["merge", "all", "db", "more", "-f", "json"]).expect(0);
    let report = json(&run.out);
    assert_eq!((&report["added"], &report["replaced"]), (&Value::from(6), &Value::from(2)));
    assert_eq!(report["created"], true);
    assert_eq!(exported(&sandbox, "all"), exported(&sandbox, "plain"));
    sandbox.medvec(&["verify", "all"]).expect(0).shows(&["6 documents"]);
    // Nothing waits to be embedded, and searches see vectors, words and fields.
    let stats = json(&sandbox.medvec(&["stats", "all", "-f", "json"]).expect(0).out);
    assert_eq!(stats["vectors"]["pending"], 0);
    sandbox
        .medvec(&["search", "all", "headache at night", "--mode", "dense"])
        .expect(0)
        .shows(&["104"]);
    sandbox.medvec(&["search", "all", "--field", "rating=5"]).expect(0).shows(&["note-1"]);
    sandbox.medvec(&["search", "all", "--mesh", "Asthma"]).expect(0).shows(&["revised"]);

    // The same again changes nothing; a file of a source is read, and changes nothing, either.
    let run = sandbox.medvec(&["merge", "all", "more"]).expect(0);
    run.shows(&["merged 1 database into all: 0 new, 0 replaced, 4 unchanged"]);
    sandbox.medvec(&["import", "all", "more.jsonl"]).expect(0).shows(&["0 new, 4 unchanged"]);

    sandbox.medvec(&["import", "texts", "more.jsonl", "--encoder", "none"]).expect(0);
    let run = sandbox.medvec(&["merge", "texts", "db"]).expect(2);
    run.says(&["db holds vectors of", "made by builtin", "texts holds no vectors"]);
    // The other way round, documents wait for their vectors.
    sandbox.medvec(&["merge", "db", "texts"]).expect(0).says(&["without vectors yet", "embed db"]);
    sandbox.medvec(&["merge", "db"]).expect(2);
    sandbox.medvec(&["merge", "docs.jsonl", "db"]).expect(2).says(&["docs.jsonl is a file"]);
}

#[test]
fn a_database_travels_in_one_file() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["pack", "db", "db.tar"]).expect(0);
    run.shows(&["packed generation 2 to db.tar: 4 documents, 2 files"]);
    let run = sandbox.medvec(&["unpack", "db.tar", "copy", "-f", "json"]).expect(0);
    assert_eq!(json(&run.out)["documents"], 4);
    assert_eq!(exported(&sandbox, "copy"), exported(&sandbox, "db"));
    sandbox.medvec(&["search", "copy", "aspirin"]).expect(0).shows(&["101"]);
    sandbox.medvec(&["unpack", "db.tar", "copy"]).expect(2).says(&["cannot create copy"]);
    sandbox.medvec(&["pack", "db", "db.tar"]).expect(2).says(&["cannot create db.tar"]);

    let bytes = fs::read(sandbox.path("db.tar")).expect("an archive");
    sandbox.write("cut.tar", &bytes[..bytes.len() / 2]);
    sandbox
        .medvec(&["unpack", "cut.tar", "new"])
        .expect(2)
        .says(&["cut.tar, entry 2", "in the middle"]);
    sandbox.medvec(&["unpack", "docs.jsonl", "new"]).expect(2).says(&["docs.jsonl, entry 1"]);
    assert_eq!(DOCUMENTS.lines().count(), 4);
    let left = fs::read_dir(sandbox.path(".")).expect("the folder");
    let left = left.filter(|entry| {
        entry.as_ref().expect("an entry").file_name().to_string_lossy().starts_with("new")
    });
    assert_eq!(left.count(), 0, "nothing is left behind");
}
