//! Queries over the segments of one snapshot.
//!
//! A [`Query`] has a vector, a [`Filter`], or both. The filter becomes one bitmap a segment, so the
//! number of matches is exact before a single vector is read; then the rows that match are scored
//! and the best k are kept, ties broken by document key.

mod execute;
mod filter;
mod query;
mod resolve;
mod view;

pub use execute::{Explain, Hit, Plan, SearchResult, SegmentExplain, search};
pub use filter::{FieldTest, Filter};
pub use query::Query;
pub use resolve::suggest_mesh;
pub use view::SegmentView;
