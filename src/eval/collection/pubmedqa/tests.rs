use std::collections::BTreeMap;

use super::super::tests::{corpus, folder, open, refused, skips, told};
use super::super::{Collection, CollectionOptions, Layout};
use super::{decisions, predictions, predictions_for, score};

const SET: &str = r#"{
    "21645374": {"QUESTION": "Do mitochondria play a role?", "CONTEXTS": ["x"], "final_decision": "yes", "LONG_ANSWER": "They do."},
    "16418930": {"QUESTION": "Differences in amblyopia?", "MESHES": ["Child"], "YEAR": "2006", "final_decision": "no"},
    "9488747": {"QUESTION": "Syncope?", "final_decision": "maybe"}
}"#;

#[test]
fn every_question_has_its_own_article() {
    let set =
        folder(&[("ori_pqal.json.gz", SET), ("test_ground_truth.json", "{\"16418930\": \"no\"}")]);
    let collection = open(set.path());
    assert_eq!(collection.layout, Layout::PubMedQa);
    assert_eq!(told(&collection)[0], "21645374 Do mitochondria play a role?: 21645374=1");
    assert_eq!(
        (collection.queries.len(), corpus(&collection)),
        (3, vec!["ori_pqal.json.gz".to_owned()])
    );
    assert_eq!(collection.answers["21645374"].ideal, ["They do."]);
    assert_eq!(decisions(&collection.answers)["9488747"], "maybe");
    let test = Collection::open(set.path(), &CollectionOptions::default().split("test")).unwrap();
    assert_eq!(told(&test), ["16418930 Differences in amblyopia?: 16418930=1"]);
    assert_eq!(skips(&test), ["2 questions of another split"]);
    assert!(
        refused(set.path(), &CollectionOptions::default().split("dev")).contains("no split `dev`")
    );
}

#[test]
fn broken_entries_are_refused() {
    for (text, words) in [
        (
            "{\"1\": {\"QUESTION\": \"a\"},\n\"1\": {\"QUESTION\": \"b\"}}",
            "line 2: the query id `1` is there already",
        ),
        ("{\"x\": {\"QUESTION\": \"a\"}}", "line 1: `x` is not a PMID"),
        ("{\"1\": {}}", "line 1: missing field `QUESTION`"),
        ("{\"1\": {\"QUESTION\": 7}}", "invalid type: integer `7`, expected a string"),
        ("{\"1\": {\"QUESTION\": \"a\"", "EOF while parsing"),
        ("", "the file is empty"),
    ] {
        let set = folder(&[("ori_pqal.json", text)]);
        let refused = refused(set.path(), &CollectionOptions::default());
        assert!(refused.contains(words), "{refused}");
    }
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(pmid, label)| ((*pmid).to_owned(), (*label).to_owned())).collect()
}

/// By hand, after scikit-learn: yes 2·1/(2+2), no 2·1/(1+1), maybe 0 of 1.
#[test]
fn scores_are_those_of_the_script() {
    let truth = labels(&[("1", "yes"), ("2", "yes"), ("3", "no"), ("4", "maybe")]);
    let found = labels(&[("1", "yes"), ("2", "maybe"), ("3", "no"), ("4", "yes")]);
    let scores = score(&truth, &found).unwrap();
    assert_eq!((scores.questions, scores.accuracy), (4, 0.5));
    assert!((scores.macro_f1 - (0.5 + 1.0 + 0.0) / 3.0).abs() < 1e-15);
    // Labels that nobody gives are no class.
    let two = labels(&[("1", "yes"), ("2", "no")]);
    assert_eq!(score(&two, &two).unwrap().macro_f1, 1.0);
    let few = labels(&[("1", "yes")]);
    assert!(score(&truth, &few).unwrap_err().starts_with("no prediction for 2"));
    assert!(score(&few, &truth).unwrap_err().contains("which is not a question of this set"));
    assert!(score(&BTreeMap::new(), &few).is_err());
}

#[test]
fn predictions_are_labels_by_pmid() {
    let read = |text: &str| {
        let set = folder(&[("p.json", text)]);
        predictions(&set.path().join("p.json")).map_err(|error| error.detail)
    };
    assert_eq!(read("{\"1\": \"yes\"}").unwrap(), labels(&[("1", "yes")]));
    assert!(
        read("{\"1\": \"Yes\"}")
            .unwrap_err()
            .contains("unknown decision `Yes` of 1 (expected yes, no, maybe)")
    );
    assert!(
        read("{\"1\": \"yes\", \"1\": \"no\"}").unwrap_err().contains("the PMID 1 is there twice")
    );
    assert!(read("{\"1\": 1}").is_err());
}

#[test]
fn predictions_are_of_all_and_only_the_questions() {
    let truth = labels(&[("1", "yes"), ("2", "no"), ("3", "no")]);
    let read = |text: &str| {
        let set = folder(&[("p.json", text)]);
        let read = predictions_for(&set.path().join("p.json"), &truth);
        read.map_err(|error| format!("{}: {}", error.place, error.detail))
    };
    assert_eq!(read("{\"3\": \"no\", \"1\": \"maybe\", \"2\": \"no\"}").unwrap().len(), 3);
    for (text, words) in [
        ("{\"1\": \"yes\",\n\"4\": \"no\"}", "line 2: `4` is not a question of the task"),
        ("{\"1\": \"yes\"}", "whole file: no prediction for 2 and 1 other questions"),
        ("{\"1\": \"yes\", \"3\": \"no\"}", "whole file: no prediction for 2"),
        ("[\"yes\"]", "line 1: invalid type: sequence, expected a JSON object"),
    ] {
        assert_eq!(read(text).unwrap_err(), words);
    }
}
