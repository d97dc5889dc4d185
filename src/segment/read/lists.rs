//! The index of an open segment.

use std::ops::Range;

use super::codebook::CodebookFile;
use super::segment::Segment;
use crate::error::Result;
use crate::format::blocks::{BLOCK_ROWS, block_bytes};
use crate::format::frame::Section;
use crate::format::manifest::RowType;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::index::ivf::{IndexedRows, Pages, filled_lists};
use crate::kernel::Rows;
use crate::kernel::scan::ScanRange;
use crate::storage::page_waits;

/// A segment's inverted lists: rows lie in order of their lists.
#[derive(Clone, Copy, Debug)]
pub struct SegmentLists<'a> {
    /// First row of each list, and the number of rows in lists; ascending.
    pub list_offsets: &'a [u32],
    /// The [lists](filled_lists) with a row.
    pub filled: &'a [u64],
    /// Codes of the rows in lists, in scan blocks.
    pub codes: &'a [u8],
    /// Scale of each row's estimate, as half-precision bits.
    pub scales: &'a [u16],
}

impl Segment {
    /// The inverted lists; `None` for a segment without an index.
    ///
    /// Cost: the first call checks every block of the index; later ones are a look-up.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`].
    pub fn lists(&self) -> Result<Option<SegmentLists<'_>>> {
        let meta = &self.shared.meta;
        let (Some(index), Some(vectors)) = (&meta.index, &meta.vectors) else { return Ok(None) };
        let rows = vectors.count as usize;
        let list_offsets = self.array(SECTION_LIST_OFFSETS, index.lists as usize + 1)?;
        let lists = SegmentLists {
            list_offsets,
            filled: self.check_lists_once(list_offsets, vectors)?,
            codes: self.shared.file.read_all(SECTION_CODES)?,
            scales: self.array(SECTION_CODE_SCALES, rows)?,
        };
        Ok(Some(lists))
    }

    /// The inverted lists and the stored rows, for a search that reads little of them: codes, factors
    /// and vectors are not checked here but by [`SegmentPages`], which a search tells what it is going to read.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when list offsets or the rows with a vector are damaged.
    pub fn searchable(&self) -> Result<Option<(SegmentLists<'_>, Rows<'_>)>> {
        let meta = &self.shared.meta;
        let (Some(index), Some(vectors)) = (&meta.index, &meta.vectors) else { return Ok(None) };
        let list_offsets = self.array(SECTION_LIST_OFFSETS, index.lists as usize + 1)?;
        let lists = SegmentLists {
            list_offsets,
            filled: self.check_lists_once(list_offsets, vectors)?,
            codes: self.shared.file.unchecked(SECTION_CODES)?,
            scales: self.unchecked(SECTION_CODE_SCALES)?,
        };
        Ok(Some((lists, self.unchecked_vectors(vectors)?)))
    }

    /// The codebook that this segment is indexed with.
    pub fn index(&self) -> Option<&SegmentIndex> {
        self.shared.meta.index.as_ref()
    }

    /// Checks that the index has the lists and codes of the codebook that it names.
    ///
    /// # Errors
    /// [`Rule::IndexCodebook`].
    pub fn check_codebook(&self, codebook: &CodebookFile) -> Result<()> {
        let Some(index) = self.index().filter(|index| index.codebook == codebook.hash()) else {
            return Ok(());
        };
        let found = (index.lists, index.sub_quantizers);
        let expected = (codebook.meta().lists, codebook.meta().sub_quantizers());
        if found == expected {
            return Ok(());
        }
        let detail = format!(
            "{} lists and {} sub-quantizers, its codebook has {} and {}",
            found.0, found.1, expected.0, expected.1
        );
        Err(self.corrupt(SECTION_META, 0, Rule::IndexCodebook, detail))
    }

    /// Rows that have a vector, deleted ones included.
    pub fn vector_count(&self) -> u64 {
        self.shared.meta.vectors.as_ref().map_or(0, |vectors| u64::from(vectors.count))
    }

    /// Bytes of one stored vector, its scale not counted; 0 without vectors.
    pub fn row_bytes(&self) -> u64 {
        let vectors = self.shared.meta.vectors.as_ref();
        vectors.map_or(0, |kind| u64::from(kind.dimension) * kind.row_type.bytes() as u64)
    }

    /// Bytes of codes, factors and list offsets, of copies too.
    pub fn index_bytes(&self) -> u64 {
        [SECTION_LIST_OFFSETS, SECTION_CODES, SECTION_CODE_SCALES]
            .into_iter()
            .chain(SPILLED)
            .map(|kind| self.shared.file.section(kind).map_or(0, |section| section.length))
            .sum()
    }

    /// The lists with a row; checks the offsets the first time.
    fn check_lists_once(&self, offsets: &[u32], vectors: &SegmentVectors) -> Result<&[u64]> {
        if let Some(known) = self.shared.filled_lists.get() {
            return Ok(known);
        }
        self.check_lists(offsets, vectors)?;
        Ok(self.shared.filled_lists.get_or_init(|| filled_lists(offsets)))
    }

    fn check_lists(&self, offsets: &[u32], vectors: &SegmentVectors) -> Result<()> {
        let ends = (offsets.first().copied(), offsets.last().copied());
        if ends != (Some(0), Some(vectors.count)) || !offsets.is_sorted() {
            let detail = format!("list offsets {ends:?} for {} vectors", vectors.count);
            return Err(self.corrupt(SECTION_LIST_OFFSETS, 0, Rule::Lists, detail));
        }
        let present = self.vector_rows(vectors)?;
        if present.max().is_some_and(|last| last >= vectors.count) {
            let detail = "a row with a vector is in no list".to_owned();
            return Err(self.corrupt(SECTION_VECTOR_ROWS, 0, Rule::ListOrder, detail));
        }
        Ok(())
    }
}

/// The rows of a segment are stored in a mapped file.
#[derive(Debug)]
pub struct SegmentPages<'a>(pub &'a Segment);

/// A part of a file.
type Part = (Section, Range<u64>);

impl SegmentPages<'_> {
    /// Checks codes and scales in these sections and, in another one, row numbers.
    fn prepare(
        &self,
        ranges: &[ScanRange],
        [codes, scales]: [u32; 2],
        rows: Option<u32>,
    ) -> Result<()> {
        let Some(index) = &self.0.shared.meta.index else { return Ok(()) };
        let block_bytes = block_bytes(index.sub_quantizers);
        let blocks = |row: u32, up: bool| {
            let rows = BLOCK_ROWS as u64;
            let block = if up { u64::from(row).div_ceil(rows) } else { u64::from(row) / rows };
            block.saturating_mul(block_bytes)
        };
        // Once for all ranges: a question scans hundreds of lists in each segment.
        let (codes, scales) = (self.0.section(codes)?, self.0.section(scales)?);
        let rows = rows.map(|rows| self.0.section(rows)).transpose()?;
        let parts = ranges.iter().flat_map(|range| {
            let elements =
                |bytes: u64| u64::from(range.start) * bytes..u64::from(range.end) * bytes;
            let codes = (codes, blocks(range.start, false)..blocks(range.end, true));
            [codes, (scales, elements(2))].into_iter().chain(rows.map(|rows| (rows, elements(4))))
        });
        self.0.shared.file.prepare(parts)
    }

    /// The vector of each row, and its scale.
    fn stored(&self, rows: &[u32]) -> Result<impl Iterator<Item = (Part, Part)>> {
        let stored = self.0.shared.meta.vectors.as_ref();
        let width =
            stored.map_or(0, |stored| u64::from(stored.dimension) * stored.row_type.bytes() as u64);
        let is_scaled = stored.is_some_and(|stored| stored.row_type == RowType::Int8);
        let scale = if is_scaled { 4 } else { 0 };
        let (vectors, scales) = (self.0.section(SECTION_VECTORS)?, self.0.section(SECTION_SCALES)?);
        Ok(rows.iter().map(|row| u64::from(*row)).map(move |row| {
            let vector = row.saturating_mul(width)..(row + 1).saturating_mul(width);
            ((vectors, vector), (scales, row * scale..(row + 1) * scale))
        }))
    }

    /// The rows in lists as a search takes them, with their copies if these are wanted, every one allowed; `None` without
    /// an index.
    ///
    /// # Errors
    /// As [`Segment::searchable`].
    pub fn rows(&self, base: u32, copies: bool) -> Result<Option<IndexedRows<'_>>> {
        let Some((lists, rows)) = self.0.searchable()? else { return Ok(None) };
        Ok(Some(IndexedRows {
            base,
            list_offsets: lists.list_offsets,
            filled: lists.filled,
            codes: lists.codes,
            scales: lists.scales,
            rows,
            allowed: None,
            spilled: if copies { self.0.searchable_copies()? } else { None },
            pages: Some(self),
        }))
    }
}

impl Pages for SegmentPages<'_> {
    fn codes(&self, ranges: &[ScanRange]) -> Result<()> {
        self.prepare(ranges, [SECTION_CODES, SECTION_CODE_SCALES], None)
    }

    fn copies(&self, ranges: &[ScanRange]) -> Result<()> {
        let sections = [SECTION_SPILLED_CODES, SECTION_SPILLED_SCALES];
        self.prepare(ranges, sections, Some(SECTION_SPILLED_ROWS))
    }

    fn vectors(&self, rows: &[u32]) -> Result<()> {
        let parts = self.stored(rows)?;
        let parts = parts.into_iter().flat_map(|(vectors, scales)| [vectors, scales]);
        self.0.shared.file.prepare(parts)
    }

    fn ask_for_vectors(&self, rows: &[u32]) {
        // What cannot be asked for is found out when it is read.
        let parts = self.stored(rows).into_iter().flatten();
        self.0.shared.file.ask(parts.map(|(vectors, _)| vectors));
    }

    fn waits(&self) -> Option<u64> {
        page_waits()
    }
}
