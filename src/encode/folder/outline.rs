//! What a `tokenizer.json` asks for, before the crate that runs it builds anything.
//!
//! The file may come from anywhere, and a few lines of it can ask for all memory: a normalizer that
//! replaces one letter by ten, nine times over, or lists of millions of steps. So its parts are
//! counted without being kept, and the growth of a text under its normalizer is bounded.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// JSON values in a vocabulary and in its merges: three per token of the largest.
const VOCABULARY_MAX: u64 = 4 << 20;
/// JSON values in the list of added tokens: eight per token.
const ADDED_MAX: u64 = 1 << 19;
/// JSON values in all other parts together; real ones have some dozens.
const OTHERS_MAX: u64 = 1 << 14;
/// Steps of a normalizer.
const STEPS_MAX: usize = 64;
/// Bytes that a step may put at a text's front, and bytes of prefixes inside of words.
const PREFIX_BYTES_MAX: usize = 1 << 10;
/// Characters of the longest word that is cut into pieces: looking for them costs the square.
const WORD_CHARS_MAX: u64 = 1 << 10;
/// Bytes that a normalizer may make of one.
const GROWTH_MAX: f64 = 64.0;
/// Bytes that one character becomes in tables of the Unicode forms (NFKC has 33).
const PLAIN_BYTES: usize = 64;

/// The parts of a file, counted.
#[derive(Debug, serde::Deserialize)]
struct Outline {
    #[serde(default)]
    added_tokens: Count,
    #[serde(default)]
    normalizer: Small,
    #[serde(default)]
    pre_tokenizer: Small,
    #[serde(default)]
    post_processor: Small,
    #[serde(default)]
    decoder: Small,
    #[serde(default)]
    model: Model,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Model {
    vocab: Count,
    merges: Count,
    dropout: Option<f64>,
    max_input_chars_per_word: Option<u64>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
}

/// What is known of a tokenizer before it is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    /// Bytes that its normalizer makes of one, at most.
    pub(super) growth: f64,
    /// How it spells words by `BertNormalizer`, where it has one.
    pub(super) spelling: Spelling,
}

/// Settings that `tokenizer_config.json` repeats; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Spelling {
    pub(super) lower_case: Option<bool>,
    pub(super) strip_accents: Option<bool>,
    pub(super) chinese_chars: Option<bool>,
}

/// Counts the parts of a `tokenizer.json` and bounds what its normalizer does. `None` for what is no
/// JSON, about which the reader says more.
///
/// # Errors
/// What it asks for that no tokenizer in use does.
pub(super) fn bounds(bytes: &[u8]) -> Result<Option<Bounds>, String> {
    let outline: Outline = match serde_json::from_slice(bytes) {
        Ok(outline) => outline,
        Err(problem) if problem.is_syntax() || problem.is_eof() => return Ok(None),
        Err(problem) => return Err(problem.to_string()),
    };
    let model = &outline.model;
    let smalls =
        [&outline.normalizer, &outline.pre_tokenizer, &outline.post_processor, &outline.decoder];
    for (what, count, most) in [
        ("model.vocab", model.vocab.0, VOCABULARY_MAX),
        ("model.merges", model.merges.0, VOCABULARY_MAX),
        ("added_tokens", outline.added_tokens.0, ADDED_MAX),
        ("normalizer, pre_tokenizer, post_processor and decoder", sum(&smalls), OTHERS_MAX),
    ] {
        if count > most {
            return Err(format!("{what}: {count} values, at most {most} are supported"));
        }
    }
    if model.dropout.is_some_and(|dropout| dropout != 0.0) {
        return Err(
            "model.dropout: a vocabulary that is used at random gives random vectors".into()
        );
    }
    if let Some(chars) = model.max_input_chars_per_word.filter(|chars| *chars > WORD_CHARS_MAX) {
        return Err(format!(
            "model.max_input_chars_per_word is {chars}, at most {WORD_CHARS_MAX} are supported"
        ));
    }
    for text in [&model.continuing_subword_prefix, &model.end_of_word_suffix].into_iter().flatten()
    {
        if text.len() > PREFIX_BYTES_MAX {
            return Err(format!("model: an affix of {} bytes", text.len()));
        }
    }
    let mut bounds = Bounds { growth: 1.0, spelling: Spelling::default() };
    if let Some(normalizer) = &outline.normalizer.value {
        let mut steps = 0;
        grow(normalizer, &mut bounds, &mut steps)?;
    }
    Ok(Some(bounds))
}

fn sum(parts: &[&Small]) -> u64 {
    parts.iter().map(|part| part.count).sum()
}

/// Multiplies the growth of one step, or of a sequence of them; JSON's own depth limit bounds this one.
fn grow(step: &Value, bounds: &mut Bounds, steps: &mut usize) -> Result<(), String> {
    *steps += 1;
    if *steps > STEPS_MAX {
        return Err(format!("normalizer: more than {STEPS_MAX} steps"));
    }
    let text = |name: &str| step.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        "Sequence" => {
            let inner = step.get("normalizers").and_then(Value::as_array);
            for step in inner.into_iter().flatten() {
                grow(step, bounds, steps)?;
            }
        }
        "Replace" => {
            // A pattern that matches nothing matches between all letters.
            let pattern = step.get("pattern").and_then(|pattern| pattern.get("String"));
            let length = pattern.and_then(Value::as_str).map_or(0, str::len);
            let content = text("content").len();
            bounds.growth *= match length {
                0 => 1.0 + content as f64,
                length => (content as f64 / length as f64).max(1.0),
            };
        }
        "Prepend" => {
            let length = text("prepend").len();
            if length > PREFIX_BYTES_MAX {
                return Err(format!("normalizer: {length} bytes are put before every text"));
            }
        }
        "Precompiled" => {
            let longest = longest_piece(text("precompiled_charsmap"));
            if longest > PLAIN_BYTES {
                bounds.growth *= longest as f64;
            }
        }
        "BertNormalizer" => {
            let flag = |name: &str| step.get(name).and_then(Value::as_bool);
            let lower_case = flag("lowercase");
            bounds.spelling = Spelling {
                lower_case,
                // Accents go with upper case unless the file says otherwise.
                strip_accents: flag("strip_accents").or(lower_case),
                chinese_chars: flag("handle_chinese_chars"),
            };
        }
        _ => {}
    }
    if bounds.growth > GROWTH_MAX {
        return Err(format!(
            "normalizer: one byte may become {:.0}, at most {GROWTH_MAX} are supported",
            bounds.growth
        ));
    }
    Ok(())
}

/// Bytes of the longest text in a table of SentencePiece: a trie, then texts that end with zeros.
fn longest_piece(base64: &str) -> usize {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::with_capacity(base64.len() / 4 * 3 + 3);
    let (mut bits, mut held) = (0u32, 0);
    for digit in base64.bytes().map_while(digit) {
        bits = bits << 6 | u32::from(digit);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    let trie = bytes.first_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size) as usize);
    let texts = bytes.get(4usize.saturating_add(trie)..).unwrap_or_default();
    texts.split(|byte| *byte == 0).map(<[u8]>::len).max().unwrap_or(0)
}

/// How many JSON values there are, this one included; none is kept.
#[derive(Clone, Copy, Debug, Default)]
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Count, D::Error> {
        deserializer.deserialize_any(Counter)
    }
}

struct Counter;

impl<'de> Visitor<'de> for Counter {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_str<E>(self, _: &str) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_unit<E>(self) -> Result<Count, E> {
        Ok(Count(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Count, A::Error> {
        let mut count = 1;
        while let Some(Count(inner)) = items.next_element()? {
            count += inner;
        }
        Ok(Count(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Count, A::Error> {
        let mut count = 1;
        while let Some((_, Count(inner))) = fields.next_entry::<IgnoredAny, Count>()? {
            count += 1 + inner;
        }
        Ok(Count(count))
    }
}

/// A part of few values, which is kept; of one with more, only their number.
#[derive(Clone, Debug, Default)]
struct Small {
    count: u64,
    value: Option<Value>,
}

impl<'de> Deserialize<'de> for Small {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Small, D::Error> {
        deserializer.deserialize_any(SmallVisitor { left: OTHERS_MAX })
    }
}

/// Keeps values while there are some left.
struct SmallVisitor {
    left: u64,
}

impl SmallVisitor {
    fn leaf<E>(self, value: Value) -> Result<Small, E> {
        Ok(Small { count: 1, value: Some(value) })
    }
}

impl<'de> serde::de::DeserializeSeed<'de> for SmallVisitor {
    type Value = Small;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Small, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SmallVisitor {
    type Value = Small;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Small, E> {
        self.leaf(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Small, E> {
        self.leaf(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Small, E> {
        self.leaf(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Small, E> {
        self.leaf(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Small, E> {
        self.leaf(value.into())
    }

    fn visit_unit<E>(self) -> Result<Small, E> {
        Ok(Small { count: 0, value: None })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Small, A::Error> {
        let (mut count, mut all) = (1, Vec::new());
        loop {
            if count > self.left {
                let Some(Count(inner)) = items.next_element()? else { break };
                count += inner;
                continue;
            }
            let seed = SmallVisitor { left: self.left - count };
            let Some(item) = items.next_element_seed(seed)? else { break };
            count += item.count;
            all.push(item.value.unwrap_or_default());
        }
        Ok(Small { count, value: Some(Value::Array(all)) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Small, A::Error> {
        let (mut count, mut all) = (1, serde_json::Map::new());
        loop {
            if count > self.left {
                let Some((_, Count(inner))) = fields.next_entry::<IgnoredAny, Count>()? else {
                    break;
                };
                count += 1 + inner;
                continue;
            }
            let Some(name) = fields.next_key::<String>()? else { break };
            let item = fields.next_value_seed(SmallVisitor { left: self.left - count })?;
            count += 1 + item.count;
            all.insert(name, item.value.unwrap_or_default());
        }
        Ok(Small { count, value: Some(Value::Object(all)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(normalizer: Value) -> Result<Bounds, String> {
        let file = json!({"normalizer": normalizer, "model": {"vocab": {"a": 0}}});
        bounds(file.to_string().as_bytes()).map(|bounds| bounds.expect("JSON"))
    }

    fn replace(pattern: Value, content: &str) -> Value {
        json!({"type": "Replace", "pattern": pattern, "content": content})
    }

    #[test]
    fn normalizers_in_use_are_within_bounds() {
        for (normalizer, growth) in [
            (Value::Null, 1.0),
            (json!({"type": "BertNormalizer", "lowercase": true}), 1.0),
            (replace(json!({"String": " "}), "\u{2581}"), 3.0),
            (replace(json!({"Regex": " {2,}"}), " "), 2.0),
            (replace(json!({"String": "``"}), "\""), 1.0),
            (
                json!({"type": "Sequence", "normalizers": [
                    {"type": "Prepend", "prepend": "\u{2581}"},
                    replace(json!({"String": " "}), "\u{2581}")
                ]}),
                3.0,
            ),
        ] {
            assert_eq!(of(normalizer.clone()).unwrap().growth, growth, "{normalizer}");
        }
        let lower = of(json!({"type": "BertNormalizer", "lowercase": false})).unwrap();
        assert_eq!(lower.spelling.lower_case, Some(false));
    }

    #[test]
    fn what_blows_up_is_refused_before_anything_is_built() {
        let ten = || replace(json!({"String": "a"}), "aaaaaaaaaa");
        let nested = (0..60)
            .fold(ten(), |inner, _| json!({"type": "Sequence", "normalizers": [inner, ten()]}));
        for normalizer in [
            json!({"type": "Sequence", "normalizers": [ten(), ten(), ten()]}),
            nested,
            replace(json!({"String": "a"}), &"b".repeat(100_000)),
            replace(json!({"Regex": ""}), &"b".repeat(100)),
            json!({"type": "Prepend", "prepend": "x".repeat(100_000)}),
            json!({"type": "Sequence", "normalizers": vec![json!({"type": "NFC"}); 1_000]}),
            json!({"type": "Sequence", "normalizers": vec![json!({"type": "NFC"}); 100_000]}),
        ] {
            let words = of(normalizer).unwrap_err();
            assert!(words.contains("normalizer"), "{words}");
        }
        for (file, words) in [
            (json!({"model": {"dropout": 0.1}}), "dropout"),
            (
                json!({"model": {"max_input_chars_per_word": 1_u64 << 40}}),
                "max_input_chars_per_word",
            ),
            (json!({"model": {"continuing_subword_prefix": "#".repeat(1 << 20)}}), "affix"),
            (json!({"decoder": vec![0; 100_000]}), "decoder"),
            (json!({"added_tokens": vec![0; 600_000]}), "added_tokens"),
        ] {
            let found = bounds(file.to_string().as_bytes()).unwrap_err();
            assert!(found.contains(words), "{found}");
        }
        assert_eq!(bounds("[".repeat(100_000).as_bytes()), Ok(None), "too deep for JSON");
    }

    #[test]
    fn the_longest_text_of_a_table_counts() {
        // A trie of four bytes, then "ab", "abcde" and "c".
        let bytes = [&4u32.to_le_bytes()[..], b"TRIE", b"ab\0abcde\0c\0"].concat();
        let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
            let word = word << (8 * (3 - chunk.len()));
            for place in 0..=chunk.len() {
                text.push(char::from(digits[(word >> (18 - 6 * place) & 63) as usize]));
            }
        }
        assert_eq!(longest_piece(&text), 5);
        assert_eq!(longest_piece("!"), 0);
    }
}
