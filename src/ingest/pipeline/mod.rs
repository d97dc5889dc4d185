//! Imports files into a database: cut, parse, embed, write, commit.
//!
//! ```text
//! one thread        several           several              the caller's thread
//! cut records  ->   parse them   ->   embed what is   ->   put back in order, write, commit
//!                                     new or changed
//! ```
//!
//! Batches of at most 256 records flow through bounded queues, and no more than a fixed number are
//! under way at once, so memory is bounded whatever the size of the files and whichever stage is
//! slow. Records are written in the order of the source.
//!
//! **Again and again.** The manifest remembers each file by name and the SHA-256 of what was read of
//! it. A file that was imported to its end is passed over if it is the same to its last byte; one that
//! was imported in part goes on where the last commit left it, if what was read is the same. A file
//! that changed is imported again from its start, and [`ImportOptions::force`] imports any file again:
//! its records replace those that are stored of it. What a changed file no longer holds stays stored.
//! Of a file of NLM's that is read again because not all of it could be read, or a repair lost some of it, what was
//! changed or deleted by hand meanwhile stays so.
//! Records of NLM files carry a revision (file, position, version), so importing them in any order, or
//! twice, ends in the same database. Of two records of a PMID the one with the greater revision stays,
//! whatever its `Version` says; a `<DeleteCitation>` deletes the PMID in every version.
//!
//! **Pipes** are read once, from their start, and never taken for known.
//!
//! **Checksums.** Where `NAME.md5` lies beside a file, as NLM ships it, the file must have that sum.
//!
//! **Embeddings are reused** when a document's text is what the stored one was embedded from.
//!
//! **Vectors from elsewhere** ([`crate::ingest::vectors`]) are given to the documents that are there,
//! by key; where there is none, a document without text is made, which keeps its vector when its text
//! comes later. The order of texts and vectors does not matter.
//!
//! **Failures.** The first bad record ends the import, unless [`ImportOptions::keep_going`]: then it
//! is passed over and reported, and a file that is not there, or whose stream is broken, is given up
//! and reported. After an error or a cancel, everything committed so far stays and everything since is dropped, unless
//! [`ImportOptions::keep_before_failure`]: then what came before a bad file or record is committed.
//! A file whose size changes while it is read is a bad file.

mod checksum;
mod ledger;
mod options;
mod prepare;
mod report;
mod stages;
mod write;

pub use checksum::select;
#[cfg(all(feature = "session", feature = "download"))]
pub(crate) use checksum::sum_of;
pub use options::{ImportOptions, Selection};
pub use report::{ImportReport, Progress, Stage};

use std::path::PathBuf;

use crate::db::Database;
use crate::error::Result;
use crate::ingest::ImportSource;

/// Imports files in the order given, except those that [`select`] leaves out. `progress` is called after every batch
/// and around commits.
///
/// # Errors
/// [`crate::Error::Input`] for a bad record or file; [`crate::Error::Cancelled`],
/// [`crate::Error::DeadlineExceeded`];
/// whatever the encoder and the database give. Commits made before stay.
pub fn import(
    database: &Database,
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<ImportReport> {
    let (paths, others) = select(paths);
    let sources = paths.into_iter().map(ImportSource::Path).collect();
    let mut report = import_sources(database, sources, options, progress)?;
    report.others = others;
    Ok(report)
}

/// As [`import`], for files, open sources or both, all of which are imported.
///
/// # Errors
/// As [`import`].
pub fn import_sources(
    database: &Database,
    sources: Vec<ImportSource>,
    options: &ImportOptions,
    progress: &mut dyn FnMut(&Progress<'_>),
) -> Result<ImportReport> {
    write::Import::start(database, &sources, options, progress)?.run(sources)
}
