use super::*;
use crate::index::codebook::TrainedCodebook;
use crate::index::encode::{Factors, RowEncoder};
use crate::index::flat;
use crate::index::ivf::copied::Copies;
use crate::index::ivf::{Effort, IndexedRows, RowMask, Scratch as SearchScratch, filled_lists};
use crate::index::train::{TrainOptions, train};
use crate::kernel::quantize::quantize_int8;
use crate::kernel::random::Random;
use crate::kernel::scan::block::pack;
use crate::kernel::{Rows, normalize};

const DIMENSION: usize = 12;

/// Rows sorted by list, in two segments, and what they were encoded with.
struct Made {
    book: TrainedCodebook,
    segments: Vec<Segment>,
}

struct Segment {
    base: u32,
    offsets: Vec<u32>,
    filled: Vec<u64>,
    codes: Vec<u8>,
    scales: Vec<u16>,
    row_codes: Vec<i8>,
    row_scales: Vec<f32>,
    copies: Option<Copies>,
}

/// Vectors of length 1 near each of 25 centres, or `far` from them.
fn vectors(count: usize, far: f32, seed: u64) -> Vec<f32> {
    let number = |random: &mut Random| random.below(2001) as f32 / 1000.0 - 1.0;
    let mut fixed = Random::new(0);
    let centers: Vec<f32> = (0..25 * DIMENSION).map(|_| number(&mut fixed)).collect();
    let mut random = Random::new(seed);
    let mut all = Vec::new();
    for _ in 0..count {
        let center = random.below(25) * DIMENSION;
        let values = centers[center..][..DIMENSION].iter();
        all.extend(values.map(|value| value + far * number(&mut random)));
    }
    all.chunks_mut(DIMENSION).for_each(|row| assert!(normalize(row)));
    all
}

fn segment(rows: &[f32], base: u32, encoder: &RowEncoder<'_>, lists: usize) -> Segment {
    let control = Control::default();
    let assigned = encoder.assign(rows, 1, &control).expect("whole rows");
    let mut order: Vec<usize> = (0..assigned.len()).collect();
    order.sort_by_key(|row| assigned[*row]);
    let sorted: Vec<f32> =
        order.iter().flat_map(|row| rows[row * DIMENSION..][..DIMENSION].to_vec()).collect();
    let assigned: Vec<u32> = order.iter().map(|row| assigned[*row]).collect();
    let mut codes = vec![0; order.len() * encoder.sub_quantizers()];
    let mut factors = vec![Factors::default(); order.len()];
    encoder.encode(&sorted, &assigned, 1, &control, &mut codes, &mut factors).expect("fits");
    let mut row_codes = Vec::new();
    let row_scales = sorted.chunks(DIMENSION).map(|row| quantize_int8(row, &mut row_codes));
    let offset = |list| assigned.partition_point(|at| *at < list) as u32;
    let offsets: Vec<u32> = (0..=lists as u32).map(offset).collect();
    Segment {
        base,
        filled: filled_lists(&offsets),
        offsets,
        codes: pack(&codes, encoder.sub_quantizers()),
        scales: factors.iter().map(|factors| factors.scale).collect(),
        row_scales: row_scales.collect(),
        row_codes,
        copies: Copies::new(encoder, &sorted, &assigned, lists),
    }
}

impl Made {
    fn new(rows: &[f32], lists: usize) -> Made {
        let options = TrainOptions {
            lists: Some(lists),
            total_rows: 0,
            sub_dimension: None,
            seed: 1,
            threads: 1,
        };
        let book = train(rows, DIMENSION, &options, &Control::default(), &mut |_, _| ());
        let book = book.expect("valid sample");
        let view = book.view();
        let encoder = RowEncoder::new(&view).expect("a codebook as trained");
        let (first, second) = rows.split_at(rows.len() / DIMENSION / 3 * DIMENSION);
        let lists = view.lists();
        let base = (first.len() / DIMENSION) as u32;
        let segments =
            vec![segment(first, 0, &encoder, lists), segment(second, base, &encoder, lists)];
        Made { book, segments }
    }

    fn rows(&self) -> Vec<IndexedRows<'_>> {
        self.segments.iter().map(Segment::view).collect()
    }

    /// Rows and their copies.
    fn copied(&self) -> Vec<IndexedRows<'_>> {
        fn view(segment: &Segment) -> IndexedRows<'_> {
            let spilled = segment.copies.as_ref().map(|copies| copies.view(None));
            IndexedRows { spilled, ..segment.view() }
        }
        self.segments.iter().map(view).collect()
    }
}

impl Segment {
    fn view(&self) -> IndexedRows<'_> {
        IndexedRows {
            base: self.base,
            list_offsets: &self.offsets,
            filled: &self.filled,
            codes: &self.codes,
            scales: &self.scales,
            rows: Rows::Int8 { codes: &self.row_codes, scales: &self.row_scales },
            allowed: None,
            spilled: None,
            pages: None,
        }
    }
}

/// The exact neighbours of each query, of those that `pass`.
fn truth(
    rows: &[IndexedRows<'_>],
    queries: &[f32],
    k: usize,
    pass: impl Fn(u32) -> bool,
) -> Vec<Vec<u32>> {
    let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
    let mut exact = |query: &[f32]| {
        let mut hits = Vec::new();
        for segment in rows {
            let count = segment.rows.count(DIMENSION).expect("whole rows");
            let found = flat::search(
                &segment.rows,
                DIMENSION,
                query,
                count,
                None,
                &Control::default(),
                &mut tie,
            );
            let found = found.expect("finite").into_iter();
            hits.extend(found.map(|hit| (segment.base + hit.0, hit.1)).filter(|hit| pass(hit.0)));
        }
        hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hits.into_iter().take(k).map(|hit| hit.0).collect()
    };
    queries.chunks(DIMENSION).map(&mut exact).collect()
}

/// Recall of the best `k` in a search.
fn recall(index: &Index<'_>, queries: &[f32], truth: &[Vec<u32>], k: usize, effort: Effort) -> f64 {
    let (mut scratch, control) = (SearchScratch::default(), Control::default());
    let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
    let mut found = 0;
    for (query, truth) in queries.chunks(DIMENSION).zip(truth) {
        let result = index.search(query, k, effort, &control, &mut scratch, &mut tie);
        let (hits, _) = result.expect("finite");
        found += hits.iter().filter(|hit| truth[..k].contains(&hit.0)).count();
    }
    found as f64 / (k * truth.len()) as f64
}

fn asked<'a>(vectors: &'a [f32], truth: &'a [Vec<u32>]) -> Queries<'a> {
    Queries { vectors, truth, source: QuerySource::Given, stored: QuerySource::Moved }
}

fn calibrated(
    index: &Index<'_>,
    queries: &[f32],
    truth: &[Vec<u32>],
    threads: usize,
) -> Calibration {
    let queries = asked(queries, truth);
    calibrate(index, &queries, threads, &Control::default(), &mut |_| ()).expect("valid queries")
}

#[test]
fn what_is_measured_is_what_searches_find() {
    let made = Made::new(&vectors(3000, 0.7, 1), 60);
    measures_what_searches_find(&made, &made.rows(), false);
    measures_what_searches_find(&made, &made.copied(), true);
}

fn measures_what_searches_find(made: &Made, segments: &[IndexedRows<'_>], copies: bool) {
    let index = Index { codebook: made.book.view(), segments };
    let subject = if copies { Subject::with_copies(&index) } else { Some(Subject::rows(&index)) };
    let subject = subject.expect("copies");
    let queries = vectors(40, 1.0, 2);
    let truth = truth(segments, &queries, 10, |_| true);
    let grid = Grid::new(60, 3000, 10);
    let mut tally = Tally::new(&grid);
    let mut scratch = Scratch::default();
    for (values, truth) in queries.chunks(DIMENSION).zip(&truth) {
        let query = PreparedVector::new(values).expect("finite");
        scratch.add_query(&subject, &grid, values, &query, truth, &mut tally).expect("checked");
    }
    let mut seen = (1.0, 0.0);
    for (at, probes) in grid.lists.iter().enumerate().step_by(4) {
        for (depth, candidates) in grid.depths.iter().enumerate().step_by(5) {
            let effort = Effort { copies, ..Effort::fixed(*probes, *candidates) };
            let searched = recall(&index, &queries, &truth, 10, effort);
            let measured = tally.recall[at * grid.depths.len() + depth] / 40.0;
            // A search takes more lists when those probed hold fewer than ten rows.
            // And twice ten candidates where each row may be two of them.
            let few = if copies { 120.0 } else { 60.0 };
            let widened = tally.rows[at] / 40.0 < few || (copies && *candidates < 20);
            assert!(
                (searched - measured).abs() < 1.0e-4 || (widened && searched > measured),
                "{effort:?}: {searched} {measured}"
            );
            seen = (f64::min(seen.0, measured), f64::max(seen.1, measured));
        }
    }
    assert!(seen.0 < 0.5 && seen.1 > 0.999, "{seen:?}");
}

#[test]
fn promises_hold_for_other_queries_filtered_and_not() {
    let made = Made::new(&vectors(8000, 0.7, 3), 150);
    let mut segments = made.rows();
    let queries = vectors(400, 1.0, 4);
    let (ours, others) = queries.split_at(200 * DIMENSION);
    let known = truth(&segments, ours, 1500, |_| true);
    let index = Index { codebook: made.book.view(), segments: &segments };
    let calibration = calibrated(&index, ours, &known, 2);
    assert_eq!(calibration, calibrated(&index, ours, &known, 1));
    assert_eq!((calibration.rows, calibration.queries), (8000, 200));
    let short = calibration.points.iter().find(|point| point.estimated < point.recall - 1.0e-6);
    assert_eq!(short, None);
    for (share, k) in [(1.0, 10), (0.5, 10), (0.1, 10), (0.02, 10), (1.0, 100)] {
        let pass = |id: u32| Random::new(u64::from(id)).below(1000) < (share * 1000.0) as usize;
        let known = truth(&made.rows(), others, k, pass);
        let filters: Vec<RowMask> =
            made.segments.iter().map(|segment| filter(segment, pass)).collect();
        for (segment, mask) in segments.iter_mut().zip(&filters) {
            segment.allowed = Some(mask.allowed());
        }
        let index = Index { codebook: made.book.view(), segments: &segments };
        for target in [0.80, 0.90, 0.95, 0.99] {
            let (effort, promised) = calibration.effort(target, k, share as f32).expect("points");
            let found = recall(&index, others, &known, k, effort);
            assert!(promised >= target);
            assert!(
                (found - f64::from(target)).abs() < 0.03 || found > f64::from(target),
                "{target} of {k} in {share}: {effort:?} finds {found}"
            );
            if k == 10 && target < 0.99 {
                assert!(found < f64::from(target) + 0.1, "{target} in {share}: {found}");
            }
        }
        segments = made.rows();
    }
}

#[test]
fn with_copies_other_queries_find_what_was_asked_in_fewer_rows() {
    let made = Made::new(&vectors(20_000, 0.7, 3), 200);
    let segments = made.copied();
    let queries = vectors(400, 1.0, 4);
    let (ours, others) = queries.split_at(200 * DIMENSION);
    let known = truth(&segments, ours, 1500, |_| true);
    let index = Index { codebook: made.book.view(), segments: &segments };
    let calibration = calibrated(&index, ours, &known, 2);
    let plain = Index { codebook: made.book.view(), segments: &made.rows() };
    let without = Calibration { spilled: None, ..calibration.clone() };
    assert_eq!(calibrated(&plain, ours, &known, 2), without);
    let spilled = calibration.spilled.as_ref().expect("measured with copies");
    assert_eq!((spilled.rows, spilled.lists, spilled.queries), (20_000, calibration.lists, 200));
    for k in [10, 50] {
        let known = truth(&segments, others, k, |_| true);
        for target in [0.80, 0.90, 0.95, 0.99] {
            let (effort, _) = spilled.effort(target, k, 1.0).expect("points");
            let effort = Effort { copies: true, ..effort };
            let found = recall(&index, others, &known, k, effort);
            assert!(found > f64::from(target) - 0.03, "{target} of {k}: {effort:?} finds {found}");
            let (other, _) = calibration.effort(target, k, 1.0).expect("points");
            assert!(effort.probes < other.probes, "{target} of {k}: {effort:?} {other:?}");
        }
    }
}

/// Queries near a centre and far from all of them, in turn.
fn uneven(count: usize, seed: u64) -> Vec<f32> {
    let (near, far) = (vectors(count, 0.3, seed), vectors(count, 2.0, seed + 1));
    let pairs = near.chunks(DIMENSION).zip(far.chunks(DIMENSION)).take(count / 2);
    pairs.flat_map(|(near, far)| [near, far].concat()).collect()
}

#[test]
fn a_rule_finds_the_wanted_recall_in_fewer_rows() {
    let made = Made::new(&vectors(20_000, 0.7, 11), 400);
    let segments = made.rows();
    let index = Index { codebook: made.book.view(), segments: &segments };
    let (ours, others) = (uneven(400, 12), uneven(400, 14));
    let known = truth(&segments, &ours, 100, |_| true);
    let calibration = calibrated(&index, &ours, &known, 2);
    let stops = calibration.stops.as_ref().expect("measured with queries");
    assert_eq!(stops.limits.len(), TARGETS.len());
    let known = truth(&segments, &others, 10, |_| true);
    let rows = |effort| {
        let (mut scratch, control) = (SearchScratch::default(), Control::default());
        let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
        let search = |query| index.search(query, 10, effort, &control, &mut scratch, &mut tie);
        let found = others.chunks(DIMENSION).map(search);
        found.map(|found| found.expect("finite").1.rows).sum::<u64>() as f64
    };
    let mut sums = (0.0, 0.0);
    let ruled: Vec<f32> =
        (0..TARGETS.len()).filter(|at| stops.limits[*at] > 0.0).map(|at| TARGETS[at]).collect();
    assert!(ruled.len() > 1, "{stops:?}");
    for target in ruled.iter().copied() {
        let (fixed, _) = calibration.effort(target, 10, 1.0).expect("points");
        assert_eq!(fixed.stop, None, "not worth it with {} probes", fixed.probes);
        let stop = calibration.stop(target, 10, 1.0);
        assert!(stop.is_some(), "{target}: {stops:?}");
        let effort = Effort { stop, ..fixed };
        let found = recall(&index, &others, &known, 10, effort);
        assert!((found - f64::from(target)).abs() < 0.02, "{target}: {found}");
        let (ruled, fixed) = (rows(effort), rows(fixed));
        assert!(ruled < fixed, "{target}: {ruled} {fixed}");
        sums = (sums.0 + ruled, sums.1 + fixed);
    }
    assert!(sums.0 < 0.95 * sums.1, "{sums:?}");
    for (k, share) in [(11, 1.0), (10, 0.9)] {
        assert_eq!(calibration.stop(ruled[0], k, share), None);
    }
    let mut larger = calibration.clone();
    larger.points.iter_mut().for_each(|point| point.probes = point.probes.max(200));
    let (effort, _) = larger.effort(ruled[0], 10, 1.0).expect("points");
    assert!(effort.probes >= 128 && effort.stop == calibration.stop(ruled[0], 10, 1.0));
    let moved = Queries { source: QuerySource::Moved, ..asked(&ours, &[]) };
    let known = truth(&segments, &ours, 10, |_| true);
    let moved = Queries { truth: &known, ..moved };
    let measured = calibrate(&index, &moved, 1, &Control::default(), &mut |_| ());
    assert_eq!(measured.expect("valid queries").stops, None);
}

/// Bits and counts of the rows that pass.
fn filter(segment: &Segment, pass: impl Fn(u32) -> bool) -> RowMask {
    let rows = 0..segment.row_scales.len() as u32;
    let rows = rows.filter(|row| pass(segment.base + row)).collect();
    RowMask::new(&rows, &segment.offsets)
}

#[test]
fn efforts_lie_between_points_and_grow_with_the_wanted_recall() {
    let made = Made::new(&vectors(4000, 0.7, 5), 80);
    let segments = made.rows();
    let index = Index { codebook: made.book.view(), segments: &segments };
    let queries = vectors(60, 1.0, 6);
    let known = truth(&segments, &queries, 1500, |_| true);
    let calibration = calibrated(&index, &queries, &known, 2);
    let shares = SHARES.len();
    for (at, point) in calibration.points.iter().enumerate() {
        assert_eq!((point.recall, point.share), (TARGETS[at / shares], SHARES[at % shares]));
        let (effort, estimated) =
            calibration.effort(point.recall, 10, point.share).expect("points");
        assert_eq!((effort.probes, effort.candidates), (point.probes, point.candidates));
        assert!((estimated - point.estimated).abs() < 1.0e-6);
    }
    let cost = |recall| {
        let (effort, _) = calibration.effort(recall, 10, 0.3).expect("points");
        effort.probes * 30 + effort.candidates
    };
    let costs: Vec<u32> = (80..=99).map(|percent| cost(percent as f32 / 100.0)).collect();
    assert!(costs.is_sorted() && costs[0] < costs[19], "{costs:?}");
    assert_eq!(calibration.effort(0.1, 10, 1.0), calibration.effort(0.8, 1, 1.0));
    assert_eq!(calibration.effort(1.0, 10, 1.0), calibration.effort(0.999, 10, 1.0));
    assert!(calibration.reaches(0.999) && !calibration.reaches(1.0));
    let (effort, _) = calibration.effort(0.9, 5000, 1.0e-9).expect("points");
    assert!(effort.probes >= 1 && effort.candidates >= 5000);
    assert_eq!(Calibration::default().effort(0.9, 10, 1.0), None);
    // What an older version measured, with fewer recalls, is read by its own.
    let older = Calibration {
        points: calibration.points.iter().take(7 * shares).copied().collect(),
        notes: None,
        stops: calibration.stops.clone().map(|mut stops| {
            stops.limits.truncate(7);
            stops
        }),
        ..calibration.clone()
    };
    assert!(older.reaches(0.99) && !older.reaches(0.995));
    assert_eq!(older.effort(0.99, 10, 1.0), calibration.effort(0.99, 10, 1.0));
    assert_eq!(older.effort(0.93, 10, 0.3), calibration.effort(0.93, 10, 0.3));
    assert_eq!(older.effort(1.0, 10, 1.0), older.effort(0.99, 10, 1.0));
    assert_eq!(older.low_share(0.9), None);
    // Narrower than was measured is farther.
    let lists = |share| calibration.reach(0.9, 10, share).expect("points").lists;
    assert!(lists(0.001) > lists(0.01) && lists(0.01) > lists(0.1));
    assert!(lists(1.0e-30) <= 80.0);
}

#[test]
fn an_index_of_few_rows_is_calibrated() {
    for rows in [1, 5, 30] {
        let made = Made::new(&vectors(rows, 0.7, 7), 4);
        let segments = made.rows();
        let index = Index { codebook: made.book.view(), segments: &segments };
        let queries = vectors(3, 1.0, 8);
        let known = truth(&segments, &queries, 1500, |_| true);
        let calibration = calibrated(&index, &queries, &known, 1);
        let (effort, _) = calibration.effort(0.99, 10, 1.0).expect("points");
        let found = recall(&index, &queries, &known, 10.min(rows), effort);
        assert!(found > 0.9, "{rows}: {found}");
    }
}

#[test]
fn the_share_of_badly_served_queries_falls_as_recall_grows() {
    let made = Made::new(&vectors(4000, 0.7, 5), 80);
    let segments = made.rows();
    let index = Index { codebook: made.book.view(), segments: &segments };
    let queries = vectors(100, 1.0, 6);
    let known = truth(&segments, &queries, 10, |_| true);
    let calibration = calibrated(&index, &queries, &known, 2);
    let notes = calibration.notes.as_ref().expect("was measured");
    assert_eq!(notes.low_shares.len(), TARGETS.len());
    assert!(notes.low_shares.is_sorted_by(|a, b| a >= b), "{:?}", notes.low_shares);
    assert!(notes.low_shares[0] > 0.2 && notes.low_shares[8] < 0.02, "{:?}", notes.low_shares);
    // At a point it is what searches find.
    let mut scratch = SearchScratch::default();
    let mut tie = |a: u32, b: u32| Ok(a.cmp(&b));
    for target in [0.8, 0.9, 0.95] {
        let (effort, _) = calibration.effort(target, 10, 1.0).expect("points");
        let low = queries.chunks(DIMENSION).zip(&known).filter(|(query, known)| {
            let control = Control::default();
            let found = index.search(query, 10, effort, &control, &mut scratch, &mut tie);
            let (found, _) = found.expect("finite");
            found.iter().filter(|hit| known.contains(&hit.0)).count() < 8
        });
        let low = low.count() as f32 / 100.0;
        let stated = calibration.low_share(target).expect("was measured");
        assert!((low - stated).abs() <= 0.05, "{target}: {low}, stated {stated}");
    }
}

#[test]
fn deleted_rows_are_no_neighbours() {
    let made = Made::new(&vectors(3000, 0.7, 5), 60);
    let queries = vectors(30, 1.0, 6);
    let lives = |id: u32| !id.is_multiple_of(4);
    let masks: Vec<RowMask> = made.segments.iter().map(|segment| filter(segment, lives)).collect();
    let mut segments = made.rows();
    for (segment, mask) in segments.iter_mut().zip(&masks) {
        segment.allowed = Some(mask.allowed());
    }
    let control = Control::default();
    let known = exact_answers(&segments, &queries, DIMENSION, 0, 2, &control, &mut |_| ());
    let known = known.expect("finite");
    assert!(known.iter().flatten().all(|id| lives(*id)));
    assert_eq!(
        known.iter().map(|known| &known[..10]).collect::<Vec<_>>(),
        truth(&made.rows(), &queries, 10, lives).iter().map(Vec::as_slice).collect::<Vec<_>>()
    );
    let index = Index { codebook: made.book.view(), segments: &segments };
    let calibration = calibrated(&index, &queries, &known, 1);
    assert_eq!(calibration.rows, 2250);
    assert!(calibration.points.iter().all(|point| point.estimated >= point.recall - 1.0e-6));
}

#[test]
fn queries_that_do_not_fit_are_refused() {
    let made = Made::new(&vectors(200, 0.7, 9), 4);
    let segments = made.rows();
    let index = Index { codebook: made.book.view(), segments: &segments };
    let refused = |vectors: &[f32], truth: &[Vec<u32>]| {
        let queries = asked(vectors, truth);
        let result = calibrate(&index, &queries, 2, &Control::default(), &mut |_| ());
        assert!(matches!(result, Err(Error::Vector { .. })), "{result:?}");
    };
    refused(&[], &[]);
    refused(&[1.0; DIMENSION], &[vec![0], vec![1]]);
    refused(&[f32::NAN; DIMENSION], &[vec![0]]);
    // Ids that do not exist are never found.
    let nowhere = [vec![u32::MAX]];
    let queries = asked(&[1.0; DIMENSION], &nowhere);
    let calibration = calibrate(&index, &queries, 1, &Control::default(), &mut |_| ());
    assert!(calibration.expect("valid").points.iter().all(|point| point.estimated == 0.0));
}

#[test]
fn promises_hold_for_topics_that_lie_near_some_queries_and_far_from_others() {
    let made = Made::new(&vectors(8000, 0.7, 3), 150);
    let mut segments = made.rows();
    let queries = vectors(400, 1.0, 4);
    let (ours, others) = queries.split_at(200 * DIMENSION);
    let calibration = {
        let index = Index { codebook: made.book.view(), segments: &segments };
        calibrated(&index, ours, &truth(&segments, ours, TRUTH_ROWS, |_| true), 2)
    };
    // The fifth of all rows that lies nearest to one of them.
    let mut region = truth(&segments, &others[..DIMENSION], 1600, |_| true).concat();
    region.sort_unstable();
    let pass = |id: u32| region.binary_search(&id).is_ok();
    let filters: Vec<_> = made.segments.iter().map(|segment| filter(segment, pass)).collect();
    for (segment, mask) in segments.iter_mut().zip(&filters) {
        segment.allowed = Some(mask.allowed());
    }
    let known = truth(&segments, others, 10, pass);
    let index = Index { codebook: made.book.view(), segments: &segments };
    let mut scratch = SearchScratch::default();
    for target in [0.8, 0.9, 0.95, 0.99] {
        let (mut found, mut probes) = (0.0, Vec::new());
        for (query, known) in others.chunks(DIMENSION).zip(&known) {
            let effort = calibration.effort_at(&index, query, target, 10, 0.2, &mut scratch);
            let (effort, _) = effort.expect("finite").expect("points");
            found += recall(&index, query, std::slice::from_ref(known), 10, effort);
            probes.push(effort.probes);
        }
        let found = found / known.len() as f64;
        // More than the promise where it is low: narrow topics are searched farther.
        let beyond = found - f64::from(target);
        assert!((-0.02..0.07).contains(&beyond), "{target}: {found}");
        assert!(probes.iter().min() < probes.iter().max(), "queries differ");
    }
}
