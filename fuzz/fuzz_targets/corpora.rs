//! Arbitrary bytes as PubTator, NFCorpus and the Cystic Fibrosis collection, and inside of a record between two good ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::sources::read_both_ways;

fuzz_target!(|bytes: &[u8]| {
    read_both_ways(bytes);
    for (before, after) in [
        (&b"1|t|A\n1|a|B\n1\t0\t1\tA\tGene\t"[..], &b"\n\n2|t|C\n"[..]),
        (b"MED-1\ta\nMED-2\t", b"\nMED-3\tb\n"),
        (b"PN 1\nRN 1\nTI A\nMJ ", b"\nPN 2\nRN 2\n"),
    ] {
        let outcomes = read_both_ways(&[before, bytes, after].concat());
        assert!(outcomes.last().is_some_and(Result::is_ok));
    }
});
