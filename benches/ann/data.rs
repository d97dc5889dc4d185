//! The data folder: matrices as numpy writes them, and the list of filters.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::DeflateDecoder;
use medvec::kernel::quantize::f32_from_f16;
use serde_json::Value;

use crate::Result;

/// How a number is stored; little-endian.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    F16,
    F32,
    I32,
    I64,
}

/// A matrix in an `.npy` file, read row by row from the first. A list counts as a matrix of one column.
pub(crate) struct Npy {
    reader: Box<dyn Read>,
    number: Number,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Npy {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Npy> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let reader = Box::new(BufReader::with_capacity(1 << 20, file));
        Npy::from_reader(reader).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn from_reader(mut reader: Box<dyn Read>) -> Result<Npy> {
        let mut start = [0; 10];
        reader.read_exact(&mut start)?;
        if !start.starts_with(b"\x93NUMPY\x01\x00") {
            return Err("not an npy file of version 1".into());
        }
        let mut header = vec![0; usize::from(u16::from_le_bytes([start[8], start[9]]))];
        reader.read_exact(&mut header)?;
        let header = String::from_utf8(header)?;
        if !header.contains("'fortran_order': False") {
            return Err(format!("expected row by row: {header}").into());
        }
        let number = [
            ("'<f2'", Number::F16),
            ("'<f4'", Number::F32),
            ("'<i4'", Number::I32),
            ("'<i8'", Number::I64),
        ];
        let number = number.iter().find(|(name, _)| header.contains(name));
        let (_, number) = number.ok_or_else(|| format!("unknown numbers: {header}"))?;
        let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
        let sides = shape.split(',').map(str::trim).filter(|side| !side.is_empty());
        let sides: Vec<usize> = sides.map(str::parse).collect::<std::result::Result<_, _>>()?;
        let (rows, columns) = match sides.as_slice() {
            [rows] => (*rows, 1),
            [rows, columns] => (*rows, *columns),
            _ => return Err(format!("not a matrix: {header}").into()),
        };
        Ok(Npy { reader, number: *number, rows, columns })
    }

    /// The bytes of the next `rows` rows.
    fn next_bytes(&mut self, rows: usize) -> Result<Vec<u8>> {
        let width = match self.number {
            Number::F16 => 2,
            Number::F32 | Number::I32 => 4,
            Number::I64 => 8,
        };
        let mut bytes = vec![0; rows * self.columns * width];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The next `rows` rows of a matrix of floats, row by row.
    pub(crate) fn read_f32(&mut self, rows: usize) -> Result<Vec<f32>> {
        let bytes = self.next_bytes(rows)?;
        Ok(match self.number {
            Number::F16 => {
                let (halves, _) = bytes.as_chunks();
                halves.iter().map(|half| f32_from_f16(u16::from_le_bytes(*half))).collect()
            }
            Number::F32 => {
                let (words, _) = bytes.as_chunks();
                words.iter().map(|word| f32::from_le_bytes(*word)).collect()
            }
            Number::I32 | Number::I64 => return Err("expected floats, found integers".into()),
        })
    }

    /// The next `rows` rows of a matrix of integers, row by row.
    pub(crate) fn read_i64(&mut self, rows: usize) -> Result<Vec<i64>> {
        let bytes = self.next_bytes(rows)?;
        Ok(match self.number {
            Number::I32 => {
                let (words, _) = bytes.as_chunks();
                words.iter().map(|word| i64::from(i32::from_le_bytes(*word))).collect()
            }
            Number::I64 => {
                let (words, _) = bytes.as_chunks();
                words.iter().map(|word| i64::from_le_bytes(*word)).collect()
            }
            Number::F16 | Number::F32 => return Err("expected integers, found floats".into()),
        })
    }
}

/// An integer for each row.
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) values: Vec<i64>,
}

/// The attributes of `attrs.npz`; none when there is no such file.
pub(crate) fn read_attributes(data: &Path) -> Result<Vec<Attribute>> {
    let path = data.join("attrs.npz");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let members = zip_members(&fs::read(&path)?)?;
    members
        .into_iter()
        .map(|(name, bytes)| {
            let mut npy = Npy::from_reader(Box::new(std::io::Cursor::new(bytes)))?;
            let values = npy.read_i64(npy.rows)?;
            Ok(Attribute { name: name.trim_end_matches(".npy").to_owned(), values })
        })
        .collect()
}

/// The files in a zip archive below 4 GB, stored or deflated.
fn zip_members(zip: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    const END_BYTES: usize = 22;
    const ENTRY_BYTES: usize = 46;
    const LOCAL_BYTES: usize = 30;
    let word = |at: usize| -> Result<usize> {
        let bytes = zip.get(at..).and_then(<[u8]>::first_chunk).ok_or("a short zip file")?;
        Ok(usize::from(u16::from_le_bytes(*bytes)))
    };
    let long = |at: usize| -> Result<usize> { Ok(word(at)? | (word(at + 2)? << 16)) };
    let end = zip.windows(4).rposition(|mark| mark == b"PK\x05\x06").ok_or("not a zip file")?;
    if end + END_BYTES > zip.len() {
        return Err("a short zip file".into());
    }
    let (count, mut at) = (word(end + 10)?, long(end + 16)?);
    let mut members = Vec::with_capacity(count);
    for _ in 0..count {
        let (method, length, name_length) = (word(at + 10)?, long(at + 20)?, word(at + 28)?);
        let local = long(at + 42)?;
        let name = zip.get(at + ENTRY_BYTES..).and_then(|rest| rest.get(..name_length));
        let name = String::from_utf8(name.ok_or("a short zip file")?.to_vec())?;
        let start = local + LOCAL_BYTES + word(local + 26)? + word(local + 28)?;
        let body = zip.get(start..).and_then(|rest| rest.get(..length));
        let body = body.ok_or("a short zip file")?;
        let mut bytes = Vec::new();
        match method {
            0 => bytes.extend_from_slice(body),
            8 => drop(DeflateDecoder::new(body).read_to_end(&mut bytes)?),
            other => return Err(format!("{name}: compression method {other}").into()),
        }
        members.push((name, bytes));
        at += ENTRY_BYTES + name_length + word(at + 30)? + word(at + 32)?;
    }
    Ok(members)
}

/// Rows whose attribute is at most `bound`.
pub(crate) struct AttributeFilter {
    pub(crate) name: String,
    pub(crate) attribute: String,
    pub(crate) bound: i64,
    /// The part of all rows that passes, from 0 to 1.
    pub(crate) share: f64,
    /// The file with the exact neighbours among them.
    pub(crate) neighbours: String,
}

/// The filters of `filters.json`; none when there is no such file.
pub(crate) struct Filters(pub(crate) Vec<AttributeFilter>);

impl Filters {
    pub(crate) fn read(data: &Path) -> Result<Filters> {
        let path = data.join("filters.json");
        if !path.exists() {
            return Ok(Filters(Vec::new()));
        }
        let list: Vec<Value> = serde_json::from_slice(&fs::read(&path)?)?;
        let filters = list.iter().map(|filter| {
            let text = |name: &str| -> Result<String> {
                let value = filter.get(name).and_then(Value::as_str);
                Ok(value.ok_or_else(|| format!("a filter without {name}"))?.to_owned())
            };
            Ok(AttributeFilter {
                name: text("name")?,
                attribute: text("attr")?,
                bound: filter.get("bound").and_then(Value::as_i64).ok_or("no bound")?,
                share: filter.get("share").and_then(Value::as_f64).ok_or("no share")?,
                neighbours: text("gt")?,
            })
        });
        Ok(Filters(filters.collect::<Result<_>>()?))
    }
}
