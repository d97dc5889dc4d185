use super::*;
use crate::encoder::{EncoderSpec, Pooling, TowerSpec};

/// Counts of the letters a, b and c.
struct Letters(EncoderSpec);

impl Letters {
    fn new(metric: Metric) -> Letters {
        let tower = TowerSpec {
            weights: [0; 32],
            tokenizer: [0; 32],
            prefix: String::new(),
            tokens_max: 512,
            pair: false,
        };
        Letters(EncoderSpec {
            name: "letters".into(),
            family: "test".into(),
            dimension: 3,
            metric,
            pooling: Pooling::Mean,
            normalize: false,
            document: tower.clone(),
            query: tower,
        })
    }
}

fn letters(text: &str) -> [f32; 3] {
    ['a', 'b', 'c'].map(|letter| text.matches(letter).count() as f32)
}

impl Encoder for Letters {
    fn spec(&self) -> &EncoderSpec {
        &self.0
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        Ok(inputs.iter().flat_map(|i| letters(&format!("{}{}", i.title, i.text))).collect())
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        Ok(queries.iter().flat_map(|query| letters(query)).collect())
    }
}

const CORPUS: &str = r#"{"_id":"1","title":"a","text":"aab"}
{"_id":"2","title":"","text":"b"}
{"_id":"3","title":null,"text":"abc"}

{"_id":"10","text":"b"}
{"_id":"5","text":"c"}
"#;
const QUERIES: &str = "{\"_id\":\"q\",\"text\":\"a\"}\n{\"_id\":\"r\",\"text\":\"b\"}\n{\"_id\":\"unjudged\",\"text\":\"c\"}\n";
const QRELS: &str =
    "query-id\tcorpus-id\tscore\nq\t3\t2\nq\t2\t1\nq\tmissing\t1\nr\t1\t0\nr\t2\t1\n";

fn folder(corpus: &str, queries: &str, qrels: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("qrels")).unwrap();
    for (name, text) in
        [("corpus.jsonl", corpus), ("queries.jsonl", queries), ("qrels/test.tsv", qrels)]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn the_measure_is_that_of_trec_eval() {
    let folder = folder(CORPUS, QUERIES, QRELS);
    let task = Task::read(folder.path()).unwrap();
    assert_eq!(task.documents(), 5);
    assert_eq!(task.query_ids().collect::<Vec<_>>(), ["q", "r"]);
    for threads in [1, 2, 9] {
        let encoder = Letters::new(Metric::Cosine);
        let found = task.search(&encoder, 10, threads, &Control::default()).unwrap();
        let ids = |at: usize| -> Vec<&str> {
            found[at].iter().map(|(row, _)| task.document_id(*row)).collect()
        };
        // Documents of equal score stand in descending order of id, as strings.
        assert_eq!(ids(0), ["1", "3", "5", "2", "10"]);
        assert_eq!(ids(1), ["2", "10", "3", "1", "5"]);
        // By hand: q finds grade 2 at rank 2 and grade 1 at rank 4, of the ideal 2, 1, 1.
        let log = |rank: f64| rank.log2();
        let q = (2.0 / log(3.0) + 1.0 / log(5.0)) / (2.0 + 1.0 / log(3.0) + 1.0 / log(4.0));
        assert!((task.ndcg(&found).unwrap() - (q + 1.0) / 2.0).abs() < 1e-12);
    }
    let dot = task.search(&Letters::new(Metric::Dot), 1, 1, &Control::default()).unwrap();
    // Four documents hold one b; of their ids the greatest as a string is "3".
    assert_eq!(dot, [vec![(0, 3.0)], vec![(2, 1.0)]]);
}

#[test]
fn bad_folders_are_named() {
    for (corpus, queries, qrels, reason) in [
        ("{\"_id\":\"1\"}\n[]\n", QUERIES, QRELS, "corpus.jsonl, line 2"),
        ("{\"_id\":\"1\"}\n{\"_id\":\"1\"}\n", QUERIES, QRELS, "line 2: _id 1 is given twice"),
        ("{\"_id\":\"1\",\"text\":3}\n", QUERIES, QRELS, "`text` is not a string"),
        ("{\"text\":\"a\"}\n", QUERIES, QRELS, "line 1: no `_id`"),
        ("", QUERIES, QRELS, "corpus.jsonl, whole file: the file is empty"),
        ("\n\n", QUERIES, QRELS, "corpus.jsonl, whole file: no document"),
        (CORPUS, "{\"_id\":\"q\"}\n", QRELS, "no `text`"),
        (CORPUS, "{\"_id\":\"s\",\"text\":\"a\"}\n", QRELS, "no judgement is of a query here"),
        (CORPUS, QUERIES, "query-id\tcorpus-id\tscore\n", "no judgement"),
        (CORPUS, QUERIES, "query-id\tcorpus-id\tscore\nq\t1\n", "line 2"),
        (CORPUS, QUERIES, "query-id\tcorpus-id\tscore\nq\t1\tNaN\n", "the grade `NaN` is not"),
    ] {
        let folder = folder(corpus, queries, qrels);
        let error = Task::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error} does not say {reason}");
    }
    let error = Task::read(Path::new("/no/such/folder")).unwrap_err().to_string();
    assert!(error.contains("/no/such/folder, whole file: there is no such file"), "{error}");
}
