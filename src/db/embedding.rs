//! The one way in which documents get their vectors when they are written: with
//! [`Writer::apply`](super::Writer::apply), by an import, or later by
//! [`Writer::embed_pending`](super::Writer::embed_pending).
//!
//! A vector is kept while the text that it was made from stays the same. The writer checks that its encoder
//! is the database's, by fingerprint, before it starts, so the hash of the text settles the rest.

use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, NO_VECTOR, call};
use crate::error::Result;

/// Texts of one call, where nothing else is asked for. Between calls an embedding can be cancelled.
pub(crate) const CALL_TEXTS: usize = 32;

/// Calls an encoder for documents.
pub(crate) struct Embedder<'a> {
    pub(crate) encoder: &'a dyn Encoder,
    /// Most texts of one call.
    pub(crate) batch: usize,
    pub(crate) control: &'a Control,
}

/// What a document that comes without a vector needs.
pub(crate) enum Need {
    /// Nothing: it holds no text.
    Nothing,
    /// The vector that is stored, which its text was embedded to before.
    Stored(Vec<f32>),
    /// To be embedded.
    Embedding(EncoderInput),
}

/// Whether the vector of a row belongs to a text, by the hashes of the row's text and of that text. The
/// vector of a document without text belongs to any.
pub(crate) fn belongs(stored_hash: [u8; 16], text_hash: [u8; 16]) -> bool {
    stored_hash == text_hash || stored_hash == EncoderInput::default().hash()
}

/// Decides what a document needs. `stored` looks up the vector that belongs to its text, by [`belongs`].
pub(crate) fn need(
    input: EncoderInput,
    stored: impl FnOnce() -> Result<Option<Vec<f32>>>,
) -> Result<Need> {
    if input.is_empty() {
        return Ok(Need::Nothing);
    }
    Ok(stored()?.map_or(Need::Embedding(input), Need::Stored))
}

/// What is stored as the hash of a text that was embedded: [`NO_VECTOR`] when the encoder has no vector for
/// it, so that nobody asks for one again.
pub(crate) fn stored_hash(vector: Option<&[f32]>, text_hash: [u8; 16]) -> [u8; 16] {
    if vector.is_some() { text_hash } else { NO_VECTOR }
}

impl Embedder<'_> {
    /// Embeds texts in one call; one entry per text, `None` when the encoder has no vector for it.
    ///
    /// # Errors
    /// Those of the encoder and of the control.
    pub(crate) fn call(&self, inputs: &[EncoderInput]) -> Result<Vec<Option<Vec<f32>>>> {
        self.control.check()?;
        call::documents(self.encoder, inputs, self.control)
    }

    /// Embeds any number of texts, call by call, and hands each result on with the tag of its text.
    ///
    /// # Errors
    /// As [`Embedder::call`]; what `take` returns first.
    pub(crate) fn call_all<T>(
        &self,
        mut texts: Vec<(T, EncoderInput)>,
        mut take: impl FnMut(T, Option<Vec<f32>>) -> Result<()>,
    ) -> Result<()> {
        // Texts of similar length together: encoders pad to the longest of a call.
        texts.sort_by_key(|(_, input)| input.title.len() + input.text.len());
        while !texts.is_empty() {
            let rest = texts.split_off(self.batch.clamp(1, texts.len()));
            let (tags, inputs): (Vec<T>, Vec<EncoderInput>) =
                std::mem::replace(&mut texts, rest).into_iter().unzip();
            for (tag, vector) in tags.into_iter().zip(self.call(&inputs)?) {
                take(tag, vector)?;
            }
        }
        Ok(())
    }
}
