//! The pieces of a record's XML: start tags, end tags, text, characters written as entities.
//!
//! Records come cut and checked to be UTF-8, so the whole text lies in memory and everything is
//! borrowed from it; nothing is copied or decoded that nobody asked for. What is checked is what
//! keeps a damaged record from being taken for a whole one: tags close in the order they opened,
//! mark-up ends, entities are known. Namespaces and the DTD mean nothing here.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3, memmem};

use crate::ingest::raw::Fault;

/// Elements inside each other in one record; PubMed's own depth is below 20, MathML's below 40.
const DEPTH_MAX: usize = 256;

/// Longest entity between `&` and `;`, in bytes: `&#x10ffff;` with room for leading zeros.
const ENTITY_BYTES_MAX: usize = 32;

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Tag<'a> {
    name: &'a str,
    /// What lies between the name and the `>`.
    attributes: &'a str,
}

/// One piece.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// An element begins; an empty one ends with the next piece.
    Open(Tag<'a>),
    /// The innermost element ends.
    Close,
    /// Text up to the next mark-up or entity, or a CDATA section.
    Text(&'a str),
    /// A character written as an entity.
    Character(char),
    /// A comment, a processing instruction, or a character that is dropped.
    Aside,
}

/// A cursor over the pieces of a record.
pub(super) struct Tokens<'a> {
    text: &'a str,
    /// Bytes passed.
    place: usize,
    /// Names of the elements around the cursor, outermost first.
    open: Vec<&'a str>,
    /// The last tag was `<name/>`.
    is_empty: bool,
}

impl<'a> Tokens<'a> {
    /// A cursor at the start of `text`.
    pub(super) fn new(text: &'a str) -> Tokens<'a> {
        Tokens { text, place: 0, open: Vec::with_capacity(16), is_empty: false }
    }

    /// Elements around the cursor.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.place..).unwrap_or_default()
    }

    /// Passes `length` bytes and returns them; all that is left when there are fewer.
    fn take(&mut self, length: usize) -> &'a str {
        let rest = self.rest();
        let taken = rest.get(..length).unwrap_or(rest);
        self.place += taken.len();
        taken
    }

    fn fault(&self, detail: impl Into<String>) -> Fault {
        Fault { offset: self.place as u64, detail: detail.into() }
    }

    fn broken(&self, detail: impl std::fmt::Display) -> Fault {
        self.fault(format!("not well-formed: {detail}"))
    }

    /// Passes white space, if a tag follows it: where only tags matter, nobody looks at it.
    pub(super) fn skip_blanks(&mut self) {
        let rest = self.rest();
        let tag = rest.trim_ascii_start();
        if tag.starts_with('<') && !self.is_empty {
            self.place += rest.len() - tag.len();
        }
    }

    /// The text of the element just entered, if it holds nothing else and is closed properly; the
    /// cursor then stands behind its end tag. Else the cursor stays.
    pub(super) fn plain_text(&mut self) -> Option<&'a str> {
        let name = *self.open.last()?;
        let rest = self.rest();
        let length = memchr2(b'<', b'&', rest.as_bytes())?;
        let (text, tag) = rest.split_at_checked(length)?;
        let end = tag.strip_prefix("</")?.strip_prefix(name)?.strip_prefix('>')?;
        if self.is_empty {
            return None;
        }
        self.place = self.text.len() - end.len();
        self.open.pop();
        Some(text)
    }

    /// The next piece.
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed, that nests too deeply, or that ends.
    pub(super) fn next(&mut self) -> Result<Piece<'a>, Fault> {
        if std::mem::take(&mut self.is_empty) {
            self.open.pop();
            return Ok(Piece::Close);
        }
        let bytes = self.rest().as_bytes();
        match (bytes.first(), bytes.get(1)) {
            (None, _) => Err(self.fault("the record ends inside of an element")),
            (Some(b'<'), Some(b'/')) => self.close(),
            (Some(b'<'), Some(b'!' | b'?')) => self.aside(),
            (Some(b'<'), _) => self.start(),
            (Some(b'&'), _) => self.entity(),
            _ => {
                let length = memchr2(b'<', b'&', bytes).unwrap_or(bytes.len());
                Ok(Piece::Text(self.take(length)))
            }
        }
    }

    fn start(&mut self) -> Result<Piece<'a>, Fault> {
        let rest = self.rest().get(1..).unwrap_or_default();
        let name_bytes = name_length(rest);
        let (name, after) = rest.split_at_checked(name_bytes).unwrap_or_default();
        if !name.starts_with(|ch: char| ch.is_alphabetic() || ch == '_' || ch == ':') {
            return Err(self.broken("a `<` begins no tag"));
        }
        let length = match after.as_bytes() {
            [b'>' | b' ' | b'\t' | b'\r' | b'\n', ..] | [b'/', b'>', ..] => {
                tag_length(after.as_bytes())
            }
            [] => None,
            _ => return Err(self.broken(format_args!("<{} does not go on", shorten(name)))),
        };
        let Some(length) = length else {
            return Err(self.broken(format_args!("<{} is cut", shorten(name))));
        };
        let attributes = after.get(..length).unwrap_or_default();
        self.place += 1 + name_bytes + length + 1;
        if self.open.len() >= DEPTH_MAX {
            return Err(self.fault(format!("elements nest deeper than {DEPTH_MAX}")));
        }
        self.open.push(name);
        let bare = attributes.strip_suffix('/');
        self.is_empty = bare.is_some();
        Ok(Piece::Open(Tag { name, attributes: bare.unwrap_or(attributes) }))
    }

    fn close(&mut self) -> Result<Piece<'a>, Fault> {
        let rest = self.rest().get(2..).unwrap_or_default();
        let (name, after) = rest.split_at_checked(name_length(rest)).unwrap_or_default();
        let Some(end) = after.trim_ascii_start().strip_prefix('>') else {
            return Err(self.broken(format_args!("</{} is cut", shorten(name))));
        };
        match self.open.pop() {
            Some(open) if open == name => {
                self.place = self.text.len() - end.len();
                Ok(Piece::Close)
            }
            Some(open) => Err(self.broken(format_args!(
                "expected </{}>, found </{}>",
                shorten(open),
                shorten(name)
            ))),
            None => Err(self.broken(format_args!("</{}> closes nothing", shorten(name)))),
        }
    }

    /// Comments, CDATA sections, processing instructions.
    fn aside(&mut self) -> Result<Piece<'a>, Fault> {
        let rest = self.rest();
        for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
            let Some(inside) = rest.strip_prefix(start) else { continue };
            let Some(length) = memmem::find(inside.as_bytes(), end.as_bytes()) else {
                return Err(self.broken(format_args!("a {start} without its {end}")));
            };
            self.place += start.len() + length + end.len();
            return Ok(match start {
                "<![CDATA[" => Piece::Text(inside.get(..length).unwrap_or_default()),
                _ => Piece::Aside,
            });
        }
        Err(self.broken("a <! that begins neither a comment nor a CDATA section"))
    }

    fn entity(&mut self) -> Result<Piece<'a>, Fault> {
        let (ch, length) = entity(self.rest()).map_err(|detail| self.fault(detail))?;
        self.place += length;
        Ok(if is_dropped(ch) { Piece::Aside } else { Piece::Character(ch) })
    }
}

impl<'a> Tag<'a> {
    /// The element's name, with its prefix.
    pub(in crate::ingest) fn name(&self) -> &'a str {
        self.name
    }

    /// The element's name without its prefix.
    pub(in crate::ingest) fn local_name(&self) -> &'a str {
        self.name.split_once(':').map_or(self.name, |(_, name)| name)
    }

    /// The value of an attribute; empty when it is not there.
    ///
    /// # Errors
    /// A [`Fault`] for attributes that are not well-formed.
    pub(in crate::ingest) fn attribute(&self, name: &str) -> Result<Cow<'a, str>, Fault> {
        let broken = |detail: &str| Fault::whole(format!("<{}>: {detail}", shorten(self.name)));
        let mut rest = self.attributes.trim_ascii_start();
        while !rest.is_empty() {
            let (key, after) =
                split_at(rest, b'=').ok_or_else(|| broken("an attribute has no value"))?;
            let after = after.trim_ascii_start();
            let inside = after.get(1..).unwrap_or_default();
            let (value, after) = match after.as_bytes().first() {
                Some(&quote @ (b'"' | b'\'')) => split_at(inside, quote)
                    .ok_or_else(|| broken("the value of an attribute does not end"))?,
                _ => return Err(broken("the value of an attribute has no quotes")),
            };
            let key = key.trim_ascii_end();
            if key.bytes().any(|byte| byte.is_ascii_whitespace()) {
                return Err(broken("an attribute has no value"));
            }
            if key == name {
                return unescape(value).map_err(|detail| broken(&detail));
            }
            rest = after.trim_ascii_start();
        }
        Ok(Cow::Borrowed(""))
    }

    /// Whether an attribute is `Y`.
    ///
    /// # Errors
    /// As [`Tag::attribute`].
    pub(in crate::ingest) fn is_yes(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.attribute(name)? == "Y")
    }
}

/// What is before and after the first of a byte. Keys and values are short: a plain loop is quickest.
fn split_at(text: &str, byte: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|other| other == byte)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// Bytes before the first that cannot be in a name.
fn name_length(text: &str) -> usize {
    let is_end =
        |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>' | b'<' | b'=');
    text.as_bytes().iter().position(is_end).unwrap_or(text.len())
}

/// Bytes before the `>` that ends a tag, quoted ones passed over.
pub(super) fn tag_length(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'>') {
        return Some(0);
    }
    let mut place = 0;
    loop {
        let rest = bytes.get(place..)?;
        let found = memchr3(b'>', b'"', b'\'', rest)?;
        place += found + 1;
        match *rest.get(found)? {
            b'>' => return Some(place - 1),
            quote => place += memchr(quote, bytes.get(place..)?)? + 1,
        }
    }
}

/// Replaces the entities of an attribute's value.
fn unescape(value: &str) -> Result<Cow<'_, str>, String> {
    if !value.as_bytes().contains(&b'&') {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((text, _)) = rest.split_once('&') {
        out.push_str(text);
        let at = rest.get(text.len()..).unwrap_or_default();
        let (ch, length) = entity(at)?;
        if !is_dropped(ch) {
            out.push(ch);
        }
        rest = at.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The character of the entity that `text` begins with, and the entity's length: the five of XML
/// itself, and characters by number. Others would need a DTD.
fn entity(text: &str) -> Result<(char, usize), String> {
    let bytes = text.as_bytes();
    let head = bytes.get(..bytes.len().min(ENTITY_BYTES_MAX)).unwrap_or_default();
    let Some(end) = memchr(b';', head) else {
        return Err("not well-formed: an `&` without its `;`".into());
    };
    let name = text.get(1..end).unwrap_or_default();
    let ch = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        name => match name.strip_prefix('#') {
            Some(number) => {
                let ch = numbered(number)
                    .ok_or_else(|| format!("bad character &{name};: no such character"))?;
                match is_forbidden(ch) {
                    true => return Err(forbidden(ch)),
                    false => ch,
                }
            }
            None => return Err(format!("unknown entity &{name};")),
        },
    };
    Ok((ch, end + 1))
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().filter(|&code| code > 0).and_then(char::from_u32)
}

/// Characters that no XML 1.0 document may hold, written as themselves or by number (its production
/// `Char`): control characters but tab, line feed and carriage return, U+FFFE and U+FFFF.
fn is_forbidden(ch: char) -> bool {
    matches!(ch, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

fn forbidden(ch: char) -> String {
    format!("not well-formed: the character U+{:04X}, which XML 1.0 forbids", u32::from(ch))
}

/// Characters that XML 1.0 discourages and that no text means: U+007F to U+009F, but the line end
/// U+0085. They are left out.
fn is_dropped(ch: char) -> bool {
    matches!(ch, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// A record without the characters that are left out.
///
/// # Errors
/// A [`Fault`] at the first that is forbidden.
pub(super) fn clean(text: &str) -> Result<Cow<'_, str>, Fault> {
    if !may_be_odd(text.as_bytes()) {
        return Ok(Cow::Borrowed(text));
    }
    if let Some((place, ch)) = text.char_indices().find(|(_, ch)| is_forbidden(*ch)) {
        return Err(Fault { offset: place as u64, detail: forbidden(ch) });
    }
    match text.contains(is_dropped) {
        true => Ok(Cow::Owned(text.chars().filter(|ch| !is_dropped(*ch)).collect())),
        false => Ok(Cow::Borrowed(text)),
    }
}

/// Whether a text may hold a character that is forbidden or left out; mostly wrong only about
/// U+0085. One pass that compiles to vector instructions, since every record goes through it.
fn may_be_odd(bytes: &[u8]) -> bool {
    let next = bytes.get(1..).unwrap_or_default();
    let is_control = |byte: u8| (byte < b' ' && !matches!(byte, 9 | 10 | 13)) || byte == 0x7f;
    let pairs = bytes.iter().zip(next).fold(false, |odd, (&byte, &next)| {
        // U+0080 to U+009F are C2 80 to C2 9F, U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        odd | is_control(byte)
            | ((byte == 0xc2) & (next < 0xa0))
            | ((byte == 0xbf) & (next >= 0xbe))
    });
    pairs || bytes.last().is_some_and(|&last| is_control(last))
}

/// A name that may be anything, for messages.
fn shorten(name: &str) -> String {
    name.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
