//! Every variant that this processor can run against the scalar oracle, bit for bit.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::kernel::isa::{Isa, Level};
use crate::kernel::prepared::PreparedVector;
use crate::kernel::quantize;

/// Any half-precision bits, NaN and infinities included.
fn halves(len: usize) -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), len)
}

/// Any single-precision number, some of them extreme.
fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => -1.0f32..1.0,
        1 => select(vec![0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1.0e-45, 1.0e20]),
        1 => any::<f32>(),
    ]
}

/// A query of one of many lengths around those of registers, mostly ordinary, some extreme.
fn query() -> impl Strategy<Value = Vec<f32>> {
    let dimension = prop_oneof![8 => 1usize..200, 1 => select(vec![384, 768, 1000, 1024])];
    dimension.prop_flat_map(move |dimension| {
        vec(number().prop_map(|value| if value.is_finite() { value } else { 1.0 }), dimension)
    })
}

/// A query, some rows of its dimension behind an unaligned start, and ids of them.
fn case<T: std::fmt::Debug, S: Strategy<Value = Vec<T>>>(
    elements: impl Fn(usize) -> S,
) -> impl Strategy<Value = (Vec<f32>, usize, Vec<T>, Vec<u32>)> {
    (query(), 1usize..12, 0usize..5).prop_flat_map(move |(query, count, start)| {
        let elements = elements(start + count * query.len());
        (Just(query), Just(start), elements, vec(0..count as u32, 0..20))
    })
}

/// The bits of the scores that one variant gives; all NaN alike, as only their being so counts.
fn bits(isa: Isa, rows: &Rows<'_>, query: &[f32], ids: &[u32]) -> Vec<u32> {
    let query = PreparedVector::new(query).unwrap();
    let mut scores = vec![f32::NAN; ids.len()];
    super::score(isa, rows, &query, ids, &mut scores);
    scores.iter().map(|s| if s.is_nan() { u32::MAX } else { s.to_bits() }).collect()
}

fn assert_same(rows: &Rows<'_>, query: &[f32], ids: &[u32]) {
    let expected = bits(Isa(Level::Scalar), rows, query, ids);
    for isa in Isa::available() {
        assert_eq!(bits(isa, rows, query, ids), expected, "{}", isa.name());
    }
}

proptest! {
    #[test]
    fn int8_rows_equal_the_oracle(
        (query, start, codes, ids) in case(|len| vec(any::<i8>(), len)),
        scales in vec(number(), 12),
    ) {
        let codes = &codes[start..];
        let scales = &scales[..codes.len() / query.len()];
        assert_same(&Rows::Int8 { codes, scales }, &query, &ids);
    }

    #[test]
    fn f16_rows_equal_the_oracle((query, start, values, ids) in case(halves)) {
        assert_same(&Rows::F16(&values[start..]), &query, &ids);
    }

    #[test]
    fn f32_rows_equal_the_oracle((query, start, values, ids) in case(|len| vec(number(), len))) {
        assert_same(&Rows::F32(&values[start..]), &query, &ids);
    }
}

#[test]
fn the_greatest_sums_do_not_overflow() {
    for dimension in [8192, 8191, 511, 512] {
        for (code, sign) in [(-128i8, 1.0f32), (-128, -1.0), (127, 1.0)] {
            let query = vec![sign; dimension];
            let codes = vec![code; dimension];
            let rows = Rows::Int8 { codes: &codes, scales: &[1.0] };
            assert_same(&rows, &query, &[0]);
            let mut score = [0.0];
            super::score(
                Isa::detect(),
                &rows,
                &PreparedVector::new(&query).unwrap(),
                &[0],
                &mut score,
            );
            let exact = f64::from(code) * f64::from(sign) * dimension as f64;
            assert!((f64::from(score[0]) / exact - 1.0).abs() < 1.0e-6, "{score:?} {exact}");
        }
    }
}

#[test]
fn every_half_precision_number_is_widened_exactly() {
    let values: Vec<u16> = (0..=u16::MAX).collect();
    let ids: Vec<u32> = (0..=u32::from(u16::MAX)).collect();
    assert_same(&Rows::F16(&values), &[1.0], &ids);
}

#[test]
fn scores_are_dot_products() {
    let query = [0.5, -1.0, 2.0];
    let halves = [1.0, 2.0, 4.0, 0.25, 0.0, -8.0].map(quantize::f16_from_f32);
    let ids = [1, 0, 1];
    let expected = [-15.875, 6.5, -15.875];
    for isa in Isa::available() {
        let mut scores = [0.0; 3];
        let query = PreparedVector::new(&query).unwrap();
        super::score(isa, &Rows::F16(&halves), &query, &ids, &mut scores);
        assert_eq!(scores, expected, "{} f16", isa.name());
        let values = [1.0, 2.0, 4.0, 0.25, 0.0, -8.0];
        super::score(isa, &Rows::F32(&values), &query, &ids, &mut scores);
        assert_eq!(scores, expected, "{} f32", isa.name());
        let rows = Rows::Int8 { codes: &[4, 8, 16, 1, 0, -32], scales: &[0.25, 0.25] };
        super::score(isa, &rows, &query, &ids, &mut scores);
        for (score, expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 1.0e-3, "{} int8", isa.name());
        }
    }
}

#[test]
fn counts_only_whole_rows() {
    assert_eq!(Rows::F32(&[0.0; 6]).count(3), Some(2));
    assert_eq!(Rows::F32(&[0.0; 6]).count(4), None);
    assert_eq!(Rows::F16(&[0; 6]).count(0), None);
    assert_eq!(Rows::F16(&[]).count(5), Some(0));
    assert_eq!(Rows::Int8 { codes: &[0; 6], scales: &[0.0; 2] }.count(3), Some(2));
    assert_eq!(Rows::Int8 { codes: &[0; 6], scales: &[0.0; 3] }.count(3), None);
}

#[test]
#[should_panic(expected = "row 2 of 2")]
fn a_row_out_of_bounds_is_refused() {
    let query = PreparedVector::new(&[1.0; 3]).unwrap();
    super::score(Isa::detect(), &Rows::F32(&[0.0; 6]), &query, &[0, 2], &mut [0.0; 2]);
}
