//! BM25 of medvec and tantivy over the same texts, in turn, and what their indexes take on disk.
//!
//! ```text
//! MEDVEC_BEIR=FOLDER cargo bench --manifest-path benches/compare/lexical/Cargo.toml
//! ```
//!
//! `FOLDER` holds `corpus.jsonl` and `queries.jsonl` in BEIR's layout. Both index title and abstract as one text, stemmed, with and without positions, in one segment, and answer every
//! query with its ten best documents on one thread. tantivy drops English stop words, medvec those of PubMed when it ranks.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput};
use medvec::document::AbstractSection;
use medvec::format::manifest::LexicalConfig;
use medvec::{
    Change, Control, CreateOptions, Database, Document, Key, Mode, OptimizeOptions, Query, Snapshot, WriterOptions,
};
use serde_json::Value;
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer};
use tantivy::{Index, Searcher, TantivyDocument, doc};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let folder = std::env::var_os("MEDVEC_BEIR").map(PathBuf::from).ok_or("MEDVEC_BEIR names no folder")?;
    let texts: Vec<(String, String)> = lines(&folder.join("corpus.jsonl"))?
        .iter()
        .map(|line| (string(line, "title"), string(line, "text")))
        .collect();
    let queries: Vec<String> = lines(&folder.join("queries.jsonl"))?.iter().map(|line| string(line, "text")).collect();
    let bytes: usize = texts.iter().map(|(title, text)| title.len() + text.len()).sum();
    println!("{} documents, {:.1} MB of text, {} queries", texts.len(), bytes as f64 / 1e6, queries.len());
    let place = tempfile::tempdir()?;
    let mut criterion = Criterion::default().configure_from_args();
    for positions in [false, true] {
        let name = if positions { "with positions" } else { "without positions" };
        let ours = place.path().join(format!("medvec-{positions}"));
        let snapshot = medvec_index(&ours, &texts, positions)?;
        let theirs = place.path().join(format!("tantivy-{positions}"));
        let (searcher, parser) = tantivy_index(&theirs, &texts, positions)?;
        let (own, peer) = (lexical_bytes(&snapshot)?, folder_bytes(&theirs)?);
        println!(
            "{name}: medvec {:.2} MB, tantivy {:.2} MB, {:.2} times; {:.1} % of the text",
            own as f64 / 1e6,
            peer as f64 / 1e6,
            own as f64 / peer as f64,
            100.0 * own as f64 / bytes as f64
        );
        let mut group = criterion.benchmark_group(format!("top 10, {name}"));
        group.sample_size(20).throughput(Throughput::Elements(queries.len() as u64));
        group.bench_function("medvec", |bencher| {
            bencher.iter(|| queries.iter().map(|text| ours_top(&snapshot, text)).sum::<usize>());
        });
        group.bench_function("tantivy", |bencher| {
            bencher.iter(|| queries.iter().map(|text| theirs_top(&searcher, &parser, text)).sum::<usize>());
        });
        group.finish();
    }
    Ok(())
}

fn ours_top(snapshot: &Snapshot, text: &str) -> usize {
    let query = Query::text(text).mode(Mode::Lexical).k(10);
    snapshot.search(&query).map_or(0, |found| found.hits.len())
}

fn theirs_top(searcher: &Searcher, parser: &QueryParser, text: &str) -> usize {
    let plain: String = text.chars().map(|ch| if ch.is_alphanumeric() { ch } else { ' ' }).collect();
    let Ok(query) = parser.parse_query(&plain) else { return 0 };
    searcher.search(&query, &TopDocs::with_limit(10).order_by_score()).map_or(0, |found| found.len())
}

fn medvec_index(place: &Path, texts: &[(String, String)], positions: bool) -> Result<Snapshot> {
    let options = CreateOptions::default().lexical(Some(LexicalConfig { positions }));
    let database = Database::create(place, options)?;
    let mut writer = database.writer(WriterOptions::default())?;
    for (number, (title, text)) in (1..).zip(texts) {
        let mut document = Document::new(Key::pmid(number));
        document.title = title.clone();
        document.abstract_sections = vec![AbstractSection { text: text.clone(), ..AbstractSection::default() }];
        writer.apply(vec![Change::new(document)])?;
    }
    writer.commit()?;
    writer.optimize(&OptimizeOptions::default(), &Control::default())?;
    Ok(database.snapshot())
}

/// Bytes of the sections of the lexical index.
fn lexical_bytes(snapshot: &Snapshot) -> Result<u64> {
    let sections = snapshot.stats()?.sections;
    Ok(sections.iter().filter(|section| section.name.starts_with("lexical")).map(|section| section.bytes).sum())
}

fn tantivy_index(place: &Path, texts: &[(String, String)], positions: bool) -> Result<(Searcher, QueryParser)> {
    fs::create_dir_all(place)?;
    let record = if positions { IndexRecordOption::WithFreqsAndPositions } else { IndexRecordOption::WithFreqs };
    let indexing = TextFieldIndexing::default().set_tokenizer("english").set_index_option(record);
    let mut schema = Schema::builder();
    let field = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let index = Index::create_in_dir(place, schema.build())?;
    let stop_words = StopWordFilter::new(Language::English).ok_or("no stop words")?;
    let english = TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(64))
        .filter(LowerCaser)
        .filter(stop_words)
        .filter(Stemmer::new(Language::English))
        .build();
    index.tokenizers().register("english", english);
    let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, 500_000_000)?;
    for (title, text) in texts {
        writer.add_document(doc!(field => format!("{title}\n{text}")))?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    let parser = QueryParser::for_index(&index, vec![field]);
    Ok((index.reader()?.searcher(), parser))
}

fn folder_bytes(place: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(place)? {
        let entry = entry?;
        let name = entry.file_name();
        // The store of documents is not part of the index.
        if Path::new(&name).extension().is_some_and(|kind| kind != "store" && kind != "json") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
}

fn string(line: &Value, field: &str) -> String {
    line.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
