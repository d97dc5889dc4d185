//! What can be known to go wrong before the teacher has worked for hours.

use std::fs::{self, File};
use std::path::Path;

use super::fit::PASSAGES_MIN;
use super::options::DistillOptions;
use super::vectors::{beside, text_path};
use super::vocabulary::check_tokens;
use crate::encode::static_encoder::Bits;
use crate::error::{Error, Result};
use crate::limits::DIMENSION_MAX;

/// Fails for files that could not be written at the end, and for names that others have.
pub(super) fn places(options: &DistillOptions<'_>) -> Result<()> {
    let mut read = vec![options.corpus.clone()];
    read.extend(options.vocabulary_file.clone());
    let mut written = vec![options.out.clone()];
    if let Some(vectors) = &options.vectors {
        // A cache that is there is read.
        let kept = if vectors.exists() { &mut read } else { &mut written };
        kept.extend([vectors.clone(), text_path(vectors)]);
    }
    for (place, path) in written.iter().enumerate() {
        let mut others = read.iter().chain(written.iter().take(place));
        if others.any(|other| is_same(path, other)) {
            return Err(failed(format!("{} is asked for twice: give other names", path.display())));
        }
        writable(path)?;
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path)).ok();
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// Tries the file that is written beside another one.
fn writable(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(failed(format!("{} is a folder: give the name of a file", path.display())));
    }
    let beside = beside(path);
    let there = beside.exists();
    let opened = File::options().write(true).create(true).truncate(false).open(&beside);
    opened.map_err(|source| Error::io("write", path.display().to_string(), source))?;
    if !there {
        let _ = fs::remove_file(&beside);
    }
    Ok(())
}

/// Fails for sizes that no encoder has.
pub(super) fn sizes(options: &DistillOptions<'_>) -> Result<()> {
    if options.bits == Bits::Four && !options.dimension.is_multiple_of(2) {
        return Err(failed(format!(
            "dimension {}, expected an even one for 4 bits",
            options.dimension
        )));
    }
    match options.vocabulary_file {
        Some(_) => Ok(()),
        None => check_tokens(options.vocabulary),
    }
}

/// Fails for vectors that are longer than the teacher's, and for too few passages.
pub(super) fn lessons(
    options: &DistillOptions<'_>,
    teacher_dimension: usize,
    passages: usize,
) -> Result<()> {
    let most = teacher_dimension.min(DIMENSION_MAX);
    if options.dimension == 0 || options.dimension > most {
        return Err(failed(format!("dimension {}, expected 1 to {most}", options.dimension)));
    }
    if passages < PASSAGES_MIN {
        return Err(failed(format!("{passages} passages, expected at least {PASSAGES_MIN}")));
    }
    Ok(())
}

pub(super) fn failed(detail: String) -> Error {
    Error::Encoder { name: "distill".to_owned(), detail }
}
