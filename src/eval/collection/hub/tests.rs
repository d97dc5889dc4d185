use super::super::tests::{corpus, folder, open, refused, skips, told};
use super::super::{Collection, CollectionOptions, Layout};

const QUERIES: &str =
    "{\"_id\": \"q1\", \"text\": \"asthma\"}\n{\"_id\": \"q2\", \"text\": \"wax\"}\n";
const QRELS: &str = "{\"query-id\": \"q1\", \"corpus-id\": 7, \"score\": 1.0}\n";

#[test]
fn json_lines_at_the_top_are_a_set() {
    let files = [("corpus.jsonl", ""), ("queries.jsonl", QUERIES), ("qrels/test.jsonl", QRELS)];
    let set = folder(&[files[0], files[1], files[2], ("qrels/train.jsonl", ""), ("README.md", "")]);
    let collection = open(set.path());
    assert_eq!(told(&collection), ["q1 asthma: 7=1"]);
    assert_eq!((collection.layout, collection.split.as_deref()), (Layout::Hub, Some("test")));
    assert_eq!(
        (corpus(&collection), skips(&collection)),
        (vec!["corpus.jsonl".into()], vec!["1 queries without judgements".into()])
    );
    // A copy of the judgements as BEIR has them makes it a BEIR folder.
    let both =
        folder(&[files[1], files[2], ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\t7\t1\n")]);
    assert_eq!(
        (open(both.path()).layout, told(&open(both.path()))),
        (Layout::Beir, told(&collection))
    );
}

#[test]
fn configs_are_folders_of_shards() {
    let set = folder(&[
        ("corpus/corpus-00000-of-00002.jsonl", ""),
        ("corpus/corpus-00001-of-00002.jsonl", ""),
        ("queries/queries-00000-of-00001.jsonl.gz", QUERIES),
        ("data/test-00000-of-00001-6c20deed08d304e4.jsonl", QRELS),
    ]);
    let collection = open(set.path());
    assert_eq!(told(&collection), ["q1 asthma: 7=1"]);
    assert_eq!(corpus(&collection).len(), 2);
    std::fs::remove_file(set.path().join("corpus/corpus-00001-of-00002.jsonl")).unwrap();
    let cut = refused(set.path(), &CollectionOptions::default());
    assert_eq!(cut, "corpus, folder: 1 of 2 shards of the split `corpus`");
    let data = folder(&[
        ("data/corpus-00000-of-00001.jsonl", ""),
        ("data/queries-00000-of-00001.jsonl", QUERIES),
        ("data/qrels-00000-of-00001.jsonl", QRELS),
    ]);
    let collection = open(data.path());
    assert_eq!(
        (told(&collection), corpus(&collection).len()),
        (vec!["q1 asthma: 7=1".to_owned()], 1)
    );
    let converted = folder(&[
        ("queries/queries/0000.jsonl", QUERIES),
        ("default/test/0000.jsonl", QRELS),
        ("default/train/0000.jsonl", QRELS),
    ]);
    assert_eq!(told(&open(converted.path())), ["q1 asthma: 7=1"]);
}

#[test]
fn a_repository_may_hold_several_sets() {
    let set = folder(&[
        ("lit-corpus/test-00000-of-00001.jsonl", ""),
        ("lit-queries/test-00000-of-00001.jsonl", QUERIES),
        ("lit-qrels/test-00000-of-00001.jsonl", QRELS),
        ("eng-queries/test-00000-of-00001.jsonl", QUERIES),
    ]);
    let some = refused(set.path(), &CollectionOptions::default());
    assert!(some.ends_with("folder: name a subset, one of eng, lit"), "{some}");
    let lit = CollectionOptions::default().subset("lit");
    assert_eq!(told(&Collection::open(set.path(), &lit).unwrap()), ["q1 asthma: 7=1"]);
    let eng = refused(set.path(), &CollectionOptions::default().subset("eng"));
    assert!(eng.ends_with("no file of judgements of any split"), "{eng}");
    let r2med = folder(&[
        ("query/query-00000-of-00001.jsonl", "{\"id\": 1, \"text\": \"A boy.\"}\n"),
        ("qrels/qrels-00000-of-00001.jsonl", "{\"q_id\": 1, \"p_id\": \"x\", \"score\": 1}\n"),
    ]);
    let collection = open(r2med.path());
    assert_eq!(
        (collection.layout, told(&collection)),
        (Layout::R2Med, vec!["1 A boy.: x=1".to_owned()])
    );
}

#[test]
fn wrong_columns_are_refused() {
    for (qrels, words) in [
        (
            "{\"qid\": \"q1\"}\n",
            "test.jsonl, line 1: no `query-id` or `q_id` (found none of the known members)",
        ),
        (
            "{\"query-id\": \"q1\", \"corpus-id\": \"d\", \"score\": 0.5}\n",
            "line 1: the grade 0.5 is not an integer",
        ),
        (
            "{\"query-id\": \"q1\", \"corpus-id\": \"d\"}\n",
            "no `score` (found query-id, corpus-id)",
        ),
        ("{\"query-id\": \"q1\", \"query-id\": \"q1\"}\n", "the member `query-id` is there twice"),
    ] {
        let set = folder(&[("queries.jsonl", QUERIES), ("qrels/test.jsonl", qrels)]);
        let refused = refused(set.path(), &CollectionOptions::default());
        assert!(refused.contains(words), "{refused}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_needs_its_feature() {
    let set = folder(&[("queries.parquet", "PAR1"), ("qrels/test.jsonl", QRELS)]);
    let refused = refused(set.path(), &CollectionOptions::default());
    assert_eq!(refused, "queries.parquet, whole file: reading Parquet needs the feature `parquet`");
}

#[cfg(feature = "parquet")]
mod parquet {
    use std::path::Path;
    use std::sync::Arc;

    use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    use super::super::super::pairs::Pairs;
    use super::*;

    enum Cells<'a> {
        Texts(&'a [Option<&'a str>]),
        Longs(&'a [i64]),
        Doubles(&'a [f64]),
        /// One list per row.
        Lists(&'a [&'a [&'a str]]),
    }

    fn write(path: &Path, schema: &str, columns: &[Cells<'_>]) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let schema = Arc::new(parse_message_type(&format!("message m {{ {schema} }}")).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer =
            SerializedFileWriter::new(std::fs::File::create(path).unwrap(), schema, properties)
                .unwrap();
        let mut group = writer.next_row_group().unwrap();
        for cells in columns {
            let mut column = group.next_column().unwrap().unwrap();
            match cells {
                Cells::Texts(texts) => {
                    let levels: Vec<i16> =
                        texts.iter().map(|text| i16::from(text.is_some())).collect();
                    let texts: Vec<ByteArray> =
                        texts.iter().flatten().map(|text| (*text).into()).collect();
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(&texts, Some(&levels), None)
                        .unwrap();
                }
                Cells::Longs(numbers) => {
                    column.typed::<Int64Type>().write_batch(numbers, None, None).unwrap();
                }
                Cells::Lists(rows) => {
                    let (mut texts, mut defined, mut repeated) =
                        (Vec::new(), Vec::new(), Vec::new());
                    for row in *rows {
                        if row.is_empty() {
                            defined.push(1);
                            repeated.push(0);
                        }
                        for (place, text) in row.iter().enumerate() {
                            texts.push(ByteArray::from(*text));
                            defined.push(3);
                            repeated.push(i16::from(place > 0));
                        }
                    }
                    let column = column.typed::<ByteArrayType>();
                    column.write_batch(&texts, Some(&defined), Some(&repeated)).unwrap();
                }
                Cells::Doubles(numbers) => {
                    column.typed::<DoubleType>().write_batch(numbers, None, None).unwrap();
                }
            }
            column.close().unwrap();
        }
        group.close().unwrap();
        writer.close().unwrap();
    }

    fn set() -> tempfile::TempDir {
        let set = tempfile::tempdir().unwrap();
        write(
            &set.path().join("queries/queries-00000-of-00001.parquet"),
            "optional binary _id (UTF8); optional binary text (UTF8); required double unused;",
            &[
                Cells::Texts(&[Some("q1"), Some("q2"), Some("q3")]),
                Cells::Texts(&[Some("asthma é"), None, Some("wax")]),
                Cells::Doubles(&[0.0, 1.0, 2.0]),
            ],
        );
        write(
            &set.path().join("qrels/test-00000-of-00001.parquet"),
            "optional binary query-id (UTF8); required int64 corpus-id; required double score;",
            &[
                Cells::Texts(&[Some("q1"), Some("q3"), Some("q1")]),
                Cells::Longs(&[7, 8, 9]),
                Cells::Doubles(&[1.0, 2.0, 0.0]),
            ],
        );
        set
    }

    #[test]
    fn rows_are_read_by_the_names_of_columns() {
        let collection = open(set().path());
        assert_eq!(told(&collection), ["q1 asthma é: 7=1 9=0", "q3 wax: 8=2"]);
        assert_eq!(skips(&collection), ["1 queries with an empty text"]);
        assert!(collection.skipped[0].example_place.ends_with("row 2"));
    }

    #[test]
    fn pairs_are_rows_too() {
        let set = tempfile::tempdir().unwrap();
        let path = set.path().join("p.parquet");
        write(
            &path,
            "optional binary query (UTF8); optional binary positive (UTF8); required double score;",
            &[
                Cells::Texts(&[Some("a"), Some("c")]),
                Cells::Texts(&[Some("b"), None]),
                Cells::Doubles(&[0.5, 1.0]),
            ],
        );
        let mut pairs = Pairs::open(&path).unwrap();
        let pair = pairs.next().unwrap().unwrap();
        assert_eq!((pair.left.as_str(), pair.right.as_str(), pair.score), ("a", "b", Some(0.5)));
        assert!(pairs.next().is_none());
        assert_eq!(pairs.skipped()[0].count, 1);
    }

    #[test]
    fn lists_are_positives_and_negatives() {
        let set = tempfile::tempdir().unwrap();
        let path = set.path().join("p.parquet");
        let list = |name: &str| {
            format!(
                "optional group {name} (LIST) {{ repeated group list {{ optional binary element (UTF8); }} }}"
            )
        };
        write(
            &path,
            &format!("optional binary query (UTF8); {} {}", list("pos"), list("neg")),
            &[
                Cells::Texts(&[Some("a"), Some("b"), Some("c")]),
                Cells::Lists(&[&["p", "r"], &["s"], &[]]),
                Cells::Lists(&[&["m", "n"], &[], &["o"]]),
            ],
        );
        let pairs = Pairs::open(&path).unwrap().map(Result::unwrap);
        let told: Vec<String> = pairs
            .map(|pair| format!("{} {} {}", pair.left, pair.right, pair.negatives.join("+")))
            .collect();
        assert_eq!(told, ["a p m+n", "a r m+n", "b s "]);
    }

    #[test]
    fn damaged_files_give_rows_or_an_error() {
        let set = set();
        let path = set.path().join("queries/queries-00000-of-00001.parquet");
        let whole = std::fs::read(&path).unwrap();
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let mut refusals = 0;
        for place in 0..whole.len() {
            for change in [1 << (place % 8), 0xff] {
                let mut changed = whole.clone();
                changed[place] ^= change;
                std::fs::write(&path, changed).unwrap();
                refusals += usize::from(
                    Collection::open(set.path(), &CollectionOptions::default()).is_err(),
                );
            }
        }
        std::panic::set_hook(hook);
        assert!(refusals > 0);
        std::fs::write(&path, "version https://git-lfs.github.com/spec/v1\n").unwrap();
        assert!(
            refused(set.path(), &CollectionOptions::default()).contains("a pointer of Git LFS")
        );
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let refused = refused(set.path(), &CollectionOptions::default());
            let words = if length == 0 { "the file is empty" } else { "cannot be read as Parquet" };
            assert!(refused.contains(words), "{length}: {refused}");
        }
    }
}
