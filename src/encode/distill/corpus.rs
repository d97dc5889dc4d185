//! The texts to learn from: a seeded sample of a JSON-lines file, and its sentences.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use super::random::Reservoir;
use crate::error::{Error, Result};
use crate::limits::DOCUMENT_BYTES_MAX;

/// Documents kept in memory, about 2 GB of abstracts: more than a table of token vectors can hold.
const DOCUMENTS_MAX: usize = 1_000_000;
/// Bytes of the shortest sentence worth learning from.
const SENTENCE_BYTES_MIN: usize = 20;
/// Bytes of the longest: the teacher would cut it anyway.
const SENTENCE_BYTES_MAX: usize = 2_000;

/// Title and abstract; either may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) body: String,
}

/// Reads a corpus: one JSON object a line with `title`, and `abstract` or `text`; plain, `.gz` or
/// `.zst`. Lines without either are passed over.
///
/// # Errors
/// [`Error::Io`], and [`Error::Input`] for a line that is not a JSON object, one that is too long,
/// or a corpus without any text.
pub(super) fn read(path: &Path, seed: u64) -> Result<Vec<Text>> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| Error::io("open", &name, source))?;
    let reader: Box<dyn Read> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(
            zstd::Decoder::new(file).map_err(|source| Error::io("decompress", &name, source))?,
        ),
        _ => Box::new(file),
    };
    let mut reader = BufReader::with_capacity(1 << 20, reader);
    let mut kept = Reservoir::new(DOCUMENTS_MAX, seed);
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let bad = |detail: String| Error::Input {
            file: name.clone(),
            place: format!("line {number}"),
            detail,
        };
        let read = (&mut reader)
            .take(DOCUMENT_BYTES_MAX as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|source| Error::io("read", &name, source))?;
        if read == 0 {
            break;
        }
        if read > DOCUMENT_BYTES_MAX {
            return Err(bad(format!("longer than {DOCUMENT_BYTES_MAX} bytes")));
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_slice(&line).map_err(|e| bad(e.to_string()))?;
        if !value.is_object() {
            return Err(bad("expected a JSON object".to_owned()));
        }
        let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
        let body = if field("abstract").is_empty() { field("text") } else { field("abstract") };
        let text = Text { title: field("title").to_owned(), body: body.to_owned() };
        if !text.title.is_empty() || !text.body.is_empty() {
            kept.push(text);
        }
    }
    if kept.items.is_empty() {
        return Err(Error::Input {
            file: name,
            place: "whole file".to_owned(),
            detail: "no line has a title, an abstract or a text".to_owned(),
        });
    }
    Ok(kept.items)
}

/// A seeded sample of at most `max` titles and sentences.
pub(super) fn passages(texts: &[Text], max: usize, seed: u64) -> Vec<String> {
    let mut kept = Reservoir::new(max, seed);
    for text in texts {
        let parts = std::iter::once(text.title.as_str()).chain(sentences(&text.body));
        for part in parts {
            if (SENTENCE_BYTES_MIN..=SENTENCE_BYTES_MAX).contains(&part.len()) {
                kept.push(part.to_owned());
            }
        }
    }
    kept.items
}

/// Cuts after `.`, `?` or `!` where blanks and an upper-case letter or a digit follow. An
/// abbreviation is cut now and then, which does no harm here.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .match_indices(['.', '?', '!'])
            .map(|(at, mark)| at + mark.len())
            .find(|&end| {
                let after = rest.get(end..).unwrap_or_default();
                let next = after.trim_start().chars().next();
                after.starts_with(char::is_whitespace)
                    && next.is_some_and(|c| c.is_uppercase() || c.is_ascii_digit())
            })
            .unwrap_or(rest.len());
        let (sentence, after) = rest.split_at(end);
        rest = after.trim_start();
        Some(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn sentences_end_before_a_capital_or_a_digit() {
        let text = " Aim: p < 0.05 was set. 12 of 20 (e.g. mice) lived! Ünder stress? yes. ";
        let found: Vec<&str> = sentences(text).collect();
        assert_eq!(
            found,
            ["Aim: p < 0.05 was set.", "12 of 20 (e.g. mice) lived!", "Ünder stress? yes."]
        );
        assert_eq!(sentences("  ").count(), 0);
    }

    #[test]
    fn corpora_are_read_plain_and_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "{\"title\":\"A\",\"abstract\":\"B\"}\n\n{\"text\":\"C\"}\n{\"title\":null}\n";
        let expected = [("A", "B"), ("", "C")];
        let plain = folder.path().join("c.jsonl");
        std::fs::write(&plain, lines).unwrap();
        let packed = folder.path().join("c.jsonl.zst");
        std::fs::write(&packed, zstd::encode_all(lines.as_bytes(), 1).unwrap()).unwrap();
        let zipped = folder.path().join("c.jsonl.gz");
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(lines.as_bytes()).unwrap();
        std::fs::write(&zipped, gz.finish().unwrap()).unwrap();
        for path in [plain, packed, zipped] {
            let texts = read(&path, 1).unwrap();
            let found: Vec<_> = texts.iter().map(|t| (t.title.as_str(), t.body.as_str())).collect();
            assert_eq!(found, expected, "{}", path.display());
        }
    }

    #[test]
    fn bad_lines_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.jsonl");
        for (lines, reason) in [
            ("{\"title\":\"A\"}\n{", "line 2"),
            ("[]\n", "expected a JSON object"),
            ("\n", "no line has"),
        ] {
            std::fs::write(&path, lines).unwrap();
            let error = read(&path, 1).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
