use std::collections::{BTreeMap, HashSet};

use super::super::tests::{folder, open, refused, skips, told};
use super::super::{Collection, CollectionOptions, Layout, QuestionKind, Snippet, TestQuery};
use super::{EPSILON, average_precision, each_question, score, score_snippets, write_submission};

const GOLD: &str = r#"{"version": 1, "questions": [
 {"id": "a", "type": "factoid", "body": "Which gene?", "exact_answer": [["ABCC11", "MRP8"]], "ideal_answer": "A gene.",
  "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/22", "http://www.ncbi.nlm.nih.gov/pubmed/11",
   "http://www.ncbi.nlm.nih.gov/pubmed/22", "http://www.ncbi.nlm.nih.gov/pmc/articles/PMC7"],
  "snippets": [{"document": "https://pubmed.ncbi.nlm.nih.gov/33/", "text": "x", "offsetInBeginSection": 0}],
  "concepts": ["http://x"], "triples": [{"p": "q"}]},
 {"id": "b", "type": "yesno", "body": "Is it?", "exact_answer": "Yes", "ideal_answer": ["Yes.", "It is."],
  "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/44"]},
 {"id": "c", "type": "list", "body": "Which?", "exact_answer": [["x", "y"], ["z"]]}
]}"#;

#[test]
fn documents_are_pmids_in_order() {
    let set = folder(&[("training.json.gz", GOLD)]);
    let path = set.path().join("training.json.gz");
    let collection = open(&path);
    assert_eq!(told(&collection), ["a Which gene?: 11=1 22=1", "b Is it?: 44=1"]);
    assert_eq!(
        skips(&collection),
        ["1 documents that are not in PubMed", "1 queries without judgements"]
    );
    assert_eq!(collection.queries[1].kind, Some(QuestionKind::YesNo));
    assert_eq!(collection.answers["a"].exact, [["ABCC11", "MRP8"]]);
    assert_eq!(collection.answers["b"].ideal, ["Yes.", "It is."]);
    assert_eq!(collection.answers["b"].exact, [["Yes"]]);
    let options = CollectionOptions::default().include_snippets(true);
    let collection = Collection::open(set.path(), &options).unwrap();
    assert_eq!(told(&collection)[0], "a Which gene?: 11=1 22=1 33=1");
    let mut documents = Vec::new();
    each_question(&path, |question| {
        documents.push(question.documents);
        Ok(())
    })
    .unwrap();
    assert_eq!(documents[0], ["22", "11"]);
}

#[test]
fn test_sets_keep_all_questions() {
    let test = r#"{"questions": [{"body": "Is it?", "type": "yesno", "id": "b"}, {"id": "c", "body": "Why?", "documents": []}]}"#;
    let set = folder(&[("BioASQ-task13bPhaseA-testset1.json", test)]);
    let collection = open(set.path());
    assert_eq!(
        (collection.layout, told(&collection)),
        (Layout::BioAsq, vec!["b Is it?:".into(), "c Why?:".into()])
    );
}

#[test]
fn broken_files_are_refused() {
    for (text, words) in [
        ("{\"questions\": [{\"id\": \"a\"}]}", "line 1: missing field `body`"),
        (
            "{\"questions\": [\n{\"id\": \"a\", \"body\": \"x\", \"type\": \"essay\"}]}",
            "line 2: question a: unknown type `essay`",
        ),
        (
            "{\"questions\": [{\"id\": \"a\", \"body\": \"x\"},\n{\"id\": \"a\", \"body\": \"x\"}]}",
            "line 2: the query id `a` is there already",
        ),
        ("{\"questions\": {}}", "expected a list"),
        ("{\"questions\": [{\"id\": \"a\", \"body\": \"x\"}", "EOF while parsing"),
        ("{\"other\": []}", "no member `questions`"),
        (
            "{\"questions\": [{\"id\": \"a\", \"body\": \"x\", \"exact_answer\": [{}]}]}",
            "an answer that is not a text",
        ),
    ] {
        let set = folder(&[("q.json", text)]);
        let options = CollectionOptions::default().layout(Layout::BioAsq);
        let refused = refused(set.path(), &options);
        assert!(refused.contains(words), "{refused}");
    }
}

/// By hand, after `calculateAveragePrecision` with version 8.
#[test]
fn average_precision_divides_by_ten_at_most() {
    let relevant: HashSet<&str> = ["1", "2", "3"].into();
    let ap = |ranking: &[&str]| average_precision(ranking, &relevant);
    assert_eq!(ap(&["1", "9", "2"]), (1.0 + 2.0 / 3.0) / 3.0);
    assert_eq!(ap(&["1", "1", "2"]), (1.0 + 1.0) / 3.0, "a repeat has no rank");
    assert_eq!(ap(&["9"]), 0.0);
    assert_eq!(ap(&[]), 0.0);
    let many: Vec<String> = (0..20).map(|id| id.to_string()).collect();
    let all: HashSet<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(average_precision(&many, &all), 1.0);
    let mut late = vec!["x"; 1];
    late.extend((0..9).map(|_| "y"));
    let filler: Vec<String> = (100..110).map(|id| id.to_string()).collect();
    let eleventh: Vec<&str> = filler.iter().map(String::as_str).chain(["1"]).collect();
    assert_eq!(ap(&eleventh), 0.0, "the eleventh does not count");
    assert_eq!(average_precision(&["1"], &HashSet::new()), 0.0);
}

#[test]
fn means_are_over_answered_questions() {
    let grades =
        |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), 1)).collect::<BTreeMap<_, _>>();
    let gold = BTreeMap::from([
        ("a".to_owned(), grades(&["1", "2"])),
        ("b".to_owned(), grades(&["3"])),
        ("c".to_owned(), grades(&["4"])),
        ("d".to_owned(), BTreeMap::from([("5".to_owned(), 0)])),
    ]);
    let run = BTreeMap::from([
        ("a".to_owned(), vec!["9", "1"]),
        ("b".to_owned(), Vec::new()),
        ("d".to_owned(), vec!["5"]),
    ]);
    let gold = gold.into();
    let scores = score(&gold, &run).unwrap();
    assert_eq!((scores.per_question.len(), scores.unanswered), (2, 1));
    assert_eq!((scores.precision, scores.recall, scores.f1), (0.25, 0.25, 0.25));
    assert_eq!(scores.map, 0.5 / 2.0 / 2.0);
    let gmap = ((0.25f64 + 0.00001).ln() + 0.00001f64.ln()) / 2.0;
    assert!((scores.gmap - gmap.exp()).abs() < 1e-15);
    assert_eq!(score::<&str>(&gold, &BTreeMap::new()), None);
}

#[test]
fn submissions_have_ten_addresses_per_question() {
    let mut question = TestQuery::new("a", "Which \"gene\"?");
    question.kind = Some(QuestionKind::Factoid);
    let questions = [question, TestQuery::new("b", "Why?")];
    let pmids: Vec<String> = (1..=12).flat_map(|id| [id.to_string(), id.to_string()]).collect();
    let run = BTreeMap::from([("a".to_owned(), pmids)]);
    let mut out = Vec::new();
    write_submission(&mut out, &questions, &run).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&out).unwrap();
    let first = &written["questions"][0];
    assert_eq!((&first["id"], &first["type"]), (&"a".into(), &"factoid".into()));
    let documents = first["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 10);
    assert_eq!(documents[9], "http://www.ncbi.nlm.nih.gov/pubmed/10");
    assert_eq!(written["questions"][1]["documents"], serde_json::json!([]));
    let run = BTreeMap::from([("a".to_owned(), vec!["PMC7"])]);
    let error = write_submission(&mut out, &questions, &run).unwrap_err();
    assert_eq!(error.to_string(), "`PMC7` of question a is not a PMID");
}

/// Snippets as `document section begin end`.
fn snippets(texts: &[&str]) -> Vec<Snippet> {
    let snippet = |text: &&str| {
        let parts: Vec<&str> = text.split(' ').collect();
        let number = |at: usize| parts[at].parse().expect("a number");
        Snippet {
            document: parts[0].into(),
            sections: (parts[1].into(), parts[1].into()),
            offsets: (number(2), number(3)),
        }
    };
    texts.iter().map(snippet).collect()
}

/// Scores of one question.
fn of_snippets(listed: &[&str], gold: &[&str]) -> [f64; 4] {
    let gold = BTreeMap::from([("q".to_owned(), snippets(gold))]);
    let run = BTreeMap::from([("q".to_owned(), snippets(listed))]);
    let scores = score_snippets(&gold, &run).expect("one question").per_question["q"];
    [scores.precision, scores.recall, scores.f1, scores.average_precision]
}

/// By hand, after `calculatePRForSnippets` and `calculateAveragePrecisionSnippets` with version 9.
#[test]
fn snippets_are_scored_by_the_characters_that_they_share() {
    // 10 of 20 characters are shared, of 40 gold ones.
    assert_eq!(
        of_snippets(&["1 abstract 10 29"], &["1 abstract 0 19", "2 title 0 19"]),
        [0.5, 0.25, 1.0 / 3.0, 0.5 / 2.0]
    );
    assert_eq!(of_snippets(&["1 abstract 0 9"], &["1 abstract 0 9"]), [1.0; 4]);
    // Other sections and other documents share nothing, and both ends count.
    assert_eq!(of_snippets(&["1 title 0 9", "2 abstract 0 9"], &["1 abstract 0 9"]), [0.0; 4]);
    assert_eq!(of_snippets(&["1 abstract 9 9"], &["1 abstract 0 9"]), [1.0, 0.1, 2.0 / 11.0, 1.0]);
    assert_eq!(of_snippets(&["1 abstract 10 19"], &["1 abstract 0 9"]), [0.0; 4]);
    // Overlapping ones are one in both lists: 30 characters, not 40.
    let long = ["1 abstract 0 19", "1 abstract 10 29"];
    assert_eq!(of_snippets(&long, &long), [1.0; 4]);
    // One that joins two others, at the place of the first of them.
    let chain = ["1 abstract 0 9", "2 abstract 0 9", "1 abstract 20 29", "1 abstract 5 25"];
    assert_eq!(of_snippets(&chain, &["2 abstract 0 9"]), [0.25, 1.0, 0.4, 0.25]);
    // As the program has it: a snippet of a gold document counts even where it shares nothing.
    let [.., average] = of_snippets(&["1 abstract 50 59", "1 abstract 0 9"], &["1 abstract 0 9"]);
    assert_eq!(average, 0.5);
    // Ten count.
    let many: Vec<String> = (0..11).map(|at| format!("{at} abstract 0 9")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(of_snippets(&many, &["10 abstract 0 9"]), [0.0; 4]);
    assert_eq!(of_snippets(&[], &["1 abstract 0 9"]), [0.0; 4]);
}

#[test]
fn questions_without_gold_snippets_are_left_out() {
    let gold = BTreeMap::from([
        ("a".to_owned(), snippets(&["1 abstract 0 9"])),
        ("b".to_owned(), Vec::new()),
        ("c".to_owned(), snippets(&["1 abstract 0 9"])),
    ]);
    let mut run = BTreeMap::from([("b".to_owned(), snippets(&["1 abstract 0 9"]))]);
    assert!(score_snippets(&gold, &run).is_none());
    run.insert("a".to_owned(), snippets(&["1 abstract 0 9"]));
    let scores = score_snippets(&gold, &run).expect("one");
    assert_eq!((scores.per_question.len(), scores.unanswered, scores.f1), (1, 1, 1.0));
    run.insert("c".to_owned(), Vec::new());
    let scores = score_snippets(&gold, &run).expect("two");
    assert_eq!((scores.unanswered, scores.f1), (0, 0.5));
    assert!((scores.gmap - ((1.0 + EPSILON).ln() / 2.0 + EPSILON.ln() / 2.0).exp()).abs() < 1e-12);
}

#[test]
fn places_of_snippets_are_read() {
    let question = r#"{"questions": [{"id": "a", "body": "Which?", "documents": [], "snippets": [
        {"document": "http://www.ncbi.nlm.nih.gov/pubmed/7", "beginSection": "title", "endSection": "title",
         "offsetInBeginSection": 3, "offsetInEndSection": 3, "text": "x"},
        {"document": "http://www.ncbi.nlm.nih.gov/pubmed/7", "beginSection": "title", "endSection": "title",
         "offsetInBeginSection": 4, "offsetInEndSection": 3},
        {"document": "http://www.ncbi.nlm.nih.gov/pubmed/7", "beginSection": "title", "endSection": "title",
         "offsetInBeginSection": -1, "offsetInEndSection": 3},
        {"document": "elsewhere", "beginSection": "title", "endSection": "title",
         "offsetInBeginSection": 1, "offsetInEndSection": 3}, {}]}]}"#;
    let set = folder(&[("a.json", question)]);
    let mut found = Vec::new();
    each_question(&set.path().join("a.json"), |question| {
        found.extend(question.answer.snippets);
        Ok(())
    })
    .unwrap();
    assert_eq!(found, snippets(&["7 title 3 3"]));
}
