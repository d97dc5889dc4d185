//! The nearest of 16 points, for many short vectors at once: what encoding a product quantiser's
//! codes and training its points spend their time in.
//!
//! Vectors lie in *lanes*: element `j` of sixteen vectors is one array, so that vector registers
//! hold the same element of different vectors and no lane depends on another. Additions have one
//! order and are never fused with products: codes are the same on every processor.

#![allow(unsafe_code)]

use super::isa::Isa;
#[cfg(target_arch = "x86_64")]
use super::isa::Level;

/// Vectors side by side.
pub const LANES: usize = 16;

/// Points of one sub-quantizer: what 4 bits can name.
pub const POINTS: usize = 16;

/// Finds the nearest point of every sub-vector.
///
/// `vectors` holds, for each block of sixteen vectors, its elements in lanes:
/// `[block][sub-quantizer][sub_dimension]`. `points` is `[sub-quantizer][number][point]`, and
/// `codes` receives `[block][sub-quantizer]`. Of equally near points the lowest wins. Costs about six
/// instructions per point and block of sixteen.
///
/// # Panics
///
/// When `sub_dimension` is not 2 or 4, or lengths do not fit each other.
pub fn nearest_points(
    isa: Isa,
    vectors: &[[f32; LANES]],
    points: &[f32],
    sub_dimension: usize,
    codes: &mut [[u8; LANES]],
) {
    assert!(matches!(sub_dimension, 2 | 4), "sub-vectors of {sub_dimension}");
    assert!(points.len().is_multiple_of(POINTS * sub_dimension), "points must be whole");
    assert_eq!(vectors.len(), codes.len() * sub_dimension, "a code for every sub-vector");
    if codes.is_empty() {
        return;
    }
    let sub_quantizers = points.len() / (POINTS * sub_dimension);
    assert!(sub_quantizers > 0 && codes.len().is_multiple_of(sub_quantizers), "whole blocks");
    match isa.0 {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: an `Isa` is only made where the processor has it.
        Level::Avx512 => unsafe { avx512(vectors, points, sub_dimension, codes) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx2 => unsafe { avx2(vectors, points, sub_dimension, codes) },
        // What NEON can do, every AArch64 processor can, and the compiler knows.
        _ => body(vectors, points, sub_dimension, codes),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(vectors: &[[f32; LANES]], points: &[f32], sub: usize, codes: &mut [[u8; LANES]]) {
    body(vectors, points, sub, codes);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(vectors: &[[f32; LANES]], points: &[f32], sub: usize, codes: &mut [[u8; LANES]]) {
    body(vectors, points, sub, codes);
}

#[inline(always)]
fn body(vectors: &[[f32; LANES]], points: &[f32], sub: usize, codes: &mut [[u8; LANES]]) {
    match sub {
        2 => sized::<2>(vectors, points, codes),
        _ => sized::<4>(vectors, points, codes),
    }
}

/// The search for one length of sub-vectors: the nearest point has the greatest
/// `<vector, point> - |point|^2 / 2`.
#[inline(always)]
fn sized<const SUB: usize>(vectors: &[[f32; LANES]], points: &[f32], codes: &mut [[u8; LANES]]) {
    let (vectors, _) = vectors.as_chunks::<SUB>();
    let (columns, _) = points.as_chunks::<POINTS>();
    let tables = columns.as_chunks::<SUB>().0.iter().cycle();
    for ((vector, table), codes) in vectors.iter().zip(tables).zip(codes) {
        let mut best = [f32::NEG_INFINITY; LANES];
        let mut nearest = [0u32; LANES];
        for number in 0..POINTS {
            let point = table.map(|column| column[number]);
            let half = point.iter().fold(0.0, |sum, value| sum + value * value) / 2.0;
            let mut score = [-half; LANES];
            for (element, value) in vector.iter().zip(point) {
                for lane in 0..LANES {
                    score[lane] += element[lane] * value;
                }
            }
            for lane in 0..LANES {
                let nearer = score[lane] > best[lane];
                best[lane] = if nearer { score[lane] } else { best[lane] };
                nearest[lane] = if nearer { number as u32 } else { nearest[lane] };
            }
        }
        *codes = nearest.map(|number| number as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::Random;

    fn numbers(count: usize, random: &mut Random) -> Vec<f32> {
        (0..count).map(|_| random.below(2001) as f32 / 1000.0 - 1.0).collect()
    }

    #[test]
    fn every_variant_finds_the_nearest_point() {
        let mut random = Random::new(1);
        for (sub, quantizers, blocks) in [(2, 1, 3), (4, 5, 2), (2, 7, 1), (4, 1, 4)] {
            let points = numbers(quantizers * POINTS * sub, &mut random);
            let flat = numbers(blocks * quantizers * sub * LANES, &mut random);
            let (vectors, _) = flat.as_chunks::<LANES>();
            let mut codes = vec![[99; LANES]; blocks * quantizers];
            for isa in Isa::available() {
                nearest_points(isa, vectors, &points, sub, &mut codes);
                for (at, codes) in codes.iter().enumerate() {
                    let table = &points[at % quantizers * POINTS * sub..][..POINTS * sub];
                    for (lane, code) in codes.iter().enumerate() {
                        let distance = |point: usize| -> f32 {
                            let elements = vectors[at * sub..][..sub].iter().zip(table.chunks(16));
                            elements.map(|(x, column)| (x[lane] - column[point]).powi(2)).sum()
                        };
                        let all: Vec<f32> = (0..POINTS).map(distance).collect();
                        let least = all.iter().copied().fold(f32::INFINITY, f32::min);
                        assert!(all[usize::from(*code)] <= least + 1.0e-5, "{isa:?} {all:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn codes_are_the_same_on_every_processor_and_ties_go_to_the_lowest() {
        let mut random = Random::new(2);
        let mut points = numbers(3 * POINTS * 4, &mut random);
        let (first, second) = points.split_at_mut(4 * POINTS);
        first.copy_from_slice(&[0.25; 4 * POINTS]);
        second.iter_mut().step_by(POINTS).for_each(|value| *value = 0.0);
        let flat = numbers(60 * 3 * 4 * LANES, &mut random);
        let (vectors, _) = flat.as_chunks::<LANES>();
        let run = |isa| {
            let mut codes = vec![[99; LANES]; 60 * 3];
            nearest_points(isa, vectors, &points, 4, &mut codes);
            codes
        };
        let all: Vec<_> = Isa::available().into_iter().map(run).collect();
        assert!(all.iter().all(|codes| *codes == all[0]));
        assert!(all[0].iter().step_by(3).all(|codes| *codes == [0; LANES]));
    }
}
