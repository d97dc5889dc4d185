//! What a model runs on.

use std::fmt;
use std::str::FromStr;

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

/// What is missing in a build without CUDA.
#[cfg(not(feature = "cuda"))]
pub(super) fn without_cuda(device: Device) -> String {
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
