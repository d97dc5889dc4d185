//! One file of a model: fetched into `<digest>.part`, checked, renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::Digest as _;

use super::files::{Digest, RemoteFile};
use super::http::{Client, Trouble};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::format::content::hexadecimal;

/// Bytes between two looks at the control.
const PIECE_BYTES: usize = 64 * 1024;

/// Times that a connection which breaks off is taken up again, as long as each brings something.
const ATTEMPTS: u32 = 5;

/// Why a file was not fetched.
pub(super) enum Failure {
    /// The library's error.
    Library(Error),
    /// In words, without the model's name.
    Detail(String),
    /// The network's or the server's doing: fetching by hand may help.
    Network(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Library(error)
    }
}

/// Where a file is while it is fetched.
pub(super) fn part_path(blobs: &Path, file: &RemoteFile) -> PathBuf {
    blobs.join(format!("{}.part", file.digest.hex()))
}

/// Bytes of a file that are still to be fetched.
pub(super) fn missing(blobs: &Path, file: &RemoteFile) -> u64 {
    if blobs.join(file.digest.hex()).is_file() {
        return 0;
    }
    let part = fs::metadata(part_path(blobs, file)).map_or(0, |part| part.len());
    file.size.saturating_sub(part)
}

/// Puts a file into `blobs`, going on where an earlier try ended; `done` gets the bytes of every piece.
///
/// Nobody finds it under its name before its length and its checksum are right.
pub(super) fn fetch(
    client: &Client,
    url: &str,
    blobs: &Path,
    file: &RemoteFile,
    control: &Control,
    done: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let target = blobs.join(file.digest.hex());
    if target.is_file() {
        return Ok(());
    }
    let path = part_path(blobs, file);
    let failed = |operation, error| Error::io(operation, path.display().to_string(), error);
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut part = opened.map_err(|error| failed("create", error))?;
    if part.try_lock().is_err() {
        let detail = format!("another process is fetching {}", file.path);
        return Err(Failure::Detail(detail));
    }
    let mut attempts = 0;
    loop {
        let length = part.seek(SeekFrom::End(0)).map_err(|error| failed("inspect", error))?;
        if length == file.size {
            break;
        }
        if length > file.size {
            part.set_len(0).map_err(|error| failed("shorten", error))?;
            continue;
        }
        let broken = match append(client, url, &mut part, length, file, control, done) {
            Ok(()) => continue,
            Err(Broken::Off(detail)) => detail,
            Err(Broken::Failure(failure)) => return Err(failure),
            Err(Broken::Disk(error)) => return Err(failed("write", error).into()),
        };
        let now = part.metadata().map_err(|error| failed("inspect", error))?.len();
        attempts = if now > length { 0 } else { attempts + 1 };
        if attempts == ATTEMPTS || now == 0 {
            return Err(Failure::Network(format!(
                "{url} broke off after {now} of {} bytes ({broken}); what is there is kept, and \
                 the next try goes on from it",
                file.size
            )));
        }
    }
    let found = digest(&mut part, file, control).map_err(|error| match error {
        Checked::Disk(error) => Failure::Library(failed("read", error)),
        Checked::Stopped(error) => Failure::Library(error),
    })?;
    if found != file.digest.hex() {
        drop(part);
        fs::remove_file(&path).map_err(|error| failed("remove", error))?;
        return Err(Failure::Detail(format!(
            "{} has the checksum {found}, expected {}: it was damaged on its way and is removed; try \
             again",
            file.path,
            file.digest.hex()
        )));
    }
    part.sync_all().map_err(|error| failed("sync", error))?;
    drop(part);
    rename(&path, &target).map_err(|error| failed("rename", error))?;
    Ok(())
}

/// A file named by its content can only be replaced by its like.
#[allow(clippy::disallowed_methods)]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

enum Broken {
    /// The connection broke off: worth another try.
    Off(String),
    Failure(Failure),
    Disk(io::Error),
}

fn append(
    client: &Client,
    url: &str,
    part: &mut File,
    length: u64,
    file: &RemoteFile,
    control: &Control,
    done: &mut dyn FnMut(u64),
) -> Result<(), Broken> {
    let body = client.file(url, length).map_err(|trouble| match trouble {
        Trouble::Network(detail) => Broken::Off(detail),
        status => Broken::Failure(Failure::Network(format!("{url}: {status}"))),
    })?;
    part.set_len(body.start).map_err(Broken::Disk)?;
    part.seek(SeekFrom::Start(body.start)).map_err(Broken::Disk)?;
    // One byte more than promised shows that it is another file.
    let mut reader = body.reader.take((file.size - body.start).saturating_add(1));
    let (mut piece, mut place) = (vec![0; PIECE_BYTES], body.start);
    while place <= file.size {
        control.check().map_err(|error| Broken::Failure(error.into()))?;
        let count = match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Broken::Off(error.to_string())),
        };
        part.write_all(piece.get(..count).unwrap_or_default()).map_err(Broken::Disk)?;
        place += count as u64;
        done(place.min(file.size));
    }
    if place > file.size {
        let _ = part.set_len(0);
        let detail = format!("{} is longer than the {} bytes announced", file.path, file.size);
        return Err(Broken::Failure(Failure::Detail(detail)));
    }
    match place == file.size {
        true => Ok(()),
        false => Err(Broken::Off("the connection ended".into())),
    }
}

enum Checked {
    Disk(io::Error),
    Stopped(Error),
}

/// The checksum of a whole file, as the server counts it.
fn digest(part: &mut File, file: &RemoteFile, control: &Control) -> Result<String, Checked> {
    part.seek(SeekFrom::Start(0)).map_err(Checked::Disk)?;
    let (mut sha256, mut sha1) = (Sha256::new(), Sha1::new());
    sha1.update(format!("blob {}\0", file.size));
    let is_git = matches!(file.digest, Digest::Git(_));
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        control.check().map_err(Checked::Stopped)?;
        let count = part.read(&mut piece).map_err(Checked::Disk)?;
        if count == 0 {
            break;
        }
        let bytes = piece.get(..count).unwrap_or_default();
        match is_git {
            true => sha1.update(bytes),
            false => sha256.update(bytes),
        }
    }
    Ok(if is_git { hexadecimal(&sha1.finalize()) } else { hexadecimal(&sha256.finalize()) })
}
