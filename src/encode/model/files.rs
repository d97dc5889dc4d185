//! Files of a model folder: JSON, raw bytes, digests, and errors that name the folder.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Largest tokenizer file that is read, in bytes: the largest in use (262,000 pieces) have 33 MB.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// Largest configuration file that is read, in bytes: parsed, it takes some thirty times as much. The
/// largest in use (the list of tensors of a model in many files) have 150 KB.
const JSON_BYTES_MAX: u64 = 4 << 20;

/// The whole of a regular file of at most so many bytes. A pipe or a device would block, or never end.
pub(in crate::encode) fn regular(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let wrong = |detail: String| Err(io::Error::new(io::ErrorKind::InvalidData, detail));
    // Before it is opened: opening a pipe waits for whoever writes to it.
    if !std::fs::metadata(path)?.is_file() {
        return wrong("it is not a regular file".into());
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return wrong(format!("it has more than {bytes_max} bytes"));
    }
    Ok(bytes)
}

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
        self.read_within(file, TEXT_BYTES_MAX)
    }

    fn read_within(&self, file: &str, bytes_max: u64) -> Result<Option<Vec<u8>>> {
        match regular(&self.path(file), bytes_max) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(self.error(format!("cannot read {file}: {problem}"))),
        }
    }

    /// A JSON file; `None` if it is not there.
    pub(in crate::encode) fn json<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>> {
        let Some(bytes) = self.read_within(file, JSON_BYTES_MAX)? else { return Ok(None) };
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
