//! Real citations that are about the same: each belongs to the leader with which it shares the rarest words.

use std::collections::HashMap;

use medvec::kernel::random::Random;

use super::words::{WordCounts, hash, words};

/// Leaders to begin with.
const LEADERS: usize = 1_500;

/// Topics with fewer members are given up.
const MEMBERS_MIN: usize = 12;

/// Documents that a word may be in to say what a text is about, at least and at most.
const WORD_DOCUMENTS: std::ops::RangeInclusive<u32> = 4..=4_000;

/// Topics, and which documents are about each.
pub(super) struct Topics {
    pub(super) of: Vec<u32>,
    pub(super) members: Vec<Vec<u32>>,
}

/// The words that say what a text is about, with what each counts.
fn telling(text: &str, counts: &WordCounts, documents: u32) -> Vec<(u64, u32)> {
    let mut telling: Vec<(u64, u32)> = words(text)
        .map(|(_, word)| (hash(word), counts.of(word)))
        .filter(|(_, count)| WORD_DOCUMENTS.contains(count))
        .map(|(hash, count)| (hash, (documents / count).ilog2()))
        .collect();
    telling.sort_unstable();
    telling.dedup();
    telling
}

impl Topics {
    /// Finds topics of texts. Cost: one pass over the texts, twice.
    pub(super) fn find(texts: &[String], counts: &WordCounts) -> Topics {
        let documents = texts.len() as u32;
        let mut leaders: Vec<u32> = (0..documents).collect();
        Random::new(1).shuffle(&mut leaders, LEADERS);
        leaders.truncate(LEADERS);
        let of = assign(texts, counts, &leaders);
        let mut sizes = vec![0; leaders.len()];
        of.iter().for_each(|topic| sizes[*topic as usize] += 1);
        let mut kept: Vec<u32> = Vec::new();
        kept.extend(leaders.iter().zip(&sizes).filter(|pair| *pair.1 >= MEMBERS_MIN).map(|p| p.0));
        if kept.is_empty() {
            kept.push(leaders[0]);
        }
        let of = assign(texts, counts, &kept);
        let mut members = vec![Vec::new(); kept.len()];
        for (document, topic) in of.iter().enumerate() {
            members[*topic as usize].push(document as u32);
        }
        Topics { of, members }
    }
}

fn assign(texts: &[String], counts: &WordCounts, leaders: &[u32]) -> Vec<u32> {
    let mut postings: HashMap<u64, Vec<(u32, u32)>> = HashMap::new();
    let mut sizes = Vec::new();
    for (topic, leader) in leaders.iter().enumerate() {
        let telling = telling(&texts[*leader as usize], counts, texts.len() as u32);
        sizes.push(telling.iter().map(|(_, weight)| *weight).sum::<u32>().max(1).isqrt());
        for (word, weight) in telling {
            postings.entry(word).or_default().push((topic as u32, weight));
        }
    }
    let mut scores = vec![0u32; leaders.len()];
    let best = |text: &String| {
        scores.fill(0);
        for (word, _) in telling(text, counts, texts.len() as u32) {
            for (topic, weight) in postings.get(&word).into_iter().flatten() {
                scores[*topic as usize] += weight * weight;
            }
        }
        let relative = |topic: &usize| scores[*topic] * 100 / sizes[*topic];
        (0..scores.len()).max_by_key(relative).unwrap_or(0) as u32
    };
    texts.iter().map(best).collect()
}
