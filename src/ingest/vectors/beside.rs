//! Lists of ids beside arrays: how they are found, and what they are called.

use std::path::{Path, PathBuf};

use super::kind::plain_name;
use crate::error::Result;
use crate::ingest::input::name_of;
use crate::ingest::raw::input_error;

/// Endings of arrays that have their ids in a file beside them.
const ARRAY_ENDINGS: [&str; 3] = [".npy", ".safetensors", ".fvecs"];

/// Endings of lists, the first that is there.
const LIST_ENDINGS: [&str; 4] = ["ids", "txt", "json", "jsonl"];

/// A name without the ending of an array.
fn stem(plain: &str) -> Option<&str> {
    ARRAY_ENDINGS.iter().find_map(|end| plain.strip_suffix(end))
}

/// The list of ids to write beside an array of this path: `NAME.ids`, where it is looked for first.
#[cfg(feature = "session")]
pub(crate) fn list_of(path: &Path) -> PathBuf {
    let has_ending = stem(&name_of(path)).is_some();
    let name = if has_ending { path.file_stem() } else { path.file_name() };
    // Names need not be Unicode.
    let mut name = name.unwrap_or_default().to_owned();
    name.push(".");
    name.push(LIST_ENDINGS[0]);
    path.with_file_name(name)
}

/// The list of ids that lies beside an array; `None` for other files and where there is none.
pub(in crate::ingest) fn ids_beside(path: &Path) -> Option<PathBuf> {
    stem(plain_name(&name_of(path)))?;
    find_ids(path).ok()
}

/// The list of ids that lies beside an array.
///
/// # Errors
/// [`Error::Input`](crate::Error::Input) with the names under which it was looked for.
pub(super) fn find_ids(path: &Path) -> Result<PathBuf> {
    let name = name_of(path);
    let plain = plain_name(&name);
    let stem = stem(plain).unwrap_or(plain);
    let mut names: Vec<String> = LIST_ENDINGS.iter().map(|end| format!("{stem}.{end}")).collect();
    if let Some(number) = medcpt_chunk(&name) {
        names.insert(0, format!("pmids_chunk_{number}.json"));
    }
    let is_there = |name: &String| -> Option<PathBuf> {
        ["", ".gz", ".zst"]
            .iter()
            .map(|end| path.with_file_name(format!("{name}{end}")))
            .find(|path| path.is_file())
    };
    names.iter().find_map(is_there).ok_or_else(|| {
        let detail = format!(
            "an array without ids: name the list of its ids, or put it beside the array as {}",
            names.join(", ")
        );
        input_error(&path.display().to_string(), "the whole file".into(), detail)
    })
}

/// N of `embeds_chunk_N.npy`.
pub(super) fn medcpt_chunk(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("embeds_chunk_")?;
    let number = rest.get(..rest.find(".npy")?)?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
}
