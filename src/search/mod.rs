//! Queries over the segments of one snapshot.
//!
//! A [`Query`] has a vector, a [`Filter`], or both. The filter becomes one bitmap a segment, so the
//! number of matches is exact before a single vector is read; then the rows that match are scored
//! and the best k are kept, ties broken by document key.

mod dense;
mod execute;
mod explain;
mod filter;
mod matches;
mod plan;
mod query;
mod resolve;
mod view;

pub(crate) use execute::as_stored;
pub use execute::{Hit, SearchResult, Vectors, search};
pub use explain::{Explain, IndexExplain, Plan, SegmentExplain, WhyExact};
pub use filter::{FieldTest, Filter};
pub use query::{Accuracy, Query};
pub use resolve::suggest_mesh;
pub use view::SegmentView;
