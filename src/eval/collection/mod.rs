//! Benchmarks of retrieval: queries, judgements and where the documents are, in the layouts that the
//! field publishes them in.
//!
//! [`Collection::open`] recognises a [`Layout`] and reads everything but the documents. Documents are read
//! elsewhere (`ingest`); [`Collection::corpus`] names the files, and is empty where queries are asked of a
//! database (BioASQ, TREC). Training data are iterators: [`pairs::Pairs`] and [`medcpt::ClickLog`].
//!
//! # What is an error, and what is counted
//!
//! | found | outcome |
//! |---|---|
//! | a missing file, a file twice (packed and not), several layouts in one folder | error |
//! | an empty file, UTF-16, bytes that are not UTF-8, a line or entry beyond 32 MiB | error with the line |
//! | broken JSON, a table with other headings or another number of cells (a tab in a text) | error with the line |
//! | Parquet that is cut or damaged, a missing shard | error |
//! | a pointer of Git LFS in place of a file | error |
//! | a query id that repeats | error that names both places |
//! | a grade that is not an integer; two grades of one document for one query | error with the line |
//! | no query at all; judgements of which none is of a query here | error |
//! | a UTF-8 byte order mark, `\r\n`, blank lines between records | read as if they were not there |
//! | a query without text, its judgements | counted |
//! | a judgement of an unknown query; one that repeats another with the same grade | counted |
//! | a query without judgements, where there are judgements | dropped and counted |
//!
//! What is counted stands in [`Collection::skipped`] with its first place. Files are read in one pass and
//! never whole: memory is that of the result and of one line or entry.

mod array;
mod beir;
pub mod bioasq;
mod csv;
mod cystic;
mod draft;
mod entries;
mod files;
mod hub;
mod layout;
pub mod medcpt;
mod nfcorpus;
mod open;
mod options;
pub mod pairs;
#[cfg(feature = "parquet")]
mod parquet;
pub mod pubmedqa;
mod query;
mod r2med;
mod record;
mod records;
mod scifact;
mod set;
mod trec;
mod variant;

pub use crate::eval::input::{InputError, LINE_BYTES_MAX};
pub(in crate::eval) use beir::each_text;
pub use layout::Layout;
pub use options::{
    CollectionOptions, HydeText, NfCorpusQueries, NfCorpusScale, SciFactRelevance, TopicPart,
};
pub use query::{GoldAnswer, QuestionKind, Skipped, Snippet, TestQuery};
pub use set::Collection;

#[cfg(test)]
mod tests;
