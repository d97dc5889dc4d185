//! Segments written and read back.

mod confirmations;
mod hostile;
mod indexing;
mod made;
mod merging;
mod old;
mod reading;
