//! What the networks of this room do.

use candle_core::Tensor;

use super::batch::Batch;
use super::machine::Failure;
use crate::encode::model::Shape;

/// A network's layers as operations on tensors.
pub(super) trait Program: Send + Sync {
    /// What it takes and gives.
    fn shape(&self) -> Shape;

    /// That of the CPU's network.
    fn signature(&self) -> String;

    /// The last layer's vector of every token, padding included: `[texts * length, dimension]`.
    /// `next_layer` is called before each layer.
    fn run(
        &self,
        batch: &Batch<'_>,
        next_layer: &dyn Fn() -> Result<(), Failure>,
    ) -> Result<Tensor, Failure>;
}
