//! One file per command. Each `run` returns the exit code.

pub(crate) mod compact;
pub(crate) mod completions;
pub(crate) mod count;
pub(crate) mod delete;
pub(crate) mod distill;
pub(crate) mod duplicates;
pub(crate) mod embed;
pub(crate) mod encode;
pub(crate) mod encoders;
pub(crate) mod eval;
pub(crate) mod export;
pub(crate) mod fetch;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod mesh;
mod open;
pub(crate) mod optimize;
pub(crate) mod quickstart;
pub(crate) mod repair;
mod replay;
pub(crate) mod search;
pub(crate) mod similar;
pub(crate) mod stats;
pub(crate) mod strategy;
pub(crate) mod triples;
pub(crate) mod verify;
