//! Lines of text files, and what is wrong with them.
//!
//! Every reader of this room goes through `for_each_line`, so that all of them accept the same files: UTF-8 with or
//! without a byte order mark, line ends of Unix or Windows, blank lines, and a last line without an end.

use std::fmt;
use std::io::{self, BufRead, Read};

/// Bytes of a line, without its end.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What a line must satisfy. The names ([`InputRule::name`]) are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputRule {
    /// A line holds at most [`LINE_BYTES_MAX`] bytes.
    LineLength,
    /// Text is UTF-8.
    Utf8,
    /// A line has as many columns as its format says.
    Columns,
    /// A line of JSON is an object with the fields of its format.
    Json,
    /// An id is not empty, and holds no blank where blanks separate columns.
    Id,
    /// A score is a finite number.
    Score,
    /// A grade is a whole number.
    Grade,
    /// A run lists a document once per query.
    DuplicateDocument,
    /// A document has one grade per query.
    ConflictingGrade,
}

impl InputRule {
    /// A stable name in kebab case.
    pub fn name(self) -> &'static str {
        match self {
            InputRule::LineLength => "line-length",
            InputRule::Utf8 => "utf-8",
            InputRule::Columns => "columns",
            InputRule::Json => "json",
            InputRule::Id => "id",
            InputRule::Score => "score",
            InputRule::Grade => "grade",
            InputRule::DuplicateDocument => "duplicate-document",
            InputRule::ConflictingGrade => "conflicting-grade",
        }
    }
}

/// A rule that a value breaks, before the file and the line are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: InputRule,
    /// What is wrong and what is expected.
    pub detail: String,
}

impl Violation {
    pub(crate) fn new(rule: InputRule, detail: impl Into<String>) -> Violation {
        Violation { rule, detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (rule: {})", self.detail, self.rule.name())
    }
}

impl std::error::Error for Violation {}

/// A line that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// The file's name, as the caller gave it.
    pub file: String,
    /// The line's number, from 1.
    pub line: u64,
    /// The rule.
    pub rule: InputRule,
    /// What is wrong and what is expected.
    pub detail: String,
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InputError { file, line, rule, detail } = self;
        write!(f, "{file}, line {line}: {detail} (rule: {})", rule.name())
    }
}

impl std::error::Error for InputError {}

/// Why a file could not be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading failed.
    Io {
        /// The file's name, as the caller gave it.
        file: String,
        /// The reader's error.
        source: io::Error,
    },
    /// A line breaks a rule.
    Input(InputError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Io { file, source } => write!(f, "cannot read {file}: {source}"),
            ReadError::Input(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::Io { source, .. } => Some(source),
            ReadError::Input(_) => None,
        }
    }
}

impl From<ReadError> for crate::error::Error {
    fn from(error: ReadError) -> crate::error::Error {
        match error {
            ReadError::Io { file, source } => crate::error::Error::io("read", file, source),
            ReadError::Input(InputError { file, line, rule, detail }) => {
                let detail = format!("{detail} (rule: {})", rule.name());
                crate::error::Error::input(file, format!("line {line}"), detail)
            }
        }
    }
}

/// Calls `take` with each line that is not blank, without its end. Memory: one line.
///
/// # Errors
/// Those of the reader; what `take` refuses, with the file and the line.
pub(crate) fn for_each_line(
    mut reader: impl BufRead,
    file: &str,
    mut take: impl FnMut(&str) -> Result<(), Violation>,
) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    for line in 1u64.. {
        buffer.clear();
        // Two bytes more for the line's end: a longer line shows without being read to its end.
        let limit = LINE_BYTES_MAX as u64 + 2;
        let read = reader.by_ref().take(limit).read_until(b'\n', &mut buffer);
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(source) => return Err(ReadError::Io { file: file.to_owned(), source }),
        }
        take_line(&buffer, line == 1, &mut take).map_err(|Violation { rule, detail }| {
            ReadError::Input(InputError { file: file.to_owned(), line, rule, detail })
        })?;
    }
    Ok(())
}

fn take_line(
    bytes: &[u8],
    is_first: bool,
    take: &mut impl FnMut(&str) -> Result<(), Violation>,
) -> Result<(), Violation> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes.len() > LINE_BYTES_MAX {
        let detail = format!("the line is longer than {LINE_BYTES_MAX} bytes");
        return Err(Violation::new(InputRule::LineLength, detail));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1);
        Violation::new(InputRule::Utf8, detail)
    })?;
    let text = if is_first { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
    if text.chars().all(is_blank) { Ok(()) } else { take(text) }
}

/// Whether trec_eval ends a column here: C's `isspace` in the C locale.
pub(crate) fn is_blank(ch: char) -> bool {
    matches!(ch, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// The `N` columns between runs of blanks.
pub(crate) fn blank_columns<'a, const N: usize>(
    line: &'a str,
    expected: &str,
) -> Result<[&'a str; N], Violation> {
    columns(line.split(is_blank).filter(|column| !column.is_empty()), expected)
}

/// The `N` columns between single tabs.
pub(crate) fn tab_columns<'a, const N: usize>(
    line: &'a str,
    expected: &str,
) -> Result<[&'a str; N], Violation> {
    columns(line.split('\t'), expected)
}

fn columns<'a, const N: usize>(
    mut parts: impl Iterator<Item = &'a str>,
    expected: &str,
) -> Result<[&'a str; N], Violation> {
    let mut columns = [""; N];
    let mut found = 0;
    for (slot, part) in columns.iter_mut().zip(parts.by_ref()) {
        *slot = part;
        found += 1;
    }
    // `zip` asks the slots first, so no part is lost here.
    found += parts.count();
    if found == N {
        return Ok(columns);
    }
    let detail = format!("expected {N} columns ({expected}), found {found}");
    Err(Violation::new(InputRule::Columns, detail))
}

/// Refuses an empty id.
pub(crate) fn check_id(what: &str, id: &str) -> Result<(), Violation> {
    if id.is_empty() {
        return Err(Violation::new(InputRule::Id, format!("the {what} id is empty")));
    }
    Ok(())
}

/// A text for a message: no control characters, and not longer than a person reads.
pub(crate) fn shown(text: &str) -> String {
    let harmless = |ch: char| if ch.is_control() { '\u{fffd}' } else { ch };
    let mut short: String = text.chars().take(80).map(harmless).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Result<Vec<String>, ReadError> {
        let mut lines = Vec::new();
        for_each_line(bytes, "f", |line| {
            lines.push(line.to_owned());
            Ok(())
        })?;
        Ok(lines)
    }

    #[test]
    fn line_ends_marks_and_blank_lines_do_not_matter() {
        let found = lines(b"\xef\xbb\xbfa b\r\n\n \t\r\nc\nd").unwrap();
        assert_eq!(found, ["a b", "c", "d"]);
        assert_eq!(lines(b"").unwrap(), [""; 0]);
        assert_eq!(lines(b"\xef\xbb\xbf").unwrap(), [""; 0]);
    }

    #[test]
    fn the_longest_line_is_read_and_one_byte_more_is_refused() {
        let mut bytes = vec![b'a'; LINE_BYTES_MAX];
        assert_eq!(lines(&bytes).unwrap().len(), 1);
        bytes.extend(b"\r\n");
        assert_eq!(lines(&bytes).unwrap().len(), 1);
        bytes.insert(0, b'\n');
        bytes.insert(1, b'a');
        let ReadError::Input(error) = lines(&bytes).unwrap_err() else { panic!() };
        assert_eq!((error.line, error.rule), (2, InputRule::LineLength));
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_with_its_place() {
        let error = lines(b"a\nb\xff\n").unwrap_err();
        assert_eq!(error.to_string(), "f, line 2: byte 2 of the line is not UTF-8 (rule: utf-8)");
    }

    #[test]
    fn columns_are_counted() {
        assert_eq!(blank_columns::<3>(" a\t b  c ", "").unwrap(), ["a", "b", "c"]);
        for (line, found) in [("a b", 2), ("a b c d", 4), ("a b c d e", 5)] {
            let error = blank_columns::<3>(line, "x, y, z").unwrap_err();
            assert_eq!(error.detail, format!("expected 3 columns (x, y, z), found {found}"));
        }
        assert_eq!(tab_columns::<3>("a b\t\tc", "").unwrap(), ["a b", "", "c"]);
    }
}
