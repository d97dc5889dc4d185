//! Arbitrary bytes as the file of a static encoder, with its checksum made right, and as the
//! vocabulary of an intact one; and texts through its tokenizer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use medvec::Encoder;
use medvec::EncoderInput;
use medvec::encode::static_encoder::{Bits, StaticEncoder, write};
use medvec_fuzz::models;
use sha2::{Digest, Sha256};

fn check(bytes: Vec<u8>, text: &str) {
    let Ok(encoder) = StaticEncoder::from_bytes("fuzz", bytes) else { return };
    let inputs = [EncoderInput { title: text.into(), text: "heart failure".into() }];
    models::vectors(&encoder, 1, encoder.encode_documents(&inputs));
    models::vectors(&encoder, 1, encoder.encode_queries(&[text]));
    let mut ids = Vec::new();
    encoder.wordpiece().encode(text, &mut ids);
    let words = encoder.wordpiece().vocabulary();
    assert!(ids.iter().all(|id| (*id as usize) < words.len()));
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    check(bytes.to_vec(), "heart failure");
    if let Some(content) = bytes.len().checked_sub(32) {
        let mut repaired = bytes[..content].to_vec();
        let digest = Sha256::digest(&repaired);
        repaired.extend(digest);
        check(repaired, &text);
    }
    let tokens = bytes.iter().filter(|byte| **byte == b'\n').count();
    let (codes, scales) = (vec![1; 2 * tokens], vec![0.5; tokens]);
    if let Ok(file) = write(bytes, 2, 1.0, Bits::Four, &codes, &scales) {
        check(file, "the heart failure of a sepsis");
    }
    let words = models::VOCABULARY.as_bytes();
    let file = write(words, 2, 1.0, Bits::Eight, &[1; 32], &[0.5; 16]).expect("a sound file");
    check(file, &text);
});
