//! Arbitrary bytes as one file of a benchmark, of each layout, beside files that are right; and as pairs and clicks.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::eval::collection::medcpt::ClickLog;
use medvec::eval::collection::pairs::Pairs;
use medvec::eval::collection::{Collection, CollectionOptions, HydeText, bioasq, pubmedqa};
use medvec_fuzz::models::Bench;

const QUERIES: &[u8] = b"{\"_id\": \"1\", \"text\": \"a\"}\n{\"_id\": \"2\", \"text\": \"b\"}\n";

/// The file that the bytes become, and those beside it.
const SETS: &[(&str, &[(&str, &[u8])])] = &[
    (
        "queries.jsonl",
        &[("corpus.jsonl", b""), ("qrels/test.tsv", b"query-id\tcorpus-id\tscore\n1\td\t1\n")],
    ),
    ("qrels/test.tsv", &[("corpus.jsonl", b""), ("queries.jsonl", QUERIES)]),
    ("qrels/test.jsonl", &[("queries.jsonl", QUERIES)]),
    (
        "query.jsonl",
        &[
            ("corpus.jsonl", b""),
            ("qrels.jsonl", b"{\"q_id\": \"1\", \"p_id\": \"d\", \"score\": 1}\n"),
        ],
    ),
    (
        "hyde/query_with_hydoc.jsonl",
        &[
            ("corpus.jsonl", b""),
            ("query.jsonl", QUERIES),
            ("qrels.jsonl", b"{\"q_id\": \"1\", \"p_id\": \"d\", \"score\": 1}\n"),
        ],
    ),
    ("qrels.json", &[("test_queries.jsonl", QUERIES)]),
    (
        "claims_dev.jsonl",
        &[("corpus.jsonl", b"{\"doc_id\": 1, \"title\": \"\", \"abstract\": []}\n")],
    ),
    (
        "dev.titles.queries",
        &[("dev.docs", b"MED-1\ta\n"), ("dev.3-2-1.qrel", b"PLAIN-1\t0\tMED-1\t1\n")],
    ),
    ("dev.3-2-1.qrel", &[("dev.docs", b"MED-1\ta\n"), ("dev.titles.queries", b"PLAIN-1\ta\n")]),
    ("cfquery", &[("cf74", b"PN 74001\nRN 00001\n")]),
    ("topics.xml", &[("qrels.txt", b"1 0 d 1\n")]),
    ("topics.txt", &[("qrels.txt", b"1 0 d 1\n")]),
    ("questions.json", &[]),
    ("ori_pqal.json", &[]),
];

fuzz_target!(init: medvec_fuzz::allow_panics_of("/parquet-"), |bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    Bench::with(|bench| {
        let choice = usize::from(*choice) % (SETS.len() + 2);
        if let Some((name, others)) = SETS.get(choice) {
            others.iter().for_each(|(name, bytes)| drop(bench.put(name, bytes)));
            let path = bench.put(name, bytes);
            let options = match name.starts_with("hyde/") {
                true => CollectionOptions::default().hyde("hyde", HydeText::Both),
                false => CollectionOptions::default(),
            };
            for place in [bench.path(), path.as_path()] {
                if let Ok(found) = Collection::open(place, &options) {
                    assert!(!found.queries.is_empty());
                    let mut queries = found.queries.iter();
                    assert!(queries.all(|query| !query.text.trim().is_empty()));
                }
            }
            let _ = bioasq::each_question(&path, |_| Ok(()));
            let _ = pubmedqa::predictions(&path);
            return;
        }
        let ends = ["tsv", "csv", "jsonl", "json"];
        for end in ends {
            let path = bench.put(&format!("pairs.{end}"), bytes);
            if let Ok(pairs) = Pairs::open(&path) {
                pairs.take(10_000).for_each(drop);
            }
        }
        bench.put("train.jsonl", bytes);
        if let Ok(clicks) = ClickLog::open(bench.path()) {
            clicks.take(10_000).for_each(drop);
        }
    });
});
