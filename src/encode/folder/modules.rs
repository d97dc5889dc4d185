//! What a folder says about its own recipe.
//!
//! sentence-transformers folders say it in `modules.json` (a list of steps), `1_Pooling/config.json`,
//! `sentence_bert_config.json` (the length limit) and `config_sentence_transformers.json`
//! (prompts, similarity). A folder without `modules.json` gets what sentence-transformers itself
//! falls back to: the mean of the token vectors, not normalised, compared by cosine, with inputs
//! as long as the model allows.

use std::collections::HashMap;

use serde::Deserialize;

use super::recipe::{DOCUMENT, QUERY, Recipe, Role};
use crate::encode::model::{
    Folder, Known, MODULE, POOLING, SENTENCES, Shape, TOKENIZER, TRANSFORMER,
};
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
    prompts: Option<HashMap<String, Option<String>>>,
    default_prompt_name: Option<String>,
    similarity_fn_name: Option<String>,
}

/// The package that the steps of `modules.json` come from; others bring code of their own.
const PACKAGE: &str = "sentence_transformers.";

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
        let Some(modules) = folder.json::<Vec<serde_json::Value>>("modules.json")? else {
            return Ok(layout);
        };
        layout.has_modules = true;
        let mut steps = Vec::new();
        for module in modules {
            let module: Module = folder.known("modules.json", module, &Known::only(&[MODULE]))?;
            let step = module.kind.rsplit('.').next().unwrap_or_default();
            match step {
                "Transformer" | "Pooling" | "Normalize" if module.kind.starts_with(PACKAGE) => {}
                _ => {
                    return Err(folder.error(format!(
                        "modules.json: step {} is not supported; supported are Transformer, \
                         Pooling and Normalize of sentence-transformers",
                        module.kind
                    )));
                }
            }
            match step {
                "Transformer" => layout.transformer = folder.inside(&module.path)?,
                "Pooling" => layout.pooling = pooling(&folder.inside(&module.path)?)?,
                _ => layout.normalize = true,
            }
            steps.push(step.to_owned());
        }
        // In another order, or twice, the same steps make other vectors.
        let is_known = [
            &[][..],
            &["Transformer"],
            &["Transformer", "Pooling"],
            &["Transformer", "Pooling", "Normalize"],
        ];
        if !is_known.iter().any(|known| steps == *known) {
            return Err(folder.error(format!(
                "modules.json: the steps {} are not supported; supported are Transformer, Pooling \
                 and Normalize, in this order",
                steps.join(", ")
            )));
        }
        Ok(layout)
    }

    /// The recipe in the folder's own files.
    pub(super) fn recipe(&self, folder: &Folder, shape: Shape) -> Result<Recipe> {
        let own: TransformerSettings =
            known(&self.transformer, "sentence_bert_config.json", &Known::only(&[TRANSFORMER]))?;
        let tokenizer: TokenizerSettings =
            known(&self.transformer, "tokenizer_config.json", &Known::among_others(&[TOKENIZER]))?;
        let file = "config_sentence_transformers.json";
        let settings: Settings = known(folder, file, &Known::only(&[SENTENCES]))?;
        let tokenizer_max = tokenizer.model_max_length.map_or(usize::MAX, |length| length as usize);
        let max_length = own.max_seq_length.unwrap_or(tokenizer_max).min(shape.tokens_max);
        let prompts = settings.prompts.unwrap_or_default();
        // Where a role has no prompt of its own, sentence-transformers takes the default one.
        let default = match settings.default_prompt_name {
            None => None,
            Some(name) => Some(prompts.get(&name).cloned().flatten().ok_or_else(|| {
                folder
                    .error(format!("{file}: default_prompt_name is {name:?}, which has no prompt"))
            })?),
        };
        let prompt = |names: &[&str]| {
            let found = names.iter().find_map(|name| prompts.get(*name)?.clone());
            Role { prefix: found.or_else(|| default.clone()).unwrap_or_default(), max_length }
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

/// The settings of a file, or those of a folder without it.
fn known<T: serde::de::DeserializeOwned + Default>(
    folder: &Folder,
    file: &str,
    known: &Known,
) -> Result<T> {
    Ok(folder.settings(file, known)?.unwrap_or_default())
}

/// Reads the pooling step: flags in older releases, a name in newer ones.
fn pooling(folder: &Folder) -> Result<Pooling> {
    let settings: HashMap<String, serde_json::Value> = folder
        .settings("config.json", &Known::only(&[POOLING]))?
        .ok_or_else(|| folder.error("modules.json names a pooling step without config.json"))?;
    let (mut modes, mut named): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (key, value) in &settings {
        let Some(mode) = key.strip_prefix("pooling_mode_") else { continue };
        match value.as_bool() {
            Some(true) => {
                modes.push(mode);
                named.push(key);
            }
            None if !value.is_null() => {
                return Err(
                    folder.error(format!("pooling: {key} is {value}, expected true or false"))
                );
            }
            _ => {}
        }
    }
    match settings.get("pooling_mode") {
        None | Some(serde_json::Value::Null) => {}
        Some(serde_json::Value::String(mode)) => {
            modes.push(mode);
            named.push(mode);
        }
        Some(other) => {
            return Err(folder.error(format!("pooling: pooling_mode is {other}, expected a name")));
        }
    }
    named.sort_unstable();
    match modes.as_slice() {
        ["cls_token" | "cls"] => Ok(Pooling::Cls),
        ["mean_tokens" | "mean"] => Ok(Pooling::Mean),
        ["lasttoken" | "last"] => Ok(Pooling::Last),
        _ => Err(folder.error(format!(
            "pooling {named:?} is not supported; supported is one of \"cls\", \"mean\" and \
             \"lasttoken\""
        ))),
    }
}
