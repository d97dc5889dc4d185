//! What the targets share: frames around arbitrary bytes, checksums made right, and a small
//! database to damage.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use medvec::db::{Database, WriterOptions};
use medvec::format::frame::{FileKind, FileSeal, Footer, FrameWriter, Header, Section};
use medvec::format::manifest;
use medvec::format::names::{self, Name};
use medvec::ids::Revision;
use medvec::storage::{MemoryStorage, Storage};

#[path = "../../tests/common/mod.rs"]
pub mod common;

/// The files of a database by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// An intact file of one section with this content.
pub fn framed(kind: FileKind, section: u32, content: &[u8]) -> Vec<u8> {
    let mut writer = FrameWriter::new(kind, [7; 16]);
    writer.section(section);
    writer.write(content);
    writer.finish().0
}

/// Makes every checksum, magic number and length of a file right where its footer allows it, so
/// that what lies behind those checks is reached.
pub fn repair(bytes: &mut [u8]) {
    let length = bytes.len();
    if length < Header::SIZE + Footer::SIZE {
        return;
    }
    let (body, footer) = bytes.split_at_mut(length - Footer::SIZE);
    body[..8].copy_from_slice(&medvec::format::frame::MAGIC);
    let crc = crc32c::crc32c(&body[..60]);
    body[60..64].copy_from_slice(&crc.to_le_bytes());

    footer[..8].copy_from_slice(&(length as u64).to_le_bytes());
    footer[36..52].copy_from_slice(&body[16..32]);
    footer[56..].copy_from_slice(&medvec::format::frame::FOOTER_MAGIC);
    let decoded = Footer::decode(footer.first_chunk().expect("64 bytes"));
    let start = usize::try_from(decoded.body_length).unwrap_or(usize::MAX).min(body.len());
    let crcs = (decoded.section_count as usize).saturating_mul(Section::SIZE).saturating_add(start);
    if crcs < body.len() {
        let (content, table) = body.split_at_mut(crcs);
        let blocks = content[..start].chunks(medvec::limits::BLOCK_BYTES);
        for (place, block) in table.chunks_exact_mut(4).zip(blocks) {
            place.copy_from_slice(&crc32c::crc32c(block).to_le_bytes());
        }
    }
    footer[24..28].copy_from_slice(&crc32c::crc32c(&body[start..]).to_le_bytes());
    let crc = crc32c::crc32c(&footer[..52]);
    footer[52..56].copy_from_slice(&crc.to_le_bytes());
}

/// Two segments, tombstones, deletion marks, vectors and every kind of field, in one generation.
pub fn template() -> &'static Files {
    static TEMPLATE: OnceLock<Files> = OnceLock::new();
    TEMPLATE.get_or_init(|| build().expect("no fault is possible in memory"))
}

fn build() -> medvec::Result<Files> {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), common::create_options())?;
    let mut writer = database.writer(WriterOptions::default())?;
    for number in 0..5 {
        writer.upsert_with_vector(common::document(number, 0), common::vector(number, 0))?;
    }
    writer.commit()?;
    for number in 4..7 {
        writer.upsert_with_vector(common::document(number, 1), common::vector(number, 1))?;
    }
    writer.delete(&common::key(2))?;
    let revision = Revision { file: 26_000_001, position: 3, version: 1 };
    writer.delete_revision(&common::key(99), revision)?;
    let newest = writer.commit()?;
    let mut files = Files::new();
    for name in storage.list()? {
        let old = matches!(names::parse(&name), Some(Name::Manifest(found)) if found != newest);
        if let Some(bytes) = storage.open(&name)?.filter(|bytes| !old && !bytes.is_empty()) {
            files.insert(name, bytes.to_vec());
        }
    }
    Ok(files)
}

/// What a manifest must say of a file with these ends.
pub fn seal(bytes: &[u8]) -> Option<FileSeal> {
    let header = Header::decode(bytes.first_chunk()?);
    let footer = Footer::decode(bytes.last_chunk()?);
    let length = bytes.len() as u64;
    Some(FileSeal { file_id: header.file_id, length, footer_crc: footer.crc })
}

/// Makes the manifest name the files as they are, where it can still be read.
pub fn reseal(files: &mut Files) {
    for (name, bytes) in files.clone() {
        if !matches!(names::parse(&name), Some(Name::Manifest(_))) {
            continue;
        }
        let Ok(mut state) = manifest::decode(&name, &bytes) else { continue };
        for entry in &mut state.segments {
            let found = |name: String| files.get(&name).and_then(|bytes| seal(bytes));
            if let Some(seal) = found(names::segment_name(entry.id)) {
                entry.seal = seal;
            }
            if let Some(tombstones) = &mut entry.tombstones
                && let Some(seal) = found(names::tombstones_name(entry.id, tombstones.generation))
            {
                tombstones.seal = seal;
            }
        }
        if let Ok((bytes, _)) = manifest::encode(&state, [1; 16]) {
            files.insert(name, bytes);
        }
    }
}
