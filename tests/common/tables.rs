//! NLM's tables as they lie in the shared data.

use std::io::Read;
use std::path::Path;

/// The text of a table, packed by gzip or not.
pub fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("a table");
    let mut text = String::new();
    match bytes.starts_with(b"\x1f\x8b") {
        true => flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text),
        false => bytes.as_slice().read_to_string(&mut text),
    }
    .expect("UTF-8");
    text
}
