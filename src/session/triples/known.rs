//! What is known of a query before negatives are looked for.

use std::collections::BTreeSet;

use super::branch::{major_names, sharing};
use super::grade::{concepts, heading_set_similarity};
use super::guards::KnownWorks;
use super::passage::{Passage, outside};
use super::query::{Positive, TrainingQuery};
use super::ranking::Ranking;
use super::settings::MineSettings;
use super::stats::MineStats;
use crate::document::Document;
use crate::error::Result;
use crate::mesh::{Concept, Vocabulary};
use crate::search::Filter;

/// Positives of a query that are many: the documents that share a heading.
const SHARED_MAX: usize = 5;

/// A query at work.
pub(super) struct Known<'a> {
    pub(super) query: &'a TrainingQuery,
    document: Option<Document>,
    pub(super) positives: Vec<Document>,
    pub(super) passages: Vec<Passage>,
    /// Major headings whose documents are all relevant.
    topics: BTreeSet<String>,
    /// What passages are graded by: the headings of the query document, or else of each positive.
    grades: Vec<Vec<Concept>>,
}

impl<'a> Known<'a> {
    /// Reads the query document and the positives.
    ///
    /// # Errors
    /// As [`Snapshot::search`](crate::Snapshot::search).
    pub(super) fn read(
        ranking: &Ranking,
        settings: &MineSettings,
        query: &'a TrainingQuery,
        stats: &mut MineStats,
    ) -> Result<Known<'a>> {
        let snapshot = &ranking.snapshot;
        let vocabulary = snapshot.vocabulary()?;
        let document = match &query.document {
            Some(key) => snapshot.get(key)?,
            None => None,
        };
        let mut known = Known {
            query,
            document,
            positives: Vec::new(),
            passages: Vec::new(),
            topics: BTreeSet::new(),
            grades: Vec::new(),
        };
        let mut listed = query.positives.clone();
        if let Some(document) = known.document.as_ref().filter(|_| query.shares_headings)
            && let Some(filter) = sharing(document)
        {
            let filter = filter & !Filter::Keys(vec![document.key.clone()]);
            let most = settings.positives_max.unwrap_or(SHARED_MAX);
            let best = ranking.best(&query.text, filter, most)?;
            listed = best.into_iter().map(|key| Positive { key, weight: 1 }).collect();
            known.topics = major_names(vocabulary, document);
        }
        let most = settings.positives_max.unwrap_or(usize::MAX);
        let mut texts = BTreeSet::new();
        for text in query.texts.iter().filter(|text| texts.insert(text.as_str())).take(most) {
            let (document, passage) = outside(&query.id, text);
            match passage {
                Some(passage) => {
                    known.positives.push(document);
                    known.passages.push(Passage { weight: 1, ..passage });
                }
                None => stats.positives_without_text += 1,
            }
        }
        for positive in listed {
            if known.passages.len() >= most {
                break;
            }
            let Some(document) = snapshot.get(&positive.key)? else {
                stats.positives_missing += 1;
                continue;
            };
            let Some(mut passage) = Passage::of(&document, settings.passage) else {
                stats.positives_without_text += 1;
                continue;
            };
            passage.weight = positive.weight;
            known.positives.push(document);
            known.passages.push(passage);
        }
        if settings.graded {
            known.grade(vocabulary);
        }
        Ok(known)
    }

    fn grade(&mut self, vocabulary: &Vocabulary) {
        let of = |document: &Document| concepts(vocabulary, &document.mesh);
        self.grades = match &self.document {
            Some(document) => vec![of(document)],
            None => self.positives.iter().map(of).collect(),
        };
        let alike = self.positives.iter().map(|document| self.similarity(vocabulary, document));
        let alike: Vec<Option<f64>> = alike.collect();
        for (passage, similarity) in self.passages.iter_mut().zip(alike) {
            passage.similarity = similarity;
        }
    }

    /// How alike a document is to what answers the query; `None` without headings, or if nothing is graded.
    pub(super) fn similarity(&self, vocabulary: &Vocabulary, document: &Document) -> Option<f64> {
        if self.grades.is_empty() {
            return None;
        }
        let own = concepts(vocabulary, &document.mesh);
        let alike = |other: &Vec<Concept>| heading_set_similarity(vocabulary, other, &own);
        self.grades.iter().filter_map(alike).reduce(f64::max)
    }

    /// Whether a document is relevant because it shares a major heading with the query document.
    pub(super) fn shares_topic(&self, vocabulary: &Vocabulary, document: &Document) -> bool {
        let mut own = major_names(vocabulary, document).into_iter();
        !self.topics.is_empty() && own.any(|name| self.topics.contains(&name))
    }

    /// The query document and the positives, which no negative may repeat.
    pub(super) fn works(&self, settings: &MineSettings) -> KnownWorks {
        let mut works = KnownWorks::default();
        if let Some(document) = &self.document {
            works.insert(document, Passage::of(document, settings.passage).as_ref());
        }
        for (document, passage) in self.positives.iter().zip(&self.passages) {
            works.insert(document, Some(passage));
        }
        works
    }
}
