//! A folder of NLM's files, as it lies on disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::key::NlmFile;
use crate::error::{Error, Result};
use crate::session::error::{SessionError, SessionResult};

/// Where NLM keeps the year's issue and what changes since.
pub(super) const BASELINE: &str = "baseline";
pub(super) const UPDATES: &str = "updatefiles";

/// Bytes of one read when two files are compared.
const COMPARE_BYTES: usize = 256 * 1024;

/// What lies in a folder, in the order of NLM's series.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) files: BTreeMap<NlmFile, PathBuf>,
    /// Files that lie there a second time, with the same bytes.
    pub(super) copies: Vec<PathBuf>,
    /// What is no file of the series.
    pub(super) others: Vec<PathBuf>,
    /// Per year, the highest number in `baseline/`.
    baseline_last: BTreeMap<u32, u32>,
    /// Per year, the lowest number in `updatefiles/`.
    updates_first: BTreeMap<u32, u32>,
}

impl Folder {
    /// Looks into a folder, and into `baseline` and `updatefiles` inside it. Cost: no file is read, but those that
    /// lie there twice.
    ///
    /// # Errors
    /// [`SessionError::FileTwice`] for two files of one number that differ; [`Error::Io`].
    pub(super) fn open(path: &Path) -> SessionResult<Folder> {
        let mut folder = Folder::default();
        for entry in entries(path)? {
            let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match name {
                BASELINE | UPDATES if entry.is_dir() => {
                    for inner in entries(&entry)? {
                        folder.add(inner, Some(name))?;
                    }
                }
                _ => folder.add(entry, None)?,
            }
        }
        Ok(folder)
    }

    fn add(&mut self, path: PathBuf, shelf: Option<&str>) -> SessionResult<()> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let Some(file) = NlmFile::named(&name).filter(|_| path.is_file()) else {
            if !is_companion(&name) {
                self.others.push(path);
            }
            return Ok(());
        };
        let (year, number) = (file.year(), file.number());
        if shelf == Some(BASELINE) {
            let last = self.baseline_last.entry(year).or_default();
            *last = number.max(*last);
        }
        if shelf == Some(UPDATES) {
            let first = self.updates_first.entry(year).or_insert(number);
            *first = number.min(*first);
        }
        match self.files.get(&file) {
            Some(first) if is_same(first, &path)? => self.copies.push(path),
            Some(first) => {
                let (first, second) = (first.clone(), path);
                return Err(SessionError::FileTwice { first, second });
            }
            None => {
                self.files.insert(file, path);
            }
        }
        Ok(())
    }

    /// The last number of a year's baseline, where the folder shows it: `updatefiles` goes on where `baseline` ends.
    /// Where files that were read have been removed, it is a higher number, of an update file before those that are
    /// left: what is complete up to there has all of the baseline.
    pub(super) fn baseline_end(&self, year: u32) -> Option<u32> {
        let last = self.baseline_last.get(&year).copied().unwrap_or(0);
        let end = self.updates_first.get(&year)?.checked_sub(1)?;
        (end >= last.max(1)).then_some(end)
    }
}

/// Whether a name is of what lies beside NLM's files: their sums and statistics, what a download has not finished, and a
/// note on all of them.
fn is_companion(name: &str) -> bool {
    if let Some(stem) = name.strip_suffix("_stats.html") {
        return NlmFile::named(&format!("{stem}.xml")).is_some();
    }
    let whole = name.strip_suffix(".partial").unwrap_or(name);
    let file = whole.strip_suffix(".md5").unwrap_or(whole);
    name == "README.txt" || (file != name && NlmFile::named(file).is_some())
}

/// What is in a folder, by name.
fn entries(path: &Path) -> Result<Vec<PathBuf>> {
    let io_error = |source| Error::io("list", path.display().to_string(), source);
    let entries = std::fs::read_dir(path).map_err(io_error)?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(io_error)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Whether two files hold the same bytes.
fn is_same(first: &Path, second: &Path) -> Result<bool> {
    let open = |path: &Path| {
        File::open(path).map_err(|source| Error::io("open", path.display().to_string(), source))
    };
    let (mut one, mut two) = (open(first)?, open(second)?);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    loop {
        for (file, piece, path) in [(&mut one, &mut left, first), (&mut two, &mut right, second)] {
            piece.clear();
            let mut part = file.take(COMPARE_BYTES as u64);
            part.read_to_end(piece)
                .map_err(|source| Error::io("read", path.display().to_string(), source))?;
        }
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}
