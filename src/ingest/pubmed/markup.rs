//! The little of XML that must be understood to cut a stream into records: where a piece of
//! mark-up ends, and what a tag is called.

use memchr::{memchr, memmem};

/// Longest piece of mark-up between records (comment, DOCTYPE, tag), in bytes.
pub(super) const MARKUP_BYTES_MAX: usize = 64 * 1024;

/// What begins at a `<`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Markup<'a> {
    /// `<name`; the length reaches to the end of the name.
    Open(&'a str, usize),
    /// `</name`; likewise.
    Close(&'a str, usize),
    /// A whole `<?...?>`, `<!--...-->` or `<![CDATA[...]]>` of this length.
    Aside(usize),
    /// A whole `<!DOCTYPE ...>` of this length.
    Doctype(usize),
    /// It does not end within the bytes given.
    Cut,
    /// No mark-up begins like this.
    Bad,
}

impl<'a> Markup<'a> {
    /// Looks at `bytes`, which begin with `<`.
    pub(super) fn at(bytes: &'a [u8]) -> Markup<'a> {
        let after = |start: usize, end: &[u8]| {
            let rest = bytes.get(start..).unwrap_or_default();
            memmem::find(rest, end).map(|place| start + place + end.len())
        };
        match bytes.get(1) {
            None => Markup::Cut,
            Some(b'?') => after(2, b"?>").map_or(Markup::Cut, Markup::Aside),
            Some(b'!') if bytes.starts_with(b"<!--") => {
                after(4, b"-->").map_or(Markup::Cut, Markup::Aside)
            }
            Some(b'!') if bytes.starts_with(b"<![CDATA[") => {
                after(9, b"]]>").map_or(Markup::Cut, Markup::Aside)
            }
            Some(b'!') if bytes.starts_with(b"<!DOCTYPE") => {
                doctype_bytes(bytes).map_or(Markup::Cut, Markup::Doctype)
            }
            Some(b'!') if bytes.len() < 9 => Markup::Cut,
            Some(b'/') => name(bytes, 2, Markup::Close),
            Some(_) => name(bytes, 1, Markup::Open),
        }
    }
}

fn name<'a>(
    bytes: &'a [u8],
    start: usize,
    markup: impl Fn(&'a str, usize) -> Markup<'a>,
) -> Markup<'a> {
    let rest = bytes.get(start..).unwrap_or_default();
    let is_end = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' | b'<');
    let Some(length) = rest.iter().take(MARKUP_BYTES_MAX).position(is_end) else {
        return if rest.len() < MARKUP_BYTES_MAX { Markup::Cut } else { Markup::Bad };
    };
    let text = rest.get(..length).and_then(|name| std::str::from_utf8(name).ok());
    match text {
        Some(text) if text.starts_with(|ch: char| ch.is_alphabetic() || ch == '_') => {
            markup(text, start + length)
        }
        _ => Markup::Bad,
    }
}

/// Length of a DOCTYPE: to the first `>` outside of quotes and brackets.
fn doctype_bytes(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    let mut depth = 0_i64;
    for (place, &byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => depth += 1,
            (None, b']') => depth -= 1,
            (None, b'>') if depth <= 0 => return Some(place + 1),
            _ => {}
        }
    }
    None
}

/// The value of `encoding` in an XML declaration.
pub(super) fn declared_encoding(declaration: &[u8]) -> Option<&str> {
    let place = memmem::find(declaration, b"encoding")?;
    let rest = declaration.get(place..)?;
    let start = rest.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
    let quote = *rest.get(start)?;
    let value = rest.get(start + 1..)?;
    std::str::from_utf8(value.get(..memchr(quote, value)?)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_markup_apart() {
        assert_eq!(Markup::at(b"<PMID Version"), Markup::Open("PMID", 5));
        assert_eq!(Markup::at(b"</PMID>"), Markup::Close("PMID", 6));
        assert_eq!(Markup::at(b"<PMI"), Markup::Cut);
        assert_eq!(Markup::at(b"<!-- > --><a>"), Markup::Aside(10));
        assert_eq!(Markup::at(b"<![CDATA[ </a> ]]>x"), Markup::Aside(18));
        assert_eq!(Markup::at(b"<!DOCTYPE a [ <!ELEMENT a (b)> ]><a>"), Markup::Doctype(33));
        assert_eq!(Markup::at(b"< a>"), Markup::Bad);
    }

    #[test]
    fn finds_the_declared_encoding() {
        assert_eq!(declared_encoding(b"<?xml version='1.0' encoding='latin1'?>"), Some("latin1"));
        assert_eq!(declared_encoding(b"<?xml version=\"1.0\"?>"), None);
    }
}
