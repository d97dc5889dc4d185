//! What a caller knows better than a folder's own files.

use std::path::PathBuf;

use super::names::{parts_of, tower_names};
use super::presets::Preset;
use super::recipe::Recipe;
use crate::encode::device::Device;
use crate::encoder::EncoderSpec;
use crate::kernel::matmul::Precision;

/// How a model folder is opened, by
/// [`FolderEncoder::open_with`](super::FolderEncoder::open_with),
/// [`CrossEncoder::open_with`](super::CrossEncoder::open_with) and
/// [`Towers::open_with`](super::Towers::open_with).
///
/// ```no_run
/// use std::path::Path;
///
/// use medvec::encode::folder::{Device, FolderEncoder, FolderOptions, Preset};
///
/// let options = FolderOptions::new().preset(Preset::by_name("medcpt-query")?).device(Device::Cpu);
/// let encoder = FolderEncoder::open_with(Path::new("MedCPT-Query-Encoder"), &options)?;
/// # let _ = encoder;
/// # Ok::<(), medvec::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct FolderOptions {
    pub(super) preset: Option<&'static Preset>,
    pub(super) recipe: Option<Recipe>,
    pub(super) adapter: Option<PathBuf>,
    pub(super) precision: Precision,
    pub(super) device: Device,
    /// The digest of the tokenizer of the encoder to be opened again, which has seen two settings that
    /// a description does not hold.
    pub(super) tokenizer: Option<[u8; 32]>,
}

impl FolderOptions {
    /// The folder's own recipe or that of the known model that it holds, no adapter, single precision,
    /// on the CPU.
    pub fn new() -> FolderOptions {
        FolderOptions::default()
    }

    /// Uses the recipe of this known model, in place of the one by which the folder is recognised. Its
    /// architecture and dimension must be the folder's.
    #[must_use]
    pub fn preset(self, preset: impl Into<Option<&'static Preset>>) -> FolderOptions {
        FolderOptions { preset: preset.into(), ..self }
    }

    /// Uses this recipe, in place of a preset's and the folder's own.
    #[must_use]
    pub fn recipe(self, recipe: impl Into<Option<Recipe>>) -> FolderOptions {
        FolderOptions { recipe: recipe.into(), ..self }
    }

    /// Merges the LoRA adapter in this folder into the weights.
    #[must_use]
    pub fn adapter(self, adapter: impl Into<Option<PathBuf>>) -> FolderOptions {
        FolderOptions { adapter: adapter.into(), ..self }
    }

    /// Rounds the factors of matrix products to this precision. Another precision makes another
    /// encoder, with its own fingerprint.
    #[must_use]
    pub fn precision(self, precision: Precision) -> FolderOptions {
        FolderOptions { precision, ..self }
    }

    /// Runs the model on this device. The fingerprint is the same on every device.
    #[must_use]
    pub fn device(self, device: Device) -> FolderOptions {
        FolderOptions { device, ..self }
    }

    /// Takes recipe, adapter and precision from the description of the encoder that a database was
    /// written with; of a pair of towers, those of the query tower. The folder may have moved. The
    /// fingerprint tells whether the encoder is still the same.
    #[must_use]
    pub fn like(self, stored: &EncoderSpec) -> FolderOptions {
        let name = tower_names(&stored.name).map_or(stored.name.as_str(), |(_, query)| query);
        let (_, adapter, precision) = parts_of(name);
        FolderOptions {
            preset: None,
            recipe: Some(Recipe::of_spec(stored)),
            adapter,
            precision,
            tokenizer: Some(stored.query.tokenizer),
            ..self
        }
    }
}
