//! One file of a model: fetched into `<digest>.part`, checked, renamed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha1::Sha1;
use sha2::Sha256;
use sha2::digest::Digest as _;

use super::files::{Digest, RemoteFile};
use crate::control::Control;
use crate::error::Result;
use crate::fetch::{Client, Failure, Part, Retry};
use crate::format::content::hexadecimal;

/// A connection that breaks off is taken up again, a server that does not answer is not: somebody waits.
pub(super) const RETRY: Retry = Retry { attempts: 5, first_attempts: 1, pause: Duration::ZERO };

/// Where a file is while it is fetched.
pub(super) fn part_path(blobs: &Path, file: &RemoteFile) -> PathBuf {
    blobs.join(format!("{}.part", file.digest.hex()))
}

/// Whether a file is at this path, of the length that it must have: a copy may have been cut.
pub(super) fn is_there(path: &Path, file: &RemoteFile) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == file.size)
}

/// Bytes of a file that are still to be fetched.
pub(super) fn missing(blobs: &Path, file: &RemoteFile) -> u64 {
    if is_there(&blobs.join(file.digest.hex()), file) {
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
    if is_there(&target, file) {
        return Ok(());
    }
    let mut part = Part::open(&part_path(blobs, file), &file.path)?;
    part.fetch(client, url, Some(file.size), &RETRY, control, &mut |bytes, _| done(bytes))?;
    let found = digest(&mut part, file, control)?;
    if found != file.digest.hex() {
        part.remove()?;
        return Err(Failure::Detail(format!(
            "{} has the checksum {found}, expected {}: it was damaged on its way and is removed; try \
             again",
            file.path,
            file.digest.hex()
        )));
    }
    Ok(part.publish(&target)?)
}

/// The checksum of a whole file, as the server counts it.
fn digest(part: &mut Part, file: &RemoteFile, control: &Control) -> Result<String> {
    let (mut sha256, mut sha1) = (Sha256::new(), Sha1::new());
    sha1.update(format!("blob {}\0", file.size));
    let is_git = matches!(file.digest, Digest::Git(_));
    part.hash(control, |bytes| match is_git {
        true => sha1.update(bytes),
        false => sha256.update(bytes),
    })?;
    Ok(if is_git { hexadecimal(&sha1.finalize()) } else { hexadecimal(&sha256.finalize()) })
}
