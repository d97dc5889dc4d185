//! A cursor over the XML of one record: children of an element, its text, its attributes.
//!
//! Everything is reached by direct-child paths: a visitor sees the children of the element it asked
//! for and nothing below, so identifiers of cited works are never taken for the record's own.

use std::borrow::Cow;

use super::text::TextBuilder;
use super::token::{Piece, Tokens};
use crate::ingest::raw::Fault;

pub(in crate::ingest) use super::token::Tag;

/// A cursor.
pub(in crate::ingest) struct Walker<'a> {
    tokens: Tokens<'a>,
}

impl<'a> Walker<'a> {
    /// A cursor before the first tag of `record`.
    pub(in crate::ingest) fn new(record: &'a str) -> Walker<'a> {
        Walker { tokens: Tokens::new(record) }
    }

    /// Enters the record's own element.
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed.
    pub(in crate::ingest) fn root(&mut self) -> Result<Tag<'a>, Fault> {
        loop {
            if let Piece::Open(tag) = self.tokens.next()? {
                return Ok(tag);
            }
        }
    }

    /// Calls `visit` for each child of the element just entered. A visitor may read the child by
    /// [`Walker::children`] or [`Walker::text`], or leave it: the rest of it is passed over.
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed, and whatever `visit` returns.
    pub(in crate::ingest) fn children(
        &mut self,
        mut visit: impl FnMut(&mut Walker<'a>, &Tag<'a>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let depth = self.tokens.depth();
        loop {
            self.tokens.skip_blanks();
            match self.tokens.next()? {
                Piece::Open(tag) => {
                    visit(self, &tag)?;
                    while self.tokens.depth() > depth {
                        self.tokens.skip_blanks();
                        self.tokens.next()?;
                    }
                }
                Piece::Close => return Ok(()),
                Piece::Text(_) | Piece::Character(_) | Piece::Aside => {}
            }
        }
    }

    /// All text of the element just entered, inline mark-up dropped; see [`TextBuilder`].
    ///
    /// # Errors
    /// A [`Fault`] for XML that is not well-formed.
    pub(in crate::ingest) fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let mut text = TextBuilder::default();
        if let Some(part) = self.tokens.plain_text() {
            text.push(part, false);
            return Ok(text.finish());
        }
        let depth = self.tokens.depth();
        let (mut math_depth, mut formula_depth) = (None, None);
        loop {
            let piece = self.tokens.next()?;
            let now = self.tokens.depth();
            match piece {
                Piece::Text(part) => text.push(part, math_depth.is_some()),
                Piece::Character(ch) => text.push_char(ch),
                Piece::Open(tag) => match tag.local_name() {
                    "math" if math_depth.is_none() => math_depth = Some(now),
                    "DispFormula" => {
                        formula_depth = Some(now);
                        text.push_char(' ');
                    }
                    _ => {}
                },
                Piece::Close if now < depth => return Ok(text.finish()),
                Piece::Close => {
                    if math_depth.is_some_and(|math| now < math) {
                        math_depth = None;
                    }
                    if formula_depth.is_some_and(|formula| now < formula) {
                        formula_depth = None;
                        text.push_char(' ');
                    }
                }
                Piece::Aside => {}
            }
        }
    }

    /// [`Walker::text`], owned.
    ///
    /// # Errors
    /// As [`Walker::text`].
    pub(in crate::ingest) fn string(&mut self) -> Result<String, Fault> {
        self.text().map(Cow::into_owned)
    }
}
