//! One immutable file: documents, keys, columns, postings and vectors of some rows.
//!
//! [`SegmentBuilder`] collects documents and writes them; [`Segment`] reads them; [`merge`](fn@merge) makes one
//! segment of several; [`Segment::verify`] checks a file against every rule of the format. Rows count
//! from 0 in the order of writing. The file is described in `format-spec/04-segment.md`.
//!
//! What writes, reads, merges and checks one thing lies side by side under one name:
//!
//! | | `write/` | `read/` | `merge/` | `verify/` |
//! |---|---|---|---|---|
//! | keys, revisions, input hashes | `keys` `columns` | `keys` `key_walk` | `documents` `columns` | `keys` |
//! | dates and numbers | `columns` | `columns` | `columns` | `columns` `documents` |
//! | documents | `documents` `compress` `dictionary` | `documents` | `documents` | `documents` |
//! | terms and posting lists | `postings` | `postings` | `postings` | `postings` |
//! | vectors | `vectors` | `vectors` | `vectors` | `vectors` |
//! | words and their positions | `lexical` `words` | `lexical` | `lexical` | `lexical` |
//! | inverted lists | `lists` | `lists` | `lists` | `lists` |
//! | deletion marks | `deletes` | `deletes` | `deletes` | `deletes` |
//! | confirmations | `confirmations` | `confirmations` | `confirmations` | `confirmations` |
//! | the codebook's file | `codebook` | `codebook` | | `codebook` |
//! | the whole file | `builder` `file` | `segment` | `segment` | `segment` |
//!
//! Opening touches the ends of the file and one small record. Everything else is read where it
//! lies, block by block as it is needed, and is checked at each step: whatever the bytes, there is an
//! answer or an error that names file, offset and rule.
//!
//! ```
//! use medvec::document::Document;
//! use medvec::ids::{Key, Revision, RowId, SegmentId};
//! use medvec::segment::{Segment, SegmentBuilder};
//! use medvec::storage::MemoryStorage;
//!
//! # fn main() -> medvec::Result<()> {
//! let storage = MemoryStorage::new();
//! let mut builder = SegmentBuilder::new(None);
//! let mut document = Document::new(Key::pmid(38_000_001));
//! document.title = "Insulin at the bedside".into();
//! builder.push(&document, Revision::default(), [0; 16], None)?;
//! let entry = builder.finish(&storage, SegmentId(1), [7; 16])?;
//!
//! let segment = Segment::open(&storage, &entry, None)?;
//! let row = segment.find(&Key::pmid(38_000_001))?;
//! assert_eq!(row, Some(RowId(0)));
//! assert_eq!(segment.document(RowId(0))?.title, "Insulin at the bedside");
//! # Ok(())
//! # }
//! ```

mod merge;
mod read;
mod row_space;
mod vector_sum;
mod verify;
mod write;

#[cfg(test)]
mod tests;

pub use merge::segment::{MergeInto, Merged, merge};
pub use read::codebook::{CodebookFile, Queries};
pub use read::columns::NumberColumn;
pub(crate) use read::confirmations::newest_confirmation;
pub use read::deletes::Deletes;
pub use read::documents::Documents;
pub(crate) use read::key_walk::{KeyAt, KeyWalk};
pub(crate) use read::lexical::{LexicalIndex, List};
pub(crate) use read::lexical_meta::PART_BLOCK_ROWS;
pub use read::lists::{SegmentLists, SegmentPages};
pub use read::postings::Terms;
pub use read::segment::{SectionSize, Segment};
pub use row_space::RowSpace;
pub(crate) use row_space::check_finite;
pub use write::builder::SegmentBuilder;
pub use write::draft::Draft;
pub(crate) use write::vectors::read_back;
