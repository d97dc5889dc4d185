//! Whether the files about a tokenizer say the same.
//!
//! The reference reads `tokenizer.json`, and then obeys what `tokenizer_config.json` and `added_tokens.json` say
//! otherwise: every text, or every text with such a word, would have other tokens than here.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokenizers::Tokenizer;

use super::outline::Spelling;
use crate::encode::model::Folder;
use crate::error::Result;
use crate::panics::caught;

const CONFIG: &str = "tokenizer_config.json";

/// Fails where `tokenizer_config.json` asks for another spelling than the normalizer's.
pub(super) fn spelling(folder: &Folder, found: Spelling) -> Result<()> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Wanted {
        do_lower_case: Option<bool>,
        strip_accents: Option<bool>,
        tokenize_chinese_chars: Option<bool>,
    }
    let wanted: Wanted = folder.json(CONFIG)?.unwrap_or_default();
    for (key, wanted, name, found) in [
        ("do_lower_case", wanted.do_lower_case, "lowercase", found.lower_case),
        ("strip_accents", wanted.strip_accents, "strip_accents", found.strip_accents),
        (
            "tokenize_chinese_chars",
            wanted.tokenize_chinese_chars,
            "handle_chinese_chars",
            found.chinese_chars,
        ),
    ] {
        if let (Some(wanted), Some(found)) = (wanted, found)
            && wanted != found
        {
            return Err(folder.error(format!(
                "{CONFIG}: {key} is {wanted}, the normalizer of tokenizer.json has {name} {found}: \
                 make them the same"
            )));
        }
    }
    Ok(())
}

/// Fails where other files add tokens to the vocabulary that the tokenizer does not have.
pub(super) fn added_tokens(folder: &Folder, tokenizer: &Tokenizer) -> Result<()> {
    #[derive(Deserialize)]
    struct Added {
        content: String,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Config {
        added_tokens_decoder: Option<BTreeMap<u32, Added>>,
    }
    let known = tokenizer.get_added_tokens_decoder();
    let check = |file: &str, token: &str, id: u32| match known.get(&id) {
        Some(found) if found.content == token => Ok(()),
        _ => Err(folder.error(format!(
            "{file}: the token {token:?} with id {id} is not among the added tokens of the \
             tokenizer: save it with transformers (save_pretrained), or remove the entry"
        ))),
    };
    let file = "added_tokens.json";
    let added: BTreeMap<String, u32> = folder.json(file)?.unwrap_or_default();
    added.iter().try_for_each(|(token, id)| check(file, token, *id))?;
    let config: Config = folder.json(CONFIG)?.unwrap_or_default();
    let place = "tokenizer_config.json, added_tokens_decoder";
    let more = config.added_tokens_decoder.unwrap_or_default();
    more.iter().try_for_each(|(id, added)| check(place, &added.content, *id))
}

/// Fails where `tokenizer_config.json` asks for a token before or after every text, and neither the tokenizer nor the
/// recipe adds it.
pub(super) fn ends(folder: &Folder, tokenizer: &Tokenizer, appended: Option<u32>) -> Result<()> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Ends {
        add_bos_token: Option<bool>,
        add_eos_token: Option<bool>,
    }
    let ends: Ends = folder.json(CONFIG)?.unwrap_or_default();
    let (starts, stops) = (ends.add_bos_token == Some(true), ends.add_eos_token == Some(true));
    if !starts && (!stops || appended.is_some()) {
        return Ok(());
    }
    let ids = |special: bool| {
        let encoded = caught(|| tokenizer.encode_fast("a", special));
        let encoded = encoded.unwrap_or_else(|said| Err(said.into()));
        let encoded = encoded.map_err(|problem| folder.error(format!("tokenizer: {problem}")))?;
        Ok::<_, crate::Error>(encoded.get_ids().to_vec())
    };
    let (bare, whole) = (ids(false)?, ids(true)?);
    for (key, is_wanted, is_missing) in [
        ("add_bos_token", starts, whole.starts_with(&bare)),
        ("add_eos_token", stops && appended.is_none(), whole.ends_with(&bare)),
    ] {
        if is_wanted && is_missing {
            return Err(folder.error(format!(
                "{CONFIG}: {key} is true, but the post-processor of tokenizer.json adds no such \
                 token: make them the same"
            )));
        }
    }
    Ok(())
}
