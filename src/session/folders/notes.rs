//! What a user should know of a model before using it.

use std::fmt;

use crate::encode::folder::{Preset, paths_in};
use crate::error::Result;

/// What a user should know of a model before using it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelNote {
    /// It is not the model whose name its folder bears.
    Misnamed {
        /// In what it differs.
        difference: String,
    },
    /// Its licence restricts how it may be used.
    Licence {
        /// The model.
        model: &'static str,
        /// What is restricted.
        restriction: &'static str,
        /// The licence.
        licence: &'static str,
    },
}

impl fmt::Display for ModelNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelNote::Misnamed { difference } => {
                write!(f, "{difference}; its own files say how it is used")
            }
            ModelNote::Licence { model, restriction, licence } => {
                write!(f, "licence of {model}: {restriction} ({licence})")
            }
        }
    }
}

/// What to know of the encoder of this name, which is opened with this preset where one is named.
///
/// # Errors
/// [`Error::Encoder`](crate::Error::Encoder) for a preset that does not exist.
pub fn model_notes(name: &str, preset: Option<&str>) -> Result<Vec<ModelNote>> {
    let named = preset.map(Preset::by_name).transpose()?;
    let mut notes = Vec::new();
    for path in paths_in(name) {
        if named.is_none()
            && let Some(difference) = Preset::misfit(&path)
        {
            notes.push(ModelNote::Misnamed { difference });
        }
        if let Some(preset) = named.or_else(|| Preset::of_path(&path))
            && !preset.restriction.is_empty()
        {
            notes.push(ModelNote::Licence {
                model: preset.model,
                restriction: preset.restriction,
                licence: preset.licence,
            });
        }
    }
    Ok(notes)
}
