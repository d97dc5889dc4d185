//! Two rankings in one: the scores of the words and of the vectors, each relative to what the query could reach.
//!
//! Every document that either ranking puts among its first hundred is scored by both. Those that come in among the first two hundred,
//! four hundred, ... follow behind, in as many tiers as it takes, so that pages are the parts of one list, however deep
//! the first of them looked. By [`Fusion::Relative`] it gets
//!
//! ```text
//! bm25(d) / sqrt(best bm25 * sum of weights)  +  0.8 * (s(d) - mean) / (best s - mean)
//! ```
//!
//! where the mean is that of the query's scores over all documents. Nothing is tuned to a database: what matters is that a
//! query's confidence survives, which ranks and scores stretched to 0 and 1 throw away.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::answer::Hit;
use super::dense::{self, Nearest};
use super::explain::{Explain, FusedExplain};
use super::matches::Matches;
use super::query::Fusion;
use super::vectors::QueryVector;
use super::view::SegmentView;
use super::words::{Words, score_of};
use crate::control::Control;
use crate::error::Result;
use crate::ids::{RowId, SegmentId};

/// Documents of each ranking in the first tier; each further one goes twice as deep as the one before.
const FIRST_TIER: usize = 100;

/// What is fused.
pub(super) struct Fused<'a> {
    pub(super) segments: &'a [SegmentView],
    pub(super) matches: &'a [Arc<Matches>],
    pub(super) words: &'a Words<'a>,
    pub(super) nearest: Nearest<'a>,
    pub(super) fusion: Fusion,
}

/// A document's score in each ranking, and its place from 0.
#[derive(Clone, Copy, Default)]
struct Scores {
    words: f64,
    vector: Option<f64>,
    word_place: Option<usize>,
    vector_place: Option<usize>,
}

impl Scores {
    /// The first tier that either place is in.
    fn tier(&self) -> u32 {
        let best = self.word_place.into_iter().chain(self.vector_place).min();
        tier_of(best.unwrap_or_default())
    }

    /// Forgets a place in a later tier than the first: it would not be known if no more were wanted.
    fn of_first_tier(self) -> Scores {
        let is_known = |place: &usize| tier_of(*place) == self.tier();
        Scores {
            word_place: self.word_place.filter(is_known),
            vector_place: self.vector_place.filter(is_known),
            ..self
        }
    }
}

/// The tier of a place from 0.
fn tier_of(place: usize) -> u32 {
    (place / FIRST_TIER).checked_ilog2().map_or(0, |tier| tier + 1)
}

/// How many documents of each ranking hold `count` documents in whole tiers.
fn depth(count: usize) -> usize {
    FIRST_TIER << tier_of(count.saturating_sub(1))
}

impl Fused<'_> {
    /// The best documents by both, ties by key.
    ///
    /// # Errors
    /// Those of each ranking.
    pub(super) fn search(&self) -> Result<(Vec<Hit>, Explain)> {
        let control = self.nearest.control;
        let wanted = depth(self.nearest.count);
        let near = Nearest { count: wanted, ..self.nearest };
        let (by_vector, mut explain) = dense::search(self.segments, self.matches, near)?;
        let by_words = self.words.best(self.matches, wanted, control)?;
        let mut hits: Vec<Hit> = by_vector.clone();
        let known: HashSet<(SegmentId, RowId)> =
            hits.iter().map(|hit| (hit.segment, hit.row)).collect();
        let is_new = |hit: &&Hit| !known.contains(&(hit.segment, hit.row));
        hits.extend(by_words.iter().map(|found| &found.hit).filter(is_new).cloned());
        let scores = self.scores(
            &hits,
            by_vector.len(),
            &by_words.iter().map(|found| &found.hit).collect::<Vec<_>>(),
        )?;
        let best_words = by_words.first().map_or(0.0, |found| f64::from(score_of(found.units)));
        let best_vector = by_vector.first().map(|hit| f64::from(hit.score));
        let mean = match self.fusion {
            Fusion::Relative { .. } => mean_score(self.segments, self.nearest.vector, control)?,
            _ => 0.0,
        };
        let parts = Parts { best_words, best_vector, mean, reach: self.words.reach() };
        for (hit, scores) in hits.iter_mut().zip(&scores) {
            hit.score = parts.fuse(self.fusion, scores) as f32;
        }
        let candidates = hits.len();
        let mut tiered: Vec<(u32, Hit)> = scores.iter().map(Scores::tier).zip(hits).collect();
        tiered.sort_by(|(tier, a), (other, b)| {
            let by_score = || b.score.total_cmp(&a.score).then_with(|| a.key.cmp(&b.key));
            tier.cmp(other).then_with(by_score)
        });
        tiered.truncate(self.nearest.count);
        let hits = tiered.into_iter().map(|(_, hit)| hit).collect();
        explain.words = self.words.explain();
        explain.fused = Some(FusedExplain {
            candidates,
            best_words: best_words as f32,
            best_vector: best_vector.map(|score| score as f32),
            mean: mean as f32,
        });
        Ok((hits, explain))
    }

    /// Both scores of every hit; the first `near` are those of the vectors, in order.
    fn scores(&self, hits: &[Hit], near: usize, by_words: &[&Hit]) -> Result<Vec<Scores>> {
        let control = self.nearest.control;
        let places: HashMap<(SegmentId, RowId), usize> = by_words
            .iter()
            .enumerate()
            .map(|(place, hit)| ((hit.segment, hit.row), place))
            .collect();
        let units = self.words.score(hits, control)?;
        let mut others: Vec<Hit> = hits.get(near..).unwrap_or_default().to_vec();
        dense::score(self.segments, self.nearest.vector, &mut others, control)?;
        let mut has_vector = Vec::with_capacity(others.len());
        for hit in &others {
            let view = self.segments.iter().find(|view| view.segment.id() == hit.segment);
            let present = view.map(|view| view.segment.rows_with_vector()).transpose()?.flatten();
            has_vector.push(present.is_some_and(|rows| rows.contains(hit.row.0)));
        }
        let vectors = hits.iter().take(near).map(|hit| Some(hit.score));
        let vectors =
            vectors.chain(others.iter().zip(has_vector).map(|(hit, has)| has.then_some(hit.score)));
        let scored = hits.iter().enumerate().zip(units).zip(vectors);
        Ok(scored
            .map(|(((place, hit), units), vector)| Scores {
                words: f64::from(score_of(units)),
                vector: vector.map(f64::from),
                word_place: places.get(&(hit.segment, hit.row)).copied(),
                vector_place: (place < near).then_some(place),
            })
            .map(Scores::of_first_tier)
            .collect())
    }
}

/// What scores are relative to.
struct Parts {
    best_words: f64,
    best_vector: Option<f64>,
    mean: f64,
    reach: f64,
}

impl Parts {
    fn fuse(&self, fusion: Fusion, scores: &Scores) -> f64 {
        match fusion {
            Fusion::Relative { vector_weight } => {
                let scale = (self.best_words * self.reach).sqrt();
                let words = if scale > 0.0 { scores.words / scale } else { 0.0 };
                let spread = self.best_vector.map_or(0.0, |best| best - self.mean);
                // A document without a vector is taken for an average one.
                let vector = match scores.vector.filter(|_| spread > 0.0) {
                    Some(score) => (score - self.mean) / spread,
                    None => 0.0,
                };
                words + f64::from(vector_weight) * vector
            }
            Fusion::Ranks { k } => {
                let of = |place: Option<usize>| {
                    place.map_or(0.0, |place| 1.0 / (f64::from(k) + place as f64 + 1.0))
                };
                of(scores.word_place) + of(scores.vector_place)
            }
            Fusion::Sum { vector_weight } => {
                let weight = f64::from(vector_weight);
                let words = if self.reach > 0.0 { scores.words / self.reach } else { 0.0 };
                let vector = scores.vector.map_or(0.0, |score| (score + 1.0) / 2.0);
                (1.0 - weight) * words + weight * vector
            }
        }
    }
}

/// The mean of the query's scores over all live documents with a vector.
fn mean_score(segments: &[SegmentView], vector: &QueryVector, control: &Control) -> Result<f64> {
    let (mut sum, mut rows) = (0.0, 0u64);
    for view in segments {
        control.check()?;
        let Some(of_segment) = view.vector_sum()? else { continue };
        let pairs = of_segment.sum.iter().zip(vector.of(&view.segment));
        let product = pairs.map(|(sum, number)| sum * f64::from(*number));
        sum += product.sum::<f64>();
        rows += of_segment.rows;
    }
    Ok(if rows > 0 { sum / rows as f64 } else { 0.0 })
}
