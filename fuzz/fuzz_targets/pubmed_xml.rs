//! Arbitrary bytes as PubMed XML: as they are, and as a record between two good ones.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::sources::read_both_ways;

const GOOD: &[u8] =
    b"<PubmedArticle><MedlineCitation><PMID>7</PMID></MedlineCitation></PubmedArticle>";

fuzz_target!(|bytes: &[u8]| {
    read_both_ways(bytes);
    let parts: [&[u8]; 7] = [
        b"<PubmedArticleSet>",
        GOOD,
        b"<PubmedArticle><MedlineCitation><PMID>8</PMID><Article>",
        bytes,
        b"</Article></MedlineCitation></PubmedArticle>",
        GOOD,
        b"</PubmedArticleSet>",
    ];
    let outcomes = read_both_ways(&parts.concat());
    assert!(outcomes.first().is_some_and(Result::is_ok));
    // Text without mark-up of its own cannot hide what follows.
    if !bytes.contains(&b'<') {
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes[2].is_ok());
    }
});
