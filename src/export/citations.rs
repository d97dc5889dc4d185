//! Documents one after the other, in any format that holds whole citations.

use std::io::{self, Write};

use super::{bibtex, csl, csv, json};
use crate::document::Document;
use crate::ingest::nbib::to_nbib;
use crate::ingest::ris::to_ris;

/// A format of citations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CitationFormat {
    /// NLM's tagged text; medvec reads it back.
    Nbib,
    /// What reference managers and screening tools read.
    Ris,
    /// For LaTeX.
    Bibtex,
    /// For citation processors.
    CslJson,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object per line: everything that a document has, and medvec reads it back.
    Jsonl,
    /// A JSON list of these.
    Json,
}

/// Writes documents in one format. Memory: one document.
///
/// ```
/// use medvec::export::{CitationFormat, CitationWriter};
/// use medvec::{Document, Key};
///
/// let mut out = Vec::new();
/// let mut writer = CitationWriter::new(CitationFormat::Nbib, &mut out)?;
/// writer.write(&Document::new(Key::pmid(17)))?;
/// writer.finish()?;
/// assert_eq!(out, b"PMID- 17\n\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct CitationWriter<'a> {
    format: CitationFormat,
    out: &'a mut dyn Write,
    written: u64,
}

impl<'a> CitationWriter<'a> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of the writer, as in every call.
    pub fn new(format: CitationFormat, out: &'a mut dyn Write) -> io::Result<CitationWriter<'a>> {
        if format == CitationFormat::Csv {
            csv::document_header(out)?;
        }
        Ok(CitationWriter { format, out, written: 0 })
    }

    /// Writes a document.
    ///
    /// # Errors
    /// Those of the writer; of [`io::ErrorKind::InvalidData`] for a document that JSON cannot hold.
    pub fn write(&mut self, document: &Document) -> io::Result<()> {
        match self.format {
            CitationFormat::Nbib => self.out.write_all(to_nbib(document).as_bytes())?,
            CitationFormat::Ris => self.out.write_all(to_ris(document).as_bytes())?,
            CitationFormat::Bibtex => self.out.write_all(bibtex::entry(document).as_bytes())?,
            CitationFormat::Csv => csv::document(self.out, document)?,
            CitationFormat::Jsonl => json::write_line(self.out, &whole(document)?)?,
            CitationFormat::Json => self.item(&whole(document)?)?,
            CitationFormat::CslJson => self.item(&csl::item(document))?,
        }
        self.written += 1;
        Ok(())
    }

    /// Writes an item of a list.
    fn item(&mut self, value: &serde_json::Value) -> io::Result<()> {
        let before = if self.written == 0 { "[\n" } else { ",\n" };
        write!(self.out, "{before}{}", json::escaped(serde_json::to_string_pretty(value)?))
    }

    /// Ends the file; how many documents it holds.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> io::Result<u64> {
        if matches!(self.format, CitationFormat::Json | CitationFormat::CslJson) {
            let end: &[u8] = if self.written == 0 { b"[]\n" } else { b"\n]\n" };
            self.out.write_all(end)?;
        }
        self.out.flush()?;
        Ok(self.written)
    }
}

fn whole(document: &Document) -> io::Result<serde_json::Value> {
    json::document(document).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Key;

    #[test]
    fn lists_are_json_whatever_their_length() {
        for format in [CitationFormat::Json, CitationFormat::CslJson] {
            for count in 0..3u32 {
                let mut out = Vec::new();
                let mut writer = CitationWriter::new(format, &mut out).unwrap();
                for number in 1..=count {
                    writer.write(&Document::new(Key::pmid(number))).unwrap();
                }
                assert_eq!(writer.finish().unwrap(), u64::from(count));
                let list: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
                assert_eq!(list.len(), count as usize);
            }
        }
    }
}
