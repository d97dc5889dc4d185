//! Which encoder a caller wants.

#[cfg(feature = "bert")]
use std::path::PathBuf;

#[cfg(feature = "bert")]
use super::error::SessionResult;
#[cfg(feature = "bert")]
use crate::encode::folder::{Device, FolderOptions, Preset, Recipe};
#[cfg(feature = "bert")]
use crate::kernel::matmul::Precision;

/// Which encoder to use. Empty, it is the one that the database names.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EncoderChoice {
    /// `builtin`, the path of a model, or the name of one in the cache of Hugging Face
    /// (`organisation/name`). For an import also `none`: documents are not embedded.
    pub name: Option<String>,
    /// The model for queries, where the named one embeds stored texts only (MedCPT). Not needed when it
    /// lies beside the other under its own name, or in the cache.
    pub query: Option<String>,
    /// What a model's folder does not say.
    #[cfg(feature = "bert")]
    pub model: ModelOptions,
}

impl EncoderChoice {
    /// The encoder of this name.
    pub fn named(name: impl Into<String>) -> EncoderChoice {
        EncoderChoice { name: Some(name.into()), ..EncoderChoice::default() }
    }

    /// The encoder that a database names, of two towers the one for queries, on the device of this choice.
    pub(super) fn as_stored(&self) -> EncoderChoice {
        EncoderChoice {
            #[cfg(feature = "bert")]
            model: ModelOptions { device: self.model.device, ..ModelOptions::default() },
            ..EncoderChoice::default()
        }
    }

    /// What tells this choice from others that make other vectors.
    pub(super) fn key(&self) -> String {
        let name = self.name.as_deref().unwrap_or(super::names::BUILTIN);
        let own = [Some(name.to_owned()), self.query.clone()];
        #[cfg(feature = "bert")]
        let of_model = {
            let path =
                |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
            let ModelOptions { preset, recipe, adapter, precision, .. } = &self.model;
            let precision = precision.map(|precision| format!("{precision:?}"));
            [preset.clone(), path(recipe), path(adapter), precision]
        };
        #[cfg(not(feature = "bert"))]
        let of_model = [];
        let parts = own.into_iter().chain(of_model);
        let parts: Vec<String> = parts.map(Option::unwrap_or_default).collect();
        parts.join("\0")
    }

    /// Whether something was said that only a model folder has.
    #[cfg(feature = "bert")]
    pub(super) fn needs_folder(&self) -> bool {
        !self.model.is_empty() || self.model.device != Device::Cpu
    }

    /// Texts of one call, `on_cpu` of them there: a GPU is fast only with many tokens at once.
    pub(super) fn batch(&self, on_cpu: usize) -> usize {
        #[cfg(feature = "bert")]
        if self.model.device != Device::Cpu {
            return 256;
        }
        on_cpu
    }
}

/// What an encoder is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Documents and queries.
    Both,
    /// Queries alone: one tower is enough.
    Queries,
}

/// What the folder of a model does not say about itself.
#[cfg(feature = "bert")]
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelOptions {
    /// Use the recipe of this known model.
    pub preset: Option<String>,
    /// Use the recipe in this file.
    pub recipe: Option<PathBuf>,
    /// Merge this LoRA adapter into the model.
    pub adapter: Option<PathBuf>,
    /// Run the model's layers in this precision, in place of single precision.
    pub precision: Option<Precision>,
    /// Run the model on this.
    pub device: Device,
}

#[cfg(feature = "bert")]
impl ModelOptions {
    /// Whether nothing was given that decides vectors.
    pub(super) fn is_empty(&self) -> bool {
        self.preset.is_none()
            && self.recipe.is_none()
            && self.adapter.is_none()
            && self.precision.is_none()
    }

    /// As a model folder is opened with them.
    ///
    /// # Errors
    /// [`Error::Encoder`](crate::Error::Encoder) for a preset that does not exist and a recipe that
    /// cannot be read.
    pub fn open_options(&self) -> SessionResult<FolderOptions> {
        Ok(self
            .how_to_run()
            .preset(self.preset.as_deref().map(Preset::by_name).transpose()?)
            .recipe(self.recipe.as_deref().map(Recipe::read).transpose()?)
            .adapter(self.adapter.clone()))
    }

    /// The device and the precision alone, for the partner of a model.
    pub(super) fn how_to_run(&self) -> FolderOptions {
        FolderOptions::new().precision(self.precision.unwrap_or_default()).device(self.device)
    }
}
