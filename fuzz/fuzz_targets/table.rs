//! Arbitrary bytes as a table, and as rows under a good header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::sources::read_both_ways;

fuzz_target!(|bytes: &[u8]| {
    read_both_ways(bytes);
    for header in [
        &b"pmid,title,authors,mesh,doi,rating\n7,A\n"[..],
        b"id;title\n",
        b"title\tabstract\n",
        b"cord_uid,title,abstract,pubmed_id,publish_time\na,A\n",
    ] {
        read_both_ways(&[header, bytes].concat());
    }
});
