//! The shards of a config, by split.
//!
//! | file | split |
//! |---|---|
//! | `test.jsonl` | `test` |
//! | `test-00000-of-00002.parquet` | `test` |
//! | `dev-00000-of-00001-6c20deed.parquet` | `dev` |
//! | `test/0000.parquet` (the branch `refs/convert/parquet`) | `test` |

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::files::Folder;
use crate::eval::input::InputError;

/// Splits and their shards.
pub(super) type Splits = BTreeMap<String, Vec<PathBuf>>;

/// Shards of one split.
const SHARDS_MAX: u32 = 100_000;

/// The files of a config.
///
/// # Errors
/// A folder cannot be read; a shard is missing.
pub(super) fn of_config(folder: &Folder, config: &str) -> Result<Splits, InputError> {
    for end in ["jsonl", "parquet"] {
        if let Some(file) = folder.file(&format!("{config}.{end}"))? {
            return Ok(Splits::from([(config.to_owned(), vec![file.to_owned()])]));
        }
    }
    match folder.folder(config) {
        Some(inside) => in_folder(inside),
        None => in_data(folder, config),
    }
}

/// The files `data/{config}-…` alone.
fn in_data(folder: &Folder, config: &str) -> Result<Splits, InputError> {
    let Some(data) = folder.folder("data") else { return Ok(Splits::new()) };
    let mut splits = in_folder(data)?;
    splits.retain(|split, _| split == config);
    Ok(splits)
}

fn in_folder(path: &Path) -> Result<Splits, InputError> {
    let folder = Folder::open(path)?;
    let mut splits = Splits::new();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (name, _) in folder.files() {
        let Some((stem, _)) = name.rsplit_once('.').filter(|(_, end)| is_data(end)) else {
            continue;
        };
        let Some(file) = folder.file(name)? else { continue };
        let (split, count) = split_of(stem);
        splits.entry(split.to_owned()).or_default().push(file.to_owned());
        if let Some(count) = count {
            counts.insert(split.to_owned(), count);
        }
    }
    for (split, wanted) in counts {
        let found = splits.get(&split).map_or(0, Vec::len);
        if found != wanted as usize {
            let detail = format!("{found} of {wanted} shards of the split `{split}`");
            return Err(InputError::folder(path, detail));
        }
    }
    for (split, inside) in folder.folders() {
        let inside = Folder::open(inside)?;
        let shards: Vec<_> = inside
            .files()
            .filter(|(name, _)| name.rsplit_once('.').is_some_and(|(_, end)| is_data(end)))
            .map(|(_, path)| path.to_owned())
            .collect();
        if !shards.is_empty() {
            splits.entry(split.to_owned()).or_default().extend(shards);
        }
    }
    Ok(splits)
}

fn is_data(end: &str) -> bool {
    matches!(end, "parquet" | "jsonl")
}

/// The split of a file, and how many shards it has.
fn split_of(stem: &str) -> (&str, Option<u32>) {
    let Some((before, after)) = stem.split_once("-of-") else { return (stem, None) };
    let Some((split, number)) = before.rsplit_once('-') else { return (stem, None) };
    let count = after.split('-').next().unwrap_or_default();
    let is_number = |text: &str| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    match (is_number(number) && is_number(count)).then(|| count.parse::<u32>()) {
        Some(Ok(count)) if count < SHARDS_MAX => (split, Some(count)),
        _ => (stem, None),
    }
}
