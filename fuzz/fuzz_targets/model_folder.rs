//! A folder of intact weights whose other files are pieces of the input, parted by zero bytes; an
//! empty piece leaves the file as it should be, `-` leaves it out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec_fuzz::models::{self, Bench};

const FILES: [(&str, &str); 8] = [
    ("config.json", models::CONFIG),
    ("tokenizer.json", models::TOKENIZER),
    ("vocab.txt", models::VOCABULARY),
    ("modules.json", models::MODULES),
    ("1_Pooling/config.json", models::POOLING),
    ("sentence_bert_config.json", r#"{"max_seq_length": 10, "do_lower_case": false}"#),
    ("tokenizer_config.json", r#"{"model_max_length": 12, "do_lower_case": true}"#),
    (
        "config_sentence_transformers.json",
        r#"{"prompts": {"query": "the "}, "similarity_fn_name": "dot"}"#,
    ),
];

fuzz_target!(init: medvec_fuzz::allow_panics_of("/tokenizers-"), |bytes: &[u8]| {
    let mut pieces = bytes.split(|byte| *byte == 0);
    Bench::with(|bench| {
        bench.put("model.safetensors", models::safetensors(&models::tensors()));
        for (name, plain) in FILES {
            match pieces.next() {
                None | Some(b"") => drop(bench.put(name, plain)),
                Some(b"-") => {}
                Some(piece) => drop(bench.put(name, piece)),
            }
        }
        bench.check(None);
    });
});
