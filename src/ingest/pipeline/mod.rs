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
//! is passed over and reported, and a file whose stream is broken is given up and reported. After an
//! error or a cancel, everything committed so far stays and everything since is dropped.

mod checksum;
mod ledger;
mod prepare;
mod stages;
mod write;

pub use checksum::select;

use std::path::PathBuf;
use std::sync::Arc;

use crate::control::Control;
use crate::db::Database;
use crate::db::embedding::CALL_TEXTS;
use crate::db::setters::setters;
use crate::encoder::{Encoder, EncoderSpec};
use crate::error::{Error, Result};
use crate::ids::Generation;
use crate::ingest::ImportSource;

/// Bad records that a report keeps word for word.
const SKIPPED_MAX: usize = 100;

/// How files are imported.
#[derive(Clone)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Embeds documents that come without a vector; `None` stores those without one.
    pub encoder: Option<Arc<dyn Encoder>>,
    /// Store documents at once, without vectors, and leave embedding to
    /// [`crate::db::Writer::embed_pending`].
    pub defer: bool,
    /// What made the vectors in the files, if there is no encoder to vouch for them; see [`crate::EncoderSpec::of_origin`].
    pub origin: Option<EncoderSpec>,
    /// The list of ids of the only `.npy` among the files, where it is not found by its name; see
    /// [`crate::ingest::vectors`].
    pub ids: Option<PathBuf>,
    /// Import files again that were imported before: their records replace those that are stored.
    pub force: bool,
    /// Pass over bad records and broken files instead of stopping.
    pub keep_going: bool,
    /// Texts embedded in one call.
    pub batch: usize,
    /// Records between commits.
    pub commit_every: u64,
    /// Threads that parse.
    pub parse_threads: usize,
    /// Threads that embed.
    pub encode_threads: usize,
    /// Deadline and cancel token.
    pub control: Control,
}

setters!(ImportOptions {
    encoder: Option<Arc<dyn Encoder>>,
    defer: bool,
    origin: Option<EncoderSpec>,
    ids: Option<PathBuf>,
    force: bool,
    keep_going: bool,
    batch: usize,
    commit_every: u64,
    parse_threads: usize,
    encode_threads: usize,
    control: Control,
});

impl Default for ImportOptions {
    /// No encoder; stop at the first error; 32 texts per call; a commit every 100,000 records; as many
    /// parsing threads as cores, at most 4; as many embedding threads as cores.
    fn default() -> ImportOptions {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        ImportOptions {
            encoder: None,
            defer: false,
            origin: None,
            ids: None,
            force: false,
            keep_going: false,
            batch: CALL_TEXTS,
            commit_every: 100_000,
            parse_threads: cores.min(4),
            encode_threads: cores,
            control: Control::default(),
        }
    }
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading, embedding and writing.
    Importing,
    /// Making it durable.
    Committing,
}

/// How far an import is.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// What it is doing.
    pub stage: Stage,
    /// Name of the file at hand.
    pub file: &'a str,
    /// Records of all files so far.
    pub records: u64,
    /// Bytes of all files read so far, packed as they are; files passed over count.
    pub bytes: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
}

/// What an import did.
#[derive(Debug, Default)]
pub struct ImportReport {
    /// Documents that are new.
    pub added: u64,
    /// Documents that replaced an older one.
    pub replaced: u64,
    /// Documents that were there already, or newer.
    pub unchanged: u64,
    /// Deletions read; not all concern a document that is there.
    pub deletes: u64,
    /// Vectors that came without a document, and were given to one or made one.
    pub vectors: u64,
    /// Texts embedded.
    pub encoded: u64,
    /// Embeddings reused.
    pub reused: u64,
    /// Documents stored without a vector because the encoder has none for their text.
    pub without_vector: u64,
    /// Records that were passed over.
    pub skipped: u64,
    /// The first hundred of them.
    pub skipped_records: Vec<Error>,
    /// Files whose stream broke, with what was read before the break kept.
    pub broken_files: Vec<Error>,
    /// Files read to their end.
    pub files: u64,
    /// Files passed over because they had been imported before.
    pub files_known: u64,
    /// Files imported again because they have changed since.
    pub files_changed: u64,
    /// Files that are not sources, and why; see [`select`].
    pub others: Vec<(PathBuf, String)>,
    /// The committed state.
    pub generation: Option<Generation>,
}

impl ImportReport {
    fn skip(&mut self, error: Error) {
        self.skipped += 1;
        if self.skipped_records.len() < SKIPPED_MAX {
            self.skipped_records.push(error);
        }
    }
}

/// Imports files in the order given, except those that [`select`] leaves out. `progress` is called after every batch
/// and around commits.
///
/// # Errors
/// [`Error::Input`] for a bad record or file; [`Error::Cancelled`], [`Error::DeadlineExceeded`];
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
