//! In which order searches come to the lists.
//!
//! A search ranks all lists by their codes and only the best of these exactly, an eighth more than it probes and
//! [some](near_lists). Where codes say little of a list, as of short centroids beside long ones, it is not probed before a
//! search of more lists scores it, however near it is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::index::ivf::{Index, find_best, near_lists};
use crate::kernel::quantize::f32_from_f16;
use crate::kernel::scan::{Candidates, LookUp};
use crate::kernel::{Isa, PreparedVector, score};

/// All lists, as one query comes to them.
#[derive(Debug, Default)]
pub(super) struct ListOrder {
    /// A search of so many lists probes the first ones, about.
    pub(super) ids: Vec<u32>,
    /// Products of the query with their centroids, by list.
    pub(super) scores: Vec<f32>,
    /// Places in `ids`, by list.
    pub(super) places: Vec<u32>,
    look_up: LookUp,
    candidates: Candidates,
    /// Lists by their exact rank.
    ranked: Vec<u32>,
    /// Ranks of lists that are scored and not probed yet.
    scored: BinaryHeap<Reverse<u32>>,
}

impl ListOrder {
    /// Orders the lists for a query.
    pub(super) fn fill(&mut self, index: &Index<'_>, values: &[f32], query: &PreparedVector) {
        let ListOrder { ids, scores, places, look_up, candidates, ranked, scored } = self;
        let codebook = &index.codebook;
        ranked.clear();
        ranked.extend(0..codebook.lists() as u32);
        scores.resize(ranked.len(), 0.0);
        score(Isa::detect(), &codebook.centroids, query, ranked, scores);
        ranked.sort_by_cached_key(|list| {
            let factor = f32_from_f16(codebook.ranking_factors[*list as usize]);
            Candidates::key(scores[*list as usize] * factor, *list)
        });
        places.resize(ranked.len(), 0);
        for (list, rank) in ranked.iter().zip(0..) {
            places[*list as usize] = rank;
        }
        find_best(codebook, values, ranked.len(), None, look_up, candidates);
        let mut by_codes = candidates.sorted().map(|(list, _)| list).peekable();
        // Searches count lists that hold rows.
        let holds = |list: u32| usize::from(index.matches(list) > 0);
        let (mut probes, mut near) = (1, 0);
        ids.clear();
        scored.clear();
        loop {
            while let Some(list) = by_codes.next_if(|_| near < near_lists(probes)) {
                near += holds(list);
                scored.push(Reverse(places[list as usize]));
            }
            let Some(Reverse(rank)) = scored.pop() else { break };
            let list = ranked[rank as usize];
            probes += holds(list);
            ids.push(list);
        }
        for (list, place) in ids.iter().zip(0..) {
            places[*list as usize] = place;
        }
    }
}
