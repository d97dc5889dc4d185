//! Arbitrary bytes as `pytorch_model.bin`, and as the program of an intact one, in the containers of
//! PyTorch before and after 1.6: no model, or one that gives finite vectors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::models::{self, Bench};

fuzz_target!(|bytes: &[u8]| {
    let Some((way, bytes)) = bytes.split_first() else { return };
    let tensors = models::tensors();
    let file = match way % 3 {
        0 => bytes.to_vec(),
        1 => models::zipped(bytes, &tensors),
        _ => models::row_of_pickles(bytes, &tensors),
    };
    Bench::with(|bench| {
        bench.model();
        bench.put("pytorch_model.bin", file);
        bench.check(None);
    });
});
