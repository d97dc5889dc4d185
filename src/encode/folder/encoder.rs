//! A model folder as an [`Encoder`].

use std::path::Path;

use sha2::{Digest, Sha256};

use super::architecture::Kind;
use super::files::Folder;
use super::model::Model;
use super::pooling::pool;
use super::recipe::{Layout, Recipe, Role};
use super::tokenizer::{Tokenizers, Tokens};
use super::weights::Weights;
use crate::encoder::{Encoder, EncoderInput, EncoderSpec, TowerSpec};
use crate::error::{Error, Result};

/// A model with its tokenizer and recipe.
///
/// Calls run on the calling thread alone and may run on several threads at once; each thread's
/// working memory (about 5 MB for a small model) is kept for the next call.
pub struct FolderEncoder {
    spec: EncoderSpec,
    model: Model,
    tokenizers: Tokenizers,
}

impl FolderEncoder {
    /// Opens a folder by its own files, which are those of sentence-transformers or plain
    /// Hugging Face ones (mean pooling, cosine).
    ///
    /// Costs one read of the weights and one of their digest: about 0.3 s for 90 MB.
    ///
    /// # Errors
    /// [`Error::Encoder`] names what is missing, damaged, contradictory or unsupported.
    pub fn open(folder: &Path) -> Result<FolderEncoder> {
        let folder = Folder::open(folder)?;
        let layout = Layout::open(&folder)?;
        let transformer = layout.transformer.clone();
        FolderEncoder::assemble(&transformer, |model| layout.recipe(&folder, model.shape()))
    }

    /// Opens a folder with a recipe given by the caller; what the folder says about pooling,
    /// prompts and lengths is not read.
    ///
    /// # Errors
    /// As [`FolderEncoder::open`], and if the recipe asks for more than the model has.
    pub fn open_with(folder: &Path, recipe: &Recipe) -> Result<FolderEncoder> {
        FolderEncoder::assemble(&Folder::open(folder)?, |_| Ok(recipe.clone()))
    }

    fn assemble(
        folder: &Folder,
        recipe: impl FnOnce(&Model) -> Result<Recipe>,
    ) -> Result<FolderEncoder> {
        let kind = Kind::of(folder)?;
        if kind.classifier {
            return Err(folder.error(
                "this model gives scores of pairs of texts, not vectors; it can re-rank hits",
            ));
        }
        let weights = Weights::open(folder)?;
        let model = Model::open(folder, kind, &weights)?;
        let recipe = recipe(&model)?;
        let shape = model.shape();
        recipe.check(folder, shape)?;
        let tokenizers = Tokenizers::open(folder, &recipe, shape.vocabulary)?;
        let digest = network_digest(weights.digest(), &model.signature());
        let tower = |role: &Role, pair: bool| TowerSpec {
            weights: digest,
            tokenizer: tokenizers.digest,
            prefix: role.prefix.clone(),
            tokens_max: role.max_length as u32,
            pair,
        };
        let spec = EncoderSpec {
            name: folder.name().to_string(),
            family: kind.architecture.family().into(),
            dimension: shape.dimension as u32,
            metric: recipe.similarity,
            pooling: recipe.pooling,
            normalize: recipe.normalize,
            document: tower(&recipe.roles.document, recipe.pair),
            query: tower(recipe.query(), false),
        };
        Ok(FolderEncoder { spec, model, tokenizers })
    }

    /// The tokens of a stored text, or of a pair of texts, as [`Encoder::encode_documents`] makes
    /// them.
    ///
    /// # Errors
    /// [`Error::Encoder`] if the tokenizer fails.
    pub fn document_tokens(&self, first: &str, second: Option<&str>) -> Result<Tokens> {
        self.tokenizers.document.encode(first, second)
    }

    /// The tokens of a question, as [`Encoder::encode_queries`] makes them.
    ///
    /// # Errors
    /// As [`FolderEncoder::document_tokens`].
    pub fn query_tokens(&self, text: &str) -> Result<Tokens> {
        self.tokenizers.query.encode(text, None)
    }

    /// The vectors of tokenised texts, in order, concatenated.
    ///
    /// # Errors
    /// [`Error::Encoder`] for an input without tokens, longer than the model's positions or with
    /// ids that the model does not have, and for a vector that is not finite.
    pub fn encode_tokens(&self, texts: &[Tokens]) -> Result<Vec<f32>> {
        let dimension = self.model.shape().dimension;
        let mut vectors = Vec::with_capacity(texts.len() * dimension);
        let each = |states: &[f32]| {
            let start = vectors.len();
            vectors.resize(start + dimension, 0.0);
            let vector = vectors.get_mut(start..).unwrap_or_default();
            pool(self.spec.pooling, self.spec.normalize, states, vector);
            if !vector.iter().all(|value| value.is_finite()) {
                return Err(self.model.error(
                    "the model gave a vector with a component that is not finite; its weights \
                     are damaged",
                ));
            }
            Ok(())
        };
        self.model.run(texts, &|| Ok(()), each)?;
        Ok(vectors)
    }
}

impl Encoder for FolderEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        let tokens = |input: &EncoderInput| {
            if self.spec.document.pair {
                self.document_tokens(&input.title, Some(&input.text))
            } else {
                let joined = format!("{} {}", input.title, input.text);
                self.document_tokens(joined.trim(), None)
            }
        };
        self.encode_tokens(&inputs.iter().map(tokens).collect::<Result<Vec<_>>>()?)
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        let tokens = |text: &&str| self.query_tokens(text);
        self.encode_tokens(&queries.iter().map(tokens).collect::<Result<Vec<_>>>()?)
    }
}

/// SHA-256 over the digest of the weights file and the settings of `config.json` that change what
/// the same weights compute.
fn network_digest(weights: [u8; 32], signature: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(weights);
    hash.update(signature);
    hash.finalize().into()
}
