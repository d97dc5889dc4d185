//! Sentence encoders of the BERT family, loaded from a Hugging Face folder.
//!
//! | file | what it holds |
//! |---|---|
//! | `folder` | files of the folder, digests, errors |
//! | `config` | `config.json`: the shape of the network |
//! | `recipe` | pooling, prefixes, lengths, similarity |
//! | `tokenizer` | text to token ids |
//! | `weights` | tensors by name, through candle |
//! | `network` | the forward pass |
//!
//! candle reads the weights; the forward pass runs on this crate's own kernels
//! ([`crate::kernel::matmul`], [`crate::kernel::transformer`]), which repack the weights once, never pad, and reuse their
//! memory. `tests/encoders.rs` holds it against candle-transformers' `BertModel` and against
//! vectors made by Hugging Face transformers.

mod config;
mod folder;
mod network;
mod recipe;
mod tokenizer;
mod weights;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

pub use self::recipe::{Recipe, Role, Roles};
pub use self::tokenizer::Tokens;

use self::config::BertConfig;
use self::folder::Folder;
use self::network::{Network, Scratch};
use self::recipe::Layout;
use self::tokenizer::Tokenizers;
use self::weights::Weights;
use crate::encoder::{Encoder, EncoderInput, EncoderSpec, Pooling, TowerSpec};
use crate::error::{Error, Result};

/// Tokens that go through the network together: enough that short texts share the cost of
/// reading the weights, few enough that working memory stays small.
const PASS_TOKENS: usize = 512;

/// A BERT model with its tokenizer and recipe.
///
/// Calls run on the calling thread alone and may run on several threads at once; each thread's
/// working memory (about 5 MB for a small model) is kept for the next call.
pub struct BertEncoder {
    spec: EncoderSpec,
    network: Network,
    tokenizers: Tokenizers,
    scratch: Mutex<Vec<Scratch>>,
}

impl BertEncoder {
    /// Opens a folder by its own files, which are those of sentence-transformers or plain
    /// Hugging Face ones (mean pooling, cosine).
    ///
    /// Costs one read of the weights and one of their digest: about 0.3 s for 90 MB.
    ///
    /// # Errors
    /// [`Error::Encoder`] names what is missing, damaged, contradictory or unsupported.
    pub fn open(folder: &Path) -> Result<BertEncoder> {
        let folder = Folder::open(folder)?;
        let layout = Layout::open(&folder)?;
        let config = BertConfig::open(&layout.transformer)?;
        let recipe = layout.recipe(&folder, &config)?;
        BertEncoder::assemble(&layout.transformer, &config, &recipe)
    }

    /// Opens a folder with a recipe given by the caller; what the folder says about pooling,
    /// prompts and lengths is not read.
    ///
    /// # Errors
    /// As [`BertEncoder::open`], and if the recipe asks for more than the model has.
    pub fn open_with(folder: &Path, recipe: &Recipe) -> Result<BertEncoder> {
        let folder = Folder::open(folder)?;
        let config = BertConfig::open(&folder)?;
        BertEncoder::assemble(&folder, &config, recipe)
    }

    fn assemble(folder: &Folder, config: &BertConfig, recipe: &Recipe) -> Result<BertEncoder> {
        recipe.check(folder, config)?;
        let tokenizers = Tokenizers::open(folder, recipe, config)?;
        let weights = Weights::open(folder)?;
        let network = Network::open(folder, config, &weights)?;
        let tower = |role: &Role, pair: bool| TowerSpec {
            weights: network_digest(weights.digest(), config),
            tokenizer: tokenizers.digest,
            prefix: role.prefix.clone(),
            tokens_max: role.max_length as u32,
            pair,
        };
        let spec = EncoderSpec {
            name: folder.name().to_string(),
            family: "bert".into(),
            dimension: network.dimension() as u32,
            metric: recipe.similarity,
            pooling: recipe.pooling,
            normalize: recipe.normalize,
            document: tower(&recipe.roles.document, recipe.pair),
            query: tower(recipe.query(), false),
        };
        Ok(BertEncoder { spec, network, tokenizers, scratch: Mutex::default() })
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
    /// As [`BertEncoder::document_tokens`].
    pub fn query_tokens(&self, text: &str) -> Result<Tokens> {
        self.tokenizers.query.encode(text, None)
    }

    /// The vectors of tokenised texts, in order, concatenated.
    ///
    /// # Errors
    /// [`Error::Encoder`] for an input without tokens, longer than the model's positions or with
    /// ids that the model does not have, and for a vector that is not finite.
    pub fn encode_tokens(&self, texts: &[Tokens]) -> Result<Vec<f32>> {
        if let Some(detail) = texts.iter().find_map(|text| self.network.refuse(text)) {
            return Err(self.error(detail));
        }
        let mut vectors = Vec::with_capacity(texts.len() * self.network.dimension());
        let mut scratch = self.pool().pop().unwrap_or_default();
        let mut rest = texts;
        let mut outcome = Ok(());
        while !rest.is_empty() && outcome.is_ok() {
            let (pass, later) = rest.split_at(pass_length(rest));
            self.network.forward(pass, &mut scratch);
            outcome = self.pool_tokens(pass, &scratch.hidden, &mut vectors);
            rest = later;
        }
        self.pool().push(scratch);
        outcome.map(|()| vectors)
    }

    /// Appends one vector for each text of a pass.
    fn pool_tokens(&self, texts: &[Tokens], states: &[f32], vectors: &mut Vec<f32>) -> Result<()> {
        let dimension = self.network.dimension();
        let mut states = states.chunks_exact(dimension);
        for text in texts {
            let start = vectors.len();
            vectors.resize(start + dimension, 0.0);
            let Some(vector) = vectors.get_mut(start..) else { continue };
            for (place, state) in states.by_ref().take(text.ids.len()).enumerate() {
                if place == 0 || self.spec.pooling == Pooling::Mean {
                    vector.iter_mut().zip(state).for_each(|(sum, value)| *sum += value);
                }
            }
            let mut scale = match self.spec.pooling {
                Pooling::Mean => 1.0 / text.ids.len() as f64,
                _ => 1.0,
            };
            if self.spec.normalize {
                let square: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
                scale = 1.0 / square.sqrt();
            }
            vector.iter_mut().for_each(|value| *value = (f64::from(*value) * scale) as f32);
            if !vector.iter().all(|value| value.is_finite()) {
                return Err(self.error(
                    "the model gave a vector with a component that is not finite; its weights \
                     are damaged",
                ));
            }
        }
        Ok(())
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Vec<Scratch>> {
        // Scratch holds no invariant that a panic could break.
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, detail: impl Into<String>) -> Error {
        Error::Encoder { name: self.spec.name.clone(), detail: detail.into() }
    }
}

impl Encoder for BertEncoder {
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

/// Texts from the front that make up one pass: at least one.
fn pass_length(texts: &[Tokens]) -> usize {
    let mut tokens = 0;
    let fits = |text: &&Tokens| {
        tokens += text.ids.len();
        tokens <= PASS_TOKENS
    };
    texts.iter().take_while(fits).count().max(1)
}

/// SHA-256 over the digest of the weights file and the settings of `config.json` that change what
/// the same weights compute.
fn network_digest(weights: [u8; 32], config: &BertConfig) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(weights);
    hash.update(config.signature());
    hash.finalize().into()
}
