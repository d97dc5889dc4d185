//! Tensors by name, as single precision, with an adapter merged into them as they are read.

use std::ops::Bound;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::adapter::Adapter;
use super::base;
use super::catalogue::Catalogue;
use super::stored::{NumberType, Place, StoredFile};
use super::table::Table;
use crate::encode::model::Folder;
use crate::error::Result;

/// The weights of one model, with an adapter merged into them if there is one.
pub(in crate::encode) struct Weights {
    folder: Folder,
    catalogue: Catalogue,
    adapter: Option<Adapter>,
    digest: [u8; 32],
}

impl Weights {
    /// Opens the weights and indexes their names; tensors are read one at a time.
    ///
    /// Costs a read of all files for their digest.
    pub(in crate::encode) fn open(folder: &Folder) -> Result<Weights> {
        let (catalogue, digest) = base::open(folder)?;
        Ok(Weights { folder: folder.clone(), catalogue, adapter: None, digest })
    }

    /// Merges the LoRA adapter at `path` into the weights, which have none yet. `contradicts` names the
    /// model in a folder if that is certainly not the one of the given name.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] when the adapter was made for another model or cannot be read.
    pub(in crate::encode) fn adapt(
        &mut self,
        path: &Path,
        contradicts: impl Fn(&Folder, &str) -> Option<String>,
    ) -> Result<()> {
        let adapter = Adapter::open(path, &self.folder, &self.catalogue, self.digest, contradicts)?;
        let mut hash = Sha256::new();
        hash.update(self.digest);
        hash.update(adapter.digest());
        self.digest = hash.finalize().into();
        self.adapter = Some(adapter);
        Ok(())
    }

    /// An [`crate::Error::Encoder`] about the folder.
    pub(in crate::encode) fn error(&self, detail: String) -> crate::Error {
        self.folder.error(detail)
    }

    /// SHA-256 over the content of all files of weights.
    pub(in crate::encode) fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// Whether any tensor's plain name starts with `prefix`. Cost: a look-up, since there may be as many layers as names.
    pub(in crate::encode) fn has_prefix(&self, prefix: &str) -> bool {
        let mut from =
            self.catalogue.places.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.next().is_some_and(|(name, _)| name.starts_with(prefix))
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

    /// A tensor of two dimensions that is read one row at a time and stays in its file where it can.
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
