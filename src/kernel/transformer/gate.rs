//! Gated linear units (Shazeer, "GLU variants improve transformer", 2020): one half of a layer's
//! outputs, through an activation, multiplies the other half.

#![allow(unsafe_code)]

use super::pointwise::{dispatch, gelu_of, gelu_tanh_of, silu_of};
use crate::kernel::isa::{Isa, Level};

dispatch! {
    /// `gate = silu(gate) * up` (SwiGLU), where `silu(x) = x / (1 + exp(-x))`.
    pub fn silu(gate: &mut [f32], up: &[f32]) = silu_body;
}

dispatch! {
    /// `gate = gelu(gate) * up` (GeGLU), with the error function.
    pub fn gelu(gate: &mut [f32], up: &[f32]) = gelu_body;
}

dispatch! {
    /// `gate = gelu(gate) * up` (GeGLU), with the tanh approximation.
    pub fn gelu_tanh(gate: &mut [f32], up: &[f32]) = gelu_tanh_body;
}

#[inline(always)]
fn silu_body<const FMA: bool>(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = silu_of::<FMA>(*gate) * up;
    }
}

#[inline(always)]
fn gelu_body<const FMA: bool>(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = gelu_of::<FMA>(*gate) * up;
    }
}

#[inline(always)]
fn gelu_tanh_body<const FMA: bool>(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = gelu_tanh_of::<FMA>(*gate) * up;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::transformer::pointwise;

    proptest! {
        #[test]
        fn silu_is_that_of_double_precision(
            pairs in prop::collection::vec((-100.0f32..100.0, -4.0f32..4.0), 0..70),
        ) {
            let (gates, ups): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            for isa in Isa::available() {
                let mut got = gates.clone();
                silu(isa, &mut got, &ups);
                for ((gate, up), got) in gates.iter().zip(&ups).zip(got) {
                    let gate = f64::from(*gate);
                    let want = gate / (1.0 + (-gate).exp()) * f64::from(*up);
                    let allowed = 1e-6 * want.abs().max(1.0);
                    prop_assert!((f64::from(got) - want).abs() < allowed, "{:?} {} {}", isa, got, want);
                }
            }
        }

        #[test]
        fn gates_are_the_activation_times_the_other_half(
            pairs in prop::collection::vec((-6.0f32..6.0, -4.0f32..4.0), 0..70),
        ) {
            let (gates, ups): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            type Gate = fn(Isa, &mut [f32], &[f32]);
            type Plain = fn(Isa, &mut [f32]);
            let variants: [(Gate, Plain); 3] = [
                (gelu, pointwise::gelu),
                (gelu_tanh, pointwise::gelu_tanh),
                (silu, pointwise::silu),
            ];
            for (gated, plain) in variants {
                for isa in Isa::available() {
                    let (mut got, mut want) = (gates.clone(), gates.clone());
                    gated(isa, &mut got, &ups);
                    plain(isa, &mut want);
                    for ((want, up), got) in want.iter().zip(&ups).zip(got) {
                        prop_assert!((got - want * up).abs() < 1e-6, "{:?} {} {}", isa, got, want * up);
                    }
                }
            }
        }
    }

    #[test]
    fn a_value_that_is_not_a_number_is_not_hidden() {
        for isa in Isa::available() {
            let mut gate = [f32::NAN; 3];
            silu(isa, &mut gate, &[1.0; 3]);
            assert!(gate.iter().all(|value| value.is_nan()), "{isa:?} {gate:?}");
        }
    }
}
