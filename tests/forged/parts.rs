//! A database taken apart into files, sections and records, and put together again with every
//! checksum, length, id and name right.

use std::collections::BTreeMap;

use medvec::format::archive;
use medvec::format::codebook;
use medvec::format::frame::{
    FOOTER_MAGIC, FileKind, FileSeal, Footer, Frame, Header, MAGIC, Section,
};
use medvec::format::manifest::{self, CodebookEntry, Manifest};
use medvec::format::names;
use medvec::format::segment::{SECTION_META, SegmentMeta};
use medvec::ids::{Generation, SegmentId};
use medvec::limits::BLOCK_BYTES;
use sha2::{Digest, Sha256};

/// The files of a database by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Where a byte is changed before checksums are made.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// From the start of the header.
    Header,
    /// From the start of the body: sections and the padding between them.
    Body,
    /// From the start of the section table.
    Table,
    /// From the start of the footer.
    Footer,
}

/// One file: what its header says, and its sections in order.
#[derive(Clone, Debug)]
pub struct File {
    pub file_id: [u8; 16],
    pub version_minor: u16,
    pub features: [u32; 2],
    pub sections: Vec<(u32, Vec<u8>)>,
    /// Bytes of the frame or the body to be changed last.
    pub edits: Vec<(Place, usize, u8)>,
}

/// The newest generation of a database.
#[derive(Clone, Debug)]
pub struct Parts {
    pub manifest: Manifest,
    /// Header of the manifest; it has no sections here.
    pub manifest_file: File,
    /// The generation in the manifest's name; `None`: the one in the manifest.
    pub named_generation: Option<Generation>,
    /// Bytes of the manifest's record to be changed, counted from its end.
    pub record_edits: Vec<(usize, u8)>,
    pub segments: BTreeMap<SegmentId, File>,
    pub tombstones: BTreeMap<(SegmentId, Generation), File>,
    pub codebooks: BTreeMap<[u8; 16], File>,
}

impl File {
    fn take_apart(kind: FileKind, bytes: &[u8]) -> File {
        let frame = Frame::parse("base", kind, bytes).expect("a sound base");
        let content = |section: &Section| {
            let start = section.offset as usize;
            (section.kind, bytes[start..start + section.length as usize].to_vec())
        };
        File {
            file_id: frame.header.file_id,
            version_minor: frame.header.version_minor,
            features: [frame.header.features_optional, frame.header.features_write],
            sections: frame.sections.iter().map(content).collect(),
            edits: Vec::new(),
        }
    }

    pub fn section(&self, kind: u32) -> &[u8] {
        let found = self.sections.iter().find(|(known, _)| *known == kind);
        found.map_or(&[], |(_, bytes)| bytes)
    }

    /// The content of a section; that of another one where there is none of this kind.
    pub fn section_mut(&mut self, kind: u32) -> &mut Vec<u8> {
        let place = self.sections.iter().position(|(known, _)| *known == kind);
        let place = place.unwrap_or_else(|| {
            self.sections.push((kind, Vec::new()));
            self.sections.len() - 1
        });
        &mut self.sections[place].1
    }

    /// A segment's meta record, if it still is one.
    pub fn meta(&self) -> Option<SegmentMeta> {
        archive::decode("meta", 0, self.section(SECTION_META)).ok()
    }

    pub fn set_meta(&mut self, meta: &SegmentMeta) {
        *self.section_mut(SECTION_META) = archive::encode(meta).expect("memory").to_vec();
    }

    /// The hash of a codebook's content.
    fn content_hash(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        for (kind, _) in codebook::NAMES {
            let bytes = self.section(*kind);
            hash.update(kind.to_le_bytes());
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        let digest: [u8; 32] = hash.finalize().into();
        *digest.first_chunk().expect("32 bytes")
    }

    /// The bytes of the file, and what a manifest must say of it.
    pub fn frame(&self, kind: FileKind) -> (Vec<u8>, FileSeal) {
        let header = Header {
            magic: MAGIC,
            version_major: 1,
            version_minor: self.version_minor,
            kind: kind as u32,
            file_id: self.file_id,
            features_optional: self.features[0],
            features_write: self.features[1],
            features_read: 0,
            reserved: [0; 16],
            crc: 0,
        };
        let mut out = header.encode().to_vec();
        self.edit(Place::Header, &mut out[..60]);
        let crc = crc32c::crc32c(&out[..60]);
        out[60..].copy_from_slice(&crc.to_le_bytes());
        let mut table = Vec::new();
        for (kind, bytes) in &self.sections {
            out.resize(out.len().next_multiple_of(64), 0);
            let (offset, length) = (out.len() as u64, bytes.len() as u64);
            table.extend(Section { kind: *kind, reserved: 0, offset, length }.encode());
            out.extend_from_slice(bytes);
        }
        out.resize(out.len().next_multiple_of(64), 0);
        self.edit(Place::Body, &mut out[Header::SIZE..]);
        self.edit(Place::Table, &mut table);
        let body_length = out.len();
        for block in out.chunks(BLOCK_BYTES) {
            table.extend(crc32c::crc32c(block).to_le_bytes());
        }
        let footer = Footer {
            file_length: (body_length + table.len() + Footer::SIZE) as u64,
            body_length: body_length as u64,
            section_count: self.sections.len() as u32,
            block_count: body_length.div_ceil(BLOCK_BYTES) as u32,
            table_crc: crc32c::crc32c(&table),
            reserved: [0; 8],
            file_id: self.file_id,
            crc: 0,
            magic: FOOTER_MAGIC,
        };
        let mut footer = footer.encode();
        self.edit(Place::Footer, &mut footer[..52]);
        let footer_crc = crc32c::crc32c(&footer[..52]);
        footer[52..56].copy_from_slice(&footer_crc.to_le_bytes());
        out.extend(table);
        out.extend(footer);
        let seal = FileSeal { file_id: self.file_id, length: out.len() as u64, footer_crc };
        (out, seal)
    }

    /// Makes the changes of one place; offsets beyond its end count from its start again.
    fn edit(&self, place: Place, bytes: &mut [u8]) {
        for (_, offset, byte) in self.edits.iter().filter(|(at, ..)| *at as u8 == place as u8) {
            if let Some(offset) = offset.checked_rem(bytes.len()) {
                bytes[offset] = *byte;
            }
        }
    }
}

impl Parts {
    /// Takes the newest generation apart.
    pub fn new(files: &Files) -> Parts {
        let newest = files.iter().rfind(|(name, _)| name.starts_with("manifest-"));
        let (name, bytes) = newest.expect("a manifest");
        let manifest = manifest::decode(name, bytes).expect("a sound manifest");
        let mut manifest_file = File::take_apart(FileKind::Manifest, bytes);
        manifest_file.sections.clear();
        let mut parts = Parts {
            manifest,
            manifest_file,
            named_generation: None,
            record_edits: Vec::new(),
            segments: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            codebooks: BTreeMap::new(),
        };
        for entry in &parts.manifest.segments {
            let bytes = &files[&names::segment_name(entry.id)];
            parts.segments.insert(entry.id, File::take_apart(FileKind::Segment, bytes));
            if let Some(stored) = &entry.tombstones {
                let bytes = &files[&names::tombstones_name(entry.id, stored.generation)];
                let file = File::take_apart(FileKind::Tombstones, bytes);
                parts.tombstones.insert((entry.id, stored.generation), file);
            }
        }
        for entry in &parts.manifest.codebooks {
            let bytes = &files[&names::codebook_name(entry.hash)];
            parts.codebooks.insert(entry.hash, File::take_apart(FileKind::Codebook, bytes));
        }
        parts
    }

    /// Puts the files together. Codebooks get the names of their content, and whoever named them
    /// names them so; the manifest seals every file as it is.
    pub fn assemble(&self) -> Files {
        let mut files = Files::new();
        let mut manifest = self.manifest.clone();
        let mut renamed = BTreeMap::new();
        for (old, file) in &self.codebooks {
            let hash = file.content_hash();
            let file = File { file_id: hash, ..file.clone() };
            let (bytes, seal) = file.frame(FileKind::Codebook);
            files.insert(names::codebook_name(hash), bytes);
            renamed.insert(*old, CodebookEntry { hash, seal });
        }
        for entry in &mut manifest.codebooks {
            if let Some(new) = renamed.get(&entry.hash) {
                *entry = new.clone();
            }
        }
        for (id, file) in &self.segments {
            let seal = match renames(file, &renamed) {
                Some(file) => put(&mut files, names::segment_name(*id), &file, FileKind::Segment),
                None => put(&mut files, names::segment_name(*id), file, FileKind::Segment),
            };
            for entry in manifest.segments.iter_mut().filter(|entry| entry.id == *id) {
                entry.seal = seal;
            }
        }
        for ((id, generation), file) in &self.tombstones {
            let name = names::tombstones_name(*id, *generation);
            let seal = put(&mut files, name, file, FileKind::Tombstones);
            for entry in manifest.segments.iter_mut().filter(|entry| entry.id == *id) {
                if let Some(stored) = &mut entry.tombstones
                    && stored.generation == *generation
                {
                    stored.seal = seal;
                }
            }
        }
        let mut record = archive::encode(&manifest).expect("memory").to_vec();
        for (from_end, byte) in &self.record_edits {
            let length = record.len();
            record[length - 1 - from_end % length] = *byte;
        }
        let sections = vec![(manifest::SECTION_STATE, record)];
        let file = File { sections, ..self.manifest_file.clone() };
        let generation = self.named_generation.unwrap_or(manifest.generation);
        put(&mut files, names::manifest_name(generation), &file, FileKind::Manifest);
        files
    }
}

fn put(files: &mut Files, name: String, file: &File, kind: FileKind) -> FileSeal {
    let (bytes, seal) = file.frame(kind);
    files.insert(name, bytes);
    seal
}

/// A segment with the new name of its codebook; `None` when it keeps its name.
fn renames(file: &File, renamed: &BTreeMap<[u8; 16], CodebookEntry>) -> Option<File> {
    if renamed.iter().all(|(old, new)| *old == new.hash) {
        return None;
    }
    let mut meta = file.meta()?;
    let index = meta.index.as_mut()?;
    index.codebook = renamed.get(&index.codebook)?.hash;
    let mut file = file.clone();
    file.set_meta(&meta);
    Some(file)
}
