//! Safetensors files, one or several with an index.

use std::collections::{BTreeMap, BTreeSet};

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use super::catalogue::{Catalogue, open_file};
use super::stored::{NumberType, Place};
use super::torch::TORCH;
use crate::encode::model::Folder;
use crate::error::{Error, Result};

/// The file of weights of Hugging Face.
pub(super) const SAFETENSORS: &str = "model.safetensors";

/// The list of files that weights are split over, and which tensor is in which.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Reads the header of a file and adds its tensors.
pub(super) fn add(folder: &Folder, name: &str, catalogue: &mut Catalogue) -> Result<()> {
    let file = open_file(folder, name)?;
    let damaged = |problem: &dyn std::fmt::Display| {
        folder.error(format!("{name} is damaged or not finished downloading: {problem}"))
    };
    let (header, metadata) =
        SafeTensors::read_metadata(&file.bytes).map_err(|problem| damaged(&problem))?;
    let data = header as u64 + 8;
    for (tensor, info) in metadata.tensors() {
        let place = Place {
            file: catalogue.files.len(),
            start: data + info.data_offsets.0 as u64,
            numbers: number_type(info.dtype)
                .ok_or_else(|| wrong_type(folder, name, &tensor, info.dtype))?,
            shape: info.shape.clone(),
            strides: None,
        };
        let place =
            file.place(place).map_err(|problem| damaged(&format!("tensor {tensor}: {problem}")))?;
        catalogue.add(folder, name, &tensor, place)?;
    }
    catalogue.files.push(file);
    Ok(())
}

fn wrong_type(folder: &Folder, file: &str, tensor: &str, found: Dtype) -> Error {
    folder.error(format!(
        "{file}: tensor {tensor} holds {found:?}; supported are F32, F16, BF16 and F64"
    ))
}

fn number_type(stored: Dtype) -> Option<NumberType> {
    Some(match stored {
        Dtype::F32 => NumberType::F32,
        Dtype::F16 => NumberType::F16,
        Dtype::BF16 => NumberType::Bf16,
        Dtype::F64 => NumberType::F64,
        Dtype::BOOL | Dtype::U8 | Dtype::I8 => NumberType::Whole(1),
        Dtype::I16 | Dtype::U16 => NumberType::Whole(2),
        Dtype::I32 | Dtype::U32 => NumberType::Whole(4),
        Dtype::I64 | Dtype::U64 => NumberType::Whole(8),
        _ => return None,
    })
}

/// Adds every file that an index names, through `add`.
pub(super) fn add_split(
    folder: &Folder,
    index: &str,
    catalogue: &mut Catalogue,
    add: impl Fn(&Folder, &str, &mut Catalogue) -> Result<()>,
) -> Result<()> {
    let Some(listed) = folder.json::<Index>(index)? else {
        return Err(folder.error(format!(
            "no weights: neither {SAFETENSORS} nor {TORCH} is there, nor an index of several files"
        )));
    };
    let files: BTreeSet<&String> = listed.weight_map.values().collect();
    for file in files {
        let plain = !file.is_empty() && !file.contains(['/', '\\', ':']) && file != "..";
        if !plain {
            return Err(folder.error(format!("{index} points outside the folder: {file:?}")));
        }
        if !folder.has(file) {
            return Err(folder.error(format!("{file} is missing, {index} names it")));
        }
        add(folder, file, catalogue)?;
    }
    for (tensor, file) in &listed.weight_map {
        if !catalogue.has(tensor) {
            return Err(folder.error(format!("{index} names tensor {tensor}, {file} lacks it")));
        }
    }
    Ok(())
}
