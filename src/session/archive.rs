//! A database in one file, to send or to keep: a plain tar archive of the files of one generation.
//!
//! The manifest comes first and says of every other file its name, its length and what identifies it, so an
//! archive cannot bring anything else: no path, no link, no name twice. What is unpacked appears under its
//! name when every byte of it has been checked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::new_files::{NewFile, NewFolder};
use crate::control::Control;
use crate::db::{Database, OpenFile, Snapshot, files_of};
use crate::error::{Error, Result};
use crate::format::manifest;
use crate::format::names::{Name, manifest_name, parse};
use crate::ids::Generation;
use crate::limits::MANIFEST_BYTES_MAX;
use crate::storage::{Access, DiskStorage, Storage};

/// Bytes between two checks of the control.
const CHUNK_BYTES: usize = 1 << 20;

/// Bytes that each entry of a tar archive is filled up to a multiple of.
const TAR_BLOCK: u64 = 512;

/// What was packed or unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveReport {
    /// The generation.
    pub generation: Generation,
    /// Its live documents.
    pub documents: u64,
    /// Files, the manifest included.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

impl ArchiveReport {
    fn of(snapshot: &Snapshot) -> Result<ArchiveReport> {
        let files = snapshot.files();
        let (_, manifest) = snapshot.manifest_file()?;
        Ok(ArchiveReport {
            generation: snapshot.generation(),
            documents: snapshot.len(),
            files: files.len() + 1,
            bytes: files.iter().map(OpenFile::len).sum::<u64>() + manifest.length,
        })
    }
}

/// Writes a snapshot to a new file, which appears whole or not at all. Writers go on meanwhile. The same
/// generation gives the same bytes.
///
/// The file is a tar archive, not compressed: documents are compressed already. Cost: each byte is read
/// twice, once for its checksum. Memory: 1 MiB.
///
/// # Errors
/// [`Error::Io`], also for a file that exists; [`Error::Corrupt`] for damage, which is not packed; those of the
/// control.
pub fn pack(snapshot: &Snapshot, path: &Path, control: &Control) -> Result<ArchiveReport> {
    let report = ArchiveReport::of(snapshot)?;
    let mut out = NewFile::create(path)?;
    let failed = out.failed();
    let (manifest, _) = snapshot.manifest_file()?;
    add(&mut out, &manifest_name(report.generation), manifest, &control.part(0, report.bytes))?
        .map_err(&failed)?;
    let mut done = manifest.len() as u64;
    for open in snapshot.files() {
        open.file.verify()?;
        let control = control.part(done, report.bytes);
        add(&mut out, open.file.name(), open.file.bytes(), &control)?.map_err(&failed)?;
        done += open.len();
    }
    // Two blocks of zeros end an archive.
    out.write_all(&[0; 2 * TAR_BLOCK as usize]).map_err(&failed)?;
    out.publish()?;
    Ok(report)
}

/// Adds a file to an archive. The outer error is the control's.
fn add(out: &mut dyn Write, name: &str, bytes: &[u8], control: &Control) -> Result<io::Result<()>> {
    let length = bytes.len() as u64;
    if let Err(error) = start(out, name, length) {
        return Ok(Err(error));
    }
    let mut done = 0;
    for chunk in bytes.chunks(CHUNK_BYTES) {
        control.check()?;
        control.report("packing", "bytes", done, length);
        if let Err(error) = out.write_all(chunk) {
            return Ok(Err(error));
        }
        done += chunk.len() as u64;
    }
    let filling = (length.next_multiple_of(TAR_BLOCK) - length) as usize;
    Ok(out.write_all([0; TAR_BLOCK as usize].get(..filling).unwrap_or_default()))
}

fn start(out: &mut dyn Write, name: &str, length: u64) -> io::Result<()> {
    // With ustar, sizes above 8 GiB have no standard place; GNU's and all that is read here have one.
    let mut header = tar::Header::new_gnu();
    header.set_path(name)?;
    header.set_size(length);
    header.set_mode(0o444);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    out.write_all(header.as_bytes())
}

/// Makes a new database of an archive that [`pack`] wrote. It appears whole, with every byte checked as
/// [`Snapshot::verify`] does, or not at all.
///
/// # Errors
/// [`Error::Input`] for what is not such an archive, with the entry that is wrong; [`Error::Corrupt`] for damage in
/// it; [`Error::Unsupported`] for a newer format; [`Error::Io`], also for a directory that exists; those of the
/// control.
pub fn unpack(archive: &Path, path: &Path, control: &Control) -> Result<ArchiveReport> {
    let name = archive.display().to_string();
    let file = File::open(archive).map_err(|error| Error::io("open", &*name, error))?;
    let folder = NewFolder::create(path)?;
    let storage = DiskStorage::open(folder.partial(), Access::Map)?;
    Unpacking { storage: &storage, archive: name, control, entry: 0 }.run(file)?;
    let report = {
        let snapshot = Database::open_in(std::sync::Arc::new(storage.clone()))
            .map_err(|error| error.within(archive))?
            .snapshot();
        snapshot.verify(control).map_err(|error| error.within(archive))?;
        ArchiveReport::of(&snapshot)?
    };
    folder.publish()?;
    Ok(report)
}

/// An archive that is being read.
struct Unpacking<'a> {
    storage: &'a dyn Storage,
    archive: String,
    control: &'a Control,
    /// The number of the entry at hand, from 1.
    entry: u64,
}

impl Unpacking<'_> {
    fn wrong(&self, detail: impl Into<String>) -> Error {
        Error::input(&*self.archive, format!("entry {}", self.entry), detail)
    }

    fn unreadable(&self, error: io::Error) -> Error {
        match error.kind() {
            // What the reader of archives says of malformed ones.
            io::ErrorKind::Other | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                self.wrong(format!("not a tar archive: {error}"))
            }
            _ => Error::io("read", &*self.archive, error),
        }
    }

    /// Writes every file to the folder, the manifest last, and syncs them.
    fn run(mut self, file: File) -> Result<()> {
        let mut archive = tar::Archive::new(BufReader::with_capacity(CHUNK_BYTES, file));
        // Raw: extended headers are entries, and none of ours.
        let mut entries = archive.entries().map_err(|error| self.unreadable(error))?.raw(true);
        self.entry = 1;
        let first = entries.next().ok_or_else(|| self.wrong("the archive is empty"))?;
        let mut first = first.map_err(|error| self.unreadable(error))?;
        let manifest_file = self.name_of(&first)?;
        if !matches!(parse(&manifest_file), Some(Name::Manifest(_))) {
            let detail = format!(
                "`{manifest_file}` is not a manifest, with which an archive of `medvec pack` begins"
            );
            return Err(self.wrong(detail));
        }
        if first.size() > MANIFEST_BYTES_MAX {
            let detail =
                format!("a manifest of {} bytes, at most {MANIFEST_BYTES_MAX}", first.size());
            return Err(self.wrong(detail));
        }
        let mut bytes = Vec::new();
        first.read_to_end(&mut bytes).map_err(|error| self.unreadable(error))?;
        if bytes.len() as u64 != first.size() {
            return Err(self.cut_short(&manifest_file));
        }
        let place = Path::new(&self.archive);
        let manifest =
            manifest::decode(&manifest_file, &bytes).map_err(|error| error.within(place))?;
        let mut missing: HashMap<String, u64> =
            files_of(&manifest).into_iter().map(|(name, seal)| (name, seal.length)).collect();
        let total = missing.values().fold(0u64, |sum, length| sum.saturating_add(*length));
        let mut done = 0u64;
        for entry in entries {
            self.entry += 1;
            let mut entry = entry.map_err(|error| self.unreadable(error))?;
            let name = self.name_of(&entry)?;
            let Some(length) = missing.remove(&name) else {
                return Err(self.wrong(format!(
                    "`{name}` is not a file that {manifest_file} names, or comes twice"
                )));
            };
            if entry.size() != length {
                let found = entry.size();
                let detail = format!("{name} has {found} bytes, not {length} as the manifest says");
                return Err(self.wrong(detail));
            }
            let control = self.control.part(done, total);
            self.write(&name, &mut entry, length, &control)?;
            done = done.saturating_add(length);
        }
        if let Some(name) = missing.keys().min() {
            self.entry += 1;
            return Err(self.wrong(format!("the archive ends before {name}")));
        }
        self.write(&manifest_file, &mut bytes.as_slice(), bytes.len() as u64, &Control::default())?;
        self.storage.sync_directory()
    }

    /// The name of an entry that is a plain file.
    fn name_of(&self, entry: &tar::Entry<'_, impl Read>) -> Result<String> {
        let path = entry.path_bytes();
        let name = String::from_utf8_lossy(&path).into_owned();
        match entry.header().entry_type() {
            tar::EntryType::Regular => Ok(name),
            _ => Err(self.wrong(format!("`{name}` is not a plain file"))),
        }
    }

    fn cut_short(&self, name: &str) -> Error {
        self.wrong(format!("the archive ends in the middle of {name}"))
    }

    fn write(
        &self,
        name: &str,
        content: &mut dyn Read,
        length: u64,
        control: &Control,
    ) -> Result<()> {
        let mut file = self.storage.create(name)?;
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut done = 0;
        loop {
            control.check()?;
            control.report("unpacking", "bytes", done, length);
            let read = content.read(&mut chunk).map_err(|error| self.unreadable(error))?;
            if read == 0 {
                break;
            }
            file.write(chunk.get(..read).unwrap_or_default())?;
            done += read as u64;
        }
        if done != length {
            return Err(self.cut_short(name));
        }
        file.sync()
    }
}
