//! The vectors of a text's tokens to one vector.

use crate::encoder::Pooling;

/// Pools `states`, rows of `out.len()` numbers each and at least one; scales the result to length 1
/// if `normalize` says so.
///
/// Sums are taken in the order of the tokens, so that a text's vector is always the same.
pub(in crate::encode) fn pool(pooling: Pooling, normalize: bool, states: &[f32], out: &mut [f32]) {
    let tokens = states.len() / out.len();
    let mut rows = states.chunks_exact(out.len());
    let mut scale = 1.0;
    match pooling {
        Pooling::Mean | Pooling::Weighted => {
            out.fill(0.0);
            for state in rows {
                out.iter_mut().zip(state).for_each(|(sum, value)| *sum += value);
            }
            scale = 1.0 / tokens as f64;
        }
        // The pooler is applied before.
        Pooling::Cls | Pooling::Pooler => out.copy_from_slice(rows.next().unwrap_or_default()),
        Pooling::Last => out.copy_from_slice(rows.next_back().unwrap_or_default()),
    }
    if normalize {
        let square: f64 = out.iter().map(|value| f64::from(*value).powi(2)).sum();
        scale = 1.0 / square.sqrt();
    }
    out.iter_mut().for_each(|value| *value = (f64::from(*value) * scale) as f32);
}
