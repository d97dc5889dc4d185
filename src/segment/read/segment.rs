//! An open segment: its file, its meta record, and checked access to its arrays.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytemuck::AnyBitPattern;
use roaring::RoaringBitmap;
use zstd::dict::DecoderDictionary;

use super::lengths::check_lengths;
use super::lexical_meta::read_lexical_meta;
use super::more_terms::MoreTerms;
use crate::error::{Error, Result};
use crate::format::frame::{FileKind, Section};
use crate::format::lexical::LexicalMeta;
use crate::format::manifest::{SegmentEntry, VectorConfig};
use crate::format::names::segment_name;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::{archive, cursor};
use crate::ids::{RowId, SegmentId};
use crate::limits::DIMENSION_MAX;
use crate::segment::row_space::RowSpace;
use crate::storage::{Storage, VerifiedFile};

/// Rows between two looks at the caller's [`Control`](crate::control::Control).
pub(in crate::segment) const ROWS_PER_CHECK: u32 = 256;

/// An open segment. Clones share everything.
#[derive(Clone)]
pub struct Segment {
    pub(in crate::segment) shared: Arc<Shared>,
}

impl std::fmt::Debug for Segment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Segment").field(&self.shared.id).finish()
    }
}

pub(in crate::segment) struct Shared {
    id: SegmentId,
    pub(in crate::segment) file: VerifiedFile,
    pub(in crate::segment) meta: SegmentMeta,
    pub(in crate::segment) dictionary: OnceLock<DecoderDictionary<'static>>,
    pub(in crate::segment) vector_rows: OnceLock<RoaringBitmap>,
    pub(in crate::segment) filled_lists: OnceLock<Vec<u64>>,
    pub(in crate::segment) copies_checked: OnceLock<()>,
    pub(in crate::segment) space: Option<RowSpace>,
    pub(in crate::segment) lexical: Option<LexicalMeta>,
    pub(in crate::segment) more_terms: MoreTerms,
    /// Whether there are confirmations; each look-up asks.
    pub(in crate::segment) has_confirmations: bool,
}

/// A section and its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionSize {
    /// Its name, or `unknown` for a kind of a newer minor version.
    pub name: &'static str,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Segment {
    /// Opens the file that a manifest entry names.
    ///
    /// Cost: the ends of the file and one small record, whatever the number of rows.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the file is missing, is not the one named, or its sections do not have
    /// the lengths that its meta record asks for; [`Error::Unsupported`] for a newer format.
    pub fn open(
        storage: &dyn Storage,
        entry: &SegmentEntry,
        vectors: Option<&VectorConfig>,
    ) -> Result<Segment> {
        let name = segment_name(entry.id);
        let file = VerifiedFile::open(storage, &name, FileKind::Segment, Some(&entry.seal))?;
        Segment::of(file, entry, vectors)
    }

    /// Opens the file of a number without a manifest that names it, and says what a manifest would.
    ///
    /// # Errors
    /// As [`Segment::open`].
    pub fn open_unnamed(
        storage: &dyn Storage,
        id: SegmentId,
        vectors: Option<&VectorConfig>,
    ) -> Result<(SegmentEntry, Segment)> {
        let file = VerifiedFile::open(storage, &segment_name(id), FileKind::Segment, None)?;
        let meta = read_meta(&file)?;
        let deletes = meta.pmid_deletes.saturating_add(meta.text_deletes);
        let seal = file.frame().seal;
        let entry = SegmentEntry { id, seal, rows: meta.rows, deletes, tombstones: None };
        let segment = Segment::of(file, &entry, vectors)?;
        Ok((entry, segment))
    }

    /// The same file under another number, for searches over several databases, whose numbers may be equal.
    /// `place` stands before the file's name in errors. Both share the memory of what was checked.
    ///
    /// Cost: as [`Segment::open`], without the ends of the file.
    ///
    /// # Errors
    /// As [`Segment::open`].
    pub(crate) fn numbered(&self, id: SegmentId, place: &Path) -> Result<Segment> {
        let name = place.join(self.shared.file.name()).display().to_string();
        let file = self.shared.file.called(&name);
        let meta = self.shared.meta.clone();
        let lexical = read_lexical_meta(&file, meta.rows)?;
        let more_terms = MoreTerms::of(&file)?;
        Ok(Segment::with(id, file, meta, lexical, more_terms))
    }

    fn of(
        file: VerifiedFile,
        entry: &SegmentEntry,
        vectors: Option<&VectorConfig>,
    ) -> Result<Segment> {
        let name = segment_name(entry.id);
        let meta = read_meta(&file)?;
        let at = file.section(SECTION_META).map_or(0, |section| section.offset);
        let broken = |rule, detail: String| Err(Error::corrupt(&*name, at, rule, detail));
        if meta.rows != entry.rows {
            return broken(
                Rule::Count,
                format!("{} rows, the manifest says {}", meta.rows, entry.rows),
            );
        }
        if meta.pmid_deletes.checked_add(meta.text_deletes) != Some(entry.deletes) {
            return broken(
                Rule::Count,
                format!("the manifest says {} deletion marks", entry.deletes),
            );
        }
        if let Some(stored) = &meta.vectors {
            let same = vectors.is_some_and(|config| stored.fits(config));
            if !same || stored.dimension == 0 || stored.dimension as usize > DIMENSION_MAX {
                return broken(
                    Rule::Dimension,
                    format!("{} numbers per vector, not as in the manifest", stored.dimension),
                );
            }
        }
        if let Err((rule, detail)) = meta.check_counts() {
            return broken(rule, detail);
        }
        check_lengths(&file, &meta)?;
        let lexical = read_lexical_meta(&file, meta.rows)?;
        let more_terms = MoreTerms::of(&file)?;
        Ok(Segment::with(entry.id, file, meta, lexical, more_terms))
    }

    fn with(
        id: SegmentId,
        file: VerifiedFile,
        meta: SegmentMeta,
        lexical: Option<LexicalMeta>,
        more_terms: MoreTerms,
    ) -> Segment {
        let space = meta.vectors.as_ref().map(RowSpace::from);
        let (dictionary, vector_rows, filled_lists, copies_checked) = Default::default();
        let confirmed = file.section(SECTION_CONFIRMED_PMIDS);
        let has_confirmations = confirmed.is_some_and(|section| section.length > 0);
        Segment {
            shared: Arc::new(Shared {
                id,
                file,
                meta,
                dictionary,
                vector_rows,
                filled_lists,
                copies_checked,
                space,
                lexical,
                more_terms,
                has_confirmations,
            }),
        }
    }

    /// Rows, deleted ones included.
    pub fn rows(&self) -> u32 {
        self.shared.meta.rows
    }

    /// The segment's number.
    pub fn id(&self) -> SegmentId {
        self.shared.id
    }

    /// Its file.
    pub(crate) fn file(&self) -> &VerifiedFile {
        &self.shared.file
    }

    /// Features that whoever writes beside it must know.
    pub fn features_write(&self) -> u32 {
        self.shared.file.frame().header.features_write
    }

    /// Every section's size, in order of offset.
    pub fn sections(&self) -> Vec<SectionSize> {
        let size = |section: &Section| SectionSize {
            name: NAMES
                .iter()
                .find(|(kind, _)| *kind == section.kind)
                .map_or("unknown", |(_, name)| name),
            bytes: section.length,
        };
        self.shared.file.frame().sections.iter().map(size).collect()
    }

    /// UTF-8 bytes of all texts of all documents, as they are before compression.
    pub fn text_bytes(&self) -> u64 {
        self.shared.meta.text_bytes
    }

    /// Bytes that documents take on disk: blocks, dictionary and block directory.
    pub fn document_bytes(&self) -> u64 {
        [SECTION_BLOCKS, SECTION_DICTIONARY, SECTION_BLOCK_OFFSETS, SECTION_BLOCK_ROWS]
            .into_iter()
            .map(|kind| self.shared.file.section(kind).map_or(0, |section| section.length))
            .sum()
    }

    pub(in crate::segment) fn corrupt(
        &self,
        kind: u32,
        offset: u64,
        rule: Rule,
        detail: String,
    ) -> Error {
        let start = self.shared.file.section(kind).map_or(0, |section| section.offset);
        Error::corrupt(self.shared.file.name(), start.saturating_add(offset), rule, detail)
    }

    pub(in crate::segment) fn section(&self, kind: u32) -> Result<Section> {
        self.shared.file.required(kind)
    }

    /// A whole array section of this many elements.
    pub(in crate::segment) fn array<T: AnyBitPattern>(
        &self,
        kind: u32,
        count: usize,
    ) -> Result<&[T]> {
        let section = self.section(kind)?;
        let bytes = self.shared.file.read(&section, 0..section.length)?;
        cursor::array(self.shared.file.name(), section.offset, bytes, count)
    }

    /// Elements `start..start + count` of an array section.
    pub(in crate::segment) fn part<T: AnyBitPattern>(
        &self,
        kind: u32,
        start: u64,
        count: usize,
    ) -> Result<&[T]> {
        let section = self.section(kind)?;
        let size = size_of::<T>() as u64;
        let bounds = start
            .checked_mul(size)
            .and_then(|from| Some((from, from.checked_add(size.checked_mul(count as u64)?)?)));
        let (from, to) = bounds.ok_or_else(|| {
            self.corrupt(kind, 0, Rule::OffsetBounds, format!("no element {start}"))
        })?;
        let bytes = self.shared.file.read(&section, from..to)?;
        cursor::array(self.shared.file.name(), section.offset, bytes, count)
    }

    /// One element of an array section.
    pub(in crate::segment) fn element<T: AnyBitPattern>(&self, kind: u32, index: u32) -> Result<T> {
        let part = self.part::<T>(kind, u64::from(index), 1)?;
        part.first()
            .copied()
            .ok_or_else(|| self.corrupt(kind, 0, Rule::OffsetBounds, format!("no element {index}")))
    }

    /// Bytes `offsets[index]..offsets[index + 1]` of a section.
    pub(in crate::segment) fn piece(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        index: u32,
    ) -> Result<&[u8]> {
        let (section, range) = self.piece_range(offsets_kind, bytes_kind, index)?;
        self.shared.file.read(&section, range)
    }

    /// As [`Segment::piece`], of one that is read by itself and may have left memory.
    pub(in crate::segment) fn lone_piece(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        index: u32,
    ) -> Result<&[u8]> {
        let (section, range) = self.piece_range(offsets_kind, bytes_kind, index)?;
        self.shared.file.ask(bytes_kind, [range.clone()]);
        self.shared.file.read(&section, range)
    }

    fn piece_range(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        index: u32,
    ) -> Result<(Section, std::ops::Range<u64>)> {
        let bounds = self.part::<u64>(offsets_kind, u64::from(index), 2)?;
        let section = self.section(bytes_kind)?;
        match bounds {
            [start, end] if start <= end && *end <= section.length => Ok((section, *start..*end)),
            _ => Err(self.corrupt(
                offsets_kind,
                u64::from(index) * 8,
                Rule::OffsetBounds,
                format!("offsets {bounds:?} in a section of {} bytes", section.length),
            )),
        }
    }

    /// As [`Segment::piece`], as text.
    pub(in crate::segment) fn text(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        index: u32,
    ) -> Result<&str> {
        let bytes = self.piece(offsets_kind, bytes_kind, index)?;
        str::from_utf8(bytes).map_err(|_| {
            let detail = format!("text {index} is not UTF-8");
            self.corrupt(bytes_kind, 0, Rule::Utf8, detail)
        })
    }

    /// Finds a text among sorted ones.
    pub(in crate::segment) fn search(
        &self,
        offsets_kind: u32,
        bytes_kind: u32,
        range: std::ops::Range<u32>,
        text: &str,
    ) -> Result<Option<u32>> {
        let (mut low, mut high) = (range.start, range.end);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.piece(offsets_kind, bytes_kind, middle)?.cmp(text.as_bytes()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(Some(middle)),
            }
        }
        Ok(None)
    }

    pub(in crate::segment) fn check_row(&self, row: RowId) -> Result<u32> {
        if row.0 < self.rows() {
            return Ok(row.0);
        }
        let detail = format!("row {} of {}", row.0, self.rows());
        Err(self.corrupt(SECTION_META, 0, Rule::RowBounds, detail))
    }
}

fn read_meta(file: &VerifiedFile) -> Result<SegmentMeta> {
    let section = file.required(SECTION_META)?;
    let bytes = file.read(&section, 0..section.length)?;
    archive::decode::<SegmentMeta>(file.name(), section.offset, bytes)
}
