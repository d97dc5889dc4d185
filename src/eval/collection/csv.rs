//! CSV by RFC 4180: cells in quotation marks may hold separators, line breaks and doubled marks.

use std::path::Path;

use super::record::heading;
use crate::eval::input::{Encoding, InputError, LINE_BYTES_MAX, Lines, Place};

/// An iterator of records with the place of their first line.
pub(super) struct Csv {
    lines: Lines,
    separator: char,
    header: Vec<String>,
}

impl Csv {
    /// Reads the headings. A header without commas but with semicolons is separated by these.
    ///
    /// # Errors
    /// As [`Lines`]; a quotation mark that is not closed.
    pub(super) fn open(path: &Path) -> Result<Csv, InputError> {
        let mut csv =
            Csv { lines: Lines::open(path, Encoding::Utf8)?, separator: ',', header: Vec::new() };
        let (_, cells) = csv.read()?.ok_or_else(|| InputError::file(path, "no headings"))?;
        let headings = match cells.as_slice() {
            [only] if only.contains(';') => {
                csv.separator = ';';
                only.split(';').map(heading).collect()
            }
            _ => cells.iter().map(|cell| heading(cell)).collect(),
        };
        Ok(Csv { header: headings, ..csv })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    fn read(&mut self) -> Result<Option<(Place, Vec<String>)>, InputError> {
        let first = self.lines.find(|line| !line.as_ref().is_ok_and(|line| line.text.is_empty()));
        let Some(first) = first.transpose()? else { return Ok(None) };
        let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
        let (mut bytes, mut text) = (first.text.len(), first.text);
        loop {
            let mut chars = text.chars().peekable();
            while let Some(char) = chars.next() {
                match char {
                    '"' if is_quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
                    '"' if is_quoted || cell.is_empty() => is_quoted = !is_quoted,
                    char if char == self.separator && !is_quoted => {
                        cells.push(std::mem::take(&mut cell))
                    }
                    char => cell.push(char),
                }
            }
            if !is_quoted {
                cells.push(cell);
                return Ok(Some((first.place, cells)));
            }
            cell.push('\n');
            let next = self.lines.next().transpose()?;
            text = next.ok_or_else(|| first.place.error("a quotation mark is not closed"))?.text;
            bytes += text.len();
            if bytes > LINE_BYTES_MAX {
                return Err(first
                    .place
                    .error(format!("the record has more than {LINE_BYTES_MAX} bytes")));
            }
        }
    }
}

impl Iterator for Csv {
    type Item = Result<(Place, Vec<String>), InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
