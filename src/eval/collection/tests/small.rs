use super::*;

const QUERIES: &str = "{\"_id\": \"q1\", \"text\": \"asthma in children\"}\n\
                       {\"_id\": \"q2\", \"text\": \"ear wax\", \"metadata\": {\"x\": [1]}}\n\
                       {\"_id\": \"q3\", \"text\": \" \"}\n\
                       {\"_id\": \"q4\", \"text\": \"never judged\"}\n";
const QRELS: &str = "query-id\tcorpus-id\tscore\nq2\td 7\t2\nq1\td1\t1\nq1\td1\t1\nq1\t\"d2\"\t0\nq3\td1\t1\nq9\td1\t1\n";

#[test]
fn beir_folders_are_read_as_beir_does() {
    let set =
        folder(&[("corpus.jsonl.gz", ""), ("queries.jsonl", QUERIES), ("qrels/test.tsv", QRELS)]);
    let collection = open(set.path());
    assert_eq!(told(&collection), ["q1 asthma in children: d1=1 d2=0", "q2 ear wax: d 7=2"]);
    assert_eq!((collection.layout, collection.split.as_deref()), (Layout::Beir, Some("test")));
    assert_eq!(corpus(&collection), ["corpus.jsonl.gz"]);
    let wanted = [
        "1 queries with an empty text",
        "1 judgements that repeat another",
        "1 judgements of queries with an empty text",
        "1 judgements of unknown queries",
        "1 queries without judgements",
    ];
    assert_eq!(skips(&collection), wanted);
    assert!(collection.skipped[0].example_place.ends_with("queries.jsonl, line 3"));
    assert!(collection.skipped[4].example_place.ends_with("queries.jsonl, line 4"));
}

#[test]
fn marks_ends_of_lines_and_packing_change_nothing() {
    let plain = folder(&[("queries.jsonl", QUERIES), ("qrels/dev.tsv", QRELS)]);
    let (queries, qrels) = (QUERIES.replace('\n', "\r\n"), QRELS.replace('\n', "\r\n"));
    let marked = |text: &str| format!("\u{feff}{text}");
    let other =
        folder(&[("queries.jsonl.zst", &marked(&queries)), ("qrels/dev.tsv.gz", &marked(&qrels))]);
    let (plain, other) = (open(plain.path()), open(other.path()));
    assert_eq!(told(&plain), told(&other));
    assert_eq!(skips(&plain), skips(&other));
    assert_eq!(other.split.as_deref(), Some("dev"));
}

#[test]
fn a_split_is_named_or_the_only_one_or_test() {
    let dev = QRELS.lines().take(2).collect::<Vec<_>>().join("\n");
    let files = [("queries.jsonl", QUERIES), ("qrels/test.tsv", QRELS), ("qrels/dev.tsv", &dev)];
    let set = folder(&files);
    assert_eq!(open(set.path()).queries.len(), 2);
    let dev = CollectionOptions::default().split("dev");
    assert_eq!(Collection::open(set.path(), &dev).unwrap().queries.len(), 1);
    let train = CollectionOptions::default().split("train");
    assert!(refused(set.path(), &train).ends_with("folder: no split `train` (found dev, test)"));
    let two = folder(&[files[0], ("qrels/train.tsv", QRELS), ("qrels/dev.tsv", QRELS)]);
    assert!(
        refused(two.path(), &CollectionOptions::default())
            .ends_with("name a split, one of dev, train")
    );
    let beside = folder(&[files[0], ("qrels.tsv", QRELS)]);
    assert_eq!(open(beside.path()).split.as_deref(), Some("all"));
}

#[test]
fn nfcorpus_has_kinds_of_queries_and_scales() {
    let set = folder(&[
        ("dev.docs", "MED-1\ttext\n"),
        ("dev.titles.queries", "PLAIN-1\twhy deep fried foods\nPLAIN-2\tddt\n"),
        ("dev.vid-desc.queries.gz", "PLAIN-1\ta video\n"),
        ("dev.3-2-1.qrel", "PLAIN-1\t0\tMED-1\t3\nPLAIN-2 0 MED-1 1\n"),
        ("dev.2-1-0.qrel", "PLAIN-1\t0\tMED-1\t2\n"),
    ]);
    let collection = open(set.path());
    assert_eq!(
        told(&collection),
        ["PLAIN-1 why deep fried foods: MED-1=3", "PLAIN-2 ddt: MED-1=1"]
    );
    assert_eq!(corpus(&collection), ["dev.docs"]);
    let options = CollectionOptions::default()
        .nfcorpus(NfCorpusQueries::VideoDescriptions, NfCorpusScale::TwoOneZero);
    let collection = Collection::open(set.path(), &options).unwrap();
    assert_eq!(told(&collection), ["PLAIN-1 a video: MED-1=2"]);
    let options =
        CollectionOptions::default().nfcorpus(NfCorpusQueries::All, NfCorpusScale::TwoOneZero);
    assert!(refused(set.path(), &options).contains("no file dev.all.queries"));
}

fn cystic(queries: &str) -> TempDir {
    let mut files: Vec<(String, &str)> =
        (74..=79).map(|year| (format!("cf{year}.gz"), "")).collect();
    files.push(("cfquery".to_owned(), queries));
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    folder(&files)
}

#[test]
fn cystic_fibrosis_grades_count_judges() {
    let set = cystic(
        "QN 00001 \nQU What are the effects\n   of calcium? \nNR 00003\nRD  139 1222  151 0001\n  7 0000\n \n\
         QN 00002\r\nQU Mucus?\r\nNR 00001\r\nRD 0139 2000\r\n",
    );
    let collection = open(set.path());
    assert_eq!(
        told(&collection),
        ["1 What are the effects of calcium?: 139=4 151=1", "2 Mucus?: 139=1"]
    );
    assert_eq!(skips(&collection), ["1 documents that no judge found relevant"]);
    assert_eq!(collection.corpus.len(), 6);
    for (queries, words) in [
        ("QU x\n", "line 1: `QU` before the first `QN`"),
        ("QN 1\nQU x\nNR 2\nRD 1 1111\n", "line 1: `NR` is 2, but `RD` has 1 documents"),
        ("QN 1\nQU x\nNR 1\nRD 1 113\n", "has the scores `113`, not four from 0 to 2"),
        ("QN 1\nQU x\nNR 1\nRD 1 1311\n", "has the scores `1311`"),
        ("QN 1\nNR 1\nRD 1 1111\n", "the query has no `QU`"),
        ("QN x\n", "line 1: the query's number is not a number"),
        ("QN 1\nXX x\n", "line 2: unknown field `XX`"),
        (
            "QN 1\nQU x\nNR 1\nRD 1 1111\nQN 1\nQU y\nNR 1\nRD 1 1111\n",
            "line 5: the query id `1` is there already",
        ),
    ] {
        let refused = refused(cystic(queries).path(), &CollectionOptions::default());
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn scifact_has_what_is_cited_or_has_evidence() {
    let claims = "{\"id\": 1, \"claim\": \"A.\", \"evidence\": {}, \"cited_doc_ids\": [31715818]}\n\
                  {\"id\": 3, \"claim\": \"B.\", \"evidence\": {\"7\": [{\"sentences\": [2], \"label\": \"SUPPORT\"}]}, \
                  \"cited_doc_ids\": [7, 8]}\n";
    let set = folder(&[
        ("corpus.jsonl", "{}"),
        ("claims_dev.jsonl", claims),
        ("claims_train.jsonl", claims),
        ("claims_test.jsonl", "{\"id\": 5, \"claim\": \"C.\"}\n"),
    ]);
    let collection = open(set.path());
    assert_eq!(told(&collection), ["1 A.: 31715818=1", "3 B.: 7=1 8=1"]);
    assert_eq!(collection.split.as_deref(), Some("dev"));
    let options = CollectionOptions::default().scifact_relevance(SciFactRelevance::Evidence);
    let collection = Collection::open(set.path(), &options.split("train")).unwrap();
    assert_eq!(told(&collection), ["3 B.: 7=1"]);
    assert_eq!(skips(&collection), ["1 queries without judgements"]);
    let test = Collection::open(set.path(), &CollectionOptions::default().split("test")).unwrap();
    assert_eq!(told(&test), ["5 C.:"]);
}

#[test]
fn r2med_is_read_in_its_own_form_with_hypothetical_documents() {
    let qrels = "{\"q_id\": 0, \"p_id\": \"a\", \"score\": 1}\n{\"q_id\": \"0\", \"p_id\": \"b\", \"score\": 1.0}\n";
    let set = folder(&[
        ("corpus.jsonl", ""),
        ("query.jsonl", "{\"id\": \"0\", \"text\": \"A boy.\"}\n"),
        ("qrels.jsonl", qrels),
        (
            "hyde/qwen/query_with_hydoc.jsonl",
            "{\"id\": 0, \"text\": \"A boy.\", \"hy_doc\": \"Asthma.\"}\n",
        ),
    ]);
    let collection = open(set.path());
    assert_eq!(told(&collection), ["0 A boy.: a=1 b=1"]);
    assert_eq!((collection.layout, collection.split.as_deref()), (Layout::R2Med, Some("test")));
    let both = CollectionOptions::default().hyde("hyde/qwen", HydeText::Both);
    let collection = Collection::open(set.path(), &both).unwrap();
    assert_eq!(collection.queries[0].text, "A boy. Asthma.");
    assert_eq!(collection.queries[0].narrative.as_deref(), Some("Asthma."));
    let alone = CollectionOptions::default().hyde("hyde/qwen", HydeText::Document);
    assert_eq!(Collection::open(set.path(), &alone).unwrap().queries[0].text, "Asthma.");
    let other = CollectionOptions::default().hyde("hyde/gpt4", HydeText::Both);
    assert!(refused(set.path(), &other).contains("cannot read"));
}

#[test]
fn r2med_is_read_as_reasonrank_has_it() {
    let set = folder(&[
        ("corpus.jsonl", ""),
        (
            "test_queries.jsonl",
            "{\"id\": \"q1\", \"contents\": \"A boy.\"}\n{\"id\": \"q2\", \"contents\": \"A girl.\"}\n",
        ),
        ("qrels.json", "{\"q1\": {\"a\": 1, \"b\": 0}, \"q7\": {\"a\": 1}}"),
    ]);
    let collection = open(set.path());
    assert_eq!(told(&collection), ["q1 A boy.: a=1 b=0"]);
    assert_eq!(
        skips(&collection),
        ["1 judgements of unknown queries", "1 queries without judgements"]
    );
    let set = folder(&[
        ("test_queries.jsonl", "{\"id\": \"q1\", \"contents\": \"A boy.\"}\n"),
        ("qrels.json", "{\"q1\": {\"a\": 0.5}}"),
    ]);
    let refused = refused(set.path(), &CollectionOptions::default());
    assert_eq!(refused, "qrels.json, line 1: the grade 0.5 is not an integer");
}
