//! Queries over the segments of one snapshot.
//!
//! A [`Query`] has a vector, a [`Filter`], or both. The filter is compiled once per snapshot and becomes one
//! bitmap per segment, so the number of matches is exact before a single vector is read. Then the matching
//! rows are scored and the best k are kept, ties broken by document key.
//!
//! | step | files |
//! |---|---|
//! | what is asked | `query`, `filter`, `sort` |
//! | names, types and errors of a filter | `compile`, with `check`, `mesh`, `qualified`, `substances`, `vocabulary`, `fields`, `names/` |
//! | a bitmap per segment, remembered | `program`, `evaluate`, `ahead`, `rows`, `row_set`, `remembered`, `matches`, `left_out`, `view` |
//! | how to search | `plan` |
//! | hits | `execute`: by vector `dense`, by words `words` of `terms`, by both `fuse`, once more `expand`, in another order `list`, `cited` |
//! | counts, all rows | `facets`, `matching` |
//! | strategies in PubMed's language | `strategy/` |
//! | what is answered | `answer`, `note`, `explain`, `diagnose` |
//!
//! Compiling looks up every name: it is found under any usual spelling, is absent but legal, which a [`Note`]
//! says, or is unknown, which is an error with suggestions.

mod ahead;
mod answer;
mod check;
mod cited;
mod compile;
mod compiled;
mod dense;
mod diagnose;
mod evaluate;
mod execute;
mod expand;
mod explain;
mod facets;
mod fields;
mod filter;
mod fuse;
mod hints;
mod left_out;
mod list;
mod matches;
mod matching;
mod mesh;
mod names;
mod note;
mod numbers;
mod outcome;
mod parts;
mod plan;
mod program;
mod qualified;
mod query;
mod remembered;
mod row_set;
mod rows;
mod sort;
mod spelling;
mod strategy;
mod substances;
mod suggest;
mod terms;
mod text;
mod vectors;
mod view;
mod vocabulary;
mod words;

pub use answer::{Hit, SearchResult};
pub use diagnose::why_nothing;
pub use execute::search;
pub use explain::{
    AddedTerm, ExpansionExplain, Explain, FusedExplain, IndexExplain, Plan, SegmentExplain,
    WhyExact, WordExplain,
};
pub use facets::{Facet, FacetCount, FacetCounts, facets};
pub use fields::{FieldInfo, fields};
pub use filter::{FieldTest, Filter};
pub use hints::{Hint, TagMeaning, hints};
pub use matching::{MatchingRows, matching};
pub use mesh::{suggest_headings, suggest_mesh};
pub use note::Note;
pub use query::{Accuracy, Expansion, Fusion, Mode, Query};
pub use sort::{Sort, SortOrder};
pub use strategy::{
    TranslatedClause, TranslatedHeading, TranslatedLine, TranslatedStrategy, translate,
};
pub use suggest::suggest;
pub use terms::{UNLIKED_WEIGHT, has_words};
pub use text::{TextField, TextFilter};
pub use vectors::Vectors;
pub use view::SegmentView;
