//! Lists what matches a query without a vector.

use std::sync::Arc;

use super::answer::Hit;
use super::explain::{Explain, Plan, SegmentExplain};
use super::matches::Matches;
use super::query::Query;
use super::view::SegmentView;
use crate::error::Result;
use crate::format::rows::rows as bitmap_rows;
use crate::ids::RowId;

/// Lists what matches, newest first.
pub(super) fn list_all(
    segments: &[SegmentView],
    matches: &[Arc<Matches>],
    query: &Query,
) -> Result<(Vec<Hit>, Explain)> {
    let mut explain = Explain::default();
    let mut found: Vec<(u32, Hit)> = Vec::new();
    for (view, matches) in segments.iter().zip(matches) {
        query.control.check()?;
        let plan = if matches.count == 0 { Plan::Skip } else { Plan::List };
        if plan == Plan::List {
            list(view, matches, query, &mut found)?;
        }
        explain.segments.push(SegmentExplain {
            segment: view.segment.id(),
            rows: u64::from(view.segment.rows()),
            matched: matches.count,
            scanned: 0,
            plan,
        });
    }
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.key.cmp(&b.1.key)));
    found.truncate(query.k);
    Ok((found.into_iter().map(|(_, hit)| hit).collect(), explain))
}

/// Keeps the newest k of the matching rows.
fn list(
    view: &SegmentView,
    matches: &Matches,
    query: &Query,
    found: &mut Vec<(u32, Hit)>,
) -> Result<()> {
    let (first_days, _) = view.segment.dates()?;
    let mut rows: Vec<(u32, u32)> = match matches.rows() {
        None => first_days.iter().copied().zip(0..).collect(),
        Some(rows) => bitmap_rows(rows)
            .map(|row| (first_days.get(row as usize).copied().unwrap_or_default(), row))
            .collect(),
    };
    if query.k == 0 {
        return Ok(());
    }
    // Ties by key need every row of the last day that still counts.
    if rows.len() > query.k {
        rows.select_nth_unstable_by(query.k - 1, |a, b| b.0.cmp(&a.0));
        let last = rows.get(query.k - 1).map_or(0, |row| row.0);
        rows.retain(|row| row.0 >= last);
    }
    for (place, (day, row)) in rows.into_iter().enumerate() {
        if place % 4096 == 0 {
            query.control.check()?;
        }
        let row = RowId(row);
        let hit = Hit { key: view.segment.key(row)?, score: 0.0, segment: view.segment.id(), row };
        found.push((day, hit));
    }
    Ok(())
}
