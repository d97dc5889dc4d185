//! A file as lines, or as stretches up to a mark.

use memchr::{memchr, memmem};

use crate::error::{Error, Result};
use crate::ingest::input::Input;
use crate::ingest::raw::RECORD_BYTES_MAX;
use crate::ingest::window::Window;

/// Bytes that decide what a file is.
const HEAD_BYTES: usize = 4096;

/// Longest mark that [`Feed::through`] finds across what was read before and what was read now.
const MARK_BYTES_MAX: usize = 64;

/// The bytes of a file, of which one line or record is in memory.
pub(super) struct Feed {
    window: Window,
}

impl Feed {
    pub(super) fn new(input: Input) -> Result<Feed> {
        let mut window = Window::new(input);
        while window.bytes().len() < HEAD_BYTES && window.fill()? {}
        if window.bytes().starts_with(b"\xef\xbb\xbf") {
            window.consume(3);
        }
        Ok(Feed { window })
    }

    pub(super) fn name(&self) -> &str {
        self.window.input().name()
    }

    /// Where the cursor is, for messages: the last line that was taken, or a byte if none was.
    pub(super) fn place(&self) -> String {
        match self.window.line() - 1 {
            0 => format!("byte {}", self.window.offset()),
            line => format!("line {line}"),
        }
    }

    /// An error at the cursor.
    pub(super) fn wrong(&self, detail: impl Into<String>) -> Error {
        Error::input(self.name(), self.place(), detail)
    }

    /// The next bytes.
    pub(super) fn head(&self) -> &[u8] {
        self.window.bytes()
    }

    /// The next line without its end; `None` at the end of the file.
    pub(super) fn line(&mut self) -> Result<Option<String>> {
        let found = self.find(|rest| memchr(b'\n', rest).map(|place| place + 1))?;
        let length = found.unwrap_or(self.head().len());
        if length == 0 {
            return Ok(None);
        }
        let line = String::from_utf8(self.take(length));
        self.window.end_line();
        match line {
            Ok(line) => Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned())),
            Err(_) => Err(self.wrong("the line is not UTF-8")),
        }
    }

    /// The bytes up to and with the next `mark`, passed; `None`, and nothing passed, if there is none.
    pub(super) fn through(&mut self, mark: &[u8]) -> Result<Option<Vec<u8>>> {
        let length = self.find(|rest| memmem::find(rest, mark).map(|place| place + mark.len()))?;
        Ok(length.map(|length| self.take(length)))
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let bytes = self.head().get(..length).unwrap_or_default().to_vec();
        self.window.consume(length);
        bytes
    }

    /// The length of the stretch that `search` finds the end of, reading on until it does.
    fn find(&mut self, search: impl Fn(&[u8]) -> Option<usize>) -> Result<Option<usize>> {
        let mut searched: usize = 0;
        loop {
            let from = searched.saturating_sub(MARK_BYTES_MAX);
            let rest = self.head().get(from..).unwrap_or_default();
            if let Some(length) = search(rest) {
                return Ok(Some(from + length));
            }
            searched = self.head().len();
            if searched > RECORD_BYTES_MAX {
                return Err(self.wrong("a line or record is longer than 16 MiB"));
            }
            if !self.window.fill()? {
                return Ok(None);
            }
        }
    }
}
