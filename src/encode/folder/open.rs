//! Opens a folder: finds its parts and settles on a recipe.

use std::path::Path;

use super::model::Model;
use super::modules::Layout;
use super::names::model_name;
use super::options::FolderOptions;
use super::presets::Preset;
use super::recipe::Recipe;
use super::recognise::contradicts;
use super::tokenizer::Tokenizers;
use crate::encode::model::{Folder, Kind, Weights};
use crate::error::Result;

/// A folder with its network loaded and its recipe known.
pub(super) struct Opened {
    /// Where the network and the tokenizer are.
    pub(super) folder: Folder,
    /// Name for people: the path, and the adapter's.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) weights: Weights,
    pub(super) model: Model,
    pub(super) recipe: Recipe,
    pub(super) preset: Option<&'static Preset>,
}

impl Opened {
    pub(super) fn open(path: &Path, options: &FolderOptions) -> Result<Opened> {
        let folder = Folder::open(path)?;
        let layout = Layout::open(&folder)?;
        let transformer = layout.transformer.clone();
        let kind = Kind::of(&transformer)?;
        if let Some(preset) = options.preset {
            preset.check(&folder, &layout, kind)?;
        }
        let mut weights = Weights::open(&transformer)?;
        if let Some(adapter) = &options.adapter {
            weights.adapt(adapter, contradicts)?;
        }
        let model = Model::open(&transformer, kind, &weights, options.precision, options.device)?;
        let shape = model.shape();
        let preset = options.preset.or_else(|| Preset::of_folder(&folder, &layout, kind));
        let mut recipe = match (&options.recipe, preset) {
            (Some(recipe), _) => recipe.clone(),
            (None, Some(preset)) => {
                let own = layout.recipe(&folder, shape)?;
                preset.recipe(shape, &own)
            }
            (None, None) => {
                if !layout.has_modules && kind.architecture.is_decoder() {
                    return Err(folder.error(
                        "how this model makes vectors is in none of its files (modules.json is \
                         missing): name a preset, or give a recipe with pooling, append_eos_id and \
                         roles",
                    ));
                }
                layout.recipe(&folder, shape)?
            }
        };
        recipe.check(&folder, shape)?;
        if let Some(digest) = options.tokenizer {
            // Two settings are only in the digest of the tokenizer.
            let settings = Tokenizers::settings(&transformer, shape.vocabulary, digest)?;
            if let Some((lower_case, append_eos_id)) = settings {
                recipe = Recipe { lower_case, append_eos_id, ..recipe };
            }
        }
        let name = model_name(folder.name(), options.adapter.as_deref(), options.precision);
        Ok(Opened { folder: transformer, name, kind, weights, model, recipe, preset })
    }
}

/// Whether a folder holds a cross-encoder, by its `config.json`.
///
/// # Errors
/// [`crate::Error::Encoder`] when it holds no model.
pub fn is_cross_encoder(folder: &Path) -> Result<bool> {
    Ok(Kind::of(&Layout::open(&Folder::open(folder)?)?.transformer)?.classifier)
}
