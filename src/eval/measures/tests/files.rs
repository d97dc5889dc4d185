use proptest::prelude::*;

use super::super::{
    JudgementFormat, Judgements, RankedDocument, Run, read_judgements, read_run, write_run,
};
use crate::eval::input::{InputError, InputRule, LINE_BYTES_MAX};

fn run(text: &str) -> Result<Run, InputError> {
    read_run(text.as_bytes(), "run.txt")
}

fn qrels(text: &str) -> Result<Judgements, InputError> {
    read_judgements(text.as_bytes(), "qrels", None)
}

/// Line and detail.
fn refused<T: std::fmt::Debug>(found: Result<T, InputError>) -> (u64, String) {
    let error = found.unwrap_err();
    let line = error.place.strip_prefix("line ").and_then(|line| line.parse().ok());
    (line.expect("a line"), error.detail)
}

fn with_rule(detail: impl std::fmt::Display, rule: InputRule) -> String {
    format!("{detail} (rule: {})", rule.name())
}

fn listed(run: &Run, query: &str) -> Vec<(String, f64)> {
    let documents = run.query(query).unwrap();
    documents.iter().map(|ranked| (ranked.document.clone(), ranked.score)).collect()
}

#[test]
fn a_run_is_read_in_any_layout_and_order() {
    let found =
        run("\u{feff}q2 Q0 a 9 0.5 tag\r\n\n  q1\tQ0\tb  1 -1e3 other \nq2 x c 1 0.5 t").unwrap();
    assert_eq!((found.tag(), found.len()), ("tag", 2));
    assert_eq!(listed(&found, "q1"), [("b".to_owned(), -1000.0)]);
    // By score, then by id, descending: the ranks do not count.
    assert_eq!(listed(&found, "q2"), [("c".to_owned(), 0.5), ("a".to_owned(), 0.5)]);
    assert!(run("").unwrap().is_empty());
    assert!(run("\n \n").unwrap().is_empty());
}

#[test]
fn a_bad_run_is_refused_with_its_line() {
    let columns = "expected 6 columns (query, Q0, document, rank, score, tag), found";
    for (line, rule, detail) in [
        ("q Q0 d 1 1.0", InputRule::Columns, format!("{columns} 5")),
        ("q Q0 d 1 1.0 t x", InputRule::Columns, format!("{columns} 7")),
        ("q Q0 d 1 NaN t", InputRule::Score, "the score `NaN` is not finite".into()),
        ("q Q0 d 1 -inf t", InputRule::Score, "the score `-inf` is not finite".into()),
        ("q Q0 d 1 1e999 t", InputRule::Score, "the score `1e999` is not finite".into()),
        ("q Q0 d 1 0,5 t", InputRule::Score, "the score `0,5` is not a number".into()),
        (
            "r Q0 e 1 2 t",
            InputRule::DuplicateDocument,
            "document `e` is listed twice for query `r`".into(),
        ),
    ] {
        let text = format!("r Q0 e 1 1.0 t\n\n{line}\nr Q0 f 1 1.0 t\n");
        assert_eq!(refused(run(&text)), (3, with_rule(detail, rule)));
    }
    let text = format!("q Q0 {} 1 1.0 t", "d".repeat(LINE_BYTES_MAX));
    assert!(refused(run(&text)).1.starts_with("the line has more than"));
    assert!(refused(run("\n\u{fe}")).1.contains("expected 6 columns"));
    let bytes = read_run(&b"q Q0 d 1 1 t\n\xff\n"[..], "f");
    assert_eq!(refused(bytes), (2, "the line is not UTF-8 (byte 1)".to_owned()));
    let shown = run("q Q0 d 1 x t").unwrap_err().to_string();
    assert_eq!(shown, "run.txt, line 1: the score `x` is not a number (rule: score)");
}

#[test]
fn a_run_in_memory_follows_the_same_rules() {
    let document = |id: &str, score: f64| RankedDocument::new(id, score);
    let mut run = Run::new("t");
    let mut rule = |query: &str, documents: Vec<RankedDocument>| {
        run.insert(query, documents).err().map(|violation| violation.rule)
    };
    assert_eq!(rule("", vec![]), Some(InputRule::Id));
    assert_eq!(rule("q", vec![document("", 1.0)]), Some(InputRule::Id));
    assert_eq!(rule("q", vec![document("a", f64::NAN)]), Some(InputRule::Score));
    let twice = vec![document("a", 1.0), document("a", 1.0)];
    assert_eq!(rule("q", twice), Some(InputRule::DuplicateDocument));
    assert_eq!(rule("q", vec![]), None);
}

#[test]
fn runs_are_written_by_rank_with_every_digit() {
    let mut run = Run::new("medvec");
    let scores = [("a", f64::from(0.1f32)), ("b", 1e-300), ("c", 12.0), ("d", 1e300)];
    run.insert("q", scores.map(|(id, score)| RankedDocument::new(id, score)).into()).unwrap();
    let mut out = Vec::new();
    write_run(&mut out, &run).unwrap();
    let expected = "q Q0 d 1 1e300 medvec\nq Q0 c 2 12 medvec\n\
                    q Q0 a 3 0.10000000149011612 medvec\nq Q0 b 4 1e-300 medvec\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn ids_that_would_split_a_line_are_not_written() {
    for (tag, query, document) in [
        ("", "q", "d"),
        ("a b", "q", "d"),
        ("t", "q\t1", "d"),
        ("t", "q", "a\nb"),
        ("t", "\u{feff}q", "d"),
    ] {
        let mut run = Run::new(tag);
        run.insert(query, vec![RankedDocument::new(document, 1.0)]).unwrap();
        let error = write_run(&mut Vec::new(), &run).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
}

#[test]
fn judgements_are_read_in_three_formats() {
    let mut expected = Judgements::default();
    for (query, document, grade) in [("q1", "a", 1), ("q1", "b", -1), ("q2", "a", 0)] {
        expected.insert(query, document, grade).unwrap();
    }
    for text in [
        "q1 0 a 1\nq1 Q0 b -1\nq2 0 a 0\nq2 0 a 0\n",
        "\u{feff}q2\t0\ta\t0\r\nq1\t0\tb\t-1\r\n\r\nq1  0  a  1",
        "query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\tb\t-1.0\nq2\ta\t0\n",
        "q1\ta\t1\nq1\tb\t-1\nq2\ta\t0",
        concat!(
            "{\"query-id\":\"q1\",\"corpus-id\":\"a\",\"score\":1.0}\n",
            "{\"corpus-id\":\"b\",\"query-id\":\"q1\",\"score\":-1,\"x\":[]}\n\n",
            " {\"query-id\":\"q2\",\"corpus-id\":\"a\",\"score\":0}",
        ),
    ] {
        assert_eq!(qrels(text).unwrap(), expected, "{text}");
    }
    assert!(qrels("").unwrap().is_empty());
    // Ids of TREC may look like headings, those of BEIR hold blanks, those of JSON may be numbers.
    assert_eq!(qrels("query 0 a 1").unwrap().len(), 1);
    assert_eq!(qrels("q 1\ta b\t1").unwrap().query("q 1").unwrap()["a b"], 1);
    let numbers = qrels("{\"query-id\":7,\"corpus-id\":-8,\"score\":2}").unwrap();
    assert_eq!(numbers.query("7").unwrap()["-8"], 2);
}

#[test]
fn bad_judgements_are_refused_with_their_line() {
    for (text, line, rule) in [
        ("q 0 d", 1, InputRule::Columns),
        ("q 0 d 1 x", 1, InputRule::Columns),
        ("q 0 d 1.5", 1, InputRule::Grade),
        ("q 0 d 1\nq 0 d x", 2, InputRule::Grade),
        ("q 0 d 99999999999999999999", 1, InputRule::Grade),
        ("q 0 d inf", 1, InputRule::Grade),
        ("q 0 d 1\n\nq 0 d 2", 3, InputRule::ConflictingGrade),
        ("q\td\tx", 1, InputRule::Grade),
        ("q\td\t1\nquery-id\tcorpus-id\tscore", 2, InputRule::Grade),
        ("q\t\t1", 1, InputRule::Id),
        ("\td\t1", 1, InputRule::Id),
        ("q\td\t1\nq\td", 2, InputRule::Columns),
        ("q\td\t1\nq d 1", 2, InputRule::Columns),
        ("{\"query-id\":\"q\"", 1, InputRule::Json),
        ("{\"query-id\":\"q\",\"corpus-id\":\"d\"}", 1, InputRule::Json),
        ("{\"query-id\":\"q\",\"corpus-id\":[],\"score\":1}", 1, InputRule::Json),
        ("{\"query-id\":\"q\",\"corpus-id\":\"\",\"score\":1}", 1, InputRule::Json),
        ("{\"query-id\":\"q\",\"corpus-id\":\"d\",\"score\":\"x\"}", 1, InputRule::Grade),
        ("{\"query-id\":\"q\",\"corpus-id\":\"d\",\"score\":0.5}", 1, InputRule::Grade),
    ] {
        let (found, detail) = refused(qrels(text));
        assert_eq!(found, line, "{text}");
        assert!(detail.ends_with(&with_rule("", rule)), "{detail}");
    }
    let detail = "document `d` has grade 2 for query `q`, and grade 1 before";
    let detail = with_rule(detail, InputRule::ConflictingGrade);
    assert_eq!(refused(qrels("q 0 d 1\nq 0 d 2")).1, detail);
    let known = Some(JudgementFormat::Beir);
    let found = read_judgements("q 0 d 1".as_bytes(), "f", known);
    assert!(refused(found).1.ends_with("(rule: columns)"));
}

fn id() -> impl Strategy<Value = String> {
    "[!-~éΩ]{1,6}"
}

proptest! {
    #[test]
    fn a_written_run_comes_back(
        rankings in prop::collection::btree_map(
            id(),
            prop::collection::btree_map(id(), prop_oneof![
                prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
                any::<f32>().prop_filter("finite", |score| score.is_finite()).prop_map(f64::from),
            ], 1..8),
            0..5,
        )
    ) {
        let mut run = Run::new(if rankings.is_empty() { "" } else { "t" });
        for (query, documents) in rankings {
            let documents = documents.into_iter().map(|(id, score)| RankedDocument::new(id, score));
            run.insert(query, documents.collect()).unwrap();
        }
        let mut out = Vec::new();
        write_run(&mut out, &run).unwrap();
        let found = read_run(out.as_slice(), "f").unwrap();
        prop_assert_eq!(&found, &run);
        for (query, documents) in run.queries() {
            for (a, b) in documents.iter().zip(found.query(query).unwrap()) {
                prop_assert_eq!(a.score.to_bits(), b.score.to_bits());
            }
        }
    }

    #[test]
    fn no_bytes_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        near in "([q{\"]{1,2}[ \t][0d}:]{1,2}[ \t\n]?[-0-9.ena]{0,3}[ \t\n\r]){0,9}",
    ) {
        for bytes in [bytes.as_slice(), near.as_bytes()] {
            let _ = read_run(bytes, "f");
            for format in [
                None,
                Some(JudgementFormat::Trec),
                Some(JudgementFormat::Beir),
                Some(JudgementFormat::JsonLines),
            ] {
                let _ = read_judgements(bytes, "f", format);
            }
        }
    }
}
