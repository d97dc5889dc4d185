//! Text to token ids, through the `tokenizers` crate.
//!
//! `tokenizer.json` is used where there is one; the truncation and padding that many of these
//! files have baked in are dropped, because the recipe's limit counts and nothing is padded.
//! Older folders have `vocab.txt` alone, from which BERT's WordPiece tokenizer is built.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, PostProcessor, Tokenizer, TruncationParams};

use super::agreement;
use super::outline::{self, Bounds, Spelling};
use super::recipe::{DOCUMENT, PAIR, QUERY, Recipe, Role};
use crate::encode::model::{Folder, Tokens};
use crate::error::{Error, Result};
use crate::panics::caught;

/// The tokenizer of one role.
pub(super) struct TextTokenizer {
    tokenizer: Tokenizer,
    prefix: String,
    lower_case: bool,
    append: Option<u32>,
    name: String,
    /// Bytes of a text that are looked at.
    bytes_max: usize,
}

/// Bytes of a text that are looked at, divided by what the normalizer makes of one: far more than the
/// longest input has tokens, and little enough that no text takes all memory.
const TEXT_BYTES_MAX: usize = 1 << 20;

impl TextTokenizer {
    /// Text, or a pair of texts, to tokens; cut to the recipe's length, longest side first.
    pub(super) fn encode(&self, first: &str, second: Option<&str>) -> Result<Tokens> {
        let prepare = |text: &str| {
            let mut ends = (0..=self.bytes_max.min(text.len())).rev();
            let end = ends.find(|end| text.is_char_boundary(*end)).unwrap_or_default();
            let text = text.get(..end).unwrap_or_default();
            if self.lower_case { text.to_lowercase() } else { text.to_owned() }
        };
        let first = prepare(&format!("{}{first}", self.prefix));
        let encoded = caught(|| match second {
            None => self.tokenizer.encode_fast(first, true),
            Some(second) => self.tokenizer.encode_fast((first, prepare(second)), true),
        });
        let encoded = encoded.unwrap_or_else(|said| Err(said.into()));
        let encoded = encoded.map_err(|problem| Error::Encoder {
            name: self.name.clone(),
            detail: format!("tokenizer: {problem}"),
        })?;
        let (mut ids, mut type_ids) = (encoded.get_ids().to_vec(), encoded.get_type_ids().to_vec());
        if let Some(id) = self.append {
            ids.push(id);
            type_ids.push(0);
        }
        Ok(Tokens { ids, type_ids })
    }
}

/// The tokenizers of all roles and the digest of what they were made from.
pub(super) struct Tokenizers {
    roles: BTreeMap<String, TextTokenizer>,
    pub(super) digest: [u8; 32],
}

impl Tokenizers {
    /// Loads the tokenizer and prepares it for every role; `rows` is the length of the model's table
    /// of token vectors.
    pub(super) fn open(folder: &Folder, recipe: &Recipe, rows: usize) -> Result<Tokenizers> {
        let Loaded { tokenizer, hash, bounds } = load(folder)?;
        let hash = with_settings(hash, recipe.lower_case, recipe.append_eos_id);
        let largest = tokenizer.get_vocab(true).into_values().max().map_or(0, |id| id as usize + 1);
        if largest == 0 {
            return Err(folder.error("the tokenizer's vocabulary is empty"));
        }
        agreement::ends(folder, &tokenizer, recipe.append_eos_id)?;
        if largest > rows {
            return Err(folder.error(format!(
                "the tokenizer has ids up to {}, the embedding table {rows} rows; they are of \
                 different models",
                largest - 1
            )));
        }
        let names =
            [DOCUMENT, QUERY, PAIR].into_iter().chain(recipe.roles.keys().map(String::as_str));
        let mut roles = BTreeMap::new();
        for name in names {
            if let Some(role) = recipe.role(name) {
                roles.insert(name.to_owned(), one(folder, &tokenizer, bounds, role, recipe)?);
            }
        }
        Ok(Tokenizers { roles, digest: hash.finalize().into() })
    }

    /// The settings of a recipe under which a folder's tokenizer has this digest: whether text is
    /// lower-cased, and the token that is appended to it.
    pub(super) fn settings(
        folder: &Folder,
        rows: usize,
        digest: [u8; 32],
    ) -> Result<Option<(bool, Option<u32>)>> {
        let hash = load(folder)?.hash;
        let ends = std::iter::once(None).chain((0..rows as u32).map(Some));
        let mut settings = ends.flat_map(|end| [(false, end), (true, end)]);
        Ok(settings.find(|(lower_case, end)| {
            <[u8; 32]>::from(with_settings(hash.clone(), *lower_case, *end).finalize()) == digest
        }))
    }

    /// The tokenizer of a role, if the recipe has it.
    pub(super) fn role(&self, name: &str) -> Option<&TextTokenizer> {
        self.roles.get(name)
    }

    /// The roles that there are.
    pub(super) fn names(&self) -> Vec<&str> {
        self.roles.keys().map(String::as_str).collect()
    }
}

fn one(
    folder: &Folder,
    tokenizer: &Tokenizer,
    bounds: Bounds,
    role: &Role,
    recipe: &Recipe,
) -> Result<TextTokenizer> {
    let appended = usize::from(recipe.append_eos_id.is_some());
    let special = tokenizer.get_post_processor().map_or(0, |post| post.added_tokens(recipe.pair));
    if role.max_length <= special + appended {
        return Err(folder.error(format!(
            "max_length is {}, no room for text beside {} special tokens",
            role.max_length,
            special + appended
        )));
    }
    let mut tokenizer = tokenizer.clone();
    tokenizer
        .with_truncation(Some(TruncationParams {
            max_length: role.max_length - appended,
            ..Default::default()
        }))
        .map_err(|problem| folder.error(format!("tokenizer: {problem}")))?;
    Ok(TextTokenizer {
        tokenizer,
        prefix: role.prefix.clone(),
        lower_case: recipe.lower_case,
        append: recipe.append_eos_id,
        name: folder.name().to_string(),
        bytes_max: (TEXT_BYTES_MAX as f64 / bounds.growth) as usize,
    })
}

/// A tokenizer, a hash that has seen what it was made from, and what is known of it.
struct Loaded {
    tokenizer: Tokenizer,
    hash: Sha256,
    bounds: Bounds,
}

/// The hash of a tokenizer that has also seen what a recipe adds to it.
fn with_settings(mut hash: Sha256, lower_case: bool, end: Option<u32>) -> Sha256 {
    if lower_case {
        hash.update(b"lower case");
    }
    if let Some(id) = end {
        hash.update(b"append");
        hash.update(id.to_le_bytes());
    }
    hash
}

/// `tokenizer.json`, else `vocab.txt`.
fn load(folder: &Folder) -> Result<Loaded> {
    let mut hash = Sha256::new();
    if let Some(bytes) = folder.read("tokenizer.json")? {
        hash.update(&bytes);
        let bounds = outline::bounds(&bytes)
            .map_err(|problem| folder.error(format!("tokenizer.json: {problem}")))?;
        if let Some(bounds) = bounds {
            agreement::spelling(folder, bounds.spelling)?;
        }
        let mut tokenizer = caught(|| Tokenizer::from_bytes(&bytes))
            .unwrap_or_else(|said| Err(said.into()))
            .map_err(|problem| folder.error(format!("tokenizer.json: {problem}")))?;
        tokenizer.with_padding(None);
        // `Tokenizer::from_bytes` refuses invalid JSON first.
        let bounds = bounds.ok_or_else(|| folder.error("tokenizer.json is not valid JSON"))?;
        agreement::added_tokens(folder, &tokenizer)?;
        return Ok(Loaded { tokenizer, hash, bounds });
    }
    let Some(bytes) = folder.read("vocab.txt")? else {
        return Err(folder.error("neither tokenizer.json nor vocab.txt is there"));
    };
    let settings: WordPieceSettings = folder.json("tokenizer_config.json")?.unwrap_or_default();
    hash.update(&bytes);
    hash.update(format!("{settings:?}"));
    let tokenizer = word_piece(&bytes, &settings)
        .map_err(|problem| folder.error(format!("vocab.txt: {problem}")))?;
    agreement::added_tokens(folder, &tokenizer)?;
    Ok(Loaded { tokenizer, hash, bounds: Bounds { growth: 1.0, spelling: Spelling::default() } })
}

/// The fields of `tokenizer_config.json` that matter to a `vocab.txt`, with `BertTokenizer`'s
/// defaults.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct WordPieceSettings {
    do_lower_case: bool,
    tokenize_chinese_chars: bool,
    strip_accents: Option<bool>,
}

impl Default for WordPieceSettings {
    fn default() -> WordPieceSettings {
        WordPieceSettings { do_lower_case: true, tokenize_chinese_chars: true, strip_accents: None }
    }
}

fn word_piece(vocabulary: &[u8], settings: &WordPieceSettings) -> tokenizers::Result<Tokenizer> {
    let model = WordPiece::builder()
        .vocab(WordPiece::read_bytes(vocabulary)?)
        .unk_token("[UNK]".into())
        .build()?;
    let mut tokenizer = Tokenizer::new(model);
    let id = |token: &str| tokenizer.token_to_id(token).ok_or(format!("{token} is missing"));
    let (sep, cls) = (id("[SEP]")?, id("[CLS]")?);
    id("[UNK]")?;
    tokenizer.with_normalizer(Some(BertNormalizer::new(
        true,
        settings.tokenize_chinese_chars,
        settings.strip_accents,
        settings.do_lower_case,
    )))?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    let markers = BertProcessing::new(("[SEP]".into(), sep), ("[CLS]".into(), cls));
    tokenizer.with_post_processor(Some(markers));
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].into_iter();
    let known: Vec<AddedToken> = special
        .filter(|token| tokenizer.token_to_id(token).is_some())
        .map(|token| AddedToken::from(token, true))
        .collect();
    tokenizer.add_special_tokens(known)?;
    Ok(tokenizer)
}
