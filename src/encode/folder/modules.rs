//! What a folder says about its own recipe.
//!
//! sentence-transformers folders say it in `modules.json` (a list of steps), `1_Pooling/config.json`,
//! `sentence_bert_config.json` (the length limit) and `config_sentence_transformers.json`
//! (prompts, similarity). A folder without `modules.json` gets what sentence-transformers itself
//! falls back to: the mean of the token vectors, not normalised, compared by cosine, with inputs
//! as long as the model allows.

use std::collections::HashMap;

use serde::Deserialize;

use super::files::Folder;
use super::network::Shape;
use super::recipe::{DOCUMENT, QUERY, Recipe, Role};
use crate::encoder::{Metric, Pooling};
use crate::error::Result;

/// An entry of `modules.json`.
#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// `sentence_bert_config.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TransformerSettings {
    max_seq_length: Option<usize>,
    do_lower_case: bool,
}

/// The field of `tokenizer_config.json` that bounds the length; some files hold 1e30 for "none".
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenizerSettings {
    model_max_length: Option<f64>,
}

/// `config_sentence_transformers.json`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    prompts: HashMap<String, Option<String>>,
    similarity_fn_name: Option<String>,
}

/// The steps of a folder.
pub(super) struct Layout {
    /// Where the network and the tokenizer are.
    pub(super) transformer: Folder,
    pooling: Pooling,
    normalize: bool,
    /// Whether the folder says how token vectors become one.
    pub(super) has_modules: bool,
}

impl Layout {
    /// Reads `modules.json` where there is one.
    pub(super) fn open(folder: &Folder) -> Result<Layout> {
        let mut layout = Layout {
            transformer: folder.clone(),
            pooling: Pooling::Mean,
            normalize: false,
            has_modules: false,
        };
        let Some(modules) = folder.json::<Vec<Module>>("modules.json")? else { return Ok(layout) };
        layout.has_modules = true;
        for module in &modules {
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" => layout.transformer = folder.inside(&module.path)?,
                "Pooling" => layout.pooling = pooling(&folder.inside(&module.path)?)?,
                "Normalize" => layout.normalize = true,
                _ => {
                    return Err(folder.error(format!(
                        "modules.json: step {} is not supported; supported are Transformer, \
                         Pooling and Normalize",
                        module.kind
                    )));
                }
            }
        }
        Ok(layout)
    }

    /// The recipe in the folder's own files.
    pub(super) fn recipe(&self, folder: &Folder, shape: Shape) -> Result<Recipe> {
        let own: TransformerSettings =
            self.transformer.json("sentence_bert_config.json")?.unwrap_or_default();
        let tokenizer: TokenizerSettings =
            self.transformer.json("tokenizer_config.json")?.unwrap_or_default();
        let settings: Settings =
            folder.json("config_sentence_transformers.json")?.unwrap_or_default();
        let tokenizer_max = tokenizer.model_max_length.map_or(usize::MAX, |length| length as usize);
        let max_length = own.max_seq_length.unwrap_or(tokenizer_max).min(shape.tokens_max);
        let prompt = |names: &[&str]| {
            let found = names.iter().find_map(|name| settings.prompts.get(*name)?.clone());
            Role { prefix: found.unwrap_or_default(), max_length }
        };
        let similarity = match settings.similarity_fn_name.as_deref() {
            None | Some("cosine") => Metric::Cosine,
            Some("dot") => Metric::Dot,
            Some(other) => {
                return Err(folder.error(format!(
                    "config_sentence_transformers.json: similarity {other:?} is not supported; \
                     supported are \"cosine\" and \"dot\""
                )));
            }
        };
        Ok(Recipe {
            pooling: self.pooling,
            normalize: self.normalize,
            similarity,
            append_eos_id: None,
            pair: false,
            lower_case: own.do_lower_case,
            roles: [
                (DOCUMENT.to_owned(), prompt(&["document", "passage", "corpus"])),
                (QUERY.to_owned(), prompt(&["query"])),
            ]
            .into(),
        })
    }
}

/// Reads the pooling step: flags in older releases, a name in newer ones.
fn pooling(folder: &Folder) -> Result<Pooling> {
    let settings: HashMap<String, serde_json::Value> = folder
        .json("config.json")?
        .ok_or_else(|| folder.error("modules.json names a pooling step without config.json"))?;
    let mut modes: Vec<&str> = settings
        .iter()
        .filter(|(key, value)| key.starts_with("pooling_mode_") && value.as_bool() == Some(true))
        .map(|(key, _)| key.trim_start_matches("pooling_mode_"))
        .collect();
    modes.extend(settings.get("pooling_mode").and_then(serde_json::Value::as_str));
    match modes.as_slice() {
        ["cls_token" | "cls"] => Ok(Pooling::Cls),
        ["mean_tokens" | "mean"] => Ok(Pooling::Mean),
        ["lasttoken" | "last"] => Ok(Pooling::Last),
        _ => Err(folder.error(format!(
            "pooling {modes:?} is not supported; supported is one of \"cls\", \"mean\" and \
             \"lasttoken\""
        ))),
    }
}
