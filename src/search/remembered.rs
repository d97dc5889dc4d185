//! The rows of conditions that cost most, remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::row_set::RowSet;
use super::text::TextFilter;
use crate::date::Day;
use crate::error::Result;
use crate::segment::Segment;

/// Bytes that are remembered per row of the segment: the words of a long strategy, even if each is in every other row.
const BYTES_PER_ROW: usize = 64;

/// Bytes that are remembered at most.
const BYTES_MAX: usize = 128 << 20;

/// What a condition takes beside its rows, about.
const ENTRY_BYTES: usize = 256;

/// A condition, as a segment knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Costly {
    /// Words of the text.
    Words(TextFilter),
    /// Any of many terms, such as those of an exploded heading, by their places.
    Terms(Vec<u32>),
    /// Dates from a day to another.
    Days(Day, Day),
}

/// The rows of a segment by costly conditions. People change a strategy line by line, and see the count of each: only what is
/// new reads postings.
#[derive(Default)]
pub(super) struct RememberedRows(Mutex<Known>);

#[derive(Default)]
struct Known {
    rows: HashMap<Costly, (Arc<RowSet>, u64)>,
    bytes: usize,
    /// Look-ups so far.
    turn: u64,
}

impl RememberedRows {
    /// The rows of a condition, found by `find` if they are not known.
    ///
    /// # Errors
    /// Those of `find`.
    pub(super) fn of(
        &self,
        segment: &Segment,
        condition: Costly,
        find: impl FnOnce() -> Result<RowSet>,
    ) -> Result<Arc<RowSet>> {
        if let Some(known) = self.lock().get(&condition) {
            return Ok(known);
        }
        let found = Arc::new(find()?);
        let room = (segment.rows() as usize).saturating_mul(BYTES_PER_ROW).min(BYTES_MAX);
        self.lock().put(condition, &found, room);
        Ok(found)
    }

    /// Whether the rows of a condition are known.
    pub(super) fn has(&self, condition: &Costly) -> bool {
        self.lock().rows.contains_key(condition)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn get(&mut self, condition: &Costly) -> Option<Arc<RowSet>> {
        self.turn += 1;
        let (rows, last) = self.rows.get_mut(condition)?;
        *last = self.turn;
        Some(rows.clone())
    }

    /// Remembers rows; without room, the half that was not asked for longest goes first.
    fn put(&mut self, condition: Costly, rows: &Arc<RowSet>, room: usize) {
        self.turn += 1;
        let bytes = bytes_of(rows);
        if bytes > room || self.rows.contains_key(&condition) {
            return;
        }
        while self.bytes + bytes > room {
            let mut turns: Vec<u64> = self.rows.values().map(|(_, turn)| *turn).collect();
            let half = turns.len() / 2;
            let (_, middle, _) = turns.select_nth_unstable(half);
            let middle = *middle;
            self.rows.retain(|_, (_, turn)| *turn > middle);
            self.bytes = self.rows.values().map(|(rows, _)| bytes_of(rows)).sum();
        }
        self.rows.insert(condition, (rows.clone(), self.turn));
        self.bytes += bytes;
    }
}

fn bytes_of(rows: &RowSet) -> usize {
    rows.bytes() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::text::TextField;

    #[test]
    fn what_was_not_asked_for_longest_is_forgotten_when_there_is_no_room() {
        let filter = |word: usize| {
            Costly::Words(TextFilter::new(TextField::ALL, &format!("word{word}"), None))
        };
        let set = |rows: u32| {
            let mut set = RowSet::new(1 << 20);
            set.add(&(0..rows).map(|row| row * 3).collect::<Vec<_>>());
            Arc::new(set.finished())
        };
        let rows = set(100);
        let (each, mut known) = (bytes_of(&rows), Known::default());
        let room = 10 * each + each / 2;
        for word in 0..100 {
            assert_eq!(known.get(&filter(word)), None);
            known.put(filter(word), &rows, room);
            known.put(filter(word), &rows, room);
            assert!(known.get(&filter(0)).is_some(), "{word}");
            assert!(known.bytes <= room && known.bytes == known.rows.len() * each);
        }
        assert!(known.rows.len() >= 5);
        let large = set(20_000);
        known.put(filter(100), &large, room);
        assert_eq!(known.get(&filter(100)), None);
        assert!(known.get(&filter(0)).is_some());
    }
}
