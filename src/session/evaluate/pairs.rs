//! Scores of pairs of texts, by an encoder and by people.

use std::path::Path;

use super::open::name_of;
use super::report::{EncoderReport, MeasureValue, SystemReport, TaskKind, TaskReport};
use super::settings::EvaluateSettings;
use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, call};
use crate::error::{Error, Result};
use crate::eval::collection::pairs::Pairs;
use crate::eval::measures::Run;
use crate::eval::pairs::{pearson, spearman};
use crate::kernel::cosine;
use crate::session::error::SessionResult;
use crate::session::open_encoder;

/// Pairs that are embedded in one call.
const BATCH: usize = 64;

/// Scores the pairs of a file (BIOSSES and its kin: TSV, CSV, JSON lines, Parquet) by the cosine of their vectors, as
/// stored texts, with every encoder, and compares with the file's scores. Pairs that an encoder knows no word of have
/// cosine 0.
///
/// # Errors
/// [`Error::Input`] for a file of another kind, or without two pairs that have a score; those of encoders.
pub fn evaluate_pairs(
    path: &Path,
    settings: &EvaluateSettings,
    control: &Control,
) -> SessionResult<TaskReport> {
    let mut pairs = Pairs::open(path).map_err(Error::from)?;
    let (mut texts, mut scores, mut unscored) = (Vec::new(), Vec::new(), 0);
    for pair in &mut pairs {
        let pair = pair.map_err(Error::from)?;
        match pair.score {
            Some(score) => {
                texts.extend([pair.left, pair.right]);
                scores.push(score);
            }
            None => unscored += 1,
        }
    }
    if scores.len() < 2 {
        let found = match unscored {
            0 => scores.len().to_string(),
            _ => format!("{} with a score and {unscored} without", scores.len()),
        };
        let detail =
            format!("found pairs: {found}; a correlation needs two pairs with a score at least");
        return Err(Error::input(path.display().to_string(), "whole file", detail).into());
    }
    let mut skipped: Vec<(String, u64)> =
        pairs.skipped().iter().map(|one| (one.what.to_owned(), one.count)).collect();
    if unscored > 0 {
        skipped.push(("pairs without a score".to_owned(), unscored));
    }
    let mut systems = Vec::new();
    for choice in &settings.encoders {
        let name = choice.name.as_deref().unwrap_or(crate::session::BUILTIN);
        let encoder = open_encoder(name, choice)?;
        let cosines = cosines(&*encoder, &texts, control)?;
        let refused = |error: crate::eval::significance::StatisticsError| {
            Error::input(path.display().to_string(), "whole file", error.to_string())
        };
        let values = [pearson(&cosines, &scores), spearman(&cosines, &scores)];
        let values = values.into_iter().map(|value| {
            let value = value.map_err(refused)?;
            Ok(MeasureValue { over_judged: value, over_returned: value, ..MeasureValue::default() })
        });
        let used = EncoderReport::of(encoder.spec());
        systems.push(SystemReport {
            system: used.name.clone(),
            encoder: Some(used),
            answered: scores.len(),
            asked: None,
            values: values.collect::<Result<_>>()?,
            own_values: Vec::new(),
            difference: None,
            latency: None,
            run: Run::default(),
        });
    }
    Ok(TaskReport {
        task: name_of(path),
        kind: TaskKind::Pairs,
        documents: None,
        missing: 0,
        queries: scores.len(),
        judgements: scores.len(),
        skipped,
        measures: vec!["Pearson".to_owned(), "Spearman".to_owned()],
        own_measures: Vec::new(),
        systems,
        indexes: Vec::new(),
    })
}

/// The cosine of each text with the next one, two by two.
fn cosines(encoder: &dyn Encoder, texts: &[String], control: &Control) -> Result<Vec<f64>> {
    let mut cosines = Vec::with_capacity(texts.len() / 2);
    for batch in texts.chunks(2 * BATCH) {
        control.check()?;
        let input = |text: &String| EncoderInput { title: String::new(), text: text.clone() };
        let inputs: Vec<EncoderInput> = batch.iter().map(input).collect();
        let vectors = call::documents(encoder, &inputs, control)?;
        for pair in vectors.chunks_exact(2) {
            cosines.push(match pair {
                [Some(left), Some(right)] => cosine(left, right),
                _ => 0.0,
            });
        }
        control.report("embedding", "pairs", cosines.len() as u64, texts.len() as u64 / 2);
    }
    Ok(cosines)
}
