//! A published file whose blocks are checked at first touch.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::{Bytes, Storage};
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, FileSeal, Frame, Section};
use crate::format::rules::Rule;
use crate::limits::BLOCK_BYTES;

/// An open file: its ends are valid, and each 64 KiB block of its body is checked against its
/// CRC-32C before the first byte of it is handed out, once per process. Clones share the memory of
/// what was checked.
///
/// Cost: opening reads header, table and footer only; the first touch of a block about 4 us; a
/// later read one atomic load for each block.
#[derive(Clone)]
pub struct VerifiedFile {
    name: Arc<str>,
    shared: Arc<Shared>,
}

struct Shared {
    frame: Frame,
    bytes: Bytes,
    /// One bit per block: set once the block was found intact.
    checked: Box<[AtomicU64]>,
    /// Blocks of each section of the frame whose bit is not set.
    unchecked: Box<[AtomicUsize]>,
}

impl Shared {
    /// Nothing is checked yet.
    fn new(frame: Frame, bytes: Bytes) -> Shared {
        let words = frame.block_crcs.len().div_ceil(64);
        let checked = (0..words).map(|_| AtomicU64::new(0)).collect();
        let blocks = frame.sections.iter().map(|section| blocks_of(section).len());
        let unchecked = blocks.map(AtomicUsize::new).collect();
        Shared { frame, bytes, checked, unchecked }
    }
}

/// The blocks that hold bytes of a section.
fn blocks_of(section: &Section) -> Range<usize> {
    let place = absolute(section, &(0..section.length)).unwrap_or_default();
    blocks_at(&place)
}

/// The blocks that hold the bytes of a place in the body.
fn blocks_at(place: &Range<usize>) -> Range<usize> {
    match place.is_empty() {
        true => 0..0,
        false => place.start / BLOCK_BYTES..place.end.div_ceil(BLOCK_BYTES),
    }
}

/// Some blocks of a file; see [`VerifiedFile::pieces`].
pub struct FilePiece<'a> {
    file: &'a VerifiedFile,
    blocks: Range<usize>,
}

impl FilePiece<'_> {
    /// Checks the blocks again, touched or not; with the first ones of a file also that its padding is zero.
    ///
    /// # Errors
    /// As [`VerifiedFile::verify`].
    pub fn verify(&self) -> Result<()> {
        let Shared { frame, bytes, .. } = &*self.file.shared;
        if self.blocks.start == 0 {
            frame.check_padding(self.file.name(), bytes)?;
        }
        bytes.will_need(self.blocks.start * BLOCK_BYTES..self.blocks.end * BLOCK_BYTES);
        frame.check_blocks(self.file.name(), bytes, self.blocks.clone())
    }

    /// Its bytes, but for what the last block of a file lacks.
    pub fn bytes(&self) -> u64 {
        (self.blocks.len() * BLOCK_BYTES) as u64
    }
}

impl VerifiedFile {
    /// Opens a file and checks its ends; with a seal, also that it is the file the manifest names.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with [`Rule::FileMissing`] or the rule that is broken;
    /// [`Error::Unsupported`] for a newer format.
    pub fn open(
        storage: &dyn Storage,
        name: &str,
        kind: FileKind,
        seal: Option<&FileSeal>,
    ) -> Result<VerifiedFile> {
        let missing = || {
            let detail = format!("it is not in {}", storage.location());
            Error::corrupt(name, 0, Rule::FileMissing, detail)
        };
        if let Some(seal) = seal {
            // Before it is mapped: a file of another length is another file.
            let length = storage.length(name)?.ok_or_else(missing)?;
            if length != seal.length {
                let detail = format!("{length} bytes, not {} (as the manifest says)", seal.length);
                return Err(Error::corrupt(name, 0, Rule::FileLength, detail));
            }
        }
        let bytes = storage.open(name)?.ok_or_else(missing)?;
        let frame = Frame::parse(name, kind, &bytes)?;
        if let Some(seal) = seal {
            frame.check_seal(name, seal)?;
        }
        Ok(VerifiedFile { name: name.into(), shared: Arc::new(Shared::new(frame, bytes)) })
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same file under another name in errors, where files of several directories stand side by side.
    pub(crate) fn called(&self, name: &str) -> VerifiedFile {
        VerifiedFile { name: name.into(), shared: self.shared.clone() }
    }

    /// The whole file as it is, its body not checked.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.shared.bytes
    }

    /// Header, section table and block checksums.
    pub fn frame(&self) -> &Frame {
        &self.shared.frame
    }

    /// The section of a kind, if the file has it.
    pub fn section(&self, kind: u32) -> Option<Section> {
        self.shared.frame.section(kind)
    }

    /// The section of a kind, which must be there.
    ///
    /// # Errors
    /// [`Rule::SectionMissing`].
    pub fn required(&self, kind: u32) -> Result<Section> {
        self.shared.frame.required(self.name(), kind)
    }

    /// Bytes of a section, by a range that counts from its start.
    ///
    /// # Errors
    /// [`Rule::OffsetBounds`] for a range that leaves the section; [`Rule::BlockChecksum`].
    pub fn read(&self, section: &Section, range: Range<u64>) -> Result<&[u8]> {
        let Some(place) = absolute(section, &range) else {
            return Err(self.beyond(section, &range));
        };
        self.check_blocks(blocks_at(&place))?;
        // Touched blocks exist, so the range lies inside the body.
        Ok(self.shared.bytes.get(place).unwrap_or_default())
    }

    /// A whole section.
    ///
    /// # Errors
    /// [`Rule::SectionMissing`]; [`Rule::BlockChecksum`].
    pub fn read_all(&self, kind: u32) -> Result<&[u8]> {
        let section = self.required(kind)?;
        self.read(&section, 0..section.length)
    }

    /// A whole section as it is, for readers that touch little of it: what is read of it must have
    /// been through [`VerifiedFile::prepare`].
    ///
    /// # Errors
    /// [`Rule::SectionMissing`].
    pub fn unchecked(&self, kind: u32) -> Result<&[u8]> {
        let section = self.required(kind)?;
        let place = absolute(&section, &(0..section.length)).unwrap_or_default();
        Ok(self.shared.bytes.get(place).unwrap_or_default())
    }

    /// Asks the system for ranges of the section of a kind that are read by themselves, in order, without waiting. What was
    /// checked may have left memory since, and a page that is missed brings in as much as the system reads ahead: megabytes,
    /// on some machines. What was not checked is asked for when it is; what does not exist is not.
    ///
    /// Cost: a third of a microsecond for each range.
    pub fn ask(&self, kind: u32, ranges: impl IntoIterator<Item = Range<u64>>) {
        let Some(section) = self.section(kind) else { return };
        let places = ranges.into_iter().filter_map(|range| absolute(&section, &range));
        for place in places.filter(|place| self.is_checked(place.start / BLOCK_BYTES)) {
            self.shared.bytes.will_need(place);
        }
    }

    /// Makes ranges of sections ready to be read: those of their blocks that were not touched yet are
    /// asked for together, in order of their place, and checked. Each part has one range of the section of
    /// each kind, which counts from the section's start.
    ///
    /// Cost: nothing but an atomic load for each section that was touched as a whole.
    ///
    /// # Errors
    /// [`Rule::SectionMissing`]; [`Rule::OffsetBounds`] for a range that leaves its section;
    /// [`Rule::BlockChecksum`].
    pub fn prepare<const N: usize>(
        &self,
        kinds: [u32; N],
        parts: impl Iterator<Item = [Range<u64>; N]>,
    ) -> Result<()> {
        // No section where nothing of it is left to check.
        let mut sections = [None; N];
        for (section, kind) in sections.iter_mut().zip(kinds) {
            *section = Some(self.required(kind)?).filter(|section| !self.is_whole(section));
        }
        if sections == [None; N] {
            return Ok(());
        }
        let mut blocks = Vec::new();
        for ranges in parts {
            for (section, range) in sections.iter().zip(ranges) {
                let Some(section) = section else { continue };
                let place =
                    absolute(section, &range).ok_or_else(|| self.beyond(section, &range))?;
                blocks.extend(blocks_at(&place).filter(|block| !self.is_checked(*block)));
            }
        }
        blocks.sort_unstable();
        blocks.dedup();
        for run in blocks.chunk_by(|a, b| a + 1 == *b) {
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                self.shared.bytes.will_need(first * BLOCK_BYTES..(last + 1) * BLOCK_BYTES);
            }
        }
        blocks.into_iter().try_for_each(|block| self.touch(block))
    }

    /// Checks every block again, touched or not, and that padding is zero.
    ///
    /// # Errors
    /// [`Rule::BlockChecksum`] or [`Rule::ReservedZero`].
    pub fn verify(&self) -> Result<()> {
        self.shared.frame.check_body(self.name(), &self.shared.bytes)
    }

    /// [`VerifiedFile::verify`] in pieces that can be checked at once: of so many blocks, the last one shorter.
    pub fn pieces(&self, blocks: usize) -> impl Iterator<Item = FilePiece<'_>> {
        let all = self.shared.frame.block_crcs.len();
        let starts = (0..all.max(1)).step_by(blocks.max(1));
        starts.map(move |start| FilePiece { file: self, blocks: start..all.min(start + blocks) })
    }

    fn beyond(&self, section: &Section, range: &Range<u64>) -> Error {
        let (Range { start, end }, kind, length) = (range, section.kind, section.length);
        let detail = format!("bytes {start}..{end} of section {kind}, which has {length}");
        Error::corrupt(self.name(), section.offset, Rule::OffsetBounds, detail)
    }

    /// Checks blocks in a row, after asking for all that were not touched yet.
    fn check_blocks(&self, mut blocks: Range<usize>) -> Result<()> {
        if let Some(first) = blocks.find(|block| !self.is_checked(*block)) {
            self.shared.bytes.will_need(first * BLOCK_BYTES..blocks.end * BLOCK_BYTES);
            self.touch(first)?;
        }
        blocks.try_for_each(|block| self.touch(block))
    }

    /// Whether every block of a section was found intact.
    fn is_whole(&self, section: &Section) -> bool {
        let Shared { frame, unchecked, .. } = &*self.shared;
        let at = frame.sections.iter().position(|known| known.kind == section.kind);
        at.is_some_and(|at| unchecked[at].load(Ordering::Relaxed) == 0)
    }

    fn is_checked(&self, block: usize) -> bool {
        // Relaxed: the bit carries no data, and the worst that a late view costs is a second check.
        let word = self.shared.checked.get(block / 64);
        word.is_some_and(|word| word.load(Ordering::Relaxed) & 1 << (block % 64) != 0)
    }

    fn touch(&self, block: usize) -> Result<()> {
        if self.is_checked(block) {
            return Ok(());
        }
        let Shared { frame, bytes, checked, unchecked } = &*self.shared;
        frame.check_block(&self.name, bytes, block)?;
        let bit = 1 << (block % 64);
        if let Some(word) = checked.get(block / 64)
            && word.fetch_or(bit, Ordering::Relaxed) & bit == 0
        {
            for (section, unchecked) in frame.sections.iter().zip(unchecked) {
                if blocks_of(section).contains(&block) {
                    unchecked.fetch_sub(1, Ordering::Relaxed);
                }
            }
        }
        Ok(())
    }
}

fn absolute(section: &Section, range: &Range<u64>) -> Option<Range<usize>> {
    if range.start > range.end || range.end > section.length {
        return None;
    }
    let start = section.offset.checked_add(range.start)?;
    let end = section.offset.checked_add(range.end)?;
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

#[cfg(test)]
mod tests;
