//! A seeded generator of numbers: SplitMix64 (Steele, Lea and Flood, 2014).

/// The generator; the same seed gives the same numbers everywhere.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// Moves a random choice of `count` items, in random order, to the front.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T], count: usize) {
        for at in 0..count.min(items.len()) {
            let other = at + self.below(items.len() - at);
            items.swap(at, other);
        }
    }
}

/// Keeps a uniform sample of at most `max` of the items it is given (algorithm R, Vitter 1985).
#[derive(Debug)]
pub(super) struct Reservoir<T> {
    pub(super) items: Vec<T>,
    max: usize,
    seen: usize,
    random: Random,
}

impl<T> Reservoir<T> {
    pub(super) fn new(max: usize, seed: u64) -> Reservoir<T> {
        Reservoir { items: Vec::new(), max, seen: 0, random: Random::new(seed) }
    }

    pub(super) fn push(&mut self, item: T) {
        self.seen += 1;
        if self.items.len() < self.max {
            self.items.push(item);
        } else if let Some(place) = self.items.get_mut(self.random.below(self.seen)) {
            *place = item;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservoir_is_a_fair_sample() {
        let mut hits = [0u32; 20];
        for seed in 0..2000 {
            let mut reservoir = Reservoir::new(5, seed);
            (0..20).for_each(|item| reservoir.push(item));
            assert_eq!(reservoir.items.len(), 5);
            reservoir.items.iter().for_each(|&item: &usize| hits[item] += 1);
        }
        // 500 expected, standard deviation 19.
        assert!(hits.iter().all(|&hits| (400..600).contains(&hits)), "{hits:?}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<usize> = (0..100).collect();
        Random::new(7).shuffle(&mut items, 100);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
