//! Costly conditions of a program, evaluated several at a time on all cores.

use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::program::{Condition, Program, Step};
use crate::error::Result;
use crate::parallel;

/// Conditions that are evaluated together, at most. Their rows are in memory until each is taken.
const TOGETHER_MAX: usize = 64;

/// The rows of conditions that a walk through a program has not reached.
#[derive(Default)]
pub(super) struct Ahead {
    found: HashMap<usize, Result<Arc<RoaringBitmap>>>,
    /// The first step that was not looked at.
    end: usize,
}

impl Ahead {
    /// The rows of the condition at a step, if it was evaluated ahead. Steps ascend; at a costly one that was not looked at,
    /// `find` finds the rows of the next conditions that are costly, if they are worth threads.
    pub(super) fn take(
        &mut self,
        step: usize,
        program: &Program,
        is_costly: impl Fn(&Condition) -> bool,
        find: impl Fn(&Condition) -> Result<Arc<RoaringBitmap>> + Sync,
    ) -> Option<Result<Arc<RoaringBitmap>>> {
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
        while costly.len() < TOGETHER_MAX
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
        find: impl Fn(&Condition) -> Result<Arc<RoaringBitmap>> + Sync,
        threads: usize,
    ) {
        // An error is that of its condition: nobody sees it if the walk does not come there.
        let found = parallel::map(threads, &costly, |(_, condition)| find(condition));
        let steps = costly.into_iter().map(|(step, _)| step);
        self.found.extend(steps.zip(found));
    }
}
