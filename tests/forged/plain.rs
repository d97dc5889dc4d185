//! A reader of a whole database that knows nothing but `format-spec/`: tables through
//! [`crate::reader`], the rest written from the chapters. It expects sound files and panics on others.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Files;
use crate::document;
use crate::reader::{Reader, Value, section};
use crate::text::Text;

/// A live document.
#[derive(Debug)]
pub struct PlainDocument {
    /// In the form of Rust's `Debug`.
    pub shown: String,
    /// As it is stored, under the rotation.
    pub vector: Option<Vec<f32>>,
    pub revision: [u32; 3],
}

/// What a database holds.
#[derive(Debug)]
pub struct Plain {
    /// Live documents by key, in the form of Rust's `Debug`.
    pub documents: BTreeMap<String, PlainDocument>,
    /// Rows of all segments, deleted ones included.
    pub rows: u64,
    /// Deletion marks of each segment: key, in the form of Rust's `Debug`, and revision.
    pub marks: BTreeMap<u64, Vec<(String, [u32; 3])>>,
    /// Confirmations of each segment, likewise.
    pub confirmations: BTreeMap<u64, Vec<(String, [u32; 3])>>,
    pub is_cosine: bool,
    pub rotation: u64,
}

/// Reads the newest generation.
pub fn read(text: &Text, files: &Files) -> Plain {
    let newest = files.iter().rfind(|(name, _)| name.starts_with("manifest-")).expect("a manifest");
    let manifest = Reader::new(text, section(text, newest.1, 1)).root("Manifest");
    let config = match manifest.at("vectors") {
        Value::None => None,
        config => Some(config),
    };
    let mut plain = Plain {
        documents: BTreeMap::new(),
        rows: 0,
        marks: BTreeMap::new(),
        confirmations: BTreeMap::new(),
        is_cosine: config.is_some_and(|config| name(config, "metric") == "Cosine"),
        rotation: config.map_or(0, |config| number(config, "rotation")),
    };
    for entry in manifest.list("segments") {
        let id = number(entry, "id");
        let deleted = match entry.at("tombstones") {
            Value::None => BTreeSet::new(),
            stored => {
                let generation = number(stored, "generation");
                let file = &files[&format!("tombstones-{id:08}-{generation:08}")];
                bitmap(section(text, file, 1))
            }
        };
        let file = &files[&format!("segment-{id:08}")];
        read_segment(text, file, &deleted, &mut plain);
        plain.marks.insert(id, marks(text, file));
        plain.confirmations.insert(id, confirmations(text, file));
    }
    for (key, revision) in plain.confirmations.values().flatten() {
        if let Some(document) = plain.documents.get_mut(key) {
            document.revision = document.revision.max(*revision);
        }
    }
    plain
}

fn read_segment(text: &Text, file: &[u8], deleted: &BTreeSet<u32>, plain: &mut Plain) {
    let part = |name: &str| {
        let kinds = &text.values["SegmentSection"];
        let kind = kinds.iter().find(|kind| kind.name == name).expect("a section of the text");
        section(text, file, kind.value)
    };
    let meta = Reader::new(text, part("META")).root("SegmentMeta");
    let rows = number(&meta, "rows") as u32;
    plain.rows += u64::from(rows);
    let (row_pmids, row_texts) = (words(part("ROW_PMIDS")), words(part("ROW_TEXTS")));
    let key_texts = texts(part("KEY_TEXT_OFFSETS"), part("KEY_TEXTS"));
    let revisions = words(part("REVISIONS"));
    let shown = documents(text, &part);
    assert_eq!((row_pmids.len(), shown.len()), (rows as usize, rows as usize));
    let vectors = vectors(&meta, &part);
    for (row, shown) in (0..rows).zip(shown) {
        if deleted.contains(&row) {
            continue;
        }
        let at = row as usize;
        let key = match row_pmids[at] {
            0 => {
                let name = str::from_utf8(&key_texts[row_texts[at] as usize]).expect("UTF-8");
                format!("Text({name:?})")
            }
            pmid => format!("Pmid(Pmid({pmid}))"),
        };
        assert!(shown.starts_with(&format!("Document {{ key: {key}, ")), "{key}: {shown}");
        let revision = match revisions.get(at * 3..at * 3 + 3) {
            Some([file, position, version]) => [*file, *position, *version],
            _ => [0; 3],
        };
        let vector = vectors.get(&row).cloned();
        let twice = plain.documents.insert(key.clone(), PlainDocument { shown, vector, revision });
        assert!(twice.is_none(), "{key} is live twice");
    }
}

/// Chapter 04, Deletion marks.
fn marks(text: &Text, file: &[u8]) -> Vec<(String, [u32; 3])> {
    let part = |name: &str| {
        let kinds = &text.values["SegmentSection"];
        let kind = kinds.iter().find(|kind| kind.name == name).expect("a section of the text");
        section(text, file, kind.value)
    };
    let pmids = words(part("DELETE_PMIDS")).into_iter().map(|pmid| format!("Pmid(Pmid({pmid}))"));
    let names = texts(part("DELETE_TEXT_OFFSETS"), part("DELETE_TEXTS"));
    let names =
        names.into_iter().map(|name| format!("Text({:?})", str::from_utf8(&name).expect("UTF-8")));
    let mut revisions = words(part("DELETE_PMID_REVISIONS"));
    revisions.extend(words(part("DELETE_TEXT_REVISIONS")));
    let (revisions, rest) = revisions.as_chunks::<3>();
    assert!(rest.is_empty());
    let keys: Vec<String> = pmids.chain(names).collect();
    assert_eq!(keys.len(), revisions.len());
    keys.into_iter().zip(revisions.iter().copied()).collect()
}

/// Chapter 04, Confirmations.
fn confirmations(text: &Text, file: &[u8]) -> Vec<(String, [u32; 3])> {
    let kinds = &text.values["SegmentSection"];
    let part = |name: &str| {
        let kind = kinds.iter().find(|kind| kind.name == name).expect("a section of the text");
        words(section(text, file, kind.value))
    };
    let revisions = part("CONFIRMED_REVISIONS");
    let (revisions, rest) = revisions.as_chunks::<3>();
    assert!(rest.is_empty());
    let pmids = part("CONFIRMED_PMIDS").into_iter().map(|pmid| format!("Pmid(Pmid({pmid}))"));
    pmids.zip(revisions.iter().copied()).collect()
}

/// Chapter 08: every document of a segment.
fn documents<'a>(text: &Text, part: &impl Fn(&str) -> &'a [u8]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut unpacker =
        zstd::bulk::Decompressor::with_dictionary(part("DICTIONARY")).expect("a dictionary");
    let rows = words(part("BLOCK_ROWS"));
    for (block, rows) in texts(part("BLOCK_OFFSETS"), part("BLOCKS")).iter().zip(rows.windows(2)) {
        let raw = unpacker.decompress(block, 4_456_448).expect("a block");
        let mut lengths = document::Reader { text, bytes: &raw };
        let count = rows[1] - rows[0];
        let lengths: Vec<u64> =
            (0..count).map(|_| lengths.value("u32").parse().expect("a number")).collect();
        let mut start = raw.len() - lengths.iter().sum::<u64>() as usize;
        for length in lengths {
            let bytes = &raw[start..start + length as usize];
            start += bytes.len();
            let mut reader = document::Reader { text, bytes };
            shown.push(reader.value("Document"));
            assert!(reader.bytes.is_empty(), "a record ends before its length");
        }
    }
    shown
}

/// Chapter 05: the vectors of a segment by row, as they are stored.
fn vectors<'a>(meta: &Value, part: &impl Fn(&str) -> &'a [u8]) -> BTreeMap<u32, Vec<f32>> {
    if meta.at("vectors") == &Value::None {
        return BTreeMap::new();
    }
    let dimension = number(meta, "vectors.dimension") as usize;
    let (stored, scales) = (part("VECTORS"), words(part("SCALES")));
    let vector = |row: u32| -> Vec<f32> {
        let numbers = row as usize * dimension..(row as usize + 1) * dimension;
        match name(meta.at("vectors"), "row_type") {
            "Int8" => {
                let scale = f32::from_bits(scales[row as usize]);
                stored[numbers].iter().map(|code| f32::from(*code as i8) * scale).collect()
            }
            "F16" => numbers
                .map(|at| half(u16::from_le_bytes([stored[at * 2], stored[at * 2 + 1]])))
                .collect(),
            _ => {
                let words = words(stored);
                numbers.map(|at| f32::from_bits(words[at])).collect()
            }
        }
    };
    let rows = bitmap(part("VECTOR_ROWS"));
    assert_eq!(rows.len() as u64, number(meta, "vectors.count"));
    rows.into_iter().map(|row| (row, vector(row))).collect()
}

/// Chapter 05, Rotation: a vector as it is stored.
pub fn rotate(vector: &[f32], seed: u64) -> Vec<f32> {
    let mut out = vector.to_vec();
    let dimension = vector.len();
    if seed == 0 {
        return out;
    }
    let mut state = seed;
    let mut words = Vec::new();
    for _ in 0..(4 * dimension).div_ceil(64) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        words.push(z ^ (z >> 31));
    }
    let power = 1 << dimension.ilog2();
    for round in 0..4 {
        for (at, number) in out.iter_mut().enumerate() {
            let sign = round * dimension + at;
            if words[sign / 64] >> (sign % 64) & 1 == 1 {
                *number = -*number;
            }
        }
        let start = if round % 2 == 0 { 0 } else { dimension - power };
        let part = &mut out[start..start + power];
        let mut half = 1;
        while half < power {
            for run in part.chunks_mut(2 * half) {
                for at in 0..half {
                    (run[at], run[at + half]) =
                        (run[at] + run[at + half], run[at] - run[at + half]);
                }
            }
            half *= 2;
        }
        let scale = 1.0 / (power as f32).sqrt();
        part.iter_mut().for_each(|number| *number *= scale);
        if power != dimension {
            let half = dimension / 2;
            let scale = 1.0 / 2.0f32.sqrt();
            for at in 0..half {
                let (low, high) = (out[at], out[dimension - half + at]);
                out[at] = (low + high) * scale;
                out[dimension - half + at] = (low - high) * scale;
            }
        }
    }
    out
}

/// The portable Roaring format.
fn bitmap(bytes: &[u8]) -> BTreeSet<u32> {
    let short = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    let long = |at: usize| short(at) | short(at + 2) << 16;
    let cookie = long(0);
    let (count, runs, mut at) = match cookie & 0xffff {
        12347 => {
            let count = (cookie >> 16) as usize + 1;
            (count, &bytes[4..4 + count.div_ceil(8)], 4 + count.div_ceil(8))
        }
        _ => {
            assert_eq!(cookie, 12346);
            (long(4) as usize, &bytes[..0], 8)
        }
    };
    let is_run =
        |number: usize| runs.get(number / 8).is_some_and(|byte| byte >> (number % 8) & 1 == 1);
    let heads: Vec<(u32, u32)> =
        (0..count).map(|n| (short(at + 4 * n), short(at + 4 * n + 2) + 1)).collect();
    at += 4 * count;
    if runs.is_empty() || count >= 4 {
        at += 4 * count;
    }
    let mut rows = BTreeSet::new();
    for (number, (high, cardinality)) in heads.into_iter().enumerate() {
        let high = high << 16;
        if is_run(number) {
            let count = short(at) as usize;
            at += 2;
            for run in 0..count {
                let (start, length) = (short(at + 4 * run), short(at + 4 * run + 2));
                rows.extend((start..=start + length).map(|low| high | low));
            }
            at += 4 * count;
        } else if cardinality <= 4096 {
            rows.extend((0..cardinality as usize).map(|n| high | short(at + 2 * n)));
            at += 2 * cardinality as usize;
        } else {
            let set = |low: &u32| bytes[at + (*low as usize) / 8] >> (*low % 8) & 1 == 1;
            rows.extend((0..1 << 16).filter(set).map(|low| high | low));
            at += 8192;
        }
    }
    assert_eq!(at, bytes.len(), "something follows a bitmap");
    rows
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty());
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

fn texts(offsets: &[u8], bytes: &[u8]) -> Vec<Vec<u8>> {
    let (words, _) = offsets.as_chunks::<8>();
    let ends: Vec<usize> = words.iter().map(|word| u64::from_le_bytes(*word) as usize).collect();
    ends.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2.0f32.powi(-14),
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2.0f32.powi(exponent - 15),
    }
}

fn number(value: &Value, path: &str) -> u64 {
    match value.at(path) {
        Value::Number(number) => *number,
        other => panic!("{path}: {other:?} is not a number"),
    }
}

fn name<'v>(value: &'v Value, path: &str) -> &'v str {
    match value.at(path) {
        Value::Text(name) => name,
        other => panic!("{path}: {other:?} is not a name"),
    }
}
