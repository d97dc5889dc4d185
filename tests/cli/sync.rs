//! `medvec sync`: exit codes for cron, what it says, and what it says to programs.

use std::fs;
use std::io::Write;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// A packed file of citations with these titles.
fn file(sandbox: &Sandbox, name: &str, titles: &[(u32, &str)]) {
    let article = |(pmid, title): &(u32, &str)| {
        format!(
            "<PubmedArticle><MedlineCitation><PMID Version=\"1\">{pmid}</PMID><DateRevised><Year>2026</Year>\
             <Month>01</Month><Day>02</Day></DateRevised><Article><ArticleTitle>{title}</ArticleTitle></Article>\
             </MedlineCitation></PubmedArticle>\n"
        )
    };
    let articles: String = titles.iter().map(article).collect();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    write!(packer, "<PubmedArticleSet>{articles}</PubmedArticleSet>").expect("memory");
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
    fs::write(path, packer.finish().expect("memory")).expect("writes");
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn exit_codes_tell_what_came_in() {
    let sandbox = Sandbox::new();
    let sync = |more: &[&str]| sandbox.medvec(&[&["sync", "db", "nlm"], more].concat());
    sync(&[]).expect(2).says(&["nlm"]);
    file(&sandbox, "nlm/pubmed26n0001.xml.gz", &[(1, "Asthma"), (2, "Gout")]);
    sandbox.write("nlm/notes.txt", "mine");
    let dry = sync(&["--dry-run"]).expect(0);
    dry.says(&["notes.txt left out"]).shows(&[
        "pubmed26n0001.xml.gz",
        "1 file to read",
        "citations/s",
    ]);
    assert!(!sandbox.path("db").exists(), "a dry run writes nothing");
    sync(&[]).expect(0).shows(&["synced db: 1 file, 2 new, 2 embedded"]);
    sync(&[]).expect(1).shows(&["nothing new for db"]);
    sync(&["--dry-run"]).expect(1).shows(&["0 files to read, 1 read before"]);

    file(&sandbox, "nlm/pubmed26n0004.xml.gz", &[(1, "Asthma")]);
    sync(&["--dry-run"]).expect(2).says(&["missing pubmed26n0002, pubmed26n0003"]);
    sync(&["--dry-run", "--allow-gaps"]).expect(0);
    let gap = sync(&[]).expect(2);
    gap.says(&["missing pubmed26n0002, pubmed26n0003"])
        .shows(&["1 unchanged", "1 embedding reused"]);
    sync(&["--allow-gaps"]).expect(1);
    sandbox.medvec(&["sync", "db", "--status"]).expect(2).shows(&[
        "last file    pubmed26n0004",
        "revised 2026-01-02",
        "2 of 2 documents",
        "all of PubMed",
        "missing      2: pubmed26n0002, pubmed26n0003",
    ]);

    sandbox.write("nlm/pubmed26n0002.xml.gz", "<PubmedArticleSet>");
    sync(&[]).expect(2).says(&["pubmed26n0002.xml.gz", "what was committed before stays"]);
    let passed = sync(&["--keep-going", "--allow-gaps"]).expect(2);
    passed.says(&["skipped nlm/pubmed26n0002.xml.gz"]).shows(&["0 files", "1 file broken"]);

    // What was read can be removed; a folder of other things is the wrong one.
    for number in [1, 2, 4] {
        fs::remove_file(sandbox.path(&format!("nlm/pubmed26n{number:04}.xml.gz")))
            .expect("removes");
    }
    sync(&["--allow-gaps"]).expect(2).says(&["nlm holds no file of NLM's series"]);
    fs::remove_file(sandbox.path("nlm/notes.txt")).expect("removes");
    for name in ["README.txt", "pubmed26n0004.xml.gz.md5", "pubmed26n0004_stats.html"] {
        sandbox.write(&format!("nlm/{name}"), "of NLM's");
    }
    let emptied = sync(&["--allow-gaps"]).expect(1).shows(&["nothing new for db"]);
    assert!(!emptied.err.contains("left out"), "{}", emptied.err);
    sync(&["--status", "--allow-gaps"]).expect(0).shows(&["files read   2"]);
    sandbox.medvec(&["sync", "db"]).expect(2).says(&["FOLDER"]);
}

#[test]
fn missing_files_are_named_at_both_ends() {
    let sandbox = Sandbox::new();
    let sync = |more: &[&str]| {
        sandbox.medvec(&[&["sync", "db", "nlm", "--encoder", "none"], more].concat())
    };
    for number in [4, 5, 7] {
        file(&sandbox, &format!("nlm/pubmed26n{number:04}.xml.gz"), &[(number, "Asthma")]);
    }
    let missing = "pubmed26n0001 to pubmed26n0003, pubmed26n0006, pubmed26n0008, pubmed26n0009";
    sync(&["--dry-run", "--baseline-end", "9"]).expect(2).says(&[&format!("missing {missing}\n")]);
    sync(&["--baseline-end", "9"]).expect(2).says(&[&format!("missing {missing}\n")]);
    let status = sandbox.medvec(&["sync", "db", "--status"]).expect(2);
    status.shows(&["missing      4: pubmed26n0001 to pubmed26n0003, pubmed26n0006\n"]);
    // Who has never had the beginning may not want it.
    file(&sandbox, "nlm/pubmed26n0006.xml.gz", &[(6, "Asthma")]);
    sync(&[]).expect(0).says(&["missing pubmed26n0001 to pubmed26n0003\n"]);
    sandbox.medvec(&["sync", "db", "--status"]).expect(0).shows(&["missing      3: "]);
    sync(&["--baseline-end", "8"]).expect(2);
    sync(&["--baseline-end", "8", "--allow-gaps"]).expect(1);
}

#[test]
fn programs_get_json() {
    let sandbox = Sandbox::new();
    file(&sandbox, "nlm/pubmed26n0001.xml.gz", &[(1, "Asthma"), (2, "Gout")]);
    file(&sandbox, "nlm/baseline/pubmed26n0001.xml.gz", &[(1, "Asthma"), (2, "Gout")]);
    sandbox.write("nlm/notes.txt", "mine");
    let sync = |more: &[&str]| {
        json(&sandbox.medvec(&[&["sync", "db", "nlm", "-f", "json"], more].concat()).out)
    };
    let dry = sync(&["--dry-run", "--keep", "asthma[ti]"]);
    assert_eq!(dry["to_read"][0]["file"], "pubmed26n0001");
    assert_eq!(dry["to_read"][0]["reason"], "new");
    assert_eq!(dry["others"], serde_json::json!(["nlm/notes.txt"]));
    assert_eq!(dry["copies"], serde_json::json!(["nlm/pubmed26n0001.xml.gz"]));
    assert_eq!(dry["budget"]["sample_citations"], 2);
    let report = sync(&["--keep", "asthma[ti]", "--encoder", "none"]);
    assert_eq!((&report["added"], &report["left_out"]), (&1.into(), &1.into()));
    let status = sync(&["--status"]);
    assert_eq!((&status["keep"], &status["citations"]), (&"asthma[ti]".into(), &1.into()));
    assert_eq!(
        (&status["last_file"], &status["to_read"]),
        (&"pubmed26n0001".into(), &Value::Array(vec![]))
    );
}

#[test]
fn refusals_name_the_option() {
    let sandbox = Sandbox::new();
    file(&sandbox, "nlm/pubmed26n0001.xml.gz", &[(1, "Asthma"), (2, "Gout")]);
    let sync = |more: &[&str]| {
        sandbox.medvec(&[&["sync", "db", "nlm", "--encoder", "none"], more].concat())
    };
    sync(&["--keep", "asthma"]).expect(2).says(&["`asthma` has no tag"]);
    sync(&["--keep", "Asthmas[mh]"]).expect(2).says(&["Asthma"]);
    assert!(!sandbox.path("db").exists(), "nothing was made");
    sync(&["--keep", "asthma[ti]"]).expect(0).shows(&["1 new", "1 left out"]);
    sandbox.write("gout.jsonl", r#"{"pmid": 9, "title": "Gout"}"#);
    let import = sandbox.medvec(&["import", "db", "gout.jsonl"]).expect(0);
    import.says(&["keeps only `asthma[ti]`"]).shows(&["1 new"]);
    sync(&["--keep", "gout[ti]"]).expect(2).says(&["only `asthma[ti]`", "--reread"]);
    sync(&["--keep", "gout[ti]", "--reread"]).expect(0);
    sandbox.medvec(&["get", "db", "2"]).expect(0).shows(&["Gout"]);
    sandbox.medvec(&["get", "db", "1"]).expect(1);

    file(&sandbox, "nlm/pubmed27n0001.xml.gz", &[(1, "Asthma")]);
    let bound = ["--baseline-end", "1", "--allow-removals", "0"];
    sync(&bound)
        .expect(2)
        .says(&["here: 1 (2)", "--allow-removals 1"])
        .shows(&["synced db: 1 file, 0 new, 1 left out"]);
    // What waits is said again and again, to programs as well.
    let waits = "1 citation not in the baseline of 2027 any more, kept until --allow-removals 1: 2";
    sync(&[&bound[..], &["--dry-run"]].concat()).expect(2).shows(&[waits]);
    sync(&[&bound[..], &["--status"]].concat()).expect(2).shows(&["removals", waits]);
    sync(&["--baseline-end", "1", "--dry-run"]).expect(0).shows(&["any more, to delete: 2"]);
    for (more, code) in [(&[][..], 2), (&["--dry-run"][..], 2), (&["--status"][..], 2)] {
        let run = sync(&[&bound[..], &["-f", "json"], more].concat()).expect(code);
        let pending = &json(&run.out)["pending_removals"];
        assert_eq!((&pending["count"], &pending["allowed"]), (&1.into(), &0.into()), "{more:?}");
    }
    sync(&["--baseline-end", "1"])
        .expect(0)
        .shows(&["1 citation not in the baseline of 2027", ": 2"]);
}

#[test]
fn a_status_names_the_files_that_a_slice_needs_again() {
    let sandbox = Sandbox::new();
    let sync = |more: &[&str]| {
        sandbox.medvec(&[&["sync", "db", "nlm", "--encoder", "none"], more].concat())
    };
    for number in [1, 3, 4] {
        file(&sandbox, &format!("nlm/pubmed26n{number:04}.xml.gz"), &[(number, "Asthma")]);
    }
    sync(&["--keep", "asthma[ti]", "--allow-gaps"]).expect(0);
    for number in [3, 4] {
        fs::remove_file(sandbox.path(&format!("nlm/pubmed26n{number:04}.xml.gz")))
            .expect("removes");
    }
    file(&sandbox, "nlm/pubmed26n0002.xml.gz", &[(2, "Asthma")]);
    sync(&[]).expect(2).says(&["pubmed26n0003 and another file are not in the folder"]);
    sync(&["--status"]).expect(2).shows(&[
        "to read      1: pubmed26n0002\n",
        "read again   2: pubmed26n0003, pubmed26n0004\n",
    ]);
    let status = json(&sync(&["--status", "-f", "json"]).expect(2).out);
    assert_eq!(status["needed"], serde_json::json!(["pubmed26n0003", "pubmed26n0004"]));
}
