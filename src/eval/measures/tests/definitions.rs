//! The measures against a plain, slow reading of their definitions.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{EvaluationOptions, Judgements, Measure, RankedDocument, Run, evaluate};

const NAMES: [&str; 14] = [
    "nDCG",
    "nDCG@3",
    "AP",
    "AP(rel=2)@4",
    "RR",
    "RR(rel=2)@2",
    "R@3",
    "P@3",
    "Rprec",
    "Bpref",
    "Judged@4",
    "Success@2",
    "SetP",
    "SetR(rel=2)",
];

/// The value of a measure by its definition, from grades in the order of ranks (`None`: unjudged) and all grades.
fn plain(name: &str, ranked: &[Option<i64>], judged: &[i64]) -> f64 {
    let measure: Measure = name.parse().unwrap();
    let level = measure.level();
    let k = measure.cutoff().map_or(ranked.len(), |k| k.get() as usize);
    let is_relevant =
        |rank: usize| ranked.get(rank - 1).copied().flatten().is_some_and(|grade| grade >= level);
    let relevant = judged.iter().filter(|grade| **grade >= level).count() as f64;
    let found = |k: usize| (1..=k).filter(|rank| is_relevant(*rank)).count() as f64;
    let zero_if_nan = |value: f64| if value.is_nan() { 0.0 } else { value };
    let base = name.split(['@', '(']).next().unwrap();
    zero_if_nan(match base {
        "nDCG" => {
            // Järvelin and Kekäläinen (2002), with the discount of Burges et al. (2005).
            let gain = |grade: i64, rank: usize| grade.max(0) as f64 / (rank as f64 + 1.0).log2();
            let sum = |grades: Vec<i64>| -> f64 {
                grades.into_iter().enumerate().map(|(i, grade)| gain(grade, i + 1)).sum()
            };
            let mut ideal = judged.to_vec();
            ideal.sort_by_key(|grade| -grade);
            let k = measure.cutoff().map_or(usize::MAX, |k| k.get() as usize);
            ideal.truncate(k);
            sum(ranked.iter().take(k).map(|grade| grade.unwrap_or(0)).collect()) / sum(ideal)
        }
        "AP" => {
            let at = (1..=k).filter(|rank| is_relevant(*rank));
            at.map(|rank| found(rank) / rank as f64).sum::<f64>() / relevant
        }
        "RR" => (1..=k).find(|rank| is_relevant(*rank)).map_or(0.0, |rank| 1.0 / rank as f64),
        "R" => found(k) / relevant,
        "SetR" => found(ranked.len()) / relevant,
        "P" => found(k) / k as f64,
        "SetP" => found(ranked.len()) / ranked.len() as f64,
        "Rprec" => found(relevant as usize) / relevant,
        "Judged" => {
            let head = &ranked[..k.min(ranked.len())];
            head.iter().filter(|grade| grade.is_some()).count() as f64 / head.len() as f64
        }
        "Success" => f64::from(found(k) > 0.0),
        "Bpref" => {
            // Buckley and Voorhees (2004), with the bounds of trec_eval's bpref_bug note.
            let nonrelevant =
                judged.iter().filter(|grade| (0..level).contains(*grade)).count() as f64;
            let mut sum = 0.0;
            for rank in (1..=ranked.len()).filter(|rank| is_relevant(*rank)) {
                let above = ranked[..rank - 1].iter().flatten();
                let above = above.filter(|grade| (0..level).contains(*grade)).count() as f64;
                sum += 1.0 - zero_if_nan(above.min(relevant) / nonrelevant.min(relevant));
            }
            sum / relevant
        }
        _ => panic!("{base} has no plain definition"),
    })
}

proptest! {
    #[test]
    fn values_are_those_of_the_definitions(
        // Of each document: the score if it is returned, the grade if it is judged.
        documents in prop::collection::btree_map(
            "[a-cA-C0-9]{1,2}",
            (prop::option::weighted(0.8, -3i32..3), prop::option::weighted(0.6, -2i64..5)),
            0..14,
        )
    ) {
        let mut judgements = Judgements::default();
        judgements.insert("q", "nowhere", 0).unwrap();
        for (id, (_, grade)) in &documents {
            if let Some(grade) = grade {
                judgements.insert("q", id, *grade).unwrap();
            }
        }
        let returned = documents.iter().filter_map(|(id, (score, _))| Some((id, (*score)?)));
        let mut run = Run::new("t");
        let ranked = returned.clone().map(|(id, score)| RankedDocument::new(id, f64::from(score)));
        run.insert("q", ranked.collect()).unwrap();

        // Greatest score first and, of equal ones, the greatest id: one by one.
        let mut left: Vec<_> = returned.collect();
        let mut grades = Vec::new();
        while let Some(best) = left.iter().copied().max_by_key(|(id, score)| (*score, *id)) {
            left.retain(|other| *other != best);
            grades.push(documents[best.0].1);
        }
        let judged: Vec<i64> = judgements.query("q").unwrap().values().copied().collect();

        let measures: Vec<Measure> = NAMES.iter().map(|name| name.parse().unwrap()).collect();
        let found = evaluate(&judgements, &run, &measures, &EvaluationOptions::default());
        for (name, summary) in NAMES.iter().zip(&found.summaries) {
            let (value, expected) = (summary.per_query["q"], plain(name, &grades, &judged));
            prop_assert!((value - expected).abs() < 1e-12, "{}: {} {}", name, value, expected);
        }
    }

    #[test]
    fn the_order_of_queries_and_documents_does_not_matter(
        lines in prop::collection::btree_map((0u8..4, 0u8..9), (0i64..3, -9i32..9), 1..30), seed: u64
    ) {
        let build = |order: Vec<(&(u8, u8), &(i64, i32))>| {
            let (mut judgements, mut rankings) = (Judgements::default(), BTreeMap::<u8, Vec<_>>::new());
            for ((query, document), (grade, score)) in order {
                judgements.insert(&query.to_string(), &document.to_string(), *grade).unwrap();
                let document = RankedDocument::new(document.to_string(), f64::from(*score));
                rankings.entry(*query).or_default().push(document);
            }
            let mut run = Run::new("t");
            for (query, documents) in rankings {
                run.insert(query.to_string(), documents).unwrap();
            }
            (judgements, run)
        };
        let plain: Vec<_> = lines.iter().collect();
        let mut mixed = plain.clone();
        mixed.sort_by_key(|((query, document), _)| {
            (seed ^ (u64::from(*query) << 8 | u64::from(*document))).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        prop_assert_eq!(build(plain), build(mixed));
    }
}
