//! Weighted stems: what a ranking by words looks for.
//!
//! A text counts how often it has each stem. A document gives the share that each stem has of its title and abstract, so
//! that long documents do not count more than short ones. Both can be added up with weights.

use std::collections::BTreeMap;

use crate::document::Document;
use crate::error::{Error, Result};
use crate::limits::QUERY_WORDS_MAX;
use crate::text::{Analyzer, TokenForm, is_stop_word, stem};

/// How much documents that hits should not be like count against those that they should be like: the weight that
/// information retrieval has used since Rocchio.
pub const UNLIKED_WEIGHT: f64 = 0.25;

/// Stems with weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct WeightedTerms(BTreeMap<String, TermWeight>);

/// How much a stem counts: 1 for once in a query.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct TermWeight {
    pub(super) all: f64,
    /// What of it is due to the stem by itself, and not to parts in one piece, which count already.
    pub(super) apart: f64,
}

impl TermWeight {
    pub(super) fn scaled(self, factor: f64) -> TermWeight {
        TermWeight { all: self.all * factor, apart: self.apart * factor }
    }

    fn add(&mut self, other: TermWeight, factor: f64) {
        self.all += factor * other.all;
        self.apart += factor * other.apart;
    }
}

impl WeightedTerms {
    /// The words of a query. Stop words are left out, unless there are no others.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for too many words.
    pub(super) fn of_query(text: &str) -> Result<WeightedTerms> {
        let [words, stop_words] = counted([text]);
        let words = if words.0.is_empty() { stop_words } else { words };
        words.check()?;
        Ok(words)
    }

    /// What share of a document's title and abstract each word has, stop words left out.
    pub(super) fn of_document(document: &Document) -> WeightedTerms {
        let input = document.encoder_input();
        let [words, _] = counted([&*input.title, &*input.text]);
        let total = words.total();
        words.scaled(if total > 0.0 { 1.0 / total } else { 0.0 })
    }

    /// What is in the liked documents and not in the unliked ones, by Rocchio's formula ("Relevance feedback in information
    /// retrieval", 1971): the mean of those with words, less [`UNLIKED_WEIGHT`] times that of these.
    pub(super) fn like(liked: &[Document], unliked: &[Document]) -> WeightedTerms {
        let mut terms = mean(liked);
        terms.add(&mean(unliked), -UNLIKED_WEIGHT);
        terms.keep_best(QUERY_WORDS_MAX);
        terms
    }

    /// # Errors
    /// [`Error::InvalidQuery`] for more words than can be ranked by.
    pub(super) fn check(&self) -> Result<()> {
        if self.0.len() <= QUERY_WORDS_MAX {
            return Ok(());
        }
        Err(Error::InvalidQuery {
            detail: format!(
                "the query has {} different words, at most {QUERY_WORDS_MAX} can be ranked by",
                self.0.len()
            ),
        })
    }

    /// The stems in the order of their bytes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, TermWeight)> {
        self.0.iter().map(|(stem, weight)| (&**stem, *weight))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, stem: &str) -> bool {
        self.0.contains_key(stem)
    }

    /// The sum of the weights.
    pub(super) fn total(&self) -> f64 {
        self.0.values().map(|weight| weight.all).sum()
    }

    pub(super) fn scaled(mut self, factor: f64) -> WeightedTerms {
        for weight in self.0.values_mut() {
            *weight = weight.scaled(factor);
        }
        self
    }

    /// Adds other terms, each this many times.
    pub(super) fn add(&mut self, other: &WeightedTerms, factor: f64) {
        for (stem, weight) in &other.0 {
            match self.0.get_mut(stem) {
                Some(known) => known.add(*weight, factor),
                None => self.0.entry(stem.clone()).or_default().add(*weight, factor),
            }
        }
    }

    /// Keeps the terms with the greatest weights, this many at most, ties by stem; none that weighs nothing.
    pub(super) fn keep_best(&mut self, count: usize) {
        let mut weighted: Vec<(String, TermWeight)> = std::mem::take(&mut self.0)
            .into_iter()
            .filter(|(_, weight)| weight.all > 0.0)
            .collect();
        weighted.sort_by(|a, b| b.1.all.total_cmp(&a.1.all).then_with(|| a.0.cmp(&b.0)));
        weighted.truncate(count);
        self.0 = weighted.into_iter().collect();
    }
}

impl FromIterator<(String, TermWeight)> for WeightedTerms {
    fn from_iter<I: IntoIterator<Item = (String, TermWeight)>>(terms: I) -> WeightedTerms {
        WeightedTerms(terms.into_iter().collect())
    }
}

/// Whether a document has words in its title or abstract that others can be compared by: stop words are none.
pub fn has_words(document: &Document) -> bool {
    !WeightedTerms::of_document(document).is_empty()
}

/// The mean share of each word in those documents that have any.
fn mean(documents: &[Document]) -> WeightedTerms {
    let mut sum = WeightedTerms::default();
    let mut counted = 0.0;
    for document in documents {
        let terms = WeightedTerms::of_document(document);
        counted += f64::from(u8::from(!terms.is_empty()));
        sum.add(&terms, 1.0);
    }
    sum.scaled(if counted > 0.0 { 1.0 / counted } else { 0.0 })
}

/// How often texts have each stem: words, and stop words.
fn counted<'a>(texts: impl IntoIterator<Item = &'a str>) -> [WeightedTerms; 2] {
    let mut found = [WeightedTerms::default(), WeightedTerms::default()];
    let [words, stop_words] = &mut found;
    let mut analyzer = Analyzer::default();
    for text in texts {
        analyzer.analyze(text, |token| {
            let counted = if is_stop_word(token.term) { &mut *stop_words } else { &mut *words };
            let apart = if token.form == TokenForm::Part { 1.0 } else { 0.0 };
            let stem = stem(token.term).into_owned();
            counted.0.entry(stem).or_default().add(TermWeight { all: 1.0, apart }, 1.0);
        });
    }
    found
}
