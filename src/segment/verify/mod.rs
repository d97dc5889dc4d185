//! The check of an open segment or codebook against every rule of the format, a file per chapter.

mod codebook;
mod columns;
mod confirmations;
mod copies;
mod deletes;
mod documents;
mod keys;
mod lexical;
mod lists;
mod postings;
mod segment;
mod sums;
mod texts;
mod vectors;
