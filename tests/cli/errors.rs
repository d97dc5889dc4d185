//! Bad input: the exit code is 2 and the message says what is wrong and what to do.

use std::fs;

use crate::sandbox::{DOCUMENTS, Sandbox, file_name};

#[test]
fn a_missing_database_is_named() {
    let sandbox = Sandbox::new();
    for command in ["search", "get", "stats", "verify", "compact", "repair", "inspect", "delete"] {
        let arguments: &[&str] = match command {
            "search" => &[command, "nowhere", "text"],
            "get" | "delete" => &[command, "nowhere", "1"],
            _ => &[command, "nowhere"],
        };
        let run = sandbox.medvec(arguments).expect(2).says(&["error:", "nowhere"]);
        assert_eq!(run.out, "", "{command}");
    }
    assert!(!sandbox.path("nowhere").exists(), "asking must not create anything");
}

#[test]
fn an_unknown_heading_comes_with_suggestions() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["search", "db", "--mesh", "Diabets Mellitus"]).expect(2);
    run.says(&["Diabets Mellitus", "did you mean", "`Diabetes Mellitus`"]);
    sandbox.medvec(&["search", "db", "--mesh", "D999999"]).expect(2).says(&["D999999"]);
}

#[test]
fn wrong_options_say_what_would_be_right() {
    let sandbox = Sandbox::with_database();
    for (arguments, words) in [
        (&["search", "db"][..], &["give a text, a filter"][..]),
        (&["search", "db", "  "], &["give a text, a filter"]),
        (&["search", "db", "x", "--year", "2020:2010"], &["2010:2020"]),
        (&["search", "db", "x", "--year", "soon"], &["not a year"]),
        (&["search", "db", "x", "--field", "rating"], &["NAME=VALUE"]),
        (&["search", "db", "x", "--encoder", "/no/such/model"], &["/no/such/model", "builtin"]),
        (&["search", "db", "x", "-k", "100000000"], &["at most"]),
        (
            &["search", "db", "x", "--fusion", "ranks", "--vector-weight", "2"],
            &["--vector-weight is for hybrid rankings"],
        ),
        (&["search", "db", "x", "--mode", "lexical", "--vector-weight", "2"], &["leave it out"]),
        (&["export", "db", "-o", "-"], &["`-` does not stand for standard output"]),
        (&["search", "db", "x", "--save-search", "-"], &["`./-` if need be"]),
        (&["pack", "db", "-"], &["`-` does not stand for standard output"]),
        (&["count", "db", "x", "--history", "-"], &["`./-` if need be"]),
        (&["distill", "--teacher", "t", "--corpus", "x", "--out", "-"], &["`./-` if need be"]),
        (&["distill", "--corpus", "x", "--vectors", "-"], &["`./-` if need be"]),
        (&["unpack", "-", "new"], &["`-` does not stand for standard input"]),
        (&["optimize", "db", "--queries", "-"], &["`-` does not stand for standard input"]),
        (&["search", "db", "x", "-f", "trec", "--topic", ""], &["a column of a run"]),
        (&["search", "db", "x", "-f", "trec", "--topic", "a b"], &["a column of a run"]),
        (&["distill", "--teacher", "/no/such/model", "--corpus", "x"], &["/no/such/model"]),
        (&["distill", "--corpus", "x"], &["--teacher"]),
        (
            &["distill", "--vectors", "v", "--corpus", "x", "--size-max", "0"],
            &["expected a number of megabytes"],
        ),
        (&["distill", "--vectors", "v", "--corpus", "x", "--beir", "/no/beir"], &["/no/beir"]),
        (&["stats", "db", "--format", "csv"], &["text, json"]),
        (&["inspect", "db/segment-99999999"], &["no file segment-99999999"]),
    ] {
        let run = sandbox.medvec(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}{}", run.out, run.err);
        run.says(words);
    }
}

#[test]
fn a_damaged_file_is_named_with_place_and_rule() {
    let sandbox = Sandbox::with_database();
    let segment = sandbox.database_file("segment-");
    sandbox.damage(&segment, 100);
    let run = sandbox.medvec(&["verify", "db"]).expect(2);
    run.says(&[&file_name(&segment), "damaged at byte", "V-0", "medvec repair"]);
    let quick = sandbox.medvec(&["verify", "db", "--quick"]).expect(2);
    quick.says(&[&file_name(&segment), "damaged at byte", "V-0", "medvec repair"]);
}

#[test]
fn advice_for_damage_leads_on_and_never_in_a_circle() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["pack", "db", "db.tar"]).expect(0);
    let manifest = sandbox.database_file("manifest-");
    for name in fs::read_dir(sandbox.path("db")).unwrap().map(|entry| entry.unwrap().path()) {
        if name != manifest && file_name(&name).starts_with("manifest-") {
            fs::remove_file(name).unwrap();
        }
    }
    sandbox.damage(&manifest, 100);
    let verified = sandbox.medvec(&["verify", "db"]).expect(2);
    verified.says(&["run `medvec repair DB` to see all damage", "without --apply"]);
    let repaired = sandbox.medvec(&["repair", "db"]).expect(2);
    assert!(!repaired.err.contains("run `medvec"), "{}", repaired.err);
    repaired.says(&["a repair starts from a manifest, and none can be read", "medvec backup"]);

    let mut packed = fs::read(sandbox.path("db.tar")).unwrap();
    packed[600] ^= 1;
    sandbox.write("db.tar", packed);
    let unpacked = sandbox.medvec(&["unpack", "db.tar", "new"]).expect(2);
    unpacked.says(&["the archive is damaged"]);
}

#[test]
fn a_missing_or_cut_file_is_named() {
    let sandbox = Sandbox::with_database();
    let segment = sandbox.database_file("segment-");
    let content = fs::read(&segment).unwrap();
    fs::remove_file(&segment).unwrap();
    let name = file_name(&segment);
    sandbox.medvec(&["stats", "db"]).expect(2).says(&[&name, "V-0"]);
    fs::write(&segment, &content[..content.len() - 1]).unwrap();
    sandbox.medvec(&["search", "db", "x"]).expect(2).says(&[&name, "V-0"]);
}

#[test]
fn sources_that_cannot_be_read_are_named_and_commit_nothing() {
    let sandbox = Sandbox::with_database();
    sandbox.write("noise.bin", b"\x00\x01\x02 this is no source");
    sandbox.write("empty.jsonl", "");
    for name in ["noise.bin", "empty.jsonl", "absent.xml"] {
        sandbox.medvec(&["import", "db", name]).expect(2).says(&["error:", name]);
    }
    sandbox.medvec(&["verify", "db"]).expect(0).shows(&["4 documents"]);
}

#[test]
fn a_database_is_not_made_among_other_files() {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", DOCUMENTS);
    sandbox.medvec(&["import", "docs.jsonl", "docs.jsonl"]).expect(2).says(&["is a file"]);
    sandbox.medvec(&["import", ".", "docs.jsonl"]).expect(2).says(&["holds other files"]);
    // What an import leaves that was killed at its start does not count.
    fs::create_dir(sandbox.path("half")).unwrap();
    sandbox.write("half/LOCK", "");
    sandbox.write("half/tmp-manifest", "half a manif");
    sandbox.medvec(&["import", "half", "docs.jsonl", "--encoder", "none"]).expect(0);
    sandbox.medvec(&["import", "new", "absent.xml"]).expect(2).says(&["absent.xml"]);
    assert!(!sandbox.path("new").exists(), "a failed import must leave nothing behind");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", sandbox.path("link")).unwrap();
        let run = sandbox.medvec(&["import", "link", "docs.jsonl"]).expect(2);
        run.says(&["cannot follow the link link"]);
    }
}

#[test]
fn vectors_of_ones_own_need_no_encoder() {
    let sandbox = Sandbox::new();
    let lines = concat!(
        "{\"id\": \"a\", \"title\": \"A\", \"vector\": [1, 0, 0]}\n",
        "{\"id\": \"b\", \"title\": \"B\", \"vector\": [0, 1, 0]}\n"
    );
    sandbox.write("own.jsonl", lines);
    sandbox.medvec(&["import", "db", "own.jsonl", "--encoder", "none"]).expect(0);
    let stats = sandbox.medvec(&["stats", "db", "-f", "json"]).expect(0);
    stats.shows(&["\"dimension\": 3", "\"count\": 2", "\"encoder\": null"]);
    sandbox.medvec(&["search", "db", "x"]).expect(2).says(&["made elsewhere", "--encoder"]);
    let short = "{\"id\": \"c\", \"title\": \"C\", \"vector\": [1, 0]}\n";
    sandbox.write("short.jsonl", short);
    sandbox.medvec(&["import", "db", "short.jsonl"]).expect(2).says(&["2 numbers", "3"]);
    sandbox.medvec(&["import", "db", "own.jsonl", "--encoder", "builtin"]).expect(2);
}

#[test]
fn a_bad_record_stops_the_import_unless_told_to_go_on() {
    let sandbox = Sandbox::with_database();
    let lines = concat!(
        "{\"pmid\": 201, \"title\": \"Good\"}\n",
        "{\"title\": \"No key\"}\n",
        "{\"pmid\": 202, \"title\": \"Good too\"}\n"
    );
    sandbox.write("mixed.jsonl", lines);
    let run = sandbox.medvec(&["import", "db", "mixed.jsonl"]).expect(2);
    run.says(&["mixed.jsonl", "line 2", "--keep-going"]);
    let run = sandbox.medvec(&["import", "db", "mixed.jsonl", "--keep-going"]).expect(0);
    run.says(&["mixed.jsonl", "line 2"]);
    sandbox.medvec(&["get", "db", "201", "202", "-f", "pmids"]).expect(0).shows(&["201\n202\n"]);
}

#[test]
fn options_fixed_at_creation_cannot_change() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["import", "db", "docs.jsonl", "--rows", "f32"]).expect(2);
    run.says(&["int8", "f32"]);
    let run = sandbox.medvec(&["import", "db", "docs.jsonl", "--encoder", "none"]).expect(2);
    run.says(&["builtin", "none"]);
}

#[test]
fn a_second_writer_is_told_to_wait() {
    let sandbox = Sandbox::with_database();
    let database = medvec::db::Database::open(sandbox.path("db")).unwrap();
    let writer = database.writer(Default::default()).unwrap();
    sandbox.medvec(&["delete", "db", "101"]).expect(2).says(&["locked", "another process"]);
    sandbox.medvec(&["get", "db", "101"]).expect(0);
    drop(writer);
    sandbox.medvec(&["delete", "db", "101"]).expect(0);
}
