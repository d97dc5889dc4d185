//! The index of a merge: rows sorted by list, codes copied where the codebook is the same and made
//! where there are none.

use super::order::{Input, Order};
use crate::control::Control;
use crate::error::Result;
use crate::format::segment::*;
use crate::index::encode::{Factors, RowEncoder};
use crate::kernel::Rows;
use crate::kernel::scan::block::{BLOCK_ROWS, block_bytes, copy_row, write_row};
use crate::segment::read::codebook::CodebookFile;
use crate::segment::read::lists::SegmentLists;
use crate::segment::write::file::SegmentFile;

/// Rows that are assigned or encoded together: their vectors take some megabytes.
pub(super) const BATCH_ROWS: usize = 4096;

/// A codebook made ready to index the rows of a merge.
pub(super) struct Indexer<'a> {
    pub(super) codebook: &'a CodebookFile,
    pub(super) encoder: RowEncoder<'a>,
    pub(super) threads: usize,
    /// Whether rows get copies in second lists.
    pub(super) copies: bool,
}

/// The rows of the lists.
pub(super) struct Lists {
    /// First row of each list, and the number of rows in lists.
    offsets: Vec<u32>,
    /// List of each row that is in one.
    of_row: Vec<u32>,
}

impl Lists {
    /// List of each row that is in one.
    pub(super) fn of_row(&self) -> &[u32] {
        &self.of_row
    }
}

impl<'a> Indexer<'a> {
    pub(super) fn new(
        codebook: &'a CodebookFile,
        copies: bool,
        threads: usize,
    ) -> Result<Indexer<'a>> {
        let encoder = RowEncoder::new(&codebook.view()?)?;
        Ok(Indexer { codebook, encoder, threads, copies })
    }

    /// Sorts all rows by list, then by input and row; rows without a vector come last.
    pub(super) fn order(
        &self,
        inputs: &mut [Input<'_>],
        control: &Control,
    ) -> Result<(Order, Lists)> {
        let lists = self.codebook.meta().lists;
        let mut assigned = Vec::with_capacity(inputs.len());
        let all = inputs.iter().map(|input| input.segment.vector_count()).sum();
        let mut done = 0;
        for input in &*inputs {
            let mut report = |rows: usize| {
                control.report("finding lists", "documents", done + rows as u64, all);
            };
            assigned.push(self.assign(input, control, &mut report)?);
            done += input.segment.vector_count();
        }
        let mut counts = vec![0u32; lists as usize + 1];
        for (input, assigned) in inputs.iter().zip(&assigned) {
            for row in input.live_rows() {
                let list = assigned.get(row as usize).copied().unwrap_or(lists);
                if let Some(count) = counts.get_mut(list as usize) {
                    *count += 1;
                }
            }
        }
        // A counting sort: counts become the first place of each list, and a second pass over the rows
        // fills the places. It is stable, so rows of a list keep the order of inputs and rows. The extra
        // list at the end takes the rows without a vector.
        let mut next = 0;
        let mut offsets = Vec::with_capacity(counts.len());
        for count in counts {
            offsets.push(next);
            next += count;
        }
        let mut starts = offsets.clone();
        let mut places = vec![(0, 0); next as usize];
        let mut of_row = vec![0; offsets.last().copied().unwrap_or_default() as usize];
        for (number, (input, assigned)) in (0..).zip(inputs.iter().zip(&assigned)) {
            for row in input.live_rows() {
                let list = assigned.get(row as usize).copied().unwrap_or(lists);
                let Some(start) = starts.get_mut(list as usize) else { continue };
                if let Some(place) = places.get_mut(*start as usize) {
                    *place = (number, row);
                }
                if let Some(of_row) = of_row.get_mut(*start as usize) {
                    *of_row = list;
                }
                *start += 1;
            }
        }
        Ok((Order::new(places, inputs), Lists { offsets, of_row }))
    }

    /// The list of each row of an input; the number of lists for a row without a vector. Reports how many are found.
    fn assign(
        &self,
        input: &Input<'_>,
        control: &Control,
        report: &mut dyn FnMut(usize),
    ) -> Result<Vec<u32>> {
        let lists = self.codebook.meta().lists;
        let mut assigned = vec![lists; input.segment.rows() as usize];
        if let Some(index) = self.own_index(input)? {
            for (list, bounds) in (0..).zip(index.list_offsets.windows(2)) {
                let [start, end] = bounds else { continue };
                let rows = *start as usize..*end as usize;
                assigned.get_mut(rows).unwrap_or_default().fill(list);
            }
            return Ok(assigned);
        }
        let Some((rows, present)) = input.segment.vectors()? else { return Ok(assigned) };
        let dimension = self.codebook.meta().dimension as usize;
        let wanted: Vec<u32> = present.iter().collect();
        let mut vectors = Vec::new();
        for (first, batch) in (0..).step_by(BATCH_ROWS).zip(wanted.chunks(BATCH_ROWS)) {
            report(first);
            vectors.resize(batch.len() * dimension, 0.0);
            for (row, vector) in batch.iter().zip(vectors.chunks_exact_mut(dimension)) {
                rows.read(*row as usize, vector);
            }
            let found = self.encoder.assign(&vectors, self.threads, control)?;
            for (row, list) in batch.iter().zip(found) {
                if let Some(place) = assigned.get_mut(*row as usize) {
                    *place = list;
                }
            }
        }
        Ok(assigned)
    }

    /// The index of an input, if it was made with this codebook.
    pub(super) fn own_index<'s>(&self, input: &Input<'s>) -> Result<Option<SegmentLists<'s>>> {
        let same = |index: &SegmentIndex| index.codebook == self.codebook.hash();
        match input.segment.shared.meta.index.as_ref().is_some_and(same) {
            true => input.segment.lists(),
            false => Ok(None),
        }
    }

    /// Writes the index sections; returns how many rows were encoded, not copied.
    pub(super) fn write(
        &self,
        inputs: &[Input<'_>],
        order: &Order,
        lists: &Lists,
        file: &mut SegmentFile,
        meta: &mut SegmentMeta,
        control: &Control,
    ) -> Result<u64> {
        let rows = lists.of_row.len();
        file.array(SECTION_LIST_OFFSETS, &lists.offsets)?;
        file.section(SECTION_CODES);
        let mut batch = Batch::new(self);
        let mut scales = Vec::with_capacity(rows);
        let (mut residual_sum, mut encoded) = (0.0, 0);
        let mut sources = Vec::with_capacity(inputs.len());
        for input in inputs {
            sources.push((self.own_index(input)?, input.segment.vectors()?));
        }
        // A batch is a whole number of scan blocks, so that blocks are written without a seam.
        for first in (0..rows).step_by(BATCH_ROWS) {
            control.check()?;
            control.report("indexing", "documents", first as u64, rows as u64);
            let end = rows.min(first + BATCH_ROWS);
            let places = order.places().get(first..end).unwrap_or_default();
            batch.clear(places.len());
            for (at, (input, row)) in places.iter().enumerate() {
                let Some((index, vectors)) = sources.get(*input as usize) else { continue };
                match (index, vectors) {
                    (Some(index), _) => batch.copy(at, (index.codes, index.scales), *row as usize),
                    (None, Some((stored, _))) => {
                        let list = lists.of_row.get(first + at).copied().unwrap_or_default();
                        batch.want(at, list, stored, *row as usize);
                    }
                    (None, None) => {}
                }
            }
            encoded += batch.wanted.len() as u64;
            residual_sum += batch.encode(self, control)?;
            file.write(batch.blocks())?;
            scales.extend_from_slice(batch.scales());
        }
        control.report("indexing", "documents", rows as u64, rows as u64);
        file.array(SECTION_CODE_SCALES, &scales)?;
        for (input, (index, vectors)) in inputs.iter().zip(&sources) {
            let stored = input.segment.shared.meta.index.as_ref().filter(|_| index.is_some());
            if let (Some(stored), Some((_, present))) = (stored, vectors) {
                // The vectors that are kept, taken as average ones. Rows without a vector have no residual.
                let kept = present.len() - present.intersection_len(input.deleted);
                residual_sum += stored.residual_sum * kept as f64 / present.len().max(1) as f64;
            }
        }
        meta.index = Some(SegmentIndex {
            codebook: self.codebook.hash(),
            lists: self.codebook.meta().lists,
            sub_quantizers: self.codebook.meta().sub_quantizers(),
            residual_sum,
        });
        Ok(encoded)
    }
}

/// Codes and factors of the rows that are written next.
#[derive(Default)]
pub(super) struct Batch {
    dimension: usize,
    sub_quantizers: usize,
    blocks: Vec<u8>,
    scales: Vec<u16>,
    /// Place and list of each row that has to be encoded.
    wanted: Vec<(usize, u32)>,
    /// Their vectors.
    vectors: Vec<f32>,
}

impl Batch {
    pub(super) fn new(indexer: &Indexer<'_>) -> Batch {
        let meta = indexer.codebook.meta();
        let (dimension, sub_quantizers) = (meta.dimension as usize, meta.sub_quantizers() as usize);
        Batch { dimension, sub_quantizers, ..Batch::default() }
    }

    /// Scan blocks of all rows.
    pub(super) fn blocks(&self) -> &[u8] {
        &self.blocks
    }

    pub(super) fn scales(&self) -> &[u16] {
        &self.scales
    }

    pub(super) fn clear(&mut self, rows: usize) {
        self.blocks.clear();
        self.blocks.resize(rows.div_ceil(BLOCK_ROWS) * block_bytes(self.sub_quantizers), 0);
        self.scales.clear();
        self.scales.resize(rows, 0);
        self.wanted.clear();
        self.vectors.clear();
    }

    /// Takes the codes that a row has, from blocks and scales.
    pub(super) fn copy(&mut self, at: usize, (codes, scales): (&[u8], &[u16]), row: usize) {
        let bytes = block_bytes(self.sub_quantizers);
        let from = codes.chunks_exact(bytes).nth(row / BLOCK_ROWS);
        let to = self.blocks.chunks_exact_mut(bytes).nth(at / BLOCK_ROWS);
        if let (Some(from), Some(to)) = (from, to) {
            copy_row(from, row % BLOCK_ROWS, to, at % BLOCK_ROWS);
        }
        if let (Some(to), Some(from)) = (self.scales.get_mut(at), scales.get(row)) {
            *to = *from;
        }
    }

    /// Takes the vector of a row that has none.
    pub(super) fn want(&mut self, at: usize, list: u32, stored: &Rows<'_>, row: usize) {
        self.wanted.push((at, list));
        let start = self.vectors.len();
        self.vectors.resize(start + self.dimension, 0.0);
        stored.read(row, self.vectors.get_mut(start..).unwrap_or_default());
    }

    /// Encodes what is wanted; returns the sum of residual lengths.
    pub(super) fn encode(&mut self, indexer: &Indexer<'_>, control: &Control) -> Result<f64> {
        let lists: Vec<u32> = self.wanted.iter().map(|(_, list)| *list).collect();
        let mut codes = vec![0; lists.len() * self.sub_quantizers];
        let mut factors = vec![Factors::default(); lists.len()];
        let Indexer { encoder, threads, .. } = indexer;
        encoder.encode(&self.vectors, &lists, *threads, control, &mut codes, &mut factors)?;
        let mut residual_sum = 0.0;
        let coded = codes.chunks_exact(self.sub_quantizers).zip(factors);
        for ((at, _), (codes, factors)) in self.wanted.iter().zip(coded) {
            let mut blocks = self.blocks.chunks_exact_mut(block_bytes(self.sub_quantizers));
            if let Some(block) = blocks.nth(*at / BLOCK_ROWS) {
                write_row(block, *at % BLOCK_ROWS, codes);
            }
            if let Some(scale) = self.scales.get_mut(*at) {
                *scale = factors.scale;
            }
            residual_sum += f64::from(factors.residual_length);
        }
        Ok(residual_sum)
    }
}
