//! Tagged text, as NBIB, RIS, PubTator and the Cystic Fibrosis collection are: a record begins at a line with one certain
//! tag, and everything up to the next such line belongs to it.
//!
//! ```text
//! PMID- 10974959            <- a record begins
//! TI  - Cost-effectiveness of intensive v. standard case management for severe
//!       psychotic illness.  <- goes on: white space at the start of the line
//!                           <- blank lines say nothing
//! PMID- 10776363            <- the next record
//! ```

use memchr::memchr;

use super::plain::one_line;
use super::raw::{Fault, RECORD_BYTES_MAX, RawBatch, RawKind};
use super::window::Window;
use crate::error::Result;
use crate::limits::KEY_BYTES_MAX;

/// One of the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// NLM's: tags of two to four letters, padded to four columns, then `- `.
    Nbib,
    /// Tags of two characters, two blanks, then `- `.
    Ris,
    /// Lines that begin with an id and `|t|`, `|a|` or a tab: [`super::pubtator`] takes them apart.
    PubTator,
    /// Tags of two letters, then a blank; lines that go on are mostly indented.
    CysticFibrosis,
}

/// Tags of the Cystic Fibrosis collection. Lines that go on are not always indented, so no others are tags.
const CYSTIC_FIBROSIS: [&str; 12] =
    ["PN", "RN", "AN", "AU", "TI", "SO", "MJ", "MN", "AB", "EX", "RF", "CT"];

impl Layout {
    pub(super) const ALL: [Layout; 4] =
        [Layout::Nbib, Layout::Ris, Layout::PubTator, Layout::CysticFibrosis];

    /// The tag at the start of a line, and what stands behind it.
    pub(super) fn tag(self, line: &str) -> Option<(&str, &str)> {
        if self == Layout::CysticFibrosis {
            let (tag, value) = line.split_at_checked(2)?;
            let is_spaced = value.is_empty() || value.starts_with(char::is_whitespace);
            return (CYSTIC_FIBROSIS.contains(&tag) && is_spaced).then_some((tag, value));
        }
        let (head, value) = line.split_once('-')?;
        let tag = head.trim_end_matches(' ');
        let is_tag = match self {
            Layout::Nbib => {
                head.len() == 4
                    && tag.len() >= 2
                    && tag.bytes().all(|byte| byte.is_ascii_uppercase())
            }
            Layout::Ris => {
                let (first, second) = (tag.as_bytes().first(), tag.as_bytes().get(1));
                (3..=4).contains(&head.len())
                    && tag.len() == 2
                    && first.is_some_and(|byte| byte.is_ascii_uppercase())
                    && second.is_some_and(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            }
            Layout::PubTator | Layout::CysticFibrosis => false,
        };
        let is_spaced = value.is_empty() || value.starts_with(char::is_whitespace);
        (is_tag && is_spaced).then_some((tag, value))
    }

    /// Whether a file begins with a record; `bytes` are without white space before.
    pub(super) fn is_at(self, bytes: &[u8]) -> bool {
        let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        // A tag is ASCII: a line that is cut inside of a character still shows it.
        let head = String::from_utf8_lossy(line.get(..line.len().min(8)).unwrap_or_default());
        let begins_with = |wanted: &str| self.tag(&head).is_some_and(|(tag, _)| tag == wanted);
        match self {
            Layout::Nbib => begins_with("PMID"),
            Layout::Ris => begins_with("TY"),
            Layout::PubTator => is_pubtator_title(line),
            Layout::CysticFibrosis => line.strip_prefix(b"PN").is_some_and(|rest| {
                let number = rest.trim_ascii();
                number.len() < rest.len()
                    && !number.is_empty()
                    && number.iter().all(u8::is_ascii_digit)
            }),
        }
    }

    fn kind(self) -> RawKind {
        match self {
            Layout::Nbib => RawKind::Nbib,
            Layout::Ris => RawKind::Ris,
            Layout::PubTator => RawKind::PubTator,
            Layout::CysticFibrosis => RawKind::CysticFibrosis,
        }
    }
}

/// Whether a line is `ID|t|...`: an id without blanks and tabs.
fn is_pubtator_title(line: &[u8]) -> bool {
    let head = line.get(..line.len().min(KEY_BYTES_MAX + 3)).unwrap_or_default();
    let Some(stroke) = memchr(b'|', head) else { return false };
    let (id, rest) = head.split_at(stroke);
    !id.is_empty() && !id.iter().any(u8::is_ascii_whitespace) && rest.starts_with(b"|t|")
}

/// Cuts records.
pub(super) struct TaggedCutter {
    layout: Layout,
    /// Bytes at the start of the window that were looked through.
    scanned: usize,
    /// Whether the window is inside of a record that is to be dropped.
    overlong: bool,
}

impl TaggedCutter {
    pub(super) fn new(layout: Layout) -> TaggedCutter {
        TaggedCutter { layout, scanned: 0, overlong: false }
    }

    /// Adds the next record to `batch`; `false` at the end.
    ///
    /// # Errors
    /// As [`Window::fill`].
    pub(super) fn next(&mut self, window: &mut Window, batch: &mut RawBatch) -> Result<bool> {
        loop {
            let (end, is_last) = match self.next_start(window.bytes()) {
                Some(start) => (start, false),
                None if window.bytes().len() > RECORD_BYTES_MAX => {
                    self.drop_overlong(window, batch);
                    continue;
                }
                None if window.fill()? => continue,
                None => (window.bytes().len(), true),
            };
            let added = self.take(window, batch, end);
            consume_lines(window, end);
            self.scanned = 0;
            if added || is_last {
                return Ok(added);
            }
        }
    }

    /// Where the record after the first one begins. Lines that are not complete wait for more.
    fn next_start(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(rest) = bytes.get(self.scanned..)
            && let Some(length) = memchr(b'\n', rest)
        {
            let line = rest.get(..length).unwrap_or_default();
            if self.scanned > 0 && self.layout.is_at(line) {
                return Some(self.scanned);
            }
            self.scanned += length + 1;
        }
        None
    }

    fn take(&mut self, window: &Window, batch: &mut RawBatch, end: usize) -> bool {
        if std::mem::take(&mut self.overlong) {
            // The record was reported when its start was dropped.
            return false;
        }
        let record = window.bytes().get(..end).unwrap_or_default();
        if record.trim_ascii().is_empty() {
            return false;
        }
        let is_long = record.len() > RECORD_BYTES_MAX;
        let kind = if is_long { RawKind::Bad } else { self.layout.kind() };
        let bytes = if is_long { OVERLONG.as_bytes() } else { record };
        batch.push(kind, bytes, window.offset(), window.line());
        true
    }

    /// Drops the complete lines in memory; a line that alone is too long goes as well.
    fn drop_overlong(&mut self, window: &mut Window, batch: &mut RawBatch) {
        if !self.overlong {
            batch.push(RawKind::Bad, OVERLONG.as_bytes(), window.offset(), window.line());
        }
        self.overlong = true;
        let end = if self.scanned > 0 { self.scanned } else { window.bytes().len() };
        consume_lines(window, end);
        self.scanned = 0;
    }
}

const OVERLONG: &str = "the record is longer than 16 MiB";

fn consume_lines(window: &mut Window, end: usize) {
    let consumed = window.bytes().get(..end).unwrap_or_default();
    let lines = memchr::memchr_iter(b'\n', consumed).count();
    (0..lines).for_each(|_| window.end_line());
    window.consume(end);
}

/// A tag with its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tagged<'a> {
    /// The tag.
    pub(super) tag: &'a str,
    /// Its lines joined by blanks, runs of white space collapsed.
    pub(super) value: String,
    /// Where it begins in the record.
    pub(super) offset: u64,
}

/// The tags of a record, in order.
///
/// # Errors
/// A [`Fault`] for a line that neither has a tag nor, in NBIB, begins with white space. The others go on at
/// any line without a tag, as reference managers write RIS; there such a line under `KW` that does not begin with white
/// space is a keyword of its own, as EndNote writes them.
pub(super) fn tags(layout: Layout, record: &str) -> Result<Vec<Tagged<'_>>, Fault> {
    let mut tags: Vec<Tagged<'_>> = Vec::new();
    let mut pieces = String::new();
    let mut offset = 0;
    for line in record.split_inclusive('\n') {
        let begins = offset;
        offset += line.len() as u64;
        if line.trim_ascii().is_empty() {
            continue;
        }
        if let Some((tag, value)) = layout.tag(line) {
            close(&mut tags, &mut pieces);
            pieces.push_str(value);
            tags.push(Tagged { tag, value: String::new(), offset: begins });
            continue;
        }
        let goes_on = line.starts_with([' ', '\t']) || layout != Layout::Nbib;
        if tags.is_empty() || !goes_on {
            let found: String = line.trim().chars().take(40).collect();
            return Err(Fault {
                offset: begins,
                detail: format!(
                    "expected a tag (`TI  - `) or six blanks before a line that goes on, found `{found}`"
                ),
            });
        }
        let is_indented = line.starts_with([' ', '\t']);
        if layout == Layout::Ris && !is_indented && tags.last().is_some_and(|last| last.tag == "KW")
        {
            close(&mut tags, &mut pieces);
            tags.push(Tagged { tag: "KW", value: String::new(), offset: begins });
        }
        pieces.push(' ');
        pieces.push_str(line);
    }
    close(&mut tags, &mut pieces);
    Ok(tags)
}

fn close(tags: &mut [Tagged<'_>], pieces: &mut String) {
    if let Some(last) = tags.last_mut() {
        last.value = one_line(pieces).into_owned();
    }
    pieces.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_in_fixed_columns() {
        let nbib = |line| Layout::Nbib.tag(line);
        assert_eq!(nbib("PMID- 7"), Some(("PMID", " 7")));
        assert_eq!(nbib("TI  - a-b"), Some(("TI", " a-b")));
        assert_eq!(nbib("AB  -"), Some(("AB", "")));
        for line in ["TI - x", "ti  - x", "RCT-based x", "      PMID- 7", "ABCDE- x", "A   - x"] {
            assert_eq!(nbib(line), None, "{line}");
        }
        let ris = |line| Layout::Ris.tag(line);
        assert_eq!(ris("TY  - JOUR"), Some(("TY", " JOUR")));
        assert_eq!(ris("ER  -"), Some(("ER", "")));
        assert_eq!(ris("C2 - PMC1"), Some(("C2", " PMC1")));
        for line in ["TY- JOUR", "T   - x", "2C  - x", "  TY  - x", "IL-6 - x"] {
            assert_eq!(ris(line), None, "{line}");
        }
    }

    #[test]
    fn records_begin_at_certain_lines() {
        for (layout, good, bad) in [
            (
                Layout::PubTator,
                &["7|t|A title", "PMC7|t|", "a-b|t|x"][..],
                &["7|a|x", "|t|x", "7\t0\t3\ta|t|b", "a b|t|x", "7|t"][..],
            ),
            (
                Layout::CysticFibrosis,
                &["PN 74001", "PN  1 \r"],
                &["PN", "PN x", "PN1", " PN 1", "RN 1"],
            ),
        ] {
            assert!(good.iter().all(|line| layout.is_at(line.as_bytes())), "{layout:?}");
            assert!(!bad.iter().any(|line| layout.is_at(line.as_bytes())), "{layout:?}");
        }
    }

    #[test]
    fn values_go_on_in_lines_without_a_tag() {
        let record = "PMID- 7\r\nTI  - One\r\n      two \tthree\r\n\r\nAB  -\n      x - y\n";
        let found = tags(Layout::Nbib, record).unwrap();
        let found: Vec<(&str, &str)> =
            found.iter().map(|tag| (tag.tag, tag.value.as_str())).collect();
        assert_eq!(found, [("PMID", "7"), ("TI", "One two three"), ("AB", "x - y")]);
        let fault = tags(Layout::Nbib, "PMID- 7\nstray\n").unwrap_err();
        assert_eq!(fault.offset, 8);
        assert!(fault.detail.contains("`stray`"), "{}", fault.detail);
        let found = tags(Layout::Ris, "TY  - JOUR\nAB  - One\ntwo\nER  - \n").unwrap();
        assert_eq!(found[1].value, "One two");
    }
}
