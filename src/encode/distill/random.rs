//! A fair sample of a stream, and the generator it draws from.

pub(super) use crate::kernel::random::Random;

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
}
