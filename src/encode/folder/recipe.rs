//! How a model wants its text and how its token vectors become one vector.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::encode::model::{Folder, Shape, regular};
use crate::encoder::{EncoderSpec, Metric, Pooling, TowerSpec};
use crate::error::{Error, Result};

/// The role of stored texts.
pub const DOCUMENT: &str = "document";
/// The role of queries; as [`DOCUMENT`] where a recipe has none.
pub const QUERY: &str = "query";
/// The role of a pair of texts that a cross-encoder scores.
pub const PAIR: &str = "pair";

/// Everything between a text and its vector that is not the network.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// `cls`, `mean`, `last` or `pooler`.
    #[serde(default = "mean", with = "PoolingName")]
    pub pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    #[serde(default)]
    pub normalize: bool,
    /// `dot` or `cosine`.
    #[serde(default = "cosine", with = "MetricName")]
    pub similarity: Metric,
    /// A token that is appended to every text, after it was cut to one less than the role's length.
    #[serde(default)]
    pub append_eos_id: Option<u32>,
    /// Whether a document is given as a segment pair (title, abstract) with token types 0 and 1
    /// rather than as one text, `title abstract`.
    #[serde(default)]
    pub pair: bool,
    /// Whether text is lower-cased before the tokenizer sees it.
    #[serde(default)]
    pub lower_case: bool,
    /// What a text is given as: `document`, `query`, `pair` or another name.
    pub roles: BTreeMap<String, Role>,
}

/// How the texts of one role are prepared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Text put before the input.
    #[serde(default)]
    pub prefix: String,
    /// Tokens of one input, special tokens included.
    pub max_length: usize,
}

#[derive(Deserialize)]
#[serde(remote = "Pooling", rename_all = "lowercase")]
enum PoolingName {
    Cls,
    Mean,
    Last,
    Weighted,
    Pooler,
}

#[derive(Deserialize)]
#[serde(remote = "Metric", rename_all = "lowercase")]
enum MetricName {
    Dot,
    Cosine,
}

fn mean() -> Pooling {
    Pooling::Mean
}

fn cosine() -> Metric {
    Metric::Cosine
}

/// Largest recipe file, in bytes.
const RECIPE_BYTES_MAX: u64 = 1 << 20;

/// Keys that say in words what the folder's own files hold.
const REMARKS: &[&str] = &[
    "adapter",
    "head",
    "layer_norm_eps",
    "layout",
    "notes",
    "pad_token_id",
    "padding",
    "tokenizer",
    "truncation",
    "weights",
];

impl Recipe {
    /// Reads a recipe file: one JSON object with the keys of [`Recipe`], or one that holds them under
    /// `recipe`, with `roles` in it or beside it. `pair` may be a remark instead of a truth value.
    ///
    /// # Errors
    /// [`Error::Input`] with the file and what is wrong in it.
    pub fn read(path: &Path) -> Result<Recipe> {
        let file = path.display().to_string();
        let wrong =
            |place: String, detail: String| Error::Input { file: file.clone(), place, detail };
        let text =
            regular(path, RECIPE_BYTES_MAX).map_err(|source| Error::io("read", &file, source))?;
        let whole: Value = serde_json::from_slice(&text).map_err(|problem| {
            wrong(format!("line {}", problem.line()), format!("invalid JSON: {problem}"))
        })?;
        Recipe::from_json(whole).map_err(|detail| wrong("recipe".into(), detail))
    }

    /// A recipe from JSON, as [`Recipe::read`] takes it.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn from_json(whole: Value) -> Result<Recipe, String> {
        let Value::Object(mut outer) = whole else { return Err("expected a JSON object".into()) };
        let mut recipe: Map<String, Value> = match outer.remove("recipe") {
            None => outer,
            Some(Value::Object(mut inner)) => {
                if let Some(roles) = outer.remove("roles") {
                    inner.insert("roles".into(), roles);
                }
                inner
            }
            Some(_) => return Err("`recipe` must be an object".into()),
        };
        recipe.retain(|key, _| !REMARKS.contains(&key.as_str()));
        if let Some(pair @ Value::String(_)) = recipe.get_mut("pair") {
            *pair = Value::Bool(true);
        }
        let recipe: Recipe =
            serde_json::from_value(Value::Object(recipe)).map_err(|problem| problem.to_string())?;
        if recipe.roles.is_empty() {
            return Err("`roles` is empty: give at least `document` with its max_length".into());
        }
        Ok(recipe)
    }

    /// The recipe by which an encoder of this description works, but for `append_eos_id` and
    /// `lower_case`, which the description only has a digest of.
    pub(super) fn of_spec(spec: &EncoderSpec) -> Recipe {
        let role = |tower: &TowerSpec| Role {
            prefix: tower.prefix.clone(),
            max_length: tower.tokens_max as usize,
        };
        let roles = [(DOCUMENT, &spec.document), (QUERY, &spec.query)];
        Recipe {
            pooling: spec.pooling,
            normalize: spec.normalize,
            similarity: spec.metric,
            append_eos_id: None,
            pair: spec.document.pair,
            lower_case: false,
            roles: roles.map(|(name, tower)| (name.to_owned(), role(tower))).into(),
        }
    }

    /// How texts of this role are prepared. Queries are as documents, and documents as whatever
    /// there is, where the recipe does not say.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name).or_else(|| match name {
            QUERY | PAIR => self.role(DOCUMENT),
            DOCUMENT if self.roles.len() == 1 => self.roles.values().next(),
            _ => None,
        })
    }

    /// Checks what follows from the recipe and the network's shape.
    pub(super) fn check(&self, folder: &Folder, shape: Shape) -> Result<()> {
        if self.pooling == Pooling::Weighted {
            return Err(folder.error("recipe: pooling must be cls, mean, last or pooler"));
        }
        if self.pair && shape.types < 2 {
            return Err(folder.error("recipe asks for pairs, the model has no second token type"));
        }
        if let Some(id) = self.append_eos_id
            && id as usize >= shape.vocabulary
        {
            return Err(folder.error(format!(
                "recipe: append_eos_id is {id}, the model has ids below {}",
                shape.vocabulary
            )));
        }
        for (name, role) in &self.roles {
            if role.max_length > shape.tokens_max {
                return Err(folder.error(format!(
                    "recipe: max_length of {name} is {}, the model has {} positions",
                    role.max_length, shape.tokens_max
                )));
            }
        }
        Ok(())
    }
}
