//! Cuts a JSON object of objects (`{"21645374": {...}, ...}`) into its entries, or a JSON array into its elements,
//! without keeping the whole of it in memory.

use crate::error::{Error, Result};

use super::raw::{RECORD_BYTES_MAX, RawBatch, RawKind, input_error};
use super::window::Window;

/// Cuts entries: the bytes of one are `"key": {...}`, or an element.
pub(super) struct EntryCutter {
    /// What each of them is: [`RawKind::Entry`] or [`RawKind::Element`].
    kind: RawKind,
    phase: Phase,
    entries: u64,
    scan: Scan,
}

#[derive(PartialEq)]
enum Phase {
    Start,
    Entries,
    End,
}

/// Where a scan for the end of an entry stands; it goes on after more was read.
#[derive(Default)]
struct Scan {
    place: usize,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// The end of the entry: the first `,` or closing bracket of the whole outside of all strings and brackets.
    fn end(&mut self, bytes: &[u8], closing: u8) -> Option<usize> {
        while let Some(&byte) = bytes.get(self.place) {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b',' if self.depth == 0 => return Some(self.place),
                _ if byte == closing && self.depth == 0 => return Some(self.place),
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.place += 1;
        }
        None
    }
}

impl EntryCutter {
    /// For the entries of an object.
    pub(super) fn of_object() -> EntryCutter {
        EntryCutter { kind: RawKind::Entry, phase: Phase::Start, entries: 0, scan: Scan::default() }
    }

    /// For the elements of an array.
    pub(super) fn of_array() -> EntryCutter {
        EntryCutter { kind: RawKind::Element, ..EntryCutter::of_object() }
    }

    fn is_array(&self) -> bool {
        self.kind == RawKind::Element
    }

    fn closing(&self) -> u8 {
        if self.is_array() { b']' } else { b'}' }
    }

    /// Adds the next entry to `batch`; `false` at the end.
    ///
    /// # Errors
    /// [`Error::Input`] when the whole is cut, is followed by something, or has an entry that is
    /// too long; and as [`Window::fill`].
    pub(super) fn next(&mut self, window: &mut Window, batch: &mut RawBatch) -> Result<bool> {
        if self.phase == Phase::Start {
            skip_blank(window)?;
            window.consume(1);
            self.phase = Phase::Entries;
        }
        if self.phase == Phase::End {
            return Ok(false);
        }
        if !skip_blank(window)? {
            let closing = char::from(self.closing());
            let detail = format!("the file ends before the closing `{closing}`: it is cut");
            return Err(self.error(window, &detail));
        }
        loop {
            if let Some(end) = self.scan.end(window.bytes(), self.closing()) {
                return self.take(window, batch, end);
            }
            if window.bytes().len() > RECORD_BYTES_MAX {
                return Err(self.error(window, "an entry is longer than 16 MiB"));
            }
            if !window.fill()? {
                return Err(self.error(window, "the file ends inside of this entry: it is cut"));
            }
        }
    }

    fn take(&mut self, window: &mut Window, batch: &mut RawBatch, end: usize) -> Result<bool> {
        self.scan = Scan::default();
        let bytes = window.bytes();
        let is_last = bytes.get(end) == Some(&self.closing());
        let entry = bytes.get(..end).unwrap_or_default();
        let is_entry = !entry.trim_ascii().is_empty();
        if is_entry {
            batch.push(self.kind, entry, window.offset(), 0);
            self.entries += 1;
        }
        window.consume(end + 1);
        if is_last {
            self.phase = Phase::End;
            if skip_blank(window)? {
                let what = if self.is_array() { "array" } else { "object" };
                let detail = format!("something follows the end of the JSON {what}");
                return Err(self.error(window, &detail));
            }
        }
        if !is_entry && !is_last {
            let expected = if self.is_array() { "{...}" } else { "\"PMID\": {...}" };
            let reason = format!("expected `{expected}`, found nothing before a comma");
            batch.push(RawKind::Bad, reason.as_bytes(), window.offset(), 0);
            self.entries += 1;
        }
        Ok(is_entry || !is_last)
    }

    fn error(&self, window: &Window, detail: &str) -> Error {
        let place = format!("entry {}, byte {}", self.entries + 1, window.offset());
        input_error(window.input().name(), place, detail)
    }
}

/// Consumes white space; `false` at the end of the stream.
fn skip_blank(window: &mut Window) -> Result<bool> {
    loop {
        let bytes = window.bytes();
        let blank = bytes.len() - bytes.trim_ascii_start().len();
        let ended = blank == bytes.len();
        window.consume(blank);
        if !ended {
            return Ok(true);
        }
        if !window.fill()? {
            return Ok(false);
        }
    }
}
