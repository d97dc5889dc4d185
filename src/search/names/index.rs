//! The terms of one segment by their loose spelling.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use super::loose;
use crate::error::Result;
use crate::format::terms::TermField;
use crate::segment::Segment;

/// Terms of a segment by loose spelling, built at first use. Memory: 16 bytes per spelling; a
/// segment of all of PubMed has some 150,000 names of journals.
#[derive(Default)]
pub(in crate::search) struct LooseNames {
    journals: OnceLock<Spellings>,
    main_titles: OnceLock<Spellings>,
    publication_types: OnceLock<Spellings>,
}

/// Hashes of spellings and the places of their terms among those of the field, sorted.
type Spellings = Box<[(u64, u32)]>;

/// Which spelling of a term is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::search) enum Spelling {
    /// A journal's name.
    Journal,
    /// The first part of a journal's title.
    MainTitle,
    /// A publication type's name.
    PublicationType,
}

impl Spelling {
    fn field(self) -> TermField {
        match self {
            Spelling::Journal | Spelling::MainTitle => TermField::Journal,
            Spelling::PublicationType => TermField::PublicationType,
        }
    }

    fn of(self, term: &str) -> Option<String> {
        match self {
            Spelling::Journal => Some(loose::journal(term)),
            Spelling::MainTitle => loose::main_title(term),
            Spelling::PublicationType => Some(loose::publication_type(term)),
        }
    }
}

impl LooseNames {
    /// The terms of a segment with this loose spelling. Cost: one pass over the terms of the field at the
    /// first call, then a binary search.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(in crate::search) fn find(
        &self,
        segment: &Segment,
        spelling: Spelling,
        wanted: &str,
    ) -> Result<Vec<String>> {
        let known = self.spellings(segment, spelling)?;
        let hash = hash(wanted);
        let start = known.partition_point(|(other, _)| *other < hash);
        let mut found = Vec::new();
        for (_, place) in known.iter().skip(start).take_while(|(other, _)| *other == hash) {
            let Some(term) = segment.term(spelling.field(), *place)? else { continue };
            // Different spellings can share a hash.
            if spelling.of(term).as_deref() == Some(wanted) {
                found.push(term.to_owned());
            }
        }
        Ok(found)
    }

    fn spellings(&self, segment: &Segment, spelling: Spelling) -> Result<&Spellings> {
        let cell = match spelling {
            Spelling::Journal => &self.journals,
            Spelling::MainTitle => &self.main_titles,
            Spelling::PublicationType => &self.publication_types,
        };
        if let Some(known) = cell.get() {
            return Ok(known);
        }
        let mut made = Vec::new();
        for (term, place) in segment.terms(spelling.field()).zip(0u32..) {
            if let Some(text) = spelling.of(term?.0) {
                made.push((hash(&text), place));
            }
        }
        made.sort_unstable();
        Ok(cell.get_or_init(|| made.into_boxed_slice()))
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
