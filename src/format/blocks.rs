//! Scan blocks: the 4-bit codes of some rows side by side, so that one instruction looks up a
//! sub-quantizer of all of them.
//!
//! See `format-spec/06-index.md`, Scan blocks.

/// Points of one sub-quantizer: what 4 bits can name.
pub const POINTS: usize = 16;

/// Rows of one block.
pub const BLOCK_ROWS: usize = 16;

/// Sub-quantizers that stand together in a block; their number is rounded up to it.
pub const BLOCK_SUB_QUANTIZERS: usize = 8;

/// Bytes of one block.
pub const fn block_bytes(sub_quantizers: u32) -> u64 {
    (sub_quantizers as u64).next_multiple_of(BLOCK_SUB_QUANTIZERS as u64) * BLOCK_ROWS as u64 / 2
}

/// Bytes of the blocks of this many rows.
pub const fn blocks_bytes(rows: u64, sub_quantizers: u32) -> u64 {
    rows.div_ceil(BLOCK_ROWS as u64) * block_bytes(sub_quantizers)
}
