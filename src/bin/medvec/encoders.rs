//! Encoders as options name them.

use medvec::session::{EncoderChoice, ModelNote, model_notes};

use crate::args::ModelOptions;
use crate::context::Context;
use crate::failure::Result;
use crate::style::MARK;

impl ModelOptions {
    /// An encoder, the database's where none is named, with what its folder does not say.
    pub(crate) fn choice(&self, name: Option<&str>) -> EncoderChoice {
        let mut choice = EncoderChoice::default();
        choice.name = name.map(str::to_owned);
        choice.model.preset = self.preset.clone();
        choice.model.recipe = self.recipe.clone();
        choice.model.adapter = self.adapter.clone();
        choice.model.precision = self.precision.map(|precision| precision.of_kernel());
        choice.model.device = self.device.unwrap_or_default();
        choice
    }
}

/// Says what to know of a model before it is used: how its licence restricts that, and when it is not
/// the one whose name it bears.
pub(crate) fn announce(name: &str, preset: Option<&str>, context: &mut Context) -> Result<()> {
    for note in model_notes(name, preset)? {
        let label = match note {
            ModelNote::Licence { .. } => "licence",
            _ => "note",
        };
        let text = note.to_string();
        let text = text.strip_prefix(label).unwrap_or(&text).trim_start();
        context.remark(format!("{MARK}{label}{MARK:#} {text}"));
    }
    Ok(())
}
