//! A filter whose names were looked up in the database, and the last of them remembered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::filter::Filter;
use super::note::Note;
use crate::error::NameKind;
use crate::ids::SegmentId;

/// Filters that are remembered: those of a user who pages and refines.
const REMEMBERED_MAX: usize = 8;

/// What became of one name.
pub(super) enum Outcome {
    /// The condition, in the database's own terms.
    Found(Filter),
    /// As found, with a remark.
    FoundBut(Filter, Note),
    /// A name that is legal and that no document has.
    Absent(Note),
    /// No document has it, and nothing says that it is a name at all.
    Unknown {
        /// What it is of.
        kind: NameKind,
        /// As the filter has it.
        name: String,
        /// Names like it.
        suggestions: Vec<String>,
        /// What else helps, or empty.
        detail: String,
    },
}

/// A filter as segments evaluate it.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    /// The filter with the database's own names; `None` when it is the one given.
    pub(super) filter: Option<Filter>,
    /// What was noticed.
    pub(super) notes: Vec<Note>,
}

/// The segments, whose terms never change; the filter; whether unknown names were allowed; the outcome.
type Entry = (Vec<SegmentId>, Filter, bool, Arc<Resolved>);

/// The last filters of a set of segments, newest first.
#[derive(Default)]
pub(super) struct ResolvedCache(Mutex<VecDeque<Entry>>);

impl ResolvedCache {
    pub(super) fn get(
        &self,
        segments: &[SegmentId],
        filter: &Filter,
        allow_unknown: bool,
    ) -> Option<Arc<Resolved>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|(ids, kept, allowed, _)| {
            ids == segments && *allowed == allow_unknown && kept == filter
        })?;
        if place > 0 {
            let entry = known.remove(place)?;
            known.push_front(entry);
        }
        known.front().map(|(_, _, _, resolved)| resolved.clone())
    }

    pub(super) fn put(
        &self,
        segments: Vec<SegmentId>,
        filter: &Filter,
        allow_unknown: bool,
        resolved: Arc<Resolved>,
    ) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(REMEMBERED_MAX - 1);
        known.push_front((segments, filter.clone(), allow_unknown, resolved));
    }
}
