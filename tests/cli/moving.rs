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
    sandbox.medvec(&["backup", "db", "copy", "-f", "csv"]).expect(2).says(&["text, json"]);
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

    sandbox.write("again.tar.partial", "left by a run that was killed");
    let left = sandbox.medvec(&["pack", "db", "again.tar"]).expect(2);
    left.says(&["again.tar.partial", "delete it and run the same command again"]);
    fs::remove_file(sandbox.path("again.tar.partial")).expect("deletes");
    sandbox.medvec(&["pack", "db", "again.tar"]).expect(0);
}

#[test]
fn a_copy_is_brought_up_to_date_by_a_file() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["backup", "db", "copy"]).expect(0);
    let none = ["diff", "db", "--since", "2", "-o", "none.tar"];
    sandbox.medvec(&none).expect(1).says(&["newest"]);
    let run = sandbox.medvec(&[&none[..], &["-f", "json"]].concat()).expect(1);
    assert_eq!(json(&run.out)["files"], 0);
    assert!(!sandbox.path("none.tar").exists());
    sandbox.write("more.jsonl", MORE);
    sandbox.medvec(&["import", "db", "more.jsonl"]).expect(0);
    let run = sandbox.medvec(&["diff", "db", "--since", "2", "-o", "new.tar"]).expect(0);
    run.shows(&["wrote new.tar: from generation 2 to 3, 6 documents"]);
    sandbox.medvec(&["diff", "db", "--base", "copy", "-o", "same.tar"]).expect(0);
    let (one, other) = (fs::read(sandbox.path("new.tar")), fs::read(sandbox.path("same.tar")));
    assert_eq!(one.expect("a file"), other.expect("a file"));
    sandbox
        .medvec(&["unpack", "new.tar", "wrong"])
        .expect(2)
        .says(&["new.tar, entry 1", "a delta"]);
    let run = sandbox.medvec(&["apply", "copy", "new.tar", "-f", "json"]).expect(0);
    let report = json(&run.out);
    assert_eq!((&report["from"], &report["generation"]), (&Value::from(2), &Value::from(3)));
    assert_eq!(exported(&sandbox, "copy"), exported(&sandbox, "db"));
    sandbox.medvec(&["verify", "copy"]).expect(0).shows(&["6 documents"]);
    let run = sandbox.medvec(&["apply", "copy", "new.tar"]).expect(2);
    run.says(&["cannot copy the database to copy: it holds generation 3 already"]);
    for key in ["101", "102", "103"] {
        sandbox.medvec(&["delete", "db", key]).expect(0);
    }
    let run = sandbox.medvec(&["diff", "db", "--since", "3", "-o", "late.tar"]).expect(2);
    run.says(&["generation 3 is not known", "--base"]);
    sandbox.medvec(&["diff", "db", "--base", "copy", "-o", "late.tar"]).expect(0);
    sandbox.medvec(&["apply", "copy", "late.tar"]).expect(0).shows(&["updated copy", "3 to 6"]);
    assert_eq!(exported(&sandbox, "copy"), exported(&sandbox, "db"));
    sandbox.medvec(&["diff", "db", "-o", "x.tar"]).expect(2).says(&["--since", "--base"]);
}

#[cfg(feature = "parquet")]
#[test]
fn documents_leave_as_a_table_and_come_back() {
    let sandbox = Sandbox::with_database();
    sandbox.write("more.jsonl", MORE);
    sandbox.medvec(&["import", "db", "more.jsonl"]).expect(0);
    let table = ["export", "db", "-f", "parquet-documents"];
    sandbox.medvec(&table).expect(2).says(&["--output FILE"]);
    let named = |rest: &[&'static str]| -> Vec<&'static str> {
        table.iter().copied().chain(rest.iter().copied()).collect()
    };
    let run = sandbox.medvec(&named(&["-o", "all.parquet"])).expect(0);
    run.says(&["exported 6 documents to all.parquet"]);
    sandbox.medvec(&["import", "again", "all.parquet", "--encoder", "none"]).expect(0);
    assert_eq!(exported(&sandbox, "again"), exported(&sandbox, "db"));
    sandbox.medvec(&["import", "db", "all.parquet"]).expect(0).shows(&["0 new, 6 unchanged"]);
    sandbox
        .medvec(&named(&["-o", "some.parquet", "--mesh", "Asthma"]))
        .expect(0)
        .says(&["1 document"]);
    sandbox
        .medvec(&named(&["-o", "none.parquet", "--year", "1950"]))
        .expect(1)
        .says(&["no document"]);
    assert!(!sandbox.path("none.parquet").exists());
}

#[test]
fn several_databases_are_read_as_one() {
    let sandbox = Sandbox::with_database();
    sandbox.write("more.jsonl", MORE);
    sandbox.medvec(&["import", "more", "more.jsonl"]).expect(0);
    sandbox.medvec(&["merge", "all", "db", "more"]).expect(0);
    let both = ["more", "--also", "db"];
    let same = |command: &str, rest: &[&str]| {
        let joint: Vec<&str> =
            [command].into_iter().chain(both).chain(rest.iter().copied()).collect();
        let merged: Vec<&str> = [command, "all"].into_iter().chain(rest.iter().copied()).collect();
        let (joint, merged) = (sandbox.medvec(&joint), sandbox.medvec(&merged));
        assert_eq!(joint.code, merged.code, "{command} {rest:?}: {}", joint.err);
        assert_eq!(joint.out, merged.out, "{command} {rest:?}");
        joint
    };
    same("search", &["asthma in children", "-f", "json"]).expect(0);
    same("search", &["headache", "--mode", "dense", "-f", "json"]).expect(0);
    same("search", &["--mesh", "Asthma", "-f", "json", "--facet", "year,mesh"]).shows(&["revised"]);
    same("count", &["asthma[mh] OR sleep[tiab]"]).shows(&["2"]);
    same("get", &["102", "101", "104", "note-1", "-f", "jsonl"]).expect(0);
    same("similar", &["101", "-f", "json"]).expect(0);
    same("duplicates", &["-f", "json"]);
    sandbox.write("lines.txt", "1. asthma[mh]\n2. #1 OR migraine[ti]\n");
    let run = sandbox.medvec(&["strategy", "run", "more", "--also", "db", "lines.txt"]).expect(0);
    run.shows(&["#1 OR migraine[ti]"]);
    let joint = sandbox.medvec(&["export", "more", "--also", "db", "-f", "jsonl"]).expect(0);
    let mut lines: Vec<String> = joint.out.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    assert_eq!(lines, exported(&sandbox, "all"));
    let run = sandbox.medvec(&["stats", "more", "--also", "db"]).expect(0);
    run.shows(&["more: generation 2, 4 documents", "2 that another database has, too"]);
    let stats =
        json(&sandbox.medvec(&["stats", "more", "--also", "db", "-f", "json"]).expect(0).out);
    assert_eq!((&stats["documents"], &stats["databases"][1]["path"]), (&6.into(), &"db".into()));
    // A hint names all of them.
    let run = sandbox.medvec(&["search", "more", "--also", "db", "103"]).expect(0);
    run.says(&["medvec get more --also db 103"]);
    sandbox
        .medvec(&["search", "more", "--also", "db", "asthma", "--save-search", "saved.json"])
        .expect(0);
    sandbox.medvec(&["search", "more", "--also", "db", "--replay", "saved.json"]).expect(0);
    sandbox
        .medvec(&["search", "more", "--replay", "saved.json"])
        .expect(1)
        .shows(&["another database"]);

    sandbox.medvec(&["import", "texts", "docs.jsonl", "--encoder", "none"]).expect(0);
    sandbox.medvec(&["search", "db", "--also", "texts", "asthma"]).expect(0);
    sandbox.medvec(&["search", "db", "--also", "missing", "asthma"]).expect(2).says(&["missing"]);
    let names: Vec<_> = fs::read_dir(sandbox.path("db")).expect("a folder").collect();
    assert!(names.len() > 2);
}
