//! The elements of a JSON list that is a whole file, as bytes, one by one.
//!
//! serde_json gives the elements of a list only to a visitor, which cannot be paused; an iterator needs
//! their ends. Here only brackets and strings are told apart; what is inside is parsed by the caller.

use std::io::BufRead;
use std::path::Path;

use crate::eval::input::{Input, InputError, LINE_BYTES_MAX, Place, until_error};

pub(super) struct Elements {
    input: Input,
    /// Elements given so far.
    number: u64,
    is_open: bool,
    is_over: bool,
}

impl Elements {
    pub(super) fn open(path: &Path) -> Result<Elements, InputError> {
        let input = Input::open_filled(path)?;
        Ok(Elements { input, number: 0, is_open: false, is_over: false })
    }

    fn place(&self) -> Place {
        Place { file: self.input.name.clone(), word: "entry", number: self.number + 1 }
    }

    /// The next byte, past white space if `skips_space`.
    fn byte(&mut self, skips_space: bool) -> Result<Option<u8>, InputError> {
        loop {
            let read = self.input.reader.fill_buf().map(|bytes| bytes.first().copied());
            let byte =
                read.map_err(|error| self.place().error(format!("cannot read on: {error}")))?;
            let Some(byte) = byte else { return Ok(None) };
            self.input.reader.consume(1);
            if !(skips_space && byte.is_ascii_whitespace()) {
                return Ok(Some(byte));
            }
        }
    }

    fn read(&mut self) -> Result<Option<(Place, Vec<u8>)>, InputError> {
        let ended = |place: Place| place.error("the list ends without a `]`");
        if !self.is_open {
            self.byte(true)?; // `[`, by which it was recognised
            self.is_open = true;
        }
        let mut byte = self.byte(true)?.ok_or_else(|| ended(self.place()))?;
        if byte == b']' {
            return match self.byte(true)? {
                None => Ok(None),
                Some(_) => Err(self.place().error("something stands behind the list")),
            };
        }
        if self.number > 0 {
            if byte != b',' {
                return Err(self.place().error("expected `,` or `]` between entries"));
            }
            byte = self.byte(true)?.ok_or_else(|| ended(self.place()))?;
        }
        if byte != b'{' {
            return Err(self.place().error("expected a JSON object"));
        }
        let (mut bytes, mut depth, mut is_string, mut is_escaped) = (vec![byte], 1, false, false);
        while depth > 0 {
            byte = self.byte(false)?.ok_or_else(|| ended(self.place()))?;
            bytes.push(byte);
            if bytes.len() > LINE_BYTES_MAX {
                let detail = format!("an entry of more than {LINE_BYTES_MAX} bytes");
                return Err(self.place().error(detail));
            }
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' if is_string => is_escaped = true,
                b'"' => is_string = !is_string,
                b'{' | b'[' if !is_string => depth += 1,
                b'}' | b']' if !is_string => depth -= 1,
                _ => {}
            }
        }
        let place = self.place();
        self.number += 1;
        Ok(Some((place, bytes)))
    }
}

impl Iterator for Elements {
    type Item = Result<(Place, Vec<u8>), InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        until_error(self, |own| &mut own.is_over, Self::read)
    }
}
