//! Segments written and read back.

mod made;
mod merging;
mod reading;
