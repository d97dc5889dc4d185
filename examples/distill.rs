//! Distills a static encoder from cached vectors of a sentence encoder, or from a model folder.
//!
//! `cargo run --release --no-default-features --features bert --example distill -- CORPUS CACHE.npy OUT [STEPS]`

use medvec::Control;
use medvec::encode::distill::{DistillOptions, run};

fn main() -> medvec::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, vectors, out, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: distill CORPUS CACHE.npy OUT [STEPS]");
        std::process::exit(2);
    };
    let defaults = DistillOptions::default();
    let options = DistillOptions {
        corpus: corpus.into(),
        vectors: Some(vectors.into()),
        out: out.into(),
        steps: rest.first().and_then(|steps| steps.parse().ok()).unwrap_or(defaults.steps),
        ..defaults
    };
    let start = std::time::Instant::now();
    let progress = |stage: &str, done: u64, total: u64| {
        if done % 100 == 0 || done == total {
            eprintln!("{:7.1} s  {stage} {done}/{total}", start.elapsed().as_secs_f64());
        }
    };
    println!("{:#?}", run(&options, &progress, &Control::default())?);
    Ok(())
}
