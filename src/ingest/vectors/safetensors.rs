//! A matrix among the tensors of a `.safetensors` file.
//!
//! ```text
//! 8 bytes    length of the header, little-endian
//! header     {"__metadata__": {"...": "..."}, "embeddings": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}}
//! data       the tensors; offsets count from here
//! ```
//!
//! The crate of that name wants the whole file in memory or mapped; here it is read once, from front to
//! back, so that it may be packed and its digest is taken on the way.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::layout::{Layout, NumberType};
use super::row::check_dimension;
use crate::error::Result;
use crate::ingest::raw::{RECORD_BYTES_MAX, input_error};
use crate::ingest::window::Window;

/// The tensor that is read where several have two dimensions.
const NAME: &str = "embeddings";

/// Names of tensors that a message lists.
const LISTED: usize = 5;

/// Reads the header and goes to the first row of the matrix.
///
/// # Errors
/// [`crate::Error::Input`] for a header that is cut, damaged or too long, for no matrix or several, and
/// for one of another type or of another size than its shape says.
pub(super) fn read_layout(window: &mut Window) -> Result<Layout> {
    let header = read_header(window)?;
    let name = window.input().name().to_owned();
    let wrong = |detail: String| input_error(&name, "the header".into(), detail);
    let Header(tensors) =
        serde_json::from_slice(&header).map_err(|error| wrong(format!("no tensors: {error}")))?;
    let (title, tensor) = choose(&tensors).map_err(wrong)?;
    let place = format!("tensor `{title:.80}`");
    let wrong = |detail: String| input_error(&name, place.clone(), detail);
    let numbers = match tensor.dtype.as_str() {
        "F32" => NumberType::F32,
        "F16" => NumberType::F16,
        "BF16" => NumberType::Bf16,
        other => {
            return Err(wrong(format!("numbers of type {other:.20}; expected F32, F16 or BF16")));
        }
    };
    let &[len, columns] = tensor.shape.as_slice() else {
        let shape = &tensor.shape;
        let count = shape.len();
        return Err(wrong(format!(
            "{count} dimensions {shape:?}; expected 2: vectors and their numbers"
        )));
    };
    let dimension = check_dimension(&name, &place, columns)?;
    let [start, end] = tensor.data_offsets;
    let layout = Layout { numbers, dimension, len: Some(len), prefix: 0, behind: 0 };
    let wanted = u128::from(len) * layout.row_bytes() as u128;
    if u128::from(start) + wanted != u128::from(end) {
        let detail = format!(
            "its data lie from byte {start} to {end}, but {len} vectors of {dimension} numbers need {wanted} bytes"
        );
        return Err(wrong(detail));
    }
    let last = tensors.iter().map(|(_, tensor)| tensor.data_offsets[1]).max().unwrap_or(end);
    pass(window, start, &place)?;
    Ok(Layout { behind: last - end, ..layout })
}

/// The tensor to read.
///
/// # Errors
/// Why none is, in words.
fn choose(tensors: &[(String, Tensor)]) -> Result<&(String, Tensor), String> {
    if let Some(named) = tensors.iter().find(|(name, _)| name == NAME) {
        return Ok(named);
    }
    let is_matrix = |tensor: &&(String, Tensor)| tensor.1.shape.len() == 2;
    let matrices: Vec<&(String, Tensor)> = tensors.iter().filter(is_matrix).collect();
    let listed = |tensors: &mut dyn Iterator<Item = &(String, Tensor)>| -> String {
        let names: Vec<String> =
            tensors.take(LISTED).map(|(name, _)| format!("`{name:.40}`")).collect();
        names.join(", ")
    };
    match matrices.as_slice() {
        [only] => Ok(only),
        [] => Err(format!(
            "no tensor has two dimensions, vectors and their numbers (found {})",
            match tensors {
                [] => "none".to_owned(),
                some => listed(&mut some.iter()),
            }
        )),
        several => Err(format!(
            "{} tensors have two dimensions, and none is called `{NAME}`: {}",
            several.len(),
            listed(&mut several.iter().copied())
        )),
    }
}

fn read_header(window: &mut Window) -> Result<Vec<u8>> {
    let length = u64::from_le_bytes(*need(window, 8)?.first_chunk().unwrap_or(&[0; 8]));
    window.consume(8);
    let length = match usize::try_from(length) {
        Ok(length) if length <= RECORD_BYTES_MAX => length,
        _ => {
            let detail = format!("{length} bytes, at most {RECORD_BYTES_MAX} are read");
            return Err(input_error(window.input().name(), "the header".into(), detail));
        }
    };
    let header = need(window, length)?.to_vec();
    window.consume(length);
    Ok(header)
}

/// The next bytes, which stay.
fn need(window: &mut Window, count: usize) -> Result<&[u8]> {
    while window.bytes().len() < count {
        if !window.fill()? {
            let detail = "the file ends inside the header; fetch it again";
            return Err(input_error(window.input().name(), "the header".into(), detail));
        }
    }
    Ok(window.bytes().get(..count).unwrap_or_default())
}

/// Passes over what lies before the matrix.
fn pass(window: &mut Window, mut count: u64, place: &str) -> Result<()> {
    while count > 0 {
        if window.bytes().is_empty() && !window.fill()? {
            let detail = "the file ends before it; fetch it again";
            return Err(input_error(window.input().name(), place.to_owned(), detail));
        }
        let passed = count.min(window.bytes().len() as u64);
        window.consume(passed as usize);
        count -= passed;
    }
    Ok(())
}

/// Tensors by name, in the order of the header.
#[derive(Debug)]
struct Header(Vec<(String, Tensor)>);

/// What a header says of a tensor.
#[derive(Debug, serde::Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let (mut tensors, mut names) = (Vec::new(), HashSet::new());
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("`{name:.80}` is given twice")));
            }
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let tensor: Tensor = map.next_value()?;
            let [start, end] = tensor.data_offsets;
            if start > end {
                let detail =
                    format!("`{name:.80}` ends at byte {end}, before its start at {start}");
                return Err(A::Error::custom(detail));
            }
            tensors.push((name, tensor));
        }
        Ok(Header(tensors))
    }
}
