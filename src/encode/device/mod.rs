//! Networks as tensor programs, which run on a GPU.
//!
//! | file | what it holds |
//! |---|---|
//! | `machine` | the device: found, tried, named in errors |
//! | `batch` | texts gathered into groups of nearly equal length, padded |
//! | `layers` | weights on the device: linear layers, norms, tables |
//! | `attention` | attention in blocks of bounded memory, and what a token may see |
//! | `bert`, `decoder` | the networks: BERT and MPNet; GPT-NeoX, Gemma and Mistral |
//! | `network` | a program as a [`Network`] |
//!
//! The programs are written in candle's operations, which have kernels for CUDA, in single precision
//! without TF32: vectors are those of the CPU's networks but for the rounding of sums, so an encoder has
//! one fingerprint on every device. candle runs the same programs on the CPU, slowly, which is how
//! tests hold them against the references without a GPU (feature `oracle`).

#[cfg(any(feature = "cuda", feature = "oracle"))]
mod attention;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod batch;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod bert;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod decoder;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod layers;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod machine;
#[cfg(any(feature = "cuda", feature = "oracle"))]
mod network;

use std::fmt;
use std::str::FromStr;

use crate::encode::folder::{Architecture, Folder, Network, Weights};
use crate::error::Result;

/// What a model runs on. Its vectors are the same but for the rounding of sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The processor, on this crate's kernels.
    #[default]
    Cpu,
    /// A GPU of NVIDIA's, by its number; needs a build with the feature `cuda`.
    Cuda(usize),
    /// The program for GPUs, run by candle on the processor: for tests.
    #[cfg(feature = "oracle")]
    #[doc(hidden)]
    Candle,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(number) => write!(f, "cuda:{number}"),
            #[cfg(feature = "oracle")]
            Device::Candle => f.write_str("candle"),
        }
    }
}

impl FromStr for Device {
    type Err = String;

    /// Reads `cpu`, `cuda` (the first GPU) or `cuda:N`.
    fn from_str(text: &str) -> Result<Device, String> {
        match (text, text.strip_prefix("cuda:").map(str::parse)) {
            ("cpu", _) => Ok(Device::Cpu),
            ("cuda", _) => Ok(Device::Cuda(0)),
            (_, Some(Ok(number))) => Ok(Device::Cuda(number)),
            _ => Err(format!("there is no device {text:?}: expected cpu, cuda or cuda:N")),
        }
    }
}

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
    Ok(Box::new(network::Tensors::open(device, architecture, folder, weights)?))
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

/// What is missing in a build without CUDA.
#[cfg(not(feature = "cuda"))]
fn without_cuda(device: Device) -> String {
    format!(
        "cannot run on {device}: this build is without CUDA; build it with the feature `cuda` on a \
         machine that has the CUDA toolkit, or run on the cpu"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_and_written() {
        for (text, device) in
            [("cpu", Device::Cpu), ("cuda:0", Device::Cuda(0)), ("cuda:12", Device::Cuda(12))]
        {
            assert_eq!(text.parse(), Ok(device));
            assert_eq!(device.to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CUDA", "cuda 0"] {
            let refused = text.parse::<Device>().expect_err(text);
            assert!(refused.contains("cuda:N"), "{refused}");
        }
    }
}
