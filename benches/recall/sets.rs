//! The sets: databases of real texts or vectors, and the queries of BioASQ.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use medvec::db::{Change, CreateOptions, Database, WriterOptions};
use medvec::document::AbstractSection;
use medvec::format::manifest::{RowType, VectorConfig};
use medvec::kernel::quantize::f32_from_f16;
use medvec::kernel::random::Random;
use medvec::{Document, Encoder, Key, Metric, encode};
use serde_json::Value;

use crate::Result;

/// Queries that are searched for.
const QUERIES: usize = 1_000;

/// Queries that are given to calibrate with: others.
const GIVEN: usize = 512;

/// Rows of the set `sentences`.
const SENTENCES: usize = 349_152;

/// Documents that the writer gets at a time.
const BATCH: usize = 1_024;

/// A database, and queries in the space of its vectors.
pub(crate) struct Set {
    pub(crate) database: Database,
    pub(crate) encoder: Option<Arc<dyn Encoder>>,
    pub(crate) queries: Vec<Vec<f32>>,
    pub(crate) given: Vec<f32>,
}

impl Set {
    /// Makes the set of a name, or the first rows of it.
    pub(crate) fn make(name: &str, rows: Option<usize>, cone: f32, folder: &Path) -> Result<Set> {
        let rows = rows.unwrap_or(usize::MAX);
        match name {
            "documents" => embedded(documents()?, rows, folder),
            "sentences" => embedded(sentences()?, rows, folder),
            "minilm" => precomputed(rows, cone, folder),
            other => Err(format!("no set {other}").into()),
        }
    }
}

fn shared() -> PathBuf {
    std::env::var_os("MEDVEC_SHARED").map_or_else(|| "../shared".into(), PathBuf::from)
}

/// Texts under the built-in encoder.
fn embedded(texts: Vec<(String, String)>, rows: usize, folder: &Path) -> Result<Set> {
    let encoder = encode::builtin()?;
    let options = CreateOptions::for_encoder(encoder.spec(), RowType::Int8);
    let database = Database::create(folder, options)?;
    let mut writer = database.writer(WriterOptions::with_encoder(encoder.clone()))?;
    let texts = &texts[..texts.len().min(rows)];
    for (at, batch) in texts.chunks(BATCH).enumerate() {
        let mut changes = Vec::with_capacity(batch.len());
        for (place, (title, text)) in batch.iter().enumerate() {
            let mut document = Document::new(Key::pmid(u32::try_from(at * BATCH + place + 1)?));
            document.title.clone_from(title);
            if !text.is_empty() {
                let section = AbstractSection { text: text.clone(), ..AbstractSection::default() };
                document.abstract_sections.push(section);
            }
            changes.push(Change { document, revision: None, vector: None });
        }
        writer.apply(changes)?;
    }
    writer.commit()?;
    println!("{} texts", texts.len());
    let asked = queries()?;
    let embed = |texts: &[String]| {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        encoder.encode_queries(&texts)
    };
    let dimension = encoder.spec().dimension as usize;
    let searched = embed(&asked[..QUERIES])?.chunks(dimension).map(<[f32]>::to_vec).collect();
    let given = embed(&asked[QUERIES..QUERIES + GIVEN])?;
    Ok(Set { database, encoder: Some(encoder), queries: searched, given })
}

/// The shared vectors of a model that is not at hand. Half of the shipped queries are given.
fn precomputed(rows: usize, cone: f32, folder: &Path) -> Result<Set> {
    let vectors = shared().join("peers/vectors");
    let (dimension, mut base) = npy(&vectors.join("base.npy"))?;
    let (_, mut queries) = npy(&vectors.join("queries.npy"))?;
    let mut random = Random::new(5);
    let axis: Vec<f32> = (0..dimension).map(|_| random.below(2001) as f32 / 1000.0 - 1.0).collect();
    let length = axis.iter().map(|number| number * number).sum::<f32>().sqrt();
    for vector in base.chunks_mut(dimension).chain(queries.chunks_mut(dimension)) {
        vector.iter_mut().zip(&axis).for_each(|(number, axis)| *number += cone / length * axis);
    }
    let config = VectorConfig::new(u32::try_from(dimension)?, Metric::Cosine, RowType::Int8, None);
    let database = Database::create(folder, CreateOptions::default().vectors(Some(config)))?;
    let mut writer = database.writer(WriterOptions::default())?;
    let mut keys = 1..;
    let used = base.len().min(rows.saturating_mul(dimension));
    for batch in base[..used].chunks(BATCH * dimension) {
        let change = |vector: &[f32]| {
            let document = Document::new(Key::pmid(keys.next().unwrap_or_default()));
            Change { document, revision: None, vector: Some(vector.to_vec()) }
        };
        writer.apply(batch.chunks(dimension).map(change).collect())?;
    }
    writer.commit()?;
    println!("{} vectors", used / dimension);
    let (given, searched) = queries.split_at(queries.len() / 2);
    let searched = searched.chunks(dimension).map(<[f32]>::to_vec).collect();
    Ok(Set { database, encoder: None, queries: searched, given: given.to_vec() })
}

fn queries() -> Result<Vec<String>> {
    let text = fs::read_to_string(shared().join("data/retrieval/bioasq/queries.jsonl"))?;
    let query = |line: &str| -> Result<String> { text_of(&serde_json::from_str(line)?, "text") };
    text.lines().map(query).collect()
}

fn text_of(record: &Value, field: &str) -> Result<String> {
    let text = record.get(field).and_then(Value::as_str).unwrap_or_default();
    Ok(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn abstracts() -> Result<Vec<Value>> {
    let bytes = zstd::decode_all(File::open(shared().join("data/abstracts.jsonl.zst"))?)?;
    let lines = std::str::from_utf8(&bytes)?.lines();
    lines.map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// The documents of BioASQ's snippets, and every abstract of another PMID, as `peers/retrieval.py` has them.
fn documents() -> Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    let mut known = HashSet::new();
    let file = File::open(shared().join("data/retrieval/bioasq/corpus.jsonl.gz"))?;
    for line in BufReader::new(MultiGzDecoder::new(file)).lines() {
        let record: Value = serde_json::from_str(&line?)?;
        known.insert(text_of(&record, "_id")?);
        texts.push((text_of(&record, "title")?, text_of(&record, "text")?));
    }
    for record in abstracts()? {
        let pmid = record.get("pmid").and_then(Value::as_u64).map(|pmid| pmid.to_string());
        if pmid.is_none_or(|pmid| !known.contains(&pmid)) {
            texts.push((text_of(&record, "title")?, text_of(&record, "abstract")?));
        }
    }
    Ok(texts)
}

/// Titles and sentences of the abstracts, each once, in a seeded random order.
fn sentences() -> Result<Vec<(String, String)>> {
    let (mut lines, mut seen) = (Vec::new(), HashSet::new());
    for record in abstracts()? {
        let title = text_of(&record, "title")?;
        let text = text_of(&record, "abstract")?;
        let parts = text.split_inclusive(['.', '?', '!']);
        let mut sentence = String::new();
        let mut sentences = vec![title];
        for part in parts {
            // A full stop inside of a number or an abbreviation ends no sentence.
            if !sentence.is_empty() && part.starts_with(' ') && sentence.len() > 20 {
                sentences.push(std::mem::take(&mut sentence));
            }
            sentence.push_str(part);
        }
        sentences.push(sentence);
        for sentence in sentences {
            let sentence = sentence.trim();
            if (20..2_000).contains(&sentence.len()) && seen.insert(sentence.to_lowercase()) {
                lines.push((String::new(), sentence.to_owned()));
            }
        }
    }
    let mut random = Random::new(7);
    let wanted = SENTENCES.min(lines.len());
    for place in 0..wanted {
        let other = place + random.below(lines.len() - place);
        lines.swap(place, other);
    }
    lines.truncate(wanted);
    Ok(lines)
}

/// A matrix of half-precision numbers, row by row.
fn npy(path: &Path) -> Result<(usize, Vec<f32>)> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let length = bytes.get(8..10).ok_or("too short")?;
    let start = 10 + usize::from(u16::from_le_bytes([length[0], length[1]]));
    let header = std::str::from_utf8(bytes.get(10..start).ok_or("too short")?)?;
    if !header.contains("'<f2'") {
        return Err(format!("{}: not of half precision", path.display()).into());
    }
    let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
    let columns = shape.split(',').nth(1).ok_or("no columns")?.trim().parse()?;
    let numbers = bytes[start..].as_chunks().0;
    Ok((columns, numbers.iter().map(|half| f32_from_f16(u16::from_le_bytes(*half))).collect()))
}
