use super::*;

const QUERIES: &str = "{\"_id\": \"q1\", \"text\": \"asthma\"}\n";
const QRELS: &str = "query-id\tcorpus-id\tscore\nq1\td1\t1\n";

fn beir(queries: &[u8], qrels: &[u8]) -> String {
    let set = tempfile::tempdir().unwrap();
    write(set.path(), "queries.jsonl", queries);
    write(set.path(), "qrels/test.tsv", qrels);
    refused(set.path(), &CollectionOptions::default())
}

#[test]
fn broken_queries_are_refused_with_their_line() {
    let repeated = [QUERIES, QUERIES].concat();
    for (queries, words) in [
        (&b""[..], "queries.jsonl, whole file: the file is empty"),
        (b"{\"_id\": \"q1\"}\n", "queries.jsonl, line 1: no `text` (found _id)"),
        (b"{\"text\": \"x\"}\n", "queries.jsonl, line 1: no `_id` (found text)"),
        (b"{\"_id\": 1.5, \"text\": \"x\"}\n", "line 1: `_id` is not an id: 1.5"),
        (b"{\"_id\": \"\", \"text\": \"x\"}\n", "line 1: `_id` is not an id: \"\""),
        (b"{\"_id\": \"a\\tb\", \"text\": \"x\"}\n", "the id \"a\\tb\" has a control character"),
        (b"{\"_id\": \"q1\", \"text\": [1]}\n", "line 1: `text` is not a string"),
        (b"{\"_id\": \"q1\", \"text\": \"x\"}\n{\"_id\": \"q2\"", "line 2: EOF while parsing"),
        (b"[]", "queries.jsonl, whole file: no query with a text"),
        (b"{\"_id\": \"q1\", \"text\": \"\"}\n", "no query with a text"),
        (b"{\"_id\": \"q1\", \"text\": \"\xff\"}\n", "line 1: the line is not UTF-8 (byte 24)"),
        (b"\xff\xfe{\0", "queries.jsonl, line 1: the file is in UTF-16: save it as UTF-8"),
        (b"{\0\"\0", "the file is in UTF-16"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:86\n",
            "a pointer of Git LFS: fetch",
        ),
        (repeated.as_bytes(), "queries.jsonl, line 2: the query id `q1` is there already ("),
    ] {
        let refused = beir(queries, QRELS.as_bytes());
        let words = words.replace("queries.jsonl, whole file: no query", "no query");
        assert!(refused.contains(&words), "{refused}");
    }
}

#[test]
fn broken_judgements_are_refused_with_their_line() {
    let with = |line: &str| format!("query-id\tcorpus-id\tscore\n{line}\n");
    for (qrels, words) in [
        (String::new(), "test.tsv, whole file: the file is empty"),
        (
            "query_id,corpus_id,score\n".into(),
            "test.tsv, line 1: expected 3 columns (query-id, corpus-id, score, between single tabs), found 1",
        ),
        ("id\tdocument\tgrade\n".into(), "line 1: the grade `grade` is not a whole number"),
        (with("q1\td1"), "test.tsv, line 2: expected 3 columns"),
        (with("q1\td\t1\t1"), "found 4 (rule: columns)"),
        (with("q1\td1\t0.5"), "test.tsv, line 2: the grade `0.5` is not a whole number"),
        (with("q1\td1\thigh"), "the grade `high` is not a whole number"),
        (with("q1\t\t1"), "line 2: an id is empty"),
        (
            with("q1\td1\t1\nq1\td1\t2"),
            "line 3: query `q1` and document `d1` have the grade 2 here and 1 before",
        ),
        (with("q9\td1\t1"), "folder: no judgement is of a query here: the ids do not match"),
        (with(""), "no judgement is of a query here"),
    ] {
        let refused = beir(QUERIES.as_bytes(), qrels.as_bytes());
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn missing_and_mixed_files_are_refused() {
    let options = CollectionOptions::default();
    let beir = CollectionOptions::default().layout(Layout::Beir);
    let set = folder(&[("queries.jsonl", QUERIES)]);
    assert!(refused(set.path(), &beir).ends_with("no file of judgements of any split"));
    let set = folder(&[("qrels/test.tsv", QRELS)]);
    assert!(refused(set.path(), &beir).contains("no file queries.jsonl (nor queries.jsonl.gz"));
    assert!(
        refused(set.path(), &options)
            .contains("the layout is not recognised: expected one of beir, hub")
    );
    let set =
        folder(&[("queries.jsonl", QUERIES), ("queries.jsonl.gz", QUERIES), ("qrels.tsv", QRELS)]);
    assert!(
        refused(set.path(), &options).contains("both queries.jsonl and queries.jsonl.gz: keep one")
    );
    let set = folder(&[
        ("queries.jsonl", QUERIES),
        ("qrels.tsv", QRELS),
        ("claims_dev.jsonl", "{}"),
        ("cfquery", ""),
    ]);
    let mixed = refused(set.path(), &options);
    assert!(
        mixed.contains("the files are of several layouts (beir, cf, scifact): name the layout"),
        "{mixed}"
    );
    assert_eq!(Collection::open(set.path(), &beir).unwrap().queries.len(), 1);
    let nowhere = refused(&set.path().join("nowhere"), &options);
    assert_eq!(nowhere, "nowhere, whole file: there is no such file or folder");
    let split = CollectionOptions::default().layout(Layout::CysticFibrosis).split("dev");
    assert!(refused(set.path(), &split).ends_with("no split `dev`: the layout cf has none"));
    let set = folder(&[("cfquery", "QN 1\n")]);
    assert!(refused(set.path(), &options).contains("no file cf74"));
}

#[test]
fn cut_packed_files_are_refused() {
    for name in ["queries.jsonl.gz", "queries.jsonl.zst"] {
        let set = folder(&[(name, QUERIES), ("qrels.tsv", QRELS)]);
        let path = set.path().join(name);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        let refused = refused(set.path(), &CollectionOptions::default());
        assert!(refused.contains("cannot read"), "{refused}");
    }
}

#[test]
fn layouts_have_names() {
    for layout in Layout::ALL {
        assert_eq!(layout.to_string().parse(), Ok(layout));
    }
    let refused = "beer".parse::<Layout>().unwrap_err();
    assert!(refused.starts_with("unknown layout `beer` (expected one of beir, hub, trec,"));
}
