//! Arbitrary bytes as RIS, and as a record between two good ones; what is accepted is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::ingest::ris::to_ris;
use medvec_fuzz::citations::settle;
use medvec_fuzz::sources::read_both_ways;

fuzz_target!(|bytes: &[u8]| {
    settle(read_both_ways(bytes), to_ris);
    let records =
        [b"TY  - JOUR\nTI  - A\nER  - \n", bytes, b"\nTY  - JOUR\nTI  - B\nER  - \n"].concat();
    let outcomes = read_both_ways(&records);
    assert!(outcomes.last().is_some_and(Result::is_ok));
    settle(outcomes, to_ris);
});
