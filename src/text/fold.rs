//! Folding: one character of text to the characters that terms are made of.
//!
//! Compatibility decomposition (the `K` of NFKC), lower case, combining marks dropped, Greek letters spelled out.
//! Marks are dropped, so their order cannot matter, and decomposing character by character gives the same
//! letters as normalising the whole text first. Unicode's part of the rules is a table, which saves the core two
//! crates. Hangul syllables stay whole.

use std::sync::OnceLock;

/// Every character that does not fold to itself, each with what it folds to; made by `examples/build_fold.rs`.
const TABLE: &str = include_str!("fold.tsv");

/// Calls `emit` with each character that `source` folds to: none for a mark, several for `½` or `β`.
///
/// What `emit` sees is in lower case and holds no mark. All dashes come as `-` and all apostrophes as `'`.
pub(super) fn fold(source: char, mut emit: impl FnMut(char)) {
    if source.is_ascii() {
        return emit(source.to_ascii_lowercase());
    }
    match look_up(source) {
        Some(folded) => folded.chars().for_each(|lower| respell(lower, &mut emit)),
        None => respell(source, &mut emit),
    }
}

/// A text folded character by character; its punctuation stays.
pub(crate) fn folded(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|source| fold(source, |lower| folded.push(lower)));
    folded
}

/// What a character folds to by Unicode's data; `None` for itself.
fn look_up(source: char) -> Option<&'static str> {
    static LINES: OnceLock<Vec<(char, &'static str)>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        lines.filter_map(|line| Some((line.chars().next()?, line))).collect()
    });
    let place = lines.binary_search_by_key(&source, |(source, _)| *source).ok()?;
    lines.get(place)?.1.strip_prefix(source)
}

fn respell(lower: char, emit: &mut impl FnMut(char)) {
    let spelling = match lower {
        // Soft hyphen, joiners and the byte order mark are invisible: the word goes on across them.
        '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' => "",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => "'",
        // Latin letters that Unicode does not decompose, as catalogues spell them.
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ħ' => "h",
        'ı' => "i",
        'þ' => "th",
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'ζ' => "zeta",
        'η' => "eta",
        'θ' => "theta",
        'ι' => "iota",
        'κ' => "kappa",
        'λ' => "lambda",
        'μ' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'ο' => "omicron",
        'π' => "pi",
        'ρ' => "rho",
        'σ' | 'ς' => "sigma",
        'τ' => "tau",
        'υ' => "upsilon",
        'φ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        other => return emit(other),
    };
    spelling.chars().for_each(emit);
}

#[cfg(all(test, feature = "static-encoder"))]
mod tests {
    use unicode_normalization::char::{decompose_compatible, is_combining_mark};

    use super::look_up;

    #[test]
    fn the_table_is_that_of_unicode() {
        for source in '\u{80}'..=char::MAX {
            if ('\u{ac00}'..='\u{d7a3}').contains(&source) {
                continue;
            }
            let mut expected = String::new();
            decompose_compatible(source, |part| {
                expected.extend(part.to_lowercase().filter(|lower| !is_combining_mark(*lower)));
            });
            let expected = expected.replace(char::is_whitespace, " ");
            let found = look_up(source).map_or_else(|| source.to_string(), str::to_owned);
            let found = found.replace(char::is_whitespace, " ");
            assert_eq!(found, expected, "{source:?}: run `examples/build_fold.rs`");
        }
    }
}
