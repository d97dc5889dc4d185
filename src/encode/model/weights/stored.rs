//! A file of weights, and where in it a tensor's numbers are.

use std::fs::File;
use std::io;

use crate::kernel::quantize::f32_from_f16;
use crate::storage::{Bytes, map_foreign};

/// Bytes that are read and converted at a time.
const PIECE_BYTES: usize = 1 << 20;

/// The types of numbers that weights come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::encode) enum NumberType {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// Double precision.
    F64,
    /// Whole numbers of so many bytes: counters and index tables, never weights.
    Whole(usize),
}

impl NumberType {
    /// Bytes of one number.
    pub(in crate::encode) fn bytes(self) -> usize {
        match self {
            NumberType::F32 => 4,
            NumberType::F16 | NumberType::Bf16 => 2,
            NumberType::F64 => 8,
            NumberType::Whole(bytes) => bytes,
        }
    }

    /// Converts little-endian bytes to as many numbers as `out` has.
    pub(super) fn convert(self, bytes: &[u8], out: &mut [f32]) {
        match self {
            NumberType::F32 => {
                let pieces = bytes.as_chunks().0.iter().zip(out);
                pieces.for_each(|(piece, out)| *out = f32::from_le_bytes(*piece));
            }
            NumberType::F16 => {
                let pieces = bytes.as_chunks().0.iter().zip(out);
                pieces.for_each(|(piece, out)| *out = f32_from_f16(u16::from_le_bytes(*piece)));
            }
            NumberType::Bf16 => {
                let pieces = bytes.as_chunks().0.iter().zip(out);
                let widen = |bits: u16| f32::from_bits(u32::from(bits) << 16);
                pieces.for_each(|(piece, out)| *out = widen(u16::from_le_bytes(*piece)));
            }
            NumberType::F64 => {
                let pieces = bytes.as_chunks().0.iter().zip(out);
                pieces.for_each(|(piece, out)| *out = f64::from_le_bytes(*piece) as f32);
            }
            // Refused before this is reached.
            NumberType::Whole(_) => out.fill(f32::NAN),
        }
    }
}

/// Where a tensor is. [`StoredFile::place`] has checked that all of it lies inside the file.
#[derive(Clone, Debug)]
pub(in crate::encode) struct Place {
    /// Index of the file.
    pub(super) file: usize,
    /// First byte.
    pub(super) start: u64,
    /// Type of its numbers.
    pub(super) numbers: NumberType,
    /// Lengths of its dimensions.
    pub(super) shape: Vec<usize>,
    /// Distances between neighbours in each dimension, in numbers; `None` where they follow each
    /// other row after row.
    pub(super) strides: Option<Vec<usize>>,
}

/// An open file of weights.
#[derive(Debug)]
pub(in crate::encode) struct StoredFile {
    /// Its name in the folder.
    pub(super) name: String,
    file: File,
    /// The same, mapped: headers and token tables are read here. Layers, which are copied into
    /// another order anyway, are read from the file, so that they are in memory once.
    pub(super) bytes: Bytes,
}

impl StoredFile {
    pub(super) fn open(path: &std::path::Path, name: &str) -> io::Result<StoredFile> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let file = File::open(path)?;
        let bytes = map_foreign(&file)?;
        Ok(StoredFile { name: name.to_owned(), file, bytes })
    }

    /// Fills `out` from byte `start` on.
    pub(super) fn read_at(&self, start: u64, out: &mut [u8]) -> io::Result<()> {
        read_at(&self.file, start, out)
    }

    /// Checks a place against the file.
    pub(super) fn place(&self, place: Place) -> Result<Place, String> {
        let count = |lengths: &[usize]| {
            lengths.iter().try_fold(1_usize, |all, length| all.checked_mul(*length))
        };
        let numbers = count(&place.shape).ok_or("its shape is beyond any memory")?;
        let reach = match &place.strides {
            None => numbers,
            Some(strides) if strides.len() != place.shape.len() => {
                return Err("its strides do not belong to its shape".into());
            }
            Some(_) if numbers == 0 => 0,
            Some(strides) => {
                let mut steps = place.shape.iter().zip(strides);
                let far = steps.try_fold(0_usize, |far, (length, stride)| {
                    far.checked_add((length - 1).checked_mul(*stride)?)
                });
                far.and_then(|far| far.checked_add(1))
                    .ok_or("its strides lead beyond any memory")?
            }
        };
        // Strides of 0 could make a large tensor of a few stored numbers.
        if numbers > reach {
            return Err("its strides use numbers more than once".into());
        }
        let end = (reach as u64)
            .checked_mul(place.numbers.bytes() as u64)
            .and_then(|bytes| bytes.checked_add(place.start));
        if end.is_none_or(|end| end > self.bytes.len() as u64) {
            return Err(format!("it reaches beyond the file's {} bytes", self.bytes.len()));
        }
        Ok(place)
    }

    /// The numbers at a checked place, row after row.
    pub(super) fn read(&self, place: &Place) -> io::Result<Vec<f32>> {
        let mut numbers = Vec::new();
        self.append(place, &mut numbers)?;
        Ok(numbers)
    }

    /// Appends the numbers at a checked place to `all`, row after row.
    pub(super) fn append(&self, place: &Place, all: &mut Vec<f32>) -> io::Result<()> {
        let (start, count) = (all.len(), place.shape.iter().product());
        all.try_reserve_exact(count).map_err(|_| io::ErrorKind::OutOfMemory)?;
        all.resize(start + count, 0.0);
        let numbers = all.get_mut(start..).unwrap_or_default();
        match &place.strides {
            None => self.read_rows(place, numbers)?,
            Some(strides) => self.gather(place, strides, numbers),
        }
        Ok(())
    }

    fn read_rows(&self, place: &Place, numbers: &mut [f32]) -> io::Result<()> {
        let width = place.numbers.bytes();
        if place.numbers == NumberType::F32 && cfg!(target_endian = "little") {
            return read_at(&self.file, place.start, bytemuck::cast_slice_mut(numbers));
        }
        let mut piece = vec![0; PIECE_BYTES.min(numbers.len() * width)];
        let mut start = place.start;
        for out in numbers.chunks_mut(PIECE_BYTES / width) {
            let bytes = piece.get_mut(..out.len() * width).unwrap_or_default();
            read_at(&self.file, start, bytes)?;
            place.numbers.convert(bytes, out);
            start += bytes.len() as u64;
        }
        Ok(())
    }

    fn gather(&self, place: &Place, strides: &[usize], numbers: &mut [f32]) {
        let width = place.numbers.bytes();
        let mut index = vec![0; strides.len()];
        for number in numbers {
            let steps: usize = index.iter().zip(strides).map(|(at, stride)| at * stride).sum();
            let start = place.start as usize + steps * width;
            let bytes = self.bytes.get(start..start + width).unwrap_or_default();
            place.numbers.convert(bytes, std::slice::from_mut(number));
            // The last dimension runs fastest.
            for (at, length) in index.iter_mut().zip(&place.shape).rev() {
                *at += 1;
                if *at < *length {
                    break;
                }
                *at = 0;
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, start: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut start: u64, mut out: &mut [u8]) -> io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, start)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                start += count as u64;
                out = out.split_at_mut(count).1;
            }
        }
    }
    Ok(())
}
