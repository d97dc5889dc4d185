//! Files that lie beside sources: MD5 sums (`NAME.md5`), which the sources must match, and
//! notes for people, which are no sources.
//!
//! NLM's sums read `MD5(pubmed26n0001.xml.gz)= 5a1c...`; `md5sum` writes `5a1c...  NAME`, and
//! `md5 -r` the same with one blank. A sum alone is taken too.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};

use crate::error::{Error, Result};
use crate::format::content::hexadecimal;
use crate::ingest::digest;
use crate::ingest::input::name_of;
use crate::ingest::raw::input_error;
use crate::ingest::vectors;

/// Longest file of sums that is read, in bytes.
const SUMS_BYTES_MAX: u64 = 1 << 20;

/// Names, in lower case and without their endings, of what folders hold for people.
const NOTES: [&str; 4] = ["readme", ".listing", "index", ".ds_store"];

/// Endings that such names have.
const NOTE_ENDINGS: [&str; 5] = ["", "txt", "md", "html", "htm"];

/// The files to import, and those beside them that are not sources, with the reason.
///
/// Left out are `.md5` files, with which [`super::import`] checks the files they belong to, lists
/// of ids of arrays that are among the files, notes such as `README.txt`, and files that are named a second time. So
/// `folder/*` can be imported as it is.
pub fn select(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<(PathBuf, String)>) {
    let lists: Vec<(PathBuf, String)> =
        paths.iter().filter_map(|path| Some((vectors::ids_beside(path)?, name_of(path)))).collect();
    let mut files = Vec::new();
    let mut others = Vec::new();
    let mut known = HashSet::new();
    for path in paths {
        // A pipe has no other name.
        let file = path.is_file().then(|| path.canonicalize().ok()).flatten();
        let list = lists.iter().find(|(list, _)| list == path);
        match (reason(path), list) {
            (Some(reason), _) => others.push((path.clone(), reason)),
            (None, Some((_, array))) => others.push((path.clone(), format!("the ids of {array}"))),
            (None, None) if file.is_some_and(|file| !known.insert(file)) => {
                others.push((path.clone(), "named before".into()));
            }
            (None, None) => files.push(path.clone()),
        }
    }
    (files, others)
}

/// Why a file is not a source, judged by its name.
fn reason(path: &Path) -> Option<String> {
    let name = name_of(path).to_ascii_lowercase();
    if let Some(of) = name.strip_suffix(".md5") {
        let is_beside = path.with_extension("").is_file();
        return Some(match is_beside {
            true => format!("the checksum of {of}, checked when that is imported"),
            false => "a checksum".into(),
        });
    }
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, ending),
        _ => (name.as_str(), ""),
    };
    let is_note = NOTES.contains(&stem) && NOTE_ENDINGS.contains(&ending);
    is_note.then(|| "a note, no source".into())
}

/// Holds a file against the `.md5` beside it, if there is one. Cost: reads the file.
///
/// # Errors
/// [`Error::Input`] when the sums differ, or the `.md5` holds none; [`Error::Io`].
pub(super) fn check(path: &Path) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(OsStr::new(".md5"));
    let beside = PathBuf::from(beside);
    if !beside.is_file() {
        return Ok(());
    }
    let name = name_of(path);
    let (shown, sums) = (path.display().to_string(), beside.display().to_string());
    let io_error = |source| Error::io("read", beside.display().to_string(), source);
    let bytes = beside.metadata().map_err(io_error)?.len();
    if bytes > SUMS_BYTES_MAX {
        let detail = format!("{bytes} bytes; expected the MD5 sum of {name}");
        return Err(input_error(&sums, "the whole file".into(), detail));
    }
    let text = std::fs::read(&beside).map_err(io_error)?;
    let wanted = sum_of(&name, &String::from_utf8_lossy(&text)).ok_or_else(|| {
        let detail = format!("no MD5 sum of {name}: expected 32 hexadecimal digits and its name");
        input_error(&sums, "the whole file".into(), detail)
    })?;
    let found = md5_of(path)?;
    if found == wanted {
        return Ok(());
    }
    let detail = format!(
        "its MD5 sum is {found}, but {sums} says {wanted}: nothing of it was imported; fetch both \
         files again"
    );
    Err(input_error(&shown, "the whole file".into(), detail))
}

/// The sum of a file in a text of sums: that of its name, else the only one.
pub(crate) fn sum_of(name: &str, text: &str) -> Option<String> {
    let entries: Vec<(String, &str)> = text.lines().filter_map(entry).collect();
    let named = entries.iter().find(|(_, of)| *of == name);
    let found = match entries.as_slice() {
        [only] => Some(only),
        _ => named,
    };
    found.map(|(sum, _)| sum.clone())
}

/// Sum and name in a line; the name may be missing.
fn entry(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let is_sum = |text: &str| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let openssl = line.strip_prefix("MD5").and_then(|rest| {
        let (name, sum) = rest.trim_start().strip_prefix('(')?.rsplit_once(')')?;
        Some((sum.trim_start().strip_prefix('=')?.trim(), name))
    });
    let (sum, name) = openssl.unwrap_or_else(|| match line.split_once(char::is_whitespace) {
        Some((sum, name)) => (sum, name.trim_start().trim_start_matches('*')),
        None => (line, ""),
    });
    is_sum(sum).then(|| (sum.to_ascii_lowercase(), base(name)))
}

/// The name without its folder.
fn base(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

fn md5_of(path: &Path) -> Result<String> {
    let mut hash = Md5::new();
    digest::each_piece(&mut digest::open(path)?, path, |piece| hash.update(piece))?;
    Ok(hexadecimal(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn sums_are_read_as_they_are_written() {
        for text in [
            format!("MD5(a.xml.gz)= {SUM}\n"),
            format!("MD5 (a.xml.gz) = {SUM}\r\n"),
            format!("{SUM}  a.xml.gz\n"),
            format!("{SUM} *a.xml.gz\n"),
            format!("{}  ./folder/a.xml.gz", SUM.to_uppercase()),
            format!("\n  {SUM}\n"),
            format!("{SUM}  renamed-since.xml.gz\n"),
            format!("{}  b.xml.gz\n{SUM}  a.xml.gz\n", SUM.replace('0', "1")),
        ] {
            assert_eq!(sum_of("a.xml.gz", &text).as_deref(), Some(SUM), "{text}");
        }
        for text in
            ["", "hello", "MD5(a.xml.gz)= 0123", "0123456789abcdef0123456789abcdeg  a.xml.gz"]
        {
            assert_eq!(sum_of("a.xml.gz", text), None, "{text}");
        }
        let others = format!("{SUM}  b\n{SUM}  c\n");
        assert_eq!(sum_of("a.xml.gz", &others), None, "two sums, of other files");
    }

    #[test]
    fn notes_are_known_by_their_names() {
        let is_note = |name: &str| reason(Path::new(name)).is_some();
        assert!(
            ["README", "Readme.txt", "README.md", ".listing", "index.html"]
                .iter()
                .all(|n| is_note(n))
        );
        assert!(
            !["readme.jsonl", "index.xml", "my-readme.txt", "notes.txt"].iter().any(|n| is_note(n))
        );
    }
}
