//! `medvec inspect`

use std::io::{self, Write};
use std::path::Path;

use medvec::format::frame::{FileKind, Frame, Header};
use medvec::format::names::{LOCK, codebook_name, manifest_name, segment_name, tombstones_name};
use medvec::format::{codebook, manifest, segment, tombstones};
use medvec::storage::{Access, DiskStorage, Storage};

use super::open;
use crate::args::Inspect;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Failure, Result};
use crate::style::{FAINT, TITLE, bytes, count};

pub(crate) fn run(args: &Inspect, context: &mut Context) -> Result<u8> {
    if args.path.is_dir() {
        return database(&args.path, context);
    }
    let folder = match args.path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = args.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name else {
        return Err(Failure::usage(format!("{} is not a file", args.path.display())));
    };
    if name == LOCK {
        return Err(Failure::usage("LOCK is the writer lock: it is empty and has no structure"));
    }
    let storage = DiskStorage::open(folder, Access::Map)?;
    file(&storage, &name, context)?;
    Ok(EXIT_FOUND)
}

/// Every file of the newest generation, and what else lies in the directory.
fn database(path: &Path, context: &mut Context) -> Result<u8> {
    let snapshot = open(path)?.snapshot();
    let manifest = snapshot.manifest();
    let id: String = manifest.database_id.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(
        context.out,
        "{TITLE}{}{TITLE:#}  generation {}, database {id}\n",
        path.display(),
        manifest.generation.0
    )?;
    let storage = DiskStorage::open(path, Access::Map)?;
    let mut named = vec![manifest_name(manifest.generation)];
    named.extend(manifest.codebooks.iter().map(|entry| codebook_name(entry.hash)));
    for entry in &manifest.segments {
        named.push(segment_name(entry.id));
        let tombstones = entry.tombstones.as_ref();
        named.extend(tombstones.map(|file| tombstones_name(entry.id, file.generation)));
    }
    for name in &named {
        file(&storage, name, context)?;
        writeln!(context.out)?;
    }
    let mut others: Vec<String> = storage.list()?;
    others.retain(|name| name != LOCK && !named.contains(name));
    others.sort();
    if !others.is_empty() {
        writeln!(
            context.out,
            "{FAINT}not part of this generation:{FAINT:#} {}",
            others.join(", ")
        )?;
    }
    Ok(EXIT_FOUND)
}

/// Header, sections and sizes of one file. The ends of the file are checked, its blocks are not.
fn file(storage: &DiskStorage, name: &str, context: &mut Context) -> Result<()> {
    let content = storage.open(name)?.ok_or_else(|| {
        Failure::usage(format!("there is no file {name} in {}", storage.location()))
    })?;
    let kind = kind_of(&content);
    let frame = Frame::parse(name, kind, &content)?;
    describe(&mut context.out, name, kind, &frame)?;
    Ok(())
}

/// The kind that the header names; anything unknown is left to `Frame::parse` to refuse.
fn kind_of(content: &[u8]) -> FileKind {
    let number = content.first_chunk::<{ Header::SIZE }>().map(|head| Header::decode(head).kind);
    [FileKind::Segment, FileKind::Tombstones, FileKind::Codebook]
        .into_iter()
        .find(|kind| number == Some(*kind as u32))
        .unwrap_or(FileKind::Manifest)
}

fn describe(out: &mut dyn Write, name: &str, kind: FileKind, frame: &Frame) -> io::Result<()> {
    let header = &frame.header;
    let id: String = header.file_id.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(
        out,
        "{TITLE}{name}{TITLE:#}  {}, format {}.{}, {} in {} blocks",
        kind_name(kind),
        header.version_major,
        header.version_minor,
        bytes(frame.seal.length),
        count(frame.block_crcs.len() as u64)
    )?;
    writeln!(out, "  {FAINT}file id {id}, footer checksum {:08x}{FAINT:#}", frame.seal.footer_crc)?;
    writeln!(
        out,
        "  {FAINT}{:>4} {:<24} {:>14} {:>14}{FAINT:#}",
        "kind", "section", "offset", "bytes"
    )?;
    for section in &frame.sections {
        writeln!(
            out,
            "  {:>4} {:<24} {:>14} {:>14}",
            section.kind,
            section_name(kind, section.kind),
            section.offset,
            section.length
        )?;
    }
    Ok(())
}

fn kind_name(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Manifest => "manifest",
        FileKind::Segment => "segment",
        FileKind::Tombstones => "tombstones",
        FileKind::Codebook => "codebook",
    }
}

fn section_name(file: FileKind, kind: u32) -> &'static str {
    let names: &[(u32, &'static str)] = match file {
        FileKind::Manifest => &[
            (manifest::SECTION_STATE, "state"),
            (manifest::SECTION_SOURCE_DIGESTS, "source-digests"),
        ],
        FileKind::Tombstones => &[(tombstones::SECTION_ROWS, "rows")],
        FileKind::Segment => segment::NAMES,
        FileKind::Codebook => codebook::NAMES,
    };
    let name = names.iter().find(|(number, _)| *number == kind);
    name.map_or("unknown", |(_, name)| name)
}
