//! The frame shared by every file: header, sections, section table, block checksums, footer.
//!
//! ```text
//! | header 64 | section | pad | section | pad | ... | table | block CRCs | footer 64 |
//! |<-------------------- body ------------------->|
//! ```
//!
//! The body is covered by one CRC-32C for each 64 KiB block; table and block CRCs by one in the
//! footer; the footer by its own. See `format-spec/02-frame.md`.

use super::layout::layout;
use crate::limits::{ALIGNMENT, BLOCK_BYTES};

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
    /// A MeSH vocabulary.
    Mesh = 5,
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
/// yields. Memory: one CRC per block, and what was not drained.
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
    /// The section of a kind.
    pub fn section(&self, kind: u32) -> Option<Section> {
        self.sections.iter().copied().find(|section| section.kind == kind)
    }
}

mod parse;

#[cfg(test)]
mod tests;
