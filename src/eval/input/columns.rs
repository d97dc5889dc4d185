//! Columns of lines.

use super::violation::{InputRule, Violation};

/// Whether trec_eval ends a column here: C's `isspace` in the C locale.
pub(crate) fn is_blank(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The `N` columns between runs of blanks.
pub(crate) fn blank_columns<'a, const N: usize>(
    line: &'a str,
    expected: &str,
) -> Result<[&'a str; N], Violation> {
    columns(line.split(is_blank).filter(|column| !column.is_empty()), expected)
}

/// The `N` columns between single tabs.
pub(crate) fn tab_columns<'a, const N: usize>(
    line: &'a str,
    expected: &str,
) -> Result<[&'a str; N], Violation> {
    columns(line.split('\t'), expected)
}

fn columns<'a, const N: usize>(
    mut parts: impl Iterator<Item = &'a str>,
    expected: &str,
) -> Result<[&'a str; N], Violation> {
    let mut columns = [""; N];
    let mut found = 0;
    for (slot, part) in columns.iter_mut().zip(parts.by_ref()) {
        *slot = part;
        found += 1;
    }
    // `zip` asks the slots first, so no part is lost here.
    found += parts.count();
    if let Some(first) = columns.first().filter(|first| first.starts_with('\u{feff}')) {
        let detail = format!(
            "the id `{}` begins with a byte order mark: join files without their marks",
            shown(first)
        );
        return Err(Violation::new(InputRule::Id, detail));
    }
    if found == N {
        return Ok(columns);
    }
    let detail = format!("expected {N} columns ({expected}), found {found}");
    Err(Violation::new(InputRule::Columns, detail))
}

/// Refuses an empty id.
pub(crate) fn check_id(what: &str, id: &str) -> Result<(), Violation> {
    if id.is_empty() {
        return Err(Violation::new(InputRule::Id, format!("the {what} id is empty")));
    }
    Ok(())
}

/// A text for a message: no control characters, and not longer than a person reads.
pub(crate) fn shown(text: &str) -> String {
    let harmless = |ch: char| if ch.is_control() { '\u{fffd}' } else { ch };
    let mut short: String = text.chars().take(80).map(harmless).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted() {
        assert_eq!(blank_columns::<3>(" a\t b  c ", "").unwrap(), ["a", "b", "c"]);
        for (line, found) in [("a b", 2), ("a b c d", 4), ("a b c d e", 5)] {
            let error = blank_columns::<3>(line, "x, y, z").unwrap_err();
            assert_eq!(error.detail, format!("expected 3 columns (x, y, z), found {found}"));
        }
        assert_eq!(tab_columns::<3>("a b\t\tc", "").unwrap(), ["a b", "", "c"]);
        // Of the second of two files that were joined; elsewhere it is a character.
        let error = blank_columns::<2>("\u{feff}a b", "x, y").unwrap_err();
        assert_eq!(error.rule, InputRule::Id);
        assert_eq!(blank_columns::<2>("a \u{feff}b", "").unwrap(), ["a", "\u{feff}b"]);
    }
}
