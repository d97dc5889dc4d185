//! Segments written and read back.

mod made;
mod reading;
