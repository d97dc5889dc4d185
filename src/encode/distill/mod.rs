//! Distilling: a static encoder from a sentence encoder and a corpus.
//!
//! 1. A WordPiece vocabulary is trained on the corpus.
//! 2. The teacher embeds a sample of the corpus's titles and sentences (or a cache gives them).
//! 3. Least squares finds the token vectors whose weighted means come nearest to the teacher's
//!    vectors ([`ridge`]); frequent words weigh little.
//! 4. The directions in which these texts differ most are kept (principal components), so that fewer
//!    numbers can do the work of all.
//! 5. Gradient descent improves the table for search ([`refine`]).
//! 6. Each token's vector is rounded to signed bytes with one scale.
//! 7. The encoder is examined: against the teacher on passages held out, and on folders in the layout
//!    of BEIR.
//!
//! Samples and steps are seeded: on one machine the same options give the same bytes, whatever the
//! number of threads. (Kernels of other processors round sums in another order.) What each step
//! brings is measured in `benches/HISTORY.md`.

mod bags;
mod begun;
mod check;
mod corpus;
mod fit;
mod matrix;
mod options;
mod progress;
mod random;
mod refine;
mod ridge;
mod run;
#[cfg(test)]
mod tests;
mod vectors;
mod vocabulary;

pub use self::options::DistillOptions;
pub use self::progress::Progress;
pub use self::run::{DistillReport, Retrieval, run};
pub use super::static_encoder::Bits;
