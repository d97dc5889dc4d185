//! Loads a network to a device.

use super::Device;
#[cfg(not(any(feature = "cuda", feature = "oracle")))]
use super::name::without_cuda;
#[cfg(any(feature = "cuda", feature = "oracle"))]
use super::network::Tensors;
use crate::encode::model::{Architecture, Folder, Network, Weights};
use crate::error::Result;

/// Loads the network of a folder to a device other than [`Device::Cpu`].
///
/// # Errors
/// [`crate::Error::Encoder`] when this build or this machine lacks what the device needs, and for what
/// is wrong with the folder.
#[cfg(any(feature = "cuda", feature = "oracle"))]
pub(in crate::encode) fn open(
    device: Device,
    architecture: Architecture,
    folder: &Folder,
    weights: &Weights,
) -> Result<Box<dyn Network>> {
    Ok(Box::new(Tensors::open(device, architecture, folder, weights)?))
}

/// Says that this build knows no device beside the processor.
#[cfg(not(any(feature = "cuda", feature = "oracle")))]
pub(in crate::encode) fn open(
    device: Device,
    _: Architecture,
    folder: &Folder,
    _: &Weights,
) -> Result<Box<dyn Network>> {
    Err(folder.error(without_cuda(device)))
}
