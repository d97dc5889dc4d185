//! Exact search against sorting all scores.

use std::cmp::Ordering;
use std::time::Instant;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::control::CancelToken;
use crate::kernel::quantize::{f16_from_f32, f32_from_f16, quantize_int8};

/// A document key that does not follow the row id.
fn key(row: u32) -> u32 {
    row.wrapping_mul(2_654_435_761)
}

fn by_key(a: u32, b: u32) -> Result<Ordering> {
    Ok(key(a).cmp(&key(b)))
}

fn nearest(
    rows: &Rows<'_>,
    query: &[f32],
    k: usize,
    allowed: Option<&RoaringBitmap>,
) -> Vec<(u32, f32)> {
    search(rows, query.len(), query, k, allowed, &Control::default(), &mut by_key).unwrap()
}

/// All allowed rows by exact score, in double precision, then key.
fn sorted(rows: &[Vec<f32>], query: &[f32], allowed: Option<&RoaringBitmap>) -> Vec<(u32, f64)> {
    let score = |row: &Vec<f32>| {
        row.iter().zip(query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>()
    };
    let mut hits: Vec<(u32, f64)> = (0..).zip(rows.iter().map(score)).collect();
    hits.retain(|hit| allowed.is_none_or(|allowed| allowed.contains(hit.0)));
    // Not `total_cmp`: zeros of either sign are equal scores.
    hits.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap().then(key(a.0).cmp(&key(b.0))));
    hits
}

/// Small numbers whose products and sums are exact in every form, with many equal scores.
fn exact_number() -> impl Strategy<Value = f32> {
    select(vec![-1.0, -0.5, 0.0, 0.5, 1.0])
}

fn exact_case() -> impl Strategy<Value = (Vec<Vec<f32>>, Vec<f32>)> {
    (1usize..40, prop_oneof![4 => 0usize..60, 1 => 500usize..1100]).prop_flat_map(
        |(dimension, count)| {
            (vec(vec(exact_number(), dimension), count), vec(exact_number(), dimension))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn equals_a_sort_under_any_mask(
        (rows, query) in exact_case(),
        k in prop_oneof![0usize..20, Just(2000)],
        mask in prop_oneof![Just(None), (1u32..40, 0u32..7).prop_map(Some)],
    ) {
        let allowed = mask.map(|(step, first)| {
            (first..rows.len() as u32).step_by(step as usize).collect::<RoaringBitmap>()
        });
        let flat: Vec<f32> = rows.concat();
        let half: Vec<u16> = flat.iter().map(|value| f16_from_f32(*value)).collect();
        let mut expected = sorted(&rows, &query, allowed.as_ref());
        expected.truncate(k);
        for rows in [Rows::F32(&flat), Rows::F16(&half)] {
            let hits = nearest(&rows, &query, k, allowed.as_ref());
            let hits: Vec<(u32, f64)> = hits.iter().map(|hit| (hit.0, f64::from(hit.1))).collect();
            prop_assert_eq!(&hits, &expected);
        }
    }

    #[test]
    fn int8_scores_are_near_and_prefixes_agree(
        rows in vec(vec(-1.0f32..1.0, 48), 1..80),
        query in vec(-1.0f32..1.0, 48),
        k in 1usize..40,
    ) {
        let (mut codes, mut scales) = (Vec::new(), Vec::new());
        for row in &rows {
            scales.push(quantize_int8(row, &mut codes));
        }
        let stored = Rows::Int8 { codes: &codes, scales: &scales };
        let all = nearest(&stored, &query, usize::MAX, None);
        prop_assert_eq!(all.len(), rows.len());
        prop_assert_eq!(&nearest(&stored, &query, k, None)[..], &all[..k.min(rows.len())]);
        let exact = sorted(&rows, &query, None);
        for (row, score) in all {
            let exact = exact.iter().find(|hit| hit.0 == row).map(|hit| hit.1).unwrap();
            // Half a step of 1/127 in each of 48 products of numbers below one.
            prop_assert!((f64::from(score) - exact).abs() < 48.0 * 0.5 / 127.0 + 0.01);
        }
    }
}

#[test]
fn a_filter_across_containers_and_blocks() {
    // One dimension: the score of a row is its own value.
    let count = 200_000u32;
    let values: Vec<u16> = (0..count).map(|row| f16_from_f32((key(row) % 2048) as f32)).collect();
    let mut allowed: RoaringBitmap = (3..count).step_by(97).collect();
    allowed.insert_range(70_000..75_000);
    allowed.insert(count - 1);
    let hits = nearest(&Rows::F16(&values), &[1.0], 700, Some(&allowed));
    let mut expected: Vec<u32> = allowed.iter().collect();
    let score = |row: u32| f32_from_f16(values[row as usize]);
    expected.sort_by(|a, b| score(*b).total_cmp(&score(*a)).then(key(*a).cmp(&key(*b))));
    assert_eq!(hits.iter().map(|hit| hit.0).collect::<Vec<_>>(), &expected[..700]);
}

#[test]
fn containers_that_are_one_run_are_searched() {
    let count = 4 * 65_536 + 100;
    let values: Vec<f32> = (0..count).map(|row| (key(row) % 4096) as f32).collect();
    for (allowed, what) in [
        ((0..count).collect::<RoaringBitmap>(), "all"),
        ((0..count).filter(|row| *row != 70_000).collect(), "all but one"),
        ((65_536..3 * 65_536).collect(), "two containers"),
    ] {
        let mut runs = allowed.clone();
        runs.optimize();
        for allowed in [allowed, runs] {
            let hits = nearest(&Rows::F32(&values), &[1.0], usize::MAX, Some(&allowed));
            let mut found: Vec<u32> = hits.into_iter().map(|hit| hit.0).collect();
            found.sort_unstable();
            assert!(found.into_iter().eq(allowed.iter()), "{what}");
        }
    }
}

#[test]
fn nothing_to_find() {
    let rows = Rows::F32(&[1.0, 2.0]);
    assert!(nearest(&rows, &[1.0], 0, None).is_empty());
    assert!(nearest(&rows, &[1.0], 5, Some(&RoaringBitmap::new())).is_empty());
    assert!(nearest(&Rows::F32(&[]), &[1.0], 5, None).is_empty());
}

fn refusal(rows: &Rows<'_>, dimension: usize, query: &[f32], allowed: &[u32]) -> String {
    let allowed: RoaringBitmap = allowed.iter().collect();
    let control = Control::default();
    let found = search(rows, dimension, query, 1, Some(&allowed), &control, &mut by_key);
    found.unwrap_err().to_string()
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let rows = Rows::F32(&[1.0, 2.0]);
    let long = vec![0.0; DIMENSION_MAX + 1];
    for (message, expected) in [
        (refusal(&rows, 2, &[1.0], &[]), "expected dimension 2, found 1"),
        (refusal(&rows, 2, &[1.0, f32::NAN], &[]), "not every number is finite"),
        (refusal(&rows, 2, &[f32::INFINITY, 0.0], &[]), "not every number is finite"),
        (refusal(&rows, 3, &[1.0; 3], &[]), "not a whole number of vectors"),
        (refusal(&rows, 0, &[], &[]), "not a whole number of vectors"),
        (refusal(&Rows::F32(&long), long.len(), &long, &[]), "above 8192"),
        (refusal(&rows, 2, &[1.0; 2], &[0, 1]), "the filter allows row 1, there are 1 rows"),
        (refusal(&Rows::F16(&[0x3c00, 0x7e00]), 1, &[1.0], &[1]), "row 1: its score"),
    ] {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_row_that_is_not_finite_is_an_error_whatever_was_found_before() {
    let mut values: Vec<f32> = (0..2000).map(|row| row as f32).collect();
    values[1500] = f32::NAN;
    for k in [1, 3000] {
        let found =
            search(&Rows::F32(&values), 1, &[-1.0], k, None, &Control::default(), &mut by_key);
        assert!(matches!(found, Err(Error::Vector { subject, .. }) if subject == "row 1500"));
    }
}

#[test]
fn control_and_tie_end_the_search() {
    let rows = Rows::F32(&[1.0, 1.0]);
    let token = CancelToken::new();
    token.cancel();
    let cancelled = Control { cancel: Some(token), ..Control::default() };
    let found = search(&rows, 1, &[1.0], 1, None, &cancelled, &mut by_key);
    assert!(matches!(found, Err(Error::Cancelled)));
    let late = Control { deadline: Some(Instant::now()), ..Control::default() };
    let found = search(&rows, 1, &[1.0], 1, None, &late, &mut by_key);
    assert!(matches!(found, Err(Error::DeadlineExceeded)));
    let mut failing = |_, _| Err(Error::Poisoned { reason: "tie".to_owned() });
    let found = search(&rows, 1, &[1.0], 1, None, &Control::default(), &mut failing);
    assert!(matches!(found, Err(Error::Poisoned { .. })));
}
