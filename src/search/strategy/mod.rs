//! Strategies in PubMed's language, translated to filters.
//!
//! ```text
//! asthma[mh] OR wheez*[tiab]  --query--> clauses --clause--> filters and what they mean --lines--> one filter per line
//! child rearing               --untagged--> headings, journals, authors, words
//! ```
//!
//! Each term becomes a [`Filter`] and a [`TranslatedClause`] that says what it was taken for. What the index cannot
//! answer is an error at its place, never an empty result.

mod clause;
mod count;
mod earlier;
mod headings;
mod lines;
mod meant;
mod qualifiers;
mod read;
mod refused;
mod scope;
mod subheadings;
mod subset;
mod untagged;

pub use lines::{TranslatedClause, TranslatedLine, TranslatedStrategy, translate};
pub use meant::TranslatedHeading;
