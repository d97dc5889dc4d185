//! Databases as a whole: copied, packed and joined.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::TextOrJson;

/// `medvec backup`
#[derive(Debug, Args)]
#[command(
    after_help = "Writers go on meanwhile: the copy holds one generation. A second run copies only what is new; an \
    interrupted one goes on. A directory that holds another database, a newer generation, or a copy that was \
    written to since is refused."
)]
pub(crate) struct Backup {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Directory of the copy, made if there is none; its parent must be there.
    #[arg(value_name = "DEST")]
    pub(crate) destination: PathBuf,

    /// Read every byte of what is there already, and copy anew what is damaged.
    #[arg(long)]
    pub(crate) check: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec merge`
#[derive(Debug, Args)]
#[command(
    after_help = "It is one commit: all documents or none. Of two documents with one key, that of the later file of \
    PubMed stays; those of other sources replace what is there. What a source deleted deletes nothing in the target. \
    Vectors are taken over as they are stored, so all databases must have the same encoder, or none. Which files were imported \
    is not taken over."
)]
pub(crate) struct Merge {
    /// Database that the documents go to; it is created like the first source if there is none.
    #[arg(value_name = "TARGET")]
    pub(crate) target: PathBuf,

    /// Databases that they come from; these stay as they are.
    #[arg(value_name = "SOURCE", required = true)]
    pub(crate) sources: Vec<PathBuf>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec pack`
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// A new file: a tar archive of the newest generation, not compressed.
    #[arg(value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) file: PathBuf,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec unpack`
#[derive(Debug, Args)]
pub(crate) struct Unpack {
    /// An archive that `medvec pack` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Directory of the new database, which must not exist. It appears when every byte was checked.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec diff`
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("from").required(true),
    after_help = "Example: medvec backup pubmed.medvec copy, and after each update: medvec diff pubmed.medvec --since 41 -o \
    update.tar; then, where the copy is: medvec apply copy update.tar. `medvec stats` shows the generation of each."
)]
pub(crate) struct Diff {
    /// Database directory.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// The generation that the copy is at. A database knows its two newest ones; for others name the copy.
    #[arg(long, value_name = "GENERATION", group = "from", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) since: Option<u64>,

    /// The copy itself, or the file of its newest manifest (`manifest-...`), which is small enough to be sent.
    #[arg(long, value_name = "COPY|FILE", group = "from")]
    pub(crate) base: Option<PathBuf>,

    /// A new file for what the copy lacks.
    #[arg(short, long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) output: PathBuf,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec apply`
#[derive(Debug, Args)]
#[command(
    after_help = "It is one commit: the copy is at its generation until everything is there and checked, and then at the new \
    one. A copy at another generation, or one that was written to since it was made, is refused."
)]
pub(crate) struct Apply {
    /// Directory of the copy: a backup, or an unpacked archive.
    #[arg(value_name = "COPY")]
    pub(crate) copy: PathBuf,

    /// A file that `medvec diff` wrote.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}
