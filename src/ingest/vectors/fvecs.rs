//! Vectors as faiss's and TEXMEX's `.fvecs` have them: each row is its length, a signed integer of 32
//! bits, and so many numbers of single precision, all little-endian. There is no header.

use super::layout::{Layout, NumberType};
use super::row::check_dimension;
use crate::error::Result;
use crate::ingest::raw::input_error;
use crate::ingest::window::Window;

/// Bytes before the numbers of a row.
const PREFIX_BYTES: usize = 4;

/// Looks at the first row, which says how long all are.
///
/// # Errors
/// [`crate::Error::Input`] for a length that no vector has, and for a file that is not whole rows.
pub(super) fn read_layout(window: &mut Window) -> Result<Layout> {
    while window.bytes().len() < PREFIX_BYTES && window.fill()? {}
    let name = window.input().name().to_owned();
    if window.bytes().len() < PREFIX_BYTES {
        let detail = "the file ends inside the length of the first vector; fetch it again";
        return Err(input_error(&name, "vector 0".into(), detail));
    }
    let length = i64::from(length_of_row(window.bytes()));
    let dimension = check_dimension(&name, "vector 0", length)?;
    let mut layout =
        Layout { numbers: NumberType::F32, dimension, len: None, prefix: PREFIX_BYTES, behind: 0 };
    if let Some(bytes) = window.input().plain_bytes() {
        let row_bytes = layout.row_bytes() as u64;
        if !bytes.is_multiple_of(row_bytes) {
            let detail = format!(
                "{bytes} bytes are no whole number of vectors of {dimension} numbers ({row_bytes} bytes each): \
                 the file is cut, or its vectors differ in length"
            );
            return Err(input_error(&name, "the whole file".into(), detail));
        }
        layout.len = Some(bytes / row_bytes);
    }
    Ok(layout)
}

/// How many numbers the row has that begins here.
pub(super) fn length_of_row(bytes: &[u8]) -> i32 {
    bytes.first_chunk().map_or(0, |length| i32::from_le_bytes(*length))
}
