//! Queries and strategies in PubMed's language.

use serde_json::Value;

use crate::sandbox::Sandbox;

const LIBRARY: &str = r#"{"pmid": 201, "title": "Aspirin and the heart", "abstract": "Aspirin was given daily.", "year": 2012, "mesh": ["Aspirin"], "rating": 4.5}
{"pmid": 202, "title": "Ein Fall von Gicht", "abstract": "Ein Fall.", "year": 2015, "mesh": ["Gout"], "rating": 3}
{"pmid": 203, "title": "A later look at aspirin", "abstract": "Wheezing again.", "year": 2018, "mesh": ["Aspirin"]}
"#;

#[test]
fn a_strategy_may_be_in_any_encoding_of_unicode() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let text = "1. aspirin[mh]\r\n2. \u{201c}wheezing again\u{201d}[tiab]\r\n3. #1 NOT #2\r\n";
    let units = || "\u{feff}".encode_utf16().chain(text.encode_utf16());
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    let run = |bytes: &[u8]| {
        std::fs::write(sandbox.path("s.txt"), bytes).expect("writes");
        sandbox.medvec(&["strategy", "run", "db", "s.txt"])
    };
    let expected = run(text.as_bytes()).expect(0).out;
    for bytes in [&little, &big, &format!("\u{feff}{text}").into_bytes()] {
        assert_eq!(run(bytes).expect(0).out, expected);
    }
    run(&little[..little.len() - 1]).expect(2).says(&["s.txt", "UTF-16"]);
    run(b"asthma \xe4[ti]").expect(2).says(&["s.txt", "not UTF-8 at byte 7"]);
}

#[test]
fn a_query_is_counted_and_lists_what_it_finds() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let count = |query: &str| sandbox.medvec(&["count", "db", query]);
    assert_eq!(count("aspirin[mh] NOT wheez*[tiab]").expect(0).out, "1\n");
    assert_eq!(count("aspirin[mh] AND gout[mh]").expect(1).out, "0\n");
    let run = sandbox.medvec(&[
        "search",
        "db",
        "--query",
        "rating:>4 OR wheez*[ab]",
        "--format",
        "pmids",
    ]);
    let mut keys: Vec<&str> = run.out.lines().collect();
    keys.sort_unstable();
    assert_eq!((run.code, keys), (0, vec!["201", "203"]));
    let both = ["search", "db", "--query", "aspirin[ti]", "--year", "2018", "--format", "pmids"];
    assert_eq!(sandbox.medvec(&both).expect(0).out, "203\n");
    let run = sandbox.medvec(&[
        "search",
        "db",
        "--query",
        "aspirin[ti]",
        "--explain",
        "--format",
        "pmids",
    ]);
    assert!(run.err.contains("aspirin[ti] = aspirin[ti]"), "{}", run.err);
}

#[test]
fn a_strategy_is_counted_line_by_line() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    sandbox.write(
        "review.txt",
        "// aspirin\n1. aspirin[mh] or acetylsalicyl*[tiab]\n2. 2015:3000[dp]\n3. #1 AND #2\n",
    );
    let run = sandbox.medvec(&["strategy", "run", "db", "review.txt", "--explain"]).expect(0);
    let counts: Vec<(&str, &str)> = run
        .out
        .lines()
        .filter(|line| line.starts_with(|ch: char| ch.is_ascii_digit()))
        .filter_map(|line| line.split_once("  ").map(|(name, rest)| (name.trim(), rest.trim())))
        .collect();
    assert_eq!(
        counts,
        [
            ("1", "2  aspirin[mh] OR acetylsalicyl*[tiab]"),
            ("2", "2  2015:3000[dp]"),
            ("3", "1  #1 AND #2"),
        ]
    );
    assert!(run.out.contains("D001241 Aspirin"), "{}", run.out);
    assert!(run.err.contains("line 2, column 16: `or` is read as the operator OR"), "{}", run.err);

    let run =
        sandbox.medvec(&["strategy", "run", "db", "review.txt", "--format", "json"]).expect(0);
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!(value["documents"], 1);
    assert_eq!(value["lines"][0]["terms"][0]["headings"][0]["ui"], "D001241");
    assert_eq!(value["cautions"][0]["code"], "lower_case_operator");
}

#[test]
fn a_history_numbers_what_was_searched() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    let count = |query: &str| sandbox.medvec(&["count", "db", query, "--history", "sets.txt"]);
    assert!(count("aspirin[mh]").expect(0).out.starts_with("1 "));
    assert!(count("wheez*[tiab]").expect(0).out.starts_with("2 "));
    let run = count("#1 NOT #2").expect(0);
    assert_eq!(run.out.split_whitespace().collect::<Vec<_>>(), ["3", "1", "#1", "NOT", "#2"]);
    assert_eq!(
        std::fs::read_to_string(sandbox.path("sets.txt")).expect("a history"),
        "1. aspirin[mh]\n2. wheez*[tiab]\n3. #1 NOT #2\n"
    );
    count("#7").expect(2);
    count("gout[mh").expect(2);
    assert_eq!(
        std::fs::read_to_string(sandbox.path("sets.txt")).expect("a history").lines().count(),
        3,
        "what failed is not added"
    );
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    let sandbox = Sandbox::with_texts(LIBRARY);
    for (query, words) in [
        (
            "aspirin[tiabs]",
            &["unknown tag `[tiabs]` (did you mean `[tiab]`?)", "\n       ^^^^^^^"][..],
        ),
        ("asprin[mh]", &["did you mean `Aspirin`", "^^^^^^^^^^"]),
        ("exp Aspirin/", &["is a heading in Ovid"]),
        ("(aspirin", &["this bracket is not closed"]),
        ("2012[ppdat]", &["cannot be searched here"]),
    ] {
        for command in [&["count", "db", query][..], &["search", "db", "--query", query]] {
            let run = sandbox.medvec(command).expect(2);
            assert!(words.iter().all(|word| run.err.contains(word)), "{query}: {}", run.err);
        }
    }
    sandbox.medvec(&["strategy", "run", "db", "nowhere.txt"]).expect(2);
    sandbox.write("latin1.txt", b"caf\xe9[ti]");
    sandbox.medvec(&["strategy", "run", "db", "latin1.txt"]).expect(2);
    sandbox.medvec(&["count", "db", "aspirin", "--format", "csv"]).expect(2);
}

#[test]
fn names_that_no_document_has_are_said() {
    let sandbox = Sandbox::with_texts(concat!(
        r#"{"pmid": 1, "title": "Cancer", "languages": ["eng"], "publication_types": ["Review"]}"#,
        "\n",
        r#"{"pmid": 2, "title": "Cancer too", "languages": ["eng"]}"#,
        "\n",
        r#"{"pmid": 3, "title": "Asthma", "publication_types": ["Consensus Development Conference"]}"#,
        "\n"
    ));
    let said =
        "line 1, column 16: no document has the publication type `Reviw` (did you mean `Review`";
    let run = sandbox.medvec(&["count", "db", "cancer[ti] NOT Reviw[pt]"]).expect(0);
    assert_eq!(run.out, "2\n");
    assert!(run.err.contains(said), "{}", run.err);
    let run = sandbox.medvec(&["count", "db", "cancer[ti] AND Englsh[la]"]).expect(1);
    assert!(run.err.contains("no document has the language `Englsh`"), "{}", run.err);
    sandbox.write("review.txt", "1. cancer[ti]\n2. #1 NOT Reviw[pt]\n3. #2 OR Reviw[pt]\n");
    let run = sandbox.medvec(&["strategy", "run", "db", "review.txt"]).expect(0);
    assert!(run.err.contains("line 2, column 11: no document has"), "{}", run.err);
    assert_eq!(run.err.matches("`Reviw`").count(), 1, "once: {}", run.err);

    let query = ["search", "db", "--query", "cancer[ti] NOT Reviw[pt]", "--format", "json"];
    let run = sandbox.medvec(&query).expect(0);
    assert_eq!(run.err.matches("`Reviw`").count(), 1, "{}", run.err);
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    let note = "no document has the publication type `Reviw` (did you mean `Review`";
    assert_eq!(value["notes"][0]["code"], "absent", "{}", run.out);
    assert!(value["notes"][0]["text"].as_str().is_some_and(|text| text.starts_with(note)));
    let known = sandbox.medvec(&["count", "db", "cancer[ti] NOT Review[pt]"]).expect(0);
    assert_eq!((known.out.as_str(), known.err.as_str()), ("1\n", ""));

    // Of what lies below a type nobody typed a name; a heading that no document has is said once.
    let query = ["search", "db", "--query", "Review[pt]", "--format", "json"];
    let run = sandbox.medvec(&query).expect(0);
    let value: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&value["matched"], &value["notes"]), (&2.into(), &Value::Array(Vec::new())));
    assert!(!run.err.contains("publication type"), "{}", run.err);
    let run = sandbox.medvec(&["search", "db", "--query", "Asthma[mh]"]).expect(1);
    assert_eq!(run.err.matches("no document has the MeSH heading").count(), 1, "{}", run.err);

    // Nor does an explanation name them, or UIs of headings that begin as a truncated one does.
    for (query, told) in [("Review[pt]", 0), ("clinical trial", 1), ("asthm*[mh]", 0)] {
        let run = sandbox.medvec(&["count", "db", query, "--explain"]);
        assert_eq!(run.out.matches("no document has").count(), told, "{query}: {}", run.out);
        assert_eq!(run.err.matches("no document has").count(), told, "{query}: {}", run.err);
        let run = sandbox.medvec(&["search", "db", "--query", query, "--explain"]);
        let said = run.err.matches("no document has").count();
        assert_eq!(said, 2 * told, "explained and said: {}", run.err);
    }

    let types: Vec<String> = (0..12).map(|number| format!("nosuchtype{number}[pt]")).collect();
    let run = sandbox.medvec(&["count", "db", &types.join(" OR ")]).expect(1);
    assert!(
        run.err.contains("`nosuchtype9`") && !run.err.contains("`nosuchtype10`"),
        "{}",
        run.err
    );
    assert!(run.err.contains("and 2 more names that no document has"), "{}", run.err);
}
