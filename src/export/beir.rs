//! Documents, queries and judgements as BEIR lays them out; `medvec eval` and BEIR's own loader read them.
//!
//! ```text
//! corpus.jsonl      {"_id": "17", "title": "...", "text": "...", "metadata": {"rating": 4}}
//! queries.jsonl     {"_id": "q1", "text": "..."}
//! qrels/test.tsv    query-id <tab> corpus-id <tab> score
//! ```
//!
//! `text` is the abstract, or another one where there is none, its sections joined; `metadata` are the free fields.
//! Nothing else of a document has a place: JSON lines hold all of it. Each function writes to any writer; the
//! files of a folder are [`FILES`].
//!
//! Source: beir-cellar/beir, `beir/datasets/data_loader.py` and its wiki, "Load your custom dataset".

use std::io::{self, Write};

use serde_json::json;

use super::json;
use super::triples::cell;
use crate::document::Document;
use crate::eval::measures::Judgements;
use crate::ingest::id_text;
use crate::ingest::jsonl::fields;

/// Documents, queries and judgements, in a folder.
pub const FILES: [&str; 3] = ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"];

/// Writes a line of `corpus.jsonl`.
///
/// # Errors
/// Those of the writer; [`io::ErrorKind::InvalidData`] for a key that is not read back from a string.
pub fn document(out: &mut dyn Write, document: &Document) -> io::Result<()> {
    let id = id_text(&document.key).ok_or_else(|| {
        let key = document.key.to_string();
        invalid(format!(
            "the key {key:?} would be read as another one: BEIR's ids are strings; write JSON lines"
        ))
    })?;
    json::write_line(
        out,
        &json!({
            "_id": id,
            "title": document.display_title(),
            "text": document.display_abstract(),
            "metadata": fields(document),
        }),
    )
}

/// Writes a line of `queries.jsonl`.
///
/// # Errors
/// Those of the writer.
pub fn query(out: &mut dyn Write, id: &str, text: &str) -> io::Result<()> {
    json::write_line(out, &json!({"_id": id, "text": text}))
}

/// Writes `qrels/test.tsv`. How many judgements there are.
///
/// # Errors
/// Those of the writer; [`io::ErrorKind::InvalidData`] for an id that a table cannot hold.
pub fn judgements(out: &mut dyn Write, grades: &Judgements) -> io::Result<u64> {
    writeln!(out, "query-id\tcorpus-id\tscore")?;
    let mut written = 0;
    for (query, documents) in grades.queries() {
        let query = unquoted(query)?;
        for (document, grade) in documents {
            writeln!(out, "{query}\t{}\t{grade}", unquoted(document)?)?;
            written += 1;
        }
    }
    Ok(written)
}

/// An id as a cell of a table whose readers take quotation marks away.
fn unquoted(id: &str) -> io::Result<&str> {
    match id.starts_with('"') {
        true => Err(invalid(format!(
            "the id {id:?} begins with a quotation mark, which BEIR's tables drop"
        ))),
        false => cell(id),
    }
}

fn invalid(detail: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::AbstractSection;
    use crate::ids::Key;

    #[test]
    fn a_line_is_one_line_with_every_break_in_it() {
        let mut one = Document::new(Key::pmid(17));
        one.title = "Tabs\tand \u{2028}breaks\n".into();
        let section = |label: &str, text: &str| AbstractSection {
            label: label.into(),
            text: text.into(),
            ..AbstractSection::default()
        };
        one.abstract_sections = vec![section("", "a\tb\r\nc")];
        let mut out = Vec::new();
        document(&mut out, &one).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"_id\":\"17\",\"title\":\"Tabs\\tand \\u2028breaks\\n\",\"text\":\"a\\tb\\r\\nc\",\"metadata\":{}}\n"
        );
    }

    #[test]
    fn ids_that_would_be_others_are_refused() {
        for key in ["17", " a", "'a'", "PMID: 4"] {
            let error =
                document(&mut Vec::new(), &Document::new(Key::Text(key.into()))).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{key}");
            assert!(error.to_string().contains(&format!("{key:?}")), "{error}");
        }
        let grades = |document: &str| {
            let mut grades = Judgements::default();
            grades.insert("q", document, -1).unwrap();
            grades
        };
        for id in ["a\tb", "\"a\"", "a\nb"] {
            assert!(judgements(&mut Vec::new(), &grades(id)).is_err(), "{id}");
        }
        let mut out = Vec::new();
        assert_eq!(judgements(&mut out, &grades("a b")).unwrap(), 1);
        assert_eq!(out, b"query-id\tcorpus-id\tscore\nq\ta b\t-1\n");
    }
}
