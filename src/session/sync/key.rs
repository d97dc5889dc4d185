//! What NLM calls its files.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::ids::{Revision, file_number};

/// Numbers of one year.
const YEAR: u32 = 1_000_000;

/// A file of NLM's series by year and number, which are its place in the order of all files.
///
/// ```
/// use medvec::session::NlmFile;
///
/// let file = NlmFile::named("pubmed26n1334.xml.gz").expect("a file of the series");
/// assert_eq!((file.year(), file.number()), (26, 1334));
/// assert!(file < NlmFile::named("pubmed27n0001.xml.gz").expect("the year after"));
/// assert_eq!(NlmFile::named("pubmed26n1334.xml.gz.md5"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NlmFile(u32);

impl NlmFile {
    /// The file with this name, `pubmedYYnNNNN.xml.gz` or the same unpacked; `None` for any other name.
    pub fn named(name: &str) -> Option<NlmFile> {
        let is_xml = name.ends_with(".xml") || name.ends_with(".xml.gz");
        let stem = name.split('.').next().filter(|_| is_xml)?;
        let number = file_number(stem).filter(|_| name.starts_with("pubmed"))?;
        let file = NlmFile(number);
        (file.number() > 0 && file.file_stem() == stem).then_some(file)
    }

    /// The file with this number in a year of two digits.
    pub(super) fn of(year: u32, number: u32) -> NlmFile {
        NlmFile(year * YEAR + number)
    }

    /// The file that a revision came from, if it is one of the series.
    pub(super) fn of_revision(revision: Revision) -> Option<NlmFile> {
        (revision.file > 0).then_some(NlmFile(revision.file))
    }

    /// The two digits of its year.
    pub fn year(self) -> u32 {
        self.0 / YEAR
    }

    /// Its number, from 1.
    pub fn number(self) -> u32 {
        self.0 % YEAR
    }

    /// Year and number as revisions hold them.
    pub(super) fn revision(self) -> u32 {
        self.0
    }

    fn file_stem(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for NlmFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pubmed{:02}n{:04}", self.year(), self.number())
    }
}

impl Serialize for NlmFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_series_are_files_of_it() {
        let named = |name: &str| NlmFile::named(name).map(|file| (file.year(), file.number()));
        assert_eq!(named("pubmed26n0001.xml.gz"), Some((26, 1)));
        assert_eq!(named("pubmed26n0001.xml"), Some((26, 1)));
        assert_eq!(named("pubmed26n10000.xml.gz"), Some((26, 10_000)));
        for other in [
            "pubmed26n0001",
            "pubmed26n0001.xml.gz.md5",
            "pubmed26n0001.xml.gz.part",
            "pubmed26n0001 (1).xml.gz",
            "pubmed26n00001.xml.gz",
            "pubmed26n0000.xml.gz",
            "medline13n0701.xml.gz",
            "pubmed26n0001.html",
            "README.txt",
        ] {
            assert_eq!(named(other), None, "{other}");
        }
        assert_eq!(NlmFile::of(4, 17).to_string(), "pubmed04n0017");
    }
}
