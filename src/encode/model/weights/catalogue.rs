//! Which files of weights there are, and which tensor is where in them.

use std::collections::BTreeMap;

use super::stored::{Place, StoredFile};
use crate::encode::model::Folder;
use crate::error::Result;

/// Files and the tensors in them, by their names in plain form.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    pub(super) files: Vec<StoredFile>,
    pub(super) places: BTreeMap<String, Place>,
}

impl Catalogue {
    pub(super) fn add(
        &mut self,
        folder: &Folder,
        file: &str,
        tensor: &str,
        place: Place,
    ) -> Result<()> {
        let name = plain_name(tensor);
        if self.places.contains_key(&name) {
            return Err(folder.error(format!("{file}: there are two tensors {name}")));
        }
        self.places.insert(name, place);
        Ok(())
    }

    pub(super) fn has(&self, tensor: &str) -> bool {
        self.places.contains_key(&plain_name(tensor))
    }
}

pub(super) fn open_file(folder: &Folder, name: &str) -> Result<StoredFile> {
    StoredFile::open(&folder.path(name), name)
        .map_err(|problem| folder.error(format!("cannot read {name}: {problem}")))
}

/// A tensor's name in the form that all models have.
pub(super) fn plain_name(stored: &str) -> String {
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
