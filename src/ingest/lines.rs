//! Cuts a stream into lines.

use memchr::memchr;

use crate::error::Result;

use super::raw::{RECORD_BYTES_MAX, RawBatch, RawKind};
use super::window::Window;

/// Cuts lines; blank ones are no records.
pub(super) struct LineCutter {
    /// What each of them is.
    kind: RawKind,
    /// Bytes at the start of the window known to hold no line end.
    scanned: usize,
    /// Whether the rest of the line is to be dropped.
    overlong: bool,
}

impl LineCutter {
    pub(super) fn new(kind: RawKind) -> LineCutter {
        LineCutter { kind, scanned: 0, overlong: false }
    }

    /// Adds the next line to `batch`; `false` at the end.
    ///
    /// # Errors
    /// As [`Window::fill`].
    pub(super) fn next(&mut self, window: &mut Window, batch: &mut RawBatch) -> Result<bool> {
        loop {
            let bytes = window.bytes();
            let found = bytes.get(self.scanned..).and_then(|rest| memchr(b'\n', rest));
            let (line_bytes, is_last) = match found {
                Some(place) => (self.scanned + place, false),
                None if bytes.len() > RECORD_BYTES_MAX => {
                    self.drop_overlong(window, batch);
                    continue;
                }
                None => {
                    self.scanned = bytes.len();
                    if window.fill()? {
                        continue;
                    }
                    (self.scanned, true)
                }
            };
            let added = self.take(window, batch, line_bytes);
            window.consume(line_bytes + 1);
            window.end_line();
            self.scanned = 0;
            if added || is_last {
                return Ok(added);
            }
        }
    }

    fn take(&mut self, window: &Window, batch: &mut RawBatch, line_bytes: usize) -> bool {
        if std::mem::take(&mut self.overlong) {
            // The line was reported when its start was dropped.
            return false;
        }
        let line = window.bytes().get(..line_bytes).unwrap_or_default();
        if line.trim_ascii().is_empty() {
            return false;
        }
        let kind = if line.len() > RECORD_BYTES_MAX { RawKind::Bad } else { self.kind };
        let text = if kind == RawKind::Bad { OVERLONG.as_bytes() } else { line };
        batch.push(kind, text, window.offset(), window.line());
        true
    }

    fn drop_overlong(&mut self, window: &mut Window, batch: &mut RawBatch) {
        if !self.overlong {
            batch.push(RawKind::Bad, OVERLONG.as_bytes(), window.offset(), window.line());
        }
        self.overlong = true;
        self.scanned = 0;
        window.consume(window.bytes().len());
    }
}

const OVERLONG: &str = "the line is longer than 16 MiB";
