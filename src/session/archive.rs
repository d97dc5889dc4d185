//! A database in one file, to send or to keep: a plain tar archive of the files of one generation.
//!
//! The manifest comes first and says of every other file its name, its length and what identifies it, so an
//! archive cannot bring anything else: no path, no link, no name twice. What is unpacked appears under its
//! name when every byte of it has been checked.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use super::new_files::{NewFile, NewFolder};
use crate::control::Control;
use crate::db::{Content, Database, OpenFile, Snapshot, files_of, write_content};
use crate::error::{Error, Result};
use crate::format::frame::FileSeal;
use crate::format::manifest::{self, Manifest};
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
    let (manifest, _) = snapshot.manifest_file()?;
    let first = [(manifest_name(report.generation), &manifest[..])];
    write(path, &first, &snapshot.files(), control)?;
    Ok(report)
}

/// Writes an archive: some contents under their names, then files, each checked before; returns their bytes.
///
/// # Errors
/// As [`pack`].
pub(super) fn write(
    path: &Path,
    first: &[(String, &[u8])],
    files: &[OpenFile<'_>],
    control: &Control,
) -> Result<u64> {
    let total = first.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>()
        + files.iter().map(OpenFile::len).sum::<u64>();
    let mut out = NewFile::create(path)?;
    let failed = out.failed();
    let mut done = 0;
    for (name, bytes) in first {
        add(&mut out, name, bytes, &control.part(done, total))?.map_err(&failed)?;
        done += bytes.len() as u64;
    }
    for open in files {
        open.file.verify()?;
        let control = control.part(done, total);
        add(&mut out, open.file.name(), open.file.bytes(), &control)?.map_err(&failed)?;
        done += open.len();
    }
    // Two blocks of zeros end an archive.
    out.write_all(&[0; 2 * TAR_BLOCK as usize]).map_err(&failed)?;
    out.publish()?;
    Ok(total)
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
    control.report("packing", "bytes", length, length);
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
    let opened = open(archive)?;
    let folder = NewFolder::create(path)?;
    let storage = DiskStorage::open(folder.partial(), Access::Map)?;
    unpack_into(&storage, opened, control)?;
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

/// Writes every file of an archive to a folder, the manifest last, and syncs them.
fn unpack_into(
    storage: &dyn Storage,
    (mut place, mut archive): (Place, Archive),
    control: &Control,
) -> Result<()> {
    let mut entries = place.entries(&mut archive)?;
    let first = place.next(&mut entries)?.ok_or_else(|| place.wrong("the archive is empty"))?;
    let manifest_file = place.name_of(&first)?;
    if manifest_file.starts_with(BASE) {
        let detail =
            "a delta, which brings a copy to a later generation and is not a whole database";
        return Err(place.wrong(detail));
    }
    let (manifest, bytes) = place.manifest(&manifest_file, first)?;
    let files = files_of(&manifest);
    let write_one = |name: &str, _: &FileSeal, content: Content<'_>, control: &Control| {
        write_content(storage, name, content, control)
    };
    place.files(&mut entries, (&manifest_file, files), write_one, ("unpacking", control))?;
    place.end(archive, control)?;
    let mut rest = &bytes[..];
    let mut content = |chunk: &mut [u8]| Ok(rest.read(chunk).unwrap_or_default());
    write_content(storage, &manifest_file, &mut content, &Control::default())?;
    storage.sync_directory()
}

/// What stands before the name of the manifest that a delta builds on.
pub(super) const BASE: &str = "base-";

/// A place in an archive that is being read.
pub(super) struct Place {
    pub(super) archive: String,
    /// The number of the entry at hand, from 1.
    pub(super) entry: u64,
}

/// An archive that is being read.
pub(super) type Archive = tar::Archive<BufReader<File>>;

/// Opens an archive, at its beginning.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn open(path: &Path) -> Result<(Place, Archive)> {
    let archive = path.display().to_string();
    let file = File::open(path).map_err(|error| Error::io("open", &*archive, error))?;
    let reader = BufReader::with_capacity(CHUNK_BYTES, file);
    Ok((Place { archive, entry: 0 }, tar::Archive::new(reader)))
}

/// An entry of an archive.
pub(super) type Entry<'a> = tar::Entry<'a, BufReader<File>>;

impl Place {
    pub(super) fn wrong(&self, detail: impl Into<String>) -> Error {
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

    /// The entries of an archive.
    pub(super) fn entries<'a>(
        &self,
        archive: &'a mut Archive,
    ) -> Result<tar::Entries<'a, BufReader<File>>> {
        // Raw: extended headers are entries, and none of ours.
        Ok(archive.entries().map_err(|error| self.unreadable(error))?.raw(true))
    }

    /// The next entry.
    pub(super) fn next<'a>(
        &mut self,
        entries: &mut tar::Entries<'a, BufReader<File>>,
    ) -> Result<Option<Entry<'a>>> {
        self.entry += 1;
        entries.next().transpose().map_err(|error| self.unreadable(error))
    }

    /// The manifest of an entry, under the name that it has in its database, and its bytes.
    pub(super) fn manifest(&self, name: &str, mut entry: Entry<'_>) -> Result<(Manifest, Vec<u8>)> {
        if !matches!(parse(name), Some(Name::Manifest(_))) {
            let detail = format!(
                "`{name}` is not a manifest, with which an archive of `medvec pack` begins"
            );
            return Err(self.wrong(detail));
        }
        if entry.size() > MANIFEST_BYTES_MAX {
            let detail =
                format!("a manifest of {} bytes, at most {MANIFEST_BYTES_MAX}", entry.size());
            return Err(self.wrong(detail));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| self.unreadable(error))?;
        if bytes.len() as u64 != entry.size() {
            return Err(self.cut_short(name));
        }
        let place = Path::new(&self.archive);
        let manifest = manifest::decode(name, &bytes).map_err(|error| error.within(place))?;
        Ok((manifest, bytes))
    }

    /// Hands over the files that must follow, each once, in whatever order, and nothing else.
    pub(super) fn files(
        &mut self,
        entries: &mut tar::Entries<'_, BufReader<File>>,
        (manifest_file, wanted): (&str, Vec<(String, FileSeal)>),
        mut take: impl FnMut(&str, &FileSeal, Content<'_>, &Control) -> Result<()>,
        (stage, control): (&'static str, &Control),
    ) -> Result<()> {
        let mut missing: HashMap<String, FileSeal> = wanted.into_iter().collect();
        let total = missing.values().fold(0u64, |sum, seal| sum.saturating_add(seal.length));
        let mut done = 0u64;
        while let Some(mut entry) = self.next(entries)? {
            let name = self.name_of(&entry)?;
            let Some(seal) = missing.remove(&name) else {
                return Err(self.wrong(format!(
                    "`{name}` is not a file that {manifest_file} names, or comes twice"
                )));
            };
            if entry.size() != seal.length {
                let (found, length) = (entry.size(), seal.length);
                let detail = format!("{name} has {found} bytes, not {length} as the manifest says");
                return Err(self.wrong(detail));
            }
            let control = control.part(done, total);
            let mut read = 0;
            let mut content = |chunk: &mut [u8]| {
                control.report(stage, "bytes", read, seal.length);
                let more = entry.read(chunk).map_err(|error| self.unreadable(error))?;
                read += more as u64;
                match more == 0 && read < seal.length {
                    true => Err(self.cut_short(&name)),
                    false => Ok(more),
                }
            };
            take(&name, &seal, &mut content, &control)?;
            done = done.saturating_add(seal.length);
        }
        match missing.keys().min() {
            Some(name) => Err(self.wrong(format!("the archive ends before {name}"))),
            None => Ok(()),
        }
    }

    /// Checks that nothing but zeros, which tar fills archives up with, comes after the entries.
    pub(super) fn end(&self, archive: Archive, control: &Control) -> Result<()> {
        let mut rest = archive.into_inner();
        loop {
            control.check()?;
            let bytes = match rest.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.unreadable(error)),
            };
            if bytes.iter().any(|byte| *byte != 0) {
                return Err(self.wrong("other data comes after the end of the archive"));
            }
            let length = bytes.len();
            rest.consume(length);
        }
    }

    /// The name of an entry that is a plain file.
    pub(super) fn name_of(&self, entry: &Entry<'_>) -> Result<String> {
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
}
