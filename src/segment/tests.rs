//! Segments written and read back.

mod hostile;
mod indexing;
mod made;
mod merging;
mod old;
mod reading;
