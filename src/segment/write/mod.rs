//! Documents and vectors into files: each file collects and writes the sections of one chapter.

pub(super) mod builder;
mod codebook;
pub(super) mod columns;
mod compress;
pub(super) mod confirmations;
pub(super) mod deletes;
mod dictionary;
pub(super) mod documents;
pub(super) mod draft;
pub(super) mod file;
pub(super) mod keys;
pub(super) mod lexical;
pub(super) mod lists;
pub(super) mod postings;
pub(super) mod short;
mod texts;
pub(super) mod vectors;
pub(super) mod words;
