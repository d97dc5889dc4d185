//! The exact answers that an index is measured against.

use std::cmp::Ordering;

use roaring::RoaringBitmap;

use crate::control::Control;
use crate::error::Result;
use crate::index::flat;
use crate::index::ivf::{Allowed, IndexedRows};
use crate::kernel::Rows;
use crate::parallel;

/// The ids of the [`TRUTH_ROWS`](super::TRUTH_ROWS) rows nearest to each of `queries`, best first; the first
/// `skipped` are left out, as a query that is a row must not be among its own neighbours. Of a segment with
/// [`allowed`](IndexedRows::allowed) rows only those count.
///
/// Each query scores every row once, on one of `threads`; `progress` gets the share of queries done.
///
/// # Errors
///
/// Those of [`flat::search`].
pub fn exact_answers(
    segments: &[IndexedRows<'_>],
    queries: &[f32],
    dimension: usize,
    skipped: usize,
    threads: usize,
    control: &Control,
    progress: &mut dyn FnMut(f32),
) -> Result<Vec<Vec<u32>>> {
    let count = queries.len() / dimension.max(1);
    let live: Vec<_> =
        segments.iter().map(|segment| segment.allowed.map(Allowed::to_bitmap)).collect();
    let mut truth = vec![Vec::new(); count];
    let items = queries.chunks_exact(dimension.max(1)).zip(&mut truth);
    let run = |(): &mut (), (query, answer): (&[f32], &mut Vec<u32>)| {
        let near = nearest(segments, &live, query, super::TRUTH_ROWS + skipped, control)?;
        answer.extend(near.into_iter().skip(skipped));
        Ok(())
    };
    let mut done = |queries: usize| progress(queries as f32 / count as f32);
    parallel::for_each(threads, items, control, || (), run, &mut done)?;
    Ok(truth)
}

/// The ids of the nearest `live` rows of all segments, best first; ties by id.
fn nearest(
    segments: &[IndexedRows<'_>],
    live: &[Option<RoaringBitmap>],
    vector: &[f32],
    count: usize,
    control: &Control,
) -> Result<Vec<u32>> {
    let mut found: Vec<(u32, f32)> = Vec::new();
    for (segment, live) in segments.iter().zip(live) {
        let mut tie = |_, _| Ok(Ordering::Equal);
        let in_lists = segment.list_offsets.last().copied().unwrap_or_default() as usize;
        let rows = first_rows(&segment.rows, in_lists, vector.len());
        let live = live.as_ref();
        let best = flat::search(&rows, vector.len(), vector, count, live, control, &mut tie)?;
        found.extend(best.into_iter().map(|(row, score)| (segment.base + row, score)));
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    Ok(found.into_iter().take(count).map(|(id, _)| id).collect())
}

/// The first rows: those with a vector.
fn first_rows<'a>(rows: &Rows<'a>, count: usize, dimension: usize) -> Rows<'a> {
    let numbers = count.saturating_mul(dimension);
    match *rows {
        Rows::Int8 { codes, scales } => Rows::Int8 {
            codes: codes.get(..numbers).unwrap_or(codes),
            scales: scales.get(..count).unwrap_or(scales),
        },
        Rows::F16(values) => Rows::F16(values.get(..numbers).unwrap_or(values)),
        Rows::F32(values) => Rows::F32(values.get(..numbers).unwrap_or(values)),
    }
}
