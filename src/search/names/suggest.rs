//! Which names resemble a misspelt one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Share of edits, in hundredths of the longer name, up to which two names resemble each other.
const EDITS_MAX: usize = 35;

/// Characters of a name that are compared.
const COMPARED_MAX: usize = 64;

/// The names that are most like `wanted`, likeliest first: few edits away, containing it, or sharing
/// words; among equals the more frequent first, then by name. Names are folded, as `wanted` is.
/// Cost: one pass over the names, each compared once.
pub(crate) fn nearest(wanted: &str, names: BTreeMap<String, u64>, count: usize) -> Vec<String> {
    let mut ranked: Vec<(usize, Reverse<u64>, String)> = names
        .into_iter()
        .filter_map(|(name, rows)| distance(wanted, &name).map(|far| (far, Reverse(rows), name)))
        .collect();
    ranked.sort();
    ranked.truncate(count);
    ranked.into_iter().map(|(_, _, name)| name).collect()
}

/// How far apart two names are: the share of edits in hundredths, for names that contain each other at
/// most 1, for names that share words at least 50; `None` when too far.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    if wanted.is_empty() || name.is_empty() {
        return None;
    }
    // Short names stand inside of many others by chance: `ger` in `germn`.
    let (ours, theirs) = (wanted.chars().count(), name.chars().count());
    if (ours > 2 && name.contains(wanted)) || (theirs > 3 && wanted.contains(name)) {
        return Some(usize::from(wanted != name));
    }
    let edits = edit_distance(wanted, name) * 100 / ours.max(theirs).min(COMPARED_MAX);
    if edits <= EDITS_MAX {
        return Some(edits.max(2));
    }
    let (ours, theirs) = (words(wanted), words(name));
    let shared = ours.iter().filter(|word| theirs.iter().any(|other| are_alike(word, other)));
    match shared.count() {
        0 => None,
        shared => Some(100 - 50 * shared / ours.len().max(1)),
    }
}

/// Words long enough to mean something.
fn words(text: &str) -> Vec<&str> {
    text.split(|ch: char| !ch.is_alphanumeric()).filter(|word| word.len() > 2).collect()
}

fn are_alike(word: &str, other: &str) -> bool {
    word == other || (word.len() > 4 && other.len() > 4 && edit_distance(word, other) == 1)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other, over
/// their first [`COMPARED_MAX`] characters.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(COMPARED_MAX).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=right.len()).collect();
    let mut last = None;
    for (i, a) in left.chars().take(COMPARED_MAX).enumerate() {
        let mut row = Vec::with_capacity(above.len());
        row.push(i + 1);
        let mut previous = i + 1;
        for (j, b) in right.iter().enumerate() {
            let cell =
                |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
            let mut least = cell(&above, j) + usize::from(a != *b);
            least = least.min(cell(&above, j + 1) + 1).min(previous + 1);
            let is_swap = j > 0 && last == Some(*b) && right.get(j - 1) == Some(&a);
            if is_swap && !before.is_empty() {
                least = least.min(cell(&before, j - 1) + 1);
            }
            row.push(least);
            previous = least;
        }
        before = std::mem::replace(&mut above, row);
        last = Some(a);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edit_distance_counts_single_changes() {
        for (left, right, edits) in [
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("asthma", "asthma", 0),
            ("lancte", "lancet", 1),
            ("ab", "ba", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(edit_distance(left, right), edits, "{left} {right}");
            assert_eq!(edit_distance(right, left), edits, "{right} {left}");
        }
    }

    #[test]
    fn near_names_are_near_and_far_names_are_not() {
        assert!(distance("diabets mellitus", "diabetes mellitus").is_some_and(|far| far < 20));
        assert_eq!(distance("diabetes", "diabetes mellitus, type 2"), Some(1));
        assert_eq!(distance("asthma", "asthma"), Some(0));
        assert_eq!(distance("zzzz", "heart failure"), None);
        assert_eq!(distance("e", "english"), None, "one letter stands in every name");
        assert_eq!(distance("germn", "ger"), None);
        assert!(distance("hart falure", "heart failure").is_some());
        assert!(distance("acute leukemai", "leukemia, myeloid, acute").is_some());
    }

    #[test]
    fn the_likeliest_names_come_first() {
        let names = [("lancet", 5), ("lancet oncology", 9), ("lancer", 1), ("nature", 100)];
        let names = names.map(|(name, rows)| (name.to_owned(), rows)).into();
        assert_eq!(nearest("lancte", names, 2), ["lancet", "lancer"]);
    }
}
