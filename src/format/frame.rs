//! The frame shared by every file: header, sections, section table, block checksums, footer.
//!
//! ```text
//! | header 64 | section | pad | section | pad | ... | table | block CRCs | footer 64 |
//! |<-------------------- body ------------------->|
//! ```
//!
//! The body is covered by one CRC-32C for each 64 KiB block; table and block CRCs by one in the
//! footer; the footer by its own. See `format-spec/02-frame.md`.

use super::cursor;
use super::layout::layout;
use super::rules::Rule;
use crate::error::{Error, Result};
use crate::limits::{ALIGNMENT, BLOCK_BYTES, SECTIONS_MAX};

/// First bytes of every file. The odd bytes catch text-mode and 7-bit transfers.
pub const MAGIC: [u8; 8] = *b"\x89mdv\r\n\x1a\n";
/// Last bytes of every file.
pub const FOOTER_MAGIC: [u8; 8] = *b"medv.end";
/// Version of the format: a reader refuses a greater major version and accepts any minor one.
pub const VERSION_MAJOR: u16 = 1;
/// Minor version written by this build.
pub const VERSION_MINOR: u16 = 1;
/// Flags of features that this build can read.
pub const FEATURES_READ: u32 = 0;
/// Flags of features that this build can write.
pub const FEATURES_WRITE: u32 = 0;

layout! {
    /// The first 64 bytes of a file.
    pub struct Header = 64 {
        /// [`MAGIC`].
        magic: [8],
        /// Format version, major.
        version_major: u16,
        /// Format version, minor.
        version_minor: u16,
        /// [`FileKind`].
        kind: u32,
        /// Random id, repeated in the footer and in the manifest.
        file_id: [16],
        /// Features a reader may ignore.
        features_optional: u32,
        /// Features a writer must know.
        features_write: u32,
        /// Features a reader must know.
        features_read: u32,
        /// Zero.
        reserved: [16],
        /// CRC-32C of the 60 bytes before.
        crc: u32,
    }
}

layout! {
    /// One entry of the section table.
    pub struct Section = 24 {
        /// Kind, unique in the file.
        kind: u32,
        /// Zero.
        reserved: u32,
        /// Offset from the start of the file, a multiple of 64.
        offset: u64,
        /// Length in bytes, without padding.
        length: u64,
    }
}

layout! {
    /// The last 64 bytes of a file.
    pub struct Footer = 64 {
        /// Length of the whole file.
        file_length: u64,
        /// Length of the body: where the section table starts.
        body_length: u64,
        /// Entries of the section table.
        section_count: u32,
        /// Block checksums that follow the table.
        block_count: u32,
        /// CRC-32C of table and block checksums.
        table_crc: u32,
        /// Zero.
        reserved: [8],
        /// The header's file id.
        file_id: [16],
        /// CRC-32C of the 52 bytes before.
        crc: u32,
        /// [`FOOTER_MAGIC`].
        magic: [8],
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum FileKind {
    /// The database state.
    Manifest = 1,
    /// Documents and vectors.
    Segment = 2,
    /// Deleted rows of a segment.
    Tombstones = 3,
    /// What vectors are quantised with.
    Codebook = 4,
}

/// What identifies a finished file: named by the manifest, checked at open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct FileSeal {
    /// The header's file id.
    pub file_id: [u8; 16],
    /// Length in bytes.
    pub length: u64,
    /// The footer's CRC.
    pub footer_crc: u32,
}

/// Builds the bytes of a file piece by piece; the caller writes out what [`FrameWriter::drain`]
/// yields. Memory: one CRC a block and what was not drained.
pub struct FrameWriter {
    pending: Vec<u8>,
    sections: Vec<Section>,
    block_crcs: Vec<u32>,
    crc: u32,
    position: u64,
    file_id: [u8; 16],
    open: bool,
}

impl FrameWriter {
    /// Starts a file.
    pub fn new(kind: FileKind, file_id: [u8; 16]) -> FrameWriter {
        let mut header = Header {
            magic: MAGIC,
            version_major: VERSION_MAJOR,
            version_minor: VERSION_MINOR,
            kind: kind as u32,
            file_id,
            features_optional: 0,
            features_write: 0,
            features_read: 0,
            reserved: [0; 16],
            crc: 0,
        };
        header.crc = crc_before(&header.encode(), 4);
        let mut writer = FrameWriter {
            pending: Vec::new(),
            sections: Vec::new(),
            block_crcs: Vec::new(),
            crc: 0,
            position: 0,
            file_id,
            open: false,
        };
        writer.append(&header.encode());
        writer
    }

    /// Starts a section; kinds must be unique.
    pub fn section(&mut self, kind: u32) {
        self.pad();
        debug_assert!(self.sections.iter().all(|section| section.kind != kind));
        self.sections.push(Section { kind, reserved: 0, offset: self.position, length: 0 });
        self.open = true;
    }

    /// Appends to the current section.
    pub fn write(&mut self, bytes: &[u8]) {
        debug_assert!(self.open, "write before section");
        if let Some(section) = self.sections.last_mut() {
            section.length += bytes.len() as u64;
        }
        self.append(bytes);
    }

    /// Takes the bytes that can be written out now.
    pub fn drain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }

    /// Ends the file: the last bytes, and what identifies it.
    pub fn finish(mut self) -> (Vec<u8>, FileSeal) {
        self.pad();
        let body_length = self.position;
        if !body_length.is_multiple_of(BLOCK_BYTES as u64) {
            self.block_crcs.push(self.crc);
        }
        let mut table = Vec::new();
        for section in &self.sections {
            table.extend_from_slice(&section.encode());
        }
        for crc in &self.block_crcs {
            table.extend_from_slice(&crc.to_le_bytes());
        }
        let mut footer = Footer {
            file_length: body_length + table.len() as u64 + Footer::SIZE as u64,
            body_length,
            section_count: self.sections.len() as u32,
            block_count: self.block_crcs.len() as u32,
            table_crc: crc32c::crc32c(&table),
            reserved: [0; 8],
            file_id: self.file_id,
            crc: 0,
            magic: FOOTER_MAGIC,
        };
        footer.crc = crc_before(&footer.encode(), 12);
        let mut out = self.pending;
        out.extend_from_slice(&table);
        out.extend_from_slice(&footer.encode());
        let seal =
            FileSeal { file_id: self.file_id, length: footer.file_length, footer_crc: footer.crc };
        (out, seal)
    }

    fn pad(&mut self) {
        let over = (self.position % ALIGNMENT as u64) as usize;
        if over != 0 {
            self.append([0; ALIGNMENT].get(over..).unwrap_or_default());
        }
        self.open = false;
    }

    fn append(&mut self, mut bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while !bytes.is_empty() {
            let room = BLOCK_BYTES - (self.position % BLOCK_BYTES as u64) as usize;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.crc = crc32c::crc32c_append(self.crc, now);
            self.position += now.len() as u64;
            if now.len() == room {
                self.block_crcs.push(self.crc);
                self.crc = 0;
            }
            bytes = later;
        }
    }
}

fn crc_before(encoded: &[u8; 64], tail: usize) -> u32 {
    crc32c::crc32c(encoded.get(..64 - tail).unwrap_or_default())
}

/// The validated ends of a file: header, section table and block checksums. Sections themselves
/// are checked block by block when first used (`storage::VerifiedFile`).
#[derive(Clone, Debug)]
pub struct Frame {
    /// The header.
    pub header: Header,
    /// Sections in order of offset.
    pub sections: Vec<Section>,
    /// CRC-32C of every block of the body.
    pub block_crcs: Vec<u32>,
    /// Length of the body.
    pub body_length: u64,
    /// What the manifest must say of this file.
    pub seal: FileSeal,
}

impl Frame {
    /// Reads and checks the ends of a file; the body is not touched but for the header.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the rule that is broken; [`Error::Unsupported`] for a newer format.
    pub fn parse(file: &str, kind: FileKind, bytes: &[u8]) -> Result<Frame> {
        let bad = |offset: usize, rule: Rule, detail: String| {
            Error::corrupt(file, offset as u64, rule, detail)
        };
        let (Some(head), Some(tail)) =
            (bytes.first_chunk::<{ Header::SIZE }>(), bytes.last_chunk::<{ Footer::SIZE }>())
        else {
            return Err(bad(0, Rule::FileLength, format!("only {} bytes", bytes.len())));
        };
        let header = Header::decode(head);
        if header.magic != MAGIC {
            return Err(bad(0, Rule::Magic, "not a medvec file".into()));
        }
        if header.crc != crc_before(head, 4) {
            return Err(bad(60, Rule::HeaderChecksum, "header checksum differs".into()));
        }
        if header.version_major != VERSION_MAJOR {
            return Err(Error::Unsupported {
                file: file.to_owned(),
                needs: format!("format version {}.{}", header.version_major, header.version_minor),
                has: format!("version {VERSION_MAJOR}.{VERSION_MINOR}"),
            });
        }
        if header.features_read & !FEATURES_READ != 0 {
            return Err(Error::Unsupported {
                file: file.to_owned(),
                needs: format!("read features {:#x}", header.features_read),
                has: format!("{FEATURES_READ:#x}"),
            });
        }
        if header.kind != kind as u32 {
            return Err(bad(
                12,
                Rule::Kind,
                format!("expected kind {}, found {}", kind as u32, header.kind),
            ));
        }
        if header.reserved != [0; 16] {
            return Err(bad(44, Rule::ReservedZero, "reserved header bytes are not zero".into()));
        }

        let footer_at = bytes.len() - Footer::SIZE;
        let footer = Footer::decode(tail);
        if footer.magic != FOOTER_MAGIC {
            return Err(bad(
                footer_at + 56,
                Rule::FooterMagic,
                "the file does not end with a footer: it is truncated or extended".into(),
            ));
        }
        if footer.crc != crc_before(tail, 12) {
            return Err(bad(
                footer_at + 52,
                Rule::FooterChecksum,
                "footer checksum differs".into(),
            ));
        }
        if footer.reserved != [0; 8] {
            return Err(bad(
                footer_at + 28,
                Rule::ReservedZero,
                "reserved footer bytes are not zero".into(),
            ));
        }
        if footer.file_length != bytes.len() as u64 {
            return Err(bad(
                footer_at,
                Rule::FileLength,
                format!("footer says {} bytes, the file has {}", footer.file_length, bytes.len()),
            ));
        }
        if footer.file_id != header.file_id {
            return Err(bad(
                footer_at + 36,
                Rule::FileId,
                "header and footer have different file ids".into(),
            ));
        }
        let body = usize::try_from(footer.body_length).unwrap_or(usize::MAX);
        let section_count = footer.section_count as usize;
        let block_count = footer.block_count as usize;
        let table_end = section_count
            .checked_mul(Section::SIZE)
            .and_then(|table| table.checked_add(block_count.checked_mul(4)?))
            .and_then(|length| length.checked_add(body));
        if section_count > SECTIONS_MAX
            || body < Header::SIZE
            || !body.is_multiple_of(ALIGNMENT)
            || table_end != Some(footer_at)
            || block_count != body.div_ceil(BLOCK_BYTES)
        {
            return Err(bad(
                footer_at,
                Rule::Count,
                "body, table and footer do not fill the file".into(),
            ));
        }
        let tables = bytes.get(body..footer_at).unwrap_or_default();
        if crc32c::crc32c(tables) != footer.table_crc {
            return Err(bad(body, Rule::TableChecksum, "section table checksum differs".into()));
        }
        let (table, crcs) =
            tables.split_at_checked(section_count * Section::SIZE).unwrap_or_default();
        let mut sections: Vec<Section> = Vec::with_capacity(section_count);
        let mut end = Header::SIZE as u64;
        for (place, entry) in table.chunks_exact(Section::SIZE).enumerate() {
            let at = body + place * Section::SIZE;
            let Some(entry) = cursor::head::<{ Section::SIZE }>(entry) else { continue };
            let section = Section::decode(entry);
            let section_end = section.offset.checked_add(section.length);
            if section.reserved != 0 {
                return Err(bad(
                    at + 4,
                    Rule::ReservedZero,
                    "reserved table bytes are not zero".into(),
                ));
            }
            if !section.offset.is_multiple_of(ALIGNMENT as u64)
                || section.offset < end
                || section_end.is_none_or(|end| end > footer.body_length)
            {
                return Err(bad(
                    at,
                    Rule::SectionBounds,
                    format!(
                        "section {} at {} with {} bytes",
                        section.kind, section.offset, section.length
                    ),
                ));
            }
            if sections.iter().any(|other| other.kind == section.kind) {
                return Err(bad(
                    at,
                    Rule::SectionUnique,
                    format!("section {} is given twice", section.kind),
                ));
            }
            end = section_end.unwrap_or(end);
            sections.push(section);
        }
        let block_crcs = crcs
            .chunks_exact(4)
            .filter_map(|crc| crc.first_chunk::<4>())
            .map(|crc| u32::from_le_bytes(*crc))
            .collect();
        Ok(Frame {
            header,
            sections,
            block_crcs,
            body_length: footer.body_length,
            seal: FileSeal {
                file_id: header.file_id,
                length: footer.file_length,
                footer_crc: footer.crc,
            },
        })
    }

    /// The section of a kind.
    pub fn section(&self, kind: u32) -> Option<Section> {
        self.sections.iter().copied().find(|section| section.kind == kind)
    }
}

#[cfg(test)]
mod tests;
