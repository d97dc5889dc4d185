//! Documents a second through a BERT folder, on the 1,000 abstracts of PubMedQA.
//!
//! ```text
//! MEDVEC_SHARED=../shared cargo bench --bench encode --no-default-features --features bert -- \
//!     FOLDER [DOCUMENTS]
//! ```
//!
//! Reports this crate with 1 and 2 threads (each encodes its own batches of 16 documents), and
//! candle-transformers' `BertModel` on the same documents in padded batches of 8 sorted by
//! length; set `RAYON_NUM_THREADS=1` to hold the latter to one thread.

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use medvec::encode::folder::{FolderEncoder, Tokens};
use medvec::{Encoder, EncoderInput};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some(folder) = arguments.first() else {
        println!("encode: give a model folder to measure; nothing done");
        return Ok(());
    };
    let limit = arguments.get(1).map_or(Ok(1_000), |number| number.parse())?;
    let inputs: Vec<EncoderInput> = abstracts()?.into_iter().take(limit).collect();
    let start = Clock::start();
    let encoder = FolderEncoder::open(Path::new(folder))?;
    println!("opened in {:.0} ms", start.wall.elapsed().as_secs_f64() * 1e3);
    let start = Clock::start();
    let tokens: Vec<Tokens> = inputs
        .iter()
        .map(|input| encoder.tokens("document", &input.text, None))
        .collect::<Result<_, _>>()?;
    let count: usize = tokens.iter().map(|text| text.ids.len()).sum();
    start.report("tokenizer, 1 thread", inputs.len(), count);
    encoder.encode_documents(&inputs[..inputs.len().min(16)])?;
    for threads in [1, 2] {
        let start = Clock::start();
        encode(&encoder, &inputs, threads)?;
        start.report(&format!("medvec, {threads} thread(s)"), inputs.len(), count);
    }
    let start = Clock::start();
    for input in inputs.iter().take(64) {
        encoder.encode_documents(std::slice::from_ref(input))?;
    }
    let single: usize = tokens.iter().take(64).map(|text| text.ids.len()).sum();
    start.report("medvec, one at a time", inputs.len().min(64), single);
    let start = Clock::start();
    stock(Path::new(folder), &tokens[..tokens.len().min(64)])?;
    start.report("candle BertModel", tokens.len().min(64), single);
    Ok(())
}

/// Wall clock and, where the system tells it, the processor time of the whole process.
struct Clock {
    wall: Instant,
    processor: Option<f64>,
}

impl Clock {
    fn start() -> Clock {
        Clock { wall: Instant::now(), processor: processor_seconds() }
    }

    fn report(&self, what: &str, documents: usize, tokens: usize) {
        let seconds = self.wall.elapsed().as_secs_f64();
        let (per_second, tokens) = (documents as f64 / seconds, tokens as f64 / seconds);
        print!("{what:24} {per_second:8.1} documents/s {tokens:9.0} tokens/s");
        match self.processor.zip(processor_seconds()) {
            Some((start, end)) => {
                println!(" {:8.1} documents/processor second", documents as f64 / (end - start));
            }
            None => println!(),
        }
    }
}

/// User and system time from `/proc`, in its ticks of 10 ms.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Contexts of each query, joined.
fn abstracts() -> Outcome<Vec<EncoderInput>> {
    let shared = std::env::var_os("MEDVEC_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let file = std::fs::File::open(shared.join("data/pubmedqa/ori_pqal.json.gz"))?;
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text)?;
    let records: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)?;
    let contexts = |record: &serde_json::Value| {
        let parts = record["CONTEXTS"].as_array().into_iter().flatten();
        parts.filter_map(|part| part.as_str()).collect::<Vec<_>>().join(" ")
    };
    let input = |record| EncoderInput { title: String::new(), text: contexts(record) };
    Ok(records.values().map(input).collect())
}

fn encode(encoder: &FolderEncoder, inputs: &[EncoderInput], threads: usize) -> Outcome<()> {
    let next = AtomicUsize::new(0);
    let batches: Vec<&[EncoderInput]> = inputs.chunks(16).collect();
    let work = || -> medvec::Result<()> {
        while let Some(batch) = batches.get(next.fetch_add(1, Ordering::Relaxed)) {
            encoder.encode_documents(batch)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            worker.join().map_err(|_| "a worker panicked")?.map_err(Box::from)
        })
    })
}

/// The same documents through candle-transformers, padded to the longest of each batch.
fn stock(folder: &Path, tokens: &[Tokens]) -> Outcome<()> {
    let config: Config = serde_json::from_slice(&std::fs::read(folder.join("config.json"))?)?;
    let weights = std::fs::read(folder.join("model.safetensors"))?;
    let device = Device::Cpu;
    let builder = VarBuilder::from_buffered_safetensors(weights, DType::F32, &device)?;
    let model = BertModel::load(builder, &config)?;
    let mut sorted: Vec<&Tokens> = tokens.iter().collect();
    sorted.sort_by_key(|text| text.ids.len());
    for batch in sorted.chunks(8) {
        let length = batch.last().map_or(0, |text| text.ids.len());
        let padded = |pick: &dyn Fn(&Tokens) -> Vec<u32>| -> Outcome<Tensor> {
            let rows: Vec<u32> = batch
                .iter()
                .flat_map(|text| {
                    let mut row = pick(text);
                    row.resize(length, 0);
                    row
                })
                .collect();
            Ok(Tensor::from_vec(rows, (batch.len(), length), &device)?)
        };
        let ids = padded(&|text| text.ids.clone())?;
        let types = padded(&|text| text.type_ids.clone())?;
        let mask = padded(&|text| vec![1; text.ids.len()])?;
        model.forward(&ids, &types, Some(&mask))?.sum_all()?;
    }
    Ok(())
}
