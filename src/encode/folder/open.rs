//! Opens a folder: finds its parts and settles on a recipe.

use std::path::{Path, PathBuf};

use super::architecture::Kind;
use super::files::Folder;
use super::model::Model;
use super::modules::Layout;
use super::presets::Preset;
use super::recipe::Recipe;
use super::weights::Weights;
use crate::encode::device::Device;
use crate::error::Result;
use crate::kernel::matmul::Precision;

/// What a caller knows better than a folder's own files.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The recipe of a known model, in place of the one by which the folder is recognised; its
    /// architecture and dimension must be the folder's.
    pub preset: Option<&'static Preset>,
    /// A recipe, in place of both.
    pub recipe: Option<Recipe>,
    /// A LoRA adapter for the weights.
    pub adapter: Option<PathBuf>,
    /// What factors of matrix products are rounded to; another one is another encoder.
    pub precision: Precision,
    /// What the model runs on; its encoder is the same on every one.
    pub device: Device,
}

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

/// What stands between the two paths in the name of an adapted model.
const WITH_ADAPTER: &str = " with adapter ";
/// What stands before the precision in the name of a model that does not run in full.
const ROUNDED: &str = " rounded to ";

impl Opened {
    pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
        let folder = Folder::open(path)?;
        let layout = Layout::open(&folder)?;
        let transformer = layout.transformer.clone();
        let kind = Kind::of(&transformer)?;
        if let Some(preset) = options.preset {
            preset.check(&folder, &layout, kind)?;
        }
        let weights = Weights::open(&transformer, options.adapter.as_deref())?;
        let model = Model::open(&transformer, kind, &weights, options.precision, options.device)?;
        let shape = model.shape();
        let preset = options.preset.or_else(|| Preset::of_folder(&folder, &layout, kind));
        let recipe = match (&options.recipe, preset) {
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
        let mut name = match &options.adapter {
            Some(adapter) => {
                let adapter = std::path::absolute(adapter).unwrap_or_else(|_| adapter.clone());
                format!("{}{WITH_ADAPTER}{}", folder.name(), adapter.display())
            }
            None => folder.name().to_owned(),
        };
        if options.precision != Precision::F32 {
            name = format!("{name}{ROUNDED}{}", options.precision.name());
        }
        Ok(Opened { folder: transformer, name, kind, weights, model, recipe, preset })
    }
}

/// The folder, the adapter and the precision in the name of an encoder.
pub(super) fn parts_of(name: &str) -> (&Path, Option<PathBuf>, Precision) {
    let rounded = name.rsplit_once(ROUNDED);
    let rounded = rounded.and_then(|(base, name)| Some((base, Precision::by_name(name)?)));
    let (name, precision) = rounded.unwrap_or((name, Precision::F32));
    match name.split_once(WITH_ADAPTER) {
        Some((base, adapter)) => (Path::new(base), Some(PathBuf::from(adapter)), precision),
        None => (Path::new(name), None, precision),
    }
}

/// Whether a folder holds a cross-encoder, by its `config.json`.
///
/// # Errors
/// [`crate::Error::Encoder`] when it holds no model.
pub fn is_cross_encoder(folder: &Path) -> Result<bool> {
    Ok(Kind::of(&Layout::open(&Folder::open(folder)?)?.transformer)?.classifier)
}
