//! Runs as `trec_eval` and its kin read them: `topic Q0 key rank score tag`.

use std::io::{self, Write};

use crate::session::AnswerHit;

/// Writes hits as lines of a run. Judges sort by the score, so a list that has none gets the negative of its
/// ranks. White space in topics, keys and tags would end their column and becomes `_`.
///
/// # Errors
/// Those of the writer.
pub fn hits(out: &mut dyn Write, topic: &str, hits: &[AnswerHit], tag: &str) -> io::Result<()> {
    let (topic, tag) = (column(topic), column(tag));
    for hit in hits {
        let score = hit.rounded_score().unwrap_or(-(hit.rank as f64));
        writeln!(out, "{topic} Q0 {} {} {score} {tag}", column(&hit.key.to_string()), hit.rank)?;
    }
    Ok(())
}

fn column(text: &str) -> String {
    let is_gap = |ch: char| ch.is_whitespace() || ch.is_control();
    text.chars().map(|ch| if is_gap(ch) { '_' } else { ch }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;
    use crate::ids::Key;

    #[test]
    fn lines_have_six_columns() {
        let document = |key: &str| Document::new(Key::Text(key.into()));
        let scored = AnswerHit::new(1, Some(0.5), &document("a b"));
        let listed = AnswerHit::new(2, None, &document("c"));
        let mut out = Vec::new();
        hits(&mut out, "q 1", &[scored, listed], "medvec").unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "q_1 Q0 a_b 1 0.5 medvec\nq_1 Q0 c 2 -2 medvec\n"
        );
    }
}
