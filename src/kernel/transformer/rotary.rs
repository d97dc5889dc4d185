//! Rotary position embedding (Su et al., "RoFormer", 2021) in the layout of GPT-NeoX and Llama:
//! number `i` of the rotated part makes a pair with number `i + half`.

#![allow(unsafe_code)]

use super::pointwise::{dispatch, madd};
use crate::kernel::isa::{Isa, Level};

/// Cosines and sines by position, computed for positions when they are first asked for.
#[derive(Clone, Debug)]
pub struct Angles {
    /// Turn of each pair from one position to the next, in radians.
    steps: Vec<f32>,
    /// For each position: the cosines of all pairs, then their sines.
    table: Vec<f32>,
}

impl Angles {
    /// Pair `i` of the `dimension / 2` pairs turns by `theta^(-2 i / dimension)` a position.
    pub fn new(theta: f64, dimension: usize) -> Angles {
        let half = dimension / 2;
        let step = |pair: usize| theta.powf(-(2.0 * pair as f64) / dimension as f64) as f32;
        Angles { steps: (0..half).map(step).collect(), table: Vec::new() }
    }

    /// Makes sure that positions below `count` are there.
    pub fn extend(&mut self, count: usize) {
        let width = 2 * self.steps.len();
        for position in self.table.len().checked_div(width).unwrap_or(count)..count {
            // The reference rounds the angle to single precision.
            let angles = self.steps.iter().map(|step| f64::from(position as f32 * step));
            self.table.extend(angles.clone().map(|angle| angle.cos() as f32));
            self.table.extend(angles.map(|angle| angle.sin() as f32));
        }
    }

    /// The cosines of all pairs at `position`, and their sines.
    ///
    /// # Panics
    /// If [`extend`](Self::extend) was not called for `position`.
    pub fn at(&self, position: usize) -> (&[f32], &[f32]) {
        let half = self.steps.len();
        self.table[position * 2 * half..][..2 * half].split_at(half)
    }

    /// Turns the front of `head`, two numbers for each pair, to `position`, and multiplies all of
    /// it by `scale`.
    ///
    /// # Panics
    /// If [`extend`](Self::extend) was not called for `position`, or `head` is too short.
    pub fn turn(&self, isa: Isa, position: usize, scale: f32, head: &mut [f32]) {
        let (cosines, sines) = self.at(position);
        turn(isa, cosines, sines, scale, &mut head[..]);
    }
}

dispatch! {
    /// Turns `head[i]` and `head[i + half]` by the angle of which `cosines[i]` and `sines[i]` are
    /// given, and multiplies all of `head` by `scale`.
    pub fn turn(cosines: &[f32], sines: &[f32], scale: f32, head: &mut [f32]) = turn_body;
}

#[inline(always)]
fn turn_body<const FMA: bool>(cosines: &[f32], sines: &[f32], scale: f32, head: &mut [f32]) {
    let (first, rest) = head.split_at_mut(cosines.len());
    let (second, rest) = rest.split_at_mut(cosines.len());
    for (((a, b), cosine), sine) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
        let (x, y) = (*a, *b);
        *a = scale * madd::<FMA>(x, *cosine, -y * sine);
        *b = scale * madd::<FMA>(y, *cosine, x * sine);
    }
    for value in rest {
        *value *= scale;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn turns_are_those_of_complex_numbers(
            half in 0usize..40, rest in 0usize..20, position in 0usize..300, seed in 0u64..1000,
        ) {
            let number = |at: usize| ((at as u64 * 7 + seed) % 23) as f32 / 11.0 - 1.0;
            let head: Vec<f32> = (0..2 * half + rest).map(number).collect();
            let mut angles = Angles::new(10_000.0, 2 * half);
            angles.extend(3);
            angles.extend(position + 1);
            for isa in Isa::available() {
                let mut got = head.clone();
                angles.turn(isa, position, 0.5, &mut got);
                for place in 0..half {
                    let exponent = -(2.0 * place as f64) / (2 * half) as f64;
                    let angle = position as f64 * 10_000f64.powf(exponent);
                    let (x, y) = (f64::from(head[place]), f64::from(head[place + half]));
                    let (sine, cosine) = angle.sin_cos();
                    // Rounding of the angle grows with it.
                    let allowed = 1e-6 + 1e-7 * position as f64;
                    let wrong = f64::from(got[place]) - 0.5 * (x * cosine - y * sine);
                    prop_assert!(wrong.abs() < allowed, "{:?} {}", isa, wrong);
                    let wrong = f64::from(got[place + half]) - 0.5 * (y * cosine + x * sine);
                    prop_assert!(wrong.abs() < allowed, "{:?} {}", isa, wrong);
                }
                for place in 2 * half..head.len() {
                    prop_assert_eq!(got[place], 0.5 * head[place]);
                }
            }
        }
    }
}
