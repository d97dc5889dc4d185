//! Casts of byte slices to arrays, after a length check.

use bytemuck::AnyBitPattern;

use super::rules::Rule;
use crate::error::{Error, Result};

/// Views bytes as an array of exactly `count` little-endian elements.
///
/// # Errors
/// [`Rule::ArrayLength`] when the length is not `count` elements or the address is not aligned.
pub fn array<'a, T: AnyBitPattern>(
    file: &str,
    offset: u64,
    bytes: &'a [u8],
    count: usize,
) -> Result<&'a [T]> {
    let wrong = |detail: String| Error::corrupt(file, offset, Rule::ArrayLength, detail);
    let expected = count.checked_mul(size_of::<T>());
    if expected != Some(bytes.len()) {
        return Err(wrong(format!(
            "expected {count} elements of {} bytes, found {} bytes",
            size_of::<T>(),
            bytes.len()
        )));
    }
    if bytes.is_empty() {
        // An empty slice need not be aligned.
        return Ok(&[]);
    }
    bytemuck::try_cast_slice(bytes)
        .map_err(|_| wrong("the section is not aligned in memory".to_owned()))
}

/// The first `N` bytes of a slice as an array, or `None` when it is shorter.
pub fn head<const N: usize>(bytes: &[u8]) -> Option<&[u8; N]> {
    bytes.first_chunk()
}

#[cfg(target_endian = "big")]
compile_error!("medvec maps little-endian arrays and does not run on big-endian machines");
