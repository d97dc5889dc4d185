//! How negatives are mined.

use super::kind::NegativeKind;
use super::passage::PassageText;
use crate::error::{Error, Result};
use crate::limits::HITS_MAX;
use crate::search::{Filter, Mode};

/// Which candidates become negatives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampling {
    /// Each is as likely as any other.
    #[default]
    Random,
    /// Those that rank highest.
    Top,
}

/// How negatives are mined.
///
/// Scores of guards are those of the vectors where the ranking uses vectors (under a hybrid ranking, too, whose own
/// scores compare only within one query), else those of BM25.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MineSettings {
    /// Where negatives come from. The kinds take turns until there are enough.
    pub kinds: Vec<NegativeKind>,
    /// Negatives per query.
    pub count: usize,
    /// What ranks candidates.
    pub mode: Mode,
    /// The share of the true nearest documents that rankings by vectors find, on average; every document is compared
    /// without it.
    pub recall: Option<f32>,
    /// The first rank that can be a negative, from 1.
    pub range_min: usize,
    /// The last rank that can be a negative, [`HITS_MAX`] at most.
    pub range_max: usize,
    /// Which candidates become negatives.
    pub sampling: Sampling,
    /// What negatives must match.
    pub filter: Filter,
    /// The highest score of a negative.
    pub max_score: Option<f64>,
    /// How far a negative must score below the lowest positive.
    pub margin: Option<f64>,
    /// The same as a share of the lowest positive's score: 0.05 keeps what scores at most 95 % of it.
    pub relative_margin: Option<f64>,
    /// Whether the session's cross-encoder reads every negative.
    pub uses_reranker: bool,
    /// The highest score that the cross-encoder may give a negative.
    pub reranker_max_score: Option<f64>,
    /// How far the cross-encoder must score a negative below the lowest positive. Without it and a highest score: 0.
    pub reranker_margin: Option<f64>,
    /// Positives per query, those with the greatest weight first; all without it, 5 for shared headings.
    pub positives_max: Option<usize>,
    /// What is the text of a document.
    pub passage: PassageText,
    /// Whether passages get their similarity by MeSH.
    pub graded: bool,
    /// Where random numbers begin.
    pub seed: u64,
}

impl Default for MineSettings {
    /// Seven random negatives from ranks 10 to 100, by words and vectors as far as the database has both.
    fn default() -> MineSettings {
        MineSettings {
            kinds: vec![NegativeKind::Rank],
            count: 7,
            mode: Mode::Auto,
            recall: None,
            range_min: 10,
            range_max: 100,
            sampling: Sampling::default(),
            filter: Filter::All,
            max_score: None,
            margin: None,
            relative_margin: None,
            uses_reranker: false,
            reranker_max_score: None,
            reranker_margin: None,
            positives_max: None,
            passage: PassageText::default(),
            graded: false,
            seed: 0,
        }
    }
}

impl MineSettings {
    /// # Errors
    /// [`Error::InvalidQuery`] for settings that no document can meet.
    pub(super) fn check(&self) -> Result<()> {
        let refused = |detail: &str| Err(Error::InvalidQuery { detail: detail.to_owned() });
        if self.range_min == 0 {
            return refused("range_min is 0: ranks count from 1");
        }
        if self.range_max < self.range_min {
            return refused("range_max is below range_min: no rank lies between them");
        }
        if self.range_max > HITS_MAX {
            return refused(&format!(
                "range_max is {}: a ranking has {HITS_MAX} documents at most",
                self.range_max
            ));
        }
        if self.count == 0 || self.kinds.is_empty() {
            return refused("no negatives are asked for: give a count and at least one kind");
        }
        let numbers = [self.max_score, self.margin, self.relative_margin];
        let of_reranker = [self.reranker_max_score, self.reranker_margin];
        if numbers.iter().chain(&of_reranker).flatten().any(|number| !number.is_finite()) {
            return refused("a highest score or a margin is not a finite number");
        }
        if !self.uses_reranker && of_reranker.iter().any(Option::is_some) {
            return refused("a score of the cross-encoder is limited, and it is not in use");
        }
        Ok(())
    }

    /// Whether candidates need a score.
    pub(super) fn needs_scores(&self) -> bool {
        [self.max_score, self.margin, self.relative_margin].iter().any(Option::is_some)
    }
}
