//! A cross-encoder: reads a query and a text together and scores how well they match.

use std::fmt;
use std::path::Path;

use super::model::Model;
use super::open::Opened;
use super::options::FolderOptions;
use super::presets::Preset;
use super::recipe::PAIR;
use super::tokenizer::Tokenizers;
use crate::control::Control;
use crate::encode::bert::Classifier;
use crate::encode::model::Tokens;
use crate::encoder::EncoderInput;
use crate::error::Result;
use crate::parallel;

/// Pairs that a thread takes at a time, by the tokens of a pass: 4 on the CPU.
const PAIR_TOKENS: usize = 128;

/// A model that scores pairs of texts.
pub struct CrossEncoder {
    model: Model,
    classifier: Classifier,
    tokenizers: Tokenizers,
    name: String,
    tokens_max: u32,
    preset: Option<&'static Preset>,
}

impl fmt::Debug for CrossEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossEncoder").field("name", &self.name).finish_non_exhaustive()
    }
}

impl CrossEncoder {
    /// Opens the folder of a `BertForSequenceClassification` with one label.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] names what is missing, damaged, contradictory or unsupported.
    pub fn open(folder: &Path) -> Result<CrossEncoder> {
        CrossEncoder::open_with(folder, &FolderOptions::new())
    }

    /// Opens a folder with what the caller knows better than its files.
    ///
    /// # Errors
    /// As [`CrossEncoder::open`].
    pub fn open_with(folder: &Path, options: &FolderOptions) -> Result<CrossEncoder> {
        let opened = Opened::open(folder, options)?;
        let Opened { folder, name, kind, weights, model, mut recipe, preset } = opened;
        if !kind.classifier {
            return Err(folder.error(
                "this model gives vectors, not scores of pairs of texts; it cannot re-rank",
            ));
        }
        let classifier = Classifier::open(&folder, kind.architecture, &weights)?;
        let shape = model.shape();
        recipe.pair = true;
        recipe.check(&folder, shape)?;
        let tokenizers = Tokenizers::open(&folder, &recipe, shape.vocabulary)?;
        if tokenizers.role(PAIR).is_none() {
            return Err(folder.error("recipe: roles has neither pair nor document"));
        }
        let tokens_max = recipe.role(PAIR).map_or(0, |role| role.max_length as u32);
        Ok(CrossEncoder { model, classifier, tokenizers, name, tokens_max, preset })
    }

    /// The folder, and its adapter's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The preset that the folder was opened with.
    pub fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// Tokens of one pair, special tokens included; longer ones are cut.
    pub fn tokens_max(&self) -> u32 {
        self.tokens_max
    }

    /// The tokens of a pair of texts; of one text where there is no second.
    ///
    /// # Errors
    /// [`crate::Error::Encoder`] if the tokenizer fails.
    pub fn tokens(&self, first: &str, second: Option<&str>) -> Result<Tokens> {
        match self.tokenizers.role(PAIR) {
            Some(tokenizer) => tokenizer.encode(first, second),
            None => Err(self.model.error("the recipe has no role for pairs")),
        }
    }

    /// The scores of tokenised pairs, in order: raw logits, the higher the better. On the calling
    /// thread; `control` is asked before each layer of the network.
    ///
    /// # Errors
    /// Those of `control`, and as [`FolderEncoder::encode_tokens`](super::FolderEncoder::encode_tokens).
    pub fn score_tokens(&self, pairs: &[Tokens], control: &Control) -> Result<Vec<f32>> {
        let dimension = self.model.shape().dimension;
        let mut scores = Vec::with_capacity(pairs.len());
        let each = |states: &[f32]| {
            let score = self.classifier.score(states.get(..dimension).unwrap_or_default())?;
            if !score.is_finite() {
                return Err(self
                    .model
                    .error("the model gave a score that is not finite; its weights are damaged"));
            }
            scores.push(score);
            Ok(())
        };
        self.model.run(pairs, &|| control.check(), each)?;
        Ok(scores)
    }

    /// How well each text answers the query, in order, on `threads` threads: title and abstract are
    /// read as one text, `title. abstract`. A score does not depend on the texts beside it.
    ///
    /// Costs as much as embedding query and text, about 0.2 s per text and core for a model of 110
    /// million parameters.
    ///
    /// # Errors
    /// As [`CrossEncoder::score_tokens`]; no scores are given then.
    pub fn rank(
        &self,
        query: &str,
        texts: &[EncoderInput],
        threads: usize,
        control: &Control,
    ) -> Result<Vec<f32>> {
        let mut scores = vec![0.0; texts.len()];
        let pairs = (self.model.pass_tokens() / PAIR_TOKENS).max(1);
        let batches = texts.chunks(pairs).zip(scores.chunks_mut(pairs));
        let run = |(): &mut (), (texts, scores): (&[EncoderInput], &mut [f32])| {
            let tokens = texts.iter().map(|text| self.tokens(query, Some(&joined(text))));
            let tokens = tokens.collect::<Result<Vec<_>>>()?;
            scores.copy_from_slice(&self.score_tokens(&tokens, control)?);
            Ok(())
        };
        parallel::for_each(threads, batches, control, || (), run, &mut |_| {})?;
        Ok(scores)
    }
}

/// `title. abstract`, as MedCPT's authors join them; titles of PubMed end with a full stop already.
fn joined(input: &EncoderInput) -> String {
    let (title, text) = (input.title.trim(), input.text.trim());
    match (title.is_empty(), text.is_empty()) {
        (true, _) => text.to_owned(),
        (_, true) => title.to_owned(),
        _ if title.ends_with(['.', '?', '!']) => format!("{title} {text}"),
        _ => format!("{title}. {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn title_and_abstract_are_joined_by_one_full_stop() {
        let join = |title: &str, text: &str| {
            joined(&EncoderInput { title: title.into(), text: text.into() })
        };
        assert_eq!(join("A title", "A text."), "A title. A text.");
        assert_eq!(join("A title.", "A text."), "A title. A text.");
        assert_eq!(join("A title?", "A text."), "A title? A text.");
        assert_eq!(join("", "A text."), "A text.");
        assert_eq!(join("A title", ""), "A title");
    }
}
