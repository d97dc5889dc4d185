//! An open segment: each file gives `Segment` the methods of one chapter of the format.

pub(super) mod codebook;
pub(super) mod columns;
pub(super) mod confirmations;
pub(super) mod copies;
pub(super) mod deletes;
pub(super) mod documents;
pub(super) mod key_walk;
mod keys;
mod lengths;
pub(crate) mod lexical;
pub(crate) mod lexical_meta;
pub(super) mod lists;
mod more_terms;
mod places;
pub(super) mod postings;
pub(super) mod segment;
mod term_table;
mod vectors;
