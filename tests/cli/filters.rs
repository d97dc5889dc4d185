//! Filters and queries as people type them: other spellings, slips, PMIDs and PubMed's query language.

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Words of our own; the last two have no date.
const LIBRARY: &str = r#"{"pmid": 201, "title": "Aspirin and the heart", "abstract": "Aspirin was given daily.", "journal": "J. Ex. Med.", "year": 2012, "languages": ["eng"], "publication_types": ["Randomized Controlled Trial"], "mesh": ["Aspirin"], "rating": 4.5, "site": "Berlin", "tags": ["red", "blue"]}
{"pmid": 202, "title": "Ein Fall von Gicht", "abstract": "Ein Fall.", "journal": "The Annals of Examples & Cases", "year": 2015, "languages": ["ger"], "publication_types": ["Case Reports"], "mesh": ["Gout"], "rating": 3}
{"pmid": 203, "title": "A later look at aspirin", "abstract": "Aspirin again.", "journal": "J Ex Med", "languages": ["eng"], "publication_types": ["Review"], "mesh": ["Aspirin"]}
{"id": "note-1", "title": "Reading notes", "rating": 4}
"#;

fn found(sandbox: &Sandbox, options: &[&str]) -> String {
    let run = sandbox.medvec(&[&["search", "db", "--format", "pmids"], options].concat());
    let mut keys: Vec<&str> = run.out.lines().collect();
    keys.sort_unstable();
    format!("{} {}", run.code, keys.join(" ")).trim_end().to_owned()
}

#[test]
fn other_spellings_find_the_same_documents() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    for (option, values, keys) in [
        ("--language", &["ger", "deu", "de", "German", "GERMAN"][..], "0 202"),
        ("--language", &["eng", "en", "english", "en-GB"], "0 201 203"),
        (
            "--type",
            &["RCT", "randomised controlled trials", "Randomized Controlled Trial", "D016449"],
            "0 201",
        ),
        ("--type", &["case report", "Case Reports", "case study"], "0 202"),
        ("--journal", &["J. Ex. Med.", "j ex med", "J Ex Med.", "The J Ex Med"], "0 201 203"),
        ("--journal", &["annals of examples and cases", "Annals of Examples & Cases"], "0 202"),
        ("--field", &["rating=3", "rating=3.0", "rating=:3", "rating=2.5:3.5"], "0 202"),
        ("--field", &["rating=4:5"], "0 201 note-1"),
        ("--field", &["rating=4.5"], "0 201"),
        ("--field", &["site=Berlin", "tags=blue"], "0 201"),
    ] {
        for value in values {
            assert_eq!(found(&sandbox, &[option, value]), keys, "{option} {value}");
        }
    }
}

#[test]
fn no_slip_in_a_filter_silently_finds_nothing() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    for (options, words) in [
        (
            &["--journal", "Anals of Examples & Cases"][..],
            &["did you mean `The Annals of Examples & Cases`"][..],
        ),
        (&["--journal", "Nature"], &["unknown journal `Nature`"]),
        (&["--journal", "1234-5678"], &["unknown journal", "last digit"]),
        (&["--language", "germn"], &["did you mean `German`", "`eng`", "`ger`"]),
        (&["--type", "Randomized Control Trail"], &["did you mean `Randomized Controlled Trial`"]),
        (&["--mesh", "Asprin"], &["did you mean `Aspirin`"]),
        (&["--major", "Asprin"], &["did you mean `Aspirin`"]),
        (
            &["--field", "raiting=4"],
            &["did you mean `rating`", "`rating` (integer and float)", "`site` (string)"],
        ),
        (&["--field", "rating=good"], &["`rating`", "holds numbers", "`good`"]),
        (&["--field", "rating=5:3"], &["`rating`", "write 3:5"]),
        (&["--field", "=4"], &["NAME=VALUE"]),
        (&["--year", "0"], &["not a year"]),
        (&["--year", "99999"], &["not a year"]),
        (&["--year", "2020:2010"], &["2010:2020"]),
        (&["--year", "2010", "--year", "2011"], &["--year"]),
        (&["--mesh", ""], &["--mesh", "name is empty"]),
        (&["--journal", " "], &["--journal", "name is empty"]),
        (&["--language", ""], &["--language", "name is empty"]),
        (&["--type", "\t"], &["--type", "name is empty"]),
        (&["--has-abstract", "--recall", "0"], &["--recall", "0.95"]),
        (&["--has-abstract", "--recall", "NaN"], &["--recall"]),
        (&["--has-abstract", "--probes", "0"], &["--probes"]),
    ] {
        for format in ["text", "json", "pmids"] {
            let run = sandbox.medvec(&[&["search", "db", "-f", format], options].concat());
            assert_eq!(run.code, 2, "{options:?}: {}{}", run.out, run.err);
            assert_eq!(run.out, "", "{options:?}");
            run.says(words);
        }
    }
    // Legal, and nothing to find: said, with exit code 1.
    for (options, words) in [
        (&["--language", "French"][..], &["no document has the language `French`"][..]),
        (&["--type", "Editorial"], &["no document has the publication type `Editorial`"]),
        (&["--journal", "0140-6736"], &["no document has the journal `0140-6736`"]),
        (&["--field", "site=Brlin"], &["no document has `Brlin`", "did you mean `Berlin`"]),
        (&["--year", "20:30"], &["from 2012-01-01 to 2015-12-31"]),
        (
            &["--journal", "J Ex Med", "--type", "case report"],
            &["journal `J Ex Med`: 2 documents", "publication type `case report`: 1 document"],
        ),
    ] {
        let run = sandbox.medvec(&[&["search", "db"], options].concat()).expect(1);
        run.says(&["nothing found"]).says(words);
        let run = sandbox.medvec(&[&["search", "db", "-f", "json"], options].concat()).expect(1);
        let answer: Value = serde_json::from_str(&run.out).unwrap();
        assert!(answer["notes"].as_array().is_some_and(|notes| notes.len() > 1), "{answer}");
    }
}

#[test]
fn documents_without_a_date_are_counted_beside_the_hits() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let run = sandbox.medvec(&["search", "db", "--year", "2010:"]).expect(0);
    run.says(&["2 documents were left out because they have no date"]);
    let run =
        sandbox.medvec(&["search", "db", "--year", "2010:", "--mesh", "Aspirin", "-f", "json"]);
    let answer: Value = serde_json::from_str(&run.expect(0).out).unwrap();
    assert_eq!((&answer["matched"], &answer["undated"]), (&Value::from(1), &Value::from(1)));
    assert_eq!(answer["notes"][0]["code"], "undated");
    let run = sandbox.medvec(&["search", "db", "--year", "2010:", "-q", "-f", "pmids"]).expect(0);
    assert_eq!(run.err, "");
    let run = sandbox.medvec(&["search", "db", "--mesh", "Aspirin"]).expect(0);
    assert!(!run.err.contains("no date"), "{}", run.err);
}

#[test]
fn no_hits_wanted_is_a_count() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let run = sandbox.medvec(&["search", "db", "-k", "0", "--mesh", "Aspirin"]).expect(0);
    assert_eq!(run.out, "2 matching documents of 4 in the database\n");
    let run = sandbox.medvec(&["search", "db", "-k", "0", "--language", "fre"]).expect(1);
    run.shows(&["0 matching documents"]).says(&["nothing found"]);
    let run = sandbox.medvec(&["search", "db", "any words", "-k", "0", "-f", "json"]).expect(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&answer["matched"], &answer["hits"]), (&Value::from(4), &Value::Array(vec![])));
    let run =
        sandbox.medvec(&["search", "db", "-k", "0", "--mesh", "Gout", "-f", "pmids"]).expect(0);
    assert_eq!(run.out, "");
    run.says(&["1 matching document of 4"]);
}

#[test]
fn what_is_no_query_is_answered_with_a_remark() {
    let sandbox = Sandbox::with_database();
    for (text, words) in [
        ("101", &["101 is the PMID of a document here", "`medvec get db 101`"][..]),
        ("PMID: 101", &["`medvec get db 101`"]),
        ("7777777", &["if it is a PMID, it is not in this database"]),
        ("101, 102 9999999", &["2 of the 3 numbers", "`medvec get db 101 102`"]),
        ("note-1", &["`note-1` is the key of a document"]),
        ("asthma[mh]", &["`asthma[mh]`", "--mesh asthma"]),
        ("\"Colorectal Neoplasms\"[Majr]", &["--major \"Colorectal Neoplasms\""]),
        ("smith j[au]", &["`smith j[au]`", "--query \"smith j[au]\""]),
        ("aspirin AND cancer", &["`AND` was read as a word"]),
        ("asthma[tiab] NOT mice[mh]", &["leave the tag out", "--mesh mice", "`NOT`"]),
        ("2019:2021[dp]", &["--year 2019:2021"]),
        ("2018:2020", &["--year 2018:2020"]),
        ("10.1056/NEJMoa1800722", &["DOI"]),
        ("PMC1234567", &["PubMed Central"]),
        ("\"lung function\"", &["not as a phrase"]),
        ("diabet*", &["`*`"]),
    ] {
        let run = sandbox.medvec(&["search", "db", text, "-k", "2"]).expect(0);
        assert!(run.out.contains("PMID"), "{text} is answered: {}", run.out);
        run.says(words);
    }
    let run = sandbox.medvec(&["search", "db", "101", "-f", "json"]).expect(0);
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["notes"][0]["code"], "pmid");
    let run = sandbox.medvec(&["search", "db", "does aspirin lower the risk of cancer?"]).expect(0);
    assert_eq!(run.err.trim().lines().count(), 1, "a query has no remarks: {}", run.err);
    let run = sandbox.medvec(&["search", "db", " ", "--mesh", "Aspirin"]).expect(0);
    run.says(&["the text is empty"]);
}

#[test]
fn keys_that_resemble_pmids_are_explained_and_never_guessed() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let run = sandbox.medvec(&["get", "db", "PMID:", "201", "-f", "pmids"]).expect(0);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("201\n", ""));
    let run = sandbox.medvec(&["get", "db", "201,202", "202", "-f", "pmids"]).expect(0);
    assert_eq!(run.out, "201\n202\n");
    for (typed, words) in [
        ("0201", "did you mean 201, which is in this database"),
        ("201.0", "did you mean 201"),
        ("201.2", "one version"),
        ("PMC201", "PubMed Central"),
        ("299", "PMID 299 is not in this database"),
    ] {
        sandbox.medvec(&["get", "db", typed]).expect(1).says(&[words]);
        let run = sandbox.medvec(&["delete", "db", typed]).expect(1).says(&[words]);
        run.shows(&["deleted 0 documents"]);
    }
    sandbox.medvec(&["get", "db", "-"]).expect(1).says(&["no keys were given"]);
    let run = sandbox.medvec(&["delete", "db", "203", "203", "PMID: 203"]).expect(0);
    run.shows(&["deleted 1 document\n"]);
    assert_eq!(found(&sandbox, &["--mesh", "Aspirin"]), "0 201");
}

#[test]
fn stats_list_the_fields_and_their_types() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let run = sandbox.medvec(&["stats", "db"]).expect(0);
    run.shows(&["rating (integer and float)", "site (string)", "tags (string)"]);
    let run = sandbox.medvec(&["stats", "db", "-f", "json"]).expect(0);
    let stats: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(stats["fields"][0]["name"], "rating");
    assert_eq!(stats["fields"][0]["types"], serde_json::json!(["integer", "float"]));
}
