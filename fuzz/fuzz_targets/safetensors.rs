//! Arbitrary bytes as a file of safetensors, its header, the index of several files, the weights of a
//! LoRA adapter, their header, and the adapter's settings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::models::{self, Bench, safetensors_framed, safetensors_parts};

fuzz_target!(|bytes: &[u8]| {
    let Some((way, bytes)) = bytes.split_first() else { return };
    let tensors = models::tensors();
    let adapter = models::adapter_tensors();
    Bench::with(|bench| {
        bench.model();
        let whole = || models::safetensors(&tensors);
        let adapted = |config: &[u8], weights: &[u8]| {
            bench.put("model.safetensors", whole());
            bench.put("adapter/adapter_config.json", config);
            let weights = bench.put("adapter/adapter_model.safetensors", weights);
            bench.check(weights.parent());
        };
        match way % 6 {
            0 => drop(bench.put("model.safetensors", bytes)),
            1 => {
                let (_, data) = safetensors_parts(&tensors);
                bench.put("model.safetensors", safetensors_framed(bytes, &data));
            }
            2 => {
                let (first, second) = tensors.split_at(tensors.len() / 2);
                bench.put("a.safetensors", models::safetensors(first));
                bench.put("b.safetensors", models::safetensors(second));
                bench.put("model.safetensors.index.json", bytes);
            }
            3 => return adapted(bytes, &models::safetensors(&adapter)),
            4 => return adapted(models::ADAPTER.as_bytes(), bytes),
            _ => {
                let (_, data) = safetensors_parts(&adapter);
                return adapted(models::ADAPTER.as_bytes(), &safetensors_framed(bytes, &data));
            }
        }
        bench.check(None);
    });
});
