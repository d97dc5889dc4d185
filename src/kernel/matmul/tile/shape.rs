//! What a tile is made of.

use crate::kernel::matmul::panel::{Line, PANEL};

/// A few rows times one panel.
pub(in crate::kernel::matmul) struct Tile<'a> {
    pub(in crate::kernel::matmul) lhs: &'a [f32],
    pub(in crate::kernel::matmul) lhs_stride: usize,
    pub(in crate::kernel::matmul) lines: &'a [Line],
    pub(in crate::kernel::matmul) start: &'a [f32; PANEL],
    pub(in crate::kernel::matmul) out: &'a mut [f32],
    pub(in crate::kernel::matmul) out_stride: usize,
    pub(in crate::kernel::matmul) width: usize,
}
