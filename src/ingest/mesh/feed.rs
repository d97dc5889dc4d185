//! A file as lines, or as stretches up to a mark.

use memchr::{memchr, memmem};

use crate::error::{Error, Result};
use crate::ingest::input::Input;
use crate::ingest::raw::RECORD_BYTES_MAX;

/// Bytes that decide what a file is.
const HEAD_BYTES: usize = 4096;

/// The bytes of a file, of which one line or record is in memory.
pub(super) struct Feed {
    input: Input,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were taken.
    taken: usize,
    /// Bytes before the buffer.
    before: u64,
    /// Lines taken.
    line: u64,
}

impl Feed {
    pub(super) fn new(input: Input) -> Result<Feed> {
        let mut feed = Feed { input, buffer: Vec::new(), taken: 0, before: 0, line: 0 };
        while feed.buffer.len() < HEAD_BYTES && feed.input.read_into(&mut feed.buffer)? {}
        if feed.buffer.starts_with(b"\xef\xbb\xbf") {
            feed.taken = 3;
        }
        Ok(feed)
    }

    pub(super) fn name(&self) -> &str {
        self.input.name()
    }

    /// Where the cursor is, for messages.
    pub(super) fn place(&self) -> String {
        match self.line {
            0 => format!("byte {}", self.before + self.taken as u64),
            line => format!("line {line}"),
        }
    }

    /// An error at the cursor.
    pub(super) fn wrong(&self, detail: impl Into<String>) -> Error {
        Error::input(self.name(), self.place(), detail)
    }

    /// The next bytes.
    pub(super) fn head(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    /// The next line without its end; `None` at the end of the file.
    pub(super) fn line(&mut self) -> Result<Option<String>> {
        let Some(range) = self.find(|rest| memchr(b'\n', rest).map(|place| place + 1))? else {
            let rest = self.head().to_vec();
            self.taken = self.buffer.len();
            return if rest.is_empty() { Ok(None) } else { self.text(&rest).map(Some) };
        };
        let line = self.buffer.get(range).unwrap_or_default().to_vec();
        self.text(&line).map(Some)
    }

    fn text(&mut self, line: &[u8]) -> Result<String> {
        self.line += 1;
        match std::str::from_utf8(line) {
            Ok(line) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
            Err(_) => Err(self.wrong("the line is not UTF-8")),
        }
    }

    /// The bytes up to and with the next `mark`, passed; `None`, and nothing passed, if there is none.
    pub(super) fn through(&mut self, mark: &[u8]) -> Result<Option<&[u8]>> {
        let range = self.find(|rest| memmem::find(rest, mark).map(|place| place + mark.len()))?;
        Ok(range.and_then(|range| self.buffer.get(range)))
    }

    /// Passes a stretch whose length `search` finds, reading on until it does.
    fn find(
        &mut self,
        search: impl Fn(&[u8]) -> Option<usize>,
    ) -> Result<Option<std::ops::Range<usize>>> {
        let mut searched = 0;
        loop {
            // A mark can lie across what was read before and what was read now.
            let from = self.taken + usize::saturating_sub(searched, 64);
            let rest = self.buffer.get(from..).unwrap_or_default();
            if let Some(length) = search(rest) {
                let range = self.taken..from + length;
                self.taken = range.end;
                return Ok(Some(range));
            }
            searched = self.buffer.len() - self.taken;
            if searched > RECORD_BYTES_MAX {
                return Err(self.wrong("a line or record is longer than 16 MiB"));
            }
            self.buffer.drain(..self.taken);
            self.before += self.taken as u64;
            self.taken = 0;
            if !self.input.read_into(&mut self.buffer)? {
                return Ok(None);
            }
        }
    }
}
