//! Arbitrary bytes as NBIB, and as a record between two good ones; what is accepted is written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::ingest::nbib::to_nbib;
use medvec_fuzz::citations::settle;
use medvec_fuzz::sources::read_both_ways;

fuzz_target!(|bytes: &[u8]| {
    settle(read_both_ways(bytes), to_nbib);
    let records = [b"PMID- 7\nTI  - A\n\n", bytes, b"\nPMID- 8\n"].concat();
    let outcomes = read_both_ways(&records);
    assert!(outcomes.last().is_some_and(Result::is_ok));
    settle(outcomes, to_nbib);
});
