//! MeSH for faces: the vocabulary, what a text means in it, and two years compared.
//!
//! ```
//! use medvec::session::mesh;
//!
//! let vocabulary = mesh::builtin()?;
//! let (tumors, _) = mesh::find(vocabulary, "tumors")?;
//! assert_eq!(vocabulary.name(tumors), "Neoplasms");
//! assert!(vocabulary.explode(tumors).len() > 600);
//! # Ok::<(), medvec::Error>(())
//! ```

use std::path::PathBuf;

use crate::error::{Error, NameKind, Result};
use crate::ingest::mesh::{MeshSource, year_of};
use crate::search::suggest_headings;

pub use crate::mesh::{Change, Concept, Matched, Vocabulary, builtin, diff};

/// Suggestions with an error.
const SUGGESTIONS: usize = 5;

/// Reads a vocabulary from NLM's files or tables; see [`MeshSource`]. The year is that of the first file name
/// that has one, else 0.
///
/// # Errors
/// [`Error::Io`]; [`Error::Input`] with file and place for what cannot be read, or contradicts itself.
pub fn read(files: &[PathBuf]) -> Result<Vocabulary> {
    let mut source = MeshSource::default();
    for file in files {
        source.add_file(file)?;
    }
    let year = files.iter().find_map(|file| year_of(file)).unwrap_or_default();
    Vocabulary::open("MeSH", &crate::mesh::build(year, source.finish())?)
}

/// What a text means: a UI, tree number, name, entry term or former name.
///
/// # Errors
/// [`Error::UnknownName`] with suggestions in the vocabulary's spelling.
pub fn find(vocabulary: &Vocabulary, text: &str) -> Result<(Concept, Matched)> {
    vocabulary.find(text).ok_or_else(|| Error::UnknownName {
        kind: NameKind::MeshHeading,
        name: text.to_owned(),
        suggestions: suggest_headings(vocabulary, text, SUGGESTIONS),
        detail: String::new(),
    })
}

/// Concepts with a name that begins with a text, each with that name; if there are none, descriptors whose
/// name resembles it.
pub fn search(vocabulary: &Vocabulary, text: &str, count: usize) -> Vec<(Concept, String)> {
    let first = vocabulary.starting_with(text, count).into_iter();
    let first: Vec<_> = first.map(|(concept, name)| (concept, name.to_owned())).collect();
    if !first.is_empty() {
        return first;
    }
    let near = suggest_headings(vocabulary, text, count).into_iter();
    near.filter_map(|name| Some((vocabulary.find(&name)?.0, name))).collect()
}
