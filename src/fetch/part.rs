//! A file that grows under a name of its own until it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::{Client, Trouble};
use crate::control::Control;
use crate::error::{Error, Result};

/// Bytes between two looks at the control.
const PIECE_BYTES: usize = 64 * 1024;

/// Longest sleep between two looks at the control.
const NAP: Duration = Duration::from_millis(100);

/// Longest pause before another attempt.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Why a file was not fetched.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library's error.
    Library(Error),
    /// In words, without the name of what was fetched for.
    Detail(String),
    /// The network's or the server's doing: fetching by hand may help.
    Network {
        /// What was asked for.
        url: String,
        /// What it came to.
        trouble: Trouble,
    },
    /// The same, in words.
    Broken(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Library(error)
    }
}

/// How often a server is asked again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    /// Attempts in a row that bring nothing, before it is given up.
    pub(crate) attempts: u32,
    /// The same before the first byte.
    pub(crate) first_attempts: u32,
    /// The pause after the first of them; each further pause is twice as long, up to a minute.
    pub(crate) pause: Duration,
}

impl Retry {
    /// Waits after so many attempts in a row that brought nothing.
    ///
    /// # Errors
    /// Those of the control.
    fn wait(&self, failed: u32, control: &Control) -> Result<()> {
        let doubled = |failed: u32| self.pause.saturating_mul(1 << (failed - 1).min(16));
        let mut left = if failed == 0 { Duration::ZERO } else { doubled(failed).min(PAUSE_MAX) };
        while !left.is_zero() {
            control.check()?;
            let nap = left.min(NAP);
            std::thread::sleep(nap);
            left -= nap;
        }
        control.check()
    }

    /// Asks for a short answer, again where the trouble may pass.
    ///
    /// # Errors
    /// The last trouble; those of the control.
    pub(crate) fn bytes(
        &self,
        client: &Client,
        url: &str,
        control: &Control,
    ) -> Result<Vec<u8>, Failure> {
        let mut failed = 0;
        loop {
            control.check()?;
            match client.bytes(url) {
                Ok(bytes) => return Ok(bytes),
                Err(trouble) => {
                    failed += 1;
                    if failed >= self.first_attempts || !trouble.is_passing() {
                        return Err(Failure::Network { url: url.to_owned(), trouble });
                    }
                    self.wait(failed, control)?;
                }
            }
        }
    }
}

/// A file in the making, which one process at a time can add to.
pub(crate) struct Part {
    path: PathBuf,
    /// What refusals call it.
    name: String,
    file: File,
}

enum Broken {
    /// The connection broke off: worth another try.
    Off(String),
    Failure(Failure),
    Disk(io::Error),
}

impl Part {
    /// Opens what an earlier try left, or begins anew. `name` is what refusals call the file.
    ///
    /// # Errors
    /// [`Error::Io`]; another process is at it.
    pub(crate) fn open(path: &Path, name: &str) -> Result<Part, Failure> {
        let failed = |error| Error::io("create", path.display().to_string(), error);
        loop {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false).open(path);
            let file = file.map_err(failed)?;
            if file.try_lock().is_err() {
                return Err(Failure::Detail(format!("another process is fetching {name}")));
            }
            // Another one may have published it between the two.
            if is_at(&file, path).map_err(failed)? {
                return Ok(Part { path: path.to_owned(), name: name.to_owned(), file });
            }
        }
    }

    fn failed(&self, operation: &'static str) -> impl Fn(io::Error) -> Error + use<> {
        let path = self.path.display().to_string();
        move |error| Error::io(operation, path.clone(), error)
    }

    /// Bytes that are there.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn length(&self) -> Result<u64> {
        Ok(self.file.metadata().map_err(self.failed("inspect"))?.len())
    }

    /// Adds what is missing, going on where an earlier try ended. `size` is what the file must have, where that is
    /// known; else the server says, and a connection that ends is the end. `done` gets the bytes that are there, and
    /// of how many, after every piece.
    ///
    /// # Errors
    /// [`Failure`]; what came stays.
    pub(crate) fn fetch(
        &mut self,
        client: &Client,
        url: &str,
        size: Option<u64>,
        retry: &Retry,
        control: &Control,
        done: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), Failure> {
        let mut failed = 0;
        loop {
            let length = self.length()?;
            if size.is_some_and(|size| length > size) {
                self.clear()?;
                continue;
            }
            if size == Some(length) {
                return Ok(());
            }
            let broken = match self.append(client, url, length, size, retry, control, done) {
                Ok(()) if size.is_none() => return Ok(()),
                Ok(()) => continue,
                Err(Broken::Off(detail)) => detail,
                Err(Broken::Failure(failure)) => return Err(failure),
                Err(Broken::Disk(error)) => return Err(self.failed("write")(error).into()),
            };
            let now = self.length()?;
            failed = if now > length { 0 } else { failed + 1 };
            let attempts = if now == 0 { retry.first_attempts } else { retry.attempts };
            if failed >= attempts.max(1) {
                let of = size.map(|size| format!(" of {size}")).unwrap_or_default();
                return Err(Failure::Broken(format!(
                    "{url} broke off after {now}{of} bytes ({broken}); what is there is kept, and the \
                     next try goes on from it"
                )));
            }
            retry.wait(failed, control)?;
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn append(
        &mut self,
        client: &Client,
        url: &str,
        length: u64,
        size: Option<u64>,
        retry: &Retry,
        control: &Control,
        done: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), Broken> {
        let body = client.file(url, length).map_err(|trouble| match trouble {
            Trouble::Network(detail) => Broken::Off(detail),
            status if status.is_passing() && !retry.pause.is_zero() => {
                Broken::Off(status.to_string())
            }
            trouble => Broken::Failure(Failure::Network { url: url.to_owned(), trouble }),
        })?;
        let wanted = size.or(body.size);
        self.file.set_len(body.start).map_err(Broken::Disk)?;
        self.file.seek(SeekFrom::Start(body.start)).map_err(Broken::Disk)?;
        let (mut reader, mut piece, mut place) = (body.reader, vec![0; PIECE_BYTES], body.start);
        // One byte more than promised shows that it is another file.
        while wanted.is_none_or(|wanted| place <= wanted) {
            control.check().map_err(|error| Broken::Failure(error.into()))?;
            let count = match reader.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Broken::Off(error.to_string())),
            };
            self.file.write_all(piece.get(..count).unwrap_or_default()).map_err(Broken::Disk)?;
            place += count as u64;
            done(wanted.map_or(place, |wanted| place.min(wanted)), wanted);
        }
        match wanted {
            Some(wanted) if place > wanted => {
                let _ = self.file.set_len(0);
                let detail = format!("{} is longer than the {wanted} bytes announced", self.name);
                Err(Broken::Failure(Failure::Detail(detail)))
            }
            Some(wanted) if place < wanted => Err(Broken::Off("the connection ended".into())),
            _ => Ok(()),
        }
    }

    /// Reads what is there from front to back.
    ///
    /// # Errors
    /// [`Error::Io`]; those of the control.
    pub(crate) fn hash(&mut self, control: &Control, mut add: impl FnMut(&[u8])) -> Result<()> {
        self.file.seek(SeekFrom::Start(0)).map_err(self.failed("read"))?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            control.check()?;
            match self.file.read(&mut piece).map_err(self.failed("read"))? {
                0 => return Ok(()),
                count => add(piece.get(..count).unwrap_or_default()),
            }
        }
    }

    /// Forgets what came.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn clear(&mut self) -> Result<()> {
        self.file.set_len(0).map_err(self.failed("shorten"))
    }

    /// Puts these bytes in place of what came.
    ///
    /// # Errors
    /// [`Error::Io`].
    #[cfg(feature = "session")]
    pub(crate) fn replace(&mut self, bytes: &[u8]) -> Result<()> {
        self.clear()?;
        let written = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(bytes));
        written.map_err(self.failed("write"))
    }

    /// Removes the file.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn remove(self) -> Result<()> {
        let failed = self.failed("remove");
        drop(self.file);
        fs::remove_file(&self.path).map_err(failed)
    }

    /// Makes what came durable, and gives it its name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn publish(self, target: &Path) -> Result<()> {
        self.file.sync_all().map_err(self.failed("sync"))?;
        let failed = self.failed("rename");
        // Locked until it has its name, but for systems that rename no file that is open.
        let file = cfg!(unix).then_some(self.file);
        let renamed = rename(&self.path, target).map_err(failed);
        drop(file);
        renamed
    }
}

/// Whether a path leads to an open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let own = file.metadata()?;
    match fs::metadata(path) {
        Ok(found) => Ok((found.dev(), found.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The file is closed before it is renamed, and cannot be while this one is open.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

/// A file that was checked may replace one of its name: that one was fetched before, or is damaged.
#[allow(clippy::disallowed_methods)]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_published_is_not_added_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let (partial, whole) = (folder.path().join("a.partial"), folder.path().join("a"));
        for _ in 0..200 {
            let first = Part::open(&partial, "a").unwrap_or_else(|failure| panic!("{failure:?}"));
            (&first.file).write_all(b"whole").expect("writes");
            let others = std::thread::scope(|scope| {
                let other = || (0..40).filter_map(|_| Part::open(&partial, "a").ok()).next();
                let others: Vec<_> = (0..2).map(|_| scope.spawn(other)).collect();
                first.publish(&whole).expect("publishes");
                others.into_iter().map(|other| other.join().expect("no panic")).collect::<Vec<_>>()
            });
            for mut part in others.into_iter().flatten() {
                part.clear().expect("clears");
            }
            assert_eq!(fs::read(&whole).expect("reads"), b"whole");
        }
    }
}
