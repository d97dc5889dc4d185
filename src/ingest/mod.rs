//! Reads documents from the files people have, and writes them into a database.
//!
//! [`open`] looks at a file's first line that is not blank, and gives a [`Source`], an iterator over its records:
//!
//! | format | the line |
//! |---|---|
//! | PubMed XML ([`pubmed`]): `PubmedArticleSet`, `MedlineCitationSet`, books, `DeleteCitation` | begins with `<` |
//! | PubMedQA ([`pubmedqa`]): `ori_pqal.json`; MedCPT's texts: `pubmed_chunk_36.json` | begins with `{`, a number as a string, `:` and `{` |
//! | JSON lines ([`jsonl`]), documents with or without vectors: your own, and BEIR, MTEB, R2MED, SciFact, MedRAG | begins with `{` otherwise |
//! | the same objects in one JSON array, on any lines | begins with `[` |
//! | NBIB and older MEDLINE text ([`nbib`]) | begins with the tag `PMID-` |
//! | RIS ([`ris`]) | begins with the tag `TY  -` |
//! | PubTator ([`pubtator`]) | begins with an id without blanks, and `\|t\|` |
//! | Cystic Fibrosis ([`cystic_fibrosis`]): `cf74` to `cf79` | is `PN` and a number |
//! | NFCorpus ([`nfcorpus`]): `train.docs`, `doc_dump.txt` | begins with `MED-`, digits and a tab |
//! | Parquet with ids and texts (`parquet`, with the feature of that name): MTEB, R2MED | begins with `PAR1`, in a file |
//! | tables ([`table`]), comma-, tab- or semicolon-separated; CORD-19's `metadata.csv` | is a header that names a PMID, title, abstract or DOI; with a [`table::ColumnMap`], any |
//!
//! Vectors that were computed elsewhere come from arrays and tables of their own: [`vectors`].
//!
//! Each may be packed by gzip (any number of members) or zstd. One record is in memory at a time
//! (at most 16 MiB of source), whatever the size of the file. [`pipeline`] imports many files: it
//! cuts, parses and encodes on several threads and writes in the order of the source.
//!
//! # Errors
//!
//! A record that cannot be understood gives an [`crate::Error::Input`] that names file, place and reason,
//! and the iterator goes on with the next one ([`Source::recoverable`]). A stream that is cut or
//! damaged, or that is not such a file at all, gives an error that ends it.

pub(crate) mod books;
pub mod cystic_fibrosis;
pub(crate) mod dates;
mod digest;
mod entries;
pub(crate) mod headings;
mod input;
pub mod jsonl;
mod keys;
mod lines;
#[cfg(feature = "session")]
mod look;
mod medcpt;
pub mod mesh;
mod names;
pub mod nbib;
pub mod nfcorpus;
mod opened;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod pipeline;
pub(crate) mod plain;
pub mod pubmed;
pub mod pubmedqa;
pub mod pubtator;
mod raw;
pub mod ris;
mod sniff;
mod source;
pub mod table;
mod tagged;
pub mod vectors;
mod window;

#[cfg(all(feature = "session", feature = "bert"))]
pub(crate) use digest::of_file as digest_of_file;
#[cfg(feature = "session")]
pub(crate) use keys::{distinct_id, id_text, key_of_id, quoted_key};
#[cfg(feature = "session")]
pub(crate) use look::{Sample, entry_of, sample};
pub use opened::{ImportSource, Opened, SourceHints};
#[cfg(feature = "parquet")]
pub(crate) use parquet::ParquetCutter;
#[cfg(all(feature = "session", feature = "download"))]
pub(crate) use pipeline::sum_of;
pub(crate) use sniff::{LFS_ADVICE, LFS_POINTER};
pub use source::{Source, open, open_reader, open_table};

use crate::document::Document;
use crate::ids::Key;

/// One record of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Its place among the records of the file, from 0; records that cannot be read count.
    pub position: u64,
    /// What it says.
    pub event: Event,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A document, new or revised.
    Document {
        /// The document, valid by [`Document::validate`].
        document: Box<Document>,
        /// Its vector, where the source brings one: finite numbers, as many as in every other
        /// vector of the file.
        vector: Option<Vec<f32>>,
    },
    /// A vector for the document that has this key, whatever it says.
    Vector {
        /// Its key.
        key: Key,
        /// Finite numbers, as many as in every other vector of the file.
        vector: Vec<f32>,
    },
    /// PubMed took the citation back.
    Delete {
        /// Its key.
        key: Key,
        /// PubMed's version.
        version: u32,
    },
}
