//! Commands for work with literature: similar articles, duplicates.

use clap::{ArgAction, Args};

use super::choices::{Format, ModeName, TextOrJson};
use super::databases::Databases;
use super::filters::Filters;

/// `medvec similar`
#[derive(Debug, Args)]
pub(crate) struct Similar {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// PMIDs or other keys of documents to find more like; `-` reads them from standard input.
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,

    /// Keys of documents to keep off.
    #[arg(long, value_name = "KEY", action = ArgAction::Append)]
    pub(crate) not: Vec<String>,

    /// Number of hits.
    #[arg(short, value_name = "N", default_value_t = 10)]
    pub(crate) k: usize,

    /// Hits to leave out before the first.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) offset: usize,

    /// What must hold.
    #[command(flatten)]
    pub(crate) filters: Filters,

    /// What documents are ranked by: the most telling words of the given ones, their vectors, or both.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) mode: ModeName,

    /// Say on standard error how the answer was found.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// `medvec duplicates`
#[derive(Debug, Args)]
pub(crate) struct Duplicates {
    /// What is read.
    #[command(flatten)]
    pub(crate) databases: Databases,

    /// Output format.
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) format: TextOrJson,
}
