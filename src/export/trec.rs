//! Runs as `trec_eval` and its kin read them: `topic Q0 key rank score tag`.

use std::io::{self, Write};

use serde_json::Value;

use crate::ids::Key;
use crate::ingest::distinct_id;
use crate::session::AnswerHit;

/// Writes hits as lines of a run. Judges sort by the score, so a list that has none gets the negative of its
/// ranks. White space in topics and tags would end their column and becomes `_`. Each key has another id: a JSON string
/// where a key has white space or is a text that looks like a PMID.
///
/// # Errors
/// Those of the writer.
pub fn hits(out: &mut dyn Write, topic: &str, hits: &[AnswerHit], tag: &str) -> io::Result<()> {
    let (topic, tag) = (column(topic), column(tag));
    for hit in hits {
        let score = hit.rounded_score().unwrap_or(-(hit.rank as f64));
        writeln!(out, "{topic} Q0 {} {} {score} {tag}", id(&hit.key), hit.rank)?;
    }
    Ok(())
}

fn column(text: &str) -> String {
    text.chars().map(|ch| if is_gap(ch) { '_' } else { ch }).collect()
}

fn id(key: &Key) -> String {
    match key {
        Key::Text(text) if text.contains(is_gap) => {
            let escape = |ch: char| match is_gap(ch) {
                true => format!("\\u{:04x}", u32::from(ch)),
                false => ch.to_string(),
            };
            Value::from(text.as_str()).to_string().chars().map(escape).collect()
        }
        key => distinct_id(key),
    }
}

fn is_gap(ch: char) -> bool {
    ch.is_whitespace() || ch.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    #[test]
    fn lines_have_six_columns() {
        let document = |key: &str| Document::new(Key::Text(key.into()));
        let scored = AnswerHit::new(1, Some(0.5), &document("a b"));
        let listed = AnswerHit::new(2, None, &document("c"));
        let mut out = Vec::new();
        hits(&mut out, "q 1", &[scored, listed], "medvec").unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "q_1 Q0 \"a\\u0020b\" 1 0.5 medvec\nq_1 Q0 c 2 -2 medvec\n"
        );
    }

    #[test]
    fn each_key_has_another_id() {
        let text = |text: &str| Key::Text(text.into());
        let mut keys = vec![Key::pmid(17)];
        keys.extend(
            ["17", "\"17\"", "\"\\\"17\\\"\"", "a b", "a_b", "a\tb", "\"a b\"", "a\u{2028}b"]
                .map(text),
        );
        let ids: Vec<String> = keys.iter().map(id).collect();
        assert_eq!(ids[..3], ["17", "\"17\"", "\"\\\"17\\\"\""]);
        assert_eq!(
            ids.iter().collect::<std::collections::HashSet<_>>().len(),
            keys.len(),
            "{ids:?}"
        );
        assert!(ids.iter().all(|id| !id.contains(is_gap)), "{ids:?}");
        // A quoted id is the JSON string of its key.
        for (key, id) in keys.iter().zip(&ids).filter(|(_, id)| id.starts_with('"')) {
            assert_eq!(serde_json::from_str::<String>(id).unwrap(), key.to_string());
        }
    }
}
