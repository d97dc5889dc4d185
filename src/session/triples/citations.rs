//! Two-hop citations.
//!
//! ```text
//! positive --cites--> X --cites--> Y      Y is a candidate, unless a positive cites it, too
//! ```

use std::collections::BTreeSet;

use crate::db::Snapshot;
use crate::document::Document;
use crate::error::Result;
use crate::ids::Key;

/// The PMIDs of the works that a document cites; itself left out.
pub(super) fn cited(document: &Document) -> BTreeSet<Key> {
    let ids = document.references.iter().flat_map(|reference| &reference.ids);
    let pmids = ids.filter(|id| matches!(id.kind.as_str(), "pubmed" | "pmid"));
    let numbers = pmids.filter_map(|id| id.value.trim().parse().ok().filter(|pmid| *pmid > 0));
    numbers.map(Key::pmid).filter(|key| *key != document.key).collect()
}

/// What is cited by the works that some documents cite, and by none of the documents themselves. Cost: reads each cited work.
///
/// # Errors
/// [`crate::Error::Corrupt`].
pub(super) fn two_hops(snapshot: &Snapshot, from: &[Document]) -> Result<BTreeSet<Key>> {
    let near: BTreeSet<Key> = from.iter().flat_map(cited).collect();
    let mut far = BTreeSet::new();
    for key in &near {
        if let Some(document) = snapshot.get(key)? {
            far.extend(cited(&document));
        }
    }
    far.retain(|key| !near.contains(key) && from.iter().all(|document| document.key != *key));
    Ok(far)
}
