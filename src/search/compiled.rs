//! A filter whose names were looked up in a snapshot, and the last of them remembered.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::filter::Filter;
use super::note::Note;
use super::program::Program;
use crate::ids::SegmentId;

/// Filters that are remembered: those of a user who pages and refines.
const REMEMBERED_MAX: usize = 8;

/// A filter, ready to be evaluated in each segment of a snapshot.
#[derive(Debug, Default)]
pub(super) struct CompiledFilter {
    /// What segments evaluate. Segments remember its rows by it.
    pub(super) program: Arc<Program>,
    /// Per segment, where it keeps each of the program's terms; `None` for one that it does not have.
    pub(super) places: Vec<Vec<Option<u32>>>,
    /// What was noticed.
    pub(super) notes: Vec<Note>,
}

impl CompiledFilter {
    /// The places of the terms in the segment of this number.
    pub(super) fn places(&self, segment: usize) -> &[Option<u32>] {
        self.places.get(segment).map_or(&[], Vec::as_slice)
    }
}

/// The segments, whose terms never change; the filter; whether unknown names were allowed; the outcome.
type Entry = (Vec<SegmentId>, Filter, bool, Arc<CompiledFilter>);

/// The last filters of a set of segments, newest first.
#[derive(Default)]
pub(super) struct CompiledCache(Mutex<VecDeque<Entry>>);

impl CompiledCache {
    pub(super) fn get(
        &self,
        segments: &[SegmentId],
        filter: &Filter,
        allow_unknown: bool,
    ) -> Option<Arc<CompiledFilter>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = known.iter().position(|(ids, kept, allowed, _)| {
            ids == segments && *allowed == allow_unknown && kept == filter
        })?;
        if place > 0 {
            let entry = known.remove(place)?;
            known.push_front(entry);
        }
        known.front().map(|(_, _, _, compiled)| compiled.clone())
    }

    pub(super) fn put(
        &self,
        segments: Vec<SegmentId>,
        filter: &Filter,
        allow_unknown: bool,
        compiled: Arc<CompiledFilter>,
    ) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(REMEMBERED_MAX - 1);
        known.push_front((segments, filter.clone(), allow_unknown, compiled));
    }
}
