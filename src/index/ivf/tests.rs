//! The index against exact search, and what must not change its answers.

use std::cmp::Ordering;
use std::slice;

use proptest::prelude::*;

mod hostile;

use hostile::try_search;

use super::copied::Copies;
use super::*;
use crate::control::CancelToken;
use crate::index::codebook::{Codebook, TrainedCodebook};
use crate::index::encode::{Factors, RowEncoder};
use crate::index::flat;
use crate::index::train::{TrainOptions, train};
use crate::kernel::quantize::{f16_from_f32, f32_from_f16, quantize_int8};
use crate::kernel::random::Random;
use crate::kernel::scan::block::pack;
use crate::kernel::{Rows, normalize, score};

const DIMENSION: usize = 18;

/// Rows around clumps, of length 1; some twice.
fn vectors(count: usize, random: &mut Random) -> Vec<f32> {
    let mut number = |_| random.below(2001) as f32 / 1000.0 - 1.0;
    let centers: Vec<f32> = (0..20 * DIMENSION).map(&mut number).collect();
    let mut rows: Vec<f32> = Vec::with_capacity(count * DIMENSION);
    for row in 0..count {
        if row % 17 == 16 {
            rows.extend_from_within((row - 3) * DIMENSION..(row - 2) * DIMENSION);
            continue;
        }
        let center = &centers[row % 20 * DIMENSION..][..DIMENSION];
        rows.extend(center.iter().enumerate().map(|(at, value)| value + 0.7 * number(at)));
    }
    rows.chunks_mut(DIMENSION).for_each(|row| assert!(normalize(row)));
    rows
}

fn codebook(rows: &[f32], lists: usize) -> TrainedCodebook {
    let options = TrainOptions {
        lists: Some(lists),
        total_rows: 0,
        sub_dimension: Some(2),
        seed: 3,
        threads: 1,
    };
    train(rows, DIMENSION, &options, &Control::default(), &mut |_, _| ()).unwrap()
}

/// A segment that owns its arrays. Row `r` holds the document `documents[r]`.
#[derive(Clone, Debug, Default)]
struct Segment {
    documents: Vec<u32>,
    list_offsets: Vec<u32>,
    codes: Vec<u8>,
    scales: Vec<u16>,
    int8: (Vec<i8>, Vec<f32>),
    f16: Vec<u16>,
    words: Vec<u64>,
    list_counts: Vec<u32>,
    filled: Vec<u64>,
    allowed_lists: Vec<u64>,
    copies: Option<(Copies, Vec<u64>)>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Int8,
    F16,
}

impl Segment {
    /// Indexes `documents`, which are rows of `vectors`; only those of `allowed` may be found.
    fn new(
        book: &TrainedCodebook,
        vectors: &[f32],
        documents: &[u32],
        allowed: impl Fn(u32) -> bool,
    ) -> Segment {
        let view = book.view();
        let encoder = RowEncoder::new(&view).unwrap();
        let control = Control::default();
        let row = |document: u32| &vectors[document as usize * DIMENSION..][..DIMENSION];
        let gather = |documents: &[u32]| -> Vec<f32> {
            documents.iter().flat_map(|document| row(*document)).copied().collect()
        };
        let lists = encoder.assign(&gather(documents), 1, &control).unwrap();
        let mut order: Vec<(u32, u32)> = lists.into_iter().zip(documents.iter().copied()).collect();
        order.sort_unstable();
        let (lists, documents): (Vec<u32>, Vec<u32>) = order.into_iter().unzip();
        let rows = gather(&documents);
        let mut codes = vec![0; documents.len() * encoder.sub_quantizers()];
        let mut factors = vec![Factors::default(); documents.len()];
        encoder.encode(&rows, &lists, 1, &control, &mut codes, &mut factors).unwrap();
        let mut segment = Segment {
            codes: pack(&codes, encoder.sub_quantizers()),
            scales: factors.iter().map(|factors| factors.scale).collect(),
            f16: rows.iter().map(|value| f16_from_f32(*value)).collect(),
            ..Segment::default()
        };
        for row in rows.chunks(DIMENSION) {
            let scale = quantize_int8(row, &mut segment.int8.0);
            segment.int8.1.push(scale);
        }
        let offset = |list: usize| lists.partition_point(|of| (*of as usize) < list) as u32;
        segment.list_offsets = (0..=view.lists()).map(offset).collect();
        segment.filled = filled_lists(&segment.list_offsets);
        let kept = (0..).zip(&documents).filter(|(_, document)| allowed(**document));
        let kept = kept.map(|(row, _)| row).collect();
        let mask = RowMask::new(&kept, &segment.list_offsets);
        let Allowed { words, list_counts, filled } = mask.allowed();
        segment.words = words.to_vec();
        segment.list_counts = list_counts.to_vec();
        segment.allowed_lists = filled.to_vec();
        segment.documents = documents;
        let copies = Copies::new(&encoder, &rows, &lists, view.lists());
        segment.copies = copies.map(|copies| {
            let words = copies.allowed(&segment.words);
            (copies, words)
        });
        segment
    }

    fn allowed(&self) -> Allowed<'_> {
        Allowed { words: &self.words, list_counts: &self.list_counts, filled: &self.allowed_lists }
    }

    fn view(&self, base: u32, form: Form, filtered: bool) -> IndexedRows<'_> {
        IndexedRows {
            base,
            list_offsets: &self.list_offsets,
            filled: &self.filled,
            codes: &self.codes,
            scales: &self.scales,
            rows: match form {
                Form::Int8 => Rows::Int8 { codes: &self.int8.0, scales: &self.int8.1 },
                Form::F16 => Rows::F16(&self.f16),
            },
            allowed: filtered.then(|| self.allowed()),
            spilled: self
                .copies
                .as_ref()
                .map(|(copies, words)| copies.view(filtered.then_some(words.as_slice()))),
            pages: None,
        }
    }
}

/// Vectors, their codebook and segments, and a filter.
struct Made {
    book: TrainedCodebook,
    segments: Vec<Segment>,
    query: Vec<f32>,
    filtered: bool,
    form: Form,
    stop: Option<Stop>,
    copies: bool,
}

impl Made {
    /// `count` documents, of which every `keep`-th is allowed, spread over `segments` segments.
    fn new(count: usize, lists: usize, segments: usize, keep: u32, seed: u64) -> Made {
        let mut random = Random::new(seed);
        let rows = vectors(count, &mut random);
        let book = codebook(&rows, lists);
        let number = |_| random.below(2001) as f32 / 1000.0 - 1.0;
        let query = (0..DIMENSION).map(number).collect();
        let segment = |at: u32| {
            let mine = (0..count as u32).filter(|document| document % segments as u32 == at);
            let mine: Vec<u32> = mine.collect();
            Segment::new(&book, &rows, &mine, |document| document.is_multiple_of(keep))
        };
        let segments = (0..segments as u32).map(segment).collect();
        Made {
            book,
            segments,
            query,
            filtered: keep > 1,
            form: Form::Int8,
            stop: None,
            copies: false,
        }
    }

    /// Whether a search scans copies.
    fn has_copies(&self) -> bool {
        self.copies && self.segments.iter().all(|segment| segment.copies.is_some())
    }

    /// Document of every id.
    fn documents(&self) -> Vec<u32> {
        self.segments.iter().flat_map(|segment| &segment.documents).copied().collect()
    }

    /// Documents and scores of the best `k`, and what was probed.
    fn search(&self, k: usize, probes: u32, candidates: u32) -> (Vec<(u32, f32)>, Probed) {
        let documents = self.documents();
        let mut tie = |a: u32, b: u32| Ok(documents[a as usize].cmp(&documents[b as usize]));
        let effort = Effort { probes, candidates, stop: self.stop, copies: self.copies };
        let mut base = 0;
        let mut views = Vec::new();
        for segment in &self.segments {
            views.push(segment.view(base, self.form, self.filtered));
            base += segment.documents.len() as u32;
        }
        let index = Index { codebook: self.book.view(), segments: &views };
        let mut scratch = Scratch::default();
        let control = Control::default();
        let mut found = None;
        for _ in 0..2 {
            let again =
                index.search(&self.query, k, effort, &control, &mut scratch, &mut tie).unwrap();
            assert!(found.as_ref().is_none_or(|first| *first == again), "buffers are reset");
            found = Some(again);
        }
        let (hits, probed) = found.unwrap();
        (hits.into_iter().map(|(id, score)| (documents[id as usize], score)).collect(), probed)
    }

    /// The same by exact search of each segment's rows.
    fn exact(&self, k: usize) -> Vec<(u32, f32)> {
        let mut hits = Vec::new();
        for segment in &self.segments {
            let rows = segment.allowed().to_bitmap();
            let documents = &segment.documents;
            let mut tie = |a: u32, b: u32| Ok(documents[a as usize].cmp(&documents[b as usize]));
            let view = segment.view(0, self.form, false);
            let control = Control::default();
            let allowed = self.filtered.then_some(&rows);
            let found =
                flat::search(&view.rows, DIMENSION, &self.query, k, allowed, &control, &mut tie);
            let found = found.unwrap().into_iter();
            hits.extend(found.map(|(row, score)| (documents[row as usize], score)));
        }
        hits.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        hits.truncate(k);
        hits
    }
}

/// A rule that stops anywhere between the first lists and the last, or none.
fn rule(random: &mut Random) -> Option<Stop> {
    let spread = 0.05 + random.below(100) as f32 / 400.0;
    let limit = 10.0f32.powi(-(random.below(8) as i32));
    (random.below(4) > 0).then_some(Stop { spread, limit })
}

/// A list's rank, bias, and the estimates and documents of its rows and copies, and which they are.
type List = (f32, f32, Vec<(f32, u32, bool)>);

/// The lists that a rule takes, found by sorting all of them, and the hits of `k`; `None` where rounding decides.
fn walk(made: &Made, k: usize, probes: usize, candidates: usize) -> Option<(usize, Vec<u32>)> {
    let stop = made.stop.unwrap();
    let book = made.book.view();
    let query = PreparedVector::new(&made.query).unwrap();
    let ids: Vec<u32> = (0..book.lists() as u32).collect();
    let mut biases = vec![0.0; ids.len()];
    score(Isa::detect(), &book.centroids, &query, &ids, &mut biases);
    let mut look_up = LookUp::default();
    scan::fill(Isa::detect(), &mut look_up, &made.query, book.points, book.sub_dimension);
    let mut lists: Vec<List> = Vec::new();
    for (list, bias) in ids.iter().zip(&biases) {
        let factor = f32_from_f16(book.ranking_factors[*list as usize]);
        let mut rows = Vec::new();
        for segment in &made.segments {
            let view = segment.view(0, made.form, made.filtered);
            for layer in view.layers(made.copies) {
                let mut all = Candidates::new();
                all.reset(10_000);
                let ranges = [layer.range(*list, *bias)];
                scan::scan(Isa::detect(), &layer.coded, &ranges, &look_up, &mut all);
                let is_copy = layer.is_copies();
                rows.extend(all.best().map(|(id, of)| {
                    let row = row_of(&[view], made.copies, id);
                    (of, segment.documents[row as usize], is_copy)
                }));
            }
        }
        if rows.iter().any(|row| !row.2) {
            lists.push((bias * factor, *bias, rows));
        }
    }
    lists.sort_by(|a, b| b.0.total_cmp(&a.0));
    let first = first_lists(probes).min(lists.len());
    let own = |lists: &[List]| lists.iter().flat_map(|list| &list.2).filter(|row| !row.2).count();
    let best = |lists: &[List]| {
        let mut rows: Vec<(f32, u32, bool)> =
            lists.iter().flat_map(|list| &list.2).copied().collect();
        rows.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        rows
    };
    let (before, rest) = lists.split_at(first);
    let mut end = lists.len();
    if let Some((worst, ..)) = best(before).get(candidates - 1)
        && let (Some(top), Some(last)) = (rest.first(), rest.last())
    {
        let width = 64.0 / (top.0 - last.0);
        let bin = |rank: f32| (((top.0 - rank) * width) as usize).min(63);
        let hope = |list: &List| {
            let steps = ((worst - list.1) * (16.0 / stop.spread)).max(0.0).floor();
            let z = f64::from(steps) / 16.0;
            if z < 6.0 { own(slice::from_ref(list)) as f64 * (-z * z / 2.0).exp() } else { 0.0 }
        };
        for bins in 0..=64 {
            let taken = rest.partition_point(|list| bin(list.0) < bins);
            let scanned = own(&lists[..first + taken]) as f64;
            let left = rest[taken..].iter().map(hope).sum::<f64>() / scanned;
            if (left - f64::from(stop.limit)).abs() < 1.0e-6 * left {
                return None;
            }
            if left <= f64::from(stop.limit) {
                end = first + taken;
                break;
            }
        }
    }
    let exact = made.exact(10_000);
    let most = candidates.max(if made.copies { 2 * k - 1 } else { k });
    let kept: Vec<u32> = best(&lists[..end]).into_iter().take(most).map(|row| row.1).collect();
    let hits = exact.iter().map(|hit| hit.0).filter(|document| kept.contains(document));
    Some((end, hits.take(k).collect()))
}

fn keys(hits: &[(u32, f32)]) -> Vec<u32> {
    let mut keys: Vec<u32> = hits.iter().map(|hit| hit.0).collect();
    keys.sort_unstable();
    keys
}

/// A database of a few vectors, each many times over, as "Editorial" and "Reply" are in PubMed.
fn repeated(count: usize, distinct: usize, segments: usize, seed: u64) -> Made {
    let mut random = Random::new(seed);
    let some = vectors(distinct, &mut random);
    let of_row: Vec<usize> = (0..count).map(|_| random.below(distinct)).collect();
    let row = |place: &usize| &some[place * DIMENSION..][..DIMENSION];
    let rows: Vec<f32> = of_row.iter().flat_map(row).copied().collect();
    let book = codebook(&rows, 12.min(count));
    let query = row(&random.below(distinct)).iter().map(|value| value * 1.5).collect();
    let segment = |at: usize| {
        let mine: Vec<u32> =
            (0..count as u32).filter(|row| *row as usize % segments == at).collect();
        Segment::new(&book, &rows, &mine, |document| document % 5 != 3)
    };
    let segments = (0..segments).map(segment).collect();
    let stop = rule(&mut random);
    let (filtered, copies) = (random.below(2) == 1, random.below(2) == 1);
    Made { book, segments, query, filtered, form: Form::Int8, stop, copies }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn of_equal_vectors_the_first_by_key_are_found_whatever_the_effort(
        count in 30usize..900, distinct in 1usize..9, segments in 1usize..4, k in 1usize..40,
        candidates in 1u32..60, seed in any::<u64>(),
    ) {
        let made = repeated(count, distinct, segments, seed);
        let exact = made.exact(count);
        let all = made.search(count, 1000, count as u32).0;
        prop_assert_eq!(&all, &exact);
        let one = repeated(count, distinct, 1, seed);
        // Whatever is a hit, it is the first of those that equal it.
        let (hits, _) = made.search(k, 1000, candidates);
        prop_assert_eq!(&hits, &one.search(k, 1000, candidates).0);
        for equal in hits.chunk_by(|a, b| a.1 == b.1) {
            let first = exact.iter().filter(|hit| hit.1 == equal[0].1).take(equal.len());
            prop_assert!(equal.iter().eq(first), "{equal:?}");
        }
        // The best vector's list is probed first, and no estimate lies above that of its rows.
        let best: Vec<_> = exact.iter().take_while(|hit| hit.1 == exact[0].1).take(k).collect();
        let probed = made.search(k, 3, candidates).0;
        prop_assert!(distinct > 1 || probed.iter().zip(&best).all(|(hit, best)| hit == *best));
        for greater in [k + 1, k * 3] {
            let more = made.search(greater, 1000, candidates.max(greater as u32)).0;
            let same = made.search(k, 1000, candidates.max(greater as u32)).0;
            prop_assert_eq!(&more[..k.min(more.len())], &same[..]);
        }
    }

    #[test]
    fn with_all_lists_and_candidates_it_is_exact(
        count in 30usize..400, lists in 1usize..25, segments in 1usize..4, keep in 1u32..8,
        k in 1usize..50, seed in any::<u64>(), int8 in any::<bool>(), copies in any::<bool>(),
    ) {
        let mut made = Made::new(count, lists, segments, keep, seed);
        made.form = if int8 { Form::Int8 } else { Form::F16 };
        made.copies = copies;
        let (hits, probed) = made.search(k, 1000, 1000);
        prop_assert_eq!(&hits, &made.exact(k));
        let allowed = (0..count as u32).filter(|document| document % keep == 0).count();
        let copies = if made.has_copies() { count } else { 0 };
        let rows = probed.rows as usize;
        // A list without an allowed row of its own is not scanned.
        prop_assert!((allowed..=allowed + copies).contains(&rows), "{rows} {allowed} {copies}");
        prop_assert!(keep > 1 || rows == allowed + copies);
        prop_assert_eq!(probed.reranked, allowed as u64);
    }

    #[test]
    fn a_rule_stops_where_a_plain_walk_does(
        count in 200usize..1500, lists in 10usize..25, segments in 1usize..4, keep in 1u32..3,
        k in 1usize..20, probes in 16u32..40, candidates in 1u32..60, seed in any::<u64>(),
        copies in any::<bool>(),
    ) {
        let mut made = Made::new(count, lists, segments, keep, seed);
        made.copies = copies;
        made.stop = rule(&mut Random::new(seed));
        prop_assume!(made.stop.is_some());
        let expected = walk(&made, k, probes as usize, candidates as usize);
        prop_assume!(expected.is_some());
        let (lists, documents) = expected.unwrap();
        let (hits, probed) = made.search(k, probes, candidates);
        prop_assert_eq!(probed.lists as usize, lists);
        prop_assert_eq!(hits.iter().map(|hit| hit.0).collect::<Vec<_>>(), documents);
    }

    #[test]
    fn answers_do_not_depend_on_segments(
        count in 30usize..400, lists in 4usize..25, keep in 1u32..8, k in 1usize..20,
        probes in 1u32..24, candidates in 1u32..60, seed in any::<u64>(), copies in any::<bool>(),
    ) {
        let mut one = Made::new(count, lists, 1, keep, seed);
        let mut some = Made::new(count, lists, 3, keep, seed);
        one.stop = rule(&mut Random::new(seed));
        some.stop = one.stop;
        (one.copies, some.copies) = (copies, copies);
        let (hits, probed) = one.search(k, probes, candidates);
        let (others, probed_others) = some.search(k, probes, candidates);
        prop_assert_eq!(probed.lists, probed_others.lists);
        prop_assert_eq!(probed.rows, probed_others.rows);
        prop_assert_eq!(hits, others);
    }

    #[test]
    fn k_hits_whenever_k_rows_match_and_none_worse_for_a_greater_k(
        count in 30usize..400, lists in 4usize..60, segments in 1usize..3, keep in 1u32..40,
        probes in 1u32..20, candidates in 1u32..20, seed in any::<u64>(), copies in any::<bool>(),
    ) {
        let made = Made { copies, ..Made::new(count, lists, segments, keep, seed) };
        no_greater_k_is_worse(made, count, keep, (probes, candidates), seed)?;
    }
}

#[test]
fn lists_that_a_rule_took_stay_where_more_are_needed() {
    // Its best four lists by their codes are not its best four.
    let seed = 9_514_193_386_991_138_391;
    let made = Made::new(219, 22, 1, 11, seed);
    no_greater_k_is_worse(made, 219, 11, (4, 3), seed).expect("no worse");
}

/// Searches for ever more hits: exactly as many as are there, each as good as before.
fn no_greater_k_is_worse(
    mut made: Made,
    count: usize,
    keep: u32,
    (probes, candidates): (u32, u32),
    seed: u64,
) -> Result<(), TestCaseError> {
    made.stop = rule(&mut Random::new(seed));
    let allowed = (0..count as u32).filter(|document| document % keep == 0).count();
    let mut before: Vec<(u32, f32)> = Vec::new();
    for k in [1, 2, 5, 13, 40, 1000] {
        let (hits, probed) = made.search(k, probes, candidates);
        prop_assert_eq!(hits.len(), k.min(allowed));
        prop_assert!(hits.iter().all(|hit| hit.0 % keep == 0), "the filter holds");
        prop_assert!(probed.reranked >= hits.len() as u64);
        let no_worse = before.iter().zip(&hits).all(|(before, hit)| hit.1 >= before.1);
        prop_assert!(no_worse, "{before:?} {hits:?}");
        before = hits;
    }
    Ok(())
}

#[test]
fn a_part_of_the_lists_finds_most_neighbours() {
    let (mut found, mut rows) = (0, 0);
    for seed in 0..20 {
        let made = Made::new(2000, 60, 2, 1, seed);
        let (hits, probed) = made.search(10, 20, 40);
        let exact = keys(&made.exact(10));
        found += keys(&hits).iter().filter(|key| exact.binary_search(key).is_ok()).count();
        rows += probed.rows;
        assert_eq!((probed.lists, probed.reranked), (20, 40));
    }
    assert!(found >= 180, "{found} of 200");
    assert!(rows < 20 * 2000 / 2, "{rows} rows");
}

#[test]
fn extreme_queries_find_what_ordinary_ones_do() {
    let mut made = Made::new(300, 12, 1, 1, 4);
    let ordinary = keys(&made.search(10, 6, 40).0);
    let query = made.query.clone();
    for (factor, same) in [(1.0e36f32, true), (1.0e-30, true), (3.0e38, false), (0.0, false)] {
        made.query = query.iter().map(|value| value * factor).collect();
        let hits = made.search(10, 6, 40).0;
        assert_eq!(hits.len(), 10, "{factor}");
        assert!(!same || keys(&hits) == ordinary, "{factor}");
    }
}

#[test]
fn nothing_to_find_is_no_error() {
    let made = Made::new(100, 10, 1, 1, 1);
    assert_eq!(try_search(&made.book.view(), &[], &made.query).unwrap(), 0);
    assert_eq!(made.search(0, 5, 5), (Vec::new(), Probed::default()));
    let empty = Segment::new(&made.book, &[], &[], |_| true);
    let view = empty.view(0, Form::F16, true);
    assert_eq!(try_search(&made.book.view(), &[view], &made.query).unwrap(), 0);
}

#[test]
fn a_cancelled_search_ends() {
    let made = Made::new(100, 10, 1, 1, 1);
    let views = [made.segments[0].view(0, Form::Int8, false)];
    let index = Index { codebook: made.book.view(), segments: &views };
    let cancel = CancelToken::new();
    cancel.cancel();
    let control = Control { cancel: Some(cancel), ..Control::default() };
    let effort = Effort::fixed(1, 1);
    let mut tie = |_: u32, _: u32| Ok(Ordering::Equal);
    let found = index.search(&made.query, 1, effort, &control, &mut Scratch::default(), &mut tie);
    assert!(matches!(found, Err(Error::Cancelled)));
}

#[test]
fn what_lies_around_is_counted_from_the_nearest_list_on() {
    let made = Made::new(500, 12, 3, 4, 21);
    let mut views = Vec::new();
    for segment in &made.segments {
        views.push(segment.view(0, Form::Int8, true));
    }
    let index = Index { codebook: made.book.view(), segments: &views };
    let counts = [0, 1, 1, 5, 12, 40];
    let around = index.around(&made.query, &mut Scratch::default()).unwrap();
    let around = counts.map(|count| around.nearest(count));
    assert_eq!(around[0], Around::default());
    assert_eq!(around[1], around[2]);
    assert!(around.is_sorted_by_key(|around| (around.rows, around.matches, around.lists)));
    let matches = made.documents().iter().filter(|document| *document % 4 == 0).count() as u64;
    assert_eq!((around[4].rows, around[4].matches), (500.0, matches as f64));
    assert_eq!(around[5], around[4]);
    // The nearest list is the one that a search probes first.
    let (_, probed) = made.search(1, 1, 1);
    if around[1].matches > 0.0 {
        assert_eq!(probed.rows as f64, around[1].matches);
    }
}
