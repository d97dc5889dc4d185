//! Segments written and read back.

mod confirmations;
mod copies;
mod hostile;
mod indexing;
mod made;
mod merging;
mod old;
mod reading;
