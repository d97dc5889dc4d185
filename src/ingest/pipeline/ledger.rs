//! Which files were imported before, and how far.

use crate::error::Result;
use crate::format::manifest::SourceEntry;

/// What to do with a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Never seen.
    New,
    /// Seen before with other content: its records replace those that are stored.
    Changed,
    /// Seen in part: records to pass over.
    Part(u64),
    /// Imported to its end.
    Whole,
    /// Imported to its end by a version that took no digest, to judge by name, size and beginning.
    WholeByHead,
}

/// Looks a file up. `digest_of` hashes the first bytes of the file as it is now, or says that it is
/// shorter; it is asked only when name and beginning agree with what is known.
///
/// A file that was imported to its end must be the same to its last byte; of one that was imported
/// in part, the part that was read must be the same.
///
/// # Errors
/// Those of `digest_of`.
pub(super) fn look_up(
    ledger: &[SourceEntry],
    file: &SourceEntry,
    mut digest_of: impl FnMut(u64) -> Result<Option<[u8; 32]>>,
) -> Result<Known> {
    let mut is_other = false;
    for known in ledger.iter().filter(|known| known.name == file.name) {
        is_other |= file.replaces(known);
        let is_alike = known.bytes == file.bytes && known.head == file.head;
        match known.digest {
            None if is_alike && known.complete => return Ok(Known::WholeByHead),
            None if is_alike => return Ok(Known::Part(known.records)),
            None => {}
            Some(_) if known.complete && !is_alike => {}
            Some(digest) if digest_of(digest.bytes)? == Some(digest.hash) => {
                return Ok(match known.complete {
                    true => Known::Whole,
                    false => Known::Part(known.records),
                });
            }
            Some(_) => {}
        }
    }
    Ok(if is_other { Known::Changed } else { Known::New })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::manifest::SourceDigest;

    fn entry(name: &str, bytes: u64, head: u8, complete: bool) -> SourceEntry {
        SourceEntry {
            name: name.into(),
            bytes,
            head: [head; 16],
            records: 7,
            complete,
            digest: None,
        }
    }

    fn hashed(entry: SourceEntry, bytes: u64, hash: u8, place: u8) -> SourceEntry {
        let digest = SourceDigest { bytes, hash: [hash; 32], place: [place; 16] };
        SourceEntry { digest: Some(digest), ..entry }
    }

    /// Looks up a file whose every prefix has the digest 9.
    fn find(ledger: &[SourceEntry], file: &SourceEntry) -> Known {
        look_up(ledger, file, |bytes| Ok((bytes <= file.bytes).then_some([9; 32]))).unwrap()
    }

    #[test]
    fn without_digests_a_file_is_its_name_size_and_head() {
        let ledger = [entry("a", 10, 1, true), entry("b", 20, 2, false)];
        let place = |entry| hashed(entry, 1, 0, 1);
        assert_eq!(find(&ledger, &place(entry("a", 10, 1, false))), Known::WholeByHead);
        assert_eq!(find(&ledger, &place(entry("b", 20, 2, false))), Known::Part(7));
        assert_eq!(find(&ledger, &place(entry("c", 10, 1, false))), Known::New);
        for other in [entry("a", 11, 1, false), entry("a", 10, 9, false)] {
            assert_eq!(find(&ledger, &place(other)), Known::Changed);
        }
    }

    #[test]
    fn with_digests_every_byte_that_was_read_counts() {
        let whole = |hash, place| hashed(entry("a", 10, 1, true), 10, hash, place);
        let part = |hash, place| hashed(entry("a", 10, 1, false), 6, hash, place);
        let now = |bytes, place| hashed(entry("a", bytes, 1, false), 1, 0, place);
        assert_eq!(find(&[whole(9, 1)], &now(10, 1)), Known::Whole);
        assert_eq!(find(&[whole(8, 1)], &now(10, 1)), Known::Changed);
        assert_eq!(find(&[whole(9, 1)], &now(12, 1)), Known::Changed, "it grew");
        assert_eq!(find(&[part(9, 1)], &now(10, 1)), Known::Part(7));
        assert_eq!(find(&[part(9, 1)], &now(12, 1)), Known::Part(7), "the rest came");
        assert_eq!(find(&[part(9, 1)], &now(5, 1)), Known::Changed, "it shrank");
        assert_eq!(find(&[part(8, 1)], &now(10, 1)), Known::Changed);
    }

    #[test]
    fn files_of_one_name_in_two_folders_are_two() {
        let whole = |hash, place| hashed(entry("a", 10, 1, true), 10, hash, place);
        let now = |place| hashed(entry("a", 10, 1, false), 1, 0, place);
        assert_eq!(find(&[whole(8, 1), whole(9, 2)], &now(2)), Known::Whole);
        assert_eq!(find(&[whole(9, 1)], &now(2)), Known::Whole, "it was moved");
        assert_eq!(find(&[whole(8, 1)], &now(2)), Known::New);
    }
}
