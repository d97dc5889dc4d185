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

/// Whether what fills up the last block and the last cell of every block is zero. Byte `4 * row + s` of
/// a cell of 64 bytes holds the codes of sub-quantizers `s` and `s + 4` of the cell.
pub fn padding_is_zero(blocks: &[u8], rows: usize, sub_quantizers: usize) -> bool {
    let last = sub_quantizers % BLOCK_SUB_QUANTIZERS;
    // Codes of the last cell that stand in low and in high halves.
    let used = |place: usize| -> u8 {
        let low = if last == 0 || place < last { 0x0f } else { 0 };
        let high = if last == 0 || place + 4 < last { 0xf0 } else { 0 };
        low | high
    };
    let cells = sub_quantizers.div_ceil(BLOCK_SUB_QUANTIZERS).max(1);
    let mut numbered = blocks.chunks(CELL_BYTES).enumerate();
    numbered.all(|(number, cell)| {
        let first_row = number / cells * BLOCK_ROWS;
        let is_last = number % cells == cells - 1;
        if !is_last && first_row + BLOCK_ROWS <= rows {
            return true;
        }
        cell.chunks(4).zip(first_row..).all(|(codes, row)| {
            codes.iter().enumerate().all(|(place, code)| {
                let used = if is_last { used(place) } else { 0xff };
                row < rows && code & !used == 0 || *code == 0
            })
        })
    })
}

/// Bytes of one cell.
const CELL_BYTES: usize = BLOCK_ROWS * 4;
