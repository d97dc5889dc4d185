//! Citations in and out, similar articles, duplicates, orders and counts.

use serde_json::Value;

use crate::sandbox::Sandbox;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn hits_and_documents_leave_as_citations() {
    let sandbox = Sandbox::with_database();
    for (format, words) in [
        ("nbib", &["PMID- 102\n", "MH  - *Asthma\n", "DP  - 2018\n"][..]),
        ("ris", &["TY  - JOUR\r\n", "AN  - 102\r\n", "KW  - Asthma\r\n", "ER  - \r\n"]),
        ("bibtex", &["@article{2018_102,", "title = {{Exercise in asthma}}", "year = {2018}"]),
        ("csl-json", &["\"PMID\": \"102\"", "\"container-title\": \"Journal of Examples\""]),
    ] {
        let search = ["search", "db", "asthma training", "-k", "1", "-f", format];
        let found = sandbox.medvec(&search).expect(0).shows(words);
        let printed = sandbox.medvec(&["get", "db", "102", "-f", format]).expect(0);
        assert_eq!(found.out, printed.out, "{format}");
    }
    let run = sandbox.medvec(&["search", "db", "asthma", "-f", "trec", "--topic", "q7"]).expect(0);
    let lines: Vec<Vec<&str>> = run.out.lines().map(|line| line.split(' ').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == 6 && line[0] == "q7" && line[1] == "Q0"));
    assert_eq!((lines[0][2], lines[0][3], lines[0][5]), ("102", "1", "medvec"));
    sandbox.medvec(&["get", "db", "102", "-f", "trec"]).expect(2).says(&["--format"]);
}

#[test]
fn an_export_comes_back() {
    let sandbox = Sandbox::with_database();
    for (format, file) in [("nbib", "all.nbib"), ("jsonl", "all.jsonl"), ("ris", "all.ris")] {
        let run = sandbox.medvec(&["export", "db", "-f", format, "-o", file]).expect(0);
        run.says(&["exported", "4 documents"]);
        let copy = format!("{file}.db");
        sandbox.medvec(&["import", &copy, file]).expect(0).shows(&["4 new"]);
        for key in ["101", "102", "103", "note-1"] {
            let before = json(&sandbox.medvec(&["get", "db", key, "-f", "json"]).expect(0).out);
            let after = json(&sandbox.medvec(&["get", &copy, key, "-f", "json"]).expect(0).out);
            assert_eq!(after[0]["title"], before[0]["title"]);
            assert_eq!(after[0]["abstract"], before[0]["abstract"]);
            if format != "ris" {
                assert_eq!(after[0]["mesh"], before[0]["mesh"]);
            }
        }
        sandbox.medvec(&["export", "db", "-f", format, "-o", file]).expect(2).says(&[file]);
    }
    let run = sandbox.medvec(&["export", "db", "--mesh", "Mice", "-f", "nbib"]).expect(0);
    assert_eq!(run.out.matches("PMID- ").count(), 1, "{}", run.out);
    let none = sandbox.medvec(&["export", "db", "--year", "1900", "-f", "csl-json"]).expect(1);
    assert_eq!(json(&none.out), json("[]"));
    for format in ["csl-json", "ris", "jsonl"] {
        let none = ["export", "db", "--year", "1900", "-f", format, "-o", "none"];
        sandbox.medvec(&none).expect(1).says(&["no document passes"]);
        assert!(!sandbox.path("none").exists() && !sandbox.path("none.partial").exists());
    }
    sandbox.medvec(&["export", "db", "-f", "text"]).expect(2).says(&["nbib, ris, bibtex"]);
}

#[test]
fn a_table_of_ours_gives_the_same_keys_again() {
    let keys = [
        "7",
        "-5",
        "=1+2",
        "PMID 7",
        "'x'",
        "\"q\"",
        " a",
        "a, b;c",
        "10.1/x",
        "1.0",
        "\u{b4}\u{1b}",
    ];
    let mut lines = "{\"pmid\": 7, \"title\": \"=A title\", \"year\": 2019}\n".to_owned();
    for key in keys {
        lines += &format!("{}\n", serde_json::json!({"id": {"text": key}}));
    }
    let sandbox = Sandbox::with_texts(&lines);
    let exported = sandbox.medvec(&["export", "db", "-f", "csv"]).expect(0);
    let tabs = exported.out.replace("\"a, b;c\"", "a% b;c").replace(',', "\t").replace('%', ",");
    for (name, table) in [("a.csv", &exported.out), ("a.tsv", &tabs)] {
        sandbox.write(name, table);
        let copy = format!("{name}.db");
        let run = sandbox.medvec(&["import", &copy, name, "--encoder", "none"]).expect(0);
        run.shows(&["12 new"]);
        let again = sandbox.medvec(&["export", &copy, "-f", "csv"]).expect(0);
        assert_eq!(again.out, exported.out);
        let found = sandbox.medvec(&["get", &copy, "7"]).expect(0);
        found.shows(&["PMID 7\n=A title\n"]);
    }
}

/// A book may have neither an ISBN nor an address in the Bookshelf, and stand in a series.
#[test]
fn what_a_source_calls_a_book_leaves_as_one() {
    let sandbox = Sandbox::new();
    let ris = "TY  - BOOK\nTI  - Toys\nT2  - Toys of the World\nPB  - Toy Press\nID  - k1\nER  - \n\n\
               TY  - CHAP\nTI  - Ducks\nT2  - Toys\nPB  - Toy Press\nID  - k2\nER  - \n\n\
               TY  - JOUR\nTI  - On toys\nT2  - Toy Journal\nPB  - Toy Press\nID  - k3\nER  - \n\n";
    sandbox.write("toys.ris", ris);
    let chapter = "PMID- 4\nTI  - Dolls\nBTI - Toys\nLA  - eng\n\n";
    sandbox.write("toys.nbib", chapter);
    sandbox.medvec(&["import", "db0", "toys.ris", "toys.nbib", "--encoder", "none"]).expect(0);
    for (format, marks) in [
        ("ris", ["TY  - BOOK", "TY  - CHAP", "TY  - JOUR", "TY  - CHAP"]),
        ("bibtex", ["@book{", "@incollection{", "@article{", "@incollection{"]),
        ("csl-json", ["\"book\"", "\"chapter\"", "\"article-journal\"", "\"chapter\""]),
    ] {
        let keys = ["k1", "k2", "k3", "4"];
        for (key, mark) in keys.into_iter().zip(marks) {
            let run = sandbox.medvec(&["get", "db0", key, "-f", format]).expect(0);
            assert!(run.out.contains(mark), "{key}: {}", run.out);
        }
        let whole = sandbox.medvec(&["get", "db0", "k1", "-f", format]).expect(0);
        assert!(whole.out.contains("Toys of the World"), "{}", whole.out);
    }
    // What leaves comes back.
    for (number, format) in ["ris", "nbib", "jsonl"].iter().enumerate() {
        let (file, before) = (format!("again{number}"), format!("db{number}"));
        let after = format!("db{}", number + 1);
        sandbox.medvec(&["export", &before, "-f", format, "-o", &file]).expect(0);
        sandbox.medvec(&["import", &after, &file, "--encoder", "none"]).expect(0);
        let run = sandbox.medvec(&["export", &after, "-f", "ris"]).expect(0);
        let kinds: Vec<&str> = run.out.lines().filter(|line| line.starts_with("TY")).collect();
        assert_eq!(kinds.iter().filter(|kind| kind.contains("CHAP")).count(), 2, "{}", run.out);
        assert_eq!(kinds.iter().filter(|kind| kind.contains("BOOK")).count(), 1, "{}", run.out);
    }
}

#[test]
fn authors_by_their_initials_come_back_from_ris() {
    let sandbox = Sandbox::with_texts(
        "{\"id\": \"x1\", \"title\": \"t\", \"authors\": [{\"last_name\": \"Kim\", \"initials\": \"CD\"}]}\n",
    );
    sandbox.medvec(&["export", "db", "-f", "ris", "-o", "a.ris"]).expect(0);
    sandbox.medvec(&["import", "copy", "a.ris", "--encoder", "none"]).expect(0);
    let search = ["search", "copy", "--query", "kim cd[au]", "-f", "pmids"];
    assert_eq!(sandbox.medvec(&search).expect(0).out, "x1\n");
}

#[test]
fn tables_are_imported_with_a_map() {
    let sandbox = Sandbox::new();
    sandbox
        .write("table.csv", "Nr;Titel;Inhalt\r\n17;Eins;\"Ein; Text\"\r\n18;Zwei;Noch einer\r\n");
    let options = ["import", "db", "table.csv", "--map", "key=Nr,title=Titel,abstract=Inhalt"];
    sandbox.medvec(&options).expect(0).shows(&["2 new"]);
    sandbox.medvec(&["get", "db", "17"]).expect(0).shows(&["PMID 17", "Eins", "Ein; Text"]);
    let wrong = ["import", "db", "table.csv", "--map", "key=Number", "--force"];
    sandbox.medvec(&wrong).expect(2).says(&["no column `Number`", "Nr, Titel, Inhalt"]);
    let wrong = ["import", "db", "table.csv", "--map", "headline=Titel"];
    sandbox.medvec(&wrong).expect(2).says(&["ROLE=COLUMN", "abstract"]);
}

#[test]
fn similar_documents_are_found_by_key() {
    let sandbox = Sandbox::with_database();
    let run = sandbox.medvec(&["similar", "db", "101", "-f", "json"]).expect(0);
    let answer = json(&run.out);
    let keys: Vec<&str> =
        answer["hits"].as_array().unwrap().iter().map(|hit| hit["key"].as_str().unwrap()).collect();
    assert_eq!(keys.len(), 3);
    assert!(!keys.contains(&"101"), "{keys:?}");
    let run = sandbox.medvec(&["similar", "db", "101", "--not", "103", "-f", "pmids"]).expect(0);
    assert_eq!(run.out.lines().count(), 2);
    let run = sandbox.medvec(&["similar", "db", "101", "--mesh", "Mice", "-f", "pmids"]).expect(0);
    assert_eq!(run.out, "103\n");
    for mode in ["dense", "lexical", "hybrid"] {
        let options = ["similar", "db", "101", "--mode", mode, "--explain", "-f", "pmids"];
        let run = sandbox.medvec(&options);
        assert!(!run.out.contains("101"), "{mode}: {}", run.out);
        assert_eq!(run.err.contains("word      aspirin"), mode != "dense", "{}", run.err);
    }
    sandbox.medvec(&["similar", "db", "999"]).expect(1).says(&["PMID 999", "none of the keys"]);
    // Programs are told which keys no document has.
    let run = sandbox.medvec(&["similar", "db", "101", "999", "--not", "998", "-f", "json"]);
    let run = run.expect(0).says(&["PMID 999 is not in", "PMID 998 is not in"]);
    let notes = &json(&run.out)["notes"];
    assert_eq!((&notes[0]["code"], &notes[1]["code"]), (&"missing".into(), &"missing".into()));
    assert_eq!(notes[0]["text"], "PMID 999 is not in this database");
    let run = sandbox.medvec(&["similar", "db", "999", "-f", "json"]).expect(1);
    assert_eq!(json(&run.out)["notes"][1]["code"], "missing", "{}", run.out);
    let answer = json(&run.says(&["PMID 999", "none of the keys"]).out);
    assert_eq!((&answer["matched"], &answer["notes"][0]["code"]), (&0.into(), &"keys".into()));
    assert_eq!(answer["hits"], json("[]"));
}

#[test]
fn hits_have_orders_pages_and_counts() {
    let sandbox = Sandbox::with_database();
    let list = |options: &[&str]| {
        let mut all = vec!["search", "db", "--mesh", "Humans", "-f", "pmids"];
        all.extend(options);
        let out = sandbox.medvec(&all).expect(0).out;
        out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list(&["--sort", "date"]), ["note-1", "102", "101"]);
    assert_eq!(list(&["--offset", "1", "-k", "1"]), ["102"]);
    assert_eq!(list(&["--sort", "journal"]), ["101", "102", "note-1"]);
    let options =
        ["search", "db", "--has-abstract", "--facet", "year,journal,rating", "-f", "json"];
    let answer = json(&sandbox.medvec(&options).expect(0).out);
    assert_eq!(answer["facets"][0]["name"], "year");
    assert_eq!(
        answer["facets"][1]["values"][0],
        json(r#"{"value": "Journal of Examples", "documents": 2}"#)
    );
    let options = ["search", "db", "--mesh", "Humans", "-k", "0", "--facet", "mesh"];
    sandbox.medvec(&options).expect(0).shows(&["3 matching documents", "mesh\n", "3  Humans"]);
    let hidden = ["search", "db", "--mesh", "Humans", "--facet", "mesh", "-f", "csv"];
    sandbox.medvec(&hidden).expect(0).says(&["facets are shown by --format text and json alone"]);
    let wrong = ["search", "db", "--mesh", "Humans", "--facet", "ratin"];
    sandbox.medvec(&wrong).expect(2).says(&["rating"]);
    let wrong = ["search", "db", "--mesh", "Humans", "--sort", "score"];
    sandbox.medvec(&wrong).expect(2).says(&["score"]);
}

#[test]
fn duplicates_are_flagged_with_their_reason() {
    let sandbox = Sandbox::with_database();
    sandbox.medvec(&["duplicates", "db"]).expect(1).says(&["0 groups"]);
    sandbox.write(
        "more.ris",
        "TY  - JOUR\nTI  - ASPIRIN and colorectal cancer.\nPY  - 2011\nID  - export-1\nER  - \n",
    );
    sandbox.medvec(&["import", "db", "more.ris"]).expect(0);
    sandbox.medvec(&["duplicates", "db"]).expect(0).shows(&["101 export-1", "same title"]);
    let groups = json(&sandbox.medvec(&["duplicates", "db", "-f", "json"]).expect(0).out);
    assert_eq!(groups[0]["keys"], json(r#"["101", "export-1"]"#));
    assert_eq!(groups[0]["reasons"][0], "title");
}

#[test]
fn a_search_on_record_is_asked_again() {
    let sandbox = Sandbox::with_database();
    let options =
        ["search", "db", "asthma training", "--mesh", "Humans", "--save-search", "a.json"];
    sandbox.medvec(&options).expect(0).says(&["search saved to a.json"]);
    sandbox.medvec(&options).expect(2).says(&["a.json"]);
    let saved = json(&std::fs::read_to_string(sandbox.path("a.json")).unwrap());
    assert_eq!(saved["request"]["filter"], "MeSH heading `Humans`");
    assert_eq!(
        (&saved["database"]["generation"], &saved["answer"]["matched"]),
        (&2.into(), &3.into())
    );
    assert_eq!(saved["database"]["sources"][0]["name"], "docs.jsonl");

    sandbox.medvec(&["search", "db", "--replay", "a.json"]).expect(0).shows(&["the same as saved"]);
    sandbox.write(
        "more.jsonl",
        r#"{"pmid": 104, "title": "Training in asthma", "abstract": "Asthma training.", "mesh": ["Humans"]}"#,
    );
    sandbox.medvec(&["import", "db", "more.jsonl"]).expect(0);
    sandbox.medvec(&["search", "db", "--replay", "a.json"]).expect(1).shows(&[
        "not the same",
        "3 matching then, 4 now",
        "added  1: 104",
        "imported since: more.jsonl",
    ]);
    let run = sandbox.medvec(&["search", "db", "--replay", "a.json", "-f", "json"]).expect(1);
    assert_eq!(json(&run.out)["added"], json(r#"["104"]"#));
    sandbox.write("b.json", "{}");
    sandbox
        .medvec(&["search", "db", "--replay", "b.json"])
        .expect(2)
        .says(&["b.json", "not a saved search"]);
    sandbox.medvec(&["search", "db", "words", "--replay", "a.json"]).expect(2);
}

#[test]
fn a_search_is_expanded_on_wish() {
    let sandbox = Sandbox::with_texts(
        r#"{"pmid": 1, "title": "Wheeze in asthma and the inhaler"}
{"pmid": 2, "title": "Wheeze, asthma and spirometry", "year": 2020}
{"pmid": 3, "title": "Asthma: how children use an inhaler", "year": 2020}
{"pmid": 4, "title": "Statins after a stroke"}
"#,
    );
    let search = |options: &[&str]| {
        let options = [&["search", "db", "wheeze"], options].concat();
        sandbox.medvec(&options).expect(0)
    };
    let keys = |options: &[&str]| {
        let mut keys: Vec<String> =
            search(&[options, &["-f", "pmids"]].concat()).out.lines().map(str::to_owned).collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&[]), ["1", "2"]);
    assert_eq!(keys(&["--expand"]), ["1", "2", "3"]);
    assert_eq!(keys(&["--expand", "--year", "2020"]), ["2", "3"]);

    let run = search(&["--expand", "--explain", "-f", "json"]);
    run.says(&["word      wheez:", "expanded  by the words of", "added     asthma: 3 documents"]);
    let answer = json(&search(&["--expand", "--explain", "-f", "json", "-k", "1"]).out);
    let expansion = &answer["explain"]["expansion"];
    assert_eq!(expansion["documents"].as_array().unwrap().len(), 2);
    assert_eq!(expansion["vector_documents"], json("[]"));
    let added = expansion["added"].as_array().unwrap();
    let asthma = added.iter().find(|added| added["stem"] == "asthma").unwrap();
    assert_eq!(asthma["from"].as_array().unwrap().len(), 2);
    assert!(added.iter().all(|added| added["stem"] != "wheez"), "{added:?}");

    search(&["--expand", "--save-search", "expanded.json"]);
    let saved = json(&std::fs::read_to_string(sandbox.path("expanded.json")).unwrap());
    assert_eq!(saved["request"]["expansion"]["documents"], 3);
    assert_eq!(saved["answer"]["hits"].as_array().unwrap().len(), 3);
    let replay = ["search", "db", "--replay", "expanded.json"];
    sandbox.medvec(&replay).expect(0).shows(&["the same as saved", "3 hits"]);
    search(&["--save-search", "plain.json"]);
    let saved = json(&std::fs::read_to_string(sandbox.path("plain.json")).unwrap());
    assert_eq!(saved["request"].get("expansion"), None);

    sandbox.medvec(&["search", "db", "--year", "2020", "--expand"]).expect(2).says(&["TEXT"]);
    sandbox.medvec(&["search", "db", "--replay", "plain.json", "--expand"]).expect(2);
    let listed = ["search", "db", " ", "--year", "2020", "--expand", "-f", "pmids"];
    assert_eq!(sandbox.medvec(&listed).expect(0).out.lines().count(), 2);
}

#[test]
fn documents_without_vectors_have_similar_ones_by_words() {
    let sandbox = Sandbox::with_texts(
        r#"{"pmid": 1, "title": "Wheeze in asthma and the inhaler"}
{"pmid": 2, "title": "Statins after a stroke"}
{"pmid": 3, "title": "Asthma: how children use an inhaler"}
{"pmid": 4, "title": "Of the"}
"#,
    );
    sandbox.medvec(&["similar", "db", "1", "-f", "pmids"]).expect(0).shows(&["3"]);
    let run = sandbox.medvec(&["similar", "db", "1", "--not", "3", "-f", "pmids"]).expect(1);
    assert_eq!(run.out, "");
    sandbox.medvec(&["similar", "db", "4"]).expect(2).says(&["document 4 has no words"]);
    let dense = ["similar", "db", "1", "--mode", "dense"];
    sandbox.medvec(&dense).expect(2).says(&["no vectors"]);
}
