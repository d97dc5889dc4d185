//! Fetches models into the cache.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::blob;
use super::files::{self, RemoteFile};
use super::{Hub, ModelName};
use crate::control::Control;
use crate::error::{Error, Result};
use crate::fetch::{Client, Failure, Trouble};
use crate::storage::free_bytes;

/// Room that is left on the disk beside a model, in bytes.
const ROOM_BYTES: u64 = 64 << 20;

/// How a model is fetched.
#[derive(Clone, Debug, Default)]
pub struct DownloadOptions {
    /// Most bytes to fetch; `None` for as many as the disk has room for.
    pub budget: Option<u64>,
    /// Deadline and cancel token; heeded between pieces of 64 KiB and, when a server falls silent,
    /// within half a minute.
    pub control: Control,
}

/// How far a download is.
#[derive(Clone, Debug)]
pub struct DownloadProgress<'a> {
    /// The file at hand.
    pub file: &'a str,
    /// Bytes fetched, those of earlier tries included.
    pub bytes: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
}

impl Hub {
    /// Fetches a model into the cache and gives its folder, as [`Hub::find`] does; files that are there
    /// are not fetched again, and one that broke off goes on where it ended.
    ///
    /// Every file is checked against the checksum that the server announced (SHA-256, or git's SHA-1
    /// for small files) before it gets its name, and the model can be found only when it is whole.
    ///
    /// # Errors
    /// [`Error::Encoder`] when the cache is offline, the server cannot be reached, has no such model,
    /// or sends something else than it announced, and when the model is larger than the budget or the
    /// room on the disk; it says what to fetch by hand. [`Error::Io`], [`Error::Cancelled`],
    /// [`Error::DeadlineExceeded`].
    pub fn download(
        &self,
        model: &ModelName,
        options: &DownloadOptions,
        progress: &mut dyn FnMut(&DownloadProgress<'_>),
    ) -> Result<PathBuf> {
        self.fetch(model, options, progress).map_err(|failure| self.error(model, failure))
    }

    /// As [`Hub::download`], for a model that may be in the cache already: where the server cannot be
    /// asked for a newer commit, or gives none, the folder that is there is given, and why in words.
    /// Nothing is asked about a model that is there and whose revision is a commit.
    ///
    /// # Errors
    /// As [`Hub::download`].
    pub fn refresh(
        &self,
        model: &ModelName,
        options: &DownloadOptions,
        progress: &mut dyn FnMut(&DownloadProgress<'_>),
    ) -> Result<(PathBuf, Option<String>)> {
        let found = self.find(model).ok();
        let is_commit = files::is_hex(model.revision(), 40);
        match (found, is_commit) {
            (Some(folder), true) => Ok((folder, None)),
            (found, _) => match (self.fetch(model, options, progress), found) {
                (Ok(folder), _) => Ok((folder, None)),
                (Err(Failure::Library(error)), _) => Err(error),
                (Err(failure), Some(folder)) => Ok((folder, Some(said(&failure)))),
                (Err(failure), None) => Err(self.error(model, failure)),
            },
        }
    }

    fn error(&self, model: &ModelName, failure: Failure) -> Error {
        let detail = match failure {
            Failure::Library(error) => return error,
            Failure::Detail(detail) => detail,
            failure => format!("{}; {}", said(&failure), self.by_hand(model)),
        };
        Error::Encoder { name: model.name().to_owned(), detail }
    }

    fn fetch(
        &self,
        model: &ModelName,
        options: &DownloadOptions,
        progress: &mut dyn FnMut(&DownloadProgress<'_>),
    ) -> Result<PathBuf, Failure> {
        if self.is_offline {
            let detail = "downloads are switched off (HF_HUB_OFFLINE)".to_owned();
            return Err(Failure::Broken(detail));
        }
        options.control.check()?;
        let client = Client::new(self.token.clone(), false);
        let revision = model.revision().replace('/', "%2F");
        let url =
            format!("{}/api/models/{}/revision/{revision}?blobs=true", self.endpoint, model.name());
        let answer = blob::RETRY.bytes(&client, &url, &options.control)?;
        let answer = serde_json::from_slice(&answer)
            .map_err(|error| Failure::Broken(format!("{url}: its answer is not JSON ({error})")))?;
        let (commit, files) = files::read(&answer).map_err(Failure::Detail)?;
        let root = self.folder(model);
        let blobs = root.join("blobs");
        create_folder(&blobs)?;
        check_room(&blobs, &files, options)?;
        let bytes_total = files.iter().map(|file| file.size).sum();
        let mut before = 0;
        for file in &files {
            let url = format!("{}/{}/resolve/{commit}/{}", self.endpoint, model.name(), file.path);
            let mut report = |bytes: u64| {
                let bytes = before + bytes;
                progress(&DownloadProgress { file: &file.path, bytes, bytes_total });
            };
            blob::fetch(&client, &url, &blobs, file, &options.control, &mut report)?;
            before += file.size;
        }
        let snapshot = root.join("snapshots").join(&commit);
        for file in &files {
            link(&blobs, &snapshot, file)?;
        }
        name_revision(&root, model.revision(), &commit)?;
        Ok(snapshot)
    }
}

/// What went wrong, as Hugging Face means it.
fn said(failure: &Failure) -> String {
    match failure {
        Failure::Library(error) => error.to_string(),
        Failure::Detail(detail) | Failure::Broken(detail) => detail.clone(),
        Failure::Network { url, trouble: Trouble::Status(status) } if status.as_u16() == 404 => {
            format!("{url}: there is no such file or model (404)")
        }
        Failure::Network { url, trouble: Trouble::Status(status) }
            if matches!(status.as_u16(), 401 | 403) =>
        {
            format!(
                "{url}: it is not open to everybody ({status}): accept its terms on its page, and give your token \
                 as HF_TOKEN"
            )
        }
        Failure::Network { url, trouble } => format!("{url}: {trouble}"),
    }
}

/// Refuses a model that the budget or the disk has no room for.
fn check_room(
    blobs: &Path,
    files: &[RemoteFile],
    options: &DownloadOptions,
) -> Result<(), Failure> {
    let needed: u64 = files.iter().map(|file| blob::missing(blobs, file)).sum();
    if let Some(budget) = options.budget.filter(|budget| needed > *budget) {
        let detail = format!("{needed} bytes are to be fetched, the budget is {budget}");
        return Err(Failure::Detail(detail));
    }
    match free_bytes(blobs) {
        Some(free) if needed > 0 && needed.saturating_add(ROOM_BYTES) > free => {
            Err(Failure::Detail(format!(
                "{needed} bytes are to be fetched, but {} has only {free} free: make room, or put \
                 the cache elsewhere with HF_HUB_CACHE",
                blobs.display()
            )))
        }
        _ => Ok(()),
    }
}

fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(|error| Error::io("create", path.display().to_string(), error))
}

/// Makes a file of the snapshot: a link into `blobs`, or, where the file system has none, the file
/// itself, as the Python library does it.
fn link(blobs: &Path, snapshot: &Path, file: &RemoteFile) -> Result<()> {
    let path = snapshot.join(&file.path);
    if blob::is_there(&path, file) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let failed = |error| Error::io("link", path.display().to_string(), error);
    let depth = file.path.split('/').count();
    let mut target: PathBuf = std::iter::repeat_n("..", depth + 1).collect();
    target.push("blobs");
    target.push(file.digest.hex());
    // A link that points to nothing is a leftover, and so is a file of another length.
    if path.symlink_metadata().is_ok() {
        fs::remove_file(&path).map_err(failed)?;
    }
    match symlink(&target, &path) {
        Ok(()) => Ok(()),
        Err(_) => {
            let mut part = path.clone().into_os_string();
            part.push(".part");
            fs::copy(blobs.join(file.digest.hex()), &part).map_err(failed)?;
            rename(Path::new(&part), &path).map_err(failed)
        }
    }
}

/// What is copied appears whole.
#[allow(clippy::disallowed_methods)] // Nothing has the name: it was looked for.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

#[cfg(unix)]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Writes `refs/<revision>`: from now on the model is found by it.
#[allow(clippy::disallowed_methods)] // The name of a commit may replace that of an older one.
fn name_revision(root: &Path, revision: &str, commit: &str) -> Result<()> {
    if revision == commit {
        return Ok(());
    }
    let path = root.join("refs").join(revision);
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let failed = |error| Error::io("write", path.display().to_string(), error);
    let temporary = path.with_extension("part");
    fs::write(&temporary, commit).map_err(failed)?;
    fs::rename(&temporary, &path).map_err(failed)
}
