//! Arrays of numpy, as tests write them.

/// `<f4` rows of `columns` numbers.
pub fn npy(numbers: &[f32], columns: usize) -> Vec<u8> {
    let rows = numbers.len() / columns;
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}
