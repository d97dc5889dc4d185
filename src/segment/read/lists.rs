//! The index of an open segment.

use std::ops::Range;

use super::codebook::CodebookFile;
use super::segment::Segment;
use crate::error::Result;
use crate::format::blocks::{BLOCK_ROWS, block_bytes};
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

impl SegmentPages<'_> {
    /// The code blocks with rows of a range.
    fn blocks(&self, range: &ScanRange) -> Range<u64> {
        let index = self.0.shared.meta.index.as_ref();
        let block_bytes = index.map_or(0, |index| block_bytes(index.sub_quantizers));
        let blocks = u64::from(range.start) / BLOCK_ROWS as u64
            ..u64::from(range.end).div_ceil(BLOCK_ROWS as u64);
        bytes_of(&blocks, block_bytes)
    }

    /// Bytes of a stored vector and of its scale.
    fn widths(&self) -> [u64; 2] {
        let vectors = self.0.shared.meta.vectors.as_ref();
        let is_scaled = vectors.is_some_and(|vectors| vectors.row_type == RowType::Int8);
        [self.0.row_bytes(), if is_scaled { 4 } else { 0 }]
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

/// Where so many elements lie in an array.
fn bytes_of(elements: &Range<u64>, width: u64) -> Range<u64> {
    elements.start.saturating_mul(width)..elements.end.saturating_mul(width)
}

fn rows_of(range: &ScanRange) -> Range<u64> {
    u64::from(range.start)..u64::from(range.end)
}

fn row_alone(row: &u32) -> Range<u64> {
    u64::from(*row)..u64::from(*row) + 1
}

impl Pages for SegmentPages<'_> {
    fn codes(&self, ranges: &[ScanRange]) -> Result<()> {
        let kinds = [SECTION_CODES, SECTION_CODE_SCALES];
        let parts = ranges.iter().map(|range| [self.blocks(range), bytes_of(&rows_of(range), 2)]);
        self.0.shared.file.prepare(kinds, parts)
    }

    fn copies(&self, ranges: &[ScanRange]) -> Result<()> {
        let kinds = [SECTION_SPILLED_CODES, SECTION_SPILLED_SCALES, SECTION_SPILLED_ROWS];
        let parts = ranges.iter().map(|range| {
            let rows = rows_of(range);
            [self.blocks(range), bytes_of(&rows, 2), bytes_of(&rows, 4)]
        });
        self.0.shared.file.prepare(kinds, parts)
    }

    fn vectors(&self, rows: &[u32]) -> Result<()> {
        let widths = self.widths();
        let parts = rows.iter().map(|row| widths.map(|width| bytes_of(&row_alone(row), width)));
        self.0.shared.file.prepare([SECTION_VECTORS, SECTION_SCALES], parts)
    }

    fn ask_for_vectors(&self, rows: &[u32]) {
        let [width, _] = self.widths();
        let vectors = rows.iter().map(|row| bytes_of(&row_alone(row), width));
        self.0.shared.file.ask(SECTION_VECTORS, vectors);
    }

    fn waits(&self) -> Option<u64> {
        page_waits()
    }
}
