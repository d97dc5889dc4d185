//! Every unit this processor has against double precision.

use proptest::prelude::*;

use super::Bf16Panels;
use super::product::{multiply_by, round_by};
use super::scalar::rounded;
use super::unit::Unit;
use crate::kernel::matmul::Rows;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn agrees_with_double_precision_of_rounded_factors(
        rows in 1usize..20, depth in 1usize..70, columns in 1usize..70, seed in 0usize..1000,
    ) {
        let number = |at: usize| {
            ((at + seed).wrapping_mul(2_654_435_761) >> 7 & 0xffff) as f32 / 32_768.0 - 1.0
        };
        let lhs: Vec<f32> = (0..rows * (depth + 2)).map(number).collect();
        let weights: Vec<f32> = (9_000..9_000 + columns * depth).map(number).collect();
        let bias: Vec<f32> = (50..50 + columns).map(number).collect();
        let packed = Bf16Panels::pack_transposed(&weights, columns, depth);
        let half = |value: f32| f64::from(f32::from_bits(rounded(value) & 0xffff_0000));
        for unit in Unit::available() {
            let mut out = vec![7.0; rows * (columns + 1)];
            // What a longer row has left must not matter.
            let mut words = vec![u32::MAX; 3];
            let view = Rows { data: &lhs, stride: depth + 2 };
            round_by(unit, rows, view, &packed, &mut words);
            multiply_by(unit, rows, &words, &packed, 0..columns, &bias, &mut out, columns + 1);
            for row in 0..rows {
                for column in 0..columns {
                    let want = (0..depth).fold(f64::from(bias[column]), |sum, step| {
                        let factor = half(lhs[row * (depth + 2) + step]);
                        sum + factor * half(weights[column * depth + step])
                    });
                    let got = f64::from(out[row * (columns + 1) + column]);
                    prop_assert!((got - want).abs() < 2e-5, "{:?} {} {}", unit, got, want);
                }
                prop_assert_eq!(out[row * (columns + 1) + columns], 7.0);
            }
            let (mut alone, last) = (vec![0.0; columns], (rows - 1) * (depth + 2));
            let view = Rows { data: &lhs[last..], stride: depth };
            round_by(unit, 1, view, &packed, &mut words);
            multiply_by(unit, 1, &words, &packed, 0..columns, &bias, &mut alone, columns);
            prop_assert_eq!(&alone, &out[(rows - 1) * (columns + 1)..][..columns]);
        }
    }
}

#[test]
fn rounding_is_to_nearest_even_and_keeps_what_is_not_a_number() {
    let upper = |value: f32| rounded(value) >> 16;
    assert_eq!(upper(f32::from_bits(0x3f80_8000)), 0x3f80);
    assert_eq!(upper(f32::from_bits(0x3f81_8000)), 0x3f82);
    assert_eq!(upper(f32::from_bits(0x3f80_8001)), 0x3f81);
    assert_eq!(upper(f32::INFINITY), 0x7f80);
    assert!(f32::from_bits(upper(f32::from_bits(0x7f80_0001)) << 16).is_nan());
}
