//! Several databases made one.

use std::path::{Path, PathBuf};

use super::error::{SessionError, SessionResult};
use super::new_database::NewDatabase;
use super::target::check_directory;
use crate::control::Control;
use crate::db::{Applied, CreateOptions, Database, Snapshot, WriterOptions, check_joinable};
use crate::ids::Generation;

/// What a merge did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergeReport {
    /// Whether the target was created.
    pub is_new: bool,
    /// Databases that were merged into it.
    pub databases: usize,
    /// Their live documents, each as often as databases have it.
    pub documents: u64,
    /// What became of them.
    pub applied: Applied,
    /// The committed state.
    pub generation: Generation,
}

/// Adds the documents of databases to another, in their order, by
/// [`Writer::add_documents_of`](crate::db::Writer::add_documents_of). A target that is not there is created
/// with the first source's encoder, type of rows, index of words and MeSH vocabulary.
///
/// It is one commit: all documents of all sources, or nothing. The records of imported files stay where they
/// are, because deletions do: a file that is imported into the target later is read, and what is older than
/// what is there changes nothing.
///
/// Memory: as an import.
///
/// # Errors
/// [`SessionError::VectorsDiffer`], before anything is created or written;
/// [`SessionError::DatabaseIsFile`], [`SessionError::DirectoryInUse`]; as [`Database::open`],
/// [`Database::create`], [`Database::writer`] and `add_documents_of`. A new target is then removed again.
pub fn merge(
    target: &Path,
    sources: &[PathBuf],
    control: &Control,
) -> SessionResult<(Database, MergeReport)> {
    let mut opened = Vec::with_capacity(sources.len());
    for path in sources {
        let database = Database::open(path).map_err(|error| error.within(path))?;
        opened.push((path.as_path(), database.snapshot()));
    }
    let Some((first_path, first)) = opened.first() else { return Err(SessionError::NoSources) };
    let existing = match Database::exists(target) {
        true => Some(Database::open(target)?),
        false => None,
    };
    let into = match &existing {
        Some(database) => (target, database.snapshot()),
        None => (*first_path, first.clone()),
    };
    for source in &opened {
        check_vectors(&into, source)?;
    }
    let Some(database) = existing else {
        let new = create_like(target, first)?;
        let merged = merge_into(&new.database, true, &opened, control);
        let report = merged.inspect_err(|_| new.give_up())?;
        return Ok((new.database, report));
    };
    let report = merge_into(&database, false, &opened, control)?;
    Ok((database, report))
}

fn merge_into(
    database: &Database,
    is_new: bool,
    opened: &[(&Path, Snapshot)],
    control: &Control,
) -> SessionResult<MergeReport> {
    let mut writer = database.writer(WriterOptions::default())?;
    let mesh = opened.first().filter(|(_, first)| is_new && first.manifest().mesh.is_some());
    if let Some((_, first)) = mesh {
        writer.set_mesh(Some(first.vocabulary()?))?;
    }
    let total = opened.iter().map(|(_, snapshot)| snapshot.len()).sum();
    let (mut applied, mut documents) = (Applied::default(), 0);
    for (path, snapshot) in opened {
        let control = control.part(documents, total);
        let added = writer.add_documents_of(snapshot, &control);
        applied += added.map_err(|error| error.within(path))?;
        documents += snapshot.len();
    }
    control.check()?;
    control.report("making it durable", "documents", documents, total);
    let generation = writer.commit()?;
    let databases = opened.len();
    Ok(MergeReport { is_new, databases, documents, applied, generation })
}

fn create_like(path: &Path, first: &Snapshot) -> SessionResult<NewDatabase> {
    check_directory(path)?;
    let manifest = first.manifest();
    let options =
        CreateOptions::default().vectors(manifest.vectors.clone()).lexical(manifest.lexical);
    Ok(NewDatabase::create(path, options)?)
}

fn check_vectors(into: &(&Path, Snapshot), source: &(&Path, Snapshot)) -> SessionResult<()> {
    let vectors = |(_, snapshot): &(&Path, Snapshot)| snapshot.manifest().vectors.clone();
    let joinable = check_joinable(vectors(into).as_ref(), vectors(source).as_ref());
    joinable.map_err(|(stored, given)| SessionError::VectorsDiffer {
        target: into.0.to_owned(),
        stored,
        source_path: source.0.to_owned(),
        given,
    })
}
