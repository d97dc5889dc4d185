//! Files of a model folder: JSON, raw bytes, digests, and errors that name the folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Largest configuration or tokenizer file that is read, in bytes: the largest in use
/// (tokenizers of 250,000 pieces) have 17 MB.
const TEXT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// A model folder.
#[derive(Clone, Debug)]
pub(in crate::encode) struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    /// Checks that the folder is there.
    pub(in crate::encode) fn open(path: &Path) -> Result<Folder> {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = Folder { name: absolute.display().to_string(), path: absolute };
        if !folder.path.is_dir() {
            return Err(folder.error("no such folder; expected a model folder with config.json"));
        }
        Ok(folder)
    }

    /// Absolute path.
    pub(in crate::encode) fn name(&self) -> &str {
        &self.name
    }

    /// An [`Error::Encoder`] about this folder.
    pub(in crate::encode) fn error(&self, detail: impl Into<String>) -> Error {
        Error::Encoder { name: self.name.clone(), detail: detail.into() }
    }

    /// The folder `relative` inside this one; the name in errors stays this folder's.
    pub(in crate::encode) fn inside(&self, relative: &str) -> Result<Folder> {
        use std::path::Component;
        let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !Path::new(relative).components().all(plain) {
            return Err(self.error(format!("modules.json points outside the folder: {relative}")));
        }
        Ok(Folder { path: self.path.join(relative), name: self.name.clone() })
    }

    pub(in crate::encode) fn has(&self, file: &str) -> bool {
        self.path.join(file).is_file()
    }

    pub(in crate::encode) fn path(&self, file: &str) -> PathBuf {
        self.path.join(file)
    }

    /// The whole of a small file; `None` if it is not there.
    pub(in crate::encode) fn read(&self, file: &str) -> Result<Option<Vec<u8>>> {
        let failed = |problem: io::Error| self.error(format!("cannot read {file}: {problem}"));
        let opened = match File::open(self.path(file)) {
            Ok(opened) => opened,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(failed(problem)),
        };
        let mut bytes = Vec::new();
        opened.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > TEXT_BYTES_MAX {
            return Err(self.error(format!("{file} has more than {TEXT_BYTES_MAX} bytes")));
        }
        Ok(Some(bytes))
    }

    /// A JSON file; `None` if it is not there.
    pub(in crate::encode) fn json<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>> {
        let Some(bytes) = self.read(file)? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|problem| self.error(format!("{file}: {problem}")))
    }

    /// Whether both are the same folder.
    pub(in crate::encode) fn is_same(&self, other: &Folder) -> bool {
        let place = |folder: &Folder| folder.path.canonicalize().ok();
        place(self).is_some_and(|own| place(other) == Some(own))
    }

    /// The model's name at Hugging Face (`owner/name`), if the folder lies in a cache of theirs:
    /// `models--owner--name/snapshots/...`.
    pub(in crate::encode) fn hub_name(&self) -> Option<String> {
        self.path.components().rev().find_map(|part| {
            let model = part.as_os_str().to_str()?.strip_prefix("models--")?;
            Some(model.replacen("--", "/", 1))
        })
    }

    /// The last part of the path.
    pub(in crate::encode) fn base_name(&self) -> Option<&str> {
        self.path.file_name()?.to_str()
    }
}
