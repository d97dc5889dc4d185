//! What keeps a candidate from being a negative that is none.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::passage::Passage;
use super::settings::MineSettings;
use super::stats::DroppedNegatives;
use crate::document::Document;
use crate::ids::Key;
use crate::session::duplicates::{SameBy, marks};

/// Limits on the scores of one query's negatives.
#[derive(Default)]
pub(super) struct ScoreGuard {
    /// Of positives and candidates; `None` if nothing is limited.
    scores: Option<HashMap<Key, f64>>,
    max_score: Option<f64>,
    /// The highest score that is far enough below the positives. NaN, which nothing is below, if no positive has a score.
    far_enough: Option<f64>,
}

impl ScoreGuard {
    pub(super) fn new(
        settings: &MineSettings,
        scores: HashMap<Key, f64>,
        positives: &BTreeSet<Key>,
    ) -> ScoreGuard {
        let of_positives = positives.iter().filter_map(|key| scores.get(key).copied());
        let lowest = of_positives.reduce(f64::min).unwrap_or(f64::NAN);
        let by_margin = settings.margin.map(|margin| lowest - margin);
        let by_share = settings.relative_margin.map(|share| lowest - share * lowest.abs());
        let far_enough = match (by_margin, by_share) {
            (Some(one), Some(other)) => Some(if one < other { one } else { other }),
            (one, other) => one.or(other),
        };
        ScoreGuard { scores: Some(scores), max_score: settings.max_score, far_enough }
    }

    /// Whether a candidate scores low enough; if not, counts why.
    pub(super) fn passes(&self, key: &Key, dropped: &mut DroppedNegatives) -> bool {
        let Some(scores) = &self.scores else { return true };
        let Some(score) = scores.get(key).copied() else {
            dropped.without_score += 1;
            return false;
        };
        if self.max_score.is_some_and(|max| score > max) {
            dropped.max_score += 1;
            return false;
        }
        match self.far_enough {
            Some(limit) if limit.is_nan() => dropped.without_score += 1,
            Some(limit) if score > limit => dropped.margin += 1,
            _ => return true,
        }
        false
    }
}

/// Works that a query has already.
#[derive(Default)]
pub(super) struct KnownWorks {
    marks: HashSet<(SameBy, u64)>,
    texts: HashSet<String>,
}

impl KnownWorks {
    pub(super) fn insert(&mut self, document: &Document, passage: Option<&Passage>) {
        self.marks.extend(marks(document));
        self.texts.extend(passage.map(|passage| passage.text.to_lowercase()));
    }

    /// Whether a document is one of them: one identifier, one title of some length, or one text.
    pub(super) fn has(&self, document: &Document, passage: &Passage) -> bool {
        self.texts.contains(&passage.text.to_lowercase())
            || marks(document).iter().any(|mark| self.marks.contains(mark))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(settings: &MineSettings, positive: Option<f64>) -> (Vec<u32>, DroppedNegatives) {
        let mut scores: HashMap<Key, f64> =
            [(1, 0.9), (2, 0.8), (3, 0.5), (4, -0.2)].map(|(n, s)| (Key::pmid(n), s)).into();
        scores.extend(positive.map(|score| (Key::pmid(9), score)));
        let guard = ScoreGuard::new(settings, scores, &[Key::pmid(9)].into());
        let mut dropped = DroppedNegatives::default();
        let kept = (1..=5).filter(|n| guard.passes(&Key::pmid(*n), &mut dropped)).collect();
        (kept, dropped)
    }

    #[test]
    fn each_limit_drops_what_it_should() {
        let settings = |max, margin, share| MineSettings {
            max_score: max,
            margin,
            relative_margin: share,
            ..MineSettings::default()
        };
        // Document 5 has no score.
        let (found, dropped) = kept(&settings(Some(0.8), None, None), None);
        assert_eq!((found, dropped.max_score, dropped.without_score), (vec![2, 3, 4], 1, 1));
        let (found, dropped) = kept(&settings(None, Some(0.0), None), Some(0.8));
        assert_eq!((found, dropped.margin), (vec![2, 3, 4], 1));
        assert_eq!(kept(&settings(None, Some(0.25), None), Some(0.8)).0, [3, 4]);
        assert_eq!(kept(&settings(None, None, Some(0.05)), Some(0.8)).0, [3, 4]);
        // A share of a negative score lies below it, too.
        assert_eq!(kept(&settings(None, None, Some(0.5)), Some(-0.2)).0, Vec::<u32>::new());
        let (found, dropped) = kept(&settings(None, Some(0.1), None), None);
        assert_eq!((found, dropped.without_score), (vec![], 5), "no positive has a score");
        assert_eq!(kept(&settings(Some(0.85), Some(0.1), Some(0.5)), Some(0.9)).0, [4]);
    }

    /// `max_positive_scores - max_positive_scores.abs() * relative_margin` of sentence-transformers 6.2.0, where
    /// `max_positive_scores` is the least score of a query's positives; a candidate goes if its score is greater.
    #[test]
    fn a_share_is_of_the_lowest_positive_as_in_sentence_transformers() {
        let candidates = [(1, 0.76), (2, 0.57), (3, 0.569), (4, -0.106), (5, -0.104)];
        for (positives, share, wanted) in [
            (&[0.8, 0.6][..], 0.05, &[2, 3, 4, 5][..]),
            (&[0.8], 0.05, &[1, 2, 3, 4, 5]),
            (&[0.8, -0.1], 0.05, &[4]),
        ] {
            let mut scores: HashMap<Key, f64> =
                candidates.map(|(number, score)| (Key::pmid(number), score)).into();
            let keys = (100..).map(Key::pmid).zip(positives.iter().copied());
            scores.extend(keys.clone());
            let positives: BTreeSet<Key> = keys.map(|(key, _)| key).collect();
            let settings = MineSettings { relative_margin: Some(share), ..MineSettings::default() };
            let guard = ScoreGuard::new(&settings, scores, &positives);
            let mut dropped = DroppedNegatives::default();
            let kept: Vec<u32> =
                (1..=5).filter(|n| guard.passes(&Key::pmid(*n), &mut dropped)).collect();
            assert_eq!((kept.as_slice(), dropped.margin), (wanted, 5 - wanted.len() as u64));
        }
    }

    #[test]
    fn without_limits_everything_passes() {
        assert!(ScoreGuard::default().passes(&Key::pmid(1), &mut DroppedNegatives::default()));
    }
}
