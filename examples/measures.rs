//! Prints measures of a run as JSON, for `benches/compare/check_measures.py` and `check_statistics.py`.
//!
//! ```text
//! measures evaluate QRELS RUN MEASURE... [--ignore-identical-ids]      of files
//! measures statistics                                                 of {"first": [], "second": []} lines
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};

use medvec::eval::measures::{
    EvaluationOptions, Measure, evaluate, read_judgements, read_run, write_run,
};
use medvec::eval::pairs::{pearson, spearman};
use medvec::eval::significance::{
    BootstrapOptions, RandomizationOptions, bootstrap_difference, holm, randomization_test,
};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("evaluate") => print_measures(arguments),
        Some("statistics") => print_statistics(),
        _ => Err("expected `evaluate` or `statistics`".into()),
    }
}

fn print_measures(mut arguments: impl Iterator<Item = String>) -> Result<(), Box<dyn Error>> {
    let mut file = || arguments.next().ok_or("expected QRELS RUN MEASURE...");
    let (judgements, run) = (file()?, file()?);
    let mut options = EvaluationOptions::default();
    let mut measures: Vec<Measure> = Vec::new();
    for argument in arguments {
        if argument == "--ignore-identical-ids" {
            options.ignore_identical_ids = true;
        } else {
            measures.push(argument.parse()?);
        }
    }
    let judgements = read_judgements(BufReader::new(File::open(&judgements)?), &judgements, None)?;
    let run = read_run(BufReader::new(File::open(&run)?), &run)?;
    // What is written is what was read.
    let mut written = Vec::new();
    write_run(&mut written, &run)?;
    assert_eq!(read_run(written.as_slice(), "written")?, run, "a run does not come back");

    let found = evaluate(&judgements, &run, &measures, &options);
    let mut output = Map::new();
    for summary in found.summaries {
        let (returned, judged) = (summary.over_returned, summary.over_judged);
        let value = json!({
            "per_query": summary.per_query,
            "over_returned": [returned.value, returned.queries],
            "over_judged": [judged.value, judged.queries],
        });
        output.insert(summary.measure.to_string(), value);
    }
    println!("{}", Value::Object(output));
    Ok(())
}

fn print_statistics() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let case: Value = serde_json::from_str(&line?)?;
        let side = |name: &str| -> Vec<f64> {
            let values = case.get(name).and_then(Value::as_array);
            values.into_iter().flatten().filter_map(Value::as_f64).collect()
        };
        let (first, second) = (side("first"), side("second"));
        let test = randomization_test(&first, &second, RandomizationOptions::default())?;
        let interval = bootstrap_difference(&first, &second, BootstrapOptions::default())?;
        let output = json!({
            "pearson": pearson(&first, &second).ok(),
            "spearman": spearman(&first, &second).ok(),
            "p_value": test.p_value,
            "is_exact": test.is_exact,
            "difference": test.difference,
            "low": interval.low,
            "high": interval.high,
            "holm": holm(&side("p_values"))?,
        });
        println!("{output}");
    }
    Ok(())
}
