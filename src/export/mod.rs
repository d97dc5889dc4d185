//! Output formats for programs: citations, JSON, comma-separated values, numpy's matrices.
//!
//! Everything here writes to any [`std::io::Write`] and looks at nothing else: whether there is a terminal,
//! and how a text looks on it, is the affair of a face.
//!
//! | module | what it writes |
//! |---|---|
//! | [`json`] | values on one line or several, in characters that no terminal obeys |
//! | [`CitationWriter`] | whole documents, in any of the formats of citations |
//! | [`embeddings`] | stored vectors with their ids: numpy's arrays, safetensors, `.fvecs`, Parquet |
//! | [`beir`] | documents, queries and judgements as BEIR lays them out |
//! | [`bibtex`], [`csl`] | documents as BibTeX and CSL-JSON; NBIB and RIS stand beside their readers in `ingest` |
//! | [`triples`] | training data for retrievers: triplets, tuples, pairs, MS MARCO's and MedCPT's files |
//! | [`trec`] | hits as runs for `trec_eval` |
//! | [`csv`] | records that no spreadsheet takes for formulas; hits and documents as records |
//! | [`evaluation`] | what systems reached on tasks: tables, JSON, a page |
//! | [`mesh`] | headings and the differences of two years as JSON |
//! | [`moves`] | what copying and joining databases did, as JSON |
//! | [`npy`] | matrices of single precision |
//! | [`reports`] | what importing, checking, repairing and improving databases did, as JSON |
//! | [`stats`] | the figures of a database as JSON |
//! | [`strategy`] | what a search strategy means and finds, as JSON |

pub mod beir;
pub mod bibtex;
mod citations;
pub mod csl;
pub mod csv;
pub mod embeddings;
pub mod evaluation;
pub mod json;
pub mod mesh;
pub mod moves;
pub mod npy;
pub mod reports;
pub mod stats;
pub mod strategy;
pub mod trec;
pub mod triples;

pub use citations::{CitationFormat, CitationWriter};
pub use embeddings::{EmbeddingFormat, EmbeddingInfo, EmbeddingOrigin, EmbeddingWriter};
