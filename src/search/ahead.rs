//! Costly conditions of a program, evaluated several at a time on all cores.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::program::{Condition, Program, Step};
use super::row_set::Found;
use crate::error::Result;
use crate::parallel;

/// Bytes of rows that are found ahead, about. They are in memory until each condition is taken.
const BYTES_MAX: usize = 64 << 20;

/// Conditions that are evaluated together, at least and at most: the fewer, the longer threads wait for each other.
const TOGETHER: RangeInclusive<usize> = 64..=512;

/// The rows of conditions that a walk through a program has not reached.
pub(super) struct Ahead {
    /// Conditions that are evaluated together, at most.
    together: usize,
    found: HashMap<usize, Result<Found>>,
    /// The first step that was not looked at.
    end: usize,
}

impl Ahead {
    /// For a segment of so many rows.
    pub(super) fn new(segment_rows: u32) -> Ahead {
        let set_bytes = (segment_rows / 8).max(1) as usize;
        let together = (BYTES_MAX / set_bytes).clamp(*TOGETHER.start(), *TOGETHER.end());
        Ahead { together, found: HashMap::new(), end: 0 }
    }

    /// The rows of the condition at a step, if it was evaluated ahead. Steps ascend; at a costly one that was not looked at,
    /// `find` finds the rows of the next conditions that are costly, if they are worth threads.
    pub(super) fn take(
        &mut self,
        step: usize,
        program: &Program,
        is_costly: impl Fn(&Condition) -> bool,
        find: impl Fn(&Condition) -> Result<Found> + Sync,
    ) -> Option<Result<Found>> {
        if step >= self.end {
            // Left are those of groups that were decided before they were reached.
            self.found.clear();
            let costly = self.costly_from(step, program, is_costly);
            let threads = parallel::threads_for(costly.len());
            if threads > 1 {
                self.find_all(costly, find, threads);
            }
        }
        self.found.remove(&step)
    }

    /// The next conditions that are costly, with their steps; none if the first is not.
    fn costly_from<'a>(
        &mut self,
        first: usize,
        program: &'a Program,
        is_costly: impl Fn(&Condition) -> bool,
    ) -> Vec<(usize, &'a Condition)> {
        let mut costly = Vec::new();
        self.end = first;
        while costly.len() < self.together
            && let Some(step) = program.step(self.end)
        {
            match step {
                Step::Condition(condition) if is_costly(condition) => {
                    costly.push((self.end, condition));
                }
                _ if self.end == first => break,
                _ => {}
            }
            self.end += 1;
        }
        costly
    }

    fn find_all(
        &mut self,
        costly: Vec<(usize, &Condition)>,
        find: impl Fn(&Condition) -> Result<Found> + Sync,
        threads: usize,
    ) {
        // An error is that of its condition: nobody sees it if the walk does not come there.
        let found = parallel::map(threads, &costly, |(_, condition)| find(condition));
        let steps = costly.into_iter().map(|(step, _)| step);
        self.found.extend(steps.zip(found));
    }
}
