//! Named tensors of a model folder, read through candle.
//!
//! `model.safetensors` is preferred; `pytorch_model.bin` (a zip archive with a pickle inside) is
//! read where a model has only that. Names are brought to one form: the prefix (`bert.`, `mpnet.`,
//! `gpt_neox.`, `model.`) of models with a head is dropped, and TensorFlow's `gamma` and `beta` become `weight` and `bias`.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use candle_core::pickle::PthTensors;
use candle_core::safetensors::BufferedSafetensors;
use candle_core::{DType, Device, Tensor};

use super::files::Folder;
use super::table::Table;
use crate::error::Result;

const SAFETENSORS: &str = "model.safetensors";
const PICKLE: &str = "pytorch_model.bin";

/// The weights of one model.
pub(in crate::encode) struct Weights {
    folder: Folder,
    file: &'static str,
    source: Source,
    /// Name in its plain form -> name in the file.
    names: HashMap<String, String>,
    digest: [u8; 32],
}

enum Source {
    Safetensors(BufferedSafetensors),
    Pickle(PthTensors),
}

impl Weights {
    /// Opens the weights and indexes their names; tensors are read one at a time.
    pub(in crate::encode) fn open(folder: &Folder) -> Result<Weights> {
        let (file, source) = if folder.has(SAFETENSORS) {
            (SAFETENSORS, Source::Safetensors(open_safetensors(folder)?))
        } else if folder.has(PICKLE) {
            (PICKLE, Source::Pickle(open_pickle(folder)?))
        } else if folder.has("model.safetensors.index.json") {
            return Err(folder.error(
                "the weights are split over several files; save them as one model.safetensors \
                 (transformers: save_pretrained with max_shard_size=\"20GB\")",
            ));
        } else {
            return Err(folder.error(format!("neither {SAFETENSORS} nor {PICKLE} is there")));
        };
        let stored: Vec<String> = match &source {
            Source::Safetensors(tensors) => {
                tensors.tensors().into_iter().map(|(name, _)| name).collect()
            }
            Source::Pickle(tensors) => tensors.tensor_infos().keys().cloned().collect(),
        };
        let names = stored.into_iter().map(|name| (plain_name(&name), name)).collect();
        let digest = folder.digest(file)?;
        Ok(Weights { folder: folder.clone(), file, source, names, digest })
    }

    /// SHA-256 of the weights file.
    pub(in crate::encode) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether there is a tensor of this plain name.
    pub(in crate::encode) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    /// Whether any tensor's plain name starts with `prefix`.
    pub(in crate::encode) fn has_prefix(&self, prefix: &str) -> bool {
        self.names.keys().any(|name| name.starts_with(prefix))
    }

    /// The numbers of a tensor that must have `shape`, as `f32`, row after row.
    pub(in crate::encode) fn get(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let problem = |detail: String| self.folder.error(format!("{}: {detail}", self.file));
        let failed = |failure: candle_core::Error| problem(format!("tensor {name}: {failure}"));
        let stored =
            self.names.get(name).ok_or_else(|| problem(format!("tensor {name} is missing")))?;
        let found = self.shape(stored).map_err(failed)?;
        if found != shape {
            return Err(problem(format!(
                "tensor {name} has shape {found:?}, config.json asks for {shape:?}"
            )));
        }
        let tensor = self.read(stored).map_err(failed)?;
        let numbers = tensor
            .to_dtype(DType::F32)
            .and_then(|tensor| tensor.flatten_all()?.to_vec1::<f32>())
            .map_err(failed)?;
        if numbers.len() != shape.iter().product::<usize>() {
            return Err(problem(format!("tensor {name} holds {} numbers", numbers.len())));
        }
        Ok(numbers)
    }

    /// A tensor of two dimensions that is read a row at a time.
    pub(in crate::encode) fn table(&self, name: &str, rows: usize, width: usize) -> Result<Table> {
        Ok(Table::new(width, self.get(name, &[rows, width])?))
    }

    fn shape(&self, stored: &str) -> candle_core::Result<Vec<usize>> {
        match &self.source {
            Source::Safetensors(tensors) => Ok(tensors.get(stored)?.shape().to_vec()),
            Source::Pickle(tensors) => match tensors.tensor_infos().get(stored) {
                Some(info) => Ok(info.layout.shape().dims().to_vec()),
                None => candle_core::bail!("not in the archive"),
            },
        }
    }

    fn read(&self, stored: &str) -> candle_core::Result<Tensor> {
        match &self.source {
            Source::Safetensors(tensors) => tensors.load(stored, &Device::Cpu),
            Source::Pickle(tensors) => match contain(|| tensors.get(stored))? {
                Some(tensor) => Ok(tensor),
                None => candle_core::bail!("not in the archive"),
            },
        }
    }
}

/// Runs candle's pickle reader, which panics on some damaged archives, and makes an error of it.
/// The reader owns all it works on, so nothing half-done is seen afterwards.
fn contain<T>(read: impl FnOnce() -> candle_core::Result<T>) -> candle_core::Result<T> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| candle_core::bail!("its pickle breaks off or contradicts itself"))
}

fn open_safetensors(folder: &Folder) -> Result<BufferedSafetensors> {
    let bytes = std::fs::read(folder.path(SAFETENSORS))
        .map_err(|problem| folder.error(format!("cannot read {SAFETENSORS}: {problem}")))?;
    BufferedSafetensors::new(bytes).map_err(|problem| {
        folder.error(format!("{SAFETENSORS} is damaged or not finished downloading: {problem}"))
    })
}

fn open_pickle(folder: &Folder) -> Result<PthTensors> {
    let path = folder.path(PICKLE);
    let mut magic = [0; 4];
    File::open(&path)
        .and_then(|mut file| file.read_exact(&mut magic))
        .map_err(|problem| folder.error(format!("cannot read {PICKLE}: {problem}")))?;
    if &magic != b"PK\x03\x04" {
        return Err(folder.error(format!(
            "{PICKLE} is not a zip archive: it was written by PyTorch before 1.6, or is damaged; \
             convert it once with: python -c \"import torch; torch.save(torch.load('{PICKLE}', \
             map_location='cpu'), '{PICKLE}')\""
        )));
    }
    contain(|| PthTensors::new(&path, None)).map_err(|problem| {
        folder.error(format!("{PICKLE} is damaged or not finished downloading: {problem}"))
    })
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
