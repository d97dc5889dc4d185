//! `medvec count`, `medvec strategy`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::choices::TextOrJson;
use super::databases::Databases;

/// `medvec count`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: medvec count my.medvec 'asthma[mh] AND wheez*[tiab] NOT child[ti]'"
)]
pub(crate) struct Count {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// A query in PubMed's language.
    #[arg(value_name = "STRATEGY")]
    pub(crate) strategy: String,

    /// A file of earlier queries, which `#1 AND #2` refers to; this query is added to it.
    #[arg(long, value_name = "FILE", value_parser = super::values::new_file())]
    pub(crate) history: Option<PathBuf>,

    /// Show what every term was taken for, and its count.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}

/// `medvec strategy`
#[derive(Debug, Args)]
pub(crate) struct StrategyArgs {
    #[command(subcommand)]
    pub(crate) command: StrategyCommand,
}

/// What to do with a strategy.
#[derive(Debug, Subcommand)]
pub(crate) enum StrategyCommand {
    /// Count what every line of a strategy finds.
    Run(StrategyRun),
}

/// `medvec strategy run`
#[derive(Debug, Args)]
pub(crate) struct StrategyRun {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// A file with a strategy in PubMed's language, one query per line; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Show what every term was taken for, and its count.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}
