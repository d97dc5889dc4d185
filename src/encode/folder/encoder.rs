//! A model folder as an [`Encoder`].

use std::fmt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::model::Model;
use super::open::Opened;
use super::options::FolderOptions;
use super::presets::Preset;
use super::recipe::{DOCUMENT, QUERY, Recipe, Role};
use super::tokenizer::Tokenizers;
use crate::control::Control;
use crate::encode::bert::Pooler;
use crate::encode::model::{Tokens, pool};
use crate::encoder::{Encoder, EncoderInput, EncoderSpec, Pooling, TowerSpec};
use crate::error::Result;

/// A model with its tokenizer and recipe.
///
/// Calls run on the calling thread alone and may run on several threads at once; each thread's
/// working memory (about 5 MB for a small model) is kept for the next call.
pub struct FolderEncoder {
    spec: EncoderSpec,
    model: Model,
    pooler: Option<Pooler>,
    tokenizers: Tokenizers,
    recipe: Recipe,
    preset: Option<&'static Preset>,
}

impl fmt::Debug for FolderEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderEncoder").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl FolderEncoder {
    /// Opens a folder by its preset, if it is recognised, else by its own files, which are those of
    /// sentence-transformers or plain Hugging Face ones (mean pooling, cosine).
    ///
    /// Costs one read of the weights and one of their digest: 0.1 s for 90 MB.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] names what is missing, damaged, contradictory or unsupported.
    pub fn open(folder: &Path) -> Result<FolderEncoder> {
        FolderEncoder::open_with(folder, &FolderOptions::new())
    }

    /// Opens a folder with what the caller knows better than its files.
    ///
    /// # Errors
    /// As [`FolderEncoder::open`], and where the options do not fit the model: a recipe that asks for
    /// more than it has, an adapter that was made for another one, a device that is not there.
    pub fn open_with(folder: &Path, options: &FolderOptions) -> Result<FolderEncoder> {
        let opened = Opened::open(folder, options)?;
        let Opened { folder, name, kind, weights, model, recipe, preset } = opened;
        if kind.classifier {
            return Err(folder.error(
                "this model gives scores of pairs of texts, not vectors; it can re-rank hits",
            ));
        }
        let pooler = match recipe.pooling {
            Pooling::Pooler => Some(Pooler::open(&folder, kind.architecture, &weights)?),
            _ => None,
        };
        let shape = model.shape();
        let tokenizers = Tokenizers::open(&folder, &recipe, shape.vocabulary)?;
        let network = network_digest(weights.digest(), &model.signature());
        let spec =
            describe(&name, kind.architecture.family(), &model, &recipe, network, &tokenizers)
                .ok_or_else(|| folder.error("recipe: roles has neither document nor query"))?;
        Ok(FolderEncoder { spec, model, pooler, tokenizers, recipe, preset })
    }

    /// The preset that the folder was opened with.
    pub fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// The recipe that the folder was opened with.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The tokens of a text, or of a pair of texts, in a role of the recipe.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] if the recipe has no such role or the tokenizer fails.
    pub fn tokens(&self, role: &str, first: &str, second: Option<&str>) -> Result<Tokens> {
        let tokenizer = self.tokenizers.role(role).ok_or_else(|| {
            let names = self.tokenizers.names().join(", ");
            self.model.error(format!("the recipe has no role {role:?}; it has {names}"))
        })?;
        tokenizer.encode(first, second)
    }

    /// The vectors of tokenised texts, in order, concatenated.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] for an input without tokens, longer than the model's positions or
    /// with ids that the model does not have, and for a vector that is not finite.
    pub fn encode_tokens(&self, texts: &[Tokens]) -> Result<Vec<f32>> {
        self.encode_tokens_under(texts, &Control::default())
    }

    /// [`FolderEncoder::encode_tokens`] that looks at `control` some milliseconds apart.
    ///
    /// # Errors
    /// As [`FolderEncoder::encode_tokens`], and those of `control`.
    pub fn encode_tokens_under(&self, texts: &[Tokens], control: &Control) -> Result<Vec<f32>> {
        let dimension = self.model.shape().dimension;
        let mut vectors = Vec::with_capacity(texts.len() * dimension);
        let each = |states: &[f32]| {
            let start = vectors.len();
            vectors.resize(start + dimension, 0.0);
            let vector = vectors.get_mut(start..).unwrap_or_default();
            match &self.pooler {
                None => pool(self.spec.pooling, self.spec.normalize, states, vector),
                Some(pooler) => {
                    let first = pooler.apply(states.get(..dimension).unwrap_or_default())?;
                    pool(Pooling::Cls, self.spec.normalize, &first, vector);
                }
            }
            if !vector.iter().all(|value| value.is_finite()) {
                return Err(self.model.error(
                    "the model gave a vector with a component that is not finite; its weights \
                     are damaged",
                ));
            }
            Ok(())
        };
        self.model.run(texts, &|| control.check(), each)?;
        Ok(vectors)
    }

    /// The tokens of a document as [`Encoder::encode_documents`] makes them.
    fn document_tokens(&self, input: &EncoderInput) -> Result<Tokens> {
        if self.spec.document.pair {
            self.tokens(DOCUMENT, &input.title, Some(&input.text))
        } else {
            self.tokens(DOCUMENT, format!("{} {}", input.title, input.text).trim(), None)
        }
    }
}

impl Encoder for FolderEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        self.encode_documents_under(inputs, &Control::default())
    }

    fn encode_documents_under(
        &self,
        inputs: &[EncoderInput],
        control: &Control,
    ) -> Result<Vec<f32>> {
        let tokens = inputs.iter().map(|input| {
            control.check()?;
            self.document_tokens(input)
        });
        self.encode_tokens_under(&tokens.collect::<Result<Vec<_>>>()?, control)
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        let tokens = queries.iter().map(|text| self.tokens(QUERY, text, None));
        self.encode_tokens(&tokens.collect::<Result<Vec<_>>>()?)
    }
}

/// The encoder's description; `None` where the recipe lacks the roles of a search.
fn describe(
    name: &str,
    family: &str,
    model: &Model,
    recipe: &Recipe,
    network: [u8; 32],
    tokenizers: &Tokenizers,
) -> Option<EncoderSpec> {
    let tower = |role: &Role, pair: bool| TowerSpec {
        weights: network,
        tokenizer: tokenizers.digest,
        prefix: role.prefix.clone(),
        tokens_max: role.max_length as u32,
        pair,
    };
    Some(EncoderSpec {
        name: name.to_owned(),
        family: family.to_owned(),
        dimension: model.shape().dimension as u32,
        metric: recipe.similarity,
        pooling: recipe.pooling,
        normalize: recipe.normalize,
        document: tower(recipe.role(DOCUMENT)?, recipe.pair),
        query: tower(recipe.role(QUERY)?, false),
    })
}

/// SHA-256 over the digest of the weights and the settings of `config.json` that change what the same
/// weights compute.
fn network_digest(weights: [u8; 32], signature: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(weights);
    hash.update(signature);
    hash.finalize().into()
}
