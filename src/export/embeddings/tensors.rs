//! The header of safetensors with one matrix.

use std::io;

use serde_json::{Map, Value, json};

use super::info::EmbeddingInfo;
use crate::export::json;

/// Numbers of a tensor begin at a multiple of this, in bytes.
const ALIGNMENT: usize = 8;

/// Everything before the first row of the tensor `embeddings`.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for more bytes than 64 bits count.
pub(super) fn header(info: &EmbeddingInfo) -> io::Result<Vec<u8>> {
    let bytes = u64::from(info.dimension) * 4;
    let bytes = bytes.checked_mul(info.len).ok_or(io::ErrorKind::InvalidInput)?;
    let metadata: Map<String, Value> =
        info.members().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let mut words = json::escaped(
        json!({
            "__metadata__": metadata,
            "embeddings": {
                "dtype": "F32",
                "shape": [info.len, info.dimension],
                "data_offsets": [0, bytes],
            },
        })
        .to_string(),
    );
    while !words.len().is_multiple_of(ALIGNMENT) {
        words.push(' ');
    }
    Ok([&(words.len() as u64).to_le_bytes()[..], words.as_bytes()].concat())
}
