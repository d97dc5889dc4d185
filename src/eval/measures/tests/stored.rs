//! Values that pytrec_eval-terrier computed, stored by `benches/compare/check_measures.py --store`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{
    EvaluationOptions, Judgements, Measure, RankedDocument, Run, ScoreWidth, evaluate,
};

#[derive(Deserialize)]
struct Stored {
    deep: BTreeMap<String, f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    qrels: BTreeMap<String, BTreeMap<String, i64>>,
    run: BTreeMap<String, BTreeMap<String, f64>>,
    expected: BTreeMap<String, BTreeMap<String, f64>>,
}

fn stored() -> Stored {
    serde_json::from_str(include_str!("expected.json")).unwrap()
}

fn judgements(qrels: &BTreeMap<String, BTreeMap<String, i64>>) -> Judgements {
    let mut judgements = Judgements::default();
    for (query, documents) in qrels {
        for (document, grade) in documents {
            judgements.insert(query, document, *grade).unwrap();
        }
    }
    judgements
}

fn run(rankings: &BTreeMap<String, BTreeMap<String, f64>>) -> Run {
    let mut run = Run::new("t");
    for (query, documents) in rankings {
        let documents = documents.iter().map(|(id, score)| RankedDocument::new(id, *score));
        run.insert(query, documents.collect()).unwrap();
    }
    run
}

#[test]
fn small_cases_have_the_values_of_trec_eval() {
    let cases = stored().cases;
    assert_eq!(cases.len(), 10);
    for case in cases {
        let options = EvaluationOptions::default().ignore_identical_ids(case.kind == "identical");
        let (judgements, run) = (judgements(&case.qrels), run(&case.run));
        for (name, expected) in &case.expected {
            let measure: Measure = name.parse().unwrap();
            let found = evaluate(&judgements, &run, &[measure], &options);
            let summary = &found.summaries[0];
            assert!(summary.per_query.keys().eq(expected.keys()), "{} {name}", case.kind);
            for (query, value) in expected {
                let difference = (summary.per_query[query] - value).abs();
                assert!(difference < 1e-11, "{} {name} {query}: {difference}", case.kind);
            }
            let sum: f64 = expected.values().sum();
            let mean = |count: usize| if count == 0 { 0.0 } else { sum / count as f64 };
            let (returned, judged) = (summary.over_returned, summary.over_judged);
            assert_eq!((returned.queries, judged.queries), (expected.len(), case.qrels.len()));
            assert!((returned.value - mean(returned.queries)).abs() < 1e-11);
            assert!((judged.value - mean(judged.queries)).abs() < 1e-11);
        }
    }
}

#[test]
fn a_deep_run_has_the_values_of_trec_eval() {
    let (mut judgements, mut documents) = (Judgements::default(), Vec::new());
    for i in 0..2000i64 {
        documents.push(RankedDocument::new(format!("d{i}"), (i * 613 % 1000) as f64 / 8.0));
        if i % 37 == 0 {
            judgements.insert("q", &format!("d{i}"), i / 37 % 4).unwrap();
        }
    }
    for i in 0..20 {
        judgements.insert("q", &format!("x{i}"), 1 + i % 3).unwrap();
    }
    let mut run = Run::new("t");
    run.insert("q", documents).unwrap();
    for (name, expected) in stored().deep {
        let measure: Measure = name.parse().unwrap();
        let found = evaluate(&judgements, &run, &[measure], &EvaluationOptions::default());
        let value = found.summaries[0].per_query["q"];
        assert!((value - expected).abs() < 1e-11, "{name}: {value}, not {expected}");
    }
}

#[test]
fn scores_are_compared_in_single_precision_unless_asked() {
    let mut judgements = Judgements::default();
    judgements.insert("q", "a", 1).unwrap();
    let mut run = Run::new("t");
    let documents = vec![RankedDocument::new("a", 1.0 + 1e-12), RankedDocument::new("b", 1.0)];
    run.insert("q", documents).unwrap();
    let measures = ["RR".parse().unwrap()];
    let value = |options: EvaluationOptions| {
        evaluate(&judgements, &run, &measures, &options).summaries[0].over_returned.value
    };
    assert_eq!(value(EvaluationOptions::default()), 0.5);
    assert_eq!(value(EvaluationOptions::default().score_width(ScoreWidth::F64)), 1.0);
}

#[test]
fn queries_and_documents_are_counted() {
    let mut judgements = Judgements::default();
    for (query, document, grade) in
        [("q", "q", 1), ("q", "a", 0), ("r", "a", 1), ("negative", "a", -2)]
    {
        judgements.insert(query, document, grade).unwrap();
    }
    let mut run = Run::new("t");
    let documents = |ids: &[&str]| ids.iter().map(|id| RankedDocument::new(*id, 1.0)).collect();
    run.insert("q", documents(&["q", "a", "b"])).unwrap();
    run.insert("unknown", documents(&["a"])).unwrap();
    run.insert("negative", documents(&["a"])).unwrap();
    // Grades that are all negative make trec_eval read outside its memory; here every measure is 0.
    let names = ["nDCG", "nDCG@5", "AP", "RR", "R@5", "P@5", "Rprec", "Bpref", "Success@5"];
    let measures = names.map(|name| name.parse().unwrap());
    let found = evaluate(&judgements, &run, &measures, &EvaluationOptions::default());
    assert_eq!((found.evaluated, found.missing, found.unjudged), (2, 1, 1));
    assert_eq!(found.judged_documents, (3, 4));
    for summary in &found.summaries {
        assert_eq!(summary.per_query["negative"], 0.0);
    }
    // Only the query's own document was relevant.
    let options = EvaluationOptions::default().ignore_identical_ids(true);
    let found = evaluate(&judgements, &run, &measures, &options);
    assert_eq!(found.summaries[2].per_query["q"], 0.0);
    assert_eq!(found.judged_documents, (2, 3));
}
