//! Which files of a model are fetched, and what the server says about them.

use serde_json::Value;

/// Files beside the weights, where a model has them. The README tells the licence.
const TEXTS: [&str; 17] = [
    "README.md",
    "LICENSE",
    "LICENSE.txt",
    "config.json",
    "generation_config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "adapter_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
];

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RemoteFile {
    /// Its path in the model.
    pub(super) path: String,
    /// Bytes.
    pub(super) size: u64,
    pub(super) digest: Digest,
}

/// What identifies a file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    /// SHA-256, in hexadecimal: files that git stores elsewhere.
    Sha256(String),
    /// The SHA-1 that git knows the file by.
    Git(String),
}

impl Digest {
    /// The name of the file in the cache.
    pub(super) fn hex(&self) -> &str {
        match self {
            Digest::Sha256(hex) | Digest::Git(hex) => hex,
        }
    }
}

/// The commit of an answer about a model, and the files to fetch.
///
/// # Errors
/// What is missing in the answer or in the model, in words.
pub(super) fn read(answer: &Value) -> Result<(String, Vec<RemoteFile>), String> {
    let commit = answer.get("sha").and_then(Value::as_str).filter(|sha| is_hex(sha, 40));
    let commit = commit.ok_or("the server does not name the commit")?.to_owned();
    let listed = answer.get("siblings").and_then(Value::as_array);
    let listed = listed.ok_or("the server does not list its files")?;
    let paths: Vec<&str> = listed.iter().filter_map(path_of).collect();
    if !paths.iter().any(|path| matches!(*path, "config.json" | "adapter_config.json")) {
        return Err("it has no config.json: no model that could be used".into());
    }
    let wanted = |entry: &&Value| path_of(entry).is_some_and(|path| is_wanted(path, &paths));
    let files: Vec<RemoteFile> =
        listed.iter().filter(wanted).map(file).collect::<Result<_, _>>()?;
    match files.iter().any(|file| is_weights(&file.path)) {
        true => Ok((commit, files)),
        false => Err("it has no weights as safetensors or pytorch_model.bin".into()),
    }
}

fn path_of(entry: &Value) -> Option<&str> {
    entry.get("rfilename")?.as_str()
}

fn file(entry: &Value) -> Result<RemoteFile, String> {
    let path = path_of(entry).unwrap_or_default().to_owned();
    let lfs = entry.get("lfs").filter(|lfs| lfs.is_object());
    let size = entry.get("size").or_else(|| lfs?.get("size")).and_then(Value::as_u64);
    let size = size.ok_or_else(|| format!("the server does not say how large {path} is"))?;
    let text = |value: Option<&Value>, digits| {
        let hex = value.and_then(Value::as_str).filter(|hex| is_hex(hex, digits));
        hex.map(str::to_owned)
            .ok_or_else(|| format!("the server does not give the checksum of {path}"))
    };
    let digest = match lfs {
        Some(lfs) => Digest::Sha256(text(lfs.get("sha256").or(lfs.get("oid")), 64)?),
        None => Digest::Git(text(entry.get("blobId"), 40)?),
    };
    Ok(RemoteFile { path, size, digest })
}

/// Whether a text is so many hexadecimal digits in lower case.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `model.safetensors`, `model-00001-of-00003.safetensors`, `pytorch_model.bin`, adapters.
fn is_weights(path: &str) -> bool {
    let is_named = |end: &str| {
        path.strip_suffix(end).is_some_and(|stem| {
            ["model", "pytorch_model", "adapter_model"].contains(&stem)
                || stem.starts_with("model-0")
                || stem.starts_with("pytorch_model-0")
        })
    };
    !path.contains('/') && (is_named(".safetensors") || is_named(".bin"))
}

fn is_wanted(path: &str, all: &[&str]) -> bool {
    if let Some((folder, file)) = path.split_once('/') {
        // The parts of sentence-transformers: `1_Pooling/config.json`, `2_Dense/model.safetensors`.
        let is_part = folder.starts_with(|ch: char| ch.is_ascii_digit())
            && folder.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return is_part && matches!(file, "config.json" | "model.safetensors");
    }
    let has_safe = all.iter().any(|path| is_weights(path) && path.ends_with(".safetensors"));
    if is_weights(path) {
        return !has_safe || path.ends_with(".safetensors");
    }
    match path {
        "model.safetensors.index.json" => true,
        "pytorch_model.bin.index.json" => !has_safe,
        _ => TEXTS.contains(&path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_files_of_a_model_are_chosen() {
        let chosen = |paths: &[&str]| -> Vec<String> {
            let wanted = paths.iter().filter(|path| is_wanted(path, paths));
            wanted.map(|path| path.to_string()).collect()
        };
        let all = [
            ".gitattributes",
            "README.md",
            "config.json",
            "model.safetensors",
            "pytorch_model.bin",
            "tf_model.h5",
            "onnx/model.onnx",
            "openvino/config.json",
            "1_Pooling/config.json",
            "2_Dense/model.safetensors",
            "../config.json",
            "vocab.txt",
            "training_args.bin",
        ];
        let wanted = [
            "README.md",
            "config.json",
            "model.safetensors",
            "1_Pooling/config.json",
            "2_Dense/model.safetensors",
            "vocab.txt",
        ];
        assert_eq!(chosen(&all), wanted);
        let bin = ["config.json", "pytorch_model.bin", "vocab.txt", "optimizer.bin"];
        assert_eq!(chosen(&bin), ["config.json", "pytorch_model.bin", "vocab.txt"]);
        let shards = [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json",
        ];
        assert_eq!(chosen(&shards), shards);
    }

    #[test]
    fn an_answer_without_what_is_needed_is_refused() {
        let commit = "0123456789012345678901234567890123456789";
        let config = json!({"rfilename": "config.json", "size": 2, "blobId": commit});
        let weights = json!({"rfilename": "model.safetensors", "size": 9, "lfs": {"sha256": "a".repeat(64), "size": 9}});
        let good = json!({"sha": commit, "siblings": [config, weights]});
        let (found, files) = read(&good).unwrap();
        assert_eq!((found.as_str(), files.len(), files[1].size), (commit, 2, 9));
        assert_eq!(files[1].digest, Digest::Sha256("a".repeat(64)));
        for (bad, word) in [
            (json!({}), "commit"),
            (json!({"sha": "../..", "siblings": []}), "commit"),
            (json!({"sha": commit}), "list"),
            (json!({"sha": commit, "siblings": [weights]}), "no config.json"),
            (json!({"sha": commit, "siblings": [config]}), "no weights"),
            (
                json!({"sha": commit, "siblings": [config, {"rfilename": "model.safetensors"}]}),
                "how large",
            ),
            (
                json!({"sha": commit, "siblings": [config, {"rfilename": "model.safetensors", "size": 1, "lfs": {"sha256": "../x"}}]}),
                "checksum",
            ),
        ] {
            let refused = read(&bad);
            assert!(refused.as_ref().is_err_and(|detail| detail.contains(word)), "{refused:?}");
        }
    }
}
