//! A teacher's vectors while they are made: what an interrupted run leaves, and where the next one goes on.
//!
//! `NAME.npy.begun` beside the cache begins with a line that tells teacher and passages. Batches follow in any order: the
//! batch's number and the CRC-32C of its bytes (`u32` each), then for each passage a byte, 1 where it has a vector, and
//! the vector's numbers (`f32`; zeros where there is none).

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest as _, Sha256};

use crate::encoder::EncoderSpec;
use crate::error::{Error, Result};
use crate::format::content::hexadecimal;

/// Bytes of a batch's number and checksum.
const HEAD_BYTES: u64 = 8;

/// Vectors of texts; `None` for one that has none.
pub(super) type Made = Vec<Option<Vec<f32>>>;

/// The open file.
pub(super) struct Begun {
    path: PathBuf,
    file: Mutex<File>,
}

/// A batch by its number.
pub(super) type Batch = (usize, Made);

impl Begun {
    /// Opens the file of the cache at `cache`, and reads the batches that an earlier run left of this teacher and these
    /// batches of passages. What is neither is cut off.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn open(
        cache: &Path,
        teacher: &EncoderSpec,
        batches: &[Vec<&str>],
    ) -> Result<(Begun, Vec<Batch>)> {
        let path = beside(cache);
        let failed = |source| Error::io("write", path.display().to_string(), source);
        let heading = heading(teacher, batches);
        let mut file =
            File::options().read(true).append(true).create(true).open(&path).map_err(failed)?;
        let (mut kept, mut whole) = (Vec::new(), 0);
        let mut reader = BufReader::new(&file);
        let mut line = String::new();
        // Of a file that is something else, no more is read than a heading has.
        let mut first = reader.by_ref().take(heading.len() as u64);
        if first.read_line(&mut line).is_ok() && line == heading {
            whole = heading.len() as u64;
            while let Some((batch, bytes)) = read(&mut reader, teacher.dimension as usize, batches)
            {
                kept.push(batch);
                whole += bytes;
            }
        }
        file.set_len(whole).map_err(failed)?;
        if whole == 0 {
            file.write_all(heading.as_bytes()).map_err(failed)?;
        }
        Ok((Begun { path, file: Mutex::new(file) }, kept))
    }

    /// Adds a batch.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn add(&self, place: usize, made: &Made, dimension: usize) -> Result<()> {
        let mut bytes = Vec::with_capacity(made.len() * passage_bytes(dimension));
        for vector in made {
            bytes.push(u8::from(vector.is_some()));
            let numbers = vector.iter().flatten().copied().chain(std::iter::repeat(0.0));
            bytes.extend(numbers.take(dimension).flat_map(f32::to_le_bytes));
        }
        let mut record = (place as u32).to_le_bytes().to_vec();
        record.extend(crc32c::crc32c(&bytes).to_le_bytes());
        record.extend(bytes);
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let written = file.write_all(&record);
        written.map_err(|source| Error::io("write", self.path.display().to_string(), source))
    }
}

/// Removes the file, once the cache is whole.
pub(super) fn remove(cache: &Path) {
    // A leftover costs its bytes alone: it is of passages that the cache has.
    let _ = fs::remove_file(beside(cache));
}

fn beside(cache: &Path) -> PathBuf {
    let mut name = cache.as_os_str().to_owned();
    name.push(".begun");
    name.into()
}

/// What is embedded by what.
fn heading(teacher: &EncoderSpec, batches: &[Vec<&str>]) -> String {
    let mut hash = Sha256::new();
    hash.update(teacher.fingerprint().0);
    for text in batches.iter().flatten() {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    format!("medvec distill 1 {}\n", hexadecimal(&hash.finalize()))
}

fn passage_bytes(dimension: usize) -> usize {
    1 + dimension * size_of::<f32>()
}

/// The next batch and its bytes; `None` where none is whole.
fn read(
    reader: &mut BufReader<&File>,
    dimension: usize,
    batches: &[Vec<&str>],
) -> Option<(Batch, u64)> {
    let mut number = || {
        let mut bytes = [0; 4];
        reader.read_exact(&mut bytes).ok()?;
        Some(u32::from_le_bytes(bytes))
    };
    let (place, crc) = (number()? as usize, number()?);
    let mut bytes = vec![0; batches.get(place)?.len() * passage_bytes(dimension)];
    reader.read_exact(&mut bytes).ok()?;
    if crc32c::crc32c(&bytes) != crc {
        return None;
    }
    let vector = |passage: &[u8]| {
        let (has, numbers) = passage.split_first()?;
        let (numbers, _) = numbers.as_chunks::<4>();
        (*has == 1).then(|| numbers.iter().copied().map(f32::from_le_bytes).collect())
    };
    let made = bytes.chunks_exact(passage_bytes(dimension)).map(vector).collect();
    Some(((place, made), HEAD_BYTES + bytes.len() as u64))
}
