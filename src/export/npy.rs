//! Matrices as numpy stores them (format 1.0).

use std::io::{self, Write};

/// Bytes of the header: numpy wants a multiple of 64.
pub const HEADER_BYTES: usize = 128;

/// The header of a matrix of little-endian single-precision numbers.
pub fn header(rows: u64, columns: u64) -> [u8; HEADER_BYTES] {
    let mut header = [b' '; HEADER_BYTES];
    let text =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    let magic = b"\x93NUMPY\x01\x00";
    let length = (HEADER_BYTES - magic.len() - 2) as u16;
    let parts = magic.iter().copied().chain(length.to_le_bytes()).chain(text.bytes());
    // Two numbers of 20 digits still fit.
    header.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    header[HEADER_BYTES - 1] = b'\n';
    header
}

/// Appends numbers.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, numbers: &[f32]) -> io::Result<()> {
    numbers.iter().try_for_each(|number| out.write_all(&number.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_one_that_numpy_reads() {
        let header = header(u64::MAX, u64::MAX);
        assert_eq!(&header[..10], b"\x93NUMPY\x01\x00\x76\x00");
        let text = std::str::from_utf8(&header[10..]).unwrap();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (18446744"));
        assert!(text.trim_end().ends_with("), }") && text.ends_with('\n'));
    }
}
