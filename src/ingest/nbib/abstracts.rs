//! Abstracts as one text: labelled sections joined and taken apart.
//!
//! `AB  - BACKGROUND: Case management is advocated. METHODS: 708 patients were assigned.`
//!
//! A section without a label beside others is `UNLABELLED`, as NLM has it.
//!
//! A text is structured if it begins with a label: words in capitals before a colon. Inside of it the next
//! section begins where a sentence ends and another label follows.

use crate::document::{AbstractSection, OtherAbstract};
use crate::ingest::plain::one_line;

/// Bytes of the longest label; "CLINICAL PRESENTATION AND INTERVENTION" has 38.
const LABEL_BYTES_MAX: usize = 80;

/// Letters in capitals that a label has at least: `AIM` is one, `A` and `II` are not.
const LABEL_LETTERS_MIN: usize = 3;

/// What stands for no label.
const UNLABELLED: &str = "UNLABELLED";

/// Kinds of other abstracts, as NLM's DTD lists them.
const KINDS: [&str; 7] =
    ["AAMC", "AIDS", "KIE", "PIP", "NASA", "Publisher", "plain-language-summary"];

/// Sections as one text that says the same when it is read. Where the mark of a section without a label would be read
/// as a word, behind labels that are not in capitals or inside of a sentence, its text stands unmarked.
pub(super) fn text(sections: &[AbstractSection]) -> String {
    let plain = joined(sections, "");
    let texts = sections.iter().filter(|section| !section.text.trim().is_empty());
    if texts.count() < 2 {
        return plain;
    }
    let marked = joined(sections, UNLABELLED);
    let read = self::sections(&one_line(&marked));
    match joined(&read, "") == one_line(&plain) {
        true => marked,
        false => plain,
    }
}

/// Sections behind their labels, or behind `unlabelled`.
fn joined(sections: &[AbstractSection], unlabelled: &str) -> String {
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.text.trim().is_empty()) {
        if !text.is_empty() {
            text.push(' ');
        }
        let label = match section.label.trim() {
            "" => unlabelled,
            label => label,
        };
        if !label.is_empty() {
            text.push_str(label);
            text.push_str(": ");
        }
        text.push_str(&section.text);
    }
    text
}

/// The sections of a text; a text that does not begin with a label is one section.
pub(super) fn sections(text: &str) -> Vec<AbstractSection> {
    let mut sections = Vec::new();
    if label_at(text).is_none() {
        if !text.is_empty() {
            sections.push(AbstractSection { text: text.to_owned(), ..Default::default() });
        }
        return sections;
    }
    let mut rest = text;
    while let Some((label, body)) = label_at(rest) {
        let end = next_section(body);
        let (own, after) = body.split_at(end);
        sections.push(AbstractSection {
            label: if label == UNLABELLED { String::new() } else { label.to_owned() },
            text: own.trim().to_owned(),
            ..Default::default()
        });
        rest = after.trim_start();
    }
    sections
}

/// A label at the start of a text, and what follows its colon.
fn label_at(text: &str) -> Option<(&str, &str)> {
    let mut letters = 0;
    for (place, ch) in text.char_indices().take_while(|(place, _)| *place <= LABEL_BYTES_MAX) {
        match ch {
            ':' => {
                let (label, rest) = (text.get(..place)?, text.get(place + 1..)?);
                let body = rest.strip_prefix(' ')?;
                let is_label = letters >= LABEL_LETTERS_MIN && !body.is_empty();
                return (is_label && !label.ends_with(' ')).then_some((label, body));
            }
            ch if ch.is_uppercase() => letters += 1,
            ' ' if place > 0 => {}
            '/' | ',' | '&' | '-' | '(' | ')' | '\'' | '\u{2019}' if place > 0 => {}
            '0'..='9' if place > 0 => {}
            _ => return None,
        }
    }
    None
}

/// Where the next section of a text begins: behind the end of a sentence and a blank.
fn next_section(body: &str) -> usize {
    let mut ended = false;
    for (place, ch) in body.char_indices() {
        if ch == ' ' {
            let after = body.get(place + 1..).unwrap_or_default();
            if ended && label_at(after).is_some() {
                return place;
            }
        }
        let closes = ended && matches!(ch, ')' | ']' | '"' | '\u{201d}' | '\'');
        ended = matches!(ch, '.' | '!' | '?' | ';') || closes;
    }
    body.len()
}

/// An abstract by others: `Publisher: Text.`
pub(super) fn other(text: &str) -> OtherAbstract {
    let known = KINDS.iter().find_map(|kind| {
        let rest = text.strip_prefix(kind)?.strip_prefix(':')?;
        Some((*kind, rest.trim_start()))
    });
    let (kind, text) = known.unwrap_or(("", text));
    OtherAbstract { kind: kind.to_owned(), language: String::new(), sections: sections(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<(String, String)> {
        sections(text).into_iter().map(|section| (section.label, section.text)).collect()
    }

    fn pairs(parts: &[(&str, &str)]) -> Vec<(String, String)> {
        parts.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn labels_in_capitals_begin_sections() {
        assert_eq!(
            parts("BACKGROUND: We did. MATERIALS AND METHODS: Mice (n = 7). RESULTS/AIM: Yes."),
            pairs(&[
                ("BACKGROUND", "We did."),
                ("MATERIALS AND METHODS", "Mice (n = 7)."),
                ("RESULTS/AIM", "Yes."),
            ])
        );
        assert_eq!(
            parts("AIM: a \"b.\" RESULT: c"),
            pairs(&[("AIM", "a \"b.\""), ("RESULT", "c")])
        );
    }

    #[test]
    fn other_colons_are_text() {
        for text in
            ["We did. RESULTS: many.", "II: x", "Objective: To see.", "DNA:RNA x", "AIM:", ""]
        {
            let whole = if text.is_empty() { vec![] } else { pairs(&[("", text)]) };
            assert_eq!(parts(text), whole, "{text}");
        }
        assert_eq!(
            parts("AIM: ratio of HDL: LDL. Then DNA: RNA."),
            pairs(&[("AIM", "ratio of HDL: LDL. Then DNA: RNA.")])
        );
    }

    #[test]
    fn a_section_without_a_label_is_marked_where_the_mark_is_read() {
        let written = |parts: &[(&str, &str)]| {
            let section = |(label, text): &(&str, &str)| AbstractSection {
                label: (*label).to_owned(),
                text: (*text).to_owned(),
                ..Default::default()
            };
            text(&parts.iter().map(section).collect::<Vec<_>>())
        };
        let capitals = [("AIM", "We did."), ("", "It was."), ("", "Well.")];
        assert_eq!(written(&capitals), "AIM: We did. UNLABELLED: It was. UNLABELLED: Well.");
        assert_eq!(parts(&written(&capitals)), pairs(&capitals));
        assert_eq!(written(&[("", "It.  was "), ("Aim", "We.")]), "UNLABELLED: It.  was  Aim: We.");
        assert_eq!(written(&[("Aim", "We did."), ("", "It was.")]), "Aim: We did. It was.");
        assert_eq!(written(&[("AIM", "We did"), ("", "it.")]), "AIM: We did it.");
        assert_eq!(written(&[("", "Only."), ("", " ")]), "Only.");
    }

    #[test]
    fn kinds_of_other_abstracts_are_those_of_nlm() {
        assert_eq!(other("PIP: This.").kind, "PIP");
        assert_eq!(other("Aim: This.").sections[0].text, "Aim: This.");
    }
}
