//! How alike two documents are by their MeSH headings.
//!
//! # The formula
//!
//! Of two places in the tree, the depth of the deepest place that is above or at both, relative to the mean depth of the
//! two; depth counts the parts of a tree number (`C08` has 1, `C08.127.108` 3):
//!
//! ```text
//! s(a, b) = 2 * depth(deepest common ancestor) / (depth(a) + depth(b))
//! ```
//!
//! A heading with several places counts by the pair of places that are most alike; places that share no ancestor score 0, and a
//! heading is 1 to itself. Two documents score the mean, over the headings of both, of each heading's best match among the
//! headings of the other:
//!
//! ```text
//! S(A, B) = (sum over a of max s(a, b) + sum over b of max s(a, b)) / (|A| + |B|)
//! ```
//!
//! Sources: Wu and Palmer, "Verb semantics and lexical selection" (ACL 1994), for `s`; Zhou and Shui's MeSHSim (Bioconductor,
//! `nodeSim` with `WP`, `headingSetSim`) applies it to MeSH, with the letter of a tree as one more level, so that all
//! diseases are a little alike there. Grading documents by headings and the depth of what they share is BioHiCL's idea (arXiv:2604.15591),
//! which compares sets of headings that are weighted by depth.

use crate::document::MeshHeading;
use crate::mesh::{Concept, Vocabulary};

/// How alike two headings are, from 0 to 1.
pub fn heading_similarity(vocabulary: &Vocabulary, one: Concept, other: Concept) -> f64 {
    if one == other {
        return 1.0;
    }
    let others = vocabulary.tree_numbers(other);
    let numbers = vocabulary.tree_numbers(one);
    let pairs = numbers.iter().flat_map(|one| others.iter().map(|other| alike(one, other)));
    pairs.fold(0.0, f64::max)
}

fn alike(one: &str, other: &str) -> f64 {
    let (depth, other_depth) = (one.split('.').count(), other.split('.').count());
    let common = one.split('.').zip(other.split('.')).take_while(|(one, other)| one == other);
    2.0 * common.count() as f64 / (depth + other_depth) as f64
}

/// How alike two sets of headings are, from 0 to 1; `None` if either is empty.
pub fn heading_set_similarity(
    vocabulary: &Vocabulary,
    one: &[Concept],
    other: &[Concept],
) -> Option<f64> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let best = |of: &[Concept], among: &[Concept]| -> f64 {
        let best_match = |heading: &Concept| {
            let scores = among.iter().map(|other| heading_similarity(vocabulary, *heading, *other));
            scores.fold(0.0, f64::max)
        };
        of.iter().map(best_match).sum()
    };
    Some((best(one, other) + best(other, one)) / (one.len() + other.len()) as f64)
}

/// The heading that a document's heading is in a vocabulary.
pub(super) fn concept(vocabulary: &Vocabulary, heading: &MeshHeading) -> Option<Concept> {
    let by_ui = vocabulary.by_ui(&heading.ui);
    let found = by_ui.or_else(|| vocabulary.find(&heading.name).map(|(concept, _)| concept));
    found.filter(|concept| vocabulary.is_descriptor(*concept))
}

/// The headings of a document that a vocabulary knows, each once.
pub(super) fn concepts(vocabulary: &Vocabulary, headings: &[MeshHeading]) -> Vec<Concept> {
    let mut found: Vec<Concept> =
        headings.iter().filter_map(|heading| concept(vocabulary, heading)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::builtin;

    /// C08; C08.127.108 and others; C08.618 - as the built-in MeSH of 2024 has them.
    fn of(name: &str) -> Concept {
        builtin().unwrap().find(name).unwrap().0
    }

    #[test]
    fn places_are_compared_by_what_they_share() {
        assert_eq!(alike("C08.127.108", "C08.127.108"), 1.0);
        assert_eq!(alike("C08.127.108", "C08.127"), 0.8);
        assert_eq!(alike("C08.127.108", "C08.381"), 0.4);
        assert_eq!(alike("C08.127.108", "C14.127.108"), 0.0);
        // `C01` is not above `C010`.
        assert_eq!(alike("C01", "C010.1"), 0.0);
        // MeSHSim, with the letter as a level, says 2 * 4 / 12; without it, 2 * 3 / 10.
        assert!((alike("C01.252.400.210.250.299", "C01.252.400.310") - 0.6).abs() < 1e-12);
    }

    #[test]
    fn headings_count_by_their_nearest_places() {
        let vocabulary = builtin().unwrap();
        let alike = |one, other| heading_similarity(vocabulary, of(one), of(other));
        assert_eq!(alike("Asthma", "Asthma"), 1.0);
        assert_eq!(alike("Asthma", "Lung Neoplasms"), alike("Lung Neoplasms", "Asthma"));
        let (near, far) =
            (alike("Asthma", "Bronchial Diseases"), alike("Asthma", "Lung Neoplasms"));
        assert!(near > far && far > 0.0 && near < 1.0, "{near} {far}");
        assert_eq!(alike("Asthma", "Insulin"), 0.0);
    }

    #[test]
    fn sets_are_compared_by_best_matches() {
        let vocabulary = builtin().unwrap();
        let alike = |one: &[&str], other: &[&str]| {
            let of = |names: &[&str]| names.iter().map(|name| of(name)).collect::<Vec<_>>();
            heading_set_similarity(vocabulary, &of(one), &of(other))
        };
        assert_eq!(alike(&["Asthma", "Insulin"], &["Asthma", "Insulin"]), Some(1.0));
        // Asthma finds itself from both sides, Insulin finds nothing: (1 + 0 + 1) / 3.
        assert_eq!(alike(&["Asthma", "Insulin"], &["Asthma"]), Some(2.0 / 3.0));
        assert_eq!(alike(&[], &["Asthma"]), None);
    }
}
