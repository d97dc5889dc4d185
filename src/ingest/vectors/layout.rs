//! How the rows of a matrix lie in its file.

use crate::kernel::quantize::f32_from_f16;

/// What the beginning of a file says of its rows. They follow it at once.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) numbers: NumberType,
    /// Numbers in a row, 1 to [`crate::limits::DIMENSION_MAX`].
    pub(super) dimension: usize,
    /// Rows; `None` where the file does not say.
    pub(super) len: Option<u64>,
    /// Bytes of a row before its numbers, which say how many these are.
    pub(super) prefix: usize,
    /// Bytes after the last row that belong to something else.
    pub(super) behind: u64,
}

impl Layout {
    /// Bytes of a row.
    pub(super) fn row_bytes(&self) -> usize {
        self.prefix + self.dimension * self.numbers.bytes()
    }
}

/// Little-endian numbers that vectors are read of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberType {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
}

impl NumberType {
    /// Bytes of one number.
    pub(super) fn bytes(self) -> usize {
        match self {
            NumberType::F32 => 4,
            NumberType::F16 | NumberType::Bf16 => 2,
        }
    }

    /// The numbers in some bytes.
    pub(super) fn read(self, bytes: &[u8]) -> Vec<f32> {
        let halves = || bytes.as_chunks().0.iter().map(|half| u16::from_le_bytes(*half));
        match self {
            NumberType::F32 => {
                bytes.as_chunks().0.iter().map(|number| f32::from_le_bytes(*number)).collect()
            }
            NumberType::F16 => halves().map(f32_from_f16).collect(),
            NumberType::Bf16 => {
                halves().map(|half| f32::from_bits(u32::from(half) << 16)).collect()
            }
        }
    }
}
