//! Importing files into a database, from outside.

#![cfg(feature = "ingest")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use medvec::db::{CreateOptions, Database};
use medvec::encoder::{EncoderInput, EncoderSpec, Metric, Pooling, TowerSpec};
use medvec::format::manifest::RowType;
use medvec::ingest::pipeline::{ImportOptions, ImportReport, import};
use medvec::{CancelToken, Control, Encoder, Error, Key, Result};

/// Three numbers from the length of a text; counts the texts; fails on the word `FAIL`.
struct Lengths {
    spec: EncoderSpec,
    texts: AtomicU64,
}

impl Lengths {
    fn new() -> Arc<Lengths> {
        let tower = TowerSpec {
            weights: [1; 32],
            tokenizer: [2; 32],
            prefix: String::new(),
            tokens_max: 512,
            pair: false,
        };
        let spec = EncoderSpec {
            name: "lengths".into(),
            family: "test".into(),
            dimension: 3,
            metric: Metric::Dot,
            pooling: Pooling::Mean,
            normalize: false,
            document: tower.clone(),
            query: tower,
        };
        Arc::new(Lengths { spec, texts: AtomicU64::new(0) })
    }
}

impl Encoder for Lengths {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        if inputs.iter().any(|input| input.text.contains("FAIL")) {
            return Err(Error::encoder("lengths", "asked to"));
        }
        self.texts.fetch_add(inputs.len() as u64, Ordering::Relaxed);
        let row = |input: &EncoderInput| [input.title.len() as f32, input.text.len() as f32, 1.0];
        Ok(inputs.iter().flat_map(row).collect())
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        Ok(queries.iter().flat_map(|query| [query.len() as f32, 0.0, 1.0]).collect())
    }
}

struct Bench {
    folder: tempfile::TempDir,
    database: Database,
    encoder: Arc<Lengths>,
    options: ImportOptions,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("a folder");
        let encoder = Lengths::new();
        let create = CreateOptions::for_encoder(&encoder.spec, RowType::F32);
        let database = Database::create(folder.path().join("db"), create).expect("creates");
        let options = ImportOptions::default().encoder(Some(encoder.clone()));
        Bench { folder, database, encoder, options }
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("writes");
        path
    }

    fn import(&self, paths: &[PathBuf]) -> Result<ImportReport> {
        import(&self.database, paths, &self.options, &mut |_| {})
    }

    fn good(&self, path: &PathBuf) -> ImportReport {
        self.import(std::slice::from_ref(path)).expect("imports")
    }

    fn title(&self, pmid: u32) -> Option<String> {
        let document = self.database.snapshot().get(&Key::pmid(pmid)).expect("reads");
        document.map(|document| document.title)
    }

    fn texts(&self) -> u64 {
        self.encoder.texts.load(Ordering::Relaxed)
    }
}

fn citation(pmid: u32, title: &str, rest: &str) -> String {
    format!(
        "<PubmedArticle><MedlineCitation Status=\"MEDLINE\"><PMID Version=\"1\">{pmid}</PMID>\
         <Article><ArticleTitle>{title}</ArticleTitle></Article>{rest}</MedlineCitation></PubmedArticle>\n"
    )
}

fn set(records: &str) -> String {
    format!("<PubmedArticleSet>\n{records}</PubmedArticleSet>\n")
}

fn many(count: u32) -> String {
    (1..=count).map(|pmid| citation(pmid, &format!("Toy number {pmid}"), "")).collect()
}

fn lines(count: u32) -> String {
    (1..=count)
        .map(|id| format!("{{\"id\": \"d{id}\", \"text\": \"Toy number {id}\"}}\n"))
        .collect()
}

#[test]
fn documents_deletions_and_vectors_arrive() {
    let bench = Bench::new();
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/pubmed_sample.xml");
    let report = bench.good(&sample);
    assert_eq!((report.added, report.deletes, report.encoded, report.files), (3, 2, 3, 1));
    let snapshot = bench.database.snapshot();
    assert_eq!(snapshot.len(), 3);
    let key = Key::pmid(90_000_002);
    let input = snapshot.get(&key).expect("reads").expect("there").encoder_input();
    let vector = snapshot.stored_vector(&key, input.hash()).expect("reads").expect("there");
    assert_eq!(vector, [input.title.len() as f32, input.text.len() as f32, 1.0]);
}

#[test]
fn a_file_imported_before_is_passed_over() {
    let bench = Bench::new();
    let path = bench.file("a.xml", set(&many(10)));
    let first = bench.good(&path);
    let second = bench.good(&path);
    assert_eq!((second.files_known, second.files, second.added), (1, 0, 0));
    assert_eq!(first.generation, second.generation);
    assert_eq!(bench.texts(), 10);
}

#[test]
fn many_threads_write_in_the_order_of_the_source() {
    let mut texts = Vec::new();
    // However many are asked for, no more are started than make sense.
    for threads in [1, 4, usize::MAX] {
        let mut bench = Bench::new();
        bench.options.parse_threads = threads;
        bench.options.encode_threads = threads;
        // Every key five times: only the order says which one stays.
        let body: String = (0..5_000_u32)
            .map(|at| {
                citation(
                    at % 1000 + 1,
                    &format!("Version {at} {}", "x".repeat(at as usize % 97)),
                    "",
                )
            })
            .collect();
        let report = bench.good(&bench.file("pubmed26n0001.xml", set(&body)));
        assert_eq!((report.added, report.replaced), (1000, 4000));
        let titles: Vec<_> = (1..=1000).map(|pmid| bench.title(pmid)).collect();
        assert!(titles[0].as_deref().is_some_and(|title| title.starts_with("Version 4000 ")));
        texts.push(titles);
    }
    assert!(texts.iter().all(|titles| *titles == texts[0]));
}

#[test]
fn nlm_files_end_the_same_in_any_order() {
    let first =
        set(&(citation(1, "old", "") + &citation(2, "doomed", "") + &citation(3, "kept", "")));
    let second = set(&(citation(1, "new", "") + "<DeleteCitation><PMID>2</PMID></DeleteCitation>"));
    for is_reversed in [false, true] {
        let bench = Bench::new();
        let mut paths =
            [bench.file("pubmed26n0001.xml", &first), bench.file("pubmed26n0002.xml", &second)];
        if is_reversed {
            paths.reverse();
        }
        let report = bench.import(&paths).expect("imports");
        assert_eq!(bench.title(1).as_deref(), Some("new"), "{report:?}");
        assert_eq!(bench.title(2), None);
        assert_eq!(bench.title(3).as_deref(), Some("kept"));
        assert_eq!(bench.database.snapshot().len(), 2);
    }
}

#[test]
fn a_late_file_costs_no_embedding_where_newer_records_are() {
    let bench = Bench::new();
    bench.good(&bench.file("pubmed26n0002.xml", set(&citation(1, "new", ""))));
    let report = bench.good(&bench.file("pubmed26n0001.xml", set(&citation(1, "old", ""))));
    assert_eq!((report.unchanged, report.encoded, bench.texts()), (1, 0, 1));
}

#[test]
fn embeddings_are_reused_when_only_metadata_changed() {
    let bench = Bench::new();
    bench.good(&bench.file("pubmed26n0001.xml", set(&many(20))));
    let mesh = "<MeshHeadingList><MeshHeading><DescriptorName UI=\"D1\">Toys</DescriptorName></MeshHeading></MeshHeadingList>";
    let revised: String = (1..=20)
        .map(|pmid| {
            let title = if pmid == 7 { "A new title".into() } else { format!("Toy number {pmid}") };
            citation(pmid, &title, mesh)
        })
        .collect();
    let report = bench.good(&bench.file("pubmed26n0002.xml", set(&revised)));
    assert_eq!((report.replaced, report.reused, report.encoded), (20, 19, 1));
    assert_eq!(bench.texts(), 21);
}

#[test]
fn the_first_bad_record_stops_the_import() {
    let bench = Bench::new();
    let path = bench.file("a.jsonl", lines(5) + "{\"title\": \"no key\"}\n" + &lines(5));
    let name = path.display().to_string();
    let error = bench.import(&[path]).expect_err("stops");
    assert_eq!(
        error.to_string(),
        format!("{name}, line 6: no key: expected `pmid`, `id`, `_id` or `doc_id`")
    );
    assert_eq!(bench.database.snapshot().len(), 0);
}

#[test]
fn keep_going_passes_over_bad_records_and_broken_files() {
    let mut bench = Bench::new();
    bench.options.keep_going = true;
    let bad = bench
        .file("a.jsonl", lines(5) + "{\"title\": \"no key\"}\n{\"id\": \"v\", \"vector\": [1]}\n");
    let name = bad.display().to_string();
    let cut = bench.file("b.xml", format!("<PubmedArticleSet>{}<PubmedArticle>", many(3)));
    let wrong = bench.file("c.txt", "hello");
    let good = bench.file("d.xml", set(&citation(9, "nine", "")));
    let report = bench.import(&[bad, cut, wrong, good]).expect("imports");
    assert_eq!((report.added, report.skipped, report.files), (9, 2, 2));
    let skipped: Vec<_> = report.skipped_records.iter().map(ToString::to_string).collect();
    let first = "line 6: no key: expected `pmid`, `id`, `_id` or `doc_id`";
    assert_eq!(skipped[0], format!("{name}, {first}"));
    let second = "line 7: vector of document v: 1 numbers, this database has vectors of 3";
    assert!(skipped[1].ends_with(&format!("a.jsonl, {second}")), "{}", skipped[1]);
    assert_eq!(report.broken_files.len(), 2);
    assert_eq!(bench.title(3).as_deref(), Some("Toy number 3"));
}

#[test]
fn a_cancelled_import_keeps_its_commits_and_goes_on_from_them() {
    let mut bench = Bench::new();
    let path = bench.file("a.jsonl", lines(3_000));
    let token = CancelToken::new();
    bench.options.commit_every = 500;
    bench.options.control = Control { cancel: Some(token.clone()), ..Control::default() };
    let result =
        import(&bench.database, std::slice::from_ref(&path), &bench.options, &mut |progress| {
            if progress.records >= 1_500 {
                token.cancel();
            }
        });
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    let kept = bench.database.snapshot().len();
    assert!((500..3_000).contains(&kept), "{kept}");
    let entry = bench.database.snapshot().manifest().sources[0].clone();
    assert_eq!((entry.records, entry.complete), (kept, false));

    bench.options.control = Control::default();
    let report = bench.good(&path);
    assert_eq!(report.added, 3_000 - kept);
    assert_eq!(bench.database.snapshot().len(), 3_000);
    assert!(bench.database.snapshot().manifest().sources[0].complete);
}

#[test]
fn a_failing_encoder_stops_the_import_and_keeps_what_was_committed() {
    let mut bench = Bench::new();
    bench.options.commit_every = 256;
    let path = bench.file("a.jsonl", lines(2_000) + "{\"id\": \"x\", \"text\": \"FAIL\"}\n");
    let error = bench.import(&[path]).expect_err("stops");
    assert!(matches!(error, Error::Encoder { .. }), "{error}");
    assert!(bench.database.snapshot().len() >= 256);
}

#[test]
fn vectors_of_the_source_are_kept_and_empty_texts_have_none() {
    let bench = Bench::new();
    let path = bench.file(
        "a.jsonl",
        "{\"pmid\": 1, \"title\": \"t\", \"vector\": [4, 5, 6]}\n{\"pmid\": 2, \"title\": \"\"}\n",
    );
    let report = bench.good(&path);
    assert_eq!((report.added, report.encoded), (2, 0));
    let snapshot = bench.database.snapshot();
    let vector = |pmid| {
        let key = Key::pmid(pmid);
        let document = snapshot.get(&key).expect("reads").expect("there");
        snapshot.stored_vector(&key, document.encoder_input().hash()).expect("reads")
    };
    assert_eq!(vector(1), Some(vec![4.0, 5.0, 6.0]));
    assert_eq!(vector(2), None);
}

#[test]
fn progress_ends_at_the_size_of_the_files() {
    let bench = Bench::new();
    let paths = [bench.file("a.jsonl", lines(1_000)), bench.file("b.xml", set(&many(500)))];
    let (mut last, mut calls) = ((0, 0, 0), 0);
    import(&bench.database, &paths, &bench.options, &mut |progress| {
        assert!(progress.bytes >= last.1 && progress.records >= last.0);
        last = (progress.records, progress.bytes, progress.bytes_total);
        calls += 1;
    })
    .expect("imports");
    let total: u64 = paths.iter().map(|path| path.metadata().expect("there").len()).sum();
    assert_eq!(last, (1_500, total, total));
    assert!(calls > 5);
}
