//! Text to terms: what the lexical index stores and what a query looks up.
//!
//! Documents and queries pass through the same [`Analyzer`], so that every spelling of a name that the rules
//! unite meets in one term:
//!
//! | text | terms (`@` position) |
//! |---|---|
//! | `IL-6` | il@0 il6@0 6@1 |
//! | `IL6` | il6@0 |
//! | `COVID-19` | covid@0 covid19@0 19@1 |
//! | `5-HT` | 5@0 5ht@0 ht@1 |
//! | `CD4+` | cd4@0 cd4+@0 |
//! | `1,25-(OH)2D3` | 1@0 25@1 oh@2 2d3@3 |
//! | `β-catenin` | beta@0 catenin@1 |
//! | `Sjögren's` | sjogren@0 sjogrens@0 s@1 |
//!
//! ```text
//! text ── fold ──> characters ── analyzer ──> tokens ──┬─> index: every token, as it is
//!         (NFKC, case, marks, Greek)                   └─> ranked query: stop words out, forms of one stem together
//! ```
//!
//! Terms stay unstemmed: PubMed's language asks for exact words. A ranked query expands a term to the
//! indexed forms of its [`stem`](fn@stem). Stop words keep their positions in the index, because phrases need them, and only a
//! ranked query drops them ([`is_stop_word`]).
//!
//! Any change of these rules changes which terms a text has, so it needs a new [`ANALYZER_VERSION`].

mod analyzer;
mod fold;
mod letters;
mod name;
mod porter2;
mod stem;
mod stop_words;
#[cfg(test)]
mod tests;

pub(crate) use analyzer::cut;
pub use analyzer::{Analyzer, TERM_BYTES_MAX, Token, TokenForm};
pub(crate) use fold::folded;
pub use name::fold_name;
pub use stem::stem;
pub use stop_words::is_stop_word;

/// The version of all rules of this room together. An index made under another version must be rebuilt.
pub const ANALYZER_VERSION: u32 = 1;
