//! The element-wise functions of a transformer: GELU, softmax, layer normalisation.
//!
//! Written as plain loops over slices that the compiler turns into vector code; each public
//! function is compiled once for every instruction set and chosen at run time.

#![allow(unsafe_code)]

use crate::kernel::isa::{Isa, Level};

/// Partial sums of a reduction: as many as the widest register holds.
const LANES: usize = 16;

/// Compiles `$body` for every instruction set. `FMA` says whether `mul_add` is one instruction.
macro_rules! dispatch {
    ($(#[$doc:meta])* pub fn $name:ident($($arg:ident: $kind:ty),*) = $body:ident;) => {
        $(#[$doc])*
        pub fn $name(isa: Isa, $($arg: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            fn avx512($($arg: $kind),*) {
                $body::<true>($($arg),*);
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2($($arg: $kind),*) {
                $body::<true>($($arg),*);
            }
            match isa.0 {
                #[cfg(target_arch = "x86_64")]
                // SAFETY: an `Isa` is only made where the processor has it.
                Level::Avx512 => unsafe { avx512($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above.
                Level::Avx2 => unsafe { avx2($($arg),*) },
                #[cfg(target_arch = "aarch64")]
                Level::Neon => $body::<true>($($arg),*),
                Level::Scalar => $body::<false>($($arg),*),
            }
        }
    };
}

pub(super) use dispatch;

dispatch! {
    /// `x * 0.5 * (1 + erf(x / sqrt 2))`, the exact GELU, within `3e-7 * max(1, |x|)`.
    pub fn gelu(values: &mut [f32]) = gelu_body;
}

dispatch! {
    /// The tanh approximation of GELU (`gelu_new` in Hugging Face configurations).
    pub fn gelu_tanh(values: &mut [f32]) = gelu_tanh_body;
}

dispatch! {
    /// `x / (1 + exp(-x))`, also called swish.
    pub fn silu(values: &mut [f32]) = silu_body;
}

dispatch! {
    /// Replaces `row` by `exp(row) / sum(exp(row))`, computed from its greatest value.
    pub fn softmax(row: &mut [f32]) = softmax_body;
}

dispatch! {
    /// `hidden = layer_norm(hidden + added) * weight + bias` for one row
    /// (Ba, Kiros and Hinton, 2016); all slices have the same length.
    pub fn add_layer_norm(
        hidden: &mut [f32],
        added: &[f32],
        weight: &[f32],
        bias: &[f32],
        epsilon: f32
    ) = add_layer_norm_body;
}

#[inline(always)]
pub(super) fn madd<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Horner's rule, highest power first.
#[inline(always)]
fn polynomial<const FMA: bool, const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = 0.0;
    // Not `fold`: its closure is compiled without the caller's instruction set.
    for next in coefficients {
        sum = madd::<FMA>(sum, x, next);
    }
    sum
}

/// The error function as a quotient of two polynomials (the one of Eigen and XLA), within
/// 4e-7; its argument is cut at 4, where it is 1 but for rounding.
#[inline(always)]
pub(super) fn erf<const FMA: bool>(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let above = polynomial::<FMA, 7>(
        square,
        [
            -2.726_142_4e-10,
            2.770_681_3e-8,
            -2.101_024e-6,
            -5.692_506_3e-5,
            -7.349_906e-4,
            -2.954_6e-3,
            -1.609_603_3e-2,
        ],
    );
    let below = polynomial::<FMA, 5>(
        square,
        [-1.456_607_2e-5, -2.133_740_6e-4, -1.682_827e-3, -7.373_329e-3, -1.426_473_9e-2],
    );
    x * above / below
}

/// `exp(x)` for `x` in -87..=88 with a relative error of about 1e-7: `2^n * e^r` with the
/// polynomial of Cephes for `e^r`; smaller arguments give `exp(-87)`.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let shifted = madd::<FMA>(x, std::f32::consts::LOG2_E, ROUND);
    let whole = shifted - ROUND;
    let rest = madd::<FMA>(whole, -0.693_359_4, x);
    let rest = madd::<FMA>(whole, 2.121_944_4e-4, rest);
    let series = polynomial::<FMA, 6>(
        rest,
        [1.987_569_1e-4, 1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5],
    );
    let fraction = madd::<FMA>(series * rest, rest, rest) + 1.0;
    fraction * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

#[inline(always)]
fn gelu_body<const FMA: bool>(values: &mut [f32]) {
    for value in values {
        *value = gelu_of::<FMA>(*value);
    }
}

#[inline(always)]
pub(super) fn gelu_of<const FMA: bool>(x: f32) -> f32 {
    let half = 0.5 * x;
    madd::<FMA>(half, erf::<FMA>(x * std::f32::consts::FRAC_1_SQRT_2), half)
}

#[inline(always)]
fn gelu_tanh_body<const FMA: bool>(values: &mut [f32]) {
    for value in values {
        *value = gelu_tanh_of::<FMA>(*value);
    }
}

#[inline(always)]
pub(super) fn gelu_tanh_of<const FMA: bool>(x: f32) -> f32 {
    // 0.5 * (1 + tanh u) = 1 - 1 / (1 + exp 2u)
    const SQRT_2_OVER_PI: f32 = 0.797_884_6;
    let u = SQRT_2_OVER_PI * madd::<FMA>(0.044_715 * x * x, x, x);
    x - x / (1.0 + exp::<FMA>(2.0 * u))
}

#[inline(always)]
fn silu_body<const FMA: bool>(values: &mut [f32]) {
    for value in values {
        *value = silu_of::<FMA>(*value);
    }
}

#[inline(always)]
pub(super) fn silu_of<const FMA: bool>(x: f32) -> f32 {
    x / (1.0 + exp::<FMA>(-x))
}

#[inline(always)]
fn softmax_body<const FMA: bool>(row: &mut [f32]) {
    let greatest = greatest(row);
    let mut sums = [0.0; LANES];
    let (blocks, rest) = row.as_chunks_mut::<LANES>();
    for block in blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            *value = exp::<FMA>(*value - greatest);
            *sum += *value;
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *value = exp::<FMA>(*value - greatest);
        *sum += *value;
    }
    let scale = 1.0 / sums.iter().sum::<f32>();
    for value in row {
        *value *= scale;
    }
}

#[inline(always)]
fn add_layer_norm_body<const FMA: bool>(
    hidden: &mut [f32],
    added: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
) {
    for (value, added) in hidden.iter_mut().zip(added) {
        *value += added;
    }
    let count = hidden.len() as f32;
    let mean = total(hidden, |value| value) / count;
    for value in hidden.iter_mut() {
        *value -= mean;
    }
    let variance = total(hidden, |value| value * value) / count;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for ((value, weight), bias) in hidden.iter_mut().zip(weight).zip(bias) {
        *value = madd::<FMA>(*value * scale, *weight, *bias);
    }
}

/// The greatest value, found in [`LANES`] independent lanes.
#[inline(always)]
fn greatest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane = lane.max(*value);
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |most, value| most.max(*value))
}

/// The sum of `term` over all values, in [`LANES`] independent lanes that are added at the end.
#[inline(always)]
pub(super) fn total(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += term(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += term(*value);
    }
    lanes.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Taylor's series in double precision; good to 1e-8 for |x| <= 4.
    fn erf_exact(x: f64) -> f64 {
        let (mut power, mut sum) = (x, x);
        for n in 1..120 {
            power *= -x * x / f64::from(n);
            sum += power / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    fn grid() -> Vec<f32> {
        (-5_600..=5_600).map(|step| step as f32 / 1_000.0).collect()
    }

    #[test]
    fn gelu_is_the_exact_one() {
        for isa in Isa::available() {
            let mut values = grid();
            gelu(isa, &mut values);
            for (x, got) in grid().into_iter().map(f64::from).zip(values) {
                let want = 0.5 * x * (1.0 + erf_exact(x / std::f64::consts::SQRT_2));
                let allowed = 3e-7 * x.abs().max(1.0);
                assert!((f64::from(got) - want).abs() < allowed, "{isa:?} gelu({x}) = {got}");
            }
        }
    }

    #[test]
    fn gelu_tanh_is_the_approximation() {
        for isa in Isa::available() {
            let mut values = grid();
            gelu_tanh(isa, &mut values);
            for (x, got) in grid().into_iter().map(f64::from).zip(values) {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x);
                let want = 0.5 * x * (1.0 + inner.tanh());
                assert!(
                    (f64::from(got) - want).abs() < 2e-6,
                    "{isa:?} gelu({x}) = {got}, not {want}"
                );
            }
        }
    }

    #[test]
    fn softmax_of_every_length_and_range() {
        for isa in Isa::available() {
            for length in [1, 2, 15, 16, 17, 64, 100] {
                let values: Vec<f32> =
                    (0..length).map(|n| ((n * 37) % 101) as f32 * 1.3 - 60.0).collect();
                let mut got = values.clone();
                softmax(isa, &mut got);
                let most = values.iter().copied().fold(f32::MIN, f32::max);
                let parts: Vec<f64> = values.iter().map(|v| f64::from(v - most).exp()).collect();
                let sum: f64 = parts.iter().sum();
                for (part, got) in parts.iter().zip(got) {
                    assert!((part / sum - f64::from(got)).abs() < 3e-7, "{isa:?} {length}");
                }
            }
        }
    }

    #[test]
    fn a_value_that_is_not_a_number_is_not_hidden() {
        for isa in Isa::available() {
            let mut row = [0.0, f32::NAN, 1.0];
            softmax(isa, &mut row);
            assert!(row.iter().all(|value| value.is_nan()), "{isa:?} {row:?}");
            let mut row = [f32::NAN; 2];
            gelu(isa, &mut row);
            assert!(row.iter().all(|value| value.is_nan()), "{isa:?} {row:?}");
        }
    }

    #[test]
    fn layer_norm_has_mean_bias_and_deviation_weight() {
        for isa in Isa::available() {
            let mut hidden: Vec<f32> = (0..50).map(|n| (n % 7) as f32 + 100.0).collect();
            let added: Vec<f32> = (0..50).map(|n| (n % 3) as f32).collect();
            let sums: Vec<f64> = hidden.iter().zip(&added).map(|(a, b)| f64::from(a + b)).collect();
            add_layer_norm(isa, &mut hidden, &added, &[2.0; 50], &[0.5; 50], 1e-12);
            let mean = sums.iter().sum::<f64>() / 50.0;
            let variance = sums.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 50.0;
            for (value, got) in sums.iter().zip(hidden) {
                let want = 2.0 * (value - mean) / variance.sqrt() + 0.5;
                assert!((want - f64::from(got)).abs() < 1e-5, "{isa:?}");
            }
        }
    }
}
