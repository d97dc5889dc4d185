//! Token vectors by least squares: the first guess.
//!
//! With A the weighted bags of the passages (rows sum to 1) and Y the teacher's vectors, find E that
//! minimises |A E - Y|^2 + penalty |E|^2. The normal equations are solved for all columns at once by
//! conjugate gradients with the diagonal as preconditioner; ten steps are enough.

use super::bags::Bags;
use crate::control::Control;
use crate::error::Result;

/// The penalty: about a third of what one passage of a rare token adds.
const PENALTY: f32 = 0.3;
/// Steps of conjugate gradients.
const STEPS: usize = 10;

/// The token vectors, `columns` x `width`, for targets of `width` numbers a bag.
///
/// # Errors
/// [`crate::Error::Cancelled`].
pub(super) fn solve(
    bags: &Bags,
    columns: usize,
    targets: &[f32],
    width: usize,
    threads: usize,
    control: &Control,
) -> Result<Vec<f32>> {
    let turned = bags.transposed(columns);
    let diagonal: Vec<f32> =
        bags.column_squares(columns).iter().map(|square| square + PENALTY).collect();
    let precondition = |residual: &[f32]| -> Vec<f32> {
        let rows = residual.chunks_exact(width).zip(&diagonal);
        rows.flat_map(|(row, &diagonal)| row.iter().map(move |value| value / diagonal)).collect()
    };
    let mut solution = vec![0.0; columns * width];
    let mut residual = turned.times(targets, width, threads);
    let mut conditioned = precondition(&residual);
    let mut direction = conditioned.clone();
    let mut energy = column_dots(&residual, &conditioned, width);
    for _ in 0..STEPS {
        control.check()?;
        let mut image = turned.times(&bags.times(&direction, width, threads), width, threads);
        image.iter_mut().zip(&direction).for_each(|(image, value)| *image += PENALTY * value);
        let step: Vec<f32> = energy
            .iter()
            .zip(column_dots(&direction, &image, width))
            .map(|(energy, curvature)| (energy / curvature.max(f64::MIN_POSITIVE)) as f32)
            .collect();
        add_scaled(&mut solution, &step, &direction, 1.0);
        add_scaled(&mut residual, &step, &image, -1.0);
        conditioned = precondition(&residual);
        let next = column_dots(&residual, &conditioned, width);
        let turn: Vec<f32> = next
            .iter()
            .zip(&energy)
            .map(|(next, energy)| (next / energy.max(f64::MIN_POSITIVE)) as f32)
            .collect();
        for (direction, fresh) in
            direction.chunks_exact_mut(width).zip(conditioned.chunks_exact(width))
        {
            for ((value, fresh), turn) in direction.iter_mut().zip(fresh).zip(&turn) {
                *value = fresh + turn * *value;
            }
        }
        energy = next;
    }
    Ok(solution)
}

/// Inner product of each pair of columns.
fn column_dots(a: &[f32], b: &[f32], width: usize) -> Vec<f64> {
    let mut dots = vec![0.0; width];
    for (a, b) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
        for ((dot, a), b) in dots.iter_mut().zip(a).zip(b) {
            *dot += f64::from(a * b);
        }
    }
    dots
}

/// `to += sign * steps * from`, with one step for each column.
fn add_scaled(to: &mut [f32], steps: &[f32], from: &[f32], sign: f32) {
    let width = steps.len();
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks_exact(width)) {
        for ((to, from), step) in to.iter_mut().zip(from).zip(steps) {
            *to += sign * step * from;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_vanishes_at_the_solution() {
        let mut bags = Bags::new();
        for row in 0..40u32 {
            bags.push(&mut [row % 5, (row * 7) % 5, (row / 3) % 5]);
        }
        bags.weigh(&[1.0, 0.5, 0.25, 2.0, 1.0]);
        let targets: Vec<f32> = (0..80).map(|i| ((i * 31) % 17) as f32 / 17.0).collect();
        let solution = solve(&bags, 5, &targets, 2, 2, &Control::default()).unwrap();
        let mut misses = bags.times(&solution, 2, 1);
        misses.iter_mut().zip(&targets).for_each(|(miss, target)| *miss -= target);
        let gradient = bags.transposed(5).times(&misses, 2, 1);
        for (gradient, value) in gradient.iter().zip(&solution) {
            assert!((gradient + PENALTY * value).abs() < 1e-4, "{gradient} {value}");
        }
    }
}
