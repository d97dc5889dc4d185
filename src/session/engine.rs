//! Texts as a model itself sees and answers them: tokens and vectors, or scores of pairs.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::choice::EncoderChoice;
use super::error::{SessionError, SessionResult};
use super::names::BUILTIN;
use crate::control::Control;
use crate::encode::builtin_static;
use crate::encode::folder::{
    CrossEncoder, DOCUMENT, Device, FolderEncoder, QUERY, Tokens, is_cross_encoder,
};
use crate::encode::static_encoder::StaticEncoder;
use crate::encoder::{Encoder, EncoderInput};
use crate::error::{Error, Result};
use crate::parallel;

/// A text, or two that are read together: title and abstract, query and document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TextPair {
    /// The text, or the first of two.
    pub text: String,
    /// The second.
    pub text_pair: Option<String>,
}

/// What a model made of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EncodedText {
    /// Its tokens.
    pub ids: Vec<u32>,
    /// What the model gives for them.
    #[serde(flatten)]
    pub outcome: EncodedOutcome,
}

/// What a model gives for a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EncodedOutcome {
    /// A vector; `None` for a text that has none.
    Vector(Option<Vec<f32>>),
    /// The score of a pair, by a cross-encoder.
    Score(f32),
}

/// A model by itself, apart from any database.
pub struct TextEngine {
    model: Model,
    batch: usize,
}

enum Model {
    Static(Arc<StaticEncoder>),
    Folder(Box<FolderEncoder>),
    Cross(Box<CrossEncoder>),
}

impl TextEngine {
    /// Opens `builtin`, a static encoder's file, or a model folder, cross-encoders among them, with what
    /// `choice` says of it.
    ///
    /// # Errors
    /// [`SessionError::NotAFolder`]; [`Error::Encoder`] for what cannot be opened.
    pub fn open(name: &str, choice: &EncoderChoice) -> SessionResult<TextEngine> {
        let path = Path::new(name);
        let options = choice.model.open_options()?;
        let model = if name != BUILTIN && path.is_dir() {
            match is_cross_encoder(path)? {
                true => Model::Cross(Box::new(CrossEncoder::open_with(path, &options)?)),
                false => Model::Folder(Box::new(FolderEncoder::open_with(path, &options)?)),
            }
        } else if choice.needs_folder() {
            return Err(SessionError::NotAFolder { name: name.to_owned() });
        } else if name == BUILTIN {
            Model::Static(builtin_static()?)
        } else {
            Model::Static(Arc::new(StaticEncoder::open(path)?))
        };
        // A GPU is fast only with many tokens at once.
        let batch = if choice.model.device == Device::Cpu { 4 } else { 128 };
        Ok(TextEngine { model, batch })
    }

    /// Numbers of one result.
    pub fn width(&self) -> u64 {
        match &self.model {
            Model::Static(encoder) => u64::from(encoder.spec().dimension),
            Model::Folder(encoder) => u64::from(encoder.spec().dimension),
            Model::Cross(_) => 1,
        }
    }

    /// How many texts keep all threads busy in one call of [`TextEngine::encode`].
    pub fn block(&self) -> usize {
        if self.batch < 128 { 256 } else { 2_048 }
    }

    /// Results of texts, in their order, on one thread per core. `role` is `document`, `query` or another
    /// role of the model's recipe; a cross-encoder has none. `place` adds to an error which texts it is
    /// about.
    ///
    /// # Errors
    /// What the model reports, and those of `control`.
    pub fn encode(
        &self,
        texts: &[TextPair],
        role: &str,
        control: &Control,
        place: &(dyn Fn(Range<usize>, Error) -> Error + Sync),
    ) -> Result<Vec<EncodedText>> {
        let mut results: Vec<Vec<EncodedText>> = Vec::new();
        results.resize_with(texts.len().div_ceil(self.batch), Vec::new);
        let batches = texts.chunks(self.batch).zip(&mut results).enumerate();
        let run = |(): &mut (), (number, (batch, result)): (usize, (&[TextPair], &mut Vec<_>))| {
            let start = number * self.batch;
            *result = self
                .batch(batch, role, control)
                .map_err(|error| place(start..start + batch.len(), error))?;
            Ok(())
        };
        let threads = parallel::cores();
        parallel::for_each(threads, batches, control, || (), run, &mut |_| ())?;
        Ok(results.into_iter().flatten().collect())
    }

    fn batch(&self, batch: &[TextPair], role: &str, control: &Control) -> Result<Vec<EncodedText>> {
        match &self.model {
            Model::Static(encoder) => {
                batch.iter().map(|text| encode_static(encoder, text, role)).collect()
            }
            Model::Folder(encoder) => {
                let tokens = batch
                    .iter()
                    .map(|line| encoder.tokens(role, &line.text, line.text_pair.as_deref()))
                    .collect::<Result<Vec<Tokens>>>()?;
                let vectors = encoder.encode_tokens_under(&tokens, control)?;
                let vectors = vectors.chunks(encoder.spec().dimension as usize);
                let encoded = |(tokens, vector): (Tokens, &[f32])| EncodedText {
                    ids: tokens.ids,
                    outcome: EncodedOutcome::Vector(Some(vector.to_vec())),
                };
                Ok(tokens.into_iter().zip(vectors).map(encoded).collect())
            }
            Model::Cross(cross) => {
                let tokens = batch
                    .iter()
                    .map(|line| cross.tokens(&line.text, line.text_pair.as_deref()))
                    .collect::<Result<Vec<Tokens>>>()?;
                let scores = cross.score_tokens(&tokens, control)?;
                let encoded = |(tokens, score): (Tokens, f32)| EncodedText {
                    ids: tokens.ids,
                    outcome: EncodedOutcome::Score(score),
                };
                Ok(tokens.into_iter().zip(scores).map(encoded).collect())
            }
        }
    }
}

/// A static encoder reads a pair as title and abstract.
fn encode_static(encoder: &StaticEncoder, line: &TextPair, role: &str) -> Result<EncodedText> {
    if !matches!(role, DOCUMENT | QUERY) {
        let detail = format!("it has no role {role:?}; it has {DOCUMENT}, {QUERY}");
        return Err(Error::encoder(encoder.spec().name.as_str(), detail));
    }
    let mut ids = Vec::new();
    encoder.wordpiece().encode(&line.text, &mut ids);
    let vector = match (&line.text_pair, role) {
        (None, QUERY) => encoder.encode_queries(&[&line.text])?,
        (None, _) => {
            let input = EncoderInput { title: String::new(), text: line.text.clone() };
            encoder.encode_documents(&[input])?
        }
        (Some(text), _) => {
            encoder.wordpiece().encode(text, &mut ids);
            let input = EncoderInput { title: line.text.clone(), text: text.clone() };
            encoder.encode_documents(&[input])?
        }
    };
    let vector = vector.iter().any(|number| *number != 0.0).then_some(vector);
    Ok(EncodedText { ids, outcome: EncodedOutcome::Vector(vector) })
}
