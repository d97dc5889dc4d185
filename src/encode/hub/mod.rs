//! Models by name: the cache that Hugging Face's programs keep, read without a network.
//!
//! ```text
//! ~/.cache/huggingface/hub/            HF_HUB_CACHE, else $HF_HOME/hub, else $XDG_CACHE_HOME/huggingface/hub
//!   models--ncbi--MedCPT-Query-Encoder/
//!     refs/main                        the commit that `main` was when it was fetched
//!     snapshots/<commit>/config.json   links into blobs/, or files
//! ```
//!
//! [`Hub::find`] gives the folder of a snapshot, which [`super::open`] reads as any other. With the
//! feature `download`, `Hub::download` puts a model into the same cache.

#[cfg(feature = "download")]
mod blob;
#[cfg(feature = "download")]
mod download;
#[cfg(feature = "download")]
mod files;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

#[cfg(feature = "download")]
pub use download::{DownloadOptions, DownloadProgress};

/// Where models are fetched from unless `HF_ENDPOINT` says otherwise.
const ENDPOINT: &str = "https://huggingface.co";

/// Longest name of a model, in bytes: Hugging Face allows 96 a part.
const NAME_BYTES_MAX: usize = 200;

/// A cache of models in the layout of Hugging Face.
#[derive(Clone, Debug)]
pub struct Hub {
    cache: PathBuf,
    is_offline: bool,
    endpoint: String,
    #[cfg_attr(not(feature = "download"), allow(dead_code))]
    token: Option<String>,
}

/// The name of a model: `organisation/name`, at a revision if one is given (`organisation/name@v1.0`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName {
    name: String,
    revision: String,
}

impl ModelName {
    /// Reads a name; `None` for what cannot be one, as a path mostly is.
    pub fn parse(text: &str) -> Option<ModelName> {
        let (name, revision) = text.split_once('@').unwrap_or((text, "main"));
        let mut parts = name.split('/');
        let is_name = match (parts.next(), parts.next(), parts.next()) {
            (Some(only), None, None) => is_part(only),
            (Some(organisation), Some(name), None) => is_part(organisation) && is_part(name),
            _ => false,
        };
        let is_revision = revision.split('/').all(is_part);
        (is_name && is_revision && text.len() <= NAME_BYTES_MAX)
            .then(|| ModelName { name: name.to_owned(), revision: revision.to_owned() })
    }

    /// The name without its revision.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The revision: a branch, a tag or a commit; `main` if none was given.
    pub fn revision(&self) -> &str {
        &self.revision
    }
}

/// Whether a text can stand in a path and mean nothing there but itself.
fn is_part(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(is_plain) && !text.starts_with('.') && !text.contains("..")
}

impl Hub {
    /// The cache that the environment names (`HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`), or the
    /// usual one in the home directory; `HF_HUB_OFFLINE` forbids downloads, `HF_ENDPOINT` names a
    /// mirror, `HF_TOKEN` is sent to it.
    ///
    /// # Errors
    /// [`Error::Encoder`] when there is no home directory and nothing else says where the cache is.
    pub fn from_env() -> Result<Hub> {
        Hub::from_variables(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Hub> {
        let text = |name| variable(name).and_then(|value| value.into_string().ok());
        let home = || variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
        let cache = variable("HF_HUB_CACHE")
            .map(PathBuf::from)
            .or_else(|| variable("HF_HOME").map(|home| PathBuf::from(home).join("hub")))
            .or_else(|| {
                let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
                let cache = cache.or_else(|| home().map(|home| home.join(".cache")))?;
                Some(cache.join("huggingface").join("hub"))
            })
            .ok_or_else(|| Error::Encoder {
                name: "the cache of models".into(),
                detail: "there is no home directory: say where it is with HF_HUB_CACHE".into(),
            })?;
        // As the Python library reads it.
        let is_on = |value: String| {
            matches!(value.to_ascii_uppercase().as_str(), "1" | "ON" | "YES" | "TRUE")
        };
        Ok(Hub {
            cache,
            is_offline: text("HF_HUB_OFFLINE").is_some_and(is_on),
            endpoint: ENDPOINT.to_owned(),
            token: text("HF_TOKEN"),
        }
        .with_endpoint(&text("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned())))
    }

    /// The cache in a directory; its models are fetched from Hugging Face.
    pub fn at(cache: impl Into<PathBuf>) -> Hub {
        Hub { cache: cache.into(), is_offline: false, endpoint: ENDPOINT.to_owned(), token: None }
    }

    /// The same cache, filled from a mirror.
    pub fn with_endpoint(self, endpoint: &str) -> Hub {
        Hub { endpoint: endpoint.trim_end_matches('/').to_owned(), ..self }
    }

    /// The same cache, never filled from a network.
    pub fn offline(self) -> Hub {
        Hub { is_offline: true, ..self }
    }

    /// The directory of the cache.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Whether nothing may be fetched.
    pub fn is_offline(&self) -> bool {
        self.is_offline
    }

    /// The folder of a model in the cache. Cost: a few looks at the file system.
    ///
    /// # Errors
    /// [`Error::Encoder`] when it is not there, or only in part; it says which files to fetch by hand,
    /// from where, and what to do with them.
    pub fn find(&self, model: &ModelName) -> Result<PathBuf> {
        let folder = self.folder(model);
        let absent = |detail: String| {
            Err(Error::Encoder {
                name: model.name.clone(),
                detail: format!("{detail}; {}", self.by_hand(model)),
            })
        };
        if !folder.is_dir() {
            return absent(format!("not in the cache of models ({})", self.cache.display()));
        }
        let reference = folder.join("refs").join(&model.revision);
        let commit = match std::fs::read_to_string(&reference) {
            Ok(commit) => commit.trim().to_owned(),
            // A commit may be named itself.
            Err(_) => model.revision.clone(),
        };
        if !is_part(&commit) {
            return absent(format!("{} does not name a commit", reference.display()));
        }
        let snapshot = folder.join("snapshots").join(&commit);
        if !snapshot.is_dir() {
            let what = format!("no snapshot of the revision {}", model.revision);
            return absent(format!("{what} in {}", folder.display()));
        }
        let is_model = ["config.json", "adapter_config.json", "modules.json"];
        if !is_model.iter().any(|file| snapshot.join(file).is_file()) {
            return absent(format!(
                "{} has no config.json: it was fetched in part",
                snapshot.display()
            ));
        }
        Ok(snapshot)
    }

    fn folder(&self, model: &ModelName) -> PathBuf {
        self.cache.join(format!("models--{}", model.name.replace('/', "--")))
    }

    /// What to do without a network.
    fn by_hand(&self, model: &ModelName) -> String {
        format!(
            "to fetch it by hand: {}/{}/tree/{} has config.json, the tokenizer (tokenizer.json, or \
             vocab.txt and tokenizer_config.json), the weights (model.safetensors, or \
             pytorch_model.bin) and, if it is there, modules.json with the folders that it names; put \
             them into one folder and name that folder",
            self.endpoint, model.name, model.revision
        )
    }
}

#[cfg(test)]
mod tests;
