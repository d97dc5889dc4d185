//! Tags and texts of SGML and XML, tolerantly: enough for topics, not a parser of XML.
//!
//! A `<` that no letter, `/`, `!` or `?` follows is text (`p < 0.05`). The five entities of XML and
//! numeric ones are decoded, others stay as they are; declarations are passed over. Memory: one text
//! or tag.

use std::io::{BufRead, Read};
use std::path::Path;

use crate::eval::input::{Input, InputError, LINE_BYTES_MAX, Place, until_error};

/// Longest tag, in bytes.
const TAG_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// Name in lower case, attributes, and whether it closes itself.
    Open(String, Vec<(String, String)>, bool),
    Close(String),
}

pub(super) struct Markup {
    input: Input,
    line: u64,
    is_at_tag: bool,
    is_over: bool,
}

impl Markup {
    pub(super) fn open(path: &Path) -> Result<Markup, InputError> {
        let input = Input::open_filled(path)?;
        Ok(Markup { input, line: 1, is_at_tag: false, is_over: false })
    }

    /// The place of what comes next.
    pub(super) fn place(&self) -> Place {
        Place { file: self.input.name.clone(), word: "line", number: self.line }
    }

    fn read(&mut self) -> Result<Option<Piece>, InputError> {
        loop {
            if !self.is_at_tag {
                let (text, is_found) = self.until(b"<", LINE_BYTES_MAX)?;
                self.is_at_tag = is_found;
                if !text.is_empty() {
                    return Ok(Some(Piece::Text(decoded(&text))));
                }
                if !is_found {
                    return Ok(None);
                }
                continue;
            }
            self.is_at_tag = false;
            let next = self.input.reader.fill_buf().map(|bytes| bytes.first().copied());
            match next.map_err(|error| self.failed(&error))? {
                Some(b'!') => {
                    if let Some(text) = self.declaration()? {
                        return Ok(Some(Piece::Text(text)));
                    }
                }
                Some(b'?') => {
                    self.closed(b"?>", TAG_BYTES_MAX)?;
                }
                Some(byte) if byte == b'/' || byte.is_ascii_alphabetic() => {
                    let tag = self.closed(b">", TAG_BYTES_MAX)?;
                    return Ok(Some(tag_of(&tag)));
                }
                _ => return Ok(Some(Piece::Text("<".to_owned()))),
            }
        }
    }

    /// A comment, a CDATA section (its text), or a document type.
    fn declaration(&mut self) -> Result<Option<String>, InputError> {
        let mut text = self.closed(b">", LINE_BYTES_MAX)?;
        let end = match text.as_str() {
            text if text.starts_with("!--") => "--",
            text if text.starts_with("![CDATA[") => "]]",
            text if text.contains('[') => "]",
            _ => "",
        };
        // The comment `<!-->` is not closed yet.
        while !text.trim_end().ends_with(end) || text.len() < end.len() + 3 {
            text.push('>');
            text.push_str(&self.closed(b">", LINE_BYTES_MAX.saturating_sub(text.len()))?);
        }
        let inside = text.strip_prefix("![CDATA[").and_then(|text| text.strip_suffix("]]"));
        Ok(inside.map(str::to_owned))
    }

    fn closed(&mut self, end: &[u8], limit: usize) -> Result<String, InputError> {
        let place = self.place();
        match self.until(end, limit)? {
            (text, true) => Ok(text),
            _ => Err(place.error("a tag that begins here does not end")),
        }
    }

    /// What comes before `end`, and whether it was found.
    fn until(&mut self, end: &[u8], limit: usize) -> Result<(String, bool), InputError> {
        let place = self.place();
        let last = end.last().copied().unwrap_or(b'>');
        let mut bytes = Vec::new();
        let is_found = loop {
            let left = (limit + end.len()).saturating_sub(bytes.len()) as u64;
            let read = self.input.reader.by_ref().take(left).read_until(last, &mut bytes);
            if read.map_err(|error| self.failed(&error))? == 0 {
                break false;
            }
            if bytes.ends_with(end) {
                break true;
            }
        };
        self.line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if is_found {
            bytes.truncate(bytes.len() - end.len());
        }
        if bytes.len() > limit {
            return Err(
                place.error(format!("a text or tag of more than {limit} bytes begins here"))
            );
        }
        let text = String::from_utf8(bytes);
        Ok((text.map_err(|_| place.error("a text that begins here is not UTF-8"))?, is_found))
    }

    fn failed(&self, error: &std::io::Error) -> InputError {
        self.place().error(format!("cannot read on: {error}"))
    }
}

impl Iterator for Markup {
    type Item = Result<Piece, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        until_error(self, |own| &mut own.is_over, Self::read)
    }
}

fn tag_of(tag: &str) -> Piece {
    if let Some(name) = tag.strip_prefix('/') {
        return Piece::Close(name.trim().to_ascii_lowercase());
    }
    let (tag, is_closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, mut rest) = tag.split_once(|char: char| char.is_whitespace()).unwrap_or((tag, ""));
    let mut attributes = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let quote = after.chars().next().filter(|char| matches!(char, '"' | '\''));
        let (value, after) = match quote {
            Some(quote) => {
                let inside = after.get(1..).unwrap_or_default();
                inside.split_once(quote).unwrap_or((inside, ""))
            }
            None => after.split_once(|char: char| char.is_whitespace()).unwrap_or((after, "")),
        };
        attributes.push((name.trim().to_ascii_lowercase(), decoded(value)));
        rest = after;
    }
    Piece::Open(name.to_ascii_lowercase(), attributes, is_closed)
}

/// A text with its entities decoded.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // No entity here has a longer name.
        let name = after.split_once(';').map(|(name, _)| name).filter(|name| name.len() <= 10);
        match name.and_then(|name| Some((name, character(name)?))) {
            Some((name, char)) => {
                out.push(char);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}
