//! Documents of an open segment: one block decompressed for one hit, each block once for all.

use std::cell::RefCell;
use std::ops::Range;

use roaring::RoaringBitmap;
use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::DCtx;
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;

use super::segment::Segment;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::format::documents::{record_ranges, stated_length};
use crate::format::record;
use crate::format::rows::rows as bitmap_rows;
use crate::format::rules::Rule;
use crate::format::segment::*;
use crate::format::wire::Broken;
use crate::ids::{Key, RowId};
use crate::segment::write::draft::Draft;

/// Rows of a segment for each of which one document is read by itself, without the rest of its block.
const SPARSE: u64 = 16;

/// zstd's code for memory that it did not get.
const NO_MEMORY: usize = (ZSTD_ErrorCode::ZSTD_error_memory_allocation as usize).wrapping_neg();

/// More than the tables of a prepared dictionary take, in bytes (27 KiB in zstd 1.5).
const DICTIONARY_TABLE_BYTES: usize = 64 * 1024;

/// A buffer greater than this is not kept for the next document, in bytes.
const KEPT_BYTES_MAX: usize = 256 * 1024;

thread_local! {
    /// A decompressor and its output: making them costs more than decompressing a block.
    static SCRATCH: RefCell<(Option<DCtx<'static>>, Vec<u8>)> = const { RefCell::new((None, Vec::new())) };
}

impl Segment {
    /// The document of a row. Cost: one block, about 8 KiB, decompressed; one record decoded.
    ///
    /// # Errors
    /// [`Error::Corrupt`]; also for a row that the segment does not have.
    pub fn document(&self, row: RowId) -> Result<Document> {
        self.with_record(row, |block, record| self.in_block(block, record::decode(record)))
    }

    /// Whether a row holds the very document that a draft was made from: equal documents have equal records.
    /// Cost: as [`Segment::document`], without the decoding.
    ///
    /// # Errors
    /// As [`Segment::document`].
    pub fn has_record(&self, row: RowId, draft: &Draft) -> Result<bool> {
        self.with_record(row, |_, record| Ok(record == draft.record()))
    }

    /// Reads the record of a row, with the number of its block.
    fn with_record<T>(&self, row: RowId, read: impl FnOnce(u32, &[u8]) -> Result<T>) -> Result<T> {
        let row = self.check_row(row)?;
        let block = self.block_of(row)?;
        let rows = self.rows_of_block(block)?;
        if !rows.contains(&row) {
            return Err(self.broken_rows(block));
        }
        SCRATCH.with_borrow_mut(|(context, raw)| {
            let compressed = self.lone_piece(SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, block)?;
            self.decompress(block, compressed, context, raw)?;
            let ranges = self.in_block(block, record_ranges(raw, rows.end - rows.start))?;
            let range = ranges.get((row - rows.start) as usize).cloned().unwrap_or_default();
            let value = read(block, raw.get(range).unwrap_or_default());
            if raw.capacity() > KEPT_BYTES_MAX {
                *raw = Vec::new();
            }
            value
        })
    }

    /// Every document in order of rows. Memory: one block.
    pub fn documents(&self) -> Documents {
        Documents(Records::new(self.clone()))
    }

    /// The documents of some rows, in their order; `None` for every row. Few are read one by one, many block by block, those
    /// between passed over. Memory: one block.
    pub fn documents_in(
        &self,
        rows: Option<RoaringBitmap>,
    ) -> impl Iterator<Item = Result<(RowId, Document)>> + '_ {
        let count = rows.as_ref().map_or(u64::MAX, RoaringBitmap::len);
        let is_sparse = count < u64::from(self.rows()) / SPARSE;
        let (few, among) = if is_sparse { (rows, None) } else { (None, rows) };
        let few = few.iter().flat_map(bitmap_rows).collect::<Vec<_>>().into_iter();
        let few = few.map(|row| Ok((RowId(row), self.document(RowId(row))?)));
        let many = self.documents().take(if is_sparse { 0 } else { usize::MAX });
        let is_among = move |item: &Result<(RowId, Document)>| match (item, &among) {
            (Ok((row, _)), Some(rows)) => rows.contains(row.0),
            _ => true,
        };
        few.chain(many.filter(is_among))
    }

    /// The block that a row should be in.
    pub(in crate::segment) fn block_of(&self, row: u32) -> Result<u32> {
        let firsts = self.block_rows()?;
        Ok(firsts.partition_point(|first| *first <= row).saturating_sub(1) as u32)
    }

    /// A block decompressed, to be kept.
    pub(in crate::segment) fn read_block(&self, block: u32) -> Result<Block> {
        let rows = self.rows_of_block(block)?;
        SCRATCH.with_borrow_mut(|(context, raw)| {
            let compressed = self.lone_piece(SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, block)?;
            self.decompress(block, compressed, context, raw)?;
            let ranges = self.in_block(block, record_ranges(raw, rows.end - rows.start))?;
            Ok(Block { first_row: rows.start, ranges, raw: std::mem::take(raw) })
        })
    }

    /// A row that the block directory does not lead to.
    pub(in crate::segment) fn row_missing(&self, row: u32) -> Error {
        let detail = format!("row {row} is in no block");
        self.corrupt(SECTION_BLOCK_ROWS, 0, Rule::BlockRows, detail)
    }

    fn block_rows(&self) -> Result<&[u32]> {
        self.array(SECTION_BLOCK_ROWS, self.shared.meta.blocks as usize + 1)
    }

    /// The rows of a block; never empty.
    fn rows_of_block(&self, block: u32) -> Result<Range<u32>> {
        match self.block_rows()?.get(block as usize..).unwrap_or_default() {
            [start, end, ..] if start < end && *end <= self.rows() => Ok(*start..*end),
            _ => Err(self.broken_rows(block)),
        }
    }

    fn broken_rows(&self, block: u32) -> Error {
        let detail = format!("the rows of block {block} are out of order");
        self.corrupt(SECTION_BLOCK_ROWS, u64::from(block) * 4, Rule::BlockRows, detail)
    }

    /// Appends the records of a block, and the length of each.
    pub(in crate::segment) fn sample_block(
        &self,
        block: u32,
        records: &mut Vec<u8>,
        lengths: &mut Vec<usize>,
    ) -> Result<()> {
        let rows = self.rows_of_block(block)?;
        SCRATCH.with_borrow_mut(|(context, raw)| {
            let compressed = self.piece(SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, block)?;
            self.decompress(block, compressed, context, raw)?;
            for range in self.in_block(block, record_ranges(raw, rows.end - rows.start))? {
                lengths.push(range.len());
                records.extend_from_slice(raw.get(range).unwrap_or_default());
            }
            Ok(())
        })
    }

    /// Checks that a document is the one its row's key names.
    pub(in crate::segment) fn check_key(&self, row: RowId, found: &Key) -> Result<()> {
        let key = self.key(row)?;
        if key == *found {
            return Ok(());
        }
        let detail = format!("row {} has key {key}, its document {found}", row.0);
        Err(self.corrupt(SECTION_BLOCKS, 0, Rule::DocumentKey, detail))
    }

    /// Names the place of what is wrong in a block.
    pub(in crate::segment) fn in_block<T>(
        &self,
        block: u32,
        result: Result<T, Broken>,
    ) -> Result<T> {
        result.map_err(|(rule, detail)| {
            let start = self.element::<u64>(SECTION_BLOCK_OFFSETS, block).unwrap_or_default();
            self.corrupt(SECTION_BLOCKS, start, rule, format!("block {block}: {detail}"))
        })
    }

    fn decompress(
        &self,
        block: u32,
        compressed: &[u8],
        context: &mut Option<DCtx<'static>>,
        raw: &mut Vec<u8>,
    ) -> Result<()> {
        let length = self.in_block(block, stated_length(compressed))?;
        let dictionary = self.dictionary()?;
        raw.clear();
        raw.try_reserve_exact(length).map_err(|_| self.no_memory())?;
        let context = match context {
            Some(context) => context,
            None => context.insert(DCtx::try_create().ok_or_else(|| self.no_memory())?),
        };
        match context.decompress_using_ddict(raw, compressed, dictionary.as_ddict()) {
            Ok(written) if written == length => Ok(()),
            // Says nothing about the bytes.
            Err(NO_MEMORY) => Err(self.no_memory()),
            _ => {
                let detail = "it does not decompress to its length";
                self.in_block(block, Err((Rule::Compressed, detail)))
            }
        }
    }

    fn no_memory(&self) -> Error {
        Error::io("decompress", self.shared.file.name(), std::io::ErrorKind::OutOfMemory.into())
    }

    /// The dictionary, prepared once.
    fn dictionary(&self) -> Result<&DecoderDictionary<'static>> {
        if let Some(dictionary) = self.shared.dictionary.get() {
            return Ok(dictionary);
        }
        let bytes = self.shared.file.read_all(SECTION_DICTIONARY)?;
        let dictionary = match DecoderDictionary::try_copy(bytes) {
            Ok(dictionary) => dictionary,
            Err(_) => self.try_dictionary_again(bytes)?,
        };
        Ok(self.shared.dictionary.get_or_init(|| dictionary))
    }
}

impl Segment {
    /// zstd gives one answer for a dictionary that is wrong and for memory that it does not get. What
    /// it would allocate is reserved here: when that is granted, and zstd still refuses, the
    /// dictionary is wrong.
    fn try_dictionary_again(&self, bytes: &[u8]) -> Result<DecoderDictionary<'static>> {
        let mut tables: Vec<u8> = Vec::new();
        let mut content: Vec<u8> = Vec::new();
        let granted = tables
            .try_reserve_exact(DICTIONARY_TABLE_BYTES)
            .and_then(|()| content.try_reserve_exact(bytes.len()));
        granted.map_err(|_| self.no_memory())?;
        drop((tables, content));
        DecoderDictionary::try_copy(bytes).map_err(|_| {
            let detail = "zstd does not accept the dictionary".to_owned();
            self.corrupt(SECTION_DICTIONARY, 0, Rule::Compressed, detail)
        })
    }
}

/// A decompressed block.
pub(in crate::segment) struct Block {
    first_row: u32,
    ranges: Vec<Range<usize>>,
    raw: Vec<u8>,
}

impl Block {
    /// Memory that it takes.
    pub(in crate::segment) fn bytes(&self) -> usize {
        self.raw.capacity() + self.ranges.capacity() * size_of::<Range<usize>>()
    }

    /// The record of a row; `None` when the row is not in this block.
    pub(in crate::segment) fn record(&self, row: u32) -> Option<&[u8]> {
        let range = self.ranges.get(row.checked_sub(self.first_row)? as usize)?;
        self.raw.get(range.clone())
    }
}

/// Documents in order of rows; see [`Segment::documents`]. After an error it ends.
pub struct Documents(Records);

impl Iterator for Documents {
    type Item = Result<(RowId, Document)>;

    fn next(&mut self) -> Option<Result<(RowId, Document)>> {
        self.0.advance(|segment, block, row, record| {
            Ok((row, segment.in_block(block, record::decode(record))?))
        })
    }
}

/// Records in order of rows, each block decompressed once.
pub(in crate::segment) struct Records {
    segment: Segment,
    context: Option<DCtx<'static>>,
    raw: Vec<u8>,
    block: u32,
    row: u32,
    ranges: std::vec::IntoIter<Range<usize>>,
    failed: bool,
}

impl Records {
    pub(in crate::segment) fn new(segment: Segment) -> Records {
        Records {
            segment,
            context: None,
            raw: Vec::new(),
            block: 0,
            row: 0,
            ranges: Vec::new().into_iter(),
            failed: false,
        }
    }

    /// The next record's block, row and bytes, through `read`; `None` at the end.
    pub(in crate::segment) fn advance<T>(
        &mut self,
        read: impl FnOnce(&Segment, u32, RowId, &[u8]) -> Result<T>,
    ) -> Option<Result<T>> {
        if self.failed {
            return None;
        }
        if self.ranges.len() == 0 {
            match self.next_block() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        let range = self.ranges.next()?;
        let row = RowId(self.row);
        self.row += 1;
        let record = self.raw.get(range).unwrap_or_default();
        let result = read(&self.segment, self.block.saturating_sub(1), row, record);
        self.failed = result.is_err();
        Some(result)
    }

    fn next_block(&mut self) -> Result<bool> {
        let Records { segment, context, raw, block, row, .. } = self;
        if *block == segment.shared.meta.blocks {
            if *row == segment.rows() {
                return Ok(false);
            }
            return Err(segment.broken_rows(*block));
        }
        if context.is_none() {
            *context = SCRATCH.with_borrow_mut(|(kept, _)| kept.take());
        }
        let rows = segment.rows_of_block(*block)?;
        if rows.start != *row {
            return Err(segment.broken_rows(*block));
        }
        let compressed = segment.piece(SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, *block)?;
        segment.decompress(*block, compressed, context, raw)?;
        let ranges = segment.in_block(*block, record_ranges(raw, rows.end - rows.start))?;
        self.ranges = ranges.into_iter();
        self.block += 1;
        Ok(true)
    }
}

impl Drop for Records {
    /// Keeps the decompressor for whoever reads next on this thread.
    fn drop(&mut self) {
        let Some(context) = self.context.take() else { return };
        // A thread that is ending keeps nothing.
        let _ = SCRATCH.try_with(|scratch| {
            if let Ok(mut scratch) = scratch.try_borrow_mut() {
                scratch.0.get_or_insert(context);
            }
        });
    }
}
