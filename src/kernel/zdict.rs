//! The head of a zstd dictionary: statistics of what is compressed with it.
//!
//! A zstd dictionary is a head (entropy tables for literals and for the codes of matches) and a
//! content (text that matches can refer to). Choosing the content needs no library; the head
//! must be what zstd expects to the bit. The crate `zstd` offers both only together, at five times
//! the cost, so this file calls the library's C function for the head alone.

#![allow(unsafe_code)]

use std::ffi::c_void;

use zstd::zstd_safe::zstd_sys::{ZDICT_finalizeDictionary, ZDICT_isError, ZDICT_params_t};

/// Room that the head needs before the content, in bytes; it takes some 170.
pub const HEAD_BYTES_MAX: usize = 4096;

/// Least content that zstd takes, in bytes.
const CONTENT_BYTES_MIN: usize = 128;

/// Writes a head and `content` to `dictionary`, which has room for both, and returns their length.
/// The head is made from `samples`: texts of these lengths, one after the other, as they will be
/// compressed at `level`. `None` when zstd finds them too few or too uniform, and when the lengths
/// are not those of the samples.
pub fn finish(
    content: &[u8],
    samples: &[u8],
    lengths: &[usize],
    level: i32,
    dictionary: &mut [u8],
) -> Option<usize> {
    let total = lengths.iter().try_fold(0usize, |sum, length| sum.checked_add(*length))?;
    let count = u32::try_from(lengths.len()).ok()?;
    let has_room = dictionary.len().checked_sub(content.len())? >= HEAD_BYTES_MAX;
    let is_enough = content.len() >= CONTENT_BYTES_MIN && !samples.is_empty();
    if total != samples.len() || !has_room || !is_enough {
        return None;
    }
    let parameters = ZDICT_params_t { compressionLevel: level, notificationLevel: 0, dictID: 0 };
    // SAFETY: each pointer comes with the length of the slice behind it; the function writes to
    // `dictionary` alone, which overlaps nothing, at most its length, and keeps no pointer. The
    // `count` lengths sum to the length of `samples`, checked above.
    let written = unsafe {
        ZDICT_finalizeDictionary(
            dictionary.as_mut_ptr().cast::<c_void>(),
            dictionary.len(),
            content.as_ptr().cast::<c_void>(),
            content.len(),
            samples.as_ptr().cast::<c_void>(),
            lengths.as_ptr(),
            count,
            parameters,
        )
    };
    // SAFETY: looks at the number only.
    let failed = unsafe { ZDICT_isError(written) } != 0;
    (!failed && written <= dictionary.len()).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples() -> (Vec<u8>, Vec<usize>) {
        let texts: Vec<String> = (0..500u32)
            .map(|row| format!("sample {row} of patients {} with asthma", row * 7919 % 1000))
            .collect();
        (texts.concat().into_bytes(), texts.iter().map(String::len).collect())
    }

    fn with_head(content: &[u8], samples: &[u8], lengths: &[usize]) -> Option<Vec<u8>> {
        let mut dictionary = vec![0; content.len() + HEAD_BYTES_MAX];
        let length = finish(content, samples, lengths, 3, &mut dictionary)?;
        dictionary.truncate(length);
        Some(dictionary)
    }

    #[test]
    fn the_content_stands_behind_a_head_that_zstd_reads() {
        let (text, lengths) = samples();
        let content = &text[..4096];
        let dictionary = with_head(content, &text, &lengths).expect("enough samples");
        assert!(dictionary.starts_with(&[0x37, 0xa4, 0x30, 0xec]), "the magic number");
        assert!(dictionary.ends_with(content));
        let mut packer = zstd::bulk::Compressor::with_dictionary(3, &dictionary).expect("is one");
        let packed = packer.compress(&text[..100]).expect("packs");
        assert!(packed.len() < 50, "{} bytes", packed.len());
        let mut opener = zstd::bulk::Decompressor::with_dictionary(&dictionary).expect("is one");
        assert_eq!(opener.decompress(&packed, 200).expect("unpacks"), &text[..100]);
    }

    #[test]
    fn refuses_what_is_no_set_of_samples() {
        let (text, lengths) = samples();
        let content = &text[..1024];
        assert_eq!(with_head(content, &text, &lengths[1..]), None);
        assert_eq!(with_head(content, &text, &[usize::MAX, 2]), None);
        assert_eq!(with_head(&text[..10], &text, &lengths), None);
        assert_eq!(with_head(content, &[], &[]), None);
        assert_eq!(finish(content, &text, &lengths, 3, &mut [0; 2048]), None, "no room");
    }
}
