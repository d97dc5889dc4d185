//! The networks as programs for a GPU: run by candle on the processor (feature `oracle`), and on a GPU
//! where there is one (feature `cuda`).

use std::path::{Path, PathBuf};

use medvec::encode::folder::{CrossEncoder, Device, FolderEncoder, FolderOptions, Tokens};
use medvec::kernel::matmul::Precision;
use medvec::kernel::random::Random;
use medvec::{CancelToken, Control, Encoder, Error};

use crate::embedders::EMBEDDERS;
use crate::fixtures::{Case, again, assert_close, assert_tokens, fixture, golden, recipe, tokens};

/// Devices at hand beside the CPU.
fn devices() -> Vec<Device> {
    [candle(), gpu()].into_iter().flatten().collect()
}

#[cfg(feature = "oracle")]
fn candle() -> Option<Device> {
    Some(Device::Candle)
}

#[cfg(not(feature = "oracle"))]
fn candle() -> Option<Device> {
    None
}

/// The first GPU; says so where there is none, and fails if `MEDVEC_CUDA=true` asks for one.
#[cfg(feature = "cuda")]
fn gpu() -> Option<Device> {
    let device = Device::Cuda(0);
    let options = FolderOptions::new().device(device);
    let error = FolderEncoder::open_with(&fixture("bert-mean-st")?, &options).err();
    let Some(error) = error else { return Some(device) };
    assert!(error.to_string().contains("cannot run on cuda:0"), "{error}");
    let must = std::env::var_os("MEDVEC_CUDA").is_some_and(|value| value == "true");
    assert!(!must, "MEDVEC_CUDA=true asks for a GPU: {error}");
    println!("skipped on a GPU: {error}");
    None
}

#[cfg(not(feature = "cuda"))]
fn gpu() -> Option<Device> {
    None
}

fn open(folder: &Path, adapter: Option<&str>, goldens: &Path, device: Device) -> FolderEncoder {
    let options = FolderOptions::new()
        .recipe(recipe(&golden(goldens)))
        .adapter(adapter.map(|name| fixture(name).expect("an adapter")))
        .device(device);
    let what = format!("{} on {device}", folder.display());
    FolderEncoder::open_with(folder, &options).expect(&what)
}

fn folders(name: &str, goldens: &str) -> Option<(PathBuf, PathBuf)> {
    Some((fixture(name)?, fixture(goldens)?))
}

#[test]
fn every_fixture_gives_its_goldens_in_any_order_and_number() {
    for device in devices() {
        for (name, adapter, goldens) in EMBEDDERS.iter().copied() {
            let Some((folder, goldens)) = folders(name, goldens) else { return };
            let encoder = open(&folder, adapter, &goldens, device);
            let golden = golden(&goldens);
            let dimension = encoder.spec().dimension as usize;
            let check = |cases: &[&Case]| {
                let all: Vec<Tokens> = cases.iter().map(|case| tokens(&encoder, case)).collect();
                let vectors = encoder.encode_tokens(&all).expect("vectors");
                assert_eq!(vectors.len(), cases.len() * dimension);
                for ((case, tokens), vector) in
                    cases.iter().zip(&all).zip(vectors.chunks(dimension))
                {
                    let what = format!("{name} {} of {} on {device}", case.id, cases.len());
                    assert_tokens(tokens, case, &what);
                    assert_close(vector, &case.embedding, &what);
                }
            };
            let mut batches: Vec<Vec<&Case>> = golden.cases.iter().map(|case| vec![case]).collect();
            batches.push(golden.cases.iter().collect());
            for batch in &golden.batches {
                let case =
                    |id: &String| golden.cases.iter().find(|case| case.id == *id).expect("a case");
                batches.push(batch.iter().map(case).collect());
            }
            for mut batch in batches {
                check(&batch);
                batch.reverse();
                check(&batch);
            }
        }
    }
}

#[test]
fn scores_of_pairs_are_those_of_the_goldens() {
    for device in devices() {
        let Some(folder) = fixture("bert-cross") else { return };
        let golden = golden(&folder);
        let options = FolderOptions::new().recipe(recipe(&golden)).device(device);
        let cross = CrossEncoder::open_with(&folder, &options).expect("a cross-encoder");
        let pair = |case: &Case| cross.tokens(&case.text, case.text_pair.as_deref());
        let pairs: Vec<Tokens> = golden.cases.iter().map(pair).collect::<Result<_, _>>().unwrap();
        let scores = cross.score_tokens(&pairs, &Control::default()).expect("scores");
        for (case, score) in golden.cases.iter().zip(scores) {
            assert!((score - case.score).abs() <= 5e-5, "{}: {score}, not {}", case.id, case.score);
        }
        let cancel = CancelToken::new();
        cancel.cancel();
        let control = Control { cancel: Some(cancel), ..Control::default() };
        let stopped = cross.score_tokens(&pairs, &control).expect_err("cancelled");
        assert!(matches!(stopped, Error::Cancelled), "{stopped}");
    }
}

#[test]
fn random_tokens_of_ragged_lengths_give_the_cpu_s_vectors() {
    for device in devices() {
        for (name, adapter, goldens) in EMBEDDERS.iter().copied() {
            let Some((folder, goldens)) = folders(name, goldens) else { return };
            let [cpu, other] =
                [Device::Cpu, device].map(|device| open(&folder, adapter, &goldens, device));
            let config = std::fs::read(folder.join("config.json")).expect("config.json");
            let config: serde_json::Value = serde_json::from_slice(&config).expect("JSON");
            let number = |key: &str| config[key].as_u64();
            let vocabulary = number("vocab_size").expect("a number");
            let types = number("type_vocab_size").unwrap_or(1).max(1);
            let longest = number("max_position_embeddings").expect("a number").min(130) - 2;
            let mut random = Random::new(7);
            for texts in [1, 2, 3, 17, 40] {
                let text = |_| {
                    let length = 1 + random.below(longest as usize);
                    let ids = (0..length).map(|_| random.below(vocabulary as usize) as u32);
                    let ids: Vec<u32> = ids.collect();
                    let types = ids.iter().map(|_| random.below(types as usize) as u32).collect();
                    Tokens { ids, type_ids: types }
                };
                let texts: Vec<Tokens> = (0..texts).map(text).collect();
                let what = format!("{name}, {} texts on {device}", texts.len());
                let expected = cpu.encode_tokens(&texts).expect(&what);
                assert_close(&other.encode_tokens(&texts).expect(&what), &expected, &what);
            }
            assert!(other.encode_tokens(&[]).expect("nothing").is_empty());
        }
    }
}

#[test]
fn the_device_leaves_the_fingerprint_as_it_is() {
    for device in devices() {
        for (name, adapter, goldens) in EMBEDDERS.iter().copied() {
            let Some((folder, goldens)) = folders(name, goldens) else { return };
            let [cpu, other] =
                [Device::Cpu, device].map(|device| open(&folder, adapter, &goldens, device));
            assert_eq!(cpu.spec(), other.spec(), "{name} on {device}");
            let again = again(cpu.spec(), device);
            assert_eq!(again.spec(), cpu.spec(), "{name} on {device}");
        }
    }
}

#[test]
fn threads_take_turns() {
    for device in devices() {
        let Some(folder) = fixture("mpnet-mean-st") else { return };
        let encoder = open(&folder, None, &folder, device);
        let golden = golden(&folder);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for case in &golden.cases {
                        let vector = encoder.encode_tokens(&[tokens(&encoder, case)]);
                        assert_close(&vector.expect("a vector"), &case.embedding, &case.id);
                    }
                });
            }
        });
    }
}

#[test]
fn what_a_device_cannot_do_is_refused() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let refused = |options: FolderOptions| {
        FolderEncoder::open_with(&folder, &options).expect_err("refused").to_string()
    };
    for precision in [Precision::Bf16, Precision::Int8] {
        let device = Device::Cuda(0);
        let refused = refused(FolderOptions::new().precision(precision).device(device));
        assert!(refused.contains(precision.name()) && refused.contains("cuda:0"), "{refused}");
    }
    // No machine has so many.
    let device = Device::Cuda(4_000);
    let refused = refused(FolderOptions::new().device(device));
    let missing = if cfg!(feature = "cuda") { "GPU" } else { "feature `cuda`" };
    for word in ["cannot run on cuda:4000", missing] {
        assert!(refused.contains(word), "{refused}");
    }
}
