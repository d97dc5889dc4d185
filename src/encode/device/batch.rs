//! Texts that go through a program together.

use candle_core::{Device as Machine, Result, Tensor};

use crate::encode::model::Tokens;

/// Tokens of a group, padding counted: enough to keep a GPU busy, few enough that what is between two
/// operations stays below some hundred megabytes.
const GROUP_TOKENS: usize = 8192;
/// Up to so many tokens, an operation costs more to start than to do: padding is better than another
/// group.
const FEW_TOKENS: usize = 2048;

/// Places of texts in groups that are run together, longest first. In a group of more than a few tokens, no
/// text is shorter than three quarters of the longest.
pub(super) fn groups(texts: &[Tokens]) -> Vec<Vec<usize>> {
    let length = |place: usize| texts.get(place).map_or(0, |text| text.ids.len());
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(length(*place)));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut longest = 0;
    for place in order {
        if let Some(group) = groups.last_mut() {
            let padded = (group.len() + 1) * longest;
            let near = 4 * length(place) >= 3 * longest || padded <= FEW_TOKENS;
            if padded <= GROUP_TOKENS && near {
                group.push(place);
                continue;
            }
        }
        longest = length(place);
        groups.push(vec![place]);
    }
    groups
}

/// A group of texts, each padded at its end to the length of the longest.
pub(super) struct Batch<'a> {
    pub(super) texts: Vec<&'a Tokens>,
    /// Tokens of the longest.
    pub(super) length: usize,
    pub(super) machine: &'a Machine,
}

impl<'a> Batch<'a> {
    pub(super) fn new(texts: Vec<&'a Tokens>, machine: &'a Machine) -> Batch<'a> {
        let length = texts.iter().map(|text| text.ids.len()).max().unwrap_or(0);
        Batch { texts, length, machine }
    }

    /// A number for each token, `texts * length` of them; padding gets 0.
    pub(super) fn numbers(&self, of: impl Fn(&Tokens) -> Vec<u32>) -> Result<Tensor> {
        let mut all = Vec::with_capacity(self.texts.len() * self.length);
        for (row, text) in (1..).zip(&self.texts) {
            all.extend(of(text));
            all.resize(row * self.length, 0);
        }
        let count = all.len();
        Tensor::from_vec(all, count, self.machine)
    }

    /// What is added to scores of keys, `[texts, 1, 1, length]`: minus infinity for padding. `None` where
    /// nothing is padded.
    pub(super) fn padding(&self) -> Result<Option<Tensor>> {
        if self.texts.iter().all(|text| text.ids.len() == self.length) {
            return Ok(None);
        }
        let mut all = Vec::with_capacity(self.texts.len() * self.length);
        for (row, text) in (1..).zip(&self.texts) {
            all.resize(all.len() + text.ids.len(), 0.0);
            all.resize(row * self.length, f32::NEG_INFINITY);
        }
        let shape = (self.texts.len(), 1, 1, self.length);
        Ok(Some(Tensor::from_vec(all, shape, self.machine)?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(lengths: &[usize]) -> Vec<Tokens> {
        let text = |length: &usize| Tokens { ids: vec![1; *length], type_ids: vec![0; *length] };
        lengths.iter().map(text).collect()
    }

    #[test]
    fn near_lengths_share_a_group_and_far_ones_do_not() {
        assert_eq!(groups(&texts(&[])), Vec::<Vec<usize>>::new());
        // Few tokens go together whatever their lengths.
        assert_eq!(groups(&texts(&[3, 500, 7])), [[1, 2, 0]]);
        assert_eq!(groups(&texts(&[4000, 2000, 3000])), [vec![0, 2], vec![1]]);
        assert_eq!(groups(&texts(&[9000, 8500])), [[0], [1]]);
    }

    proptest! {
        #[test]
        fn every_text_is_in_one_group_and_little_is_padded(
            lengths in prop::collection::vec(1_usize..600, 0..200),
        ) {
            let texts = texts(&lengths);
            let groups = groups(&texts);
            let mut all: Vec<usize> = groups.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            for group in groups {
                let longest = lengths[group[0]];
                prop_assert!(longest * group.len() <= GROUP_TOKENS);
                for (count, place) in (1..).zip(group) {
                    let near = 4 * lengths[place] >= 3 * longest;
                    prop_assert!(near || longest * count <= FEW_TOKENS);
                }
            }
        }
    }

    #[test]
    fn padding_is_at_the_end_and_masked() {
        let texts = texts(&[2, 3]);
        let batch = Batch::new(texts.iter().collect(), &Machine::Cpu);
        let ids = batch.numbers(|text| text.ids.clone()).expect("ids");
        assert_eq!(ids.to_vec1::<u32>().expect("ids"), [1, 1, 0, 1, 1, 1]);
        let mask = batch.padding().expect("a mask").expect("something is padded");
        assert_eq!(mask.dims(), [2, 1, 1, 3]);
        let mask = mask.flatten_all().expect("a mask").to_vec1::<f32>().expect("a mask");
        assert_eq!(mask, [0.0, 0.0, f32::NEG_INFINITY, 0.0, 0.0, 0.0]);
        let whole = Batch::new(vec![&texts[1]], &Machine::Cpu);
        assert!(whole.padding().expect("no mask").is_none());
    }
}
