//! Typed identifiers, so that a row is never taken for a generation.

use std::fmt;

use rkyv::{Archive, Deserialize, Serialize};

/// A PubMed identifier: a positive decimal number, at most eight digits today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pmid(pub u32);

impl fmt::Display for Pmid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a document is called: a PMID, or any string up to [`crate::limits::KEY_BYTES_MAX`] bytes.
///
/// Keys order with all PMIDs (by number) before all strings (by bytes); search ties are broken by
/// this order.
///
/// ```
/// use medvec::Key;
///
/// assert_eq!(Key::from("12345678"), Key::pmid(12345678));
/// assert_eq!(Key::from("trial-7").to_string(), "trial-7");
/// assert!(Key::pmid(99) < Key::from("a"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A PubMed citation.
    Pmid(Pmid),
    /// Any other document. Never empty.
    Text(String),
}

impl Key {
    /// Reads a key as a user types it: an unsigned decimal that fits 32 bits and has no leading
    /// zero is a PMID, anything else is a string key.
    pub fn parse(text: &str) -> Key {
        let decimal =
            !text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<u32>() {
            Ok(n) if decimal => Key::Pmid(Pmid(n)),
            _ => Key::Text(text.to_owned()),
        }
    }

    /// A PMID key.
    pub fn pmid(number: u32) -> Key {
        Key::Pmid(Pmid(number))
    }
}

impl From<&str> for Key {
    /// As [`Key::parse`].
    fn from(text: &str) -> Key {
        Key::parse(text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Pmid(pmid) => pmid.fmt(f),
            Key::Text(text) => f.pad(text),
        }
    }
}

/// A row inside one segment, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

/// A segment's number; never reused within a database.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct SegmentId(pub u64);

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// A committed state of the database; 1 is the first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Archive, Serialize, Deserialize,
)]
pub struct Generation(pub u64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// SHA-256 over everything that decides an encoder's output.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Archive, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    /// The first 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a record stands in the order of its source: the greatest wins.
///
/// Compared field by field. `file` is `two-digit year * 1_000_000 + file number` of an NLM file
/// (`pubmed26n1334` is 26_001_334), `position` the record's place in it from 0, `version` PubMed's own
/// `Version`. Records from anywhere else have no revision: they win when they are written. What is changed by hand after a
/// record keeps its place, and has a greater version than any of PubMed's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// Year and number of the NLM file; 0 for none.
    pub file: u32,
    /// Place in the file.
    pub position: u32,
    /// PubMed's version of the citation.
    pub version: u32,
}

impl Revision {
    /// Right after this one, at the same place: where a source takes a document away at the place of a record.
    pub(crate) fn right_after(self) -> Revision {
        Revision { version: self.version.saturating_add(1), ..self }
    }

    /// That of a change by hand to what has this revision: greater, so that the change outlives a second reading of the
    /// record, and before every later record. Documents from nowhere in particular have none.
    pub(crate) fn by_hand(self) -> Revision {
        match self.file {
            0 => self,
            _ => Revision { version: self.version.saturating_add(BY_HAND), ..self },
        }
    }

    /// That of the record which was changed by hand.
    pub(crate) fn record(self) -> Revision {
        Revision { version: self.version % BY_HAND, ..self }
    }

    /// Whether the last change was made by hand.
    pub(crate) fn is_by_hand(self) -> bool {
        self.file > 0 && self.version >= BY_HAND
    }

    /// Whether it is that of a change by hand to this very record.
    pub(crate) fn is_by_hand_of(self, record: Revision) -> bool {
        self.is_by_hand() && self.record() == record
    }
}

/// What a change by hand adds to the version of a revision; PubMed's own versions are far smaller.
const BY_HAND: u32 = 1 << 16;

/// The number that revisions hold for a file of this name; `None` for one that is not of NLM's series.
pub(crate) fn file_number(name: &str) -> Option<u32> {
    let rest = name.strip_prefix("pubmed").or_else(|| name.strip_prefix("medline"))?;
    let (year, rest) = rest.split_once('n')?;
    let number = rest.split('.').next()?;
    let decimal = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let fits = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    Some(decimal(year, 2..=2)? * 1_000_000 + decimal(number, 4..=6)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_by_hand_stand_between_their_record_and_the_next() {
        let record = Revision { file: 26_000_001, position: 4, version: 2 };
        let next = Revision { position: 5, ..record };
        let (once, twice) = (record.by_hand(), record.by_hand().by_hand());
        assert!(record.right_after() < once && once < twice && twice < next);
        assert!(once.is_by_hand_of(record) && twice.is_by_hand_of(record));
        assert_eq!(twice.record(), record);
        assert!(!record.right_after().is_by_hand() && !once.is_by_hand_of(next));
        assert!(!once.right_after().is_by_hand_of(record), "the source's doing");
        assert_eq!(Revision::default().by_hand(), Revision::default());
        let last = Revision { version: u32::MAX, ..record };
        assert_eq!(last.by_hand(), last);
    }

    #[test]
    fn numbers_nlm_files() {
        assert_eq!(file_number("pubmed26n1334.xml.gz"), Some(26_001_334));
        assert_eq!(file_number("pubmed04n0001.xml"), Some(4_000_001));
        assert_eq!(file_number("medline13n0701.xml.gz"), Some(13_000_701));
        for other in ["pubmed_result.xml", "pubmed26n1.xml", "pubmed2026n1334.xml", "x.jsonl"] {
            assert_eq!(file_number(other), None, "{other}");
        }
    }
}
