//! Token ids and vectors are those of Hugging Face, whatever the batch.

use medvec::encode::folder::FolderEncoder;
use medvec::encoder::{Metric, Pooling};
use medvec::{Encoder, EncoderInput};

use crate::fixtures::{assert_close, check_golden, fixture, golden, with_recipe};

#[test]
fn folders_match_their_goldens_with_a_given_recipe() {
    for name in [
        "bert-mean-st",
        "bert-cls-pair",
        "bert-cls-bin-vocab",
        "bert-mlm-legacy",
        "bert-lora/base",
        "mpnet-mean-st",
    ] {
        let Some(folder) = fixture(name) else { return };
        let golden = golden(&folder);
        let encoder = with_recipe(&folder, &golden).expect(name);
        check_golden(&encoder, &golden, name);
    }
}

#[test]
fn sentence_transformers_folders_need_no_recipe() {
    for (name, pooling) in [("bert-mean-st", Pooling::Mean), ("bert-lora/base", Pooling::Cls)] {
        let Some(folder) = fixture(name) else { return };
        let mut golden = golden(&folder);
        let encoder = FolderEncoder::open(&folder).expect(name);
        let spec = encoder.spec();
        assert_eq!((spec.pooling, spec.normalize, spec.metric), (pooling, true, Metric::Cosine));
        assert_eq!((spec.document.tokens_max, spec.document.pair), (64, false));
        // The instruction for queries is not in this folder's files.
        golden.cases.retain(|case| case.role == "document");
        let known: Vec<String> = golden.cases.iter().map(|case| case.id.clone()).collect();
        golden.batches.iter_mut().for_each(|batch| batch.retain(|id| known.contains(id)));
        check_golden(&encoder, &golden, name);
    }
}

#[test]
fn documents_and_queries_go_through_their_own_towers() {
    let Some(folder) = fixture("bert-cls-pair") else { return };
    let golden = golden(&folder);
    let encoder = with_recipe(&folder, &golden).expect("encoder");
    for case in &golden.cases {
        let vector = match (&case.text_pair, case.role.as_str()) {
            (Some(text), _) => encoder
                .encode_documents(&[EncoderInput { title: case.text.clone(), text: text.clone() }]),
            (None, "query") => encoder.encode_queries(&[&case.text]),
            (None, _) => continue,
        };
        assert_close(&vector.expect("a vector"), &case.embedding, &case.id);
    }
}

#[test]
fn title_and_text_are_one_text_without_pairs() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    let input = |title: &str, text: &str| EncoderInput { title: title.into(), text: text.into() };
    let vectors = |inputs: &[EncoderInput]| encoder.encode_documents(inputs).expect("vectors");
    let joined = vectors(&[input("Heart failure.", "A study of adults.")]);
    assert_eq!(joined, vectors(&[input("", "Heart failure. A study of adults.")]));
    assert_eq!(joined, vectors(&[input("Heart failure. A study of adults.", "")]));
    assert_eq!(vectors(&[]), Vec::<f32>::new());
    assert!(vectors(&[input("", "")]).iter().all(|value| value.is_finite()));
    let long = "myocardial infarction ".repeat(50_000);
    assert_eq!(vectors(&[input(&long, "")]).len(), encoder.spec().dimension as usize);
}

#[test]
fn threads_share_an_encoder_and_get_the_same_bits() {
    let Some(folder) = fixture("bert-mean-st") else { return };
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    let inputs: Vec<EncoderInput> = (1..60)
        .map(|n| EncoderInput { title: "chronic kidney disease ".repeat(n), text: String::new() })
        .collect();
    let expected = encoder.encode_documents(&inputs).expect("vectors");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                assert_eq!(encoder.encode_documents(&inputs).expect("vectors"), expected)
            });
        }
    });
}

#[cfg(feature = "oracle")]
#[test]
fn agrees_with_candle_transformers() {
    use candle_core::{DType, Device, Tensor};
    let Some(folder) = fixture("bert-mean-st") else { return };
    let text = std::fs::read(folder.join("config.json")).expect("config.json");
    let config: candle_transformers::models::bert::Config =
        serde_json::from_slice(&text).expect("candle's configuration");
    let weights = std::fs::read(folder.join("model.safetensors")).expect("weights");
    let device = Device::Cpu;
    let builder = candle_nn::VarBuilder::from_buffered_safetensors(weights, DType::F32, &device)
        .expect("weights");
    let model =
        candle_transformers::models::bert::BertModel::load(builder, &config).expect("model");
    let encoder = FolderEncoder::open(&folder).expect("encoder");
    for words in 1..40 {
        let text = "atrial fibrillation ".repeat(words);
        let tokens = encoder.tokens("document", &text, None).expect("tokens");
        let row = |ids: &[u32]| Tensor::new(ids, &device)?.unsqueeze(0);
        let mean = || -> candle_core::Result<Vec<f32>> {
            let states = model.forward(&row(&tokens.ids)?, &row(&tokens.type_ids)?, None)?;
            let mean = states.squeeze(0)?.mean(0)?;
            let norm = mean.sqr()?.sum_all()?.sqrt()?;
            mean.broadcast_div(&norm)?.to_vec1()
        };
        let vector = encoder.encode_tokens(std::slice::from_ref(&tokens)).expect("a vector");
        assert_close(&vector, &mean().expect("candle's vector"), &format!("{words} words"));
    }
}
