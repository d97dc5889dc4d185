//! The device that a program runs on, and what may go wrong there.

use candle_core::{DType, Device as Machine, Tensor};

use super::Device;
use crate::error::Error;

/// Why a program did not finish.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something that concerns the folder, or the caller's wish to stop.
    Stopped(Error),
    /// The device's own answer.
    Device(candle_core::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Stopped(error)
    }
}

impl From<candle_core::Error> for Failure {
    fn from(error: candle_core::Error) -> Failure {
        Failure::Device(error)
    }
}

impl Failure {
    /// The error of a model on a device.
    pub(super) fn of(self, device: Device, name: &str) -> Error {
        match self {
            Failure::Stopped(error) => error,
            Failure::Device(error) => Error::Encoder {
                name: name.to_owned(),
                detail: format!("{device}: {}", line(&error)),
            },
        }
    }
}

/// What the device says, without where in candle it says so.
fn line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Finds a device and lets it compute something, since a driver that is too old or kernels built for
/// another GPU show only then.
///
/// # Errors
/// In words, what is missing.
pub(super) fn find(device: Device) -> Result<Machine, String> {
    let machine = match device {
        Device::Cuda(number) => cuda(number)?,
        _ => Machine::Cpu,
    };
    let probe = || Tensor::ones((1, 1), DType::F32, &machine)?.gelu_erf()?.to_vec2::<f32>();
    match probe() {
        Ok(_) => Ok(machine),
        Err(error) => Err(format!(
            "cannot run on {device}: a first computation failed ({}); was this build made for another \
             GPU (CUDA_COMPUTE_CAP) or a newer driver?",
            line(&error)
        )),
    }
}

#[cfg(feature = "cuda")]
fn cuda(number: usize) -> Result<Machine, String> {
    // The setting is the process's; this crate promises single precision.
    candle_core::cuda::set_gemm_reduced_precision_f32(false);
    Machine::new_cuda(number).map_err(|error| {
        format!(
            "cannot run on {}: {}; it needs a GPU of NVIDIA's with this number and a driver for this \
             build's version of CUDA",
            Device::Cuda(number),
            line(&error)
        )
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda(number: usize) -> Result<Machine, String> {
    Err(super::name::without_cuda(Device::Cuda(number)))
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_cuda_says_so() {
        let refused = find(Device::Cuda(3)).expect_err("no CUDA");
        for word in ["cuda:3", "feature `cuda`", "toolkit"] {
            assert!(refused.contains(word), "{refused}");
        }
    }
}
