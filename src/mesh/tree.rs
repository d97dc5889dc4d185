//! Tree numbers: what lies below a heading.

use std::ops::Range;

use super::vocabulary::{Concept, Vocabulary, first_not, piece};

/// Whether a text has the form of a tree number: a letter, two digits, then groups of three behind dots.
pub(crate) fn is_tree_number(text: &str) -> bool {
    let mut parts = text.split('.');
    let is_number = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let root = parts.next().unwrap_or_default();
    let is_root = root.starts_with(|ch: char| ch.is_ascii_uppercase())
        && root.get(1..).is_some_and(|digits| is_number(digits, 2));
    is_root && parts.all(|part| is_number(part, 3))
}

impl Vocabulary {
    fn tree_count(&self) -> usize {
        self.parts.tree_records.len()
    }

    fn tree_at(&self, place: usize) -> &str {
        piece(&self.parts.tree_text, &self.parts.tree_starts, place)
    }

    /// The first tree number that is not below a text.
    fn tree_from(&self, text: &str) -> usize {
        first_not(self.tree_count(), |place| self.tree_at(place) < text)
    }

    /// Where a tree number and all below it stand.
    fn branch(&self, tree_number: &str) -> Range<usize> {
        self.tree_from(tree_number)..self.tree_from(&format!("{tree_number}/"))
    }

    /// The tree numbers of a concept, ascending.
    pub fn tree_numbers(&self, concept: Concept) -> Vec<&str> {
        let record_of = |tree: &u32| self.parts.tree_records.get(*tree as usize).copied();
        let trees = &self.record_trees;
        let start = trees.partition_point(|tree| record_of(tree) < Some(concept.0));
        let of_concept =
            trees.iter().skip(start).take_while(|tree| record_of(tree) == Some(concept.0));
        of_concept.map(|tree| self.tree_at(*tree as usize)).collect()
    }

    /// The concept at a tree number.
    pub fn at_tree_number(&self, tree_number: &str) -> Option<Concept> {
        let place = self.tree_from(tree_number);
        let is_here = place < self.tree_count() && self.tree_at(place) == tree_number;
        is_here.then(|| self.parts.tree_records.get(place).map(|record| Concept(*record)))?
    }

    /// Every concept at or below a tree number, each once, by UI. Components are compared, so that `C01`
    /// does not cover `C010`. Cost: two binary searches and the size of the answer.
    pub fn explode_tree_number(&self, tree_number: &str) -> Vec<Concept> {
        self.explode_all([tree_number].into_iter())
    }

    /// A concept and every concept below any of its tree numbers, each once, by UI.
    pub fn explode(&self, concept: Concept) -> Vec<Concept> {
        let mut found = self.explode_all(self.tree_numbers(concept).into_iter());
        if let Err(place) = found.binary_search(&concept) {
            found.insert(place, concept);
        }
        found
    }

    fn explode_all<'a>(&self, tree_numbers: impl Iterator<Item = &'a str>) -> Vec<Concept> {
        let mut found: Vec<Concept> = tree_numbers
            .filter_map(|number| self.parts.tree_records.get(self.branch(number)))
            .flatten()
            .map(|record| Concept(*record))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Tree numbers one step below another and their concepts, ascending; for an empty text those of one
    /// component (`A01`).
    pub fn children(&self, tree_number: &str) -> Vec<(&str, Concept)> {
        let range =
            if tree_number.is_empty() { 0..self.tree_count() } else { self.branch(tree_number) };
        let depth = tree_number.split('.').filter(|part| !part.is_empty()).count();
        let numbers = range.map(|place| (self.tree_at(place), self.parts.tree_records.get(place)));
        numbers
            .filter(|(number, _)| number.split('.').count() == depth + 1)
            .filter_map(|(number, record)| Some((number, Concept(*record?))))
            .collect()
    }
}
