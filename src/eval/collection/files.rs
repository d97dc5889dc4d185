//! Which files a folder has, and which of them are of a split.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::eval::input::InputError;

/// Entries of a folder: far more than any benchmark has.
const ENTRIES_MAX: usize = 100_000;

/// A name without `.gz` or `.zst`.
pub(super) fn bare(name: &str) -> &str {
    name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name)
}

/// The last part of a path, as text.
pub(super) fn stem_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The entries of a folder, by bare name, in the order of names.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    files: Vec<(String, PathBuf)>,
    folders: Vec<(String, PathBuf)>,
}

impl Folder {
    /// # Errors
    /// The folder cannot be read, or has too many entries.
    pub(super) fn open(path: &Path) -> Result<Folder, InputError> {
        let failed =
            |error: std::io::Error| InputError::folder(path, format!("cannot read: {error}"));
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let at = entry.map_err(failed)?.path();
            if files.len() + folders.len() == ENTRIES_MAX {
                return Err(InputError::folder(path, format!("more than {ENTRIES_MAX} entries")));
            }
            let name = stem_of(&at);
            match at.is_dir() {
                true => folders.push((name, at)),
                false => files.push((bare(&name).to_owned(), at)),
            }
        }
        files.sort();
        folders.sort();
        Ok(Folder { path: path.to_owned(), files, folders })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.files.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }

    pub(super) fn folders(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.folders.iter().map(|(name, path)| (name.as_str(), path.as_path()))
    }

    pub(super) fn has_file(&self, name: &str) -> bool {
        self.files.iter().any(|(found, _)| found == name)
    }

    /// Whether a folder inside has a file like this; one that cannot be read has none.
    pub(super) fn has_inside(&self, folder: &str, test: impl Fn(&str) -> bool) -> bool {
        let inside = self.folder(folder).and_then(|path| Folder::open(path).ok());
        inside.is_some_and(|inside| inside.files().any(|(name, _)| test(name)))
    }

    pub(super) fn folder(&self, name: &str) -> Option<&Path> {
        self.folders().find(|(found, _)| *found == name).map(|(_, path)| path)
    }

    /// The file of this bare name, if there is one.
    ///
    /// # Errors
    /// It is there packed and unpacked: nobody can say which one is meant.
    pub(super) fn file(&self, name: &str) -> Result<Option<&Path>, InputError> {
        let mut found = self.files().filter(|(found, _)| *found == name).map(|(_, path)| path);
        match (found.next(), found.next()) {
            (Some(first), Some(second)) => {
                let detail = format!("both {} and {}: keep one", stem_of(first), stem_of(second));
                Err(InputError::folder(&self.path, detail))
            }
            (first, _) => Ok(first),
        }
    }

    /// The file of this bare name.
    ///
    /// # Errors
    /// It is missing, or there twice.
    pub(super) fn need(&self, name: &str) -> Result<&Path, InputError> {
        self.file(name)?.ok_or_else(|| {
            InputError::folder(&self.path, format!("no file {name} (nor {name}.gz, {name}.zst)"))
        })
    }

    /// The files whose names are `{prefix}{split}{suffix}`, by split.
    ///
    /// # Errors
    /// A split is there twice.
    pub(super) fn splits(
        &self,
        prefix: &str,
        suffix: &str,
    ) -> Result<BTreeMap<String, PathBuf>, InputError> {
        let mut splits = BTreeMap::new();
        for (name, _) in self.files() {
            let split = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
            if let (Some(split), Some(path)) = (split, self.file(name)?) {
                splits.insert(split.to_owned(), path.to_owned());
            }
        }
        Ok(splits)
    }
}

/// Chooses a split: the wanted one; else the first of `defaults` that is there; else the only one.
///
/// # Errors
/// The wanted split is missing, or there are several and none is a default.
pub(super) fn choose<T>(
    at: &Path,
    wanted: Option<&str>,
    defaults: &[&str],
    mut splits: BTreeMap<String, T>,
) -> Result<(String, T), InputError> {
    let names = splits.keys().cloned().collect::<Vec<_>>().join(", ");
    if names.is_empty() {
        return Err(InputError::folder(at, "no file of judgements of any split"));
    }
    let default = defaults.iter().copied().find(|name| splits.contains_key(*name));
    let chosen = match wanted.or(default) {
        Some(name) => splits.remove_entry(name),
        None if splits.len() == 1 => splits.pop_first(),
        None => {
            return Err(InputError::folder(at, format!("name a split, one of {names}")));
        }
    };
    chosen.ok_or_else(|| {
        let wanted = wanted.unwrap_or_default();
        InputError::folder(at, format!("no split `{wanted}` (found {names})"))
    })
}
