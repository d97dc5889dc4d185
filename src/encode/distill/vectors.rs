//! Passages with the teacher's vectors, and their cache on disk.
//!
//! A cache is two files: `NAME.npy`, one row for each passage (float32 or float16, as NumPy writes
//! them), and `NAME.jsonl`, the passages in the same order as `{"text": ...}`. Encoding is the slow
//! part of distilling, so a second fit takes minutes where the first took the better part of an
//! hour; and vectors that were made elsewhere can be used by writing the two files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::begun::{Begun, Made};
use super::progress::Progress;
use crate::control::Control;
use crate::encoder::{Encoder, EncoderInput, call};
use crate::error::{Error, Result};
use crate::kernel::cosine;
use crate::kernel::quantize::f32_from_f16;
use crate::limits::DIMENSION_MAX;
use crate::parallel;

/// Passages of one call of the teacher.
const BATCH: usize = 64;

/// Passages whose vectors are compared with a teacher's.
const COMPARED: usize = 16;

/// Least median cosine of vectors of one teacher: int8 against single precision has 0.998.
const SAME_COSINE: f64 = 0.98;

/// First bytes of an NPY file.
const NPY_MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Passages and their vectors.
#[derive(Debug)]
pub(super) struct Taught {
    pub(super) passages: Vec<String>,
    pub(super) vectors: Vec<f32>,
    pub(super) dimension: usize,
}

impl Taught {
    /// Encodes passages on `threads` threads. The vectors are as the teacher gives them; passages that it has none for are
    /// left out. What will be cached is kept as it comes, so that an interrupted run is gone on from.
    ///
    /// # Errors
    /// Those of the teacher; [`Error::Cancelled`]; [`Error::Io`].
    pub(super) fn encode(
        teacher: &dyn Encoder,
        passages: Vec<String>,
        cache: Option<&Path>,
        threads: usize,
        progress: &Progress<'_>,
        control: &Control,
    ) -> Result<Taught> {
        let dimension = teacher.spec().dimension as usize;
        // Passages of like length share a batch: no encoder wastes work on padding then.
        let mut order: Vec<usize> = (0..passages.len()).collect();
        order.sort_by_key(|&at| passages.get(at).map_or(0, String::len));
        let batches: Vec<&[usize]> = order.chunks(BATCH).collect();
        let text = |row: &usize| passages.get(*row).map(String::as_str);
        let begun = cache.map(|cache| {
            let texts = batches.iter().map(|rows| rows.iter().filter_map(text).collect());
            Begun::open(cache, teacher.spec(), &texts.collect::<Vec<Vec<&str>>>())
        });
        let (begun, kept) = begun.transpose()?.unzip();
        let kept = kept.unwrap_or_default();
        let made: HashSet<usize> = kept.iter().map(|(place, _)| *place).collect();
        // From the longest to the shortest: the last batches are quick, threads end together.
        let left: Vec<usize> =
            (0..batches.len()).rev().filter(|place| !made.contains(place)).collect();
        let next = AtomicUsize::new(0);
        let done = AtomicUsize::new(kept.iter().map(|(_, made)| made.len()).sum());
        let results = Mutex::new(kept);
        let work = || -> Result<()> {
            while let Some((place, rows)) = {
                let place = left.get(next.fetch_add(1, Ordering::Relaxed));
                place.and_then(|place| Some((*place, batches.get(*place)?)))
            } {
                control.check()?;
                let inputs: Vec<EncoderInput> = rows
                    .iter()
                    .filter_map(text)
                    .map(|text| EncoderInput { title: String::new(), text: text.to_owned() })
                    .collect();
                let encoded = call::documents(teacher, &inputs, control)?;
                if let Some(begun) = &begun {
                    begun.add(place, &encoded, dimension)?;
                }
                results.lock().unwrap_or_else(|e| e.into_inner()).push((place, encoded));
                let done = done.fetch_add(rows.len(), Ordering::Relaxed) + rows.len();
                progress("encode passages", done as u64, passages.len() as u64);
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let start = |_| std::thread::Builder::new().spawn_scoped(scope, work).ok();
            // Fewer threads where the system has no more; this one where it has none.
            let workers: Vec<_> = (0..parallel::bounded(threads)).map_while(start).collect();
            if workers.is_empty() {
                return work();
            }
            let outcomes = workers.into_iter().map(|worker| {
                worker.join().unwrap_or_else(|_| Err(failed("a thread of the teacher panicked")))
            });
            outcomes.collect::<Vec<_>>().into_iter().collect::<Result<()>>()
        })?;
        let mut found: Made = vec![None; passages.len()];
        for (place, encoded) in results.into_inner().unwrap_or_else(|e| e.into_inner()) {
            let rows = batches.get(place).copied().unwrap_or_default();
            for (&row, vector) in rows.iter().zip(encoded) {
                if let Some(to) = found.get_mut(row) {
                    *to = vector;
                }
            }
        }
        let mut taught = Taught { passages: Vec::new(), vectors: Vec::new(), dimension };
        // What a teacher has no vector for teaches nothing.
        for (passage, vector) in passages.into_iter().zip(found) {
            if let Some(vector) = vector {
                taught.passages.push(passage);
                taught.vectors.extend(vector);
            }
        }
        taught.rows().try_for_each(|(row, vector)| length(row, vector).map(drop))?;
        Ok(taught)
    }

    /// Reads a cache and normalises its vectors, or `None` when neither file is there.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Input`] when a file is damaged or the two do not belong together.
    pub(super) fn load(path: &Path) -> Result<Option<Taught>> {
        let text_path = text_path(path);
        if !path.exists() && !text_path.exists() {
            return Ok(None);
        }
        let bytes = read(path)?;
        let (rows, dimension, vectors) = parse_npy(&bytes)
            .map_err(|detail| Error::input(path.display().to_string(), "header", detail))?;
        let text = String::from_utf8(read(&text_path)?).map_err(|_| {
            Error::input(text_path.display().to_string(), "whole file", "not UTF-8".to_owned())
        })?;
        let mut passages = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let value: Option<Value> = serde_json::from_str(line).ok();
            let passage = value.as_ref().and_then(|value| value.get("text")?.as_str());
            let Some(passage) = passage else {
                let place = format!("line {}", number + 1);
                return Err(Error::input(
                    text_path.display().to_string(),
                    place,
                    "expected {\"text\": ...}".to_owned(),
                ));
            };
            passages.push(passage.to_owned());
        }
        if passages.len() != rows {
            let detail = format!("{} passages for {rows} vectors", passages.len());
            return Err(Error::input(text_path.display().to_string(), "whole file", detail));
        }
        Taught { passages, vectors, dimension }.normalised().map(Some)
    }

    /// Writes a cache.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(super) fn save(&self, path: &Path) -> Result<()> {
        let mut text = String::new();
        for passage in &self.passages {
            text.push_str(&serde_json::json!({ "text": passage }).to_string());
            text.push('\n');
        }
        let shape = (self.passages.len(), self.dimension);
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape:?}, }}");
        // Magic, two bytes of length and the header, padded so that the data start at 128.
        let mut npy = NPY_MAGIC.to_vec();
        npy.extend(118u16.to_le_bytes());
        npy.extend(format!("{header:<117}\n").bytes());
        npy.extend(self.vectors.iter().flat_map(|value| value.to_le_bytes()));
        for (path, bytes) in [(path, npy), (&text_path(path), text.into_bytes())] {
            replace(path, &bytes)?;
        }
        Ok(())
    }

    /// Fails where the vectors of a cache at `path` are not the teacher's, by those of a few passages. Other precisions of
    /// one model agree to a cosine of more than 0.99.
    ///
    /// # Errors
    /// [`Error::Input`] with the cache; those of the teacher.
    pub(super) fn ensure_of(
        &self,
        teacher: &dyn Encoder,
        path: &Path,
        control: &Control,
    ) -> Result<()> {
        let other = |detail: String| {
            let detail = format!(
                "the vectors are of another teacher than {}: {detail}",
                teacher.spec().name
            );
            Err(Error::input(path.display().to_string(), "whole file", detail))
        };
        let dimension = teacher.spec().dimension as usize;
        if dimension != self.dimension {
            return other(format!("{} numbers each, not {dimension}", self.dimension));
        }
        let step = self.passages.len().div_ceil(COMPARED).max(1);
        let sample = || self.passages.iter().zip(self.rows()).step_by(step);
        let inputs: Vec<EncoderInput> = sample()
            .map(|(text, _)| EncoderInput { title: String::new(), text: text.clone() })
            .collect();
        let made = call::documents(teacher, &inputs, control)?;
        let mut cosines: Vec<f64> = sample()
            .zip(made)
            .map(|((_, (_, kept)), made)| made.map_or(0.0, |made| cosine(kept, &made)))
            .collect();
        cosines.sort_by(f64::total_cmp);
        match cosines.get(cosines.len() / 2) {
            Some(median) if *median < SAME_COSINE => other(format!("median cosine {median:.4}")),
            _ => Ok(()),
        }
    }

    fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.vectors.chunks_exact(self.dimension.max(1)).enumerate()
    }

    /// Gives every row length 1.
    ///
    /// # Errors
    /// [`Error::Encoder`] names a row that has no length, or none that is a number.
    pub(super) fn normalised(mut self) -> Result<Taught> {
        for (row, vector) in self.vectors.chunks_exact_mut(self.dimension.max(1)).enumerate() {
            let length = length(row, vector)?;
            vector.iter_mut().for_each(|value| *value /= length);
        }
        Ok(self)
    }
}

fn length(row: usize, vector: &[f32]) -> Result<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length.is_finite() && length > 0.0 {
        return Ok(length);
    }
    Err(failed(&format!("the vector of passage {row} has length {length}")))
}

/// Where the passages of a cache are.
pub(super) fn text_path(path: &Path) -> PathBuf {
    path.with_extension("jsonl")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Error::io("read", path.display().to_string(), source))
}

fn failed(detail: &str) -> Error {
    Error::Encoder { name: "teacher".to_owned(), detail: detail.to_owned() }
}

/// Rows, columns and values of a two-dimensional NPY file, version 1, float16 or float32.
fn parse_npy(bytes: &[u8]) -> Result<(usize, usize, Vec<f32>), String> {
    let rest = bytes.strip_prefix(NPY_MAGIC).ok_or("this is not an NPY file, version 1")?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or("the file is cut")?;
    let (header, data) =
        rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or("the file is cut")?;
    let header = std::str::from_utf8(header).map_err(|_| "the header is not text")?;
    if !header.contains("'fortran_order': False") {
        return Err("expected rows one after the other (fortran_order False)".to_owned());
    }
    let shape = header.split_once("'shape': (").and_then(|(_, rest)| rest.split_once(')'));
    let mut sides = shape.map_or("", |(shape, _)| shape).split(',').map(str::trim);
    let mut side = || sides.next()?.parse::<usize>().ok();
    let (Some(rows), Some(columns)) = (side(), side()) else {
        return Err("expected a shape of two numbers".to_owned());
    };
    if !(1..=DIMENSION_MAX).contains(&columns) {
        return Err(format!("{columns} columns, expected 1 to {DIMENSION_MAX}"));
    }
    let width = if header.contains("'<f4'") {
        4
    } else if header.contains("'<f2'") {
        2
    } else {
        return Err("expected numbers of type <f4 or <f2".to_owned());
    };
    let expected = rows.checked_mul(columns).and_then(|count| count.checked_mul(width));
    if expected != Some(data.len()) {
        return Err(format!("{rows} x {columns} numbers in {} bytes", data.len()));
    }
    let value = |bytes: &[u8]| match *bytes {
        [a, b] => f32_from_f16(u16::from_le_bytes([a, b])),
        [a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
        _ => f32::NAN,
    };
    Ok((rows, columns, data.chunks_exact(width).map(value).collect()))
}

/// Where a file is until it is whole.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Writes a file beside its place, durably, and moves it there.
#[expect(clippy::disallowed_methods, reason = "the user named the file; replacing it is meant")]
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = beside(path);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    write().map_err(|source| Error::io("write", path.display().to_string(), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.npy");
        assert!(Taught::load(&path).unwrap().is_none());
        let taught = Taught {
            passages: vec!["one \"two\"".into(), "drei\nvier".into()],
            vectors: vec![1.0, 0.0, 0.6, 0.8],
            dimension: 2,
        };
        taught.save(&path).unwrap();
        let back = Taught::load(&path).unwrap().unwrap();
        assert_eq!(back.passages, taught.passages);
        assert_eq!((back.vectors, back.dimension), (taught.vectors, 2));
        assert_eq!(fs::metadata(&path).unwrap().len(), 128 + 16);
        fs::write(path.with_extension("jsonl"), "{\"text\":\"one\"}\n").unwrap();
        let error = Taught::load(&path).unwrap_err().to_string();
        assert!(error.contains("1 passages for 2 vectors"), "{error}");
    }

    #[test]
    fn half_precision_is_read_and_bad_arrays_are_refused() {
        let npy = |header: &str, data: &[u8]| {
            let mut bytes = NPY_MAGIC.to_vec();
            bytes.extend((header.len() as u16).to_le_bytes());
            bytes.extend(header.bytes());
            bytes.extend(data);
            bytes
        };
        let good = "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 2), }";
        let (rows, columns, values) = parse_npy(&npy(good, &[0, 0x3c, 0, 0xc0])).unwrap();
        assert_eq!((rows, columns, values), (1, 2, vec![1.0, -2.0]));
        assert!(parse_npy(&npy(good, &[0; 3])).is_err());
        assert!(parse_npy(&npy(&good.replace("<f2", "<f8"), &[0; 16])).is_err());
        assert!(parse_npy(&npy(&good.replace("(1, 2)", "(4,)"), &[0; 8])).is_err());
        assert!(parse_npy(&npy(&good.replace("False", "True"), &[0; 4])).is_err());
        assert!(parse_npy(b"PK").is_err());
    }
}
