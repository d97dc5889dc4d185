//! Arbitrary bytes as vectors in a file of safetensors, its header alone, and either of them packed: the
//! first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::arrays::read;
use medvec_fuzz::models::{Bench, safetensors_framed};

fuzz_target!(|bytes: &[u8]| {
    let Some((way, bytes)) = bytes.split_first() else { return };
    let data: Vec<u8> =
        [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|number| number.to_le_bytes()).collect();
    let bytes = match way % 4 {
        0 | 1 => bytes.to_vec(),
        _ => safetensors_framed(bytes, &data),
    };
    let (name, bytes) = match way % 2 {
        0 => ("v.safetensors", bytes),
        _ => ("v.safetensors.zst", zstd::encode_all(&bytes[..], 1).expect("memory")),
    };
    Bench::with(|bench| {
        let array = bench.put(name, bytes);
        bench.put("v.ids", "1\nb\n3\n");
        read(&array, None);
    });
});
