//! Normalisation in front of a block: the input stays, for the sum behind the block.

#![allow(unsafe_code)]

use super::pointwise::{dispatch, madd, total};
use crate::kernel::isa::{Isa, Level};

dispatch! {
    /// `out = row / sqrt(mean(row^2) + epsilon) * weight` (Zhang and Sennrich, 2019); all slices
    /// have the same length.
    pub fn rms_norm(row: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) = rms_norm_body;
}

dispatch! {
    /// `out = (row - mean(row)) / sqrt(variance(row) + epsilon) * weight + bias`; all slices have
    /// the same length.
    pub fn layer_norm(
        row: &[f32],
        weight: &[f32],
        bias: &[f32],
        epsilon: f32,
        out: &mut [f32]
    ) = layer_norm_body;
}

dispatch! {
    /// `sums += added`.
    pub fn add(sums: &mut [f32], added: &[f32]) = add_body;
}

#[inline(always)]
fn rms_norm_body<const FMA: bool>(row: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let square = total(row, |value| value * value) / row.len() as f32;
    let scale = 1.0 / (square + epsilon).sqrt();
    for ((out, value), weight) in out.iter_mut().zip(row).zip(weight) {
        *out = value * scale * weight;
    }
}

#[inline(always)]
fn layer_norm_body<const FMA: bool>(
    row: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
    out: &mut [f32],
) {
    let count = row.len() as f32;
    let mean = total(row, |value| value) / count;
    let variance = total(row, |value| (value - mean) * (value - mean)) / count;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for (((out, value), weight), bias) in out.iter_mut().zip(row).zip(weight).zip(bias) {
        *out = madd::<FMA>((value - mean) * scale, *weight, *bias);
    }
}

#[inline(always)]
fn add_body<const FMA: bool>(sums: &mut [f32], added: &[f32]) {
    for (sum, added) in sums.iter_mut().zip(added) {
        *sum += added;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn norms_are_those_of_double_precision(
            rows in prop::collection::vec((-50.0f32..50.0, -2.0f32..2.0, -2.0f32..2.0), 1..90),
        ) {
            let row: Vec<f32> = rows.iter().map(|one| one.0).collect();
            let weight: Vec<f32> = rows.iter().map(|one| one.1).collect();
            let bias: Vec<f32> = rows.iter().map(|one| one.2).collect();
            let count = row.len() as f64;
            let wide: Vec<f64> = row.iter().map(|value| f64::from(*value)).collect();
            let mean = wide.iter().sum::<f64>() / count;
            let square = wide.iter().map(|value| value * value).sum::<f64>() / count;
            let variance = wide.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            for isa in Isa::available() {
                let (mut rms, mut layer) = (vec![7.0; row.len()], vec![7.0; row.len()]);
                rms_norm(isa, &row, &weight, 1e-3, &mut rms);
                layer_norm(isa, &row, &weight, &bias, 1e-3, &mut layer);
                for place in 0..row.len() {
                    let (weight, bias) = (f64::from(weight[place]), f64::from(bias[place]));
                    let want = wide[place] / (square + 1e-3).sqrt() * weight;
                    prop_assert!((f64::from(rms[place]) - want).abs() < 2e-5, "{:?}", isa);
                    let want = (wide[place] - mean) / (variance + 1e-3).sqrt() * weight + bias;
                    // The difference from the mean cancels, and a small deviation magnifies it.
                    let allowed = 2e-5 + 2e-5 / (variance + 1e-3).sqrt();
                    prop_assert!((f64::from(layer[place]) - want).abs() < allowed, "{:?}", isa);
                }
            }
        }
    }

    #[test]
    fn sums_are_elementwise() {
        for isa in Isa::available() {
            let mut sums: Vec<f32> = (0..37).map(|n| n as f32).collect();
            add(isa, &mut sums, &[0.5; 37]);
            assert!(sums.iter().enumerate().all(|(n, sum)| *sum == n as f32 + 0.5), "{isa:?}");
        }
    }
}
