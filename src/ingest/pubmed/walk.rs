//! A cursor over the XML of one record: children of an element, its text, its attributes.
//!
//! Everything is reached by direct-child paths: a visitor sees the children of the element it asked
//! for and nothing below, so identifiers of cited works are never taken for the record's own.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::text::TextBuilder;
use crate::ingest::raw::Fault;

/// Elements inside each other in one record; PubMed's own depth is below 20, MathML's below 40.
const DEPTH_MAX: u32 = 256;

/// A cursor.
pub(super) struct Walker<'a> {
    reader: Reader<&'a [u8]>,
    depth: u32,
    /// Bytes passed without the reader knowing.
    skipped: u64,
}

/// A start tag.
pub(super) struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// The element's name, with its prefix.
    pub(super) fn name(&self) -> &str {
        self.0.name().into_inner()
    }

    /// The value of an attribute; empty when it is not there.
    ///
    /// # Errors
    /// A [`Fault`] for attributes that are not well-formed.
    pub(super) fn attribute(&self, name: &str) -> Result<Cow<'_, str>, Fault> {
        let broken = |error: String| Fault::whole(format!("<{}>: {error}", self.name()));
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| broken(error.to_string()))?;
            if attribute.key.into_inner() == name {
                return match attribute.value {
                    Cow::Borrowed(value) => quick_xml::escape::unescape(value)
                        .map_err(|error| broken(error.to_string())),
                    Cow::Owned(value) => Ok(Cow::Owned(value)),
                };
            }
        }
        Ok(Cow::Borrowed(""))
    }

    /// Whether an attribute is `Y`.
    ///
    /// # Errors
    /// As [`Tag::attribute`].
    pub(super) fn is_yes(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.attribute(name)? == "Y")
    }
}

/// What the cursor passed.
enum Step<'a> {
    Open(BytesStart<'a>),
    Close,
    Text(Cow<'a, str>),
    Character(char),
    Aside,
}

impl<'a> Walker<'a> {
    /// A cursor before the first tag of `record`.
    pub(super) fn new(record: &'a str) -> Walker<'a> {
        let mut reader = Reader::from_str(record);
        reader.config_mut().expand_empty_elements = true;
        Walker { reader, depth: 0, skipped: 0 }
    }

    /// Enters the record's own element.
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed.
    pub(super) fn root(&mut self) -> Result<Tag<'a>, Fault> {
        loop {
            if let Step::Open(tag) = self.step()? {
                return Ok(Tag(tag));
            }
        }
    }

    /// Calls `visit` for each child of the element just entered. A visitor may read the child by
    /// [`Walker::children`] or [`Walker::text`], or leave it: the rest of it is passed over.
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed, and whatever `visit` returns.
    pub(super) fn children(
        &mut self,
        mut visit: impl FnMut(&mut Walker<'a>, &Tag<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let depth = self.depth;
        loop {
            self.skip_blanks();
            match self.step()? {
                Step::Open(tag) => {
                    visit(self, &Tag(tag))?;
                    while self.depth > depth {
                        self.skip_blanks();
                        self.step()?;
                    }
                }
                Step::Close => return Ok(()),
                Step::Text(_) | Step::Character(_) | Step::Aside => {}
            }
        }
    }

    /// All text of the element just entered, inline mark-up dropped; see [`TextBuilder`].
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed.
    pub(super) fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let depth = self.depth;
        let mut text = TextBuilder::default();
        let (mut math_depth, mut formula_depth) = (None, None);
        loop {
            match self.step()? {
                Step::Text(part) => text.push(part, math_depth.is_some()),
                Step::Character(ch) => text.push_char(ch),
                Step::Open(tag) => match tag.local_name().into_inner() {
                    "math" if math_depth.is_none() => math_depth = Some(self.depth),
                    "DispFormula" => {
                        formula_depth = Some(self.depth);
                        text.push_char(' ');
                    }
                    _ => {}
                },
                Step::Close if self.depth < depth => return Ok(text.finish()),
                Step::Close => {
                    if math_depth.is_some_and(|math| self.depth < math) {
                        math_depth = None;
                    }
                    if formula_depth.is_some_and(|formula| self.depth < formula) {
                        formula_depth = None;
                        text.push_char(' ');
                    }
                }
                Step::Aside => {}
            }
        }
    }

    /// [`Walker::text`], owned.
    ///
    /// # Errors
    /// As [`Walker::text`].
    pub(super) fn string(&mut self) -> Result<String, Fault> {
        self.text().map(Cow::into_owned)
    }

    /// Passes the white space before a tag. Half of all events would be such texts, and where only
    /// tags matter nobody looks at them.
    fn skip_blanks(&mut self) {
        let rest: &'a [u8] = self.reader.get_ref();
        let tag = rest.trim_ascii_start();
        if tag.starts_with(b"<") {
            self.skipped += (rest.len() - tag.len()) as u64;
            *self.reader.get_mut() = tag;
        }
    }

    fn step(&mut self) -> Result<Step<'a>, Fault> {
        let event = self.reader.read_event();
        let offset = self.reader.buffer_position() + self.skipped;
        let fault = |detail: String| Fault { offset, detail };
        match event.map_err(|error| fault(format!("not well-formed: {error}")))? {
            Event::Start(tag) | Event::Empty(tag) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(fault(format!("elements nest deeper than {DEPTH_MAX}")));
                }
                Ok(Step::Open(tag))
            }
            Event::End(_) => {
                self.depth = self.depth.saturating_sub(1);
                Ok(Step::Close)
            }
            Event::Text(text) => Ok(Step::Text(text.into_inner())),
            Event::CData(text) => Ok(Step::Text(text.into_inner())),
            Event::GeneralRef(entity) => resolve(&entity).map(Step::Character).map_err(fault),
            Event::Eof => Err(fault("the record ends inside of an element".into())),
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) | Event::DocType(_) => {
                Ok(Step::Aside)
            }
        }
    }
}

/// The five entities of XML itself, and characters by number. Others would need a DTD.
fn resolve(entity: &BytesRef<'_>) -> Result<char, String> {
    match &**entity {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        name => match entity.resolve_char_ref() {
            Ok(Some(ch)) => Ok(ch),
            Ok(None) => Err(format!("unknown entity &{};", shorten(name))),
            Err(error) => Err(format!("bad character &{};: {error}", shorten(name))),
        },
    }
}

fn shorten(name: &str) -> String {
    name.chars().take(40).collect()
}
