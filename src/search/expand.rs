//! A query expanded by the documents that it found: their words beside its own, and its vector moved to theirs.
//!
//! ```text
//! words    share of the query * its words + the rest * the best words of the first documents   (RM3)
//! vector   share of the query * its vector + the rest * the mean of the first documents' vectors   (Rocchio)
//! ```
//!
//! RM3: Lavrenko and Croft, "Relevance-based language models", 2001, mixed with the query as in Abdul-Jaleel et al.,
//! "UMass at TREC 2004: novelty and HARD", 2004. Rocchio: "Relevance feedback in information retrieval", 1971.

use super::answer::Hit;
use super::explain::{AddedTerm, ExpansionExplain};
use super::query::Expansion;
use super::terms::WeightedTerms;
use super::view::SegmentView;
use crate::control::Control;
use crate::document::Document;
use crate::error::Result;

/// What a query is expanded with.
pub(super) struct Feedback<'a> {
    pub(super) segments: &'a [SegmentView],
    /// The first pass's hits, the best first.
    pub(super) hits: &'a [Hit],
    pub(super) expansion: Expansion,
    pub(super) control: &'a Control,
}

impl Feedback<'_> {
    /// The query's words beside the best of the first documents, each of which counts by its score; `None` where these
    /// have no words.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; those of the control; too many words.
    pub(super) fn words(
        &self,
        query: &WeightedTerms,
        explain: &mut ExpansionExplain,
    ) -> Result<Option<WeightedTerms>> {
        let Expansion { documents, terms, query_weight, .. } = self.expansion;
        let mut sources = Vec::new();
        let mut feedback = WeightedTerms::default();
        for hit in self.hits.iter().take(documents) {
            self.control.check()?;
            let Some(document) = self.document(hit)? else { continue };
            let words = WeightedTerms::of_document(&document);
            if words.is_empty() {
                continue;
            }
            feedback.add(&words, f64::from(hit.score.max(0.0)));
            sources.push((hit.key.clone(), words));
        }
        feedback.keep_best(terms);
        let (own, found) = (query.total(), feedback.total());
        if feedback.is_empty() || own <= 0.0 {
            return Ok(None);
        }
        // All weights together stay as they were, so that scores stay comparable with those of the first pass.
        let share = f64::from(query_weight);
        let mut expanded = query.clone().scaled(share);
        expanded.add(&feedback, (1.0 - share) * own / found);
        expanded.check()?;
        for (stem, _) in feedback.iter().filter(|(stem, _)| !query.contains(stem)) {
            let from = sources.iter().filter(|(_, words)| words.contains(stem));
            let from = from.map(|(key, _)| key.clone()).collect();
            explain.added.push(AddedTerm { stem: stem.to_owned(), from, ..AddedTerm::default() });
        }
        explain.documents = sources.into_iter().map(|(key, _)| key).collect();
        Ok(Some(expanded))
    }

    /// The query's vector, as the caller gave it, moved to those of the first documents, which count with its length;
    /// `None` where these have none.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`]; those of the control.
    pub(super) fn vector(
        &self,
        query: &[f32],
        explain: &mut ExpansionExplain,
    ) -> Result<Option<Vec<f32>>> {
        let Expansion { vector_documents, query_vector_weight, .. } = self.expansion;
        let mut sum = vec![0.0; query.len()];
        for hit in self.hits.iter().take(vector_documents) {
            self.control.check()?;
            let Some(stored) = self.stored(hit)? else { continue };
            let length = length(&stored);
            if length > 0.0 {
                sum.iter_mut().zip(&stored).for_each(|(sum, number)| *sum += number / length);
                explain.vector_documents.push(hit.key.clone());
            }
        }
        if explain.vector_documents.is_empty() {
            return Ok(None);
        }
        let count = explain.vector_documents.len() as f32;
        let rest = (1.0 - query_vector_weight) * length(query) / count;
        let moved = query.iter().zip(sum).map(|(own, sum)| query_vector_weight * own + rest * sum);
        let moved: Vec<f32> = moved.collect();
        // Opposite vectors can cancel each other out, and then have no direction to search in.
        Ok(moved.iter().any(|number| number.abs() > f32::EPSILON).then_some(moved))
    }

    fn view(&self, hit: &Hit) -> Option<&SegmentView> {
        self.segments.iter().find(|view| view.segment.id() == hit.segment)
    }

    fn document(&self, hit: &Hit) -> Result<Option<Document>> {
        self.view(hit).map(|view| view.segment.document(hit.row)).transpose()
    }

    fn stored(&self, hit: &Hit) -> Result<Option<Vec<f32>>> {
        match self.view(hit) {
            Some(view) => view.segment.vector(hit.row),
            None => Ok(None),
        }
    }
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|number| number * number).sum::<f32>().sqrt()
}
