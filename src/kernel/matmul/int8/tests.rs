//! Every unit this processor has against double precision.

use proptest::prelude::*;

use super::product::{multiply_by, round_by};
use super::unit::Unit;
use super::{Int8Panels, Int8Rows};
use crate::kernel::isa::Isa;
use crate::kernel::matmul::Rows;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn agrees_with_double_precision_within_the_steps_of_rounding(
        rows in 1usize..20, depth in 1usize..70, columns in 1usize..70, seed in 0usize..1000,
    ) {
        let number = |at: usize| {
            ((at + seed).wrapping_mul(2_654_435_761) >> 7 & 0xffff) as f32 / 32_768.0 - 1.0
        };
        let lhs: Vec<f32> = (0..rows * (depth + 2)).map(number).collect();
        let weights: Vec<f32> = (9_000..9_000 + columns * depth).map(number).collect();
        let bias: Vec<f32> = (50..50 + columns).map(number).collect();
        let packed = Int8Panels::pack_transposed(&weights, columns, depth);
        let mut first: Option<Vec<f32>> = None;
        for unit in Unit::available() {
            let mut out = vec![7.0; rows * (columns + 1)];
            let view = Rows { data: &lhs, stride: depth + 2 };
            let mut integers = Int8Rows::default();
            round_by(unit, rows, view, &packed, &mut integers);
            multiply_by(unit, &integers, &packed, 0..columns, &bias, &mut out, columns + 1);
            for row in 0..rows {
                for column in 0..columns {
                    let terms = (0..depth).map(|step| {
                        f64::from(lhs[row * (depth + 2) + step])
                            * f64::from(weights[column * depth + step])
                    });
                    let want = f64::from(bias[column]) + terms.sum::<f64>();
                    let got = f64::from(out[row * (columns + 1) + column]);
                    // Half a step of each factor, with factors of at most 1.
                    let allowed = depth as f64 * (1.0 / 255.0 + 0.5 / 127.0 + 1e-4);
                    prop_assert!((got - want).abs() < allowed, "{:?} {} {}", unit, got, want);
                }
                prop_assert_eq!(out[row * (columns + 1) + columns], 7.0);
            }
            for (one, other) in first.get_or_insert_with(|| out.clone()).iter().zip(&out) {
                prop_assert!((one - other).abs() < 1e-4, "{:?} {} {}", unit, one, other);
            }
            let (mut alone, last) = (vec![0.0; columns], (rows - 1) * (depth + 2));
            let view = Rows { data: &lhs[last..], stride: depth };
            let mut integers = Int8Rows::default();
            round_by(unit, 1, view, &packed, &mut integers);
            multiply_by(unit, &integers, &packed, 0..columns, &bias, &mut alone, columns);
            prop_assert_eq!(&alone, &out[(rows - 1) * (columns + 1)..][..columns]);
        }
    }
}

#[test]
fn rows_of_one_value_and_numbers_on_the_grid_are_exact() {
    let weights = [127.0, -127.0, 3.0, 5.0, 127.0, 0.0, 0.0, 64.0, 0.0, 0.0, 0.0, 0.0];
    let packed = Int8Panels::pack_transposed(&weights, 3, 4);
    for unit in Unit::available() {
        let rows = [2.0, 2.0, 2.0, 2.0, 0.0, 255.0, 10.0, 1.0];
        let mut out = [7.0; 6];
        let view = Rows { data: &rows, stride: 4 };
        let mut integers = Int8Rows::default();
        round_by(unit, 2, view, &packed, &mut integers);
        multiply_by(unit, &integers, &packed, 0..3, &[], &mut out, 3);
        let want = [16.0, 382.0, 0.0, -127.0 * 255.0 + 35.0, 64.0, 0.0];
        for (got, want) in out.iter().zip(want) {
            assert!((got - want).abs() < 1e-2, "{unit:?} {out:?}");
        }
    }
}

#[test]
fn a_value_that_is_not_finite_is_not_hidden() {
    let packed = Int8Panels::pack_transposed(&[1.0; 40], 2, 20);
    for unit in Unit::available() {
        for strange in [f32::NAN, f32::INFINITY] {
            let mut row = [0.5; 20];
            row[17] = strange;
            let (mut out, view) = ([0.0; 2], Rows { data: &row, stride: 20 });
            let mut integers = Int8Rows::default();
            round_by(unit, 1, view, &packed, &mut integers);
            multiply_by(unit, &integers, &packed, 0..2, &[], &mut out, 2);
            assert!(out.iter().all(|value| !value.is_finite()), "{unit:?} {out:?}");
        }
    }
    let broken = Int8Panels::pack_transposed(&[1.0, f32::NAN], 1, 2);
    let (mut out, view) = ([0.0], Rows { data: &[1.0, 2.0], stride: 2 });
    let unit = Unit::of(Isa::detect());
    let mut integers = Int8Rows::default();
    round_by(unit, 1, view, &broken, &mut integers);
    multiply_by(unit, &integers, &broken, 0..1, &[], &mut out, 1);
    assert!(out[0].is_nan());
}
