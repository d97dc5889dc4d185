//! How much is written at once, and what is done beside it.

use std::num::NonZeroU64;

use clap::Args;
use medvec::session::ImportSettings;

/// How much an import writes at once, and what is done beside it.
#[derive(Clone, Debug, Args)]
pub(crate) struct WritingOptions {
    /// Commit after so many records: a kill loses no more than these. Each commit writes a segment, so that small
    /// numbers cost time [default: 100000].
    #[arg(long, value_name = "N")]
    commit_every: Option<NonZeroU64>,

    /// Train the index, index documents and measure recall beside the import, as `medvec compact` does, and finish
    /// that at the end.
    #[arg(long)]
    maintain: bool,
}

impl WritingOptions {
    pub(crate) fn apply(&self, settings: &mut ImportSettings) {
        settings.commit_every = self.commit_every;
        settings.maintain = self.maintain;
    }
}
