//! Records into compressed blocks, with a dictionary trained on the first of them.
//!
//! A large dictionary is what makes small blocks cheap, and small blocks are what makes a hit quick.
//! Measured with dictionaries trained on 4 MiB of records and used for others (69,336 abstracts, 107
//! MB of text; 645 whole citations, 2 MB, after a training on as many): documents on disk as a part of
//! their text, without the dictionary; processor time in proportion to the first line.
//!
//! | dictionary | block | level | abstracts | citations | compress | decompress |
//! |---|---|---|---|---|---|---|
//! | 256 KiB | 8 KiB | 3 | 34.5 % | 37.5 % | 1 | 14 us |
//! | 256 KiB | 8 KiB | 4 | 34.2 % | 37.1 % | 1.1 | 14 us |
//! | 256 KiB | 8 KiB | 5 | 32.9 % | 35.5 % | 2.0 | 14 us |
//! | 400 KiB | 8 KiB | 3 | 34.6 % | 37.1 % | 1 | 14 us |
//! | 400 KiB | 8 KiB | 4 | 34.2 % | 36.6 % | 1.2 | 14 us |
//! | 400 KiB | 8 KiB | 5 | 32.7 % | 34.9 % | 2.1 | 14 us |
//! | 800 KiB | 8 KiB | 4 | 34.2 % | 36.0 % | 1.3 | 14 us |
//!
//! Blocks of 16 KiB save 0.3 % and take 24 us. The same documents as rkyv archives took 38.9 % where
//! this encoding took 33.6 %: relative pointers do not repeat.
//!
//! Levels and blocks once more, 82,744 abstracts (107 MB) with 384 KiB trained at level 4, dictionary and
//! directory counted in:
//!
//! | level | 8 KiB | 16 KiB | compress |
//! |---|---|---|---|
//! | 4 | 35.1 % | 34.7 % | 1.0 s |
//! | 5 | 33.8 % | 33.1 % | 1.9 s |
//! | 6 | 32.7 % | 32.1 % | 2.9 s |
//! | 9 | 32.1 % | 31.5 % | 4.8 s |
//! | 13 | 31.4 % | 31.0 % | 10 s |
//! | 16 | 30.2 % | 29.7 % | 25 s |
//! | 19 | 30.0 % | 29.4 % | 70 s |
//!
//! So new documents are compressed at level 4 with 384 KiB, half the time of level 5 for one per cent
//! more on disk. A segment with a lexical index takes longer to write anyway and pays for level 6. A merge
//! writes all at level 6; in the order of inverted lists, neighbours are alike, and it reaches 30.5 %.
//!
//! Training and compression run on threads of their own (`super::compress`), behind a queue
//! whose length depends on nothing but the records: what is written, and when a builder is full, is
//! the same on every machine.

use std::sync::Arc;

use super::compress::{BlockCompressor, Samples};
use super::file::SegmentFile;
use crate::error::Result;
use crate::format::segment::{
    SECTION_BLOCK_OFFSETS, SECTION_BLOCK_ROWS, SECTION_BLOCKS, SECTION_DICTIONARY,
};
use crate::format::wire::put_varint;

/// A block is compressed once it has this many bytes: a hit decompresses one of them.
const BLOCK_RAW_BYTES: usize = 8 * 1024;

/// zstd level of new documents; see the module's table.
const LEVEL_NEW: i32 = 4;

/// zstd level of documents in a segment with a lexical index, and of those that a merge writes again.
const LEVEL_DENSE: i32 = 6;

/// Records that are kept to train the dictionary.
pub(in crate::segment) const SAMPLE_BYTES: usize = 4 * 1024 * 1024;

/// Below this a dictionary costs more than it saves.
const SAMPLE_BYTES_MIN: usize = 128 * 1024;

/// Dictionary of a segment that fills the samples; see the module's table.
const DICTIONARY_BYTES: usize = 384 * 1024;

/// Of little text, a dictionary of more than this part would not pay for itself.
const SAMPLES_PER_DICTIONARY: usize = 16;

/// Records waiting to become blocks, and the blocks.
pub(in crate::segment) struct DocumentWriter {
    /// The records of the open block, or all records while the dictionary is not trained yet.
    records: Vec<u8>,
    lengths: Vec<usize>,
    level: i32,
    /// `None` until there are enough samples to train the dictionary.
    compressor: Option<BlockCompressor>,
    blocks: Vec<Box<[u8]>>,
    blocks_bytes: usize,
    offsets: Vec<u64>,
    first_rows: Vec<u32>,
    rows: u32,
}

impl DocumentWriter {
    pub(in crate::segment) fn new() -> DocumentWriter {
        DocumentWriter {
            records: Vec::new(),
            lengths: Vec::new(),
            level: LEVEL_NEW,
            compressor: None,
            blocks: Vec::new(),
            blocks_bytes: 0,
            offsets: vec![0],
            first_rows: Vec::new(),
            rows: 0,
        }
    }

    /// A writer whose dictionary is trained on given samples, and which compresses on `threads` threads.
    pub(in crate::segment) fn with_samples(
        samples: Vec<u8>,
        lengths: Vec<usize>,
        threads: usize,
    ) -> Result<DocumentWriter> {
        let compressor = compressor(LEVEL_DENSE, samples, lengths, threads)?;
        Ok(DocumentWriter { compressor: Some(compressor), ..DocumentWriter::new() })
    }

    /// Compresses as suits a segment with a lexical index, if nothing is compressed yet.
    pub(in crate::segment) fn set_with_words(&mut self) {
        self.level = LEVEL_DENSE;
    }

    /// Takes a record.
    pub(in crate::segment) fn push(&mut self, record: &[u8]) -> Result<()> {
        let start = self.records.len();
        if self.compressor.is_some() && start > 0 && start + record.len() > 2 * BLOCK_RAW_BYTES {
            // A long record gets a block of its own, so that its neighbours stay quick to read.
            self.close_block()?;
        }
        self.records.extend_from_slice(record);
        self.lengths.push(record.len());
        if self.compressor.is_none() {
            if self.records.len() >= SAMPLE_BYTES {
                self.train_on_own()?;
            }
        } else if self.records.len() >= BLOCK_RAW_BYTES {
            self.close_block()?;
        }
        Ok(())
    }

    /// The record of a row that is not in a block yet.
    pub(in crate::segment) fn record(&self, row: u32) -> Option<&[u8]> {
        let place = row.checked_sub(self.rows)? as usize;
        let start = self.lengths.get(..place)?.iter().sum::<usize>();
        self.records.get(start..start + self.lengths.get(place)?)
    }

    pub(in crate::segment) fn memory_bytes(&self) -> usize {
        self.records.capacity()
            + self.lengths.capacity() * size_of::<usize>()
            + self.compressor.as_ref().map_or(0, BlockCompressor::memory_bytes)
            + self.blocks_bytes
            + self.blocks.len() * size_of::<Box<[u8]>>()
            + self.offsets.len() * 12
    }

    /// Writes what is compressed so far to the open blocks section.
    pub(in crate::segment) fn write_blocks(&mut self, file: &mut SegmentFile) -> Result<()> {
        self.blocks_bytes = 0;
        self.blocks.drain(..).try_for_each(|block| file.write(&block))
    }

    /// Starts the blocks section.
    pub(in crate::segment) fn start(file: &mut SegmentFile) {
        file.section(SECTION_BLOCKS);
    }

    /// Writes the last block, the dictionary and the directory; returns the number of blocks.
    pub(in crate::segment) fn finish(mut self, file: &mut SegmentFile) -> Result<u32> {
        if self.compressor.is_none() {
            self.train_on_own()?;
        }
        self.close_block()?;
        let mut dictionary = Arc::default();
        if let Some(mut compressor) = self.compressor.take() {
            while let Some(block) = compressor.next_block()? {
                self.keep(block);
                self.write_blocks(file)?;
            }
            dictionary = compressor.dictionary()?;
        }
        self.write_blocks(file)?;
        file.array::<u8>(SECTION_DICTIONARY, &dictionary)?;
        file.array(SECTION_BLOCK_OFFSETS, &self.offsets)?;
        let blocks = self.first_rows.len() as u32;
        self.first_rows.push(self.rows);
        file.array(SECTION_BLOCK_ROWS, &self.first_rows)?;
        Ok(blocks)
    }

    /// Trains on the records kept so far, then makes blocks of them.
    fn train_on_own(&mut self) -> Result<()> {
        let records = std::mem::take(&mut self.records);
        let lengths = std::mem::take(&mut self.lengths);
        // Beside an import, which keeps all cores busy.
        self.compressor = Some(compressor(self.level, records.clone(), lengths.clone(), 1)?);
        let mut rest = records.as_slice();
        for length in lengths {
            let (record, later) = rest.split_at_checked(length).unwrap_or_default();
            rest = later;
            self.push(record)?;
        }
        Ok(())
    }

    /// Hands the open block on to be compressed, and takes what is ready if too much waits.
    fn close_block(&mut self) -> Result<()> {
        let Some(compressor) = &mut self.compressor else { return Ok(()) };
        if self.lengths.is_empty() {
            return Ok(());
        }
        let mut raw = Vec::with_capacity(self.records.len() + 5 * self.lengths.len());
        for length in &self.lengths {
            put_varint(*length as u64, &mut raw);
        }
        raw.append(&mut self.records);
        compressor.send(raw)?;
        self.first_rows.push(self.rows);
        self.rows += self.lengths.len() as u32;
        self.lengths.clear();
        while let Some(compressor) = &mut self.compressor
            && compressor.is_full()
            && let Some(block) = compressor.next_block()?
        {
            self.keep(block);
        }
        Ok(())
    }

    fn keep(&mut self, block: Box<[u8]>) {
        // Blocks come back in the order in which they were sent, so offsets can be summed here.
        self.blocks_bytes += block.len();
        let end = self.offsets.last().copied().unwrap_or_default() + block.len() as u64;
        self.offsets.push(end);
        self.blocks.push(block);
    }
}

/// A compressor whose dictionary is trained on samples, if they are enough for one.
fn compressor(
    level: i32,
    bytes: Vec<u8>,
    lengths: Vec<usize>,
    threads: usize,
) -> Result<BlockCompressor> {
    let dictionary_bytes = match bytes.len() {
        SAMPLE_BYTES.. => DICTIONARY_BYTES,
        SAMPLE_BYTES_MIN.. => bytes.len() / SAMPLES_PER_DICTIONARY,
        _ => 0,
    };
    BlockCompressor::start(level, Samples { bytes, lengths, dictionary_bytes }, threads)
}
