//! What the targets share: frames around arbitrary bytes, checksums made right, and a small
//! database to damage.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use medvec::db::{Database, OptimizeOptions, WriterOptions};
use medvec::format::codebook;
use medvec::format::frame::{FileKind, FileSeal, Footer, Frame, FrameWriter, Header, Section};
use medvec::format::manifest::{self, CodebookEntry, Manifest, MeshEntry};
use medvec::format::mesh;
use medvec::format::names::{self, Name};
use medvec::ids::{Revision, SegmentId};
use medvec::storage::{MemoryStorage, Storage};
use medvec::{Control, Document, Generation, Key};
use sha2::{Digest, Sha256};

#[cfg(feature = "sources")]
pub mod arrays;
#[cfg(feature = "documents")]
pub mod citations;
#[path = "../../tests/common/mod.rs"]
pub mod common;
// What forged databases are judged by: a reader that knows only the text of the format.
#[path = "../../tests/spec/document.rs"]
#[allow(dead_code)]
mod document;
pub mod forged;
#[cfg(feature = "sources")]
pub mod models;
#[path = "../../tests/spec/reader.rs"]
mod reader;
#[cfg(feature = "documents")]
pub mod sources;
#[path = "../../tests/spec/text.rs"]
#[allow(dead_code)]
mod text;

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

/// The hash of a codebook's content; `None` where its ends cannot be read.
pub fn content_hash(codebook: &[u8]) -> Option<[u8; 16]> {
    hash_of(FileKind::Codebook, codebook::NAMES, codebook)
}

/// The hash of the sections of a file that is named after its content.
fn hash_of(kind: FileKind, names: &[(u32, &str)], file: &[u8]) -> Option<[u8; 16]> {
    let frame = Frame::parse("file", kind, file).ok()?;
    let mut hash = Sha256::new();
    for (kind, _) in names {
        let section = frame.sections.iter().find(|section| section.kind == *kind)?;
        let start = usize::try_from(section.offset).ok()?;
        let bytes = file.get(start..)?.get(..usize::try_from(section.length).ok()?)?;
        hash.update(kind.to_le_bytes());
        hash.update(section.length.to_le_bytes());
        hash.update(bytes);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().copied()
}

/// Makes a codebook's checksums, and its file id, right; returns what a manifest must say of it.
pub fn repair_codebook(bytes: &mut [u8]) -> Option<CodebookEntry> {
    repair(bytes);
    let hash = content_hash(bytes)?;
    bytes.get_mut(16..32)?.copy_from_slice(&hash);
    repair(bytes);
    Some(CodebookEntry { hash, seal: seal(bytes)? })
}

/// Makes a MeSH file's checksums, and its file id, right; returns what a manifest must say of it.
pub fn repair_mesh(bytes: &mut [u8]) -> Option<MeshEntry> {
    repair(bytes);
    let hash = hash_of(FileKind::Mesh, mesh::NAMES, bytes)?;
    bytes.get_mut(16..32)?.copy_from_slice(&hash);
    repair(bytes);
    Some(MeshEntry { hash, seal: seal(bytes)? })
}

/// The manifest of a database without documents and vectors.
pub fn empty_manifest() -> Manifest {
    Manifest {
        generation: Generation(1),
        database_id: [2; 16],
        next_segment: SegmentId(1),
        vectors: None,
        segments: vec![],
        sources: vec![],
        codebooks: vec![],
        calibration: None,
        former: vec![],
        lexical: None,
        index: None,
        mesh: None,
    }
}

/// Two segments, tombstones, deletion marks, vectors and every kind of field, in one generation.
pub fn template() -> &'static Files {
    static TEMPLATE: OnceLock<Files> = OnceLock::new();
    TEMPLATE.get_or_init(|| build().expect("no fault is possible in memory"))
}

/// The same with an index: a codebook, a calibration, an indexed segment and one that is not.
pub fn indexed_template() -> &'static Files {
    static TEMPLATE: OnceLock<Files> = OnceLock::new();
    TEMPLATE.get_or_init(|| build_indexed().expect("no fault is possible in memory"))
}

/// Documents of the indexed segment of [`indexed_template`].
pub const INDEXED_ROWS: u32 = 40;

/// A writer that trains and uses an index of a few documents.
pub fn small_index() -> WriterOptions {
    WriterOptions::default().index_rows_min(4).train_rows_min(6)
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
    newest_files(&storage, newest)
}

fn build_indexed() -> medvec::Result<Files> {
    let storage = MemoryStorage::new();
    let database = Database::create_in(Arc::new(storage.clone()), common::create_options())?;
    let mut writer = database.writer(small_index())?;
    for number in 1..u64::from(INDEXED_ROWS) {
        writer.upsert_with_vector(common::document(number, 0), common::vector(number, 0))?;
    }
    // One without a vector: it comes after the lists.
    writer.upsert(Document::new(Key::Text("nothing but a key".into())))?;
    let options = OptimizeOptions::default().lists(Some(5));
    writer.optimize(&options, &Control::default())?;
    for number in 39..42 {
        writer.upsert_with_vector(common::document(number, 1), common::vector(number, 1))?;
    }
    writer.delete(&common::key(2))?;
    let newest = writer.commit()?;
    newest_files(&storage, newest)
}

/// The files of a generation, and of no older one.
fn newest_files(storage: &MemoryStorage, newest: Generation) -> medvec::Result<Files> {
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

/// Makes the manifest name the files as they are, where it can still be read, and gives codebooks
/// the names of their content.
pub fn reseal(files: &mut Files) {
    let renamed = rename_codebooks(files);
    for (name, bytes) in files.clone() {
        if !matches!(names::parse(&name), Some(Name::Manifest(_))) {
            continue;
        }
        let Ok(mut state) = manifest::decode(&name, &bytes) else { continue };
        for entry in &mut state.codebooks {
            if let Some((_, new)) = renamed.iter().find(|(old, _)| *old == entry.hash) {
                *entry = new.clone();
            }
        }
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

/// Names every codebook after its content, in segments too; returns old hashes and new entries.
fn rename_codebooks(files: &mut Files) -> Vec<([u8; 16], CodebookEntry)> {
    let mut renamed = Vec::new();
    for (name, mut bytes) in files.clone() {
        let Some(Name::Codebook(old)) = names::parse(&name) else { continue };
        let Some(entry) = repair_codebook(&mut bytes) else { continue };
        files.remove(&name);
        files.insert(names::codebook_name(entry.hash), bytes);
        renamed.push((old, entry));
    }
    for (name, bytes) in files.iter_mut() {
        if !matches!(names::parse(name), Some(Name::Segment(_))) {
            continue;
        }
        let places = renamed.iter().filter_map(|(old, entry)| {
            bytes.windows(16).position(|window| window == old).map(|place| (place, entry.hash))
        });
        let places: Vec<(usize, [u8; 16])> = places.collect();
        for (place, hash) in &places {
            bytes[*place..place + 16].copy_from_slice(hash);
        }
        if !places.is_empty() {
            repair(bytes);
        }
    }
    renamed
}

/// Lets panics whose place is in a crate (`/name-` in the path of the file) unwind to whoever catches
/// them; all others end the run.
pub fn allow_panics_of(crate_part: &'static str) {
    let ends = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|place| place.file().contains(crate_part)) {
            ends(panic);
        }
    }));
}
