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

use super::error::{SessionError, SessionResult};
use super::opened::Session;
use crate::db::WriterOptions;
use crate::error::{Error, NameKind, Result};
use crate::ingest::mesh::{MeshSource, year_of};
use crate::search::suggest_headings;

pub use crate::db::MeshStats;
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
    add(files, &mut source)?;
    made(year_in(files).unwrap_or_default(), source)
}

fn add(files: &[PathBuf], source: &mut MeshSource) -> Result<()> {
    files.iter().try_for_each(|file| source.add_file(file))
}

fn year_in(files: &[PathBuf]) -> Option<u32> {
    files.iter().find_map(|file| year_of(file))
}

fn made(year: u32, source: MeshSource) -> Result<Vocabulary> {
    Vocabulary::open("MeSH", &crate::mesh::build(year, source.finish())?)
}

/// What a database's own vocabulary is made of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MeshImport {
    /// NLM's files, or tables; see [`MeshSource`].
    pub files: Vec<PathBuf>,
    /// The year; that of the first file name that has one, where it is `None`.
    pub year: Option<u32>,
    /// Whether the files add to the vocabulary that the database goes by, and do not replace it.
    pub adds: bool,
}

impl MeshImport {
    /// An import of these files in place of the vocabulary that the database goes by.
    pub fn of(files: Vec<PathBuf>) -> MeshImport {
        MeshImport { files, ..MeshImport::default() }
    }

    /// Names the year.
    #[must_use]
    pub fn year(self, year: Option<u32>) -> MeshImport {
        MeshImport { year, ..self }
    }

    /// Adds to the vocabulary that the database goes by, as supplementary concepts to the built-in
    /// headings.
    #[must_use]
    pub fn adds(self, adds: bool) -> MeshImport {
        MeshImport { adds, ..self }
    }
}

impl Session {
    /// Gives the database a vocabulary of its own. What the vocabulary before called the same records is
    /// kept with them, so that documents of earlier years stay found. Documents do not change.
    ///
    /// # Errors
    /// [`SessionError::MeshYearMissing`]; [`Error::Input`] as [`read`], and for files without a descriptor;
    /// as [`Database::writer`](crate::db::Database::writer) and [`Writer::commit`](crate::db::Writer::commit).
    pub fn import_mesh(&self, import: &MeshImport) -> SessionResult<MeshStats> {
        let mut writer = self.database.writer(WriterOptions::default())?;
        let snapshot = writer.snapshot().clone();
        let before = snapshot.vocabulary()?;
        let year = import.year.or_else(|| year_in(&import.files));
        let year = year.or(import.adds.then(|| before.year()));
        let Some(year) = year else { return Err(SessionError::MeshYearMissing) };
        let mut source = match import.adds {
            true => MeshSource::from(before),
            false => MeshSource::default(),
        };
        add(&import.files, &mut source)?;
        // A record that the files have takes the place of the one that was there.
        source.remember(MeshSource::from(before));
        let vocabulary = made(year, source)?;
        if !vocabulary.concepts().any(|concept| vocabulary.is_descriptor(concept)) {
            let detail = "there is no descriptor among them, so no heading would be known";
            return Err(Error::input("the files of MeSH", "their records", detail).into());
        }
        writer.set_mesh(Some(&vocabulary))?;
        writer.commit()?;
        let entry = writer.snapshot().manifest().mesh.as_ref();
        Ok(MeshStats {
            year,
            records: vocabulary.concepts().count() as u32,
            bytes: entry.map_or(0, |entry| entry.seal.length),
        })
    }

    /// Goes back to the built-in vocabulary; says whether there was another.
    ///
    /// # Errors
    /// As [`Database::writer`](crate::db::Database::writer) and
    /// [`Writer::commit`](crate::db::Writer::commit).
    pub fn reset_mesh(&self) -> SessionResult<bool> {
        let mut writer = self.database.writer(WriterOptions::default())?;
        let before = writer.snapshot().generation();
        writer.set_mesh(None)?;
        Ok(writer.commit()? != before)
    }
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
