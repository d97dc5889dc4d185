//! Encodes a BEIR folder and writes a TREC run of the 100 nearest documents by exact cosine.
//!
//! `cargo run --release --no-default-features --features ingest,bert --example encode_beir -- FOLDER RUN.trec [ENCODER]`
//!
//! `FOLDER` holds `corpus.jsonl` and `queries.jsonl`; `ENCODER` is a model folder or a static encoder's
//! file, the built-in encoder when it is left out.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use medvec::{Encoder, EncoderInput, encode};
use serde_json::Value;

const HITS: usize = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out, rest @ ..] = arguments.as_slice() else {
        return Err("usage: encode_beir FOLDER RUN.trec [ENCODER]".into());
    };
    let encoder = match rest.first() {
        Some(path) => encode::open(Path::new(path))?,
        None => encode::builtin()?,
    };
    let documents = lines(folder, "corpus.jsonl")?;
    let queries = lines(folder, "queries.jsonl")?;
    let inputs: Vec<EncoderInput> = documents
        .iter()
        .map(|line| EncoderInput { title: field(line, "title"), text: field(line, "text") })
        .map(|input| match input.is_empty() {
            true => EncoderInput { title: "-".to_owned(), text: String::new() },
            false => input,
        })
        .collect();
    let start = Instant::now();
    let vectors = encode_all(&*encoder, &inputs)?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("{} documents, {:.0}/s", inputs.len(), inputs.len() as f64 / seconds);

    let texts: Vec<String> = queries.iter().map(|line| field(line, "text")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let questions = encoder.encode_queries(&texts)?;
    let dimension = encoder.spec().dimension as usize;
    let mut run = std::io::BufWriter::new(fs::File::create(out)?);
    for (query, question) in queries.iter().zip(questions.chunks_exact(dimension)) {
        let mut hits: Vec<(f32, usize)> = vectors
            .chunks_exact(dimension)
            .map(|vector| vector.iter().zip(question).map(|(a, b)| a * b).sum())
            .zip(0..)
            .collect();
        hits.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (rank, (score, row)) in hits.iter().take(HITS).enumerate() {
            let (query, document) = (field(query, "_id"), field(&documents[*row], "_id"));
            writeln!(run, "{query} Q0 {document} {} {score} medvec", rank + 1)?;
        }
    }
    run.flush()?;
    Ok(())
}

/// Encodes on all cores.
fn encode_all(encoder: &dyn Encoder, inputs: &[EncoderInput]) -> medvec::Result<Vec<f32>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let part = inputs.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let encode = |part: &[EncoderInput]| -> medvec::Result<Vec<f32>> {
            let batches: medvec::Result<Vec<_>> =
                part.chunks(64).map(|batch| encoder.encode_documents(batch)).collect();
            Ok(batches?.concat())
        };
        let parts: Vec<_> =
            inputs.chunks(part).map(|part| scope.spawn(move || encode(part))).collect();
        let mut all = Vec::new();
        for part in parts {
            all.extend(part.join().expect("an encoding thread panicked")?);
        }
        Ok(all)
    })
}

fn lines(folder: &str, name: &str) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(Path::new(folder).join(name))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn field(line: &Value, name: &str) -> String {
    line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
