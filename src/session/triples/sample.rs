//! Random choices that are the same on every machine.

use sha2::{Digest, Sha256};

use crate::eval::significance::SplitMix64;

/// A number that depends on a seed and a text alone.
pub(super) fn mixed(seed: u64, text: &str) -> u64 {
    let mut digest = Sha256::new();
    digest.update(seed.to_le_bytes());
    digest.update(text);
    let digest: [u8; 32] = digest.finalize().into();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The generator of one query: other queries, and how many there are, do not change what it draws.
pub(super) fn generator(seed: u64, query: &str) -> SplitMix64 {
    SplitMix64::new(mixed(seed, query))
}

/// Puts items in a random order, each order equally likely (Fisher and Yates).
pub(super) fn shuffle<T>(items: &mut [T], generator: &mut SplitMix64) {
    for last in (1..items.len()).rev() {
        items.swap(last, generator.below(last as u64 + 1) as usize);
    }
}

/// Keeps so many items, chosen by a hash of the seed and their name: the order in which they come does not matter. The
/// items that stay keep their order.
pub(super) fn keep<T>(items: &mut Vec<T>, count: usize, seed: u64, name: impl Fn(&T) -> String) {
    if items.len() <= count {
        return;
    }
    let mut ranked: Vec<(u64, String)> = items
        .iter()
        .map(|item| {
            let name = name(item);
            (mixed(seed, &name), name)
        })
        .collect();
    ranked.sort_unstable();
    let kept: std::collections::HashSet<String> =
        ranked.into_iter().take(count).map(|(_, name)| name).collect();
    items.retain(|item| kept.contains(&name(item)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_query_draw_the_same() {
        let drawn = |seed, query: &str| {
            let mut items: Vec<u32> = (0..20).collect();
            shuffle(&mut items, &mut generator(seed, query));
            items
        };
        // Fixed: SHA-256, SplitMix64 and Lemire's bound are the same on every machine.
        assert_eq!(mixed(0, "q1"), 0xaac9_0a78_7183_3d37);
        assert_eq!(drawn(0, "q1"), drawn(0, "q1"));
        assert_ne!(drawn(0, "q1"), drawn(1, "q1"));
        assert_ne!(drawn(0, "q1"), drawn(0, "q2"));
        let mut sorted = drawn(7, "q");
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn every_place_is_equally_likely() {
        let mut counts = [0u32; 5];
        for seed in 0..5000 {
            let mut items = [0usize, 1, 2, 3, 4];
            shuffle(&mut items, &mut generator(seed, "q"));
            counts[items.iter().position(|item| *item == 0).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_is_kept_does_not_depend_on_the_order() {
        let kept = |mut items: Vec<u32>| {
            keep(&mut items, 5, 3, u32::to_string);
            items.sort_unstable();
            items
        };
        let first = kept((0..100).collect());
        assert_eq!((first.len(), &first), (5, &kept((0..100).rev().collect())));
        assert_eq!(kept(vec![1, 2]), [1, 2]);
    }
}
