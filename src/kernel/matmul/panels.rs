//! A matrix in single precision, packed in panels.

use super::panel::{Line, PANEL};
use super::transpose;
use crate::kernel::isa::Isa;
use crate::kernel::pages;

/// A matrix of `depth` rows and `columns` columns, packed in panels; columns past the last are 0.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    pub(super) depth: usize,
    pub(super) columns: usize,
    pub(super) lines: Vec<Line>,
}

impl Panels {
    /// Packs the transpose of `source`, whose `columns` rows of `depth` numbers start `stride`
    /// apart: a linear layer's weights as PyTorch stores them. Reuses the memory of `self`.
    ///
    /// # Panics
    /// If `source` is shorter than the last row needs; callers check shapes when they load.
    pub fn pack_transposed(&mut self, source: &[f32], stride: usize, columns: usize, depth: usize) {
        self.reshape(depth, columns);
        let isa = Isa::detect();
        for panel in 0..columns.div_ceil(PANEL) {
            let first = panel * PANEL;
            let width = PANEL.min(columns - first);
            let lines = &mut self.lines[panel * depth..][..depth];
            transpose::pack(isa, lines, width, |column, steps, row| {
                let from = (first + column) * stride;
                row.copy_from_slice(&source[from + steps.start..from + steps.end]);
            });
        }
    }

    /// Packs `source` as it is: `depth` rows of `columns` numbers that start `stride` apart.
    ///
    /// # Panics
    /// As [`Panels::pack_transposed`].
    pub fn pack(&mut self, source: &[f32], stride: usize, columns: usize, depth: usize) {
        self.reshape(depth, columns);
        for panel in 0..columns.div_ceil(PANEL) {
            let first = panel * PANEL;
            let width = PANEL.min(columns - first);
            for (row, line) in self.lines[panel * depth..][..depth].iter_mut().enumerate() {
                line.0[..width].copy_from_slice(&source[row * stride + first..][..width]);
            }
        }
    }

    /// Rows of the matrix: the length of the sums.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the matrix.
    pub fn columns(&self) -> usize {
        self.columns
    }

    fn reshape(&mut self, depth: usize, columns: usize) {
        let lines = depth * columns.div_ceil(PANEL);
        if self.lines.capacity() == 0 {
            self.lines = pages::filled(Line([0.0; PANEL]), lines);
        }
        self.lines.resize(lines, Line([0.0; PANEL]));
        // Only a ragged last panel has columns that packing does not overwrite.
        if !columns.is_multiple_of(PANEL) {
            self.lines[lines - depth..].fill(Line([0.0; PANEL]));
        }
        (self.depth, self.columns) = (depth, columns);
    }
}
