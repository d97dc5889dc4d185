//! Panels and rows of 32-bit words, each of which holds several numbers of successive steps of a
//! sum: two of 16 bits or four of 8, as the dot-product instructions take them.

use std::ops::Range;

use super::panel::PANEL;
use crate::kernel::pages;

/// One word for each column of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u32; PANEL]);

/// A matrix of `depth` rows of words and `columns` columns, in panels; columns past the last are 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Panels {
    depth: usize,
    columns: usize,
    lines: Vec<Line>,
}

impl Panels {
    /// Packs columns of `depth` words each; `fill(column, words)` writes them, column after column.
    pub(super) fn pack(
        depth: usize,
        columns: usize,
        mut fill: impl FnMut(usize, &mut [u32]),
    ) -> Panels {
        let mut lines = pages::filled(Line([0; PANEL]), depth * columns.div_ceil(PANEL));
        let mut standing = vec![0; depth * PANEL];
        for first in (0..columns).step_by(PANEL) {
            let width = PANEL.min(columns - first);
            for column in 0..width {
                fill(first + column, &mut standing[column * depth..][..depth]);
            }
            for (step, line) in lines[first / PANEL * depth..][..depth].iter_mut().enumerate() {
                for (column, word) in line.0[..width].iter_mut().enumerate() {
                    *word = standing[column * depth + step];
                }
            }
        }
        Panels { depth, columns, lines }
    }

    /// Words of a column.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Columns of the matrix.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// First column, width and lines of each panel of `columns`, which start at a panel's first.
    ///
    /// # Panics
    /// If they do not, or are not in the matrix.
    pub(super) fn panels(
        &self,
        columns: Range<usize>,
    ) -> impl Iterator<Item = (usize, usize, &[Line])> {
        assert!(columns.start.is_multiple_of(PANEL) && columns.end <= self.columns, "a part");
        let end = columns.end;
        columns.step_by(PANEL).map(move |first| {
            let lines = &self.lines[first / PANEL * self.depth..][..self.depth];
            (first, PANEL.min(end - first), lines)
        })
    }
}

/// A few rows of words times one panel.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a> {
    /// Rows of `lines.len()` words, one after another.
    pub(super) lhs: &'a [u32],
    pub(super) lines: &'a [Line],
}

impl Tile<'_> {
    /// Word `step` of row `row`.
    pub(super) fn word(&self, row: usize, step: usize) -> u32 {
        self.lhs[row * self.lines.len() + step]
    }
}

/// Where a tile's results go: `width` numbers at every multiple of `out_stride`.
pub(super) struct Target<'a> {
    pub(super) out: &'a mut [f32],
    pub(super) out_stride: usize,
    pub(super) width: usize,
}

impl Target<'_> {
    /// Vector code reads and writes without looking at lengths, so they are looked at here.
    ///
    /// # Panics
    /// If `rows` is not in `1..=rows_max`, or a slice does not hold them.
    pub(super) fn check(&self, tile: Tile<'_>, rows: usize, rows_max: usize) {
        assert!((1..=rows_max).contains(&rows) && self.width <= PANEL);
        assert_eq!(tile.lhs.len(), rows * tile.lines.len());
        assert!(self.out.len() >= (rows - 1) * self.out_stride + self.width);
    }
}

/// Calls `$tile::<ROWS>` with the number of rows, one of `$count` or `$most`, as a constant.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! with_rows {
    ($rows:expr, [$($count:literal)*] $most:literal, $tile:ident $arguments:tt) => {
        match $rows {
            $($count => $tile::<$count> $arguments,)*
            _ => $tile::<$most> $arguments,
        }
    };
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) use with_rows;
