//! Queries over the segments of one snapshot.
//!
//! A [`Query`] has a vector, a [`Filter`], or both. The filter becomes one bitmap a segment, so the
//! number of matches is exact before a single vector is read; then the rows that match are scored
//! and the best k are kept, ties broken by document key.
//!
//! Before that every name in the filter is looked up (`resolve`): a name is found under any usual spelling, is
//! absent but legal, which a [`Note`] says, or is unknown, which is an error with suggestions.

mod check;
mod dense;
mod diagnose;
mod execute;
mod explain;
mod fields;
mod filter;
mod hints;
mod matches;
mod names;
mod note;
mod numbers;
mod plan;
mod query;
mod resolve;
mod resolved;
mod spelling;
mod undated;
mod view;
mod vocabulary;

pub use diagnose::why_nothing;
pub use execute::{Hit, SearchResult, Vectors, search};
pub use explain::{Explain, IndexExplain, Plan, SegmentExplain, WhyExact};
pub use fields::{FieldInfo, fields};
pub use filter::{FieldTest, Filter};
pub use hints::{Hint, TagMeaning, hints};
pub use note::Note;
pub use query::{Accuracy, Query};
pub use resolve::suggest_mesh;
pub use view::SegmentView;
