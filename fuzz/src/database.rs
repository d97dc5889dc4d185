//! A directory as one input: files one after the other, each behind a head of six bytes.

use std::collections::BTreeMap;

use medvec::format::frame::{FileKind, FileSeal, Frame};
use medvec::format::manifest;
use medvec::format::names::{Name, manifest_name, parse, segment_name, tombstones_name};
use medvec::{Generation, SegmentId};

/// Files by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Reads the files of an input; whatever it is, it is some files.
pub fn unpack(mut bytes: &[u8]) -> Files {
    let mut files = Files::new();
    while let Some((head, rest)) = bytes.split_first_chunk::<6>() {
        let [kind, first, second, length @ ..] = *head;
        let [low, middle, high] = length;
        let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
        let (content, rest) = rest.split_at(length.min(rest.len()));
        let generation = Generation(u64::from(second).max(1));
        let name = match kind % 3 {
            0 => manifest_name(generation),
            1 => segment_name(SegmentId(first.into())),
            _ => tombstones_name(SegmentId(first.into()), generation),
        };
        files.insert(name, content.to_vec());
        bytes = rest;
    }
    files
}

/// The input that [`unpack`] reads these files from; other files are left out.
pub fn pack(files: &Files) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let (kind, first, second) = match parse(name) {
            Some(Name::Manifest(generation)) => (0, 0, generation.0),
            Some(Name::Segment(id)) => (1, id.0, 0),
            Some(Name::Tombstones(id, generation)) => (2, id.0, generation.0),
            _ => continue,
        };
        let [low, middle, high, _] = (content.len() as u32).to_le_bytes();
        bytes.extend_from_slice(&[kind, first as u8, second as u8, low, middle, high]);
        bytes.extend_from_slice(content);
    }
    bytes
}

/// Makes checksums right in every file, and has the manifests name the files as they are, so that
/// what lies behind those checks is reached.
pub fn repair(files: &mut Files) {
    for content in files.values_mut() {
        crate::repair(content);
    }
    let seal = |name: &str, kind| -> Option<FileSeal> {
        Frame::parse(name, kind, files.get(name)?).ok().map(|frame| frame.seal)
    };
    let mut sealed = Files::new();
    for (name, content) in files.iter() {
        let Some(Name::Manifest(generation)) = parse(name) else { continue };
        let Ok(mut decoded) = manifest::decode(name, content) else { continue };
        decoded.generation = generation;
        for entry in &mut decoded.segments {
            let known = seal(&segment_name(entry.id), FileKind::Segment);
            entry.seal = known.unwrap_or(entry.seal);
            if let Some(tombstones) = &mut entry.tombstones {
                let name = tombstones_name(entry.id, tombstones.generation);
                tombstones.seal = seal(&name, FileKind::Tombstones).unwrap_or(tombstones.seal);
            }
        }
        if let Ok((bytes, _)) = manifest::encode(&decoded, [1; 16]) {
            sealed.insert(name.clone(), bytes);
        }
    }
    files.extend(sealed);
}
