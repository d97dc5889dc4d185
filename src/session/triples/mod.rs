//! Hard negatives for the training of retrievers: queries, documents that answer them, and documents that look as if
//! they did.
//!
//! A [`TrainingQuery`] says what is positive; [`Miner::mine`] adds negatives, and hands each query on as soon as it is done.
//! [`export::triples`](crate::export::triples) writes the files that trainers read.
//!
//! | positives | from |
//! |---|---|
//! | [`TrainingQuery::of_task`] | the judgements of a benchmark |
//! | [`TrainingQuery::of_clicks`] | MedCPT's click logs |
//! | [`TrainingQuery::of_pairs`] | pairs of texts, with or without negatives: BMRetriever's mix, BioLORD |
//! | [`TrainingQuery::of_citations`] | the works that a document cites; its title is the query |
//! | [`TrainingQuery::of_headings`] | the documents that share a major heading; a title is the query |
//!
//! | negatives | are |
//! |---|---|
//! | [`NegativeKind::Rank`] | documents within a window of ranks |
//! | [`NegativeKind::Branch`] | documents under a sibling or the parent of a positive's heading, without that heading or one below it |
//! | [`NegativeKind::Citations`] | documents that are cited by what a positive cites, and not by the positive itself |
//! | [`NegativeKind::Given`] | texts that came with the query |
//!
//! A filter can narrow all of them. Never negative are the query document, every document that is known to be relevant,
//! documents that are the same work as the query document, a positive or an earlier negative, and documents
//! without a text. Ranks are counted from 1 over the whole ranking, with positives in it; sentence-transformers counts only
//! the candidates that its guards leave.
//!
//! The result depends on the database, the settings and the seed, and not on the machine or its threads: each query draws
//! from a generator of its own, whose seed is a hash of the given seed and the id of the query.
//!
//! # Sources
//!
//! The names of options and their meaning: sentence-transformers, `util/hard_negatives.py` (`range_min`, `range_max`,
//! `max_score`, `absolute_margin`, `relative_margin`, `num_negatives`, `sampling_strategy`). Version 6.2.0 compares with
//! the lowest score of a query's positives as well, and takes the share of its absolute value. Two-hop citations: BiCA (arXiv:2511.08029). Graded similarity: `grade.rs`.

mod branch;
mod citations;
mod cross;
mod grade;
mod guards;
mod kind;
mod known;
mod mine;
mod passage;
mod query;
mod ranking;
mod sample;
mod settings;
mod stats;

pub use grade::{heading_set_similarity, heading_similarity};
pub use kind::NegativeKind;
pub use mine::Miner;
pub use passage::{MinedNegative, MinedQuery, Passage, PassageText};
pub use query::{Positive, QuerySample, TrainingQuery};
pub use settings::{MineSettings, Sampling};
pub use stats::{DroppedNegatives, MineStats};
