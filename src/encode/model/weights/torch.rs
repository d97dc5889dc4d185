//! `pytorch_model.bin`: a zip archive (PyTorch 1.6 and later) or a row of pickles with the numbers
//! behind them (before).
//!
//! The pickle only says which run of numbers each tensor is a view of; it is read by a machine that
//! executes nothing ([`super::super::pickle`]). The numbers are read where they lie.

use std::collections::HashMap;
use std::io::Cursor;

use zip::{CompressionMethod, ZipArchive};

use super::catalogue::{Catalogue, open_file};
use super::stored::{Place, StoredFile};
use crate::encode::model::Folder;
use crate::encode::model::pickle::{self, Storage, TensorInStorage, Value};
use crate::error::Result;

/// The file of weights of PyTorch.
pub(super) const TORCH: &str = "pytorch_model.bin";

/// What an old container begins with, as a number.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// The version of the old container.
const VERSION: i128 = 1001;

/// Finds the tensors of a file and adds them.
pub(super) fn add(folder: &Folder, name: &str, catalogue: &mut Catalogue) -> Result<()> {
    let file = open_file(folder, name)?;
    let index = catalogue.files.len();
    let found = if file.bytes.starts_with(b"PK\x03\x04") {
        zipped(&file, index)
    } else {
        plain(&file, index)
    };
    let found = found.map_err(|problem| {
        folder.error(format!(
            "{name} is damaged, not finished downloading or no checkpoint: {problem}"
        ))
    })?;
    for (tensor, place) in found {
        catalogue.add(folder, name, &tensor, place)?;
    }
    catalogue.files.push(file);
    Ok(())
}

type Found = Result<Vec<(String, Place)>, String>;

/// An entry of an archive: where its bytes are.
#[derive(Clone, Copy)]
struct Entry {
    start: u64,
    length: u64,
}

fn zipped(file: &StoredFile, index: usize) -> Found {
    let entries = entries(file)?;
    let mut programs = entries.keys().filter_map(|name| name.strip_suffix("data.pkl"));
    let (Some(root), None) = (programs.next(), programs.next()) else {
        return Err("the archive must hold one data.pkl".into());
    };
    let bytes = |name: &str| {
        let Entry { start, length } = *entries.get(&format!("{root}{name}"))?;
        file.bytes.get(start as usize..)?.get(..length as usize)
    };
    if bytes("byteorder").is_some_and(|order| order != b"little") {
        return Err("its numbers are big-endian".into());
    }
    let built = pickle::run(bytes("data.pkl").ok_or("data.pkl reaches beyond the file")?)?;
    let mut found = Vec::new();
    for tensor in pickle::tensors(&built)? {
        let storage = &tensor.storage;
        let entry = entries.get(&format!("{root}data/{}", storage.key)).ok_or_else(|| {
            format!("tensor {} is in storage {:?}, which is missing", tensor.name, storage.key)
        })?;
        if bytes_of(storage)? != entry.length {
            return Err(format!(
                "storage {:?} has {} bytes, the pickle says {} numbers of {:?}",
                storage.key, entry.length, storage.count, storage.numbers
            ));
        }
        found.push(view(file, index, &tensor, entry.start)?);
    }
    Ok(found)
}

/// The archive's entries by name.
fn entries(file: &StoredFile) -> Result<HashMap<String, Entry>, String> {
    let said = |problem: zip::result::ZipError| problem.to_string();
    let mut archive = ZipArchive::new(Cursor::new(&*file.bytes)).map_err(said)?;
    let mut entries = HashMap::new();
    for number in 0..archive.len() {
        let entry = archive.by_index_raw(number).map_err(said)?;
        let name = entry.name().map_err(said)?.into_owned();
        if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
            return Err(format!("entry {name} is compressed or encrypted; PyTorch stores entries"));
        }
        let start = entry.data_start().ok_or("an entry without a place")?;
        entries.insert(name, Entry { start, length: entry.size() });
    }
    Ok(entries)
}

fn plain(file: &StoredFile, index: usize) -> Found {
    let mut at = 0;
    let mut next = || {
        let built = pickle::run(file.bytes.get(at..).unwrap_or_default())?;
        at += built.length;
        Ok::<_, String>((built, at))
    };
    if next()?.0.value != Value::Whole(MAGIC) {
        return Err("it begins with neither a zip archive nor PyTorch's number".into());
    }
    let version = next()?.0.value;
    if version != Value::Whole(VERSION) {
        return Err(format!("the container's version is {version:?}, known is {VERSION}"));
    }
    let (system, _) = next()?;
    let settings = system.heap.parts(system.value).as_chunks().0;
    if settings.contains(&[Value::Text("little_endian"), Value::Bool(false)]) {
        return Err("its numbers are big-endian".into());
    }
    let (built, _) = next()?;
    let tensors = pickle::tensors(&built)?;
    let (keys, end) = next()?;
    let mut storages: HashMap<&str, &Storage<'_>> = HashMap::new();
    for TensorInStorage { storage, .. } in &tensors {
        let first = *storages.entry(storage.key).or_insert(storage);
        if first != storage {
            return Err(format!("storage {:?} is described in two ways", storage.key));
        }
    }
    let mut starts = HashMap::new();
    let mut start = end as u64;
    for key in keys.heap.parts(keys.value) {
        let Value::Text(key) = key else { return Err("a storage without a name".into()) };
        let storage = storages
            .get(key)
            .ok_or_else(|| format!("storage {key:?} belongs to no tensor by name"))?;
        let count = file.bytes.get(start as usize..).and_then(|rest| rest.first_chunk());
        let count = u64::from_le_bytes(*count.ok_or("it breaks off before its numbers end")?);
        if count != storage.count as u64 {
            return Err(format!("storage {key:?} has {count} numbers, not {}", storage.count));
        }
        starts.insert(*key, start + 8);
        start = bytes_of(storage)?.checked_add(start + 8).ok_or("a storage beyond any memory")?;
    }
    if start != file.bytes.len() as u64 {
        return Err(format!("its numbers end at byte {start} of {}", file.bytes.len()));
    }
    let place = |tensor: &TensorInStorage<'_>| {
        let start = starts.get(tensor.storage.key);
        view(file, index, tensor, *start.ok_or("a tensor whose storage is missing")?)
    };
    tensors.iter().map(place).collect()
}

fn bytes_of(storage: &Storage<'_>) -> Result<u64, String> {
    let bytes = storage.count.checked_mul(storage.numbers.bytes());
    bytes.map(|bytes| bytes as u64).ok_or_else(|| "a storage beyond any memory".into())
}

/// A tensor's place: a view of the storage that starts at `start`.
fn view(
    file: &StoredFile,
    index: usize,
    tensor: &TensorInStorage<'_>,
    start: u64,
) -> Result<(String, Place), String> {
    let wrong = |problem: String| format!("tensor {}: {problem}", tensor.name);
    let mut dense = 1_usize;
    let mut row_after_row = tensor.strides.len() == tensor.shape.len();
    for (length, stride) in tensor.shape.iter().zip(&tensor.strides).rev() {
        row_after_row &= *length <= 1 || *stride == dense;
        dense = dense.saturating_mul(*length);
    }
    let storage = &tensor.storage;
    let reach = match row_after_row {
        true => Some(dense),
        false => {
            tensor.shape.iter().zip(&tensor.strides).try_fold(1_usize, |reach, (length, stride)| {
                reach.checked_add(length.saturating_sub(1).checked_mul(*stride)?)
            })
        }
    };
    let end = reach.and_then(|reach| reach.checked_add(tensor.offset));
    if end.is_none_or(|end| end > storage.count) {
        return Err(wrong(format!(
            "it reaches beyond the {} numbers of its storage",
            storage.count
        )));
    }
    let place = Place {
        file: index,
        start: start.saturating_add((tensor.offset * storage.numbers.bytes()) as u64),
        numbers: storage.numbers,
        shape: tensor.shape.clone(),
        strides: (!row_after_row).then(|| tensor.strides.clone()),
    };
    Ok((tensor.name.to_owned(), file.place(place).map_err(wrong)?))
}
