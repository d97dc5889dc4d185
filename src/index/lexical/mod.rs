//! Ranking by words: BM25 with integer scores, and the best rows by block-max MaxScore.
//!
//! Scores are sums of integers, so that they are the same on every machine and in every order of segments. Rows are
//! taken in windows of 4,096; within a window only those lists are walked through that can lift a row into the answer,
//! and the others are asked about the rows that came up (MaxScore: Turtle and Flood, "Query evaluation: strategies and
//! optimizations", 1995; block maxima: Ding and Suel, "Faster top-k document retrieval using block-max indexes", 2011).

mod best;
mod bm25;
mod max_score;

pub use best::Best;
pub use bm25::{Bm25, SCORE_UNIT};
pub use max_score::{RankedList, rank, score_rows};
