//! Search by vector: the index where it is cheaper, exact scans everywhere else.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::answer::Hit;
use super::explain::{Explain, IndexExplain, Plan, SegmentExplain, WhyExact};
use super::matches::Matches;
use super::plan::{Estimate, Sizes, Wanted};
use super::query::Accuracy;
use super::vectors::QueryVector;
use super::view::SegmentView;
use crate::control::Control;
use crate::error::{Error, Result};
use crate::ids::RowId;
use crate::index::calibrate::Calibration;
use crate::index::flat;
use crate::index::ivf::{COPIED_ROWS_MAX, Effort, Index, Pages, Scratch};
use crate::segment::{CodebookFile, Segment, SegmentPages};

/// The [dispersion](super::matches::Mask::dispersion) above which a filter is a topic.
const DISPERSION_MAX: f64 = 2.0;

/// Rows of a segment for each of which one row is made ready to be read by itself, not all of them together.
const FEW: u64 = 16;

thread_local! {
    /// Buffers that queries on one thread reuse.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// What is wanted of a search by vector.
#[derive(Clone, Copy)]
pub(super) struct Nearest<'a> {
    /// The vector, as rows are stored.
    pub(super) vector: &'a QueryVector,
    /// Hits wanted.
    pub(super) count: usize,
    pub(super) accuracy: Accuracy,
    pub(super) control: &'a Control,
}

/// Hits and how they were found; times are the caller's.
pub(super) fn search(
    segments: &[SegmentView],
    matches: &[Arc<Matches>],
    nearest: Nearest<'_>,
) -> Result<(Vec<Hit>, Explain)> {
    let mut explain = Explain { exact: Some(WhyExact::NotIndexed), ..Explain::default() };
    let mut plans: Vec<Option<Plan>> = vec![None; segments.len()];
    let mut hits = Vec::new();
    let pairs: Vec<_> = segments.iter().zip(matches.iter().map(|matches| &**matches)).collect();
    let wanted = Wanted::new(nearest.accuracy, &pairs);
    if let Wanted::Exact(why) = wanted {
        explain.exact = Some(why);
    }
    for members in groups(segments) {
        nearest.control.check()?;
        let group = Group { segments, matches, members };
        let Some(planned) = group.plan(wanted, nearest.count) else { continue };
        let (estimate, report) = match planned {
            Ok(planned) => planned,
            Err(why) => {
                explain.exact = Some(why);
                continue;
            }
        };
        let Some(report) = group.search(estimate, nearest, report, &mut hits)? else {
            explain.exact = Some(WhyExact::Cheaper);
            continue;
        };
        for member in &group.members {
            let pair = segments.get(*member).zip(matches.get(*member));
            let whole = pair.is_some_and(|(view, matches)| {
                matches.searchable_count == view.segment.vector_count()
            });
            if let Some(plan) = plans.get_mut(*member) {
                *plan = Some(if whole { Plan::Index } else { Plan::IndexOfMatches });
            }
        }
        match &mut explain.index {
            Some(index) => index.add(&report),
            None => explain.index = Some(report),
        }
    }
    if explain.index.is_some() {
        explain.exact = None;
    }
    for ((view, matches), plan) in segments.iter().zip(matches).zip(plans) {
        nearest.control.check()?;
        let (plan, scanned) = match plan {
            _ if matches.searchable_count == 0 => (Plan::Skip, 0),
            Some(plan) => (plan, 0),
            None => scan(view, matches, nearest, &mut hits)?,
        };
        explain.segments.push(SegmentExplain {
            segment: view.segment.id(),
            rows: u64::from(view.segment.rows()),
            matched: matches.count,
            scanned,
            plan,
        });
    }
    hits.sort_by(|a: &Hit, b: &Hit| {
        (b.score + 0.0).total_cmp(&(a.score + 0.0)).then_with(|| a.key.cmp(&b.key))
    });
    hits.truncate(nearest.count);
    Ok((hits, explain))
}

/// Segments that share a codebook and what was measured with it, those of the newest codebook first.
fn groups(segments: &[SegmentView]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(&SegmentView, Vec<usize>)> = Vec::new();
    for (place, view) in segments.iter().enumerate().rev() {
        if view.codebook.is_none() {
            continue;
        }
        match groups.iter_mut().find(|(first, _)| first.is_indexed_as(view)) {
            Some((_, members)) => members.push(place),
            None => groups.push((view, vec![place])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Segments that share a codebook and what was measured with it.
struct Group<'a> {
    segments: &'a [SegmentView],
    matches: &'a [Arc<Matches>],
    members: Vec<usize>,
}

impl<'a> Group<'a> {
    fn members(&self) -> impl Iterator<Item = (&'a SegmentView, &'a Matches)> {
        self.members
            .iter()
            .filter_map(|member| Some((self.segments.get(*member)?, &**self.matches.get(*member)?)))
    }

    fn codebook(&self) -> Option<&'a CodebookFile> {
        self.members().find_map(|(view, _)| view.codebook.as_ref())
    }

    /// Only the newest codebook of a database is calibrated.
    fn calibration(&self) -> Option<&'a Calibration> {
        self.members().find_map(|(view, _)| view.calibration())
    }

    /// The effort to search with, or why every match must be scored; `None` when nothing matches.
    fn plan(
        &self,
        wanted: Wanted,
        count: usize,
    ) -> Option<Result<(Estimate, IndexExplain), WhyExact>> {
        let codebook = self.codebook()?;
        let sizes = self.sizes(codebook);
        if sizes.matching == 0 {
            return None;
        }
        let (calibration, copies) = self.measured(wanted, &sizes, count);
        let (estimate, recall) = match wanted {
            Wanted::Exact(why) => return Some(Err(why)),
            Wanted::Effort(effort) => {
                (Estimate { effort: Effort { copies, ..effort }, recall: 0.0 }, None)
            }
            Wanted::Recall(recall) => match sizes.estimate(recall, count, calibration, copies) {
                Ok(estimate) if sizes.is_topic_dear(estimate.effort) && self.is_topical() => {
                    return Some(Err(WhyExact::Cheaper));
                }
                Ok(estimate) => (estimate, Some(recall)),
                Err(why) => return Some(Err(why)),
            },
        };
        let measured = recall.and(calibration);
        let report = IndexExplain {
            recall,
            estimated_recall: recall.map(|_| estimate.recall),
            is_estimate: measured.is_some_and(Calibration::is_estimate),
            low_share: measured
                .zip(recall)
                .and_then(|(measured, recall)| measured.low_share(measured.cautious(recall))),
            lists: codebook.meta().lists,
            probes: estimate.effort.probes,
            candidates: estimate.effort.candidates,
            index_ns: sizes.index_ns(estimate.effort),
            exact_ns: sizes.exact_ns(),
            ..IndexExplain::default()
        };
        Some(Ok((estimate, report)))
    }

    /// What was measured of the search to make, and whether it scans copies.
    fn measured(
        &self,
        wanted: Wanted,
        sizes: &Sizes,
        count: usize,
    ) -> (Option<&'a Calibration>, bool) {
        let calibration = self.calibration();
        let rows: u64 = self.members().map(|(view, _)| u64::from(view.segment.rows())).sum();
        let copies = sizes.is_wide()
            && rows <= COPIED_ROWS_MAX
            && self.members().all(|(view, _)| view.segment.has_copies());
        match (wanted, calibration) {
            (Wanted::Recall(recall), Some(known)) if copies => {
                let share = sizes.share(known);
                let (known, copies) = known.cheaper(recall, count, share, sizes.row());
                (Some(known), copies)
            }
            (Wanted::Recall(_), _) => (calibration, false),
            _ => (calibration, copies),
        }
    }

    /// Whether the matching rows lie in some lists more often than chance would put them there.
    fn is_topical(&self) -> bool {
        self.members().any(|(view, matches)| {
            let lists = view.segment.searchable().ok().flatten();
            let mask = lists.and_then(|(lists, _)| matches.mask(lists.list_offsets));
            mask.is_some_and(|mask| mask.dispersion > DISPERSION_MAX)
        })
    }

    fn sizes(&self, codebook: &CodebookFile) -> Sizes {
        let mut sizes = Sizes {
            rows: 0,
            live: 0,
            matching: 0,
            lists: u64::from(codebook.meta().lists),
            row_bytes: 0,
            code_bytes: u64::from(codebook.meta().sub_quantizers().div_ceil(2)) + 2,
        };
        for (view, matches) in self.members() {
            sizes.rows += view.segment.vector_count();
            sizes.live += view.segment.vector_count().saturating_sub(view.deleted.len());
            sizes.row_bytes = view.segment.row_bytes();
            sizes.matching += matches.searchable_count;
        }
        sizes
    }

    /// The effort for the recall that was asked for at this query, and its price, where they depend on the query: under a topic.
    fn settled(
        &self,
        index: &Index<'_>,
        vector: &[f32],
        report: &IndexExplain,
        k: usize,
        scratch: &mut Scratch,
    ) -> Result<Option<(Estimate, f64)>> {
        let (Some(recall), Some(measured), Some(codebook)) =
            (report.recall, self.calibration(), self.codebook())
        else {
            return Ok(None);
        };
        if !self.is_topical() {
            return Ok(None);
        }
        let sizes = self.sizes(codebook);
        let (wanted, share) = (measured.cautious(recall), sizes.share(measured));
        let settled = measured.effort_at(index, vector, wanted, k, share, scratch)?;
        Ok(settled.map(|(effort, recall)| (Estimate { effort, recall }, sizes.index_ns(effort))))
    }

    /// Searches the index; `None` when the query turns out to be one for which scoring every match is cheaper.
    fn search(
        &self,
        estimate: Estimate,
        nearest: Nearest<'_>,
        mut report: IndexExplain,
        hits: &mut Vec<Hit>,
    ) -> Result<Option<IndexExplain>> {
        let (Some(codebook), Some((first, _))) = (self.codebook(), self.members().next()) else {
            return Ok(Some(report));
        };
        // Rows of one codebook are stored under one rotation.
        let vector = nearest.vector.of(&first.segment);
        let pages: Vec<SegmentPages<'_>> =
            self.members().map(|(view, _)| SegmentPages(&view.segment)).collect();
        let mut indexed = Vec::with_capacity(self.members.len());
        let mut owners = Vec::with_capacity(self.members.len());
        let mut base = 0u32;
        for ((view, matches), pages) in self.members().zip(&pages) {
            let Some(mut rows) = pages.rows(base, estimate.effort.copies)? else { continue };
            if matches.searchable_count == 0 {
                continue;
            }
            let mask = matches.mask(rows.list_offsets);
            rows.allowed = mask.map(|mask| mask.rows.allowed());
            if let (Some(spilled), Some(mask)) = (&mut rows.spilled, mask) {
                spilled.allowed = Some(matches.copies(&view.segment, mask)?);
            }
            indexed.push(rows);
            owners.push((base, &view.segment));
            base = base.checked_add(view.segment.rows()).ok_or_else(|| Error::InvalidQuery {
                detail: "the database has more rows than one search can number".into(),
            })?;
        }
        let owner = |id: u32| -> Option<(&Segment, RowId)> {
            let place = owners.partition_point(|(base, _)| *base <= id).checked_sub(1)?;
            let (base, segment) = owners.get(place)?;
            Some((*segment, RowId(id - base)))
        };
        let mut tie = |a: u32, b: u32| match (owner(a), owner(b)) {
            (Some((one, a)), Some((other, b))) if one.id() == other.id() => one.key_order(a, b),
            (Some((one, a)), Some((other, b))) => Ok(one.key(a)?.cmp(&other.key(b)?)),
            _ => Err(Error::InvalidQuery { detail: format!("no row {a} or {b}") }),
        };
        SCRATCH.with_borrow_mut(|scratch| {
            let Nearest { count: k, control, .. } = nearest;
            let index = Index { codebook: codebook.view()?, segments: &indexed };
            let mut effort = estimate.effort;
            if let Some((settled, price)) = self.settled(&index, vector, &report, k, scratch)? {
                (effort, report.index_ns) = (settled.effort, price);
                if report.exact_ns <= report.index_ns {
                    return Ok(None);
                }
                (report.probes, report.candidates) = (effort.probes, effort.candidates);
                report.estimated_recall = Some(settled.recall);
            }
            let found = index.search(vector, k, effort, control, scratch, &mut tie);
            let segments = owners.iter().map(|(_, segment)| *segment);
            let (found, probed) = found.map_err(|error| blame(error, segments))?;
            report.copies = effort.copies;
            report.lists_scanned = probed.lists;
            report.rows_scanned = probed.rows;
            report.rows_scored = probed.reranked;
            for (id, score) in found {
                if let Some((segment, row)) = owner(id) {
                    let key = segment.key(row)?;
                    hits.push(Hit { key, score, segment: segment.id(), row });
                }
            }
            Ok(Some(report))
        })
    }
}

/// An error of arithmetic on vectors, as damage of the segment whose vectors are not numbers, if one
/// has such.
fn blame<'a>(error: Error, segments: impl IntoIterator<Item = &'a Segment>) -> Error {
    match error {
        Error::Vector { .. } => {
            segments.into_iter().find_map(Segment::broken_vector).unwrap_or(error)
        }
        error => error,
    }
}

/// Scores every searchable row of a segment.
fn scan(
    view: &SegmentView,
    matches: &Matches,
    nearest: Nearest<'_>,
    hits: &mut Vec<Hit>,
) -> Result<(Plan, u64)> {
    let Nearest { vector, count, control, .. } = nearest;
    let segment = &view.segment;
    let vector = vector.of(segment);
    let mut tie = |a: u32, b: u32| segment.key_order(RowId(a), RowId(b));
    let allowed = matches.searchable.as_ref();
    let few = allowed.filter(|rows| rows.len() < u64::from(segment.rows()) / FEW);
    let rows = match few {
        Some(few) => segment.vectors_of(few)?,
        None => segment.vectors()?.map(|(rows, _)| rows),
    };
    let Some(rows) = rows else { return Ok((Plan::Skip, 0)) };
    let best = flat::search(&rows, vector.len(), vector, count, allowed, control, &mut tie)
        .map_err(|error| blame(error, [segment]))?;
    for (row, score) in best {
        let row = RowId(row);
        hits.push(Hit { key: segment.key(row)?, score, segment: segment.id(), row });
    }
    let plan = if allowed.is_none() { Plan::ExactScan } else { Plan::ExactScanOfMatches };
    Ok((plan, matches.searchable_count))
}

/// Fills in the exact scores of hits that were found another way. Cost: one read of each hit's vector.
pub(super) fn score(
    segments: &[SegmentView],
    vector: &QueryVector,
    hits: &mut [Hit],
    control: &Control,
) -> Result<()> {
    for SegmentView { segment, .. } in segments {
        let is_here = |hit: &&Hit| hit.segment == segment.id();
        let wanted: RoaringBitmap = hits.iter().filter(is_here).map(|hit| hit.row.0).collect();
        if wanted.is_empty() {
            continue;
        }
        if SCRATCH.with_borrow_mut(|scratch| scratch.may_ask(wanted.len() as usize)) {
            SegmentPages(segment).ask_for_vectors(&wanted.iter().collect::<Vec<_>>());
        }
        let Some(rows) = segment.vectors_of(&wanted)? else { continue };
        let (count, vector) = (wanted.len() as usize, vector.of(segment));
        let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
        let scored =
            flat::search(&rows, vector.len(), vector, count, Some(&wanted), control, &mut tie)
                .map_err(|error| blame(error, [segment]))?;
        let scores: HashMap<u32, f32> = scored.into_iter().collect();
        for hit in hits.iter_mut().filter(|hit| hit.segment == segment.id()) {
            hit.score = scores.get(&hit.row.0).copied().unwrap_or_default();
        }
    }
    Ok(())
}
