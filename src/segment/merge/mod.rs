//! Several segments into one, a file per chapter of the format; the order of rows comes first.

mod columns;
mod confirmations;
mod copies;
mod deletes;
mod documents;
mod lexical;
mod lists;
mod order;
mod postings;
pub(super) mod segment;
mod vectors;
