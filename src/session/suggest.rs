//! Names for filters that begin with a text or resemble it.

use super::opened::Session;
use crate::error::{NameKind, Result};

impl Session {
    /// At most `count` names of a kind that documents here have, as filters take them: first those that
    /// begin with the text, the more frequent first, then those that resemble it.
    ///
    /// Cost: one pass over the names, two where fewer than `count` begin with the text; PubMed has about
    /// 30,000 MeSH headings and as many journals.
    ///
    /// # Errors
    /// As [`Snapshot::suggest`](crate::db::Snapshot::suggest).
    pub fn suggest(&self, kind: NameKind, text: &str, count: usize) -> Result<Vec<String>> {
        self.snapshot().suggest(kind, text, count)
    }
}
