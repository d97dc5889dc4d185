//! Segments written and read back.

mod hostile;
mod made;
mod merging;
mod reading;
