//! What is transposed at a time.

/// Side of the squares.
pub(super) const SIDE: usize = 16;

/// A square of numbers, its rows aligned to a cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Square(pub(super) [[f32; SIDE]; SIDE]);
