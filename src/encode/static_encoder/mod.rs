//! A static encoder: a text's vector is the sum of its known tokens' vectors, normalised.
//!
//! There is no network and no context, only a table of token vectors, learned by
//! [`distill`](crate::encode) from a sentence encoder. That is less precise than a transformer, and
//! some thousand times as fast: a laptop embeds all of PubMed in hours. One such encoder is
//! [built in](super::builtin).
//!
//! A token's vector holds its weight too: frequent words have short vectors, so the sum is a
//! weighted mean, and normalising makes the divisor immaterial. Vectors are a scale times codes of 4 or 8 bits.
//! The tokens of a document's title count more than those of its abstract, by a factor in the file.
//! Sums run over tokens in order, in plain `f32`, so that every machine computes the same bits.
//!
//! Words that the vocabulary cannot spell (`[UNK]`) are left out, so that they never move a vector. A
//! text without any known word has no vector: its row is zeros. Before this was so, such words had the
//! vector of `[UNK]`, and every text in another script was like every other; [`Unknown::Counted`] keeps
//! databases from that time in use.
//!
//! Sources: Arora, Liang and Ma, "A simple but tough-to-beat baseline for sentence embeddings"
//! (2017), for the weights; Tulkens and van Dongen, "Model2Vec" (2024), for the idea of distilling.

mod file;

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use file::StaticFile;
pub use file::{Bits, MAGIC, SCALE_MAX, VERSION, file_bytes, write};

use super::wordpiece::{Vocabulary, WordPiece};
use crate::encoder::{Encoder, EncoderInput, EncoderSpec, Metric, Pooling, TowerSpec};
use crate::error::{Error, Result};

/// Tokens of one input: all of them count.
const TOKENS_MAX: u32 = u32::MAX;

/// What becomes of words that the vocabulary cannot spell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// They are left out.
    #[default]
    LeftOut,
    /// Each has the vector of `[UNK]`: as databases made by the first drafts of medvec have it.
    Counted,
}

/// A loaded static encoder.
#[derive(Clone, Debug)]
pub struct StaticEncoder {
    file: Arc<StaticFile>,
    wordpiece: Arc<WordPiece>,
    spec: EncoderSpec,
    unknown: Unknown,
}

impl StaticEncoder {
    /// Reads and checks a file made by `medvec distill`. Its name is the absolute path.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::Encoder`] when it is not a static encoder, is
    /// of a newer version, or is damaged.
    pub fn open(path: &Path) -> Result<StaticEncoder> {
        let absolute = std::path::absolute(path);
        let name = absolute.as_deref().unwrap_or(path).display().to_string();
        // Opening a pipe would wait for whoever writes to it.
        let is_file = std::fs::metadata(path).map(|metadata| metadata.is_file());
        if !is_file.map_err(|source| Error::io("read", &name, source))? {
            return Err(Error::Encoder { name, detail: "it is not a regular file".to_owned() });
        }
        let read = File::open(path).and_then(StaticFile::open);
        match read.map_err(|source| Error::io("read", &name, source))? {
            Ok(file) => Ok(StaticEncoder::of(&name, file)),
            Err(detail) => Err(Error::Encoder { name, detail }),
        }
    }

    /// Checks the bytes of a file; see [`StaticEncoder::open`].
    ///
    /// # Errors
    /// [`Error::Encoder`] as there.
    pub fn from_bytes(name: &str, bytes: impl Into<Cow<'static, [u8]>>) -> Result<StaticEncoder> {
        StaticEncoder::new(name, bytes.into(), false)
    }

    /// `trusted` bytes are part of the program: their SHA-256 is taken from them.
    pub(super) fn new(
        name: &str,
        bytes: Cow<'static, [u8]>,
        trusted: bool,
    ) -> Result<StaticEncoder> {
        let file = StaticFile::parse(bytes, trusted)
            .map_err(|detail| Error::Encoder { name: name.to_owned(), detail })?;
        Ok(StaticEncoder::of(name, file))
    }

    fn of(name: &str, file: StaticFile) -> StaticEncoder {
        let tower = TowerSpec {
            weights: file.digest,
            tokenizer: tokenizer(&file.vocabulary, Unknown::LeftOut),
            prefix: String::new(),
            tokens_max: TOKENS_MAX,
            pair: false,
        };
        let spec = EncoderSpec {
            name: name.to_owned(),
            family: "static".to_owned(),
            dimension: file.dimension() as u32,
            metric: Metric::Cosine,
            pooling: Pooling::Weighted,
            normalize: true,
            document: tower.clone(),
            query: tower,
        };
        let wordpiece = Arc::new(WordPiece::new(file.vocabulary.clone()));
        StaticEncoder { file: Arc::new(file), wordpiece, spec, unknown: Unknown::LeftOut }
    }

    /// The same encoder under another rule for unknown words, which is another fingerprint.
    #[must_use]
    pub fn with_unknown(mut self, unknown: Unknown) -> StaticEncoder {
        self.unknown = unknown;
        for tower in [&mut self.spec.document, &mut self.spec.query] {
            tower.tokenizer = tokenizer(&self.file.vocabulary, unknown);
        }
        self
    }

    /// The same encoder under the rule for unknown words by which it has this description's
    /// fingerprint; as it is where neither gives it.
    #[must_use]
    pub fn like(self, stored: &EncoderSpec) -> StaticEncoder {
        let other = self.clone().with_unknown(Unknown::Counted);
        if other.spec.fingerprint() == stored.fingerprint() { other } else { self }
    }

    /// The tokenizer.
    pub fn wordpiece(&self) -> &WordPiece {
        &self.wordpiece
    }

    /// Embeds a title and a text; appends the vector to `out`, zeros where there is none: for a text
    /// without any known token, and one whose tokens cancel out.
    fn embed(
        &self,
        title: &str,
        text: &str,
        scratch: &mut Scratch,
        out: &mut Vec<f32>,
    ) -> Result<()> {
        if title.is_empty() && text.is_empty() {
            return Err(Error::Encoder {
                name: self.spec.name.clone(),
                detail: "there is no vector for an empty text".to_owned(),
            });
        }
        scratch.sum.clear();
        scratch.sum.resize(self.file.dimension(), 0.0);
        for (part, weight) in [(title, self.file.title_weight), (text, 1.0)] {
            scratch.ids.clear();
            match self.unknown {
                Unknown::LeftOut => self.wordpiece.encode_known(part, &mut scratch.ids),
                Unknown::Counted => self.wordpiece.encode(part, &mut scratch.ids),
            }
            scratch.ids.iter().for_each(|&id| self.file.add(id, weight, &mut scratch.sum));
        }
        let mut length = length(&scratch.sum);
        if length == 0.0 {
            scratch.sum.fill(0.0);
            if self.unknown == Unknown::LeftOut {
                out.extend_from_slice(&scratch.sum);
                return Ok(());
            }
            self.file.add(self.file.vocabulary.unknown(), 1.0, &mut scratch.sum);
            length = self::length(&scratch.sum);
        }
        out.extend(scratch.sum.iter().map(|value| (f64::from(*value) / length) as f32));
        Ok(())
    }
}

/// The digest of a tokenizer: of its vocabulary, and of what it does about unknown words.
fn tokenizer(vocabulary: &Vocabulary, unknown: Unknown) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(vocabulary.text());
    if unknown == Unknown::LeftOut {
        hash.update(b"unknown words are left out");
    }
    hash.finalize().into()
}

/// Buffers of one call.
#[derive(Default)]
struct Scratch {
    ids: Vec<u32>,
    sum: Vec<f32>,
}

/// Euclidean length; in `f64`, so that squares neither overflow nor vanish.
fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt()
}

impl Encoder for StaticEncoder {
    fn spec(&self) -> &EncoderSpec {
        &self.spec
    }

    fn encode_documents(&self, inputs: &[EncoderInput]) -> Result<Vec<f32>> {
        let mut out = Vec::with_capacity(inputs.len() * self.file.dimension());
        let mut scratch = Scratch::default();
        for input in inputs {
            self.embed(&input.title, &input.text, &mut scratch, &mut out)?;
        }
        Ok(out)
    }

    fn encode_queries(&self, queries: &[&str]) -> Result<Vec<f32>> {
        let mut out = Vec::with_capacity(queries.len() * self.file.dimension());
        let mut scratch = Scratch::default();
        for query in queries {
            self.embed("", query, &mut scratch, &mut out)?;
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests;
