//! Medical Subject Headings: which heading a name means, and which headings lie below it.
//!
//! A [`Vocabulary`] is made of [`MeshRecord`]s by [`build`] and read from the bytes of one file
//! (`format-spec/09-mesh.md`). [`builtin`] is the one inside the library.
//!
//! ```text
//! "tumors"    --> names by key ---> record D009369 --> tree numbers C04
//! "D009369"   --> records by UI --^                        |
//! "C04"       --> tree numbers ---^                        v
//!                          explosion: the range of tree numbers from C04 up to C04/
//! ```
//!
//! Tree numbers lie in order of their bytes. `.` comes before `/`, and no other byte of a tree number
//! does, so a tree number and all below it are one range, and `C010` is not in the range of `C01`.

#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

mod build;
mod builtin;
mod diff;
mod file;
mod key;
mod look_up;
mod order;
mod record;
mod tree;
mod vocabulary;

pub use build::build;
#[cfg(feature = "ingest")]
pub(crate) use build::is_ui;
pub use builtin::builtin;
pub use diff::{Change, diff};
pub(crate) use file::MeshFile;
#[doc(hidden)]
pub use file::MeshInUse;
pub use look_up::Matched;
pub use record::{MappedHeading, MeshRecord};
#[cfg(feature = "ingest")]
pub(crate) use tree::is_tree_number;
pub use vocabulary::{Concept, Vocabulary};

#[cfg(test)]
mod tests;
