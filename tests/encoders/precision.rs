//! Models that run in less than single precision: near to the reference, and encoders of their own.

use medvec::Encoder;
use medvec::encode::folder::{Device, FolderEncoder, FolderOptions, Tokens};
use medvec::kernel::matmul::Precision;

use crate::fixtures::{again, fixture, golden, recipe, tokens};

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(one, other) / (dot(one, one) * dot(other, other)).sqrt()
}

#[test]
fn rounded_models_stay_near_their_goldens_and_have_their_own_fingerprints() {
    for name in [
        "bert-mean-st",
        "bert-cls-pair",
        "mpnet-mean-st",
        "gptneox-last",
        "gemma-last",
        "mistral-last",
    ] {
        let Some(folder) = fixture(name) else { return };
        let golden = golden(&folder);
        let mut prints = Vec::new();
        for (precision, least) in
            [(Precision::F32, 0.999_999), (Precision::Bf16, 0.999), (Precision::Int8, 0.99)]
        {
            let recipe = Some(recipe(&golden));
            let options = FolderOptions::new().recipe(recipe).precision(precision);
            let encoder = FolderEncoder::open_with(&folder, &options).expect(name);
            let all: Vec<Tokens> = golden.cases.iter().map(|case| tokens(&encoder, case)).collect();
            let vectors = encoder.encode_tokens(&all).expect("vectors");
            let dimension = encoder.spec().dimension as usize;
            for (place, (case, vector)) in
                golden.cases.iter().zip(vectors.chunks(dimension)).enumerate()
            {
                let cosine = cosine(vector, &case.embedding);
                assert!(cosine > least, "{name} {} {precision:?}: {cosine}", case.id);
                let alone = encoder.encode_tokens(&all[place..=place]).expect("a vector");
                assert_eq!(alone, vector, "{name} {} {precision:?}", case.id);
            }
            let print = encoder.spec().fingerprint();
            assert!(!prints.contains(&print), "{name} {precision:?} has an other's fingerprint");
            prints.push(print);
            // A database remembers the precision.
            let again = again(encoder.spec(), Device::Cpu);
            assert_eq!(again.spec().fingerprint(), print, "{name} {precision:?}");
        }
    }
}
