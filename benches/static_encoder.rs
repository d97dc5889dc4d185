//! Abstracts a second through the built-in encoder, on every title and abstract of the shared corpus.
//!
//! ```text
//! MEDVEC_SHARED=../shared cargo bench --no-default-features --features ingest,static-encoder --bench static_encoder
//! ```
//!
//! Reports the tokenizer alone, and the encoder on one thread and on two, each a number of rounds;
//! by the clock, and by processor time where the machine is not idle.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use medvec::encode::static_encoder::StaticEncoder;
use medvec::{Encoder, EncoderInput};

const BUILTIN: &[u8] = include_bytes!("../src/encode/builtin.mdvs");
const ROUNDS: usize = 3;
/// Documents of one call.
const BATCH: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let shared = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("data/abstracts.jsonl.zst");
    if !path.exists() {
        println!("static_encoder: {} is not there; nothing done", path.display());
        return Ok(());
    }
    let mut inputs = Vec::new();
    for line in BufReader::new(zstd::Decoder::new(std::fs::File::open(path)?)?).lines() {
        let line: serde_json::Value = serde_json::from_str(&line?)?;
        let field = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let input = EncoderInput { title: field("title"), text: field("abstract") };
        if !input.text.is_empty() {
            inputs.push(input);
        }
    }
    let encoder = StaticEncoder::from_bytes("builtin", BUILTIN)?;
    let bytes: usize = inputs.iter().map(|input| input.title.len() + input.text.len()).sum();
    println!("{} abstracts, {} bytes on average", inputs.len(), bytes / inputs.len());
    let mut tokens = 0;
    for _ in 0..ROUNDS {
        measure("tokenizer, 1 thread", inputs.len(), || {
            let mut ids = Vec::new();
            tokens = 0;
            for input in &inputs {
                ids.clear();
                encoder.wordpiece().encode(&input.title, &mut ids);
                encoder.wordpiece().encode(&input.text, &mut ids);
                tokens += ids.len();
            }
            Ok(())
        })?;
    }
    println!("{} tokens an abstract", tokens / inputs.len());
    for threads in [1, 2] {
        for _ in 0..ROUNDS {
            measure(&format!("encoder, {threads} thread(s)"), inputs.len(), || {
                encode(&encoder, &inputs, threads)
            })?;
        }
    }
    Ok(())
}

fn encode(encoder: &StaticEncoder, inputs: &[EncoderInput], threads: usize) -> medvec::Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> medvec::Result<()> {
        while let Some(batch) = inputs.chunks(BATCH).nth(next.fetch_add(1, Ordering::Relaxed)) {
            encoder.encode_documents(batch)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker panicked"))
    })
}

/// Does some work and prints its rate.
fn measure(
    what: &str,
    documents: usize,
    work: impl FnOnce() -> medvec::Result<()>,
) -> medvec::Result<()> {
    let (wall, processor) = (Instant::now(), processor_seconds());
    work()?;
    let rate = documents as f64 / wall.elapsed().as_secs_f64();
    print!("{what:22} {rate:9.0} abstracts/s");
    match processor.zip(processor_seconds()) {
        Some((start, end)) => {
            println!(" {:9.0} abstracts/processor second", documents as f64 / (end - start));
        }
        None => println!(),
    }
    Ok(())
}

/// User and system time from `/proc`, in its ticks of 10 ms.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
