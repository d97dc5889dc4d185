//! Which files the weights of a folder are in.

use sha2::{Digest, Sha256};

use super::catalogue::Catalogue;
use super::{digest, safetensors, torch};
use crate::encode::model::Folder;
use crate::error::Result;

const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";
const TORCH_INDEX: &str = "pytorch_model.bin.index.json";

/// The tensors of a folder, and the SHA-256 over the content of all their files.
pub(super) fn open(folder: &Folder) -> Result<(Catalogue, [u8; 32])> {
    let mut catalogue = Catalogue::default();
    if folder.has(safetensors::SAFETENSORS) {
        safetensors::add(folder, safetensors::SAFETENSORS, &mut catalogue)?;
    } else if folder.has(SAFETENSORS_INDEX) {
        safetensors::add_split(folder, SAFETENSORS_INDEX, &mut catalogue, safetensors::add)?;
    } else if folder.has(torch::TORCH) {
        torch::add(folder, torch::TORCH, &mut catalogue)?;
    } else {
        safetensors::add_split(folder, TORCH_INDEX, &mut catalogue, torch::add)?;
    }
    let mut hash = Sha256::new();
    for file in &catalogue.files {
        hash.update(digest::digest(file)?);
    }
    Ok((catalogue, hash.finalize().into()))
}
