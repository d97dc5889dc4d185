//! The WordPiece vocabulary of a corpus, by the `tokenizers` crate's trainer.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

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

/// Bytes of the largest vocabulary that is read: ten times those of the models in use.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// Fails for a number of tokens that no vocabulary can be trained to.
///
/// # Errors
/// [`Error::Encoder`].
pub(super) fn check_tokens(tokens: usize) -> Result<()> {
    match (2..=TOKENS_MAX).contains(&tokens) {
        true => Ok(()),
        false => Err(failed(format!("{tokens} tokens, expected 2 to {TOKENS_MAX}"))),
    }
}

/// Trains a vocabulary of at most `tokens` tokens; `[UNK]` is the first. The same texts give the same
/// vocabulary, and a smaller one is the beginning of a greater one.
///
/// # Errors
/// [`Error::Encoder`] when the trainer fails or `tokens` is out of range.
pub(super) fn train(texts: &[Text], tokens: usize) -> Result<Vocabulary> {
    check_tokens(tokens)?;
    let parts = || texts.iter().flat_map(|text| [text.title.as_str(), text.body.as_str()]);
    // The trainer would give the characters inside words their ids in the order of a hash table, and
    // decides ties by id: entering them first, in order, makes it deterministic.
    let mut inside: BTreeSet<char> = BTreeSet::new();
    for part in parts() {
        let found = words(part).map_err(|error| failed(error.to_string()))?;
        inside.extend(found.iter().flat_map(|word| word.chars().skip(1)));
    }
    let first = std::iter::once("[UNK]".to_owned());
    let first = first.chain(inside.iter().map(|char| format!("##{char}")));
    let mut trainer = WordPieceTrainer::builder()
        .vocab_size(tokens)
        .special_tokens(first.map(|token| AddedToken::from(token, true)).collect())
        .show_progress(false)
        .build();
    let mut model = WordPiece::default();
    let trained = trainer.feed(parts(), words).and_then(|()| trainer.train(&mut model));
    trained.map_err(|error| failed(error.to_string()))?;

    let mut found: Vec<(u32, String)> =
        model.get_vocab().into_iter().map(|(token, id)| (id, token)).collect();
    found.sort_unstable();
    found.truncate(tokens);
    let text: String = found.into_iter().flat_map(|(_, token)| [token, "\n".to_owned()]).collect();
    Vocabulary::parse(text.as_bytes()).map_err(failed)
}

/// Reads a vocabulary: a `vocab.txt`, one token per line.
///
/// # Errors
/// [`Error::Io`]; [`Error::Input`] when it is not UTF-8, has an empty line or a token twice, or no
/// `[UNK]`.
pub(super) fn read(path: &Path) -> Result<Vocabulary> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|source| Error::io("open", &name, source))?;
    let mut text = Vec::new();
    let read = file.take(FILE_BYTES_MAX + 1).read_to_end(&mut text);
    read.map_err(|source| Error::io("read", &name, source))?;
    let bad = |detail| Error::Input { file: name, place: "whole file".to_owned(), detail };
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(bad(format!("longer than {FILE_BYTES_MAX} bytes")));
    }
    text.retain(|&byte| byte != b'\r');
    if text.last().is_some_and(|&byte| byte != b'\n') {
        text.push(b'\n');
    }
    Vocabulary::parse(&text).map_err(bad)
}

/// The longest beginning of a vocabulary that `fits`, a rule for a number of tokens and the bytes of
/// their text that holds for every beginning of one it holds for.
///
/// # Errors
/// [`Error::Encoder`] when not even `[UNK]` fits.
pub(super) fn cut(
    vocabulary: &Vocabulary,
    fits: impl Fn(usize, usize) -> bool,
) -> Result<Vocabulary> {
    let mut ends = Vec::with_capacity(vocabulary.len());
    let mut bytes = 0;
    for id in 0..vocabulary.len() as u32 {
        bytes += vocabulary.token(id).len() + 1;
        ends.push(bytes);
    }
    let count = ends.iter().zip(1..).take_while(|(end, count)| fits(*count, **end)).count();
    let text = ends.get(count.wrapping_sub(1)).and_then(|end| vocabulary.text().get(..*end));
    Vocabulary::parse(text.unwrap_or_default()).map_err(|_| {
        failed(format!("the file would be too large with {} tokens already", count + 1))
    })
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

    fn texts() -> Vec<Text> {
        let body = "The heart fails; failure of the heart. Heart! Cardiomyopathy, β-blockers? ";
        vec![
            Text { title: "Heart failure".into(), body: body.repeat(20) },
            Text { title: "Livers and kidneys".into(), body: "Hepatorenal syndromes.".into() },
        ]
    }

    #[test]
    fn frequent_words_become_tokens() {
        let vocabulary = train(&texts(), 80).unwrap();
        assert_eq!(vocabulary.unknown(), 0);
        assert_eq!(vocabulary.len(), 80);
        let tokens: Vec<&[u8]> = (0..80).map(|id| vocabulary.token(id)).collect();
        assert!(tokens.contains(&&b"heart"[..]), "{:?}", std::str::from_utf8(vocabulary.text()));
    }

    /// Most pairs of these texts are equally frequent, and each hash table of the trainer is seeded
    /// anew.
    #[test]
    fn the_same_texts_give_the_same_vocabulary() {
        let first = train(&texts(), 90).unwrap();
        for _ in 0..20 {
            assert_eq!(train(&texts(), 90).unwrap().text(), first.text());
        }
        let smaller = train(&texts(), 70).unwrap();
        assert!(first.text().starts_with(smaller.text()));
        assert_eq!(cut(&first, |tokens, _| tokens <= 70).unwrap().text(), smaller.text());
        let bytes = smaller.text().len();
        assert_eq!(cut(&first, |_, text| text <= bytes).unwrap().len(), 70);
        assert!(cut(&first, |_, text| text < 6).is_err());
    }

    #[test]
    fn a_vocabulary_is_read_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vocab.txt");
        std::fs::write(&path, "[PAD]\r\n[UNK]\r\nheart").unwrap();
        assert_eq!(read(&path).unwrap().text(), b"[PAD]\n[UNK]\nheart\n");
        std::fs::write(&path, "heart\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("vocab.txt") && error.contains("[UNK]"), "{error}");
    }
}
