//! Real weights, where the machine has them.

use std::path::Path;

use medvec::Encoder;
use medvec::encode::folder::{FolderEncoder, FolderOptions, Recipe};
use serde_json::{Value, json};

use crate::fixtures::shared;

/// With `MEDVEC_MINILM` naming an all-MiniLM-L6-v2 folder: the shared half-precision vectors of the
/// same sentences, which were cut at 128 tokens (the limit baked into the tokenizer's file).
#[test]
fn real_minilm_gives_the_shared_vectors() {
    use std::io::{BufRead, BufReader, Read};
    let (Some(shared), Some(folder)) = (shared(), std::env::var_os("MEDVEC_MINILM")) else {
        println!("skipped: MEDVEC_MINILM does not name an all-MiniLM-L6-v2 folder");
        return;
    };
    let recipe = json!({"pooling": "mean", "normalize": true, "similarity": "cosine",
        "roles": {"document": {"max_length": 128}}});
    let recipe = Recipe::from_json(recipe).expect("a recipe");
    let options = FolderOptions::new().recipe(recipe);
    let encoder = FolderEncoder::open_with(Path::new(&folder), &options).expect("encoder");
    let open =
        |name: &str| std::fs::File::open(shared.join("peers/vectors").join(name)).expect(name);
    let lines = BufReader::new(flate2::read::MultiGzDecoder::new(open("text.jsonl.gz"))).lines();
    let texts: Vec<String> = lines
        .take(500)
        .map(|line| {
            let record: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
            record["text"].as_str().expect("a text").to_string()
        })
        .collect();
    let mut halves = Vec::new();
    let bytes = 128 + texts.len() as u64 * 384 * 2;
    open("base.npy").take(bytes).read_to_end(&mut halves).expect("vectors");
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = encoder.encode_queries(&texts).expect("vectors");
    let rows = vectors.chunks(384).zip(halves[128..].chunks(768));
    let cosines = rows.map(|(vector, halves)| {
        let halves = halves.chunks(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
        let other: Vec<f32> = halves.map(medvec::kernel::quantize::f32_from_f16).collect();
        let norm = other.iter().map(|value| value * value).sum::<f32>().sqrt();
        vector.iter().zip(other).map(|(a, b)| a * b).sum::<f32>() / norm
    });
    let least = cosines.fold(f32::INFINITY, f32::min);
    println!("least cosine of {} sentences: {least}", texts.len());
    assert!(least > 0.999, "least cosine {least}");
}
