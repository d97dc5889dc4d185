//! `medvec sync`

use std::path::PathBuf;

use clap::Args;

use super::choices::{Rows, TextOrJson};
use super::models::ModelOptions;
use super::writing::WritingOptions;

/// `medvec sync`
#[derive(Debug, Args)]
#[command(
    after_help = "The folder is flat, or has `baseline` and `updatefiles` inside. `FILE.md5` beside a file is checked. \
    Exit codes: 0 something new came in, 1 nothing new, 2 error, missing files, or more to delete than allowed."
)]
pub(crate) struct Sync {
    /// Database directory; made at the first sync.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Folder of NLM's files, pubmedYYnNNNN.xml.gz.
    #[arg(value_name = "FOLDER", required_unless_present = "status")]
    pub(crate) folder: Option<PathBuf>,

    /// Fetch first what a server has and neither the folder nor the database has seen: NLM's is
    /// https://ftp.ncbi.nlm.nih.gov/pubmed/. Its page lists the files, or `baseline/` and `updatefiles/`. What was cut off
    /// goes on from there; every file is checked against its MD5 sum. Files that were read may be removed.
    #[arg(long, value_name = "URL", conflicts_with_all = ["status", "dry_run"])]
    pub(crate) source: Option<String>,

    /// Say how far the database is, and what of the folder it has not read.
    #[arg(long, conflicts_with_all = ["dry_run", "reread"])]
    pub(crate) status: bool,

    /// Say what would be read, in which order, and what it would take; write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Keep only citations that this query in PubMed's language finds, such as `Neoplasms[mh] AND 2015:3000[dp]`;
    /// `''` keeps all. The database remembers it.
    #[arg(long, value_name = "QUERY")]
    pub(crate) keep: Option<String>,

    /// Read again what was read before, for another `--keep`.
    #[arg(long)]
    pub(crate) reread: bool,

    /// The number of the baseline's last file, in a flat folder: then citations that a new year's baseline does not
    /// have any more are deleted. With `baseline` and `updatefiles` the folder shows it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..1_000_000))]
    pub(crate) baseline_end: Option<u32>,

    /// Citations that a new baseline may delete [default: 1 % of the documents, or 1,000 where that is more].
    #[arg(long, value_name = "N")]
    pub(crate) allow_removals: Option<u64>,

    /// Missing numbers are no reason to exit with 2. Those before the first file of a year never are.
    #[arg(long)]
    pub(crate) allow_gaps: bool,

    /// Read even if the disk seems too small.
    #[arg(long)]
    pub(crate) ignore_space: bool,

    /// What turns text into vectors, as `medvec import` takes it.
    #[arg(long, value_name = "ENCODER")]
    pub(crate) encoder: Option<String>,

    /// The model for queries, as `medvec import` takes it.
    #[arg(long, value_name = "FOLDER", requires = "encoder")]
    pub(crate) query_encoder: Option<String>,

    /// What the encoder's folder does not say.
    #[command(flatten)]
    pub(crate) model: ModelOptions,

    /// How vectors are stored. Fixed when the database is created (then: int8).
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) rows: Option<Rows>,

    /// Store citations now and embed them later, with `medvec embed`.
    #[arg(long)]
    pub(crate) defer: bool,

    #[command(flatten)]
    pub(crate) writing: WritingOptions,

    /// Report records that cannot be read and go on with the next. A file that is cut or damaged, or does not match
    /// its checksum, is given up: exit code 2.
    #[arg(long)]
    pub(crate) keep_going: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}
