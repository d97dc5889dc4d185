//! Documents of a merge: decompressed, checked, compressed again.

use std::collections::HashMap;

use super::order::{Input, Order};
use crate::control::Control;
use crate::error::Result;
use crate::format::record;
use crate::format::segment::SegmentMeta;
use crate::ids::RowId;
use crate::parallel;
use crate::segment::Segment;
use crate::segment::read::documents::{Block, Records};
use crate::segment::read::segment::ROWS_PER_CHECK;
use crate::segment::write::documents::{DocumentWriter, SAMPLE_BYTES};
use crate::segment::write::file::SegmentFile;
use crate::segment::write::keys::Keys;

/// Decompressed blocks that are kept of all inputs whose rows change their order, in bytes.
const KEPT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Writes the documents in their new order; returns their keys.
pub(super) fn write(
    inputs: &[Input<'_>],
    order: &Order,
    file: &mut SegmentFile,
    meta: &mut SegmentMeta,
    control: &Control,
) -> Result<Keys> {
    let (samples, lengths) = samples(inputs)?;
    let mut writer = DocumentWriter::with_samples(samples, lengths, parallel::cores())?;
    let mut keys = Keys::default();
    DocumentWriter::start(file);
    let unordered = inputs.iter().filter(|input| !input.ascends).count();
    let kept_bytes_max = KEPT_BYTES_MAX / unordered.max(1);
    let mut sources: Vec<Source> =
        inputs.iter().map(|input| Source::new(input, kept_bytes_max)).collect();
    for (new, (input, row)) in order.places().iter().enumerate() {
        if new.is_multiple_of(ROWS_PER_CHECK as usize) {
            control.check()?;
            control.report("merging segments", "documents", new as u64, order.rows().into());
        }
        let Some(source) = sources.get_mut(*input as usize) else { continue };
        let (segment, block, bytes) = source.record(*row)?;
        let (key, text_bytes) = segment.in_block(block, record::check(bytes))?;
        segment.check_key(RowId(*row), &key)?;
        keys.push(&key);
        meta.text_bytes += text_bytes as u64;
        writer.push(bytes)?;
        writer.write_blocks(file)?;
    }
    control.report("merging segments", "documents", order.rows().into(), order.rows().into());
    meta.rows = order.rows();
    meta.blocks = writer.finish(file)?;
    Ok(keys)
}

/// Records from blocks spread over all inputs, to train the dictionary on.
fn samples(inputs: &[Input<'_>]) -> Result<(Vec<u8>, Vec<usize>)> {
    let (mut samples, mut lengths) = (Vec::new(), Vec::new());
    let bytes: u64 = inputs.iter().map(|input| input.segment.text_bytes()).sum();
    let stride = usize::try_from(bytes / SAMPLE_BYTES as u64).unwrap_or(usize::MAX).max(1);
    for input in inputs {
        for block in (0..input.segment.shared.meta.blocks).step_by(stride) {
            if samples.len() >= SAMPLE_BYTES {
                return Ok((samples, lengths));
            }
            input.segment.sample_block(block, &mut samples, &mut lengths)?;
        }
    }
    Ok((samples, lengths))
}

/// Records of one input, one after the other or in any order.
enum Source<'a> {
    /// Every block is decompressed once.
    InOrder { segment: &'a Segment, records: Records, record: Vec<u8> },
    /// Blocks are kept while there is room, then all of them are let go.
    AnyOrder {
        segment: &'a Segment,
        blocks: HashMap<u32, Block>,
        kept_bytes: usize,
        kept_bytes_max: usize,
    },
}

impl<'a> Source<'a> {
    fn new(input: &Input<'a>, kept_bytes_max: usize) -> Source<'a> {
        let segment = input.segment;
        if input.ascends {
            let records = Records::new(segment.clone());
            return Source::InOrder { segment, records, record: Vec::new() };
        }
        Source::AnyOrder { segment, blocks: HashMap::new(), kept_bytes: 0, kept_bytes_max }
    }

    /// The segment, the block and the bytes of a row's record.
    fn record(&mut self, row: u32) -> Result<(&'a Segment, u32, &[u8])> {
        match self {
            Source::InOrder { segment, records, record } => loop {
                let taken = records.advance(|_, block, at, bytes| {
                    if at.0 == row {
                        record.clear();
                        record.extend_from_slice(bytes);
                    }
                    Ok((block, at))
                });
                match taken.transpose()? {
                    Some((block, at)) if at.0 == row => return Ok((segment, block, record)),
                    Some(_) => {}
                    None => return Err(segment.row_missing(row)),
                }
            },
            Source::AnyOrder { segment, blocks, kept_bytes, kept_bytes_max } => {
                let block = segment.block_of(row)?;
                if !blocks.contains_key(&block) {
                    if *kept_bytes >= *kept_bytes_max {
                        blocks.clear();
                        *kept_bytes = 0;
                    }
                    let read = segment.read_block(block)?;
                    *kept_bytes += read.bytes();
                    blocks.insert(block, read);
                }
                let record = blocks.get(&block).and_then(|kept| kept.record(row));
                Ok((segment, block, record.ok_or_else(|| segment.row_missing(row))?))
            }
        }
    }
}
