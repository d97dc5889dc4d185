//! Files and folders that appear whole or not at all: written under a name with `.partial` behind it, synced,
//! and renamed to one that is free, or that of the file that they replace. What is left of a failure is removed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::storage::{rename_new, rename_over, sync_folder};

/// A name that is to be taken, and the one beside it that is taken meanwhile.
struct Place {
    path: PathBuf,
    partial: PathBuf,
    /// Whether a file that is there is replaced.
    replaces: bool,
}

impl Place {
    /// # Errors
    /// [`Error::Io`] for a name that is taken, or a path that ends in none.
    fn of(path: &Path) -> Result<Place> {
        let failed = |kind: io::ErrorKind| failed("create", path)(kind.into());
        if path.symlink_metadata().is_ok() {
            return Err(failed(io::ErrorKind::AlreadyExists));
        }
        Place::taken(path, false)
    }

    /// # Errors
    /// [`Error::Io`] for a path that ends in no name.
    fn taken(path: &Path, replaces: bool) -> Result<Place> {
        let failed = |kind: io::ErrorKind| failed("create", path)(kind.into());
        let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename))?;
        // Names need not be Unicode.
        let mut partial = name.to_owned();
        partial.push(".partial");
        Ok(Place { path: path.to_owned(), partial: path.with_file_name(partial), replaces })
    }

    fn publish(&self) -> Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let [from, to]: [&OsStr; 2] =
            [&self.partial, &self.path].map(|path| path.file_name().unwrap_or_default());
        let rename = if self.replaces { rename_over } else { rename_new };
        rename(folder.unwrap_or(Path::new(".")), from, to).map_err(failed("create", &self.path))
    }
}

fn failed(operation: &'static str, path: &Path) -> impl Fn(io::Error) -> Error + use<> {
    let name = path.display().to_string();
    move |source| Error::io(operation, name.clone(), source)
}

/// A file in the making: it has its name followed by `.partial` until [`NewFile::publish`], and is removed when it is
/// dropped before that.
///
/// ```
/// use std::io::Write;
///
/// use medvec::session::NewFile;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("list.txt");
/// let mut file = NewFile::create(&path)?;
/// writeln!(file, "one line")?;
/// assert!(!path.exists());
/// file.publish()?;
/// assert_eq!(std::fs::read_to_string(&path)?, "one line\n");
/// # Ok(())
/// # }
/// ```
pub struct NewFile {
    place: Place,
    out: BufWriter<File>,
    is_published: bool,
}

impl NewFile {
    /// Begins a file under a name that must be free.
    ///
    /// # Errors
    /// [`Error::Io`], for a name that is taken at once.
    pub fn create(path: &Path) -> Result<NewFile> {
        NewFile::at(Place::of(path)?)
    }

    /// Begins a file that takes the place of the one that has its name, if there is one.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn replacing(path: &Path) -> Result<NewFile> {
        NewFile::at(Place::taken(path, true)?)
    }

    fn at(place: Place) -> Result<NewFile> {
        let file = File::options().write(true).create_new(true).open(&place.partial);
        let file = file.map_err(failed("create", &place.partial))?;
        Ok(NewFile { place, out: BufWriter::new(file), is_published: false })
    }

    /// Names the file in what went wrong with it.
    pub fn failed(&self) -> impl Fn(io::Error) -> Error + use<> {
        failed("write", &self.place.path)
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn publish(mut self) -> Result<()> {
        let synced = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        synced.map_err(self.failed())?;
        self.place.publish()?;
        self.is_published = true;
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_published {
            // What cannot be removed stays under a name that says what it is.
            let _ = fs::remove_file(&self.place.partial);
        }
    }
}

/// A folder in the making.
pub(super) struct NewFolder {
    place: Place,
    is_published: bool,
}

impl NewFolder {
    /// # Errors
    /// As [`NewFile::create`].
    pub(super) fn create(path: &Path) -> Result<NewFolder> {
        let place = Place::of(path)?;
        fs::create_dir(&place.partial).map_err(failed("create", &place.partial))?;
        Ok(NewFolder { place, is_published: false })
    }

    /// Where it is until it is published.
    pub(super) fn partial(&self) -> &Path {
        &self.place.partial
    }

    /// A file in it, with the folders that its name has; `write` fills it.
    ///
    /// # Errors
    /// [`Error::Io`]; those of `write`.
    pub(super) fn file<T>(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>, &dyn Fn(io::Error) -> Error) -> Result<T>,
    ) -> Result<T> {
        let path = self.place.partial.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed("create", folder))?;
        }
        let file = File::options().write(true).create_new(true).open(&path);
        let mut out = BufWriter::new(file.map_err(failed("create", &path))?);
        let failed = failed("write", &self.place.path.join(name));
        let value = write(&mut out, &failed)?;
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(&failed)?;
        Ok(value)
    }

    /// Gives the folder its name, once the names of all that is in it are durable.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn publish(mut self) -> Result<()> {
        sync_folders(&self.place.partial).map_err(failed("sync", &self.place.partial))?;
        self.place.publish()?;
        self.is_published = true;
        Ok(())
    }
}

/// Makes the names in a folder durable, and those in the folders in it.
fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if !self.is_published {
            let _ = fs::remove_dir_all(&self.place.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_appear_with_their_content_and_never_replace() {
        let at = tempfile::tempdir().unwrap();
        let (file, folder) = (at.path().join("a.npy"), at.path().join("set"));
        let names = || fs::read_dir(at.path()).unwrap().count();
        let mut one = NewFile::create(&file).unwrap();
        one.write_all(b"content").unwrap();
        // A second one meanwhile is refused, and leaves the first alone.
        assert!(NewFile::create(&file).err().unwrap().to_string().contains("a.npy.partial"));
        assert!(!file.exists());
        one.publish().unwrap();
        assert_eq!((fs::read(&file).unwrap(), names()), (b"content".to_vec(), 1));
        assert!(NewFile::create(&file).err().unwrap().to_string().contains("a.npy"));
        let mut other = NewFile::replacing(&file).unwrap();
        other.write_all(b"other").unwrap();
        assert_eq!((fs::read(&file).unwrap(), names()), (b"content".to_vec(), 2));
        other.publish().unwrap();
        assert_eq!((fs::read(&file).unwrap(), names()), (b"other".to_vec(), 1));

        let set = NewFolder::create(&folder).unwrap();
        let write = |out: &mut BufWriter<File>, failed: &dyn Fn(io::Error) -> Error| {
            out.write_all(b"x").map_err(failed)
        };
        set.file("in/side", write).unwrap();
        set.publish().unwrap();
        assert_eq!(fs::read(folder.join("in/side")).unwrap(), b"x");
        assert!(NewFolder::create(&folder).is_err() && names() == 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_need_not_be_unicode() {
        use std::os::unix::ffi::OsStrExt;
        let at = tempfile::tempdir().unwrap();
        let path = at.path().join(OsStr::from_bytes(b"caf\xe9.jsonl"));
        let mut file = NewFile::create(&path).unwrap();
        file.write_all(b"content").unwrap();
        file.publish().unwrap();
        let names: Vec<_> =
            fs::read_dir(at.path()).unwrap().map(|one| one.unwrap().path()).collect();
        assert_eq!((fs::read(&path).unwrap(), names), (b"content".to_vec(), vec![path]));
    }

    #[test]
    fn what_is_given_up_or_comes_too_late_leaves_nothing() {
        let at = tempfile::tempdir().unwrap();
        let names = || fs::read_dir(at.path()).unwrap().count();
        drop(NewFile::create(&at.path().join("a")).unwrap());
        drop(NewFolder::create(&at.path().join("b")).unwrap());
        assert_eq!(names(), 0);
        let late = NewFile::create(&at.path().join("a")).unwrap();
        fs::write(at.path().join("a"), "first").unwrap();
        assert!(late.publish().is_err());
        assert_eq!((fs::read(at.path().join("a")).unwrap(), names()), (b"first".to_vec(), 1));
    }
}
