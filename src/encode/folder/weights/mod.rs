//! Named tensors of a model folder.
//!
//! | file | what it holds |
//! |---|---|
//! | `safetensors` | `model.safetensors`, or several files with an index |
//! | `torch` | `pytorch_model.bin`, of PyTorch before and after 1.6 |
//! | `stored` | a tensor's place in a file, and how to read it |
//! | `table` | tables that stay in the mapped file |
//! | `adapter` | LoRA adapters, merged as tensors are read |
//! | `digest` | what identifies a file of weights |
//!
//! Safetensors are preferred where a folder has both. Names are brought to one form: the prefix
//! (`bert.`, `mpnet.`, `gpt_neox.`, `model.`) of models with a head is dropped, and TensorFlow's
//! `gamma` and `beta` become `weight` and `bias`. Tensors are read one at a time, as `f32`.

mod adapter;
mod digest;
mod safetensors;
mod stored;
mod table;
mod torch;

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

pub(in crate::encode) use self::stored::NumberType;
pub(in crate::encode) use self::table::Table;

use self::adapter::Adapter;
use self::stored::{Place, StoredFile};
use super::files::Folder;
use crate::error::Result;

const SAFETENSORS: &str = "model.safetensors";
const SAFETENSORS_INDEX: &str = "model.safetensors.index.json";
const TORCH_INDEX: &str = "pytorch_model.bin.index.json";

/// The weights of one model, with an adapter merged into them if there is one.
pub(in crate::encode) struct Weights {
    folder: Folder,
    catalogue: Catalogue,
    adapter: Option<Adapter>,
    digest: [u8; 32],
}

/// Files and the tensors in them, by their names in plain form.
#[derive(Debug, Default)]
struct Catalogue {
    files: Vec<StoredFile>,
    places: HashMap<String, Place>,
}

impl Catalogue {
    fn add(&mut self, folder: &Folder, file: &str, tensor: &str, place: Place) -> Result<()> {
        let name = plain_name(tensor);
        if self.places.contains_key(&name) {
            return Err(folder.error(format!("{file}: there are two tensors {name}")));
        }
        self.places.insert(name, place);
        Ok(())
    }

    fn has(&self, tensor: &str) -> bool {
        self.places.contains_key(&plain_name(tensor))
    }
}

impl Weights {
    /// Opens the weights and indexes their names; tensors are read one at a time.
    ///
    /// Costs a read of all files for their digest.
    pub(in crate::encode) fn open(folder: &Folder, adapter: Option<&Path>) -> Result<Weights> {
        let mut catalogue = Catalogue::default();
        if folder.has(SAFETENSORS) {
            safetensors::add(folder, SAFETENSORS, &mut catalogue)?;
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
        let base = hash.finalize().into();
        let Some(path) = adapter else {
            return Ok(Weights { folder: folder.clone(), catalogue, adapter: None, digest: base });
        };
        let adapter = Adapter::open(path, folder, &catalogue, base)?;
        let mut hash = Sha256::new();
        hash.update(base);
        hash.update(adapter.digest());
        let digest = hash.finalize().into();
        Ok(Weights { folder: folder.clone(), catalogue, adapter: Some(adapter), digest })
    }

    /// An [`crate::Error::Encoder`] about the folder.
    pub(in crate::encode) fn error(&self, detail: String) -> crate::Error {
        self.folder.error(detail)
    }

    /// SHA-256 over the content of all files of weights.
    pub(in crate::encode) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether any tensor's plain name starts with `prefix`.
    pub(in crate::encode) fn has_prefix(&self, prefix: &str) -> bool {
        self.catalogue.places.keys().any(|name| name.starts_with(prefix))
    }

    /// Fails where there is a layer after the `count` that `config.json` asks for. Names of layers'
    /// tensors start with `prefix` and a number.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] with the count.
    pub(in crate::encode) fn refuse_beyond(&self, prefix: &str, count: usize) -> Result<()> {
        if self.has_prefix(&format!("{prefix}{count}.")) {
            let detail = format!("config.json asks for {count} layers, the weights have more");
            return Err(self.folder.error(detail));
        }
        Ok(())
    }

    /// The numbers of a tensor that must have `shape`, as `f32`, row after row.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] when it is missing, of another shape, or no weights.
    pub(in crate::encode) fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let mut numbers = Vec::new();
        self.append(name, shape, 1.0, &mut numbers)?;
        Ok(numbers)
    }

    /// Appends the numbers of a tensor, multiplied by `scale`, to `all`: [`Weights::get`] where memory is
    /// used again, or tensors are stacked.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub(in crate::encode) fn append(
        &self,
        name: &str,
        shape: &[usize],
        scale: f32,
        all: &mut Vec<f32>,
    ) -> Result<()> {
        let (place, file) = self.find(name, shape)?;
        let start = all.len();
        file.append(place, all).map_err(|problem| {
            self.folder.error(format!("{}: cannot read tensor {name}: {problem}", file.name))
        })?;
        let numbers = all.get_mut(start..).unwrap_or_default();
        if let Some(adapter) = &self.adapter {
            adapter.apply(name, numbers);
        }
        if scale != 1.0 {
            numbers.iter_mut().for_each(|number| *number *= scale);
        }
        Ok(())
    }

    /// A tensor of two dimensions that is read a row at a time and stays in its file where it can.
    ///
    /// # Errors
    /// As [`Weights::get`].
    pub(in crate::encode) fn table(&self, name: &str, rows: usize, width: usize) -> Result<Table> {
        let (place, file) = self.find(name, &[rows, width])?;
        let changed = self.adapter.as_ref().is_some_and(|adapter| adapter.changes(name));
        let bytes = rows * width * place.numbers.bytes();
        match file.bytes.slice(place.start as usize..place.start as usize + bytes) {
            Some(bytes)
                if !changed && place.strides.is_none() && place.numbers != NumberType::F64 =>
            {
                Ok(Table::mapped(width, bytes, place.numbers))
            }
            _ => Ok(Table::owned(width, self.get(name, &[rows, width])?)),
        }
    }

    fn find(&self, name: &str, shape: &[usize]) -> Result<(&Place, &StoredFile)> {
        let found = self.catalogue.places.get(name);
        let file = found.and_then(|place| self.catalogue.files.get(place.file));
        let (Some(place), Some(file)) = (found, file) else {
            let names: Vec<&str> =
                self.catalogue.files.iter().map(|file| file.name.as_str()).collect();
            let files = names.join(", ");
            return Err(self.folder.error(format!("{files}: tensor {name} is missing")));
        };
        let problem = |detail: String| {
            Err(self.folder.error(format!("{}: tensor {name} {detail}", file.name)))
        };
        if place.shape != shape {
            let found = &place.shape;
            return problem(format!("has shape {found:?}, config.json asks for {shape:?}"));
        }
        if let NumberType::Whole(bytes) = place.numbers {
            return problem(format!(
                "holds whole numbers of {} bits; weights are F32, F16, BF16 or F64",
                8 * bytes
            ));
        }
        Ok((place, file))
    }
}

fn open_file(folder: &Folder, name: &str) -> Result<StoredFile> {
    StoredFile::open(&folder.path(name), name)
        .map_err(|problem| folder.error(format!("cannot read {name}: {problem}")))
}

fn plain_name(stored: &str) -> String {
    let models = ["bert.", "mpnet.", "gpt_neox.", "model."];
    let name = models.iter().find_map(|model| stored.strip_prefix(model)).unwrap_or(stored);
    if let Some(start) = name.strip_suffix("LayerNorm.gamma") {
        return format!("{start}LayerNorm.weight");
    }
    if let Some(start) = name.strip_suffix("LayerNorm.beta") {
        return format!("{start}LayerNorm.bias");
    }
    name.to_string()
}
