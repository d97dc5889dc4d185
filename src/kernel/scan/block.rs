//! Where the codes of a row stand.
//!
//! Rows are taken sixteen at a time. Their *block* is a run of cells of 64 bytes; cell `c` holds
//! the codes of sub-quantizers `8 c .. 8 c + 8` of all sixteen rows:
//!
//! ```text
//! byte 4 r + s of cell c:  low nibble   sub-quantizer 8 c + s      of row r     (s = 0..4)
//!                          high nibble  sub-quantizer 8 c + 4 + s  of row r
//! ```
//!
//! Four tables of 16 bytes fill one 64-byte register, so one byte permutation (`vpermb`) looks up four
//! codes of sixteen rows, and one dot product with ones (`vpdpbusd`) adds each row's four bytes to
//! its 32-bit lane. A row's codes are whole bytes, so a merge moves them without taking them
//! apart ([`copy_row`]). Sub-quantizers beyond the last are zeros, and so are the tables for them.
//!
//! Blocks run over the rows whatever lists these belong to: a list's first and last block are
//! shared with its neighbours, and no space is lost. Sixteen rows waste less at those edges than the
//! 32 of faiss. Nanoseconds per row at 96 sub-quantizers, ranges at random starts, beside blocks of 32
//! rows whose nibbles are rows 0-15 and 16-31 (Zen 4, in cache):
//!
//! | rows per list | 16 | 32 |
//! |---|---|---|
//! | 30 | 1.87 | 2.69 |
//! | 60 | 1.49 | 1.96 |
//! | 120 | 1.27 | 1.59 |
//! | 500 | 1.09 | 1.28 |

/// Rows of a block.
pub const BLOCK_ROWS: usize = 16;

/// Bytes of a cell.
pub(in crate::kernel) const CELL_BYTES: usize = 64;

/// Sub-quantizers of a cell.
pub(in crate::kernel) const CELL_SUB_QUANTIZERS: usize = 8;

/// Bytes of a row in a cell; sub-quantizers of one half of a cell.
pub(in crate::kernel) const QUAD: usize = 4;

/// Bytes of one block: half a byte per code, sub-quantizers rounded up to a multiple of 8.
pub const fn block_bytes(sub_quantizers: usize) -> usize {
    sub_quantizers.div_ceil(CELL_SUB_QUANTIZERS) * CELL_BYTES
}

/// Bytes of the blocks of `rows` rows; `None` when that number does not exist.
pub const fn codes_bytes(rows: usize, sub_quantizers: usize) -> Option<usize> {
    rows.div_ceil(BLOCK_ROWS).checked_mul(block_bytes(sub_quantizers))
}

/// Writes the codes of one row, one code per byte, to lane `lane` of a block; the codes of other lanes
/// stay.
///
/// # Panics
///
/// When `lane` is not below [`BLOCK_ROWS`] or `block` is not [`block_bytes`]`(codes.len())` long.
pub fn write_row(block: &mut [u8], lane: usize, codes: &[u8]) {
    assert!(lane < BLOCK_ROWS && block.len() == block_bytes(codes.len()), "a row of the block");
    let cells = block.chunks_exact_mut(CELL_BYTES);
    for (cell, codes) in cells.zip(codes.chunks(CELL_SUB_QUANTIZERS)) {
        let row = &mut cell[lane * QUAD..][..QUAD];
        row.fill(0);
        for (at, code) in codes.iter().enumerate() {
            row[at % QUAD] |= (code & 0x0f) << (at / QUAD * 4);
        }
    }
}

/// Reads the codes of the row in lane `lane` of a block, one code per byte; the inverse of [`write_row`].
///
/// # Panics
///
/// When `lane` is not below [`BLOCK_ROWS`] or `block` is not [`block_bytes`]`(codes.len())` long.
pub fn read_row(block: &[u8], lane: usize, codes: &mut [u8]) {
    assert!(lane < BLOCK_ROWS && block.len() == block_bytes(codes.len()), "a row of the block");
    let cells = block.chunks_exact(CELL_BYTES);
    for (cell, codes) in cells.zip(codes.chunks_mut(CELL_SUB_QUANTIZERS)) {
        let row = &cell[lane * QUAD..][..QUAD];
        for (at, code) in codes.iter_mut().enumerate() {
            *code = (row[at % QUAD] >> (at / QUAD * 4)) & 0x0f;
        }
    }
}

/// Copies the codes of the row in lane `from_lane` of block `from` to lane `to_lane` of block `to`,
/// as a merge of segments does.
///
/// # Panics
///
/// When a lane is not below [`BLOCK_ROWS`], or the blocks are not of one length.
pub fn copy_row(from: &[u8], from_lane: usize, to: &mut [u8], to_lane: usize) {
    assert!(from_lane < BLOCK_ROWS && to_lane < BLOCK_ROWS, "lanes {from_lane} and {to_lane}");
    assert_eq!(from.len(), to.len(), "blocks of the same codebook");
    for (from, to) in from.chunks_exact(CELL_BYTES).zip(to.chunks_exact_mut(CELL_BYTES)) {
        to[to_lane * QUAD..][..QUAD].copy_from_slice(&from[from_lane * QUAD..][..QUAD]);
    }
}

/// Packs rows of codes, one code per byte, `sub_quantizers` bytes per row; lanes after the last row are
/// zeros.
///
/// # Panics
///
/// When `codes` are not whole rows.
pub fn pack(codes: &[u8], sub_quantizers: usize) -> Vec<u8> {
    assert!(codes.len().is_multiple_of(sub_quantizers.max(1)), "whole rows of {sub_quantizers}");
    let bytes = block_bytes(sub_quantizers);
    let mut blocks = Vec::with_capacity(codes.len() / 2);
    for rows in codes.chunks(BLOCK_ROWS * sub_quantizers.max(1)) {
        let start = blocks.len();
        blocks.resize(start + bytes, 0);
        for (lane, row) in rows.chunks(sub_quantizers.max(1)).enumerate() {
            write_row(&mut blocks[start..], lane, row);
        }
    }
    blocks
}
