//! Citations written and read again: the key stays, and what is read settles at the second time.

use medvec::Document;
use medvec::ingest::{Event, Record};

use crate::sources::{Outcome, read};

/// Checks every document that was read.
///
/// # Panics
/// When a written document is not read, has another key, or is not the same from the second time on.
pub fn settle(outcomes: Vec<Outcome>, write: impl Fn(&Document) -> String) {
    let again = |document: &Document| match read(write(document).as_bytes()).pop() {
        Some(Ok(Record { event: Event::Document { document, .. }, .. })) => *document,
        other => panic!("a written document was read as {other:?}"),
    };
    for outcome in outcomes {
        let Ok(Record { event: Event::Document { document, .. }, .. }) = outcome else { continue };
        let once = again(&document);
        assert_eq!(once.key, document.key);
        let settled = again(&again(&once));
        assert_eq!(again(&settled), settled);
    }
}
