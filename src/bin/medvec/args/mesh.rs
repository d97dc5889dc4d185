//! `medvec mesh`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::choices::TextOrJson;

/// `medvec mesh`
#[derive(Debug, Args)]
#[command(
    after_help = "The vocabulary is MeSH 2024, built in, unless `medvec mesh import` gave a database another. \
                  Courtesy of the U.S. National Library of Medicine."
)]
pub(crate) struct Mesh {
    #[command(subcommand)]
    pub(crate) command: MeshCommand,
}

/// What to do with the vocabulary.
#[derive(Debug, Subcommand)]
pub(crate) enum MeshCommand {
    /// Everything about headings: name, UI, tree numbers, entry terms, pharmacological actions.
    Show(MeshShow),
    /// Headings with a name or entry term that begins with a text, or else resembles it.
    Search(MeshSearch),
    /// What lies below a heading, or the top branches.
    Tree(MeshTree),
    /// Added, removed, renamed and moved headings between two years.
    Diff(MeshDiff),
    /// Give a database a vocabulary of its own, by which its filters go from then on.
    Import(MeshFiles),
}

/// `medvec mesh show`
#[derive(Debug, Args)]
pub(crate) struct MeshShow {
    /// Names, entry terms, UIs or tree numbers.
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,

    /// The database whose vocabulary is meant [default: the built-in MeSH].
    #[arg(long, value_name = "DB")]
    pub(crate) db: Option<PathBuf>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec mesh search`
#[derive(Debug, Args)]
pub(crate) struct MeshSearch {
    /// The beginning of a name.
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,

    /// Headings to show at most.
    #[arg(short, value_name = "COUNT", default_value_t = 20)]
    pub(crate) k: usize,

    /// The database whose vocabulary is meant [default: the built-in MeSH].
    #[arg(long, value_name = "DB")]
    pub(crate) db: Option<PathBuf>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec mesh tree`
#[derive(Debug, Args)]
pub(crate) struct MeshTree {
    /// A name, entry term, UI or tree number; without it the top branches.
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Levels below it.
    #[arg(long, value_name = "LEVELS", default_value_t = 1)]
    pub(crate) depth: usize,

    /// The database whose vocabulary is meant [default: the built-in MeSH].
    #[arg(long, value_name = "DB")]
    pub(crate) db: Option<PathBuf>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec mesh diff`
#[derive(Debug, Args)]
pub(crate) struct MeshDiff {
    /// Files of the earlier year: NLM's XML or ASCII, or tables.
    #[arg(value_name = "EARLIER", required = true)]
    pub(crate) earlier: Vec<PathBuf>,

    /// Files of the later year [default: the built-in MeSH].
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) later: Vec<PathBuf>,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec mesh import`
#[derive(Debug, Args)]
pub(crate) struct MeshFiles {
    /// Directory of the database.
    #[arg(value_name = "DB")]
    pub(crate) database: PathBuf,

    /// NLM's descYYYY.xml, qualYYYY.xml, suppYYYY.xml, dYYYY.bin, mtreesYYYY.bin, or tables.
    #[arg(value_name = "FILE", required_unless_present = "builtin")]
    pub(crate) files: Vec<PathBuf>,

    /// The year, where no file name says it.
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(u32).range(1960..2200))]
    pub(crate) year: Option<u32>,

    /// Add to the vocabulary that the database goes by, as supplementary concepts to the built-in headings.
    #[arg(long)]
    pub(crate) add: bool,

    /// Go back to the built-in MeSH.
    #[arg(long, conflicts_with_all = ["files", "year", "add"])]
    pub(crate) builtin: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}
