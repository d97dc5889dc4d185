//! Arbitrary bytes as JSON lines and as PubMedQA, and as a line between two good ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::sources::read_both_ways;

fuzz_target!(|bytes: &[u8]| {
    read_both_ways(bytes);
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let lines: [&[u8]; 3] = [b"{\"id\": \"a\"}\n", line, b"\n{\"id\": \"b\"}\n"];
    let outcomes = read_both_ways(&lines.concat());
    assert!(outcomes.first().is_some_and(Result::is_ok));
    assert!(outcomes.last().is_some_and(Result::is_ok));
    assert_eq!(outcomes.len(), 2 + usize::from(!line.trim_ascii().is_empty()));
    read_both_ways(&[b"{\"7\": {\"QUESTION\": \"q\"}, \"8\": {", bytes, b"}}"].concat());
});
