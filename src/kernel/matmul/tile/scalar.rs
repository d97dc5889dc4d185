//! Tiles of one row, in plain code.

use super::shape::Tile;

/// One row.
pub(super) fn run(tile: Tile<'_>) {
    let mut sums = *tile.start;
    for (factor, line) in tile.lhs.iter().zip(tile.lines) {
        for (sum, value) in sums.iter_mut().zip(&line.0) {
            *sum += factor * value;
        }
    }
    tile.out[..tile.width].copy_from_slice(&sums[..tile.width]);
}
