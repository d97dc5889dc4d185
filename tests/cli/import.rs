//! What `medvec import` makes of changed files, sums, notes and pipes.

use std::fs;
use std::io::Write;

use crate::sandbox::Sandbox;

const SET: &str = "<PubmedArticleSet><PubmedArticle><MedlineCitation Owner=\"NLM\" Status=\"MEDLINE\" \
    IndexingMethod=\"Curated\"><PMID Version=\"2\">501</PMID><DateRevised><Year>2020</Year><Month>01</Month>\
    <Day>02</Day></DateRevised><Article><Journal><JournalIssue><PubDate><MedlineDate>1977-1978 Fall-Winter\
    </MedlineDate></PubDate></JournalIssue></Journal><ArticleTitle>First words</ArticleTitle>\
    <ELocationID EIdType=\"pii\">S1</ELocationID><GrantList><Grant><GrantID>G1</GrantID></Grant></GrantList>\
    </Article><ChemicalList><Chemical><RegistryNumber>0</RegistryNumber><NameOfSubstance UI=\"D1\">Salt\
    </NameOfSubstance></Chemical></ChemicalList><CommentsCorrectionsList><CommentsCorrections \
    RefType=\"RetractionIn\"><RefSource>J. 2020</RefSource><PMID>502</PMID></CommentsCorrections>\
    </CommentsCorrectionsList><OtherAbstract Type=\"Publisher\" Language=\"rus\"><AbstractText>Slova.\
    </AbstractText></OtherAbstract><KeywordList Owner=\"NOTNLM\"><Keyword MajorTopicYN=\"Y\">word</Keyword>\
    </KeywordList><CoiStatement>None.</CoiStatement></MedlineCitation><PubmedData><ReferenceList><Reference>\
    <Citation>A. 1999</Citation></Reference></ReferenceList></PubmedData></PubmedArticle></PubmedArticleSet>";

#[test]
fn a_changed_file_is_imported_again_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", SET);
    sandbox.medvec(&["import", "db", "a.xml", "--encoder", "none"]).expect(0).shows(&["1 new"]);
    let again = sandbox.medvec(&["import", "db", "a.xml"]).expect(0);
    again.shows(&["0 new", "1 file imported before"]);
    sandbox.write("a.xml", SET.replace("First words", "Other words"));
    let changed = sandbox.medvec(&["import", "db", "a.xml"]).expect(0);
    changed.shows(&["1 replaced", "1 file changed and imported again"]);
    sandbox.medvec(&["get", "db", "501"]).expect(0).shows(&["Other words"]);
    let forced = sandbox.medvec(&["import", "db", "a.xml", "--force"]).expect(0);
    forced.shows(&["1 unchanged"]);
}

/// Six thousand documents in twelve commits, which are two merges of four.
#[test]
fn an_import_can_improve_the_database_as_it_goes() {
    let sandbox = Sandbox::new();
    let line = |number: usize| format!("{{\"id\":\"d{number}\",\"title\":\"Number {number}\"}}\n");
    sandbox.write("a.jsonl", (0..6000).map(line).collect::<String>());
    let stats = |db: &str| {
        let out = sandbox.medvec(&["stats", db, "--format", "json"]).expect(0).out;
        serde_json::from_str::<serde_json::Value>(&out).unwrap()["segments"].clone()
    };
    let import = ["import", "kept", "a.jsonl", "--encoder", "none", "--commit-every", "512"];
    sandbox.medvec(&import).expect(0).shows(&["6,000 new"]);
    let improve = ["import", "db", "a.jsonl", "--encoder", "none", "--commit-every", "512"];
    sandbox.medvec(&[&improve[..], &["--maintain"]].concat()).expect(0).shows(&["6,000 new"]);
    let count = |db: &str| stats(db).as_array().map_or(0, Vec::len);
    assert!(count("db") < 4 && count("db") < count("kept"), "{}", count("db"));
    sandbox.medvec(&["verify", "db"]).expect(0);
    let names = std::fs::read_dir(sandbox.path("db")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with("building-")), "{names:?}");
    // Nothing is due, and paces are percentages.
    sandbox.medvec(&["compact", "db", "--pace", "50"]).expect(0).shows(&["nothing to do"]);
    sandbox.medvec(&["compact", "db", "--pace", "0"]).expect(2);
}

#[test]
fn a_file_that_is_given_up_is_counted_and_fails_the_command() {
    let sandbox = Sandbox::new();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(SET.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    sandbox.write("cut.xml.gz", &packed[..packed.len() - 6]);
    sandbox.write("sum.xml.gz", &packed);
    sandbox.write("sum.xml.gz.md5", "0123456789abcdef0123456789abcdef  sum.xml.gz\n");
    sandbox.write("good.jsonl", "{\"pmid\": 7, \"title\": \"Good\"}\n");
    let import = ["import", "db", "--encoder", "none", "--keep-going", "cut.xml.gz", "sum.xml.gz"];
    let run = sandbox.medvec(&[&import[..], &["good.jsonl", "-q"]].concat()).expect(2);
    run.shows(&["imported into db: 1 new", "2 files broken"]);
    let good = ["import", "db", "good.jsonl", "--keep-going"];
    assert!(!sandbox.medvec(&good).expect(0).out.contains("broken"));
}

#[test]
fn a_file_that_is_not_there_is_passed_over_like_a_damaged_one() {
    let sandbox = Sandbox::new();
    sandbox.write("good.jsonl", "{\"pmid\": 7, \"title\": \"Good\"}\n");
    let import = ["import", "db", "missing.jsonl", "good.jsonl", "no.npy", "--encoder", "none"];
    sandbox.medvec(&import).expect(2).says(&["missing.jsonl", "check the spelling"]);
    assert!(!sandbox.path("db").exists());
    let run = sandbox.medvec(&[&import[..], &["--keep-going"]].concat()).expect(2);
    run.says(&["skipped cannot open missing.jsonl", "skipped cannot open no.npy"])
        .shows(&["imported into db: 1 new, 2 files broken"]);
    sandbox.medvec(&["get", "db", "7"]).expect(0).shows(&["Good"]);
    let none = ["import", "new", "missing.jsonl", "no.npy", "--keep-going"];
    sandbox.medvec(&none).expect(2).says(&["error: cannot open missing.jsonl"]);
    assert!(!sandbox.path("new").exists());
}

#[test]
fn a_dash_is_standard_input() {
    let sandbox = Sandbox::new();
    sandbox.write("-", "not a source");
    sandbox.write("a.jsonl", "{\"pmid\": 7, \"title\": \"From a file\"}\n");
    let import = ["import", "db", "a.jsonl", "-", "--encoder", "none"];
    sandbox.medvec_with_input(&import, SET).expect(0).shows(&["imported into db: 2 new"]);
    sandbox.medvec(&["get", "db", "501"]).expect(0).shows(&["First words"]);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&["standard input  1 record"]);
    // What came before says nothing about what comes now.
    let other = SET.replace("First words", "Other words");
    let again = ["import", "db", "-"];
    sandbox.medvec_with_input(&again, &other).expect(0).shows(&["1 replaced"]);
    let table = "Nr\tTitel\n9\tA table\n";
    let map = ["import", "db", "-", "--map", "pmid=Nr,title=Titel"];
    sandbox.medvec_with_input(&map, table).expect(0).shows(&["1 new"]);
    sandbox.medvec(&["get", "db", "9"]).expect(0).shows(&["A table"]);

    let vectors = "{\"id\": \"a\", \"title\": \"x\", \"vector\": [1, 2]}\n{\"id\": \"b\", \"vector\": [1, 3]}\n";
    let import = ["import", "own", "-", "--origin", "mine"];
    sandbox.medvec_with_input(&import, vectors).expect(0).shows(&["2 new"]);
    sandbox.medvec(&["stats", "own"]).expect(0).shows(&["2: 2 dimensions", "mine"]);

    sandbox.medvec(&again).expect(2).says(&["standard input, byte 0: the file is empty"]);
    let twice = ["import", "db", "-", "-"];
    sandbox.medvec_with_input(&twice, SET).expect(2).says(&["`-` is given twice"]);
    let more = ["import", "db", "a.jsonl", "-", "--keep-going"];
    let run = sandbox.medvec(&more).expect(2).shows(&["1 file broken", "1 file imported before"]);
    run.says(&["skipped standard input, byte 0"]);
    sandbox.medvec(&["import", "db", "./-"]).expect(2).says(&["./-, byte 0"]);
}

#[test]
fn files_of_one_name_are_told_apart() {
    let sandbox = Sandbox::new();
    for folder in ["one", "two"] {
        fs::create_dir(sandbox.path(folder)).unwrap();
        let name = format!("{{\"id\": \"{folder}\", \"title\": \"Title\"}}\n");
        sandbox.write(&format!("{folder}/x.jsonl"), name);
    }
    sandbox.write("two/x.jsonl", "{\"id\": \"two\", \"title\": \"Title\"}\n{\"title\": 1}\n");
    sandbox.write("two/x.npy", "no array");
    let import = ["import", "db", "one/x.jsonl", "two/x.jsonl", "--encoder", "none"];
    sandbox.medvec(&import).expect(2).says(&["error: two/x.jsonl, line 2"]);
    let run = sandbox.medvec(&[&import[..], &["--keep-going"]].concat()).expect(0);
    run.says(&["skipped two/x.jsonl, line 2"]);
    sandbox.medvec(&["import", "new", "two/x.npy"]).expect(2).says(&["two/x.npy, byte 0"]);
    // What was imported is known by its name, wherever it lies.
    fs::rename(sandbox.path("one"), sandbox.path("elsewhere")).unwrap();
    let moved = sandbox.medvec(&["import", "db", "elsewhere/x.jsonl"]).expect(0);
    moved.shows(&["1 file imported before"]);
}

#[test]
fn what_get_writes_is_the_whole_document() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", SET);
    sandbox.medvec(&["import", "db", "a.xml", "--encoder", "none"]).expect(0);
    for format in ["jsonl", "json"] {
        let get = |db: &str| sandbox.medvec(&["get", db, "501", "--format", format]).expect(0).out;
        let written = get("db");
        for part in [
            "\"S1\"",
            "RetractionIn",
            "Slova",
            "Salt",
            "G1",
            "A. 1999",
            "Curated",
            "None.",
            "NOTNLM",
            "revised",
        ] {
            assert!(written.contains(part), "{part} is missing in {written}");
        }
        if format == "jsonl" {
            sandbox.write("out.jsonl", &written);
            sandbox.medvec(&["import", "copy", "out.jsonl", "--encoder", "none"]).expect(0);
        }
        assert_eq!(get("copy"), written);
    }
}

#[test]
fn dates_of_two_years_are_found_in_both() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", SET);
    sandbox.medvec(&["import", "db", "a.xml", "--encoder", "none"]).expect(0);
    for year in ["1977", "1978"] {
        let run = sandbox.medvec(&["search", "db", "--year", year, "--format", "pmids"]).expect(0);
        assert_eq!(run.out, "501\n", "{year}");
    }
}

/// It would keep the encoder of a command that has done nothing.
#[test]
fn a_database_that_got_nothing_goes_again() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.jsonl", "{\"pmid\": 0, \"title\": \"Nought\"}\n");
    sandbox.write("good.jsonl", "{\"pmid\": 7, \"title\": \"Seven\"}\n");
    sandbox.medvec(&["import", "db", "bad.jsonl"]).expect(2).says(&["bad.jsonl, line 1"]);
    assert!(!sandbox.path("db").exists());
    // What was there before stays.
    std::fs::create_dir(sandbox.path("db")).unwrap();
    sandbox.medvec(&["import", "db", "bad.jsonl"]).expect(2);
    assert_eq!(std::fs::read_dir(sandbox.path("db")).unwrap().count(), 0);
    let import = ["import", "db", "good.jsonl", "--encoder", "none"];
    sandbox.medvec(&import).expect(0).shows(&["1 new"]);
    let more = ["import", "other", "good.jsonl", "bad.jsonl", "--commit-every", "1"];
    sandbox.medvec(&more).expect(2);
    sandbox.medvec(&["get", "other", "7"]).expect(0).shows(&["Seven"]);
    sandbox.medvec(&["import", "db", "bad.jsonl"]).expect(2);
    sandbox.medvec(&["get", "db", "7"]).expect(0).shows(&["Seven"]);
}

#[test]
fn an_empty_list_of_deletions_deletes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", SET);
    sandbox.medvec(&["import", "db", "a.xml", "--encoder", "none"]).expect(0);
    let update = SET
        .replace("<PubmedArticleSet>", "<PubmedArticleSet><DeleteCitation/>")
        .replace("First words", "Second words");
    sandbox.write("b.xml", &update);
    sandbox.medvec(&["import", "db", "b.xml"]).expect(0).shows(&["1 replaced"]);
    sandbox.medvec(&["get", "db", "501"]).expect(0).shows(&["Second words"]);
}

#[test]
fn sums_and_notes_among_the_files_are_left_out_with_a_remark() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", SET);
    sandbox.write("a.xml.md5", "MD5(a.xml)= 00000000000000000000000000000000\n");
    sandbox.write("README.txt", "Read me.");
    let files = ["import", "db", "README.txt", "a.xml", "a.xml.md5", "--encoder", "none"];
    let run = sandbox.medvec(&files).expect(2);
    let run =
        run.says(&["README.txt left out: a note", "a.xml.md5 left out: the checksum of a.xml"]);
    let run = run.says(&["its MD5 sum is", "a.xml.md5 says 00000000000000000000000000000000"]);
    assert!(!sandbox.path("db").exists(), "nothing was imported");
    let sum =
        run.err.split("its MD5 sum is ").nth(1).and_then(|rest| rest.get(..32)).expect("a sum");
    sandbox.write("a.xml.md5", format!("MD5(a.xml)= {sum}\n"));
    sandbox.medvec(&files).expect(0).shows(&["1 new"]);
    sandbox
        .medvec(&["import", "db", "a.xml.md5"])
        .expect(2)
        .says(&["none of the files is a source"]);
}

#[test]
fn a_file_that_is_named_twice_is_read_once() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", SET);
    let files = ["import", "db", "a.xml", "./a.xml", "a.xml", "--encoder", "none"];
    let run = sandbox.medvec(&files).expect(0);
    run.says(&["./a.xml left out: named before"]).shows(&["db: 1 new\n"]);
}

#[cfg(unix)]
#[test]
fn standard_input_and_pipes_are_sources() {
    let sandbox = Sandbox::new();
    let args = ["import", "db", "/dev/stdin", "--encoder", "none"];
    sandbox.medvec_with_input(&args, SET).expect(0).shows(&["1 new"]);
    let other = SET.replace("First words", "Other words");
    sandbox.medvec_with_input(&args[..3], &other).expect(0).shows(&["1 replaced"]);
    sandbox.medvec(&["stats", "db"]).expect(0).shows(&["/dev/stdin"]);
    sandbox.medvec(&["get", "db", "501"]).expect(0).shows(&["Other words"]);

    let pipe = sandbox.path("pipe.xml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let feeder = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::write(pipe, SET))
    };
    sandbox.medvec(&["import", "new", "pipe.xml", "--encoder", "none"]).expect(0).shows(&["1 new"]);
    feeder.join().expect("ends").expect("all of it was read, once");
    let run = sandbox.medvec_with_input(&args[..3], "").expect(2);
    run.says(&["/dev/stdin, byte 0: the file is empty"]);
}
