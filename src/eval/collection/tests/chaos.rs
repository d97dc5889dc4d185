//! Nothing panics on any bytes.

use super::*;
use crate::eval::collection::pairs::Pairs;
use proptest::prelude::*;

/// What inputs are made of: pieces of the formats, so that parsers get past the first byte.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\n",
        "\r\n",
        "\t",
        " ",
        "\\",
        "<top>",
        "<num> Number: 1",
        "<title>",
        "</top>",
        "<topic number=\"1\">",
        "</topic>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&#x;",
        "<!-->",
        "\"_id\"",
        "\"id\"",
        "\"text\"",
        "\"questions\"",
        "\"QUESTION\"",
        "\"q_id\"",
        "query-id\tcorpus-id\tscore",
        "1",
        "0",
        "-",
        ".5",
        "QN 1",
        "QU x",
        "NR 1",
        "RD 1 1111",
        "q1",
        "sentence1,sentence2",
        "\u{feff}",
        "é",
    ])
    .prop_map(|piece| piece.as_bytes().to_vec());
    let bytes = proptest::collection::vec(any::<u8>(), 0..3);
    proptest::collection::vec(prop_oneof![8 => known, 1 => bytes], 0..40)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_give_a_set_or_an_error(first in pieces(), second in pieces()) {
        let set = tempfile::tempdir().unwrap();
        let names: [(Layout, &str, &str); 8] = [
            (Layout::Beir, "queries.jsonl", "qrels/test.tsv"),
            (Layout::Hub, "queries.jsonl", "qrels/test.jsonl"),
            (Layout::Trec, "topics", "qrels"),
            (Layout::BioAsq, "batch.json", "other.json"),
            (Layout::PubMedQa, "ori_pqal.json", "test_ground_truth.json"),
            (Layout::NfCorpus, "dev.titles.queries", "dev.3-2-1.qrel"),
            (Layout::SciFact, "claims_dev.jsonl", "x"),
            (Layout::R2Med, "test_queries.jsonl", "qrels.json"),
        ];
        for (layout, one, two) in names {
            let inside = set.path().join(layout.name());
            write(&inside, one, &first);
            write(&inside, two, &second);
            let options = CollectionOptions::default().layout(layout);
            let _ = Collection::open(&inside, &options).map_err(|error| error.to_string());
            let _ = Layout::sniff(&inside).map_err(|error| error.to_string());
            let _ = Layout::sniff(&inside.join(one)).map_err(|error| error.to_string());
        }
        for name in ["p.csv", "p.tsv", "p.json"] {
            write(set.path(), name, &first);
            if let Ok(pairs) = Pairs::open(&set.path().join(name)) {
                let _ = pairs.count();
            }
        }
        let cystic = set.path().join("cf");
        (74..=79).for_each(|year| write(&cystic, &format!("cf{year}"), b""));
        write(&cystic, "cfquery", &first);
        let _ = Collection::open(&cystic, &CollectionOptions::default());
    }
}
