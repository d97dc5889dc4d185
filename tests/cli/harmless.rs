//! Text from documents, names and arguments never gives orders to a terminal.

use serde_json::{Value, json};

use crate::sandbox::{Run, Sandbox};

/// What a terminal might obey, or show elsewhere.
const HARMFUL: &[&str] = &[
    "\u{1b}]0;owned\u{7}",
    "\u{1b}[31;7m",
    "\u{9b}2J",
    "\u{90}q\u{9c}",
    "\u{7f}\u{8}\u{c}\u{b}",
    "\u{202e}\u{2066}\u{2028}\u{85}",
];

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Without the sequences for colours that medvec itself uses.
fn without_colours(text: &str) -> String {
    let mut text = text.to_owned();
    for code in ["0", "1", "2", "31", "32", "33", "36"] {
        text = text.replace(&format!("\u{1b}[{code}m"), "");
    }
    text
}

#[track_caller]
fn assert_harmless(run: &Run) {
    for text in [&run.out, &run.err] {
        let text = without_colours(text);
        assert!(!text.contains(is_harmful), "{text:?}");
    }
}

/// A database whose every text is as harmful as JSON can say it.
fn harmful() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for (number, order) in HARMFUL.iter().enumerate() {
        let text = format!("aspirin{order}x");
        let document = json!({
            "id": format!("key-{number}{order}x"),
            "title": text, "abstract": format!("Aspirin helps {text}. {text}"),
            "journal": text, "mesh": [text], "languages": [format!("e{number}")],
            "publication_types": [text], "authors": [text], "keywords": [text],
            "field": text,
        });
        lines += &format!("{document}\n");
    }
    sandbox.write("docs.jsonl", lines);
    sandbox.medvec(&["import", "db", "docs.jsonl", "-q"]).expect(0);
    sandbox
}

#[test]
fn no_command_lets_a_document_speak_to_the_terminal() {
    let sandbox = harmful();
    let keys: Vec<String> =
        HARMFUL.iter().enumerate().map(|(number, order)| format!("key-{number}{order}x")).collect();
    let bad = HARMFUL[0];
    let commands: Vec<Vec<&str>> = vec![
        vec!["search", "db", "aspirin", "--explain"],
        vec!["search", "db", "--language", "e0"],
        vec!["search", "db", bad],
        vec!["search", "db", "aspirin", "--mesh", bad],
        vec!["search", "db", "aspirin", "--encoder", bad],
        vec!["search", bad, "aspirin"],
        vec!["search", "db", "x", "--year", bad],
        vec!["search", "db", "x", "--nonsense", bad],
        vec![bad],
        vec!["stats", "db"],
        vec!["inspect", "db"],
        vec!["inspect", bad],
        vec!["verify", "db"],
        vec!["verify", bad],
        vec!["import", "db", bad],
        vec!["delete", "db", bad],
        vec!["get", "db", bad],
        vec!["encode", bad, "--input", "docs.jsonl"],
        vec!["optimize", "db", "--queries", bad],
    ];
    let gets: Vec<Vec<&str>> = keys.iter().map(|key| vec!["get", "db", key.as_str()]).collect();
    for command in commands.iter().chain(&gets) {
        for color in ["never", "always"] {
            let arguments = [command.as_slice(), &["--color", color]].concat();
            let mut child = sandbox.command(&arguments);
            let output = child.env_remove("NO_COLOR").output().unwrap();
            let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
            let (out, err) = (text(output.stdout), text(output.stderr));
            let run = Run { code: output.status.code().expect("no signal"), out, err };
            assert!(run.code <= 2, "{command:?}: {}", run.err);
            assert_harmless(&run);
        }
    }
    let found = sandbox.medvec(&["get", "db", &keys[1]]).expect(0);
    assert!(found.out.contains("aspirin\u{fffd}[31;7mx"), "{}", found.out);
}

#[test]
fn formats_for_programs_keep_every_character() {
    let sandbox = harmful();
    let run = sandbox.medvec(&["search", "db", "aspirin", "-f", "json"]).expect(0);
    assert!(!run.out.contains(is_harmful), "JSON escapes them");
    let answer: Value = serde_json::from_str(&run.out).unwrap();
    let hits = answer["hits"].as_array().unwrap();
    let keys: Vec<&str> = hits.iter().map(|hit| hit["key"].as_str().unwrap()).collect();
    for (number, order) in HARMFUL.iter().enumerate() {
        assert!(keys.contains(&format!("key-{number}{order}x").as_str()), "{order:?}");
    }
    let list = sandbox.medvec(&["search", "db", "aspirin", "-f", "pmids"]).expect(0);
    assert_eq!(list.out.lines().count(), HARMFUL.len(), "{:?}", list.out);
    let again = sandbox.medvec_with_input(&["get", "db", "-", "-f", "pmids"], &list.out).expect(0);
    assert_eq!(again.out, list.out);
    let deleted = sandbox.medvec_with_input(&["delete", "db", "-"], &list.out).expect(0);
    deleted.shows(&["deleted 6 documents"]);
}

#[test]
fn no_cell_of_a_csv_file_starts_a_formula() {
    let sandbox = Sandbox::new();
    let titles = ["=cmd|'/c calc'!A1", "+1", "-2+3", "@sum(A1)", "\u{ff1d}1", "plain"];
    let lines: String = (1..)
        .zip(titles)
        .map(|(pmid, title)| format!("{}\n", json!({"pmid": pmid, "title": title})))
        .collect();
    sandbox.write("docs.jsonl", lines);
    sandbox.medvec(&["import", "db", "docs.jsonl", "-q", "--encoder", "none"]).expect(0);
    let run = sandbox.medvec(&["get", "db", "1", "2", "3", "4", "5", "6", "-f", "csv"]).expect(0);
    for (pmid, title) in (1..).zip(titles) {
        let mark = if title == "plain" { "" } else { "'" };
        let cell = format!("{pmid},,,{mark}{title},,");
        assert!(run.out.contains(&cell), "{cell} in {}", run.out);
    }
}
