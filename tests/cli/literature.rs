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
    sandbox.medvec(&["export", "db", "-f", "text"]).expect(2).says(&["nbib, ris, bibtex"]);
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
    sandbox.medvec(&["similar", "db", "999"]).expect(1).says(&["PMID 999", "none of the keys"]);
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
