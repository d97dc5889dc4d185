//! How well an encoder or a database answers queries, measured.
//!
//! | step | files |
//! |---|---|
//! | a ranking's measures, as trec_eval has them | [`measures`] |
//! | whether two runs differ | [`significance`] |
//! | scores of pairs of texts | [`pairs`] |
//! | queries and judgements of a benchmark | [`collection`] |
//! | an encoder without a database | [`beir`] |

pub mod beir;
pub mod collection;
pub mod input;
pub mod measures;
pub mod pairs;
mod qrels;
pub mod significance;
