//! One immutable file: documents, keys, columns, postings and vectors of some rows.
//!
//! [`SegmentBuilder`] collects documents and writes them; [`Segment`] reads them; [`merge`] makes one
//! segment of several; [`Segment::verify`] holds a file against every rule of the format. Rows count
//! from 0 in the order of writing. The file is described in `format-spec/04-segment.md`.
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

mod accepted;
mod builder;
mod codebook;
mod columns;
mod deletes;
mod dictionary;
mod draft;
mod fields;
mod file;
mod filters;
mod keys;
mod lists;
mod lookup;
mod merge;
mod packer;
mod postings;
mod reader;
mod squeeze;
mod stored;
mod texts;
mod vector_rows;
mod vectors;
mod verify;

#[cfg(test)]
mod tests;

pub(crate) use accepted::{check_query, check_stored};
pub use builder::SegmentBuilder;
pub use codebook::{CodebookFile, Questions};
pub use draft::Draft;
pub use filters::{NumberColumn, Terms};
pub use lists::{SegmentLists, SegmentPages};
pub use lookup::Deletes;
pub use merge::{Merged, merge};
pub use reader::{SectionSize, Segment};
pub use stored::Documents;
