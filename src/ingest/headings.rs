//! MeSH headings as MEDLINE prints them (`MH` lines): `*Heart Failure/drug therapy`,
//! `Body Fluids/*analysis`.

use crate::document::{MeshHeading, MeshQualifier};

/// Reads one heading: a name, then qualifiers after strokes; a star marks a major topic.
///
/// Qualifiers are written in lower case and descriptors are not, so a stroke before a capital
/// letter belongs to the name.
pub(super) fn parse_heading(text: &str) -> MeshHeading {
    let mut heading = MeshHeading::default();
    let mut name = String::new();
    for (place, part) in text.trim().split('/').enumerate() {
        let bare = part.strip_prefix('*').unwrap_or(part);
        let is_major = part.len() != bare.len();
        if place == 0 {
            name.push_str(bare);
            heading.major = is_major;
        } else if heading.qualifiers.is_empty() && !bare.starts_with(|ch: char| ch.is_lowercase()) {
            name.push('/');
            name.push_str(part);
        } else {
            let qualifier = bare.trim().to_owned();
            heading.qualifiers.push(MeshQualifier {
                ui: String::new(),
                name: qualifier,
                major: is_major,
            });
        }
    }
    heading.name = name.trim().to_owned();
    heading
}

/// The inverse of [`parse_heading`]; UIs are lost.
pub(crate) fn heading_text(heading: &MeshHeading) -> String {
    let star = |is_major| if is_major { "*" } else { "" };
    let mut text = format!("{}{}", star(heading.major), heading.name);
    for qualifier in &heading.qualifiers {
        text.push('/');
        text.push_str(star(qualifier.major));
        text.push_str(&qualifier.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> (String, bool, Vec<(String, bool)>) {
        let heading = parse_heading(text);
        let qualifiers = heading.qualifiers.into_iter().map(|q| (q.name, q.major)).collect();
        (heading.name, heading.major, qualifiers)
    }

    #[test]
    fn reads_stars_and_strokes() {
        assert_eq!(shape("Humans"), ("Humans".into(), false, vec![]));
        assert_eq!(
            shape("*Heart Failure/drug therapy"),
            ("Heart Failure".into(), true, vec![("drug therapy".into(), false)])
        );
        assert_eq!(
            shape("Formates/blood/*poisoning"),
            ("Formates".into(), false, vec![("blood".into(), false), ("poisoning".into(), true)])
        );
        assert_eq!(
            shape("Receptor A/B/metabolism"),
            ("Receptor A/B".into(), false, vec![("metabolism".into(), false)])
        );
        for text in ["Humans", "*Heart Failure/drug therapy", "Formates/blood/*poisoning"] {
            assert_eq!(heading_text(&parse_heading(text)), text);
        }
    }
}
