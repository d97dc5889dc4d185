//! The lexical index of a segment: words, the rows and positions that have them, and lengths for BM25.
//!
//! See `format-spec/07-lexical.md`. Words are stored as they are written, folded by the [analyzer](crate::text).
//! All words of one stem share a *list* of postings, so that a ranked query reads one list per term; each
//! occurrence says which of the *forms* of the stem it is, so that PubMed's language can ask for exact words.
//!
//! ```text
//! TERMS      every word and every stem, front-coded in blocks of 32 keys     inhibit (stem), inhibitor -> form 2, ...
//! LISTS      per stem: skip and group entries, packed rows and counts, forms, positions
//! LENGTHS    per row: how many words the text has, one byte
//! PARTS      per row: where title, abstract and other abstracts end
//! ```

mod bits;
mod cursor;
mod decoded;
mod forms;
mod group_rows;
mod groups;
mod list;
mod pack;
mod parts;
mod patch;
mod positions;
mod record;
mod row_forms;
mod select;
mod shape;
mod terms;
pub mod varint;

pub use cursor::{NO_ROW, PostingCursor, SkipBounds};
pub use decoded::{Decoded, Occurrence, Wanted};
pub use forms::FormSet;
pub use groups::GroupEntry;
pub use list::{decode_list, encode_list};
pub use parts::{PartLengths, PartsWriter, parts_at};
pub use record::{
    LexicalField, LexicalMeta, LexicalSection, VERSION, form_coding, length_code, length_of_code,
};
pub use select::{Selection, visit_positions, visit_rows};
pub use shape::{FormCoding, ListCoding, ListInfo, ListShape, SkipEntry};
pub use terms::{
    TERM_BLOCK_KEYS, TermBlock, TermEntry, TermIndexEntry, TermReader, TermWriter, Word,
};

use super::rules::Rule;

/// What is wrong with bytes, and where: the offset counts from the start of the slice that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule that is broken.
    pub rule: Rule,
    /// Bytes from the start of the slice.
    pub offset: u64,
    /// What is wrong.
    pub detail: String,
}

/// A result of reading bytes.
pub type Read<T> = Result<T, Broken>;

/// A broken rule of the chapter on this index.
fn broken<T>(offset: usize, detail: impl Into<String>) -> Read<T> {
    Err(Broken { rule: Rule::Lexical, offset: offset as u64, detail: detail.into() })
}
