//! A table of token vectors, read a row at a time.

/// Rows of equal length: a word embedding table is the largest tensor of many models and all but a
/// few of its rows are never looked at.
#[derive(Debug)]
pub(in crate::encode) struct Table {
    width: usize,
    numbers: Vec<f32>,
}

impl Table {
    /// A table in memory.
    pub(in crate::encode) fn new(width: usize, numbers: Vec<f32>) -> Table {
        Table { width, numbers }
    }

    /// Copies a row, which must exist, to `out`, which must be as long.
    pub(in crate::encode) fn row(&self, row: usize, out: &mut [f32]) {
        out.copy_from_slice(&self.numbers[row * self.width..][..self.width]);
    }
}
