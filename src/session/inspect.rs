//! The structure of a database's files, as their headers and section tables say it.

use std::path::Path;

use super::error::{SessionError, SessionResult};
use crate::db::Database;
use crate::format::content::hexadecimal;
use crate::format::frame::{FileKind, Frame, Header};
use crate::format::names::{
    LOCK, codebook_name, manifest_name, mesh_name, segment_name, tombstones_name,
};
use crate::format::{codebook, manifest, mesh, segment, tombstones};
use crate::ids::Generation;
use crate::storage::{Access, DiskStorage, Storage};

/// Header, sections and sizes of one file. The ends of the file were checked, its blocks were not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileOutline {
    /// Its name.
    pub name: String,
    /// `manifest`, `segment`, `tombstones`, `codebook` or `mesh`.
    pub kind: &'static str,
    /// Version of the format, major and minor.
    pub version: (u16, u16),
    /// Bytes.
    pub length: u64,
    /// Blocks that have a checksum each.
    pub blocks: u64,
    /// Its random id, in hexadecimal digits.
    pub file_id: String,
    /// The checksum of its footer.
    pub footer_crc: u32,
    /// Its sections, in the order of the file.
    pub sections: Vec<SectionOutline>,
}

/// A section of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SectionOutline {
    /// The number of its kind.
    pub kind: u32,
    /// The name of its kind, or `unknown`.
    pub name: &'static str,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
}

/// The files of the newest generation of a database.
pub struct DatabaseFiles {
    storage: DiskStorage,
    generation: Generation,
    database_id: String,
    names: Vec<String>,
    others: Vec<String>,
}

impl DatabaseFiles {
    /// Opens a database and lists its files.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub fn open(path: &Path) -> SessionResult<DatabaseFiles> {
        let snapshot = Database::open(path)?.snapshot();
        let manifest = snapshot.manifest();
        let storage = DiskStorage::open(path, Access::Map)?;
        let mut names = vec![manifest_name(manifest.generation)];
        names.extend(manifest.codebooks.iter().map(|entry| codebook_name(entry.hash)));
        names.extend(manifest.mesh.iter().map(|entry| mesh_name(entry.hash)));
        for entry in &manifest.segments {
            names.push(segment_name(entry.id));
            let tombstones = entry.tombstones.as_ref();
            names.extend(tombstones.map(|file| tombstones_name(entry.id, file.generation)));
        }
        let mut others: Vec<String> = storage.list()?;
        others.retain(|name| name != LOCK && !names.contains(name));
        others.sort();
        let database_id = hexadecimal(&manifest.database_id);
        Ok(DatabaseFiles { storage, generation: manifest.generation, database_id, names, others })
    }

    /// The generation.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// The id of the database, in hexadecimal digits.
    pub fn database_id(&self) -> &str {
        &self.database_id
    }

    /// The files of the generation: manifest, codebooks, the vocabulary, segments, each with its tombstones.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What else lies in the directory.
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// The structure of one of them.
    ///
    /// # Errors
    /// As [`outline`].
    pub fn outline(&self, name: &str) -> SessionResult<FileOutline> {
        outline_in(&self.storage, name)
    }
}

/// The structure of one file of a database.
///
/// # Errors
/// [`SessionError::NotAFile`], [`SessionError::LockFile`], [`SessionError::NoFile`];
/// [`Error::Corrupt`](crate::Error::Corrupt) where its ends are damaged.
pub fn outline(path: &Path) -> SessionResult<FileOutline> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name() else {
        return Err(SessionError::NotAFile { path: path.to_owned() });
    };
    let name = name.to_string_lossy();
    if name == LOCK {
        return Err(SessionError::LockFile);
    }
    outline_in(&DiskStorage::open(folder, Access::Map)?, &name)
}

fn outline_in(storage: &DiskStorage, name: &str) -> SessionResult<FileOutline> {
    let content = storage.open(name)?.ok_or_else(|| SessionError::NoFile {
        name: name.to_owned(),
        location: storage.location().to_string(),
    })?;
    let kind = kind_of(&content);
    let frame = Frame::parse(name, kind, &content)?;
    let header = &frame.header;
    let sections = frame.sections.iter().map(|section| SectionOutline {
        kind: section.kind,
        name: section_name(kind, section.kind),
        offset: section.offset,
        length: section.length,
    });
    Ok(FileOutline {
        name: name.to_owned(),
        kind: kind_name(kind),
        version: (header.version_major, header.version_minor),
        length: frame.seal.length,
        blocks: frame.block_crcs.len() as u64,
        file_id: hexadecimal(&header.file_id),
        footer_crc: frame.seal.footer_crc,
        sections: sections.collect(),
    })
}

/// The kind that the header names; anything unknown is left to `Frame::parse` to refuse.
fn kind_of(content: &[u8]) -> FileKind {
    let number = content.first_chunk::<{ Header::SIZE }>().map(|head| Header::decode(head).kind);
    [FileKind::Segment, FileKind::Tombstones, FileKind::Codebook, FileKind::Mesh]
        .into_iter()
        .find(|kind| number == Some(*kind as u32))
        .unwrap_or(FileKind::Manifest)
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Manifest => "manifest",
        FileKind::Segment => "segment",
        FileKind::Tombstones => "tombstones",
        FileKind::Codebook => "codebook",
        FileKind::Mesh => "mesh",
    }
}

fn section_name(file: FileKind, kind: u32) -> &'static str {
    let names: &[(u32, &'static str)] = match file {
        FileKind::Manifest => manifest::NAMES,
        FileKind::Tombstones => &[(tombstones::SECTION_ROWS, "rows")],
        FileKind::Segment => segment::NAMES,
        FileKind::Codebook => codebook::NAMES,
        FileKind::Mesh => mesh::NAMES,
    };
    let name = names.iter().find(|(number, _)| *number == kind);
    name.map_or("unknown", |(_, name)| name)
}
