//! Arbitrary bytes as a file of `.fvecs`, plain and packed, with a list of ids, or as its rows behind a
//! length that fits: the first byte says which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::arrays::read;
use medvec_fuzz::models::Bench;

fuzz_target!(|bytes: &[u8]| {
    let Some((way, bytes)) = bytes.split_first() else { return };
    // As many numbers as make few rows of an input of usual size.
    let length = i32::from(way / 4 % 8) + 1;
    let rows = || {
        let rows = bytes.chunks_exact(4 * length as usize);
        rows.flat_map(|row| [&length.to_le_bytes()[..], row].concat()).collect::<Vec<u8>>()
    };
    let (name, bytes) = match way % 4 {
        0 => ("v.fvecs", bytes.to_vec()),
        1 => ("v.fvecs.zst", zstd::encode_all(bytes, 1).expect("memory")),
        2 => ("v.fvecs", rows()),
        _ => ("v.fvecs.zst", zstd::encode_all(&rows()[..], 1).expect("memory")),
    };
    Bench::with(|bench| {
        let array = bench.put(name, bytes);
        for ids in ["1\n", "1\nb\n3\n"] {
            let ids = bench.put("v.ids", ids);
            read(&array, None);
            read(&array, Some(&ids));
        }
    });
});
