//! Which files were imported before, and how far.

use crate::format::manifest::SourceEntry;

/// What to do with a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Never seen.
    New,
    /// Seen in part: records to pass over.
    Part(u64),
    /// Imported to its end.
    Whole,
}

/// Looks a file up: the same name, size and first bytes make the same file.
pub(super) fn look_up(ledger: &[SourceEntry], file: &SourceEntry) -> Known {
    match ledger.iter().find(|known| known.is_same_file(file)) {
        None => Known::New,
        Some(known) if known.complete => Known::Whole,
        Some(known) => Known::Part(known.records),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_name_size_and_head() {
        let entry = |name: &str, bytes, head, complete| SourceEntry {
            name: name.into(),
            bytes,
            head: [head; 16],
            records: 7,
            complete,
        };
        let ledger = [entry("a", 10, 1, true), entry("b", 20, 2, false)];
        assert_eq!(look_up(&ledger, &entry("a", 10, 1, false)), Known::Whole);
        assert_eq!(look_up(&ledger, &entry("b", 20, 2, false)), Known::Part(7));
        for other in [entry("c", 10, 1, false), entry("a", 11, 1, false), entry("a", 10, 9, false)]
        {
            assert_eq!(look_up(&ledger, &other), Known::New);
        }
    }
}
