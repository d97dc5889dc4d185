//! A table of token vectors, read one row at a time.

use super::stored::NumberType;
use crate::kernel::matmul::{Number, Stored};
use crate::storage::Bytes;

/// Rows of equal length. A word embedding table is the largest tensor of many models, and most of its
/// rows are never looked up: it stays where it is in the mapped file, in the type it is stored in.
#[derive(Debug)]
pub(in crate::encode) struct Table {
    width: usize,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    Owned(Vec<f32>),
    Mapped(Bytes, NumberType),
}

impl Table {
    /// A table in memory.
    pub(super) fn owned(width: usize, numbers: Vec<f32>) -> Table {
        Table { width, rows: Rows::Owned(numbers) }
    }

    /// A table in a file.
    pub(super) fn mapped(width: usize, bytes: Bytes, numbers: NumberType) -> Table {
        Table { width, rows: Rows::Mapped(bytes, numbers) }
    }

    /// The table as a matrix of weights, one row for each output.
    pub(in crate::encode) fn stored(&self) -> Stored<'_> {
        let (bytes, number) = match &self.rows {
            Rows::Owned(numbers) => (bytemuck::cast_slice(numbers), Number::F32),
            Rows::Mapped(bytes, NumberType::F16) => (&**bytes, Number::F16),
            Rows::Mapped(bytes, NumberType::Bf16) => (&**bytes, Number::Bf16),
            // Other types are not mapped.
            Rows::Mapped(bytes, _) => (&**bytes, Number::F32),
        };
        let rows = bytes.len() / number.size() / self.width;
        Stored::new(number, bytes, rows, self.width)
    }

    /// Copies a row, which must exist, to `out`, which must be as long.
    ///
    /// # Panics
    /// When it does not, or is not.
    pub(in crate::encode) fn row(&self, row: usize, out: &mut [f32]) {
        match &self.rows {
            Rows::Owned(numbers) => out.copy_from_slice(&numbers[row * self.width..][..self.width]),
            Rows::Mapped(bytes, numbers) => {
                let length = self.width * numbers.bytes();
                numbers.convert(&bytes[row * length..][..length], out);
            }
        }
    }
}
