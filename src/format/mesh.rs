//! A MeSH vocabulary: records as text, and arrays that order their names and tree numbers.
//!
//! See `format-spec/09-mesh.md`. A file is read whole: what is decoded here owns its memory, and offsets
//! into the text were checked.

use super::body::checked_section;
use super::content::content_hash;
use super::frame::{FileKind, FileSeal, Frame, FrameWriter};
use super::layout::layout;
use super::rules::Rule;
use crate::error::{Error, Result};

/// The [`MeshMeta`] record.
pub const SECTION_META: u32 = 1;
/// The records, UTF-8: per record its fields, each a tag byte, text, a zero byte.
pub const SECTION_TEXT: u32 = 2;
/// The length of each record in bytes, `u32`.
pub const SECTION_LENGTHS: u32 = 3;
/// Where fields with names start in the text, in order of their keys, `u32`.
pub const SECTION_NAMES: u32 = 4;
/// The tree numbers, ASCII, in order of their bytes.
pub const SECTION_TREE_TEXT: u32 = 5;
/// The length of each tree number in bytes, `u32`.
pub const SECTION_TREE_LENGTHS: u32 = 6;
/// The record of each tree number, `u32`.
pub const SECTION_TREE_RECORDS: u32 = 7;
/// Links between records, four `u32` each: kind, from, to, extra; in ascending order.
pub const SECTION_LINKS: u32 = 8;

/// Every section of a MeSH file and its name in `inspect`.
pub const NAMES: &[(u32, &str)] = &[
    (SECTION_META, "meta"),
    (SECTION_TEXT, "text"),
    (SECTION_LENGTHS, "lengths"),
    (SECTION_NAMES, "names"),
    (SECTION_TREE_TEXT, "tree-text"),
    (SECTION_TREE_LENGTHS, "tree-lengths"),
    (SECTION_TREE_RECORDS, "tree-records"),
    (SECTION_LINKS, "links"),
];

layout! {
    /// The counts that give every array its length.
    pub struct MeshMeta = 64 {
        /// The year of the vocabulary.
        year: u32,
        /// Descriptors, qualifiers and supplementary concepts.
        records: u32,
        /// Entries of section NAMES.
        names: u32,
        /// Tree numbers.
        trees: u32,
        /// Links.
        links: u32,
        /// Zero.
        reserved: [44],
    }
}

/// Ends each field of a record.
pub const FIELD_END: char = '\0';

/// What a field of a record is: its tag byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MeshTag {
    /// The UI: the first field of every record.
    Ui = b'U',
    /// The name.
    Name = b'n',
    /// An entry term or synonym.
    Entry = b'e',
    /// A name of earlier years.
    Former = b'f',
    /// The UI of a record that was merged into this one.
    Retired = b'r',
    /// The two letters of a qualifier.
    Code = b'c',
}

impl MeshTag {
    /// Every tag.
    pub const ALL: [MeshTag; 6] = [
        MeshTag::Ui,
        MeshTag::Name,
        MeshTag::Entry,
        MeshTag::Former,
        MeshTag::Retired,
        MeshTag::Code,
    ];
}

/// What a link says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum MeshLink {
    /// From a substance to its pharmacological action.
    Action = 1,
    /// From a supplementary concept to a heading; extra is 1 for the main one, plus 2 times one more than
    /// the record of the qualifier, if there is one.
    MappedTo = 2,
    /// From a descriptor to a qualifier that may go with it.
    Allows = 3,
}

/// The sections of a file, in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MeshParts {
    /// See [`MeshMeta`].
    pub year: u32,
    /// See [`SECTION_TEXT`].
    pub text: String,
    /// Where each record starts in the text, and where the last one ends.
    pub starts: Vec<u32>,
    /// See [`SECTION_NAMES`].
    pub names: Vec<u32>,
    /// See [`SECTION_TREE_TEXT`].
    pub tree_text: String,
    /// Where each tree number starts, and where the last one ends.
    pub tree_starts: Vec<u32>,
    /// See [`SECTION_TREE_RECORDS`].
    pub tree_records: Vec<u32>,
    /// See [`SECTION_LINKS`].
    pub links: Vec<[u32; 4]>,
}

/// The file of a vocabulary, and what identifies it. Its id is the hash of its content, so that equal
/// vocabularies are equal files.
pub fn encode(parts: &MeshParts) -> (Vec<u8>, FileSeal) {
    let meta = MeshMeta {
        year: parts.year,
        records: parts.starts.len().saturating_sub(1) as u32,
        names: parts.names.len() as u32,
        trees: parts.tree_records.len() as u32,
        links: parts.links.len() as u32,
        reserved: [0; 44],
    };
    let numbers = |numbers: &[u32]| -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    };
    let lengths = |starts: &[u32]| -> Vec<u8> {
        let ends = starts.iter().skip(1);
        ends.zip(starts).flat_map(|(end, start)| (end - start).to_le_bytes()).collect()
    };
    let (meta, links) = (meta.encode(), numbers(parts.links.as_flattened()));
    let (record_lengths, tree_lengths) = (lengths(&parts.starts), lengths(&parts.tree_starts));
    let (names, tree_records) = (numbers(&parts.names), numbers(&parts.tree_records));
    let sections: [(u32, &[u8]); 8] = [
        (SECTION_META, &meta),
        (SECTION_TEXT, parts.text.as_bytes()),
        (SECTION_LENGTHS, &record_lengths),
        (SECTION_NAMES, &names),
        (SECTION_TREE_TEXT, parts.tree_text.as_bytes()),
        (SECTION_TREE_LENGTHS, &tree_lengths),
        (SECTION_TREE_RECORDS, &tree_records),
        (SECTION_LINKS, &links),
    ];
    let mut writer = FrameWriter::new(FileKind::Mesh, content_hash(&sections));
    for (kind, bytes) in sections {
        writer.section(kind);
        writer.write(bytes);
    }
    writer.finish()
}

/// Reads a whole file: every block, length and offset is checked, not the order of names.
///
/// Memory: what the file has. Cost: one pass over the file.
///
/// # Errors
/// [`Error::Corrupt`]: a broken frame or block; [`Rule::ArrayLength`], [`Rule::Utf8`],
/// [`Rule::OffsetBounds`] or [`Rule::MeshRecord`].
pub fn decode(file: &str, bytes: &[u8]) -> Result<MeshParts> {
    let frame = Frame::parse(file, FileKind::Mesh, bytes)?;
    let section = |kind| checked_section(file, &frame, bytes, kind);
    let (meta, offset) = section(SECTION_META)?;
    let meta = decode_meta(file, offset, meta)?;
    let text = |kind| {
        let (bytes, offset) = section(kind)?;
        std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
            let place = offset + error.valid_up_to() as u64;
            Error::corrupt(file, place, Rule::Utf8, "text is not UTF-8")
        })
    };
    let numbers = |kind, count: u64| {
        let (bytes, offset) = section(kind)?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() || numbers.len() as u64 != count {
            let detail = format!("{} bytes, expected {count} numbers of 4", bytes.len());
            return Err(Error::corrupt(file, offset, Rule::ArrayLength, detail));
        }
        Ok((numbers.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect::<Vec<_>>(), offset))
    };
    let below = |kind, count: u64, limit: u32| {
        let (numbers, offset) = numbers(kind, count)?;
        match numbers.iter().position(|number| *number >= limit) {
            None => Ok(numbers),
            Some(place) => {
                let detail = format!("entry {place} is not below {limit}");
                let offset = offset + place as u64 * 4;
                Err(Error::corrupt(file, offset, Rule::OffsetBounds, detail))
            }
        }
    };
    let starts = |kind, count: u32, text: &str| {
        let (lengths, offset) = numbers(kind, u64::from(count))?;
        let mut starts = vec![0];
        let mut end = 0_u32;
        for length in lengths {
            end = end.saturating_add(length);
            let is_inside = length > 0 && text.is_char_boundary(end as usize);
            if !is_inside {
                break;
            }
            starts.push(end);
        }
        if starts.len() as u64 == u64::from(count) + 1 && end as usize == text.len() {
            return Ok(starts);
        }
        let detail = "the lengths do not add up to that of the text, at whole characters";
        Err(Error::corrupt(file, offset, Rule::OffsetBounds, detail))
    };
    let (records, trees) = (meta.records, meta.trees);
    let (record_text, tree_text) = (text(SECTION_TEXT)?, text(SECTION_TREE_TEXT)?);
    let parts = MeshParts {
        year: meta.year,
        starts: starts(SECTION_LENGTHS, records, &record_text)?,
        names: numbers(SECTION_NAMES, u64::from(meta.names))?.0,
        tree_starts: starts(SECTION_TREE_LENGTHS, trees, &tree_text)?,
        tree_records: below(SECTION_TREE_RECORDS, u64::from(trees), records)?,
        links: numbers(SECTION_LINKS, u64::from(meta.links) * 4)?.0.as_chunks().0.to_vec(),
        text: record_text,
        tree_text,
    };
    check_fields(file, &frame, &parts)?;
    Ok(parts)
}

/// The meta record; `offset` is its place in the file.
///
/// # Errors
/// [`Rule::ArrayLength`] for another length, [`Rule::ReservedZero`].
pub fn decode_meta(file: &str, offset: u64, bytes: &[u8]) -> Result<MeshMeta> {
    let Ok(bytes) = <&[u8; MeshMeta::SIZE]>::try_from(bytes) else {
        let detail = format!("the meta record has {} bytes, not 64", bytes.len());
        return Err(Error::corrupt(file, offset, Rule::ArrayLength, detail));
    };
    let meta = MeshMeta::decode(bytes);
    match meta.reserved == [0; 44] {
        true => Ok(meta),
        false => Err(Error::corrupt(file, offset + 20, Rule::ReservedZero, "reserved bytes")),
    }
}

/// Every record begins with its UI and ends with its last field; names stand where fields start; links
/// are between records.
fn check_fields(file: &str, frame: &Frame, parts: &MeshParts) -> Result<()> {
    let wrong = |kind, detail: String| {
        let offset = frame.section(kind).map_or(0, |section| section.offset);
        Err(Error::corrupt(file, offset, Rule::MeshRecord, detail))
    };
    let text = parts.text.as_bytes();
    for (number, ends) in parts.starts.windows(2).enumerate() {
        let [start, end] = ends else { continue };
        let record = text.get(*start as usize..*end as usize).unwrap_or_default();
        if record.first() != Some(&(MeshTag::Ui as u8)) || record.last() != Some(&0) {
            return wrong(SECTION_TEXT, format!("record {number} has no UI or no end"));
        }
    }
    for (number, at) in parts.names.iter().enumerate() {
        let at = *at as usize;
        let follows_field = at.checked_sub(1).and_then(|before| text.get(before)) == Some(&0);
        let is_tag = text.get(at).is_some_and(|tag| b"nefr".contains(tag));
        if !follows_field || !is_tag {
            return wrong(SECTION_NAMES, format!("entry {number} is not the start of a name"));
        }
    }
    let records = parts.starts.len().saturating_sub(1) as u32;
    if !parts.links.is_sorted() {
        return wrong(SECTION_LINKS, "links are not in ascending order".to_owned());
    }
    match parts.links.iter().position(|[_, from, to, _]| *from >= records || *to >= records) {
        Some(number) => wrong(SECTION_LINKS, format!("link {number} leads to no record")),
        None => Ok(()),
    }
}
