//! One panel's columns and rows.

/// Columns of one panel.
pub const PANEL: usize = 32;

/// One row of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [f32; PANEL]);
