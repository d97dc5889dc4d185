//! Training data from pairs of texts, from samples, and with an index.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

/// Documents about four topics, of which every eighth is written twice.
fn documents() -> String {
    let topics = ["aspirin and stroke", "asthma in children", "insulin in mice", "earwax and oil"];
    let document = |number: usize| {
        let (topic, heading) =
            (topics[number % 4], ["Aspirin", "Asthma", "Mice", "Cerumen"][number % 4]);
        format!(
            "{{\"pmid\": {}, \"title\": \"Report {number} on {topic}\", \"abstract\": \"Trial {number} of {topic}.\", \
             \"mesh\": [\"*{heading}\"]}}\n",
            number + 1
        )
    };
    (0..120).map(document).collect()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("docs.jsonl", documents());
    sandbox.medvec(&["import", "db", "docs.jsonl", "-q"]).expect(0);
    sandbox
}

fn made(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let _ = fs::remove_file(sandbox.path("out"));
    sandbox.medvec(&[&["triples"], arguments, &["-o", "out"]].concat()).expect(0);
    lines(&fs::read_to_string(sandbox.path("out")).unwrap())
}

#[test]
fn pairs_get_their_own_negatives_first_and_mined_ones_behind() {
    let sandbox = sandbox();
    // BMRetriever's form, BioLORD's, and a second positive of the first query. A positive is in the database, too.
    sandbox.write(
        "pairs.jsonl",
        "{\"query\": \"asthma\", \"positive\": \"A disease of the airways.\", \"negative\": \"Olive oil.\"}\n\
         {\"anchor\": \"earwax\", \"positive\": \"Report 3 on earwax and oil Trial 3 of earwax and oil.\"}\n\
         {\"query\": \"asthma\", \"positive\": \"Wheezing.\", \"negative\": \"A disease of the airways.\"}\n",
    );
    let usual = ["pairs.jsonl", "--positives", "pairs", "--database", "db", "--range-min", "1"];
    let rows = made(&sandbox, &[&usual[..], &["-f", "n-tuple", "-n", "3"]].concat());
    let of = |query: &str| {
        rows.iter().filter(|row| row["query"] == query).cloned().collect::<Vec<Value>>()
    };
    let asthma = of("asthma");
    let positives: Vec<&Value> = asthma.iter().map(|row| &row["positive"]).collect();
    assert_eq!(positives, ["A disease of the airways.", "Wheezing."]);
    for row in &asthma {
        assert_eq!(row["negative_1"], "Olive oil.");
        for name in ["negative_2", "negative_3"] {
            assert!(row[name].as_str().unwrap().starts_with("Report "), "{row}");
        }
        assert!(!row["negative_1 negative_2 negative_3"].to_string().contains("airways"), "{row}");
    }
    let earwax = of("earwax");
    assert_eq!(earwax.len(), 1);
    // What is positive as a text is not negative as a document.
    let many = made(&sandbox, &[&usual[..], &["-n", "60", "--range-max", "120"]].concat());
    let negatives: Vec<&str> = many
        .iter()
        .filter(|row| row["query"] == "earwax")
        .filter_map(|row| row["negative"].as_str())
        .collect();
    assert!(negatives.len() > 20, "{}", negatives.len());
    assert!(negatives.iter().all(|text| !text.starts_with("Report 3 on")), "{negatives:?}");

    let refused = |arguments: &[&str], words: &[&str]| {
        let _ = fs::remove_file(sandbox.path("out"));
        let all = [&["triples"], arguments, &["-o", "out"]].concat();
        sandbox.medvec(&all).expect(2).says(words);
        assert!(!sandbox.path("out").exists());
    };
    refused(&["pairs.jsonl", "--positives", "pairs"], &["--database DB"]);
    refused(&[&usual[..], &["-f", "ms-marco"]].concat(), &["neither ids nor headings"]);
    refused(&[&usual[..], &["--margin", "0.1"]].concat(), &["--margin", "--max-score"]);
    sandbox.write("scored.tsv", "sentence1\tsentence2\tscore\na\tb\t0.5\n");
    let scored = ["scored.tsv", "--positives", "pairs", "--database", "db"];
    refused(&scored, &["scored.tsv", "have a score"]);
    sandbox.write("cut.jsonl", "{\"query\": \"a\", \"positive\": \"b\"}\n{\"query\"");
    refused(&["cut.jsonl", "--positives", "pairs", "--database", "db"], &["cut.jsonl, line 2"]);
}

#[test]
fn a_sample_is_the_same_whether_all_documents_are_read_or_not() {
    let sandbox = sandbox();
    let usual = ["db", "--positives", "mesh", "--range-min", "1", "-n", "2"];
    let all = made(&sandbox, &usual);
    // Five of 120 are fewer than one in sixteen, fifty are not.
    for count in ["5", "50"] {
        let rows = made(&sandbox, &[&usual[..], &["--queries", count]].concat());
        let mut queries: Vec<&Value> = rows.iter().map(|row| &row["query"]).collect();
        queries.dedup();
        assert_eq!(queries.len().to_string(), count);
        assert!(
            rows.iter().all(|row| all.contains(row)),
            "a query's rows do not depend on the sample"
        );
        let fewer = made(&sandbox, &[&usual[..], &["--queries", "4"]].concat());
        assert!(
            fewer.iter().all(|row| rows.contains(row)),
            "a smaller sample is part of a greater one"
        );
    }
}

#[test]
fn a_recall_lets_the_index_rank() {
    let sandbox = sandbox();
    sandbox.medvec(&["optimize", "db", "-q"]).expect(0);
    let usual = ["db", "--positives", "mesh", "--queries", "20", "-n", "3"];
    let exact = made(&sandbox, &usual);
    // Of so few documents all are compared at a recall of 1.
    assert_eq!(made(&sandbox, &[&usual[..], &["--recall", "1"]].concat()), exact);
    let by_index = made(&sandbox, &[&usual[..], &["--recall", "0.9"]].concat());
    assert_eq!(made(&sandbox, &[&usual[..], &["--recall", "0.9"]].concat()), by_index);
    assert!(!by_index.is_empty());
    for wrong in ["0", "1.5", "NaN"] {
        let arguments = [&["triples"], &usual[..], &["-o", "new", "--recall", wrong]].concat();
        sandbox.medvec(&arguments).expect(2).says(&["--recall"]);
    }
}
