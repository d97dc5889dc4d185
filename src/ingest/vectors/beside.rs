//! Lists of ids beside arrays: how they are found, and what they are called.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::ingest::input::name_of;
use crate::ingest::raw::input_error;

/// Endings of arrays that have their ids in a file beside them.
const ARRAY_ENDINGS: [&str; 3] = ["npy", "safetensors", "fvecs"];

/// Endings of what is packed.
const PACKED_ENDINGS: [&str; 2] = ["gz", "zst"];

/// Endings of lists, the first that is there.
const LIST_ENDINGS: [&str; 4] = ["ids", "txt", "json", "jsonl"];

/// The name of a file without what packed it and without the ending of an array, and whether it had one. Names need not
/// be Unicode.
fn stem(path: &Path) -> (OsString, bool) {
    let ends = |path: &Path, endings: &[&str]| {
        path.extension().is_some_and(|own| endings.iter().any(|ending| own == *ending))
    };
    let plain = if ends(path, &PACKED_ENDINGS) { path.with_extension("") } else { path.to_owned() };
    let is_array = ends(&plain, &ARRAY_ENDINGS);
    let stem = if is_array { plain.file_stem() } else { plain.file_name() };
    (stem.unwrap_or_default().to_owned(), is_array)
}

/// A name with an ending.
fn ended(mut name: OsString, ending: &str) -> OsString {
    name.push(".");
    name.push(ending);
    name
}

/// The list of ids to write beside an array of this path: `NAME.ids`, where it is looked for first.
#[cfg(feature = "session")]
pub(crate) fn list_of(path: &Path) -> PathBuf {
    path.with_file_name(ended(stem(path).0, LIST_ENDINGS[0]))
}

/// The list of ids that lies beside an array; `None` for other files and where there is none.
pub(in crate::ingest) fn ids_beside(path: &Path) -> Option<PathBuf> {
    let (_, is_array) = stem(path);
    if is_array { find_ids(path).ok() } else { None }
}

/// The list of ids that lies beside an array.
///
/// # Errors
/// [`Error::Input`](crate::Error::Input) with the names under which it was looked for.
pub(super) fn find_ids(path: &Path) -> Result<PathBuf> {
    let (stem, _) = stem(path);
    let mut names: Vec<OsString> =
        LIST_ENDINGS.iter().map(|ending| ended(stem.clone(), ending)).collect();
    if let Some(number) = medcpt_chunk(&name_of(path)) {
        names.insert(0, format!("pmids_chunk_{number}.json").into());
    }
    let is_there = |name: &OsString| -> Option<PathBuf> {
        let packed = PACKED_ENDINGS.iter().map(|ending| ended(name.clone(), ending));
        let mut all = std::iter::once(name.clone()).chain(packed);
        all.find_map(|name| Some(path.with_file_name(name)).filter(|path| path.is_file()))
    };
    names.iter().find_map(is_there).ok_or_else(|| {
        let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
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
