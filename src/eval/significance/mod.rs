//! Whether a difference between two runs is more than chance.
//!
//! | function | question |
//! |---|---|
//! | [`randomization_test`] | How often would chance alone give a difference as large as this one? |
//! | [`bootstrap_mean`] | Between which bounds does the mean over queries lie? |
//! | [`bootstrap_difference`] | And the difference of two means over the same queries? |
//! | [`holm`] | Which of several comparisons hold together? |
//!
//! [`Paired`] joins the per query values of two runs. Every function is deterministic: the same values, seed and
//! rounds give the same result on every machine and with any number of threads (one thread does the work).
//!
//! Sources: Smucker, Allan and Carterette, "A Comparison of Statistical Significance Tests for Information Retrieval
//! Evaluation" (CIKM 2007); Sakai, "Laboratory Experiments in Information Retrieval" (2018); Efron and Tibshirani,
//! "An Introduction to the Bootstrap" (1993); Holm (1979).

mod bootstrap;
mod error;
mod holm;
mod paired;
mod random;
mod randomization;

pub use bootstrap::{BootstrapOptions, Interval, bootstrap_difference, bootstrap_mean};
pub use error::StatisticsError;
pub use holm::holm;
pub use paired::Paired;
#[cfg(feature = "session")]
pub(crate) use random::SplitMix64;
pub use randomization::{
    EXACT_PAIRS_MAX, RandomizationOptions, RandomizationTest, randomization_test,
};

#[cfg(test)]
mod tests;
