//! Distills a static encoder from a model folder, or from the cached vectors of one.
//!
//! `cargo run --release --no-default-features --features bert --example distill -- CORPUS CACHE.npy OUT [TEACHER]`
//!
//! `CACHE.npy` and `CACHE.jsonl` are written by the first run; a run that finds them needs no teacher.

use std::path::Path;

use medvec::Control;
use medvec::encode::distill::{DistillOptions, run};
use medvec::encode::folder::FolderEncoder;

fn main() -> medvec::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, vectors, out, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: distill CORPUS CACHE.npy OUT [TEACHER]");
        std::process::exit(2);
    };
    let teacher = match rest.first() {
        Some(folder) => Some(FolderEncoder::open(Path::new(folder))?),
        None => None,
    };
    let options = DistillOptions {
        corpus: corpus.into(),
        vectors: Some(vectors.into()),
        out: out.into(),
        teacher: teacher.as_ref().map(|teacher| teacher as &dyn medvec::Encoder),
        ..DistillOptions::default()
    };
    let start = std::time::Instant::now();
    let progress = |stage: &str, done: u64, total: u64| {
        if done.is_multiple_of(100) || done == total {
            eprintln!("{:7.1} s  {stage} {done}/{total}", start.elapsed().as_secs_f64());
        }
    };
    println!("{:#?}", run(&options, &progress, &Control::default())?);
    Ok(())
}
