//! Commands that check, repair and improve a database.

use std::path::PathBuf;

use clap::Args;

use super::choices::TextOrJson;

/// `medvec verify`
#[derive(Debug, Args)]
#[command(
    after_help = "It stops at the first damage. `medvec repair DB` lists all of it, and changes nothing without --apply."
)]
pub(crate) struct Verify {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Compare every byte with its checksum, at the speed of the disk, and leave it at that: without this, every document
    /// is read and every rule of the format checked too.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec repair`
#[derive(Debug, Args)]
pub(crate) struct Repair {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Do it; without this, only say what would be done.
    #[arg(long)]
    pub(crate) apply: bool,

    /// Bring back the state before the last repair, byte for byte; nothing may have been committed since.
    #[arg(long, conflicts_with = "apply")]
    pub(crate) undo: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec compact`
#[derive(Debug, Args)]
#[command(
    after_help = "A segment is written anew when it is merged with others, or when more than a quarter of its rows are \
    deleted; until then deleted documents stay in its file. `medvec merge NEW DB` makes a database without any of them."
)]
pub(crate) struct Compact {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Work for this share of the time, in percent, and leave the rest to others.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) pace: Option<u8>,

    /// Index the words of every document, in a database that was made without: by an older version, say.
    #[arg(long)]
    pub(crate) words: bool,

    /// Most memory to use, in megabytes; what needs more is refused before it starts.
    #[arg(long, value_name = "MB")]
    pub(crate) memory: Option<u64>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec optimize`
#[derive(Debug, Args)]
#[command(
    after_help = "Deleted documents are dropped as `medvec compact` drops them: of segments that are written anew."
)]
pub(crate) struct Optimize {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Work for this share of the time, in percent, and leave the rest to others.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) pace: Option<u8>,

    /// Train the index anew, though there is one, and index every document again.
    #[arg(long)]
    pub(crate) retrain: bool,

    /// Queries as users ask them, one per line: recall is measured with them. Without it, biomedical
    /// queries that come with medvec are taken.
    #[arg(long, value_name = "FILE", alias = "questions")]
    pub(crate) queries: Option<PathBuf>,

    /// Number of lists of a new index; many short ones suit large databases.
    #[arg(long, value_name = "N")]
    pub(crate) lists: Option<usize>,

    /// Bits of a code for each dimension, 1 or 2: more bits need fewer exact scores and more memory.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) bits: Option<u8>,

    /// Do not copy the codes of every document to a second list: a tenth less memory, and slower searches.
    #[arg(long)]
    pub(crate) no_spill: bool,

    /// Most memory to use, in megabytes; what needs more is refused before it starts.
    #[arg(long, value_name = "MB")]
    pub(crate) memory: Option<u64>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec inspect`
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A file of a database, or a database directory.
    #[arg(value_name = "FILE|DB")]
    pub(crate) path: PathBuf,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}
