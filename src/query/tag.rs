//! A tag with its modifiers: `[mh:noexp]`, `[tiab:~3]`.

use std::fmt;

use super::field::SearchField;
use super::syntax_error::SyntaxRule;
use crate::error::quoted;
use crate::limits::PROXIMITY_MAX;

/// What stands in square brackets behind a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldTag {
    /// The field to search.
    pub field: SearchField,
    /// `:noexp`: only the heading itself, nothing below it.
    pub no_explosion: bool,
    /// `:~N`: the words in any order, at most so many others between them.
    pub proximity: Option<u32>,
}

impl From<SearchField> for FieldTag {
    fn from(field: SearchField) -> FieldTag {
        FieldTag { field, no_explosion: false, proximity: None }
    }
}

impl FieldTag {
    /// Reads what stands between the brackets; an error has its rule and what would be right.
    pub(super) fn parse(text: &str) -> Result<FieldTag, (SyntaxRule, String)> {
        let (name, modifier) = match text.split_once(':') {
            Some((name, modifier)) => (name.trim(), Some(modifier.trim())),
            None => (text.trim(), None),
        };
        let field = SearchField::named(name).ok_or_else(|| unknown(name))?;
        let tag = FieldTag::from(field);
        let Some(modifier) = modifier else { return Ok(tag) };
        if let Some(words) = modifier.strip_prefix('~') {
            return near(tag, words.trim());
        }
        let spelt: String = modifier.chars().filter(|ch| !ch.is_whitespace()).collect();
        if !spelt.eq_ignore_ascii_case("noexp") {
            let detail = format!(
                "unknown modifier `:{modifier}` in `[{}]`; there are `:noexp` and `:~N`",
                text.trim()
            );
            return Err((SyntaxRule::TagModifier, detail));
        }
        if !field.explodes() {
            let detail = format!(
                "`:noexp` has no meaning in {field}; it belongs to [mh], [majr], [sh] and [pt]"
            );
            return Err((SyntaxRule::TagModifier, detail));
        }
        Ok(FieldTag { no_explosion: true, ..tag })
    }
}

fn near(tag: FieldTag, words: &str) -> Result<FieldTag, (SyntaxRule, String)> {
    if !tag.field.has_proximity() {
        let detail = format!("{} has no proximity; [ti], [ab], [tiab] and [ad] have it", tag.field);
        return Err((SyntaxRule::Proximity, detail));
    }
    let count = words.parse().ok().filter(|count| *count <= PROXIMITY_MAX);
    let Some(count) = count.filter(|_| words.bytes().all(|byte| byte.is_ascii_digit())) else {
        let detail = format!(
            "`~{words}` is not a number of words from 0 to {PROXIMITY_MAX}, the most between two words here"
        );
        return Err((SyntaxRule::Proximity, detail));
    };
    Ok(FieldTag { proximity: Some(count), ..tag })
}

fn unknown(name: &str) -> (SyntaxRule, String) {
    let tags: Vec<String> = SearchField::like(name).iter().map(ToString::to_string).collect();
    let advice = if tags.is_empty() {
        "for a name that holds square brackets, write spaces for them or quote it".to_owned()
    } else {
        format!("did you mean {}?", quoted(&tags))
    };
    (SyntaxRule::UnknownTag, format!("unknown tag `[{name}]` ({advice})"))
}

impl fmt::Display for FieldTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = self.field.tag();
        match (self.no_explosion, self.proximity) {
            (true, _) => write!(f, "[{tag}:noexp]"),
            (false, Some(words)) => write!(f, "[{tag}:~{words}]"),
            (false, None) => write!(f, "[{tag}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_and_printed() {
        for (text, printed) in [
            ("MeSH Terms:NoExp", "[mh:noexp]"),
            (" mesh : no exp ", "[mh:noexp]"),
            ("Title/Abstract:~3", "[tiab:~3]"),
            ("ad: ~62", "[ad:~62]"),
            ("Publication Type", "[pt]"),
        ] {
            let tag = FieldTag::parse(text).expect(text);
            assert_eq!(tag.to_string(), printed);
            assert_eq!(FieldTag::parse(printed.trim_matches(['[', ']'])).as_ref(), Ok(&tag));
        }
    }

    #[test]
    fn what_a_tag_does_not_take_is_refused() {
        for (text, rule) in [
            ("", SyntaxRule::UnknownTag),
            ("tiabs", SyntaxRule::UnknownTag),
            ("tiab:noexp", SyntaxRule::TagModifier),
            ("mh:exp", SyntaxRule::TagModifier),
            ("mh:~2", SyntaxRule::Proximity),
            ("tiab:~", SyntaxRule::Proximity),
            ("tiab:~-1", SyntaxRule::Proximity),
            ("tiab:~+1", SyntaxRule::Proximity),
            ("tiab:~63", SyntaxRule::Proximity),
            ("tiab:~99999999999999999999", SyntaxRule::Proximity),
        ] {
            assert_eq!(FieldTag::parse(text).map_err(|error| error.0), Err(rule), "{text}");
        }
        let detail = FieldTag::parse("tiabs").expect_err("unknown").1;
        assert_eq!(detail, "unknown tag `[tiabs]` (did you mean `[tiab]`?)");
    }
}
