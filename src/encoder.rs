//! What turns text into vectors: the trait, its description, its fingerprint.

pub(crate) mod call;

use std::fmt;

use rkyv::{Archive, Deserialize, Serialize};

use crate::control::Control;
use crate::error::{Error, Result};

pub use crate::ids::Fingerprint;

/// How two vectors are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum Metric {
    /// Inner product of the vectors as they are.
    Dot,
    /// Cosine: vectors are normalised to length 1 when written, then compared by inner product.
    Cosine,
}

/// How token vectors become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Archive, Serialize, Deserialize)]
pub enum Pooling {
    /// The first token's vector.
    Cls,
    /// The mean over all tokens that are not padding.
    Mean,
    /// The last token's vector.
    Last,
    /// A weighted mean of static token vectors.
    Weighted,
    /// The first token's vector, through the pooler of the model.
    Pooler,
}

/// One side of an encoder: the document tower or the query tower.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct TowerSpec {
    /// SHA-256 of the weights.
    pub weights: [u8; 32],
    /// SHA-256 of the tokenizer.
    pub tokenizer: [u8; 32],
    /// Text put before the input.
    pub prefix: String,
    /// Tokens of one input, special tokens included; longer inputs are cut.
    pub tokens_max: u32,
    /// Whether title and abstract are given as a segment pair rather than as one text.
    pub pair: bool,
}

/// The family of vectors that were made elsewhere: only the name of what made them is known.
pub const PRECOMPUTED: &str = "precomputed";

/// Everything that decides what an encoder's vectors are.
#[derive(Clone, Debug, PartialEq, Archive, Serialize, Deserialize)]
pub struct EncoderSpec {
    /// A name for people: a model's folder name, or `builtin`.
    pub name: String,
    /// Architecture: `static`, `bert`, `mpnet`, `gpt-neox`, `gemma`, `mistral`; or [`PRECOMPUTED`].
    pub family: String,
    /// Length of the vectors.
    pub dimension: u32,
    /// How they are compared.
    pub metric: Metric,
    /// How token vectors are pooled.
    pub pooling: Pooling,
    /// Whether the encoder itself normalises to length 1.
    pub normalize: bool,
    /// The tower for stored texts.
    pub document: TowerSpec,
    /// The tower for queries.
    pub query: TowerSpec,
}

impl EncoderSpec {
    /// Whether documents and queries are embedded by different weights.
    pub fn has_towers(&self) -> bool {
        self.document.weights != self.query.weights
    }

    /// Vectors that were made elsewhere by what `name` says (`ncbi/MedCPT-Article-Encoder`). The
    /// fingerprint is that of the name, the dimension and the metric, so that vectors of another
    /// origin, or an encoder of which nobody said that it made these, are refused.
    pub fn of_origin(name: &str, dimension: u32, metric: Metric) -> EncoderSpec {
        use sha2::{Digest, Sha256};
        let tower = TowerSpec {
            weights: Sha256::digest(name).into(),
            tokenizer: [0; 32],
            prefix: String::new(),
            tokens_max: 0,
            pair: false,
        };
        EncoderSpec {
            name: name.to_owned(),
            family: PRECOMPUTED.to_owned(),
            dimension,
            metric,
            pooling: Pooling::Mean,
            normalize: false,
            document: tower.clone(),
            query: tower,
        }
    }

    /// Whether it names an origin and no encoder that could be run.
    pub fn is_precomputed(&self) -> bool {
        self.family == PRECOMPUTED
    }

    /// Fails unless `given` makes the same vectors as this encoder, of which vectors are stored.
    ///
    /// # Errors
    /// [`Error::EncoderMismatch`] with both names and fingerprints.
    pub fn ensure_same(&self, given: &EncoderSpec) -> Result<()> {
        let (stored, given_print) = (self.fingerprint(), given.fingerprint());
        if stored == given_print {
            return Ok(());
        }
        Err(Error::EncoderMismatch {
            stored_name: self.name.clone(),
            stored,
            given_name: given.name.clone(),
            given: given_print,
        })
    }

    /// SHA-256 over every field but `name`, so that a renamed folder is still the same encoder.
    pub fn fingerprint(&self) -> Fingerprint {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"medvec encoder 1\n");
        hash.update(self.family.as_bytes());
        hash.update([0, self.metric as u8, self.pooling as u8, u8::from(self.normalize)]);
        hash.update(self.dimension.to_le_bytes());
        for tower in [&self.document, &self.query] {
            hash.update(tower.weights);
            hash.update(tower.tokenizer);
            hash.update((tower.prefix.len() as u64).to_le_bytes());
            hash.update(tower.prefix.as_bytes());
            hash.update(tower.tokens_max.to_le_bytes());
            hash.update([u8::from(tower.pair)]);
        }
        Fingerprint(hash.finalize().into())
    }
}

/// The input hash of a document whose text the encoder has no vector for: it does not wait for one.
pub(crate) const NO_VECTOR: [u8; 16] = [0; 16];

/// The text of one document as an encoder sees it; normalised by
/// [`crate::document::Document::encoder_input`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EncoderInput {
    /// Title, or empty.
    pub title: String,
    /// Abstract, sections joined, or empty.
    pub text: String,
}

impl EncoderInput {
    /// Nothing to embed.
    pub fn is_empty(&self) -> bool {
        self.title.is_empty() && self.text.is_empty()
    }

    /// The first 16 bytes of SHA-256 over both texts: equal inputs need no second encoding.
    pub fn hash(&self) -> [u8; 16] {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update((self.title.len() as u64).to_le_bytes());
        hash.update(self.title.as_bytes());
        hash.update(self.text.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        short
    }
}

/// Turns texts into vectors. Implementations are pure: the same input gives the same vector,
/// whatever else is in the batch, on any number of threads.
///
/// A row of zeros says that the text has no vector: a static encoder knows none of its words. Such a
/// document is stored without a vector and does not wait for one; such a query is refused with
/// [`crate::Error::InvalidQuery`]. A panic of an implementation becomes [`crate::Error::Encoder`]
/// with the panic's message; a writer can go on after it.
pub trait Encoder: Send + Sync {
    /// What this encoder is; constant for its lifetime.
    fn spec(&self) -> &EncoderSpec;

    /// Embeds documents: one row of `spec().dimension` finite numbers per input, in order,
    /// concatenated; zeros for an input that has no vector.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] when the model fails or yields a number that is not finite.
    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>>;

    /// [`Encoder::encode_documents`] that ends early when `control` says so, and holds while it is
    /// paused. As provided, it looks at `control` once, before the call; an encoder whose calls take
    /// longer than some tens of milliseconds should look meanwhile too.
    ///
    /// # Errors
    /// As [`Encoder::encode_documents`], and those of `control`.
    fn encode_documents_under(
        &self,
        inputs: &[EncoderInput],
        control: &Control,
    ) -> Result<Vec<f32>> {
        control.check()?;
        self.encode_documents(inputs)
    }

    /// Embeds queries; the same shape as [`Encoder::encode_documents`].
    ///
    /// # Errors
    /// As [`Encoder::encode_documents`].
    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>>;
}

impl fmt::Debug for dyn Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = self.spec();
        let mut shown = f.debug_struct("Encoder");
        shown.field("name", &spec.name).field("fingerprint", &spec.fingerprint());
        shown.finish_non_exhaustive()
    }
}
