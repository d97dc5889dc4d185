use super::*;
use crate::kernel::quantize::{quantize_int4, quantize_int8};
use crate::kernel::random::Random;

const VOCABULARY: &[u8] = b"[UNK]\nheart\nliver\nanti\n.\n";
const VECTORS: [[f32; 2]; 5] = [[0.5, 0.5], [3.0, 0.0], [0.0, 4.0], [-3.0, 0.0], [0.0, 0.0]];

fn bytes() -> Vec<u8> {
    bytes_of(Bits::Eight)
}

fn bytes_of(bits: Bits) -> Vec<u8> {
    let quantize = match bits {
        Bits::Four => quantize_int4,
        Bits::Eight => quantize_int8,
    };
    let mut codes = Vec::new();
    let scales: Vec<f32> = VECTORS.iter().map(|row| quantize(row, &mut codes)).collect();
    write(VOCABULARY, 2, 2.0, bits, &codes, &scales).unwrap()
}

fn document(title: &str, text: &str) -> EncoderInput {
    EncoderInput { title: title.into(), text: text.into() }
}

#[test]
fn a_text_is_the_normalised_sum_of_its_tokens() {
    for bits in [Bits::Four, Bits::Eight] {
        let encoder = StaticEncoder::from_bytes("test", bytes_of(bits)).unwrap();
        let vectors = encoder
            .encode_documents(&[document("Heart", "liver liver."), document("", "liver liver")])
            .unwrap();
        for (found, expected) in vectors.iter().zip([0.6, 0.8, 0.0, 1.0]) {
            assert!((found - expected).abs() < 1e-6, "{vectors:?}");
        }
        let query = encoder.encode_queries(&["heart LIVER ."]).unwrap();
        assert_eq!(query, vectors[..2]);
    }
}

#[test]
fn four_bits_are_near_eight_for_every_dimension() {
    let mut random = Random::new(3);
    for dimension in [2, 4, 30, 32, 34, 384] {
        let mut uniform = || random.below(10_000) as f32 / 10_000.0 - 0.5;
        let row: Vec<f32> = (0..dimension).map(|_| (0..4).map(|_| uniform()).sum()).collect();
        let of = |bits, quantize: fn(&[f32], &mut Vec<i8>) -> f32| {
            let mut codes = Vec::new();
            let scale = quantize(&row, &mut codes);
            let file = write(b"[UNK]\n", dimension, 1.0, bits, &codes, &[scale]).unwrap();
            assert_eq!(file.len() as u64, file_bytes(1, dimension, bits, 6));
            let file = StaticFile::parse(Cow::Owned(file), false).unwrap();
            let mut sum = vec![0.0; dimension];
            file.add(0, 1.0, &mut sum);
            let expected: Vec<f32> = codes.iter().map(|code| scale * f32::from(*code)).collect();
            assert_eq!(sum, expected, "{bits:?}, {dimension}");
            sum
        };
        let (four, eight) = (of(Bits::Four, quantize_int4), of(Bits::Eight, quantize_int8));
        let product: f64 = four.iter().zip(&eight).map(|(a, b)| f64::from(a * b)).sum();
        let cosine = product / (length(&four) * length(&eight));
        assert!(cosine > 0.99, "{dimension}: {cosine}");
    }
    let odd = write(VOCABULARY, 1, 2.0, Bits::Four, &[1; 5], &[1.0; 5]).unwrap_err();
    assert!(odd.contains("even"), "{odd}");
}

#[test]
fn a_text_without_a_known_word_has_no_vector_and_unknown_words_move_none() {
    let encoder = StaticEncoder::from_bytes("test", bytes()).unwrap();
    for text in ["kidney", "heart anti", ".", " \u{200b}", "\u{60a3}\u{8005}"] {
        assert_eq!(encoder.encode_queries(&[text]).unwrap(), [0.0, 0.0], "{text:?}");
    }
    let known = encoder.encode_queries(&["heart liver"]).unwrap();
    for text in ["heart kidney liver", "\u{60a3} heart liver xyz", "heart \u{200b}liver \u{1f600}"]
    {
        assert_eq!(encoder.encode_queries(&[text]).unwrap(), known, "{text:?}");
    }
    let error = encoder.encode_documents(&[document("", "")]).unwrap_err();
    assert!(error.to_string().contains("empty text"), "{error}");
}

#[test]
fn databases_that_counted_unknown_words_find_their_encoder() {
    let encoder = StaticEncoder::from_bytes("test", bytes()).unwrap();
    let earlier = encoder.clone().with_unknown(Unknown::Counted);
    assert_ne!(encoder.spec().fingerprint(), earlier.spec().fingerprint());
    let half = std::f32::consts::FRAC_1_SQRT_2;
    for text in ["kidney", "heart anti", "."] {
        let vector = earlier.encode_queries(&[text]).unwrap();
        assert!(vector.iter().all(|value| (value - half).abs() < 1e-6), "{text:?}: {vector:?}");
    }
    let found = encoder.clone().like(earlier.spec());
    assert_eq!(found.spec(), earlier.spec());
    assert_eq!(encoder.clone().like(encoder.spec()).spec(), encoder.spec());
}

#[test]
fn the_spec_depends_on_the_bytes_and_not_on_the_name() {
    let one = StaticEncoder::from_bytes("one", bytes()).unwrap();
    let two = StaticEncoder::from_bytes("two", bytes()).unwrap();
    assert_eq!(one.spec().fingerprint(), two.spec().fingerprint());
    let codes = vec![1; 10];
    let other = write(VOCABULARY, 2, 2.0, Bits::Eight, &codes, &[1.0; 5]).unwrap();
    let other = StaticEncoder::from_bytes("one", other).unwrap();
    assert_ne!(one.spec().fingerprint(), other.spec().fingerprint());
}

#[test]
fn every_flipped_byte_and_every_truncation_is_refused() {
    for good in [bytes_of(Bits::Four), bytes_of(Bits::Eight)] {
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            assert!(StaticEncoder::from_bytes("test", bad).is_err(), "byte {at}");
            assert!(StaticEncoder::from_bytes("test", good[..at].to_vec()).is_err(), "length {at}");
        }
        let mut long = good;
        long.push(0);
        assert!(StaticEncoder::from_bytes("test", long).is_err());
    }
}

/// Files that would fill memory: sparse ones, of a terabyte.
#[cfg(unix)]
#[test]
fn of_what_is_no_static_encoder_only_the_first_bytes_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge");
    for (bytes, refused) in [
        (bytes(), "found 1099511627776"),
        (b"<?xml version=\"1.0\"?>".to_vec(), "byte 0: this is not a static encoder"),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        let error = StaticEncoder::open(&path).unwrap_err().to_string();
        assert!(error.contains(refused), "{error}");
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(StaticEncoder::open(&path).is_ok(), refused.starts_with("found"));
    }
}

#[test]
fn damage_with_a_mended_checksum_is_refused_by_name() {
    let codes = [1i8; 10];
    let scales = [1.0f32; 5];
    for (scales, vocabulary, reason) in [
        ([1.0, f32::NAN, 1.0, 1.0, 1.0], VOCABULARY, "scale of token 1"),
        ([1.0, 1.0, -1.0, 1.0, 1.0], VOCABULARY, "scale of token 2"),
        ([1.0, 1.0, 1.0, f32::INFINITY, 1.0], VOCABULARY, "scale of token 3"),
        ([0.0, 1.0, 1.0, 1.0, 1.0], VOCABULARY, "[UNK] is zero"),
        (scales, b"[UNK]\nheart\n", "expected 5 tokens, found 2"),
        (scales, b"a\nb\nc\nd\ne\n", "no token [UNK]"),
    ] {
        let error = write(vocabulary, 2, 2.0, Bits::Eight, &codes, &scales).unwrap_err();
        assert!(error.contains(reason), "{reason}: {error}");
    }
    for (at, value, reason) in [
        (8, 3u32, "version 3"),
        (12, 0, "dimension 0"),
        (12, u32::MAX, "dimension"),
        (16, u32::MAX, "tokens"),
        (20, u32::MAX, "expected"),
        (24, 0, "title weight"),
        (24, f32::NAN.to_bits(), "title weight"),
        (28, 1, "reserved"),
    ] {
        let mut bad = bytes();
        bad[at..at + 4].copy_from_slice(&value.to_le_bytes());
        let end = bad.len() - 32;
        let digest = Sha256::digest(&bad[..end]);
        bad[end..].copy_from_slice(&digest);
        let error = StaticEncoder::from_bytes("test", bad).unwrap_err().to_string();
        assert!(error.contains(reason), "{reason}: {error}");
    }
}
