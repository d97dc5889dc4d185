//! Arbitrary bytes as an array of numpy, its header, a list of its ids, and both at once: the first
//! two bytes are the length of the list.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::arrays::{npy, read};
use medvec_fuzz::models::Bench;

const HEADER: &[u8] = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";

fuzz_target!(|bytes: &[u8]| {
    let Some(([way, low, high], bytes)) = bytes.split_first_chunk() else { return };
    let data: Vec<u8> =
        [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    let length = usize::from(u16::from_le_bytes([*low, *high])).min(bytes.len());
    let (ids, array) = match way % 4 {
        0 => (&b"1\nb\n3\n"[..], bytes.to_vec()),
        1 => (&b"1\nb\n3\n"[..], npy(bytes, &data)),
        2 => (bytes, npy(HEADER, &data)),
        _ => {
            let (ids, array) = bytes.split_at(length);
            (ids, array.to_vec())
        }
    };
    Bench::with(|bench| {
        // MedCPT's names, by which ids and origin are found.
        let array = bench.put("embeds_chunk_7.npy", array);
        let ids = bench.put("pmids_chunk_7.json", ids);
        read(&array, None);
        read(&array, Some(&ids));
        // Each as the other.
        read(&ids, Some(&array));
    });
});
