//! Arbitrary bytes as a Parquet file with a column of ids and one of vectors, or of texts.
//!
//! The crate may panic on such bytes: that must end as an error here, and only its own panics may.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::arrays::{read, read_documents};
use medvec_fuzz::models::Bench;

fuzz_target!(init: medvec_fuzz::allow_panics_of("/parquet-"), |bytes: &[u8]| {
    Bench::with(|bench| {
        let path = bench.put("v.parquet", bytes);
        read(&path, None);
        read_documents(&path);
    });
});
