//! The head of a zstd dictionary: statistics of what is compressed with it.
//!
//! A zstd dictionary is a head (entropy tables for literals and for the codes of matches) and a
//! content (text that matches can refer to). Choosing the content is no work for a library; the head
//! must be what zstd expects to the bit. The crate `zstd` offers both only together, at five times
//! the cost, so this file calls the library's C function for the head alone.

#![allow(unsafe_code)]

use std::ffi::c_void;

use zstd::zstd_safe::zstd_sys::{ZDICT_finalizeDictionary, ZDICT_isError, ZDICT_params_t};

/// Room for the head, in bytes; it takes some 170.
const HEAD_BYTES_MAX: usize = 4096;

/// Least content that zstd takes, in bytes.
const CONTENT_BYTES_MIN: usize = 128;

/// Puts a head before `content`, made from `samples`: texts of these lengths, one after the other,
/// as they will be compressed at `level`. `None` when zstd finds them too few or too uniform, and
/// when the lengths are not those of the samples.
pub fn with_head(content: &[u8], samples: &[u8], lengths: &[usize], level: i32) -> Option<Vec<u8>> {
    let total = lengths.iter().try_fold(0usize, |sum, length| sum.checked_add(*length))?;
    let count = u32::try_from(lengths.len()).ok()?;
    if samples.is_empty() || total != samples.len() || content.len() < CONTENT_BYTES_MIN {
        return None;
    }
    let mut dictionary = vec![0u8; content.len() + HEAD_BYTES_MAX];
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
    if failed || written > dictionary.len() {
        return None;
    }
    dictionary.truncate(written);
    Some(dictionary)
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

    #[test]
    fn the_content_stands_behind_a_head_that_zstd_reads() {
        let (text, lengths) = samples();
        let content = &text[..4096];
        let dictionary = with_head(content, &text, &lengths, 3).expect("enough samples");
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
        assert_eq!(with_head(&text[..1024], &text, &lengths[1..], 3), None);
        assert_eq!(with_head(&text[..1024], &text, &[usize::MAX, 2], 3), None);
        assert_eq!(with_head(&text[..10], &text, &lengths, 3), None);
        assert_eq!(with_head(&text[..1024], &[], &[], 3), None);
    }
}
