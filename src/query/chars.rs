//! What single characters mean.

/// Whether this is a quotation mark, straight or typographic: any closes any.
pub(super) fn is_quote(ch: char) -> bool {
    matches!(ch, '"' | '“' | '”' | '„' | '‟' | '＂')
}

/// Whether this is a bracket of any kind; those of East Asian keyboards, which have the width of two letters, are brackets too.
pub(super) fn is_bracket(ch: char) -> bool {
    matches!(ch, '(' | ')' | '[' | ']' | '（' | '）' | '［' | '］')
}

/// What ends the lines of a text: the carriage return alone where there is nothing else, as in files of old Macs.
pub(super) fn line_break(text: &str) -> char {
    if text.contains('\n') { '\n' } else { '\r' }
}

/// Whether this ends a word and means something of its own.
pub(super) fn is_special(ch: char) -> bool {
    is_quote(ch) || is_bracket(ch) || matches!(ch, '&' | '|' | ':' | '：' | '#')
}

/// Whether PubMed takes this for a space wherever it stands. Of the other punctuation, `/ - , . ' + _` have a
/// part in names (`CD4+`, `5-HT`, `Adenocarcinoma, Follicular`), and what they are to words in a text is for the
/// text's own analysis to say.
pub(super) fn is_space(ch: char) -> bool {
    ch.is_whitespace()
        || is_invisible(ch)
        || matches!(
            ch,
            '!' | '$' | '%' | ';' | '<' | '=' | '>' | '?' | '\\' | '^' | '`' | '{' | '}' | '~'
        )
}

/// Byte-order marks and characters of no width, which stray into copied texts.
pub(super) fn is_invisible(ch: char) -> bool {
    matches!(ch, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}

/// The words of a text, one space between each two.
pub(super) fn squeeze(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Whether there is a letter or a digit in it.
pub(super) fn has_content(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
