//! Importing vectors that were computed elsewhere, from outside.

#![cfg(feature = "ingest")]

mod common;
#[path = "common/npy.rs"]
mod npy;

use std::path::{Path, PathBuf};

use common::{Numbers, Random};
use medvec::db::{CreateOptions, Database};
use medvec::encoder::{EncoderSpec, Metric};
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::ingest::pipeline::{ImportOptions, ImportReport, import};
use medvec::search::Query;
use medvec::{CancelToken, Control, Error, Key, Result};
use npy::npy;

const ORIGIN: &str = "lab/encoder";

fn origin(name: &str) -> EncoderSpec {
    EncoderSpec::of_origin(name, 4, Metric::Dot)
}

/// What the encoder makes of a title with this number.
fn made(number: u64, _: u64) -> Vec<f32> {
    vec![number as f32, 0.5, 0.5, 0.5]
}

struct Bench {
    folder: tempfile::TempDir,
    database: Database,
    options: ImportOptions,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let vectors = VectorConfig::new(4, Metric::Dot, RowType::F32, Some(origin(ORIGIN)));
        let options = CreateOptions::default().vectors(Some(vectors));
        let database = Database::create(folder.path().join("db"), options).expect("creates");
        let options = ImportOptions::default().origin(Some(origin(ORIGIN)));
        Bench { folder, database, options }
    }

    /// A database whose imports embed texts.
    fn with_encoder() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let encoder = Numbers::encoder(4, Metric::Dot, made);
        let create = CreateOptions::for_encoder(encoder.spec(), RowType::F32);
        let database = Database::create(folder.path().join("db"), create).expect("creates");
        let options = ImportOptions::default().encoder(Some(encoder));
        Bench { folder, database, options }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).expect("writes");
        path
    }

    /// An array of rows and the list of its ids.
    fn array(&self, name: &str, rows: &[(u32, [f32; 4])]) -> PathBuf {
        let ids: String = rows.iter().map(|(pmid, _)| format!("{pmid}\n")).collect();
        self.file(&format!("{name}.ids"), ids);
        let numbers: Vec<f32> = rows.iter().flat_map(|(_, row)| *row).collect();
        self.file(&format!("{name}.npy"), npy(&numbers, 4))
    }

    fn import(&self, paths: &[&Path]) -> Result<ImportReport> {
        let paths: Vec<PathBuf> = paths.iter().map(|path| path.to_path_buf()).collect();
        import(&self.database, &paths, &self.options, &mut |_| {})
    }

    fn vector(&self, pmid: u32) -> Option<Vec<f32>> {
        let snapshot = self.database.snapshot();
        let key = Key::pmid(pmid);
        let document = snapshot.get(&key).expect("reads")?;
        snapshot.stored_vector(&key, document.encoder_input().hash()).expect("reads")
    }

    fn title(&self, pmid: u32) -> Option<String> {
        let document = self.database.snapshot().get(&Key::pmid(pmid)).expect("reads");
        document.map(|document| document.title)
    }
}

fn lines(pmids: std::ops::RangeInclusive<u32>, edition: &str) -> String {
    let line = |pmid| {
        format!("{{\"pmid\": {pmid}, \"title\": \"Toy {pmid}\", \"text\": \"{edition}\"}}\n")
    };
    pmids.map(line).collect()
}

#[test]
fn texts_and_vectors_meet_in_any_order() {
    let rows = [(2, [2.0, 0.0, 0.0, 0.0]), (3, [3.0, 0.0, 0.0, 0.0]), (9, [9.0, 0.0, 0.0, 0.0])];
    for number in 0..8 {
        let [vectors_first, is_one_run, embeds] = [1, 2, 4].map(|bit| number & bit > 0);
        let bench = if embeds { Bench::with_encoder() } else { Bench::new() };
        let texts = bench.file("texts.jsonl", lines(1..=3, "one"));
        let array = bench.array("a", &rows);
        let paths = if vectors_first { [&array, &texts] } else { [&texts, &array] };
        let mut encoded = 0;
        if is_one_run {
            encoded += bench.import(&[paths[0], paths[1]]).expect("imports").encoded;
        } else {
            encoded += bench.import(&[paths[0]]).expect("imports").encoded;
            encoded += bench.import(&[paths[1]]).expect("imports").encoded;
        }
        let what = format!("vectors first: {vectors_first}, one run: {is_one_run}, {embeds}");
        assert_eq!(bench.database.snapshot().len(), 4, "{what}");
        assert_eq!(bench.title(2).as_deref(), Some("Toy 2"), "{what}");
        assert_eq!(bench.title(9).as_deref(), Some(""), "{what}");
        assert_eq!(bench.vector(1), embeds.then(|| made(1, 0)), "{what}");
        let expected = if vectors_first { 1 } else { 3 };
        assert_eq!(encoded, if embeds { expected } else { 0 }, "{what}");
        for (pmid, row) in rows {
            assert_eq!(bench.vector(pmid), Some(row.to_vec()), "{what}: {pmid}");
        }
        let query = Query::vector(rows[0].1.to_vec());
        let hits = bench.database.snapshot().search(&query).expect("searches").hits;
        let keys: Vec<String> = hits.iter().map(|hit| hit.key.to_string()).collect();
        assert_eq!(keys[..3], ["9", "3", "2"], "{what}");
        bench.database.snapshot().verify(&Control::default()).expect("sound");
    }
}

#[test]
fn what_an_encoder_makes_yields_to_a_vector_that_was_given() {
    let bench = Bench::with_encoder();
    bench.import(&[&bench.file("a.jsonl", lines(1..=2, "one"))]).expect("imports");
    let given = |pmid, number| format!("{{\"pmid\": {pmid}, \"vector\": [{number}, 0, 0, 0]}}\n");
    // In one file, before the texts: the stored vector of 1 is another one, 3 has none yet.
    let file = given(1, 7) + &given(3, 8) + &lines(1..=3, "one").replace('}', ", \"shelf\": 1}");
    let report = bench.import(&[&bench.file("b.jsonl", file)]).expect("imports");
    assert_eq!((report.vectors, report.added), (2, 1));
    assert_eq!(bench.title(3).as_deref(), Some("Toy 3"));
    assert_eq!(bench.vector(1), Some(vec![7.0, 0.0, 0.0, 0.0]));
    assert_eq!(bench.vector(2), Some(made(2, 0)));
    assert_eq!(bench.vector(3), Some(vec![8.0, 0.0, 0.0, 0.0]));
    // A given vector takes the place of a given one, though the text is the same.
    let line = lines(1..=1, "one").replace('}', ", \"shelf\": 1, \"vector\": [6, 0, 0, 0]}");
    let report = bench.import(&[&bench.file("c.jsonl", line)]).expect("imports");
    assert_eq!((report.replaced, report.unchanged), (1, 0));
    assert_eq!(bench.vector(1), Some(vec![6.0, 0.0, 0.0, 0.0]));
}

#[test]
fn a_vector_stays_with_its_text_and_goes_with_it() {
    let bench = Bench::new();
    bench.import(&[&bench.file("a.jsonl", lines(1..=2, "one"))]).expect("imports");
    bench.import(&[&bench.array("a", &[(1, [1.0; 4]), (2, [2.0; 4])])]).expect("imports");
    // Another field, the same text: the vector stays. Another text: it goes.
    let again = "{\"pmid\": 1, \"title\": \"Toy 1\", \"text\": \"one\", \"shelf\": \"s\"}\n\
                 {\"pmid\": 2, \"title\": \"Toy 2\", \"text\": \"two\"}\n";
    let report = bench.import(&[&bench.file("b.jsonl", again)]).expect("imports");
    assert_eq!((report.replaced, report.reused), (2, 1));
    assert_eq!(bench.vector(1), Some(vec![1.0; 4]));
    assert_eq!(bench.vector(2), None);
    // New vectors replace old ones.
    let report =
        bench.import(&[&bench.array("c", &[(1, [5.0; 4]), (2, [6.0; 4])])]).expect("imports");
    assert_eq!((report.vectors, report.added, report.replaced), (2, 0, 0));
    assert_eq!((bench.vector(1), bench.vector(2)), (Some(vec![5.0; 4]), Some(vec![6.0; 4])));
    assert_eq!(bench.title(2).as_deref(), Some("Toy 2"));
}

#[test]
fn what_pubmed_took_back_is_not_made_again_by_its_vector() {
    let bench = Bench::new();
    let xml = "<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>\
               <ArticleTitle>one</ArticleTitle></Article></MedlineCitation></PubmedArticle>\
               <DeleteCitation><PMID>2</PMID></DeleteCitation></PubmedArticleSet>";
    bench.import(&[&bench.file("pubmed26n0001.xml", xml)]).expect("imports");
    let report =
        bench.import(&[&bench.array("a", &[(1, [1.0; 4]), (2, [2.0; 4])])]).expect("imports");
    assert_eq!((report.vectors, report.unchanged), (1, 1));
    assert_eq!(bench.database.snapshot().len(), 1);
    // The citation's revision stays: an older file that comes late changes nothing, a corrected one does.
    let other = xml.replace("one", "two");
    let report = bench.import(&[&bench.file("pubmed25n0009.xml", other.clone())]).expect("imports");
    assert_eq!((report.unchanged, bench.title(1).as_deref()), (1, Some("one")));
    let report = bench.import(&[&bench.file("pubmed26n0001.xml", other)]).expect("imports");
    assert_eq!((report.unchanged, bench.title(1).as_deref()), (0, Some("two")));
}

#[test]
fn lines_with_nothing_but_a_vector_are_vectors() {
    let bench = Bench::new();
    let texts = lines(1..=2, "one");
    let vectors =
        "{\"_id\": \"1\", \"embedding\": [1, 1, 1, 1]}\n{\"pmid\": 7, \"vector\": [7, 7, 7, 7]}\n";
    let report = bench.import(&[&bench.file("a.jsonl", texts + vectors)]).expect("imports");
    assert_eq!((report.added, report.vectors), (3, 2));
    assert_eq!(bench.title(1).as_deref(), Some("Toy 1"));
    assert_eq!((bench.vector(1), bench.vector(7)), (Some(vec![1.0; 4]), Some(vec![7.0; 4])));
    let both = "{\"pmid\": 1, \"vector\": [1], \"embedding\": [1]}\n";
    let error = bench.import(&[&bench.file("b.jsonl", both)]).expect_err("refused").to_string();
    assert!(error.contains("b.jsonl, line 1") && error.contains("both"), "{error}");
    let short = "{\"pmid\": 1, \"vector\": [1, 2]}\n";
    let error = bench.import(&[&bench.file("c.jsonl", short)]).expect_err("refused").to_string();
    let words = "/c.jsonl, line 1: vector of document 1: 2 numbers, this database has vectors of 4";
    assert!(error.ends_with(words), "{error}");
}

#[test]
fn an_import_goes_on_where_it_was_stopped() {
    let mut bench = Bench::new();
    let mut random = Random(7);
    let rows: Vec<(u32, [f32; 4])> =
        (1..=5_000).map(|pmid| (pmid, std::array::from_fn(|_| random.unit()))).collect();
    let path = bench.array("a", &rows);
    let token = CancelToken::new();
    bench.options.commit_every = 700;
    bench.options.control = Control { cancel: Some(token.clone()), ..Control::default() };
    let paths = [path.clone()];
    let stopped = import(&bench.database, &paths, &bench.options, &mut |progress| {
        if progress.records >= 2_000 {
            token.cancel();
        }
    });
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let kept = bench.database.snapshot().len();
    assert!((700..5_000).contains(&kept), "{kept}");
    let entry = bench.database.snapshot().manifest().sources[0].clone();
    assert_eq!((entry.records, entry.complete), (kept, false));
    bench.options.control = Control::default();
    let (mut last, mut total) = (0, 0);
    let report = import(&bench.database, &paths, &bench.options, &mut |progress| {
        (last, total) = (progress.bytes, progress.bytes_total);
    })
    .expect("imports");
    assert_eq!((report.added, report.files), (5_000 - kept, 1));
    assert_eq!(last, total);
    for (pmid, row) in rows {
        assert_eq!(bench.vector(pmid), Some(row.to_vec()));
    }
    let report = bench.import(&[&path]).expect("imports");
    assert_eq!((report.files_known, report.vectors), (1, 0));
}

#[test]
fn keep_going_passes_over_bad_vectors_and_bad_files() {
    let mut bench = Bench::new();
    let bad = bench.array("a", &[(1, [1.0; 4]), (2, [f32::NAN; 4]), (3, [3.0; 4])]);
    let error = bench.import(&[&bad]).expect_err("stops").to_string();
    let place = format!("{}, vector 1 (document 2)", bad.display());
    assert_eq!(error, format!("{place}: number 0 is not finite"));
    assert!(bench.database.snapshot().is_empty());
    bench.options.keep_going = true;
    let long = bench.file("long.npy", npy(&[1.0; 10], 5));
    bench.file("long.ids", "1\n2\n");
    let report = bench.import(&[&long, &bad]).expect("imports");
    assert_eq!((report.added, report.skipped, report.files), (2, 1, 1));
    let broken = report.broken_files[0].to_string();
    let detail = "vectors of 5 numbers, this database has 4";
    assert_eq!(broken, format!("{}, the whole file: {detail}", long.display()));
}

#[test]
fn numbers_that_are_none_never_reach_a_database() {
    let half = |bits: u16| bits.to_le_bytes().to_vec();
    let single = |number: f32| number.to_le_bytes().to_vec();
    let array = |descr: &str, numbers: Vec<Vec<u8>>| {
        let text = String::from_utf8_lossy(&npy(&[], 4)).replace("<f4", descr);
        let header = text.replace("(0, 4)", "(1, 4)").into_bytes();
        // The magic's first byte is no UTF-8.
        [&b"\x93"[..], &header[3..], &numbers.concat()].concat()
    };
    for metric in [Metric::Cosine, Metric::Dot] {
        let folder = tempfile::tempdir().expect("a folder");
        let vectors = VectorConfig::new(4, metric, RowType::F32, None);
        let options = CreateOptions::default().vectors(Some(vectors));
        let database = Database::create(folder.path().join("db"), options).expect("creates");
        let refused = |name: &str, bytes: Vec<u8>, words: &[&str]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("writes");
            std::fs::write(folder.path().join("v.ids"), "5\n").expect("writes");
            let error = import(&database, &[path], &ImportOptions::default(), &mut |_| {});
            let error = error.expect_err("refused").to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
            assert!(database.snapshot().is_empty(), "{name}");
        };
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let numbers = vec![single(1.0), single(bad), single(0.0), single(0.0)];
            refused(
                "v.npy",
                array("<f4", numbers),
                &["v.npy, vector 0", "5", "number 1 is not finite"],
            );
        }
        for bits in [0x7c00, 0xfc00, 0x7e00] {
            let numbers = vec![half(0x3c00), half(0), half(bits), half(0)];
            refused("v.npy", array("<f2", numbers), &["v.npy, vector 0", "number 2 is not finite"]);
        }
        for (number, words) in [
            ("NaN", "line 1"),
            ("Infinity", "line 1"),
            ("1e39", "not a finite number"),
            ("null", "line 1"),
        ] {
            for text in ["", "\"title\": \"t\", "] {
                let line = format!("{{\"pmid\": 5, {text}\"vector\": [1, {number}, 0, 0]}}\n");
                refused("v.jsonl", line.into_bytes(), &["v.jsonl, line 1", words]);
            }
        }
        if metric == Metric::Cosine {
            let zeros = vec![single(0.0); 4];
            refused("v.npy", array("<f4", zeros), &["v.npy, vector 0", "zero"]);
            let line = "{\"pmid\": 5, \"title\": \"t\", \"vector\": [0, 0, 0, 0]}\n";
            refused("v.jsonl", line.into(), &["v.jsonl, line 1", "zero"]);
        }
    }
}

#[test]
fn chunks_of_medcpt_are_documents_with_their_vectors() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: Vec<u8>| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("writes");
        path
    };
    let texts = file(
        "pubmed_chunk_36.json",
        b"{\"31\": {\"d\": \"20121123\", \"t\": \"NONCODE.\", \"a\": \"A database.\", \
           \"m\": \"animals!|rna, untranslated!|rna, untranslated!genetics*|\"}, \
           \"32\": {\"d\": \"2013\", \"t\": \"No abstract\", \"a\": \"\", \"m\": \"\"}, \
           \"33\": {\"d\": null, \"t\": \"\", \"a\": \"No title.\", \"m\": \"\"}}"
            .to_vec(),
    );
    let array = file("embeds_chunk_36.npy", npy(&[1.0; 12], 4));
    file("pmids_chunk_36.json", b"[\"31\", \"32\", \"33\"]".to_vec());
    for paths in [[&texts, &array], [&array, &texts]] {
        let bench = Bench::new();
        let report = bench.import(&paths.map(PathBuf::as_path)).expect("imports");
        assert_eq!((report.vectors, bench.database.snapshot().len()), (3, 3));
        let document = |pmid| bench.database.snapshot().get(&Key::pmid(pmid)).unwrap().unwrap();
        let first = document(31);
        assert_eq!((first.title.as_str(), first.fields.len()), ("NONCODE.", 0));
        assert_eq!(first.abstract_sections[0].text, "A database.");
        assert_eq!(first.date.map(|date| date.verbatim).as_deref(), Some("2012-11-23"));
        let headings: Vec<(&str, bool, usize)> = first
            .mesh
            .iter()
            .map(|one| (one.name.as_str(), one.major, one.qualifiers.len()))
            .collect();
        assert_eq!(headings, [("animals", false, 0), ("rna, untranslated", false, 1)]);
        assert!(first.mesh[1].qualifiers[0].major);
        assert!(document(32).abstract_sections.is_empty() && document(33).title.is_empty());
        assert_eq!(bench.vector(33), Some(vec![1.0; 4]));
    }
    let wrong = file("pubmed_chunk_37.json", b"{\"31\": {\"t\": [\"x\"], \"a\": \"\"}}".to_vec());
    let error = Bench::new().import(&[&wrong]).expect_err("refused").to_string();
    for word in ["pubmed_chunk_37.json", "PMID 31", "`t` must be a string"] {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn vectors_of_another_origin_are_refused() {
    let mut bench = Bench::new();
    let path = bench.array("a", &[(1, [1.0; 4])]);
    bench.options.origin = Some(origin("lab/other"));
    let error = bench.import(&[&path]).expect_err("refused");
    assert!(matches!(error, Error::EncoderMismatch { .. }), "{error}");
    assert!(error.to_string().contains("lab/encoder") && error.to_string().contains("lab/other"));
    bench.options.origin = None;
    let error = bench.import(&[&path]).expect_err("nobody vouches").to_string();
    assert!(error.contains("this database is embedded by lab/encoder"), "{error}");
    let same = EncoderSpec::of_origin(ORIGIN, 4, Metric::Cosine);
    assert_ne!(same.fingerprint(), origin(ORIGIN).fingerprint());
}

#[test]
fn real_vectors_of_scifact_give_their_measured_recall() {
    let Some(shared) = common::shared() else { return };
    let folder = shared.join("data/retrieval/scifact-vectors");
    let options = CreateOptions::default().vectors(Some(VectorConfig::new(
        128,
        Metric::Cosine,
        RowType::F32,
        None,
    )));
    let bench = tempfile::tempdir().expect("a folder");
    let database = Database::create(bench.path().join("db"), options).expect("creates");
    let options = ImportOptions::default().ids(Some(folder.join("embedding_ids_minilm.jsonl")));
    let paths = [folder.join("embeddings_minilm_pca128.npy")];
    let report = import(&database, &paths, &options, &mut |_| {}).expect("imports");
    assert_eq!((report.added, report.vectors), (5_183, 5_183));
    let judged = std::fs::read_to_string(folder.join("qrels.tsv")).expect("qrels");
    let (mut found, mut wanted) = (0.0, 0.0);
    let queries = medvec::ingest::vectors::open(
        &folder.join("query_embeddings_minilm_128.npy"),
        Some(&query_ids(&folder, bench.path())),
    );
    for query in queries.expect("opens") {
        let query = query.expect("reads");
        let relevant: Vec<Key> = judged
            .lines()
            .filter_map(|line| line.split_once('\t').filter(|(id, _)| *id == query.key.to_string()))
            .filter_map(|(_, rest)| rest.split('\t').next().map(Key::parse))
            .collect();
        if relevant.is_empty() {
            continue;
        }
        let result = database.snapshot().search(&Query::vector(query.vector).k(10).exact());
        let hits = result.expect("searches").hits;
        let hit = |key: &&Key| hits.iter().any(|hit| hit.key == **key);
        found += relevant.iter().filter(hit).count() as f64 / relevant.len() as f64;
        wanted += 1.0;
    }
    let recall = found / wanted;
    assert!((recall - 0.761).abs() < 0.005, "recall@10 {recall} of {wanted} queries");
}

/// The list of queries says `query_id`.
fn query_ids(folder: &Path, out: &Path) -> PathBuf {
    let text = std::fs::read_to_string(folder.join("query_ids_minilm.jsonl")).expect("reads");
    let path = out.join("queries.jsonl");
    std::fs::write(&path, text.replace("query_id", "id")).expect("writes");
    path
}
