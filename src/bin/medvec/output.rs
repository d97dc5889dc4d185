//! Search results in every output format.

use std::io::{self, Write};

use medvec::search::Note;
use serde_json::{Value, json};

use crate::args::Format;
use crate::csv::{self, Cell};
use crate::highlight::Terms;
use crate::keys;
use crate::render;
use crate::terminal::{Output, is_harmful};
use crate::view::HitView;

/// What a search found.
pub(crate) struct Answer<'a> {
    /// The question, if there was one.
    pub(crate) question: Option<&'a str>,
    /// Live documents that pass the filters.
    pub(crate) matched: u64,
    /// All live documents.
    pub(crate) documents: u64,
    /// Documents that the filters leave out only because they have no date.
    pub(crate) undated: u64,
    /// What the hits do not show.
    pub(crate) remarks: &'a [Remark],
    /// Best first.
    pub(crate) hits: &'a [HitView],
}

/// Something about an answer that its hits do not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    /// A name that never changes, for programs.
    pub(crate) code: &'static str,
    /// A sentence for people.
    pub(crate) text: String,
}

impl Remark {
    /// A remark of a kind.
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Remark {
        Remark { code, text: text.into() }
    }
}

impl From<&Note> for Remark {
    fn from(note: &Note) -> Remark {
        Remark::new(note.code(), note.to_string())
    }
}

/// Writes an answer.
pub(crate) fn answer(
    out: &mut Output,
    format: Format,
    answer: &Answer<'_>,
    columns: usize,
) -> io::Result<()> {
    if format == Format::Text {
        let terms = Terms::of(answer.question.unwrap_or_default());
        return render::hits(out, answer.hits, &terms, columns);
    }
    for_programs(&mut out.machine(), format, answer)
}

/// Writes an answer in any format but text.
fn for_programs(out: &mut dyn Write, format: Format, answer: &Answer<'_>) -> io::Result<()> {
    match format {
        Format::Text | Format::Json => {
            let hits: Vec<Value> = answer.hits.iter().map(hit_json).collect();
            let notes = answer.remarks.iter();
            let notes: Vec<Value> =
                notes.map(|note| json!({"code": note.code, "text": note.text})).collect();
            let whole = json!({
                "query": answer.question,
                "documents": answer.documents,
                "matched": answer.matched,
                "undated": answer.undated,
                "notes": notes,
                "hits": hits,
            });
            json_value(out, &whole)
        }
        Format::Jsonl => answer.hits.iter().try_for_each(|hit| json_line(out, &hit_json(hit))),
        Format::Csv => hits_csv(out, answer.hits),
        Format::Pmids => {
            answer.hits.iter().try_for_each(|hit| writeln!(out, "{}", keys::line(&hit.key)))
        }
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
    csv::header(out, &["rank", "key", "score", "year", "journal", "title", "sentence"])?;
    for hit in hits {
        let score = hit.score.map_or_else(String::new, |score| rounded(score).to_string());
        let sentence = hit.sentence.as_deref().unwrap_or_default();
        let rank = hit.rank.to_string();
        csv::record(
            out,
            &[
                Cell::Number(&rank),
                Cell::Text(&hit.key),
                Cell::Number(&score),
                Cell::Text(&hit.year),
                Cell::Text(&hit.journal),
                Cell::Text(&hit.title),
                Cell::Text(sentence),
            ],
        )?;
    }
    Ok(())
}

/// Writes one value over several lines.
pub(crate) fn json_value(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{}", escaped(serde_json::to_string_pretty(value)?))
}

/// Writes one value on one line.
pub(crate) fn json_line(out: &mut dyn Write, value: &Value) -> io::Result<()> {
    writeln!(out, "{}", escaped(serde_json::to_string(value)?))
}

/// JSON in which characters that a terminal might obey are escaped. JSON allows most of them as they
/// are, in strings only, so the value is the same.
pub(crate) fn escaped(json: String) -> String {
    if !json.contains(is_harmful) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        match is_harmful(c) {
            true => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use medvec::{Document, Key};

    fn written(format: Format, hits: &[HitView]) -> String {
        let remarks = &[Remark::from(&Note::Undated { documents: 2 })];
        let question = Some("q");
        let whole = Answer { question, matched: 5, documents: 9, undated: 2, remarks, hits };
        let mut out = Vec::new();
        for_programs(&mut out, format, &whole).unwrap();
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
        assert_eq!((&value["matched"], &value["undated"]), (&json!(5), &json!(2)));
        assert_eq!(value["notes"][0]["code"], "undated");
        assert_eq!(value["hits"][0]["pmid"], 12);
        assert_eq!(value["hits"][0]["score"], 0.5);
        assert_eq!(value["hits"][1]["key"], "x");
        assert_eq!(value["hits"][1]["pmid"], Value::Null);
    }

    #[test]
    fn json_escapes_what_a_terminal_obeys_and_stays_the_same_value() {
        let mut hit = two_hits().remove(0);
        hit.title = "a\u{1b}[31m\u{9b}1m\u{7f}\u{202e}\u{2066}\u{2028}\u{e9}\n".into();
        let text = written(Format::Json, &[hit.clone()]);
        assert!(!text.contains(is_harmful), "{text:?}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["hits"][0]["title"], hit.title);
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
