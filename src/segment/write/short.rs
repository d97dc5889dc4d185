//! Bytes that mostly are few.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// Bytes that lie in place.
const HERE_MAX: usize = 15;

/// A list of bytes, the first 15 in place: what a hash table holds of them is read with its entry. As large as a `Vec`.
#[derive(Clone, Debug)]
pub(in crate::segment) enum ShortBytes {
    Here { len: u8, bytes: [u8; HERE_MAX] },
    There(Vec<u8>),
}

impl ShortBytes {
    const EMPTY: ShortBytes = ShortBytes::Here { len: 0, bytes: [0; HERE_MAX] };

    /// Appends bytes.
    pub(super) fn extend(&mut self, more: &[u8]) {
        match self {
            ShortBytes::There(all) => all.extend_from_slice(more),
            ShortBytes::Here { len, bytes } => {
                let (start, end) = (usize::from(*len), usize::from(*len) + more.len());
                match bytes.get_mut(start..end) {
                    Some(free) => {
                        free.copy_from_slice(more);
                        *len = end as u8;
                    }
                    None => {
                        let mut all = Vec::with_capacity(end.next_power_of_two());
                        all.extend_from_slice(&bytes[..start]);
                        all.extend_from_slice(more);
                        *self = ShortBytes::There(all);
                    }
                }
            }
        }
    }

    /// Bytes of memory besides its own.
    pub(super) fn memory_bytes(&self) -> usize {
        match self {
            ShortBytes::Here { .. } => 0,
            ShortBytes::There(all) => all.capacity(),
        }
    }
}

impl Default for ShortBytes {
    fn default() -> ShortBytes {
        ShortBytes::EMPTY
    }
}

impl From<&[u8]> for ShortBytes {
    fn from(bytes: &[u8]) -> ShortBytes {
        let mut short = ShortBytes::EMPTY;
        short.extend(bytes);
        short
    }
}

impl Deref for ShortBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            ShortBytes::Here { len, bytes } => &bytes[..usize::from(*len)],
            ShortBytes::There(all) => all,
        }
    }
}

impl Borrow<[u8]> for ShortBytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl Hash for ShortBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self[..].hash(state);
    }
}

impl PartialEq for ShortBytes {
    fn eq(&self, other: &ShortBytes) -> bool {
        self[..] == other[..]
    }
}

impl Eq for ShortBytes {}

impl PartialOrd for ShortBytes {
    fn partial_cmp(&self, other: &ShortBytes) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortBytes {
    fn cmp(&self, other: &ShortBytes) -> Ordering {
        self[..].cmp(&other[..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_no_larger_than_a_list() {
        assert_eq!(size_of::<ShortBytes>(), size_of::<Vec<u8>>());
    }

    proptest! {
        #[test]
        fn it_is_what_a_list_is(
            pieces in prop::collection::vec(prop::collection::vec(0u8..3, 0..20), 0..6),
            other in prop::collection::vec(0u8..3, 0..20),
        ) {
            let (mut short, mut list) = (ShortBytes::EMPTY, Vec::new());
            for piece in &pieces {
                short.extend(piece);
                list.extend_from_slice(piece);
                prop_assert_eq!(&short[..], &list[..]);
                prop_assert_eq!(short.memory_bytes() == 0, list.len() <= HERE_MAX);
            }
            let other_short = ShortBytes::from(&other[..]);
            prop_assert_eq!(short.cmp(&other_short), list.cmp(&other));
            prop_assert_eq!(short == other_short, list == other);
            let mut table = std::collections::HashMap::new();
            table.insert(short, 1);
            prop_assert_eq!(table.get(&list[..]), Some(&1));
        }
    }
}
