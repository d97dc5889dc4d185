//! A weight matrix that stays in the type of its file.

use crate::encode::folder::Weights;
use crate::error::Result;
use crate::kernel::matmul::{Number, Stored};

/// Rows of outputs, in the file's type.
pub(super) struct Matrix {
    number: Number,
    bytes: Vec<u8>,
    outputs: usize,
    inputs: usize,
}

impl Matrix {
    /// The tensor `name`, which must have the shape `[outputs, inputs]`.
    pub(super) fn open(
        weights: &Weights,
        name: &str,
        outputs: usize,
        inputs: usize,
    ) -> Result<Matrix> {
        let numbers = weights.get(name, &[outputs, inputs])?;
        let bytes = numbers.iter().flat_map(|value| value.to_le_bytes()).collect();
        Ok(Matrix { number: Number::F32, bytes, outputs, inputs })
    }

    /// What the kernels multiply by.
    pub(super) fn stored(&self) -> Stored<'_> {
        Stored::new(self.number, &self.bytes, self.outputs, self.inputs)
    }
}
