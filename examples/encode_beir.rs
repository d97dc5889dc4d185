//! Encodes a folder in the layout of BEIR, writes a TREC run of the 100 nearest documents by exact
//! search, and prints nDCG@10.
//!
//! `cargo run --release --no-default-features --features ingest,bert --example encode_beir -- FOLDER RUN.trec [ENCODER]`
//!
//! `FOLDER` holds `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`; `ENCODER` is a model folder or a
//! static encoder's file, the built-in encoder when it is left out.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use medvec::eval::beir::Task;
use medvec::{Control, encode};

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
    let task = Task::read(Path::new(folder))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    let rankings = task.search(&*encoder, HITS, threads, &Control::default())?;
    println!(
        "{} documents, {} queries, {:.1} s: nDCG@10 {:.4}",
        task.documents(),
        rankings.len(),
        start.elapsed().as_secs_f64(),
        task.ndcg(&rankings)?
    );
    let mut run = BufWriter::new(File::create(out)?);
    for (query, ranking) in task.query_ids().zip(&rankings) {
        for (rank, (row, score)) in (1..).zip(ranking) {
            writeln!(run, "{query} Q0 {} {rank} {score} medvec", task.document_id(*row))?;
        }
    }
    run.flush()?;
    Ok(())
}
