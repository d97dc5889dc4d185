//! The MeSH file of a database, and which vocabulary a database goes by.

use std::sync::{Arc, OnceLock};

use super::builtin::builtin;
use super::vocabulary::Vocabulary;
use crate::error::{Error, Result};
use crate::format::content::content_hash;
use crate::format::frame::{FileKind, FileSeal};
use crate::format::manifest::MeshEntry;
use crate::format::mesh::{MeshMeta, NAMES, SECTION_META, decode_meta, encode};
use crate::format::names::mesh_name;
use crate::format::rules::Rule;
use crate::storage::{Storage, VerifiedFile};

/// A MeSH file, mapped. Its vocabulary is read at first use; clones share it.
#[derive(Clone)]
pub struct MeshFile {
    file: VerifiedFile,
    meta: MeshMeta,
    vocabulary: Arc<OnceLock<Vocabulary>>,
}

impl MeshFile {
    /// Opens the file that a manifest names. Cost: its ends and one small record.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the file is missing, is not the one named, or has no meta record;
    /// [`Error::Unsupported`] for a newer format.
    pub(crate) fn open(storage: &dyn Storage, entry: &MeshEntry) -> Result<MeshFile> {
        MeshFile::open_sealed(storage, entry.hash, Some(&entry.seal))
    }

    fn open_sealed(
        storage: &dyn Storage,
        hash: [u8; 16],
        seal: Option<&FileSeal>,
    ) -> Result<MeshFile> {
        let name = mesh_name(hash);
        let file = VerifiedFile::open(storage, &name, FileKind::Mesh, seal)?;
        if file.frame().seal.file_id != hash {
            let detail = "the file's id is not the hash in its name";
            return Err(Error::corrupt(name, 16, Rule::FileId, detail));
        }
        let section = file.required(SECTION_META)?;
        let bytes = file.read(&section, 0..section.length)?;
        let meta = decode_meta(&name, section.offset, bytes)?;
        Ok(MeshFile { file, meta, vocabulary: Arc::default() })
    }

    /// Writes `mesh-<hash of its content>` and makes its content durable; its name becomes durable with
    /// the next [`Storage::sync_directory`]. Equal vocabularies are one file: one that is there and intact
    /// stays, since a manifest may name it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn write(storage: &dyn Storage, vocabulary: &Vocabulary) -> Result<MeshEntry> {
        let (bytes, seal) = encode(&vocabulary.parts);
        let entry = MeshEntry { hash: seal.file_id, seal };
        let name = mesh_name(entry.hash);
        match MeshFile::open(storage, &entry) {
            Ok(known) if known.verify().is_ok() => return Ok(entry),
            Ok(_) | Err(Error::Corrupt { .. }) => storage.remove(&name)?,
            Err(error) => return Err(error),
        }
        let mut file = storage.create(&name)?;
        file.write(&bytes)?;
        file.sync()?;
        Ok(entry)
    }

    /// Checks the file against every rule of the format.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the first rule that is broken.
    pub(crate) fn verify(&self) -> Result<()> {
        self.file.verify()?;
        let mut sections = Vec::with_capacity(NAMES.len());
        for (kind, _) in NAMES {
            sections.push((*kind, self.file.read_all(*kind)?));
        }
        if content_hash(&sections) != self.file.frame().seal.file_id {
            let detail = "the content has another hash";
            return Err(Error::corrupt(self.file.name(), 16, Rule::FileId, detail));
        }
        self.vocabulary()?.check_order(self.file.name())
    }

    /// Its vocabulary. Cost: the first call checks and reads the whole file; from then on as much memory
    /// as the file has bytes.
    ///
    /// # Errors
    /// [`Error::Corrupt`].
    pub(crate) fn vocabulary(&self) -> Result<&Vocabulary> {
        if let Some(vocabulary) = self.vocabulary.get() {
            return Ok(vocabulary);
        }
        let read = Vocabulary::open(self.file.name(), self.file.bytes())?;
        Ok(self.vocabulary.get_or_init(|| read))
    }

    /// Its counts.
    pub(crate) fn meta(&self) -> &MeshMeta {
        &self.meta
    }

    /// The file.
    pub(crate) fn file(&self) -> &VerifiedFile {
        &self.file
    }

    /// Features that whoever writes beside it must know.
    pub(crate) fn features_write(&self) -> u32 {
        self.file.frame().header.features_write
    }
}

/// Which vocabulary a database goes by: that of its own file, else the one inside the library.
#[derive(Clone, Default)]
pub struct MeshInUse(Option<MeshFile>);

impl From<Option<MeshFile>> for MeshInUse {
    fn from(own: Option<MeshFile>) -> MeshInUse {
        MeshInUse(own)
    }
}

impl MeshInUse {
    /// The file of the database's own vocabulary.
    pub(crate) fn own(&self) -> Option<&MeshFile> {
        self.0.as_ref()
    }

    /// The vocabulary. Cost: the first call reads it.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a damaged file.
    pub fn vocabulary(&self) -> Result<&Vocabulary> {
        match &self.0 {
            Some(own) => own.vocabulary(),
            None => builtin(),
        }
    }
}
