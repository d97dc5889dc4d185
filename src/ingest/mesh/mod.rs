//! MeSH from the files that NLM and others give it in.
//!
//! | file | begins with | read by |
//! |---|---|---|
//! | `descYYYY.xml`, `qualYYYY.xml`, `suppYYYY.xml` | `<` | `xml` |
//! | `dYYYY.bin`, `qYYYY.bin`, `cYYYY.bin` | `*NEWRECORD` | `ascii` |
//! | `mtreesYYYY.bin` | `Name;A01` | `trees` |
//! | tables with tabs | anything else | `table` |
//!
//! Each may be packed by gzip or zstd. Files are told apart by content and add to each other: a descriptor can
//! have its name from one and its tree numbers from another. One record or line is in memory at a time, and
//! what was read.

mod ascii;
mod feed;
mod gathered;
mod table;
mod trees;
mod xml;

use std::io::Read;
use std::path::Path;

use super::input::Input;
use crate::error::Result;
use feed::Feed;

pub use gathered::MeshSource;

impl MeshSource {
    /// Adds what a file says.
    ///
    /// # Errors
    /// [`crate::Error::Io`]; [`crate::Error::Input`] with file and place for anything that is not one of these formats, or
    /// breaks off.
    pub fn add_file(&mut self, path: &Path) -> Result<()> {
        self.add_input(Input::open(path)?)
    }

    /// [`MeshSource::add_file`] for a reader; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`MeshSource::add_file`].
    pub fn add_reader(&mut self, name: &str, reader: impl Read + Send + 'static) -> Result<()> {
        self.add_input(Input::new(name.to_owned(), reader)?)
    }

    fn add_input(&mut self, input: Input) -> Result<()> {
        let mut feed = Feed::new(input)?;
        let head = feed.head().trim_ascii_start();
        if head.starts_with(b"<") {
            return xml::read(&mut feed, self);
        }
        if head.starts_with(b"*NEWRECORD") {
            return ascii::read(&mut feed, self);
        }
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if !line.contains(&b'\t') && trees::is_line(line) {
            return trees::read(&mut feed, self);
        }
        table::read(&mut feed, self)
    }
}

/// The year in a name like `desc2024.xml`.
pub fn year_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let runs = name.split(|ch: char| !ch.is_ascii_digit());
    runs.filter(|run| run.len() == 4)
        .filter_map(|run| run.parse().ok())
        .find(|year| (1960..2200).contains(year))
}

#[cfg(test)]
mod tests;
