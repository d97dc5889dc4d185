//! Weights on the device.

use candle_core::{Device as Machine, Tensor};
use candle_nn::ops;

use super::machine::Failure;
use crate::encode::model::Weights;

/// Brings the tensors of a folder to the device, one at a time.
pub(super) struct Loader<'a> {
    pub(super) weights: &'a Weights,
    pub(super) machine: &'a Machine,
}

/// Layers that are stacked into one: their names, outputs, and what they are multiplied by.
pub(super) type Part = (String, usize, f32);

impl Loader<'_> {
    /// A tensor that must have `shape`.
    pub(super) fn table(&self, name: &str, shape: &[usize]) -> Result<Tensor, Failure> {
        let numbers = self.weights.get(name, shape)?;
        Ok(Tensor::from_vec(numbers, shape, self.machine)?)
    }

    /// One linear layer of several that read the same.
    pub(super) fn stacked(
        &self,
        parts: &[Part],
        inputs: usize,
        is_biased: bool,
    ) -> Result<Linear, Failure> {
        let (mut weight, mut bias): (Vec<f32>, Vec<f32>) = (Vec::new(), Vec::new());
        for (name, outputs, scale) in parts {
            self.weights.append(
                &format!("{name}.weight"),
                &[*outputs, inputs],
                *scale,
                &mut weight,
            )?;
            if is_biased {
                self.weights.append(&format!("{name}.bias"), &[*outputs], *scale, &mut bias)?;
            }
        }
        Linear::new(weight, bias, inputs, self.machine)
    }

    /// A linear layer of one part.
    pub(super) fn linear(
        &self,
        name: String,
        outputs: usize,
        inputs: usize,
        is_biased: bool,
    ) -> Result<Linear, Failure> {
        self.stacked(&[(name, outputs, 1.0)], inputs, is_biased)
    }

    /// Normalisation by mean and deviation.
    pub(super) fn layer_norm(
        &self,
        name: &str,
        length: usize,
        epsilon: f32,
    ) -> Result<Norm, Failure> {
        let weight = self.table(&format!("{name}.weight"), &[length])?;
        let bias = self.table(&format!("{name}.bias"), &[length])?;
        Ok(Norm::Layer { weight, bias, epsilon })
    }

    /// Normalisation by the root of the mean square; `offset` is added to the weights.
    pub(super) fn rms_norm(
        &self,
        name: &str,
        length: usize,
        epsilon: f32,
        offset: f64,
    ) -> Result<Norm, Failure> {
        let weight = self.table(&format!("{name}.weight"), &[length])?;
        Ok(Norm::Rms { weight: (weight + offset)?, epsilon })
    }
}

/// `x * transposed(weight) + bias`.
pub(super) struct Linear {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Linear {
    /// From `weight`, a row of `inputs` numbers for each output, and `bias`, which may be empty.
    pub(super) fn new(
        weight: Vec<f32>,
        bias: Vec<f32>,
        inputs: usize,
        machine: &Machine,
    ) -> Result<Linear, Failure> {
        let outputs = weight.len() / inputs;
        let weight = Tensor::from_vec(weight, (outputs, inputs), machine)?;
        let bias = match bias.is_empty() {
            true => None,
            false => Some(Tensor::from_vec(bias, outputs, machine)?),
        };
        Ok(Linear { weight, bias })
    }

    /// `[rows, inputs]` to `[rows, outputs]`.
    pub(super) fn apply(&self, input: &Tensor) -> candle_core::Result<Tensor> {
        let product = input.matmul(&self.weight.t()?)?;
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }
}

/// Normalisation of every row.
pub(super) enum Norm {
    Layer { weight: Tensor, bias: Tensor, epsilon: f32 },
    Rms { weight: Tensor, epsilon: f32 },
}

impl Norm {
    pub(super) fn apply(&self, input: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Norm::Layer { weight, bias, epsilon } => ops::layer_norm(input, weight, bias, *epsilon),
            Norm::Rms { weight, epsilon } => ops::rms_norm(input, weight, *epsilon),
        }
    }
}
