//! What a file is, by its first line: the one place that knows the rules of the table in [`super`].

use super::entries::EntryCutter;
use super::lines::LineCutter;
#[cfg(feature = "parquet")]
use super::parquet::ParquetCutter;
use super::pubmed::XmlCutter;
use super::raw::{RawBatch, RawKind};
use super::table::{ColumnMap, HEADER_BYTES_MAX, TableCutter};
use super::tagged::{Layout, TaggedCutter};
use super::window::Window;
use super::{nfcorpus, pubmedqa, vectors};
use crate::error;

/// How the file begins that stands for one in Git LFS: what a clone without LFS has of Hugging Face sets.
pub(crate) const LFS_POINTER: &[u8] = b"version https://git-lfs";

/// What to do about such a file.
pub(crate) const LFS_ADVICE: &str = "a pointer of Git LFS: fetch the file itself (`git lfs pull`)";

/// Cuts a stream of one format into records.
pub(super) enum Cutter {
    Xml(XmlCutter),
    Lines(LineCutter),
    Entries(EntryCutter),
    Tagged(TaggedCutter),
    Table(TableCutter),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetCutter>),
}

impl Cutter {
    /// Adds the next record to `batch`; `false` at the end.
    ///
    /// # Errors
    /// Those that end the stream.
    pub(super) fn next(
        &mut self,
        window: &mut Window,
        batch: &mut RawBatch,
    ) -> error::Result<bool> {
        match self {
            Cutter::Xml(cutter) => cutter.next(window, batch),
            Cutter::Lines(cutter) => cutter.next(window, batch),
            Cutter::Entries(cutter) => cutter.next(window, batch),
            Cutter::Tagged(cutter) => cutter.next(window, batch),
            Cutter::Table(cutter) => cutter.next(window, batch),
            #[cfg(feature = "parquet")]
            Cutter::Parquet(cutter) => cutter.next(batch),
        }
    }

    /// Records left out because a better one has their id.
    pub(super) fn duplicates(&self) -> u64 {
        match self {
            Cutter::Table(cutter) => cutter.duplicates(),
            _ => 0,
        }
    }

    /// Whether it takes records from the window, one after the other.
    pub(super) fn is_in_order(&self) -> bool {
        self.bytes_read().is_none()
    }

    /// Bytes of the file read so far, where the window does not know.
    pub(super) fn bytes_read(&self) -> Option<u64> {
        match self {
            #[cfg(feature = "parquet")]
            Cutter::Parquet(cutter) => Some(cutter.bytes_read()),
            _ => None,
        }
    }
}

/// Whether a first line is complete that is more than white space, or longer than any header. A line break inside of
/// quotes does not end the header of a table.
pub(super) fn has_line(bytes: &[u8]) -> bool {
    let mut is_quoted = false;
    let mut ends_line = |byte: &u8| {
        is_quoted ^= *byte == b'"';
        *byte == b'\n' && !is_quoted
    };
    bytes.len() > HEADER_BYTES_MAX || bytes.trim_ascii_start().iter().any(&mut ends_line)
}

/// The cutter of what begins with these bytes. They hold a first line, as [`has_line`] says.
///
/// # Errors
/// What was found instead of a format, in words.
pub(super) fn sniff(whole: &[u8], columns: Option<&ColumnMap>) -> Result<Cutter, String> {
    if whole.starts_with(&[0xff, 0xfe]) || whole.starts_with(&[0xfe, 0xff]) {
        return Err("the text is UTF-16; expected UTF-8".into());
    }
    if whole.starts_with(LFS_POINTER) {
        return Err(LFS_ADVICE.to_owned());
    }
    if vectors::kind_of_bytes(whole).is_some() {
        return Err("an array, safetensors or a Parquet file, which are not read from a pipe: save it as a file \
                    (Parquet needs a build with the feature `parquet`)"
            .into());
    }
    let bytes = whole.trim_ascii_start();
    let wrong = match bytes.first() {
        Some(b'<') => return Ok(Cutter::Xml(XmlCutter::default())),
        Some(b'{') if pubmedqa::is_pubmedqa(bytes) => {
            return Ok(Cutter::Entries(EntryCutter::of_object()));
        }
        Some(b'{') => return Ok(Cutter::Lines(LineCutter::new(RawKind::Line))),
        Some(b'[') => return Ok(Cutter::Entries(EntryCutter::of_array())),
        Some(_) if nfcorpus::is_nfcorpus(bytes) => {
            return Ok(Cutter::Lines(LineCutter::new(RawKind::NfCorpus)));
        }
        Some(_) => {
            if let Some(layout) = Layout::ALL.into_iter().find(|layout| layout.is_at(bytes)) {
                let text = bytes.trim_ascii_end();
                if text.contains(&b'\r') && !text.contains(&b'\n') {
                    return Err("its lines end with carriage returns alone, as on the classic Mac OS: convert them to \
                                line feeds"
                        .into());
                }
                return Ok(Cutter::Tagged(TaggedCutter::new(layout)));
            }
            if let Some(cutter) = TableCutter::sniff(whole, columns)? {
                return Ok(Cutter::Table(cutter));
            }
            "expected PubMed XML, JSON lines, PubMedQA JSON, NBIB, RIS, PubTator or a table with a header that \
             names a PMID, title or abstract, found something else"
        }
        None => "the file holds nothing but white space",
    };
    Err(wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_formats_by_their_first_bytes() {
        let sniff = |bytes| sniff(bytes, None);
        assert!(matches!(sniff(b"\n <a>"), Ok(Cutter::Xml(_))));
        assert!(matches!(sniff(b"{\"id\": 1}"), Ok(Cutter::Lines(_))));
        assert!(matches!(sniff(b"{ \"123\" : {"), Ok(Cutter::Entries(_))));
        assert!(matches!(sniff(b"[{}]"), Ok(Cutter::Entries(_))));
        assert!(matches!(sniff(b"\r\nPMID- 1"), Ok(Cutter::Tagged(_))));
        assert!(matches!(sniff(b"TY  - JOUR\n"), Ok(Cutter::Tagged(_))));
        assert!(matches!(sniff(b"\"PMID\";title\n"), Ok(Cutter::Table(_))));
        assert!(matches!(sniff(b"7|t|A title\n"), Ok(Cutter::Tagged(_))));
        assert!(matches!(sniff(b"\nPN 74001\nRN 1\n"), Ok(Cutter::Tagged(_))));
        assert!(matches!(sniff(b"MED-10\tstatin\n"), Ok(Cutter::Lines(_))));
        for other in [
            &b"PMID: 1"[..],
            b"title\n",
            b"a,b,c\n1,2,3\n",
            b"Dear title, hello",
            b"PLAIN-1\tx",
            b"PN-1",
        ] {
            assert!(sniff(other).is_err());
        }
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
        assert!(sniff(pointer).is_err_and(|detail| detail.contains("git lfs pull")));
        assert!(sniff(b"\xff\xfe<\0").is_err_and(|detail| detail.contains("UTF-16")));
    }
}
