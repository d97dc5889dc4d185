//! Lines of a text file, each with its number.
//!
//! `\r\n` ends a line as `\n` does. Memory: one line, at most [`LINE_BYTES_MAX`].

use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use super::error::{InputError, Place, until_error};
use super::open::{BYTE_ORDER_MARK, Input};

/// Longest line, and longest entry of a JSON file, in bytes: the longest published training records
/// have some 10 MB.
pub const LINE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How bytes become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    /// Every byte is a character: files of the 1980s.
    Latin1,
}

/// A line without its end.
pub(crate) struct Line {
    pub(crate) place: Place,
    pub(crate) text: String,
}

/// An iterator of lines; it ends after an error.
pub(crate) struct Lines<R = Box<dyn BufRead + Send>> {
    reader: R,
    file: Arc<str>,
    encoding: Encoding,
    number: u64,
    is_over: bool,
}

impl Lines {
    /// # Errors
    /// As [`Input::open_filled`].
    pub(crate) fn open(path: &Path, encoding: Encoding) -> Result<Lines, InputError> {
        let Input { name, reader, .. } = Input::open_filled(path)?;
        Ok(Lines { encoding, ..Lines::of(reader, name) })
    }
}

impl<R: BufRead> Lines<R> {
    /// The lines of UTF-8 that a reader gives; `file` names it in errors. There may be none.
    pub(crate) fn of(reader: R, file: impl Into<Arc<str>>) -> Lines<R> {
        Lines { reader, file: file.into(), encoding: Encoding::Utf8, number: 0, is_over: false }
    }

    /// The place of the line that was given last.
    pub(crate) fn place(&self) -> Place {
        Place { file: self.file.clone(), word: "line", number: self.number }
    }

    fn read(&mut self) -> Result<Option<Line>, InputError> {
        self.number += 1;
        let mut bytes = Vec::new();
        let limit = LINE_BYTES_MAX as u64 + 2;
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut bytes);
        let place = self.place();
        read.map_err(|error| place.error(format!("cannot read on: {error}")))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        // A reader that was not opened here may still have one.
        if self.number == 1 && bytes.starts_with(&BYTE_ORDER_MARK) {
            bytes.drain(..BYTE_ORDER_MARK.len());
        }
        if bytes.len() > LINE_BYTES_MAX {
            return Err(place.error(format!("the line has more than {LINE_BYTES_MAX} bytes")));
        }
        let text = match self.encoding {
            Encoding::Latin1 => bytes.into_iter().map(char::from).collect(),
            Encoding::Utf8 => String::from_utf8(bytes).map_err(|error| {
                let byte = error.utf8_error().valid_up_to() + 1;
                place.error(format!("the line is not UTF-8 (byte {byte})"))
            })?,
        };
        Ok(Some(Line { place, text }))
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = Result<Line, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        until_error(self, |own| &mut own.is_over, Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let lines = Lines::open(file.path(), Encoding::Utf8).map_err(|error| error.detail)?;
        let text = |line: Result<Line, InputError>| match line {
            Ok(line) => Ok(line.text),
            Err(error) => Err(format!("{}: {}", error.place, error.detail)),
        };
        lines.map(text).collect()
    }

    #[test]
    fn marks_and_ends_of_lines_are_no_text() {
        assert_eq!(read(b"a\r\nb\n\nc").unwrap(), ["a", "b", "", "c"]);
        assert_eq!(read(b"\xef\xbb\xbfa\n").unwrap(), ["a"]);
        assert_eq!(read(b"\xef\xbb\xbf").unwrap_err(), "the file is empty");
        assert_eq!(read(b"").unwrap_err(), "the file is empty");
        assert_eq!(read(b"a\n\xff\n").unwrap_err(), "line 2: the line is not UTF-8 (byte 1)");
        for utf16 in [&b"\xff\xfea\0"[..], b"\xfe\xff\0a", b"a\0b\0", b"\0a\0b"] {
            assert!(read(utf16).unwrap_err().contains("UTF-16"));
        }
    }

    #[test]
    fn packed_files_are_known_by_their_bytes() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"a\nb\n").unwrap();
        let gzip = packer.finish().unwrap();
        assert_eq!(read(&gzip).unwrap(), ["a", "b"]);
        // Two members, as `cat a.gz b.gz` makes.
        assert_eq!(read(&[gzip.clone(), gzip.clone()].concat()).unwrap().len(), 4);
        let zstd = zstd::encode_all(&b"a\nb\n"[..], 1).unwrap();
        assert_eq!(read(&zstd).unwrap(), ["a", "b"]);
        for cut in [&gzip[..gzip.len() - 3], &zstd[..zstd.len() - 3]] {
            assert!(read(cut).unwrap_err().contains("cannot read"));
        }
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let long = vec![b'a'; LINE_BYTES_MAX + 1];
        assert!(read(&long).unwrap_err().contains("more than 33554432 bytes"));
        assert_eq!(read(&long[1..]).unwrap().len(), 1);
    }
}
