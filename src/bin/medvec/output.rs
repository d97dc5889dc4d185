//! Search results in every output format.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::args::Format;
use crate::csv;
use crate::highlight::Terms;
use crate::render;
use crate::view::HitView;

/// What a search found.
pub(crate) struct Answer<'a> {
    /// The question, if there was one.
    pub(crate) question: Option<&'a str>,
    /// Live documents that pass the filters.
    pub(crate) matched: u64,
    /// All live documents.
    pub(crate) documents: u64,
    /// Best first.
    pub(crate) hits: &'a [HitView],
}

/// Writes an answer.
pub(crate) fn answer(
    out: &mut dyn Write,
    format: Format,
    answer: &Answer<'_>,
    columns: usize,
) -> io::Result<()> {
    match format {
        Format::Text => {
            let terms = Terms::of(answer.question.unwrap_or_default());
            render::hits(out, answer.hits, &terms, columns)
        }
        Format::Json => {
            let hits: Vec<Value> = answer.hits.iter().map(hit_json).collect();
            let whole = json!({
                "query": answer.question,
                "documents": answer.documents,
                "matched": answer.matched,
                "hits": hits,
            });
            json_value(out, &whole)
        }
        Format::Jsonl => answer.hits.iter().try_for_each(|hit| json_line(out, &hit_json(hit))),
        Format::Csv => hits_csv(out, answer.hits),
        Format::Pmids => answer.hits.iter().try_for_each(|hit| writeln!(out, "{}", hit.key)),
    }
}

fn hit_json(hit: &HitView) -> Value {
    json!({
        "rank": hit.rank,
        "key": hit.key,
        "pmid": if hit.is_pmid { hit.key.parse::<u32>().ok() } else { None },
        "id": if hit.is_pmid { None } else { Some(&hit.key) },
        "score": hit.score.map(rounded),
        "title": hit.title,
        "journal": hit.journal,
        "year": hit.year,
        "sentence": hit.sentence,
    })
}

/// A score with the digits that mean something.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1e6).round() / 1e6
}

fn hits_csv(out: &mut dyn Write, hits: &[HitView]) -> io::Result<()> {
    csv::record(out, &["rank", "key", "score", "year", "journal", "title", "sentence"])?;
    for hit in hits {
        let score = hit.score.map_or_else(String::new, |score| rounded(score).to_string());
        let sentence = hit.sentence.as_deref().unwrap_or_default();
        let rank = hit.rank.to_string();
        csv::record(
            out,
            &[&rank, &hit.key, &score, &hit.year, &hit.journal, &hit.title, sentence],
        )?;
    }
    Ok(())
}

/// Writes one value over several lines.
pub(crate) fn json_value(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// Writes one value on one line.
pub(crate) fn json_line(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use medvec::{Document, Key};

    fn written(format: Format, hits: &[HitView]) -> String {
        let whole = Answer { question: Some("q"), matched: 5, documents: 9, hits };
        let mut out = Vec::new();
        answer(&mut out, format, &whole, 80).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn two_hits() -> Vec<HitView> {
        let mut first = HitView::new(1, Some(0.5), &Document::new(Key::pmid(12)));
        first.title = "A, \"B\"".into();
        vec![first, HitView::new(2, None, &Document::new(Key::Text("x".into())))]
    }

    #[test]
    fn json_has_stable_names() {
        let value: Value = serde_json::from_str(&written(Format::Json, &two_hits())).unwrap();
        assert_eq!(value["matched"], 5);
        assert_eq!(value["hits"][0]["pmid"], 12);
        assert_eq!(value["hits"][0]["score"], 0.5);
        assert_eq!(value["hits"][1]["key"], "x");
        assert_eq!(value["hits"][1]["pmid"], Value::Null);
    }

    #[test]
    fn jsonl_is_one_value_a_line() {
        let text = written(Format::Jsonl, &two_hits());
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["rank"], 2);
    }

    #[test]
    fn csv_quotes_and_pmids_are_bare() {
        let csv = written(Format::Csv, &two_hits());
        assert_eq!(csv.lines().nth(1), Some("1,12,0.5,,,\"A, \"\"B\"\"\","));
        assert_eq!(written(Format::Pmids, &two_hits()), "12\nx\n");
    }
}
