//! Linear layers, in the precision that a model runs in.

use std::sync::{Mutex, PoisonError};

use super::weights::{Table, Weights};
use crate::control::Control;
use crate::error::Result;
use crate::kernel::Isa;
use crate::kernel::matmul::{self, PANEL, Packed, Panels, Precision, Rounded, Rows};
use crate::parallel;

/// Products between two looks at whether to go on: some 4 ms of a core with AVX-512, 15 with AVX2.
const PART_PRODUCTS: usize = 1 << 28;

/// `x * transposed(weights) + bias`.
pub(in crate::encode) struct Linear {
    weights: Form,
    /// Empty where there is none.
    bias: Vec<f32>,
}

enum Form {
    /// Repacked in memory.
    Packed(Packed),
    /// In the file, in its type and order.
    Stored(Table),
}

/// Working memory of products.
#[derive(Default)]
pub(in crate::encode) struct Working {
    rounded: Rounded,
    panel: Panels,
}

impl Linear {
    /// Packs layers of equal shape that are stacked into one; the first is multiplied by
    /// `first_scale`. `matrix` is working memory.
    pub(in crate::encode) fn packed(
        weights: &Weights,
        names: &[String],
        [outputs, inputs]: [usize; 2],
        first_scale: f32,
        precision: Precision,
        matrix: &mut Vec<f32>,
    ) -> Result<Linear> {
        matrix.clear();
        // Nothing is reserved ahead: the sizes are those of `config.json`, which the tensors have to
        // bear out first.
        let mut bias = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let scale = if place == 0 { first_scale } else { 1.0 };
            weights.append(&format!("{name}.weight"), &[outputs, inputs], scale, matrix)?;
            weights.append(&format!("{name}.bias"), &[outputs], scale, &mut bias)?;
        }
        let packed = pack(weights, precision, matrix, names.len() * outputs, inputs)?;
        Ok(Linear { weights: Form::Packed(packed), bias })
    }

    /// Leaves a layer's weights in their file where the precision is that of the file's numbers
    /// widened, so that a model larger than memory can run; packs them where they are rounded.
    pub(in crate::encode) fn stored(
        weights: &Weights,
        name: &str,
        [outputs, inputs]: [usize; 2],
        bias: bool,
        precision: Precision,
        matrix: &mut Vec<f32>,
    ) -> Result<Linear> {
        let name_of = |part: &str| format!("{name}.{part}");
        let form = if precision == Precision::F32 {
            Form::Stored(weights.table(&name_of("weight"), outputs, inputs)?)
        } else {
            matrix.clear();
            weights.append(&name_of("weight"), &[outputs, inputs], 1.0, matrix)?;
            Form::Packed(pack(weights, precision, matrix, outputs, inputs)?)
        };
        let bias = match bias {
            true => weights.get(&name_of("bias"), &[outputs])?,
            false => Vec::new(),
        };
        Ok(Linear { weights: form, bias })
    }

    /// Rows of `input` to rows of `output` that start `stride` apart. `proceed` is asked every few
    /// milliseconds.
    ///
    /// # Errors
    /// Only those of `proceed`.
    pub(in crate::encode) fn apply(
        &self,
        isa: Isa,
        input: &[f32],
        working: &mut Working,
        output: &mut [f32],
        stride: usize,
        proceed: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let [outputs, inputs] = match &self.weights {
            Form::Packed(packed) => [packed.outputs(), packed.inputs()],
            Form::Stored(table) => [table.stored().outputs(), table.stored().inputs()],
        };
        let (count, rows) = (input.len() / inputs, Rows { data: input, stride: inputs });
        let width = (PART_PRODUCTS / input.len().max(1) / PANEL).max(1) * PANEL;
        let Working { rounded, panel } = working;
        if let Form::Packed(packed) = &self.weights {
            packed.round(isa, count, rows, rounded);
        }
        for start in (0..outputs).step_by(width) {
            proceed()?;
            let part = start..outputs.min(start + width);
            let (bias, out) = (&self.bias, output.get_mut(start..).unwrap_or_default());
            match &self.weights {
                Form::Packed(packed) => {
                    packed.multiply(isa, count, rows, rounded, part, bias, out, stride);
                }
                Form::Stored(table) => {
                    let stored = table.stored();
                    matmul::multiply_stored(
                        isa, count, rows, stored, part, bias, panel, out, stride,
                    );
                }
            }
        }
        Ok(())
    }
}

/// Packs a matrix, for which as much memory is asked for first: running out of it while packing would
/// end the process.
fn pack(
    weights: &Weights,
    precision: Precision,
    matrix: &[f32],
    outputs: usize,
    inputs: usize,
) -> Result<Packed> {
    let mut trial: Vec<f32> = Vec::new();
    let wanted = matrix.len().saturating_add(inputs.saturating_mul(PANEL));
    if trial.try_reserve_exact(wanted).is_err() {
        let detail = format!("no memory for a layer of {outputs} times {inputs} numbers");
        return Err(weights.error(detail));
    }
    drop(trial);
    Ok(Packed::new(precision, matrix, outputs, inputs))
}

/// Opens layers `0..count`, whose tensors' names start with `prefix` and the number, on all cores:
/// packing copies every number. `open` gets working memory.
///
/// # Errors
/// Those of `open`; a count that the weights do not bear out ends at the first layer that is missing.
pub(in crate::encode) fn open_layers<T: Send>(
    weights: &Weights,
    prefix: &str,
    count: usize,
    open: impl Fn(usize, &mut Vec<f32>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let there = |layer: &usize| weights.has_prefix(&format!("{prefix}{layer}."));
    if let Some(missing) = (0..count).find(|layer| !there(layer)) {
        open(missing, &mut Vec::new())?;
    }
    let threads = parallel::cores();
    let layers = Mutex::new(Vec::new());
    let run = |matrix: &mut Vec<f32>, number: usize| {
        let layer = open(number, matrix)?;
        layers.lock().unwrap_or_else(PoisonError::into_inner).push((number, layer));
        Ok(())
    };
    parallel::for_each(threads, 0..count, &Control::default(), Vec::new, run, &mut |_| {})?;
    let mut layers = layers.into_inner().unwrap_or_else(PoisonError::into_inner);
    layers.sort_by_key(|(number, _)| *number);
    Ok(layers.into_iter().map(|(_, layer)| layer).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::error::Error;

    #[test]
    fn a_large_product_can_be_stopped_and_its_parts_make_the_whole() {
        const SIDE: usize = 1_000;
        let number = |at: usize| ((at * 2_654_435_761) >> 7 & 0xff) as f32 / 256.0 - 0.5;
        let numbers: Vec<f32> = (0..SIDE * SIDE).map(number).collect();
        let isa = Isa::detect();
        for precision in Precision::ALL {
            let packed = Packed::new(precision, &numbers, SIDE, SIDE);
            let (rows, rounded) = (Rows { data: &numbers, stride: SIDE }, &mut Rounded::default());
            let mut whole = vec![0.0; SIDE * SIDE];
            packed.round(isa, SIDE, rows, rounded);
            packed.multiply(isa, SIDE, rows, rounded, 0..SIDE, &[], &mut whole, SIDE);
            let linear = Linear { weights: Form::Packed(packed), bias: Vec::new() };
            let (asked, mut working) = (Cell::new(0), Working::default());
            let mut out = vec![0.0; SIDE * SIDE];
            let mut run = |limit: usize| {
                asked.set(0);
                let proceed = || {
                    asked.set(asked.get() + 1);
                    if asked.get() > limit { Err(Error::Cancelled) } else { Ok(()) }
                };
                linear.apply(isa, &numbers, &mut working, &mut out, SIDE, &proceed)
            };
            assert!(matches!(run(2), Err(Error::Cancelled)), "{precision:?}");
            run(usize::MAX).expect("nobody stops it");
            assert!(asked.get() >= 4, "{precision:?}: asked {} times", asked.get());
            assert!(out == whole, "{precision:?}");
        }
    }
}
