//! What is due, one step after the other: under the lock of a writer all in one commit, beside the writer each
//! published when it is done.

use std::collections::VecDeque;

use super::super::next::NextGeneration;
use super::blame::blame;
use super::calibrate::{calibrate, has_drifted, is_improvable, is_stale};
use super::merge::{candidates, merge_group, start};
use super::options::{Job, OptimizeStage};
use super::plan::{Policy, all_groups, next_group};
use super::recall::RecallReport;
use super::report::{CompactReport, OptimizeReport};
use super::train::{Trained, can_train, train};
use crate::error::Result;
use crate::format::manifest::Calibration;
use crate::ids::SegmentId;

/// What maintenance is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) enum Goal {
    /// Few segments, as an import wants them: nothing is trained.
    Merge,
    /// Few segments, indexed, without many deleted rows.
    Compact,
    /// The best index.
    Optimize,
}

/// The way to a goal, and how far it is.
#[derive(Clone)]
pub(in crate::db) struct Course {
    goal: Goal,
    is_started: bool,
    trained: Option<Trained>,
    /// What is to be indexed with a new codebook.
    waiting: VecDeque<Vec<SegmentId>>,
    /// Whether recall was measured, and nothing changed since.
    is_measured: bool,
    pub(super) report: OptimizeReport,
}

impl Course {
    pub(in crate::db) fn new(goal: Goal, next: &NextGeneration) -> Course {
        Course {
            goal,
            is_started: false,
            trained: None,
            waiting: VecDeque::new(),
            is_measured: false,
            report: OptimizeReport { compact: start(next), ..OptimizeReport::default() },
        }
    }

    /// Does everything that is due.
    ///
    /// # Errors
    /// As [`Course::advance`].
    pub(super) fn finish(&mut self, job: &mut Job<'_>) -> Result<()> {
        while self.advance(job)? {}
        Ok(())
    }

    /// Does what is due next; returns whether anything was. What a step leaves can be published.
    ///
    /// # Errors
    /// [`crate::Error::Memory`]; those of the control; [`crate::Error::Corrupt`] and failures of storage.
    pub(in crate::db) fn advance(&mut self, job: &mut Job<'_>) -> Result<bool> {
        self.step(job).map_err(|error| blame(job.next, error))
    }

    fn step(&mut self, job: &mut Job<'_>) -> Result<bool> {
        job.control.check()?;
        if !std::mem::replace(&mut self.is_started, true) && self.is_training_due(job) {
            self.trained = train(job)?;
            if let Some(trained) = &self.trained {
                self.report.trained_rows = trained.rows;
                self.waiting = all_groups(&candidates(job), job.writer.merged_bytes_max).into();
                job.options.report(OptimizeStage::Index, 0.0);
                // A codebook is published with the first rows that it indexes and what they recall.
                self.merge_next(job)?;
                self.measure(job)?;
                return Ok(true);
            }
        }
        if self.merge_next(job)? {
            return Ok(true);
        }
        if self.is_measuring_due(job)? {
            self.measure(job)?;
            return Ok(true);
        }
        Ok(false)
    }

    fn is_training_due(&self, job: &Job<'_>) -> bool {
        let is_wanted = match self.goal {
            Goal::Merge => false,
            Goal::Compact => job.next.codebook().is_none(),
            Goal::Optimize => job.options.retrain || job.next.codebook().is_none(),
        };
        is_wanted && can_train(job)
    }

    /// Merges the next group; returns whether there was one.
    fn merge_next(&mut self, job: &mut Job<'_>) -> Result<bool> {
        let candidates = candidates(job);
        let policy = if self.goal == Goal::Merge { Policy::IMPORT } else { Policy::READ };
        let is_there = |id: &SegmentId| candidates.iter().any(|candidate| candidate.id == *id);
        while let Some(mut group) = self.waiting.pop_front() {
            group.retain(is_there);
            if !group.is_empty() {
                merge_group(job, &group, &mut self.report.compact)?;
                self.is_measured = false;
                return Ok(true);
            }
        }
        let group = next_group(&candidates, policy, job.writer.merged_bytes_max);
        let Some(group) = group else { return Ok(false) };
        merge_group(job, &group, &mut self.report.compact)?;
        self.is_measured = false;
        Ok(true)
    }

    fn is_measuring_due(&self, job: &Job<'_>) -> Result<bool> {
        if self.is_measured || job.next.codebook().is_none() {
            return Ok(false);
        }
        Ok(match self.goal {
            Goal::Merge => false,
            Goal::Compact => is_stale(job.next)?,
            Goal::Optimize => {
                self.trained.is_some()
                    || job.options.queries.is_some()
                    || is_improvable(job)?
                    || job.next.calibration().is_some_and(Calibration::lacks_rule)
                    || is_stale(job.next)?
            }
        })
    }

    fn measure(&mut self, job: &mut Job<'_>) -> Result<()> {
        job.options.report(OptimizeStage::Calibrate, 0.0);
        let measured = calibrate(job, self.trained.map(|trained| trained.stored))?.is_some();
        if self.goal == Goal::Compact && measured {
            self.report.compact.recall = known_recall(job.next);
        }
        self.is_measured = true;
        Ok(())
    }

    /// What was done, and what the index is now.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub(super) fn report(self, next: &NextGeneration) -> Result<OptimizeReport> {
        let measured = next.calibration();
        Ok(OptimizeReport {
            lists: next.codebook().map_or(0, |(_, codebook)| codebook.meta().lists),
            queries: measured.map_or(0, |measured| measured.queries as usize),
            recall: known_recall(next),
            has_drifted: has_drifted(next)?,
            ..self.report
        })
    }

    /// What was done.
    pub(super) fn compact_report(self) -> CompactReport {
        self.report.compact
    }
}

/// The recall that was measured of the newest codebook.
fn known_recall(next: &NextGeneration) -> Option<RecallReport> {
    let (_, codebook) = next.codebook()?;
    next.calibration().map(|measured| RecallReport::of(measured, codebook.meta()))
}
