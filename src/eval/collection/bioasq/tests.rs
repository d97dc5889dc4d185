use std::collections::{BTreeMap, HashSet};

use super::super::tests::{folder, open, refused, skips, told};
use super::super::{Collection, CollectionOptions, Layout, QuestionKind, TestQuery};
use super::{average_precision, each_question, score, write_submission};

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
