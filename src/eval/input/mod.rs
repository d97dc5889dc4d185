//! Text files, packed or not, and what is wrong with them.
//!
//! Every reader of this room goes through [`Input`], so that all of them accept the same files: UTF-8 with or without a byte
//! order mark, gzip and zstd, line ends of Unix or Windows, and a last line without an end.

mod columns;
mod error;
pub(crate) mod json;
mod lines;
mod open;
mod violation;

pub(crate) use columns::{blank_columns, check_id, is_blank, shown, tab_columns};
pub use error::InputError;
pub(crate) use error::{Place, until_error};
pub use lines::LINE_BYTES_MAX;
pub(crate) use lines::{Encoding, Line, Lines};
pub(crate) use open::Input;
#[cfg(feature = "parquet")]
pub(crate) use open::refuse_pointer;
pub use violation::{InputRule, Violation};
