//! The WordPiece vocabulary of a corpus, by the `tokenizers` crate's trainer.

use tokenizers::models::wordpiece::{WordPiece, WordPieceTrainer};
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::tokenizer::{
    AddedToken, Model, NormalizedString, Normalizer, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer, Trainer,
};

use super::corpus::Text;
use crate::encode::wordpiece::{TOKENS_MAX, Vocabulary};
use crate::error::{Error, Result};

/// Trains a vocabulary of at most `tokens` tokens; `[UNK]` is the first.
///
/// # Errors
/// [`Error::Encoder`] when the trainer fails or `tokens` is out of range.
pub(super) fn train(texts: &[Text], tokens: usize) -> Result<Vocabulary> {
    if !(2..=TOKENS_MAX).contains(&tokens) {
        return Err(failed(format!("{tokens} tokens, expected 2 to {TOKENS_MAX}")));
    }
    let mut trainer = WordPieceTrainer::builder()
        .vocab_size(tokens)
        .special_tokens(vec![AddedToken::from("[UNK]", true)])
        .show_progress(false)
        .build();
    let parts = texts.iter().flat_map(|text| [text.title.as_str(), text.body.as_str()]);
    let mut model = WordPiece::default();
    let trained = trainer.feed(parts, words).and_then(|()| trainer.train(&mut model));
    trained.map_err(|error| failed(error.to_string()))?;

    let mut found: Vec<(u32, String)> =
        model.get_vocab().into_iter().map(|(token, id)| (id, token)).collect();
    found.sort_unstable();
    let text: String = found.into_iter().flat_map(|(_, token)| [token, "\n".to_owned()]).collect();
    Vocabulary::parse(text.as_bytes()).map_err(failed)
}

/// The words of a text, as the tokenizer will see them.
fn words(text: &str) -> tokenizers::Result<Vec<String>> {
    let mut normalised = NormalizedString::from(text);
    BertNormalizer::default().normalize(&mut normalised)?;
    let mut cut = PreTokenizedString::from(normalised);
    BertPreTokenizer.pre_tokenize(&mut cut)?;
    let words = cut.get_splits(OffsetReferential::Original, OffsetType::Byte);
    Ok(words.into_iter().map(|(word, _, _)| word.to_owned()).collect())
}

fn failed(detail: String) -> Error {
    Error::Encoder { name: "vocabulary".to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_words_become_tokens() {
        let text = Text {
            title: "Heart failure".into(),
            body: "The heart fails; failure of the heart. Heart! ".repeat(20),
        };
        let vocabulary = train(&[text], 40).unwrap();
        assert_eq!(vocabulary.unknown(), 0);
        assert!(vocabulary.len() <= 40);
        let tokens: Vec<&[u8]> = (0..40).map(|id| vocabulary.token(id)).collect();
        assert!(tokens.contains(&&b"heart"[..]), "{:?}", std::str::from_utf8(vocabulary.text()));
    }
}
