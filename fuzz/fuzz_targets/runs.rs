//! Arbitrary bytes as a TREC run and as judgements; what is accepted is measured, written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::eval::measures::{
    EvaluationOptions, JudgementFormat, Measure, evaluate, read_judgements, read_run, write_run,
};

fuzz_target!(|bytes: &[u8]| {
    let half = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len() / 2);
    let (run, judgements) = bytes.split_at(half);
    let formats = [JudgementFormat::Trec, JudgementFormat::Beir, JudgementFormat::JsonLines];
    for format in formats.map(Some).into_iter().chain([None]) {
        let _ = read_judgements(bytes, "bytes", format);
    }
    let Ok(run) = read_run(run, "run") else { return };
    let mut written = Vec::new();
    write_run(&mut written, &run).expect("a run that was read can be written");
    let again = read_run(written.as_slice(), "again").expect("and read again");
    assert!(again.queries().eq(run.queries()));
    let judgements = judgements.strip_prefix(b"\0").unwrap_or(judgements);
    let Ok(judgements) = read_judgements(judgements, "judgements", None) else { return };
    let measures: Vec<Measure> =
        ["nDCG", "nDCG@10", "AP", "RR", "R@5", "P@3", "Rprec", "Bpref", "Judged@2", "Success@1"]
            .iter()
            .map(|name| name.parse().expect("a measure"))
            .collect();
    let found = evaluate(&judgements, &run, &measures, &EvaluationOptions::default());
    for summary in found.summaries {
        for value in summary.per_query.values().chain([&summary.over_judged.value]) {
            assert!((0.0..=1.0 + 1e-9).contains(value), "{} is {value}", summary.measure);
        }
    }
});
